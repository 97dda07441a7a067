#include "features/lookup.h"

#include "base/clock.h"
#include "base/log.h"
#include "redis_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One input of three columns: two from lookup "user", one from lookup "shop"; the
 * captures are the two entities. A row begins as the decoder leaves it: defaults, nothing
 * fed. */
enum { AVERAGE, COUNT, RATING, N_COLUMNS };
enum { USER, SHOP, N_CAPTURES };

#define COUNT_DEFAULT 7.0F

static const leat_tensor_spec input = {
    .name = "x", .dtype = LEAT_F32, .rank = 2, .shape = {0, N_COLUMNS}};
static const leat_tensor_spec output = {.name = "y", .rank = 2, .shape = {0, 1}};
static const leat_column columns[N_COLUMNS] = {
    [AVERAGE] = {.name = "average", .element = AVERAGE},
    [COUNT] = {.name = "count", .element = COUNT, .has_default = true},
    [RATING] = {.name = "rating", .element = RATING},
};
static const leat_path captures[N_CAPTURES] = {
    [USER] = {.text = "event.user"},
    [SHOP] = {.text = "event.shop"},
};
static const leat_schema schema = {.n_inputs = 1,
                                   .inputs = &input,
                                   .n_columns = N_COLUMNS,
                                   .columns = columns,
                                   .n_captures = N_CAPTURES,
                                   .captures = captures,
                                   .time_capture = LEAT_NO_CAPTURE};

#define LITERAL(text)                                                                    \
    {                                                                                    \
        .literal = {(const uint8_t *)(text), sizeof(text) - 1 }                          \
    }

static const leat_lookup_field user_fields[] = {{"avg", AVERAGE}, {"count", COUNT}};
static const leat_lookup_field shop_fields[] = {{"rating", RATING}};
static const leat_lookup_spec lookups[] = {
    {.name = "user",
     .n_parts = 2,
     .parts = {LITERAL("user:"), {.capture = USER}},
     .n_fields = 2,
     .fields = user_fields},
    {.name = "shop",
     .n_parts = 3,
     .parts = {LITERAL("{shop}:"), {.capture = SHOP}, LITERAL(":v1")},
     .n_fields = 1,
     .fields = shop_fields},
};

typedef struct fixture {
    leat_batch batch;
    leat_features *features;
    char *packed; /* msgpack texts of the captures */
} fixture;

static void open_fixture(fixture *f, leat_redis_spec spec, uint32_t max_events)
{
    leat_error error;
    assert_int_equal(leat_batch_init(&f->batch, max_events), LEAT_OK);
    assert_int_equal(leat_batch_reset(&f->batch, &schema, &output), LEAT_OK);
    assert_int_equal(leat_features_new(&f->features, &spec, &error), LEAT_OK);
    assert_int_equal(leat_features_adopt(f->features, lookups, 2), LEAT_OK);
}

static void close_fixture(fixture *f)
{
    leat_features_free(f->features);
    leat_batch_fini(&f->batch);
}

static void clear(fixture *f)
{
    assert_int_equal(leat_batch_reset(&f->batch, &schema, &output), LEAT_OK);
}

static float *row_of(fixture *f, const leat_event *event)
{
    return (float *)f->batch.inputs[0].data + (size_t)event->first * N_COLUMNS;
}

/* An event as the decoder leaves it; entities are msgpack, NULL for none. */
static leat_event *add(fixture *f, const char *user, const char *shop)
{
    leat_event *event = leat_batch_add(&f->batch);
    leat_batch_add_row(&f->batch, event);
    leat_slice *captured = leat_batch_captures(&f->batch, event);
    captured[USER] = (leat_slice){(const uint8_t *)user, user ? 64 : 0};
    captured[SHOP] = (leat_slice){(const uint8_t *)shop, shop ? 64 : 0};
    row_of(f, event)[AVERAGE] = NAN;
    row_of(f, event)[COUNT] = COUNT_DEFAULT;
    row_of(f, event)[RATING] = NAN;
    *leat_batch_missing(&f->batch, event) = 7;
    return event;
}

/* "\xa3" "bob" and the like, in the batch's arena and with room for a reader. */
static const char *text(fixture *f, const char *string)
{
    size_t size = strlen(string);
    char *packed = leat_arena_calloc(&f->batch.arena, 1, 64);
    assert_true(size < 32);
    packed[0] = (char)(0xa0 | size);
    memcpy(packed + 1, string, size);
    return packed;
}

