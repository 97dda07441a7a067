/* The whole way of events that rank, but for Kafka: from payloads by a configuration to
 * predictions, a million rows in batches whose events have 0, 1 or 200 candidates, beside
 * events that are refused or skipped in between.
 *
 * The model writes what it was given into the digits of the score: whose row it is, what
 * Redis said of its item, of its user, and which event it is of. So every item of a ranking
 * can be held against the event and the candidate that it says it is. */
#include "allocations.h"
#include "onnx_builder.h"
#include "redis_bed.h"

#include "base/pack.h"
#include "consumers/decode.h"
#include "runtime/session.h"
#include "worker/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BATCH = 64,
    MOST = 200, /* candidates */
    ROWS = 1000000,
    N_ITEMS = 5000,
    N_USERS = 300,
    ITEM_DEFAULT = 1000, /* of an item that Redis does not have */
    MAX_PAYLOAD = 64 + MOST * 24,
};

/* What a row is, and where it stands in the score: 21, 10, 9 and 12 bits, all of a double. */
typedef struct identity {
    uint64_t serial, item, user, event;
} identity;

/* An event as it was sent. */
typedef struct sent {
    uint64_t number;
    uint32_t user;
    uint32_t n;
    enum { RANKED, REFUSED, SKIPPED } fate;
    uint64_t first; /* the serial number of its first candidate */
    uint32_t items[MOST];
    uint8_t payload[MAX_PAYLOAD];
} sent;

typedef struct bed {
    real_redis redis;
    char folder[64];
    leat_plan *plan;
    leat_decoder *decoder;
    leat_features *features;
    leat_session *session;
    leat_batch batch;
    sent sent[BATCH];
    uint64_t n_events, n_candidates, n_rows, n_ranked, n_empty;
    uint64_t random;
} bed;

static uint32_t draw(bed *b, uint32_t below)
{
    b->random = b->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(b->random >> 33) % below;
}

static uint32_t value_of_item(uint32_t item)
{
    return item % 50 ? item * 7 % 997 : ITEM_DEFAULT;
}

static uint32_t value_of_user(uint32_t user)
{
    return user * 5 % 509;
}

/* ---- the bed ---- */