static const char *raw(fixture *f, const char *bytes, size_t size)
{
    char *packed = leat_arena_calloc(&f->batch.arena, 1, 64);
    memcpy(packed, bytes, size);
    return packed;
}

static void run(fixture *f)
{
    leat_features_send(f->features, &f->batch);
    leat_features_receive(f->features, &f->batch);
}

static void assert_row(fixture *f, const leat_event *event, float average, float count,
                       float rating)
{
    const float expected[N_COLUMNS] = {average, count, rating};
    for (int i = 0; i < N_COLUMNS; i++) {
        float value = row_of(f, event)[i];
        if (!(isnan(value) && isnan(expected[i])) && value != expected[i])
            fail_msg("column %s: %g is not %g", columns[i].name, (double)value,
                     (double)expected[i]);
    }
}

/* ---- A real Redis ---- */

static real_redis server;
static fixture only;

static int set_up(void **state)
{
    real_redis_start(&server);
    open_fixture(&only, real_redis_unix_spec(&server), 16);
    *state = &only;
    return 0;
}

static int tear_down(void **state)
{
    close_fixture(*state);
    real_redis_stop(&server);
    return 0;
}

static void test_lookup__values_reach_their_columns(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 12.5 count 3 other 9");
    real_redis_do(&server, "HSET {shop}:42:v1 rating 1e-1");
    leat_event *event = add(f, text(f, "bob"), raw(f, "\x2a", 1));
    run(f);
    assert_row(f, event, 12.5F, 3, 0.1F);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 0);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

static void test_lookup__a_missing_key_keeps_what_the_decoder_put(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET {shop}:s:v1 rating 4");
    leat_event *event = add(f, text(f, "nobody"), text(f, "s"));
    run(f);
    assert_row(f, event, NAN, COUNT_DEFAULT, 4);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 1 << AVERAGE | 1 << COUNT);
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(event->status, LEAT_OK);
}