/* y = x . (1, 2^21, 2^31, 2^40) */
static void write_model(const char *folder)
{
    static const float weights[] = {1, 0x1p21F, 0x1p31F, 0x1p40F};
    onnx_builder b;
    char path[96];
    size_t size;
    onnx_start(&b);
    onnx_input(&b, "x", 11, 2, (int64_t[]){-1, 4});
    onnx_floats(&b, "w", 1, (int64_t[]){4}, weights);
    onnx_ints(&b, "axis", 1, (int64_t[]){1}, (int64_t[]){1});
    onnx_int(&b, onnx_node(&b, "Cast", "w", "d"), "to", 11);
    onnx_node(&b, "Mul", "x d", "parts");
    onnx_node(&b, "ReduceSum", "parts axis", "y");
    onnx_output(&b, "y", 11, 2, (int64_t[]){-1, 1});
    void *bytes = onnx_pack(&b, &size);
    snprintf(path, sizeof path, "%s/m.onnx", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(bytes);
    onnx_stop(&b);
}

static void open_plan(bed *b)
{
    char text[1024], path[96];
    leat_error error;
    leat_config *config;
    int size = snprintf(
        text, sizeof text,
        "kafka: {bootstrap.servers: h}\nsource: {topics: [in]}\nsink: {topic: out}\n"
        "model: {path: m.onnx, inputs: {x: [serial, rating, taste, number]}}\n"
        "features:\n"
        "  serial: {from: candidate.serial}\n"
        "  number: {from: event.number}\n"
        "  rating: {from: item.value, default: %d}\n"
        "  taste: {from: user.value}\n"
        "lookups:\n"
        "  user: {key: 'user:{event.user}'}\n"
        "  item: {key: 'item:{candidate.id}', format: msgpack}\n"
        "rank: {over: event.page.candidates, item: candidate.id, top: %d, max: %d}\n"
        "redis: {url: 'unix://%s', timeout: 10s}\n",
        ITEM_DEFAULT, MOST, MOST, b->redis.socket);
    snprintf(path, sizeof path, "%s/leat.yaml", b->folder);
    leat_status status = leat_config_parse(&config, path, text, (size_t)size, &error);
    if (status == LEAT_OK)
        status = leat_plan_new(&b->plan, config, &error);
    if (status != LEAT_OK)
        fail_msg("%s", error.msg);
    leat_config_free(config);
}

static void fill_redis(bed *b)
{
    for (uint32_t user = 0; user < N_USERS; user++)
        real_redis_do(&b->redis, "HSET user:%u value %u", user, value_of_user(user));
    for (uint32_t item = 0; item < N_ITEMS; item++) {
        uint8_t map[32];
        uint8_t *at = leat_pack_str(leat_pack_map(map, 1), "value");
        at = leat_pack_uint(at, value_of_item(item));
        if (item % 50)
            real_redis_do(&b->redis, "SET item:%u %b", item, map, (size_t)(at - map));
    }
}

static int set_up(void **state)
{
    bed *b = calloc(1, sizeof *b);
    leat_error error;
    real_redis_start(&b->redis);
    strcpy(b->folder, "/tmp/leat-rank-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    write_model(b->folder);
    open_plan(b);
    fill_redis(b);
    assert_int_equal(leat_decoder_new(&b->decoder, &b->plan->schema, NULL, &error),
                     LEAT_OK);
    assert_int_equal(leat_features_new(&b->features, &b->plan->features, &error),
                     LEAT_OK);
    assert_int_equal(leat_session_new(&b->session, b->plan->model, LEAT_SCORE_PREDICT),
                     LEAT_OK);
    assert_int_equal(leat_batch_init(&b->batch, BATCH), LEAT_OK);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bed *b = *state;
    char path[96];
    leat_batch_fini(&b->batch);
    leat_session_free(b->session);
    leat_features_free(b->features);
    leat_decoder_free(b->decoder);
    leat_plan_release(b->plan);
    real_redis_stop(&b->redis);
    snprintf(path, sizeof path, "%s/m.onnx", b->folder);
    unlink(path);
    rmdir(b->folder);
    free(b);
    return 0;
}

/* ---- events ---- */

static uint8_t *pack_candidate(uint8_t *at, uint32_t item, uint64_t serial, bool swapped)
{
    at = leat_pack_map(at, 2);
    if (!swapped)
        at = leat_pack_uint(leat_pack_str(at, "id"), item);
    at = leat_pack_uint(leat_pack_str(at, "serial"), serial);
    return swapped ? leat_pack_uint(leat_pack_str(at, "id"), item) : at;
}

/* One whose last candidate is no map is refused when all others have their rows. */
static uint32_t pack_event(bed *b, sent *e)
{
    uint8_t *at = leat_pack_map(e->payload, 3);
    bool comes_last = draw(b, 2);
    if (!comes_last)
        at = leat_pack_uint(leat_pack_str(at, "user"), e->user);
    at = leat_pack_map(leat_pack_str(at, "page"), 1);
    at = leat_pack_array(leat_pack_str(at, "candidates"), e->n);
    for (uint32_t i = 0; i < e->n; i++) {
        e->items[i] = draw(b, N_ITEMS);
        at = e->fate == REFUSED && i == e->n - 1
                 ? leat_pack_uint(at, 7)
                 : pack_candidate(at, e->items[i], e->first + i, draw(b, 16) == 0);
    }
    if (comes_last)
        at = leat_pack_uint(leat_pack_str(at, "user"), e->user);
    at = leat_pack_uint(leat_pack_str(at, "number"), e->number % 4096);
    return (uint32_t)(at - e->payload);
}

static void add_event(bed *b, sent *e, bool is_large)
{
    static const uint32_t sizes[] = {0, 1, MOST};
    uint32_t fate = is_large ? 2 : draw(b, 12);
    *e = (sent){
        .number = b->n_events++, .user = draw(b, N_USERS), .first = b->n_candidates};
    e->n = is_large ? MOST : sizes[draw(b, 3)];
    e->fate = fate == 0 ? SKIPPED : fate == 1 && e->n ? REFUSED : RANKED;
    leat_event *event = leat_batch_add(&b->batch);
    event->topic = "in";
    event->offset = (int64_t)e->number;
    if (e->fate != SKIPPED)
        event->payload = (leat_slice){e->payload, pack_event(b, e)};
    b->n_candidates += e->n;
    b->n_rows += e->fate == RANKED ? e->n : 0;
}

/* ---- what became of them ---- */

static uint64_t number_at(const msgpack_object *object, const char *key)
{
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object_kv *pair = &object->via.map.ptr[i];
        if (pair->key.via.str.size == strlen(key) &&
            !memcmp(pair->key.via.str.ptr, key, strlen(key)))
            return pair->val.type == MSGPACK_OBJECT_FLOAT64 ? (uint64_t)pair->val.via.f64
                                                            : pair->val.via.u64;
    }
    fail_msg("no %s", key);
    return 0;
}

static const msgpack_object *ranking_of(const msgpack_object *prediction)
{
    for (uint32_t i = 0; i < prediction->via.map.size; i++) {
        const msgpack_object_kv *pair = &prediction->via.map.ptr[i];
        if (pair->key.via.str.size == 7 && !memcmp(pair->key.via.str.ptr, "ranking", 7))
            return &pair->val;
    }
    fail_msg("no ranking");
    return NULL;
}

static identity identity_of(uint64_t score)
{
    return (identity){score & 0x1fffff, score >> 21 & 0x3ff, score >> 31 & 0x1ff,
                      score >> 40};
}

static void check_item(const sent *e, const msgpack_object *ranked, bool *seen)
{
    uint64_t item = number_at(ranked, "item");
    identity who = identity_of(number_at(ranked, "score"));
    uint64_t place = who.serial - (e->first & 0x1fffff);
    if (place >= e->n || seen[place] || e->items[place] != item ||
        who.item != value_of_item((uint32_t)item) || who.user != value_of_user(e->user) ||
        who.event != e->number % 4096)
        fail_msg("a mix-up: event %" PRIu64 " has item %" PRIu64 " with the row %" PRIu64
                 ", %" PRIu64 " of item, %" PRIu64 " of user, %" PRIu64 " of event",
                 e->number, item, who.serial, who.item, who.user, who.event);
    seen[place] = true;
}

static void check_ranking(bed *b, const sent *e, leat_slice prediction)
{
    bool seen[MOST] = {false};
    uint64_t before = UINT64_MAX;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)prediction.data,
                                         prediction.size, NULL),
                     MSGPACK_UNPACK_SUCCESS);
    const msgpack_object *ranking = ranking_of(&unpacked.data);
    assert_int_equal(ranking->via.array.size, e->n);
    for (uint32_t i = 0; i < e->n; i++) {
        const msgpack_object *ranked = &ranking->via.array.ptr[i];
        check_item(e, ranked, seen);
        assert_true(number_at(ranked, "score") < before);
        before = number_at(ranked, "score");
    }
    msgpack_unpacked_destroy(&unpacked);
    b->n_ranked += e->n;
    b->n_empty += !e->n;
}