static void test_lookup__a_missing_field_is_missing_alone(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 1");
    real_redis_do(&server, "HSET {shop}:s:v1 rating 4");
    leat_event *event = add(f, text(f, "bob"), text(f, "s"));
    run(f);
    assert_row(f, event, 1, COUNT_DEFAULT, 4);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 1 << COUNT);
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_lookup__an_absent_entity_is_not_asked_for(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user: avg 1 count 1");
    leat_event *absent = add(f, NULL, NULL);
    leat_event *nil = add(f, raw(f, "\xc0", 1), NULL);
    run(f);
    assert_row(f, absent, NAN, COUNT_DEFAULT, NAN);
    assert_row(f, nil, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(nil->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(leat_counter_read(&leat_features_read_stats(f->features)->keys), 0);
}

static void test_lookup__integers_and_bools_stand_in_keys(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:-5 avg 5 count 5");
    real_redis_do(&server, "HSET user:18446744073709551615 avg 6 count 6");
    real_redis_do(&server, "HSET user:1 avg 7 count 8");
    leat_event *negative = add(f, raw(f, "\xfb", 1), NULL);
    leat_event *large = add(f, raw(f, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9), NULL);
    leat_event *yes = add(f, raw(f, "\xc3", 1), NULL);
    leat_event *one = add(f, text(f, "1"), NULL);
    run(f);
    assert_row(f, negative, 5, 5, NAN);
    assert_row(f, large, 6, 6, NAN);
    assert_row(f, yes, 7, 8, NAN);
    assert_row(f, one, 7, 8, NAN);
}

static void test_lookup__other_types_in_a_key_fail_the_event(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 1 count 1");
    leat_event *real = add(f, raw(f, "\xca\x3f\x80\x00\x00", 5), NULL);
    leat_event *map = add(f, raw(f, "\x80", 1), NULL);
    leat_event *good = add(f, text(f, "bob"), NULL);
    run(f);
    assert_int_equal(real->status, LEAT_E_TYPE);
    assert_int_equal(map->status, LEAT_E_TYPE);
    assert_int_equal(map->stage, LEAT_STAGE_FEATURES);
    assert_non_null(strstr(map->reason, "lookup user: event.user is a map"));
    assert_row(f, good, 1, 1, NAN);
}

static void test_lookup__text_that_is_no_number_fails_the_event(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 0x10 count 1");
    real_redis_do(&server, "HSET user:eve avg %b count 1", "a\n", (size_t)2);
    real_redis_do(&server, "HSET user:tom avg %b count 1", "", (size_t)0);
    real_redis_do(&server, "HSET user:ann avg nan count inf");
    leat_event *hex = add(f, text(f, "bob"), NULL);
    leat_event *words = add(f, text(f, "eve"), NULL);
    leat_event *empty = add(f, text(f, "tom"), NULL);
    leat_event *odd = add(f, text(f, "ann"), NULL);
    run(f);
    assert_int_equal(hex->status, LEAT_E_TYPE);
    assert_non_null(
        strstr(hex->reason, "field avg holds \"0x10\", which is not a number"));
    assert_non_null(strstr(words->reason, "\"a?\""));
    assert_int_equal(empty->status, LEAT_E_TYPE);
    assert_row(f, odd, NAN, INFINITY, NAN);
    assert_int_equal(*leat_batch_missing(&f->batch, odd), 1 << AVERAGE | 1 << RATING);
}

static void test_lookup__a_key_of_another_type_is_unavailable_alone(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "SET user:bob text");
    real_redis_do(&server, "HSET user:eve avg 1 count 2");
    leat_event *wrong = add(f, text(f, "bob"), NULL);
    leat_event *right = add(f, text(f, "eve"), NULL);
    run(f);
    assert_row(f, wrong, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(wrong->quality, LEAT_QUALITY_UNAVAILABLE);
    assert_row(f, right, 1, 2, NAN);
    assert_int_equal(right->quality, LEAT_QUALITY_DEFAULTED); /* it has no shop */
}

static void test_lookup__an_entity_is_asked_for_once_and_feeds_all_its_events(
    void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 1 count 2");
    real_redis_do(&server, "HSET user:eve avg 3 count 4");
    for (int i = 0; i < 16; i++)
        add(f, text(f, i % 2 ? "eve" : "bob"), NULL);
    run(f);
    for (int i = 0; i < 16; i++)
        assert_row(f, &f->batch.events[i], i % 2 ? 3 : 1, i % 2 ? 4 : 2, NAN);
    const leat_features_stats *stats = leat_features_read_stats(f->features);
    assert_int_equal(leat_counter_read(&stats->lookups), 16);
    assert_int_equal(leat_counter_read(&stats->keys), 2);
    assert_int_equal(leat_counter_read(&stats->hits), 32);
    assert_int_equal(leat_counter_read(&stats->missing), 16);
    assert_int_equal(leat_counter_read(&stats->unavailable), 0);
    assert_int_equal(leat_counter_read(&stats->round_trips), 1);
    assert_int_equal(leat_counter_read(&stats->connects), 1);
}

/* "user:66069" and "user:112480" have the same hash. */
static void test_lookup__entities_that_hash_alike_stay_apart(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:66069 avg 1 count 2");
    real_redis_do(&server, "HSET user:112480 avg 3 count 4");
    leat_event *one = add(f, text(f, "66069"), NULL);
    leat_event *other = add(f, text(f, "112480"), NULL);
    run(f);
    assert_row(f, one, 1, 2, NAN);
    assert_row(f, other, 3, 4, NAN);
}

static void test_lookup__every_row_of_an_event_is_fed_and_no_other(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 1 count 2");
    leat_event *before = add(f, NULL, NULL);
    leat_event *ranked = add(f, text(f, "bob"), NULL);
    const leat_event *second = add(f, NULL, NULL); /* its row becomes the other's */
    row_of(f, second)[AVERAGE] = row_of(f, second)[COUNT] = -1;
    ranked->n = 2;
    leat_event *filtered = add(f, text(f, "bob"), NULL);
    filtered->n = 0;
    leat_event *failed = add(f, text(f, "bob"), NULL);
    leat_batch_fail(&f->batch, failed, LEAT_STAGE_DECODE, LEAT_E_TYPE, "before");
    run(f);
    const float *row = row_of(f, ranked);
    assert_true(row[AVERAGE] == 1 && row[N_COLUMNS + AVERAGE] == 1);
    assert_true(row[COUNT] == 2 && row[N_COLUMNS + COUNT] == 2);
    assert_row(f, before, NAN, COUNT_DEFAULT, NAN);
    assert_row(f, filtered, NAN, COUNT_DEFAULT, NAN);
    assert_row(f, failed, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(filtered->quality, LEAT_QUALITY_COMPLETE);
}

static void test_lookup__ten_thousand_entities_in_one_batch(void **state)
{
    enum { N = 10000 };
    fixture large;
    fixture *f = &large;
    (void)state;
    for (int i = 0; i < N; i++)
        redisAppendCommand(server.admin, "HSET user:%d avg %d.25 count %d", i, i, -i);
    for (int i = 0; i < N; i++) {
        void *reply;
        assert_int_equal(redisGetReply(server.admin, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
    open_fixture(f, real_redis_spec(&server), N);
    for (int i = 0; i < N; i++) {
        char user[16];
        snprintf(user, sizeof user, "%d", i);
        add(f, text(f, user), NULL);
    }
    run(f);
    for (int i = 0; i < N; i++)
        assert_row(f, &f->batch.events[i], (float)i + 0.25F, (float)-i, NAN);
    close_fixture(f);
}

static void test_lookup__an_outage_is_unavailable_and_ends(void **state)
{
    fixture *f = *state;
    real_redis_kill(&server);
    leat_event *event = add(f, text(f, "bob"), NULL);
    run(f);
    assert_row(f, event, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(event->quality, LEAT_QUALITY_UNAVAILABLE);
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 7);
    real_redis_restart(&server);
    real_redis_do(&server, "HSET user:bob avg 1 count 2");
    uint64_t give_up_ns = leat_now_ns() + 20 * LEAT_SEC;
    do {
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 10);
        clear(f);
        event = add(f, text(f, "bob"), NULL);
        run(f);
    } while (event->quality == LEAT_QUALITY_UNAVAILABLE);
    assert_row(f, event, 1, 2, NAN);
}

/* ---- Integers ---- */

static const leat_tensor_spec counters = {
    .name = "n", .dtype = LEAT_I64, .rank = 2, .shape = {0, N_COLUMNS}};
static const leat_schema integers = {.n_inputs = 1,
                                     .inputs = &counters,
                                     .n_columns = N_COLUMNS,
                                     .columns = columns,
                                     .n_captures = N_CAPTURES,
                                     .captures = captures,
                                     .time_capture = LEAT_NO_CAPTURE};

/* As the decoder leaves it: of the columns only `count` has a default. */
static leat_event *add_integers(fixture *f, const char *user, const char *shop)
{
    if (f->batch.schema != &integers)
        assert_int_equal(leat_batch_reset(&f->batch, &integers, &output), LEAT_OK);
    leat_event *event = leat_batch_add(&f->batch);
    leat_batch_add_row(&f->batch, event);
    leat_slice *captured = leat_batch_captures(&f->batch, event);
    captured[USER] = (leat_slice){(const uint8_t *)text(f, user), 64};
    captured[SHOP] = (leat_slice){(const uint8_t *)text(f, shop), 64};
    int64_t *row = (int64_t *)f->batch.inputs[0].data + (size_t)event->first * N_COLUMNS;
    row[AVERAGE] = row[RATING] = 0;
    row[COUNT] = (int64_t)COUNT_DEFAULT;
    *leat_batch_missing(&f->batch, event) = 7;
    return event;
}

static void test_lookup__integers_reach_their_columns_to_the_last_digit(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 9007199254740993 count -4.0");
    real_redis_do(&server, "HSET {shop}:s:v1 rating -9223372036854775808");
    const leat_event *event = add_integers(f, "bob", "s");
    run(f);
    const int64_t *row = f->batch.inputs[0].data;
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(row[AVERAGE], 9007199254740993);
    assert_int_equal(row[COUNT], -4);
    assert_true(row[RATING] == INT64_MIN);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 0);
}

static void test_lookup__text_that_is_no_integer_fails_the_event(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 1.5 count 1");
    real_redis_do(&server, "HSET user:eve avg 9223372036854775808 count 1");
    const leat_event *fraction = add_integers(f, "bob", "s");
    const leat_event *large = add_integers(f, "eve", "s");
    run(f);
    assert_int_equal(fraction->status, LEAT_E_TYPE);
    assert_string_equal(fraction->reason,
                        "lookup user: field avg holds \"1.5\", which is "
                        "not an integer");
    assert_int_equal(large->status, LEAT_E_RANGE);
    assert_string_equal(large->reason, "lookup user: field avg holds "
                                       "\"9223372036854775808\", which is out of the "
                                       "range of i64");
}

static void test_lookup__a_missing_integer_needs_a_default(void **state)
{
    fixture *f = *state;
    real_redis_do(&server, "HSET user:bob avg 1");
    real_redis_do(&server, "HSET user:eve count 1");
    real_redis_do(&server, "HSET {shop}:s:v1 rating 5");
    const leat_event *good = add_integers(f, "bob", "s");
    const leat_event *bad = add_integers(f, "eve", "s");
    const leat_event *alone = add_integers(f, "bob", "none");
    run(f);
    const int64_t *row = f->batch.inputs[0].data;
    assert_int_equal(good->status, LEAT_OK);
    assert_int_equal(good->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(row[COUNT], (int64_t)COUNT_DEFAULT);
    assert_int_equal(bad->status, LEAT_E_MISSING);
    assert_string_equal(bad->reason, "lookup user: field avg is missing; i64 has no NaN, "
                                     "and the feature no default");
    assert_int_equal(alone->status, LEAT_E_MISSING);
}

static void test_lookup__an_outage_fails_integers_without_a_default(void **state)
{
    fixture *f = *state;
    real_redis_kill(&server);
    const leat_event *event = add_integers(f, "bob", "s");
    run(f);
    assert_int_equal(event->status, LEAT_E_MISSING);
    assert_non_null(strstr(event->reason, "field avg is unavailable"));
    real_redis_restart(&server);
}

/* ---- A false one ---- */

/* User n has avg n and count n. The answer about user 2 waits at the gate. */
static void serve_tardy(int fd, int n, void *context)
{
    const int *gate = context;
    char key[64], byte;
    (void)n;
    while (fake_read(fd, 1, key)) {
        if (!strchr(key, ':')) { /* the PING of a new connection */
            fake_write(fd, "+PONG\r\n");
            continue;
        }
        const char *id = strchr(key, ':') + 1;
        if (!strcmp(id, "2") && read(gate[0], &byte, 1) != 1)
            return;
        fake_write(fd, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(id), id, strlen(id),
                   id);
    }
}

static leat_event *send_user(fixture *f, int id)
{
    char user[16];
    snprintf(user, sizeof user, "%d", id);
    clear(f);
    leat_event *event = add(f, text(f, user), NULL);
    leat_features_send(f->features, &f->batch);
    return event;
}

/* Batch 2 gives up before its answer comes, and the answer comes just when batch 3 has
 * sent its question. A connection that were used on would tell user 3 what belongs to
 * user 2. */
static void test_lookup__no_entity_ever_gets_anothers_features(void **state)
{
    int gate[2];
    fake_redis fake;
    fixture own;
    leat_event *event;
    (void)state;
    assert_return_code(pipe(gate), 0);
    fake_redis_start(&fake, serve_tardy, gate);
    leat_redis_spec spec = fake_redis_spec(&fake);
    spec.timeout_ns = 100 * LEAT_MS;
    open_fixture(&own, spec, 4);
    event = send_user(&own, 2);
    leat_features_receive(own.features, &own.batch);
    assert_int_equal(event->quality, LEAT_QUALITY_UNAVAILABLE);

    uint64_t give_up_ns = leat_now_ns() + 20 * LEAT_SEC;
    int id = 3;
    event = send_user(&own, id);
    assert_int_equal(write(gate[1], "", 1), 1);
    leat_features_receive(own.features, &own.batch);
    while (event->quality == LEAT_QUALITY_UNAVAILABLE) {
        assert_row(&own, event, NAN, COUNT_DEFAULT, NAN);
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 10);
        event = send_user(&own, ++id);
        leat_features_receive(own.features, &own.batch);
    }
    assert_row(&own, event, (float)id, (float)id, NAN);
    close_fixture(&own);
    fake_redis_stop(&fake);
    close(gate[0]);
    close(gate[1]);
}

int main(void)
{
#define REAL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        REAL(test_lookup__values_reach_their_columns),
        REAL(test_lookup__a_missing_key_keeps_what_the_decoder_put),
        REAL(test_lookup__a_missing_field_is_missing_alone),
        REAL(test_lookup__an_absent_entity_is_not_asked_for),
        REAL(test_lookup__integers_and_bools_stand_in_keys),
        REAL(test_lookup__other_types_in_a_key_fail_the_event),
        REAL(test_lookup__text_that_is_no_number_fails_the_event),
        REAL(test_lookup__a_key_of_another_type_is_unavailable_alone),
        REAL(test_lookup__an_entity_is_asked_for_once_and_feeds_all_its_events),
        REAL(test_lookup__entities_that_hash_alike_stay_apart),
        REAL(test_lookup__every_row_of_an_event_is_fed_and_no_other),
        REAL(test_lookup__ten_thousand_entities_in_one_batch),
        REAL(test_lookup__an_outage_is_unavailable_and_ends),
        REAL(test_lookup__integers_reach_their_columns_to_the_last_digit),
        REAL(test_lookup__text_that_is_no_integer_fails_the_event),
        REAL(test_lookup__a_missing_integer_needs_a_default),
        REAL(test_lookup__an_outage_fails_integers_without_a_default),
        cmocka_unit_test(test_lookup__no_entity_ever_gets_anothers_features),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