static void check_event(bed *b, const sent *e, leat_event *event)
{
    assert_int_equal(event->is_skipped, e->fate == SKIPPED);
    assert_int_equal(event->status, e->fate == REFUSED ? LEAT_E_TYPE : LEAT_OK);
    if (e->fate != RANKED)
        return;
    leat_slice prediction =
        leat_encode_prediction(&b->plan->prediction, &b->batch, event);
    assert_non_null(prediction.data);
    check_ranking(b, e, prediction);
}

static void run_batch(bed *b, bool is_large)
{
    leat_batch *batch = &b->batch;
    assert_int_equal(
        leat_batch_reset(batch, &b->plan->schema, leat_session_output(b->session)),
        LEAT_OK);
    for (uint32_t i = 0; i < BATCH; i++)
        add_event(b, &b->sent[i], is_large);
    leat_decoder_run(b->decoder, batch);
    leat_features_send(b->features, batch);
    assert_int_equal(leat_features_receive(b->features, batch), LEAT_OK);
    assert_int_equal(leat_session_run(b->session, batch->inputs, batch->n_rows,
                                      &batch->output, UINT64_MAX),
                     LEAT_OK);
    for (uint32_t i = 0; i < BATCH; i++)
        check_event(b, &b->sent[i], &batch->events[i]);
}

static void test_rank_way__every_score_is_of_its_item_and_event(void **state)
{
    bed *b = *state;
    b->random = 1;
    run_batch(b, true); /* the largest there can be: from then on all is warm */
    run_batch(b, true);
    size_t before = allocated.bytes;
    while (b->n_rows < ROWS)
        run_batch(b, false);
    assert_int_equal(allocated.bytes, before);
    assert_true(b->n_ranked == b->n_rows && b->n_empty > 1000);
    print_message("%" PRIu64 " rows of %" PRIu64 " events, %" PRIu64
                  " of them with nothing to rank: mix-ups 0\n",
                  b->n_ranked, b->n_events, b->n_empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_rank_way__every_score_is_of_its_item_and_event, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
