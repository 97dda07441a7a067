#include "lookup_bed.h"

#include "base/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { ROOM = 64 };

static const leat_tensor_spec input = {
    .name = "x", .dtype = LEAT_F32, .rank = 2, .shape = {0, N_COLUMNS}};
static const leat_tensor_spec counters = {
    .name = "n", .dtype = LEAT_I64, .rank = 2, .shape = {0, N_COLUMNS}};
static const leat_tensor_spec names = {
    .name = "s", .dtype = LEAT_STRING, .rank = 2, .shape = {0, N_COLUMNS}};
static const leat_tensor_spec output = {.name = "y", .rank = 2, .shape = {0, 1}};
static const leat_column columns[N_COLUMNS] = {
    [AVERAGE] = {.name = "average", .element = AVERAGE, .n = 1},
    [COUNT] = {.name = "count", .element = COUNT, .n = 1, .has_default = true},
    [RATING] = {.name = "rating", .element = RATING, .n = 1},
};
static const leat_reading as_text = {.kind = LEAT_READING_TEXT};
static const leat_column texts[N_COLUMNS] = {
    [AVERAGE] = {.name = "average", .element = AVERAGE, .n = 1, .reading = &as_text},
    [COUNT] = {.name = "count", .element = COUNT, .n = 1, .reading = &as_text},
    [RATING] = {.name = "rating", .element = RATING, .n = 1, .reading = &as_text},
};
static const leat_path captures[N_CAPTURES] = {
    [USER] = {.text = "event.user"},
    [SHOP] = {.text = "event.shop"},
};

#define SCHEMA(tensor, of)                                                               \
    {                                                                                    \
        .n_inputs = 1, .inputs = &(tensor), .n_columns = N_COLUMNS, .columns = (of),     \
        .n_captures = N_CAPTURES, .captures = captures, .time_capture = LEAT_NO_CAPTURE  \
    }

static const leat_schema schema = SCHEMA(input, columns);
static leat_schema ranking = SCHEMA(input, columns);
static const leat_schema integers = SCHEMA(counters, columns);
static const leat_schema strings = SCHEMA(names, texts);

#define LITERAL(text)                                                                    \
    {                                                                                    \
        .literal = {(const uint8_t *)(text), sizeof(text) - 1 }                          \
    }

#define STEP(text)                                                                       \
    {                                                                                    \
        .name = {(const uint8_t *)(text), sizeof(text) - 1 }                             \
    }
#define PATH(lookup, field, step)                                                        \
    {                                                                                    \
        .root = LEAT_ROOT_NAMED, .text = lookup "." field, .name = lookup, .n_steps = 1, \
        .steps = &(step)                                                                 \
    }

static const leat_step avg_step = STEP("avg"), count_step = STEP("count"),
                       rating_step = STEP("rating");
static const leat_path paths[N_COLUMNS] = {
    [AVERAGE] = PATH("user", "avg", avg_step),
    [COUNT] = PATH("user", "count", count_step),
    [RATING] = PATH("shop", "rating", rating_step),
};
static const leat_lookup_field user_fields[] = {{&paths[AVERAGE], AVERAGE},
                                                {&paths[COUNT], COUNT}};
static const leat_lookup_field shop_fields[] = {{&paths[RATING], RATING}};
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

void lookup_bed_open(lookup_bed *bed, leat_redis_spec redis, leat_lookup_format format,
                     uint32_t max_events)
{
    leat_error error;
    const leat_features_spec spec = {
        .redis = redis, .cache = bed->cache, .n_lookups = 2, .lookups = bed->lookups};
    memcpy(bed->lookups, lookups, sizeof lookups);
    for (int i = 0; i < 2; i++)
        bed->lookups[i].format = format;
    assert_int_equal(leat_batch_init(&bed->batch, max_events), LEAT_OK);
    lookup_bed_clear(bed);
    assert_int_equal(leat_features_new(&bed->features, &spec, &error), LEAT_OK);
}

void lookup_bed_close(lookup_bed *bed)
{
    leat_features_free(bed->features);
    leat_batch_fini(&bed->batch);
}

static int set_up(void **state, leat_lookup_format format)
{
    static lookup_bed only;
    real_redis_start(&only.server);
    lookup_bed_open(&only, real_redis_unix_spec(&only.server), format, 16);
    *state = &only;
    return 0;
}

int lookup_bed_set_up(void **state)
{
    return set_up(state, LEAT_LOOKUP_HASH);
}

int lookup_bed_set_up_msgpack(void **state)
{
    return set_up(state, LEAT_LOOKUP_MSGPACK);
}

int lookup_bed_set_up_json(void **state)
{
    return set_up(state, LEAT_LOOKUP_JSON);
}

int lookup_bed_tear_down(void **state)
{
    lookup_bed *bed = *state;
    lookup_bed_close(bed);
    real_redis_stop(&bed->server);
    return 0;
}

void lookup_bed_clear(lookup_bed *bed)
{
    assert_int_equal(leat_batch_reset(&bed->batch, &schema, &output), LEAT_OK);
}

void lookup_bed_clear_to_strings(lookup_bed *bed)
{
    assert_int_equal(leat_batch_reset(&bed->batch, &strings, &output), LEAT_OK);
}

void lookup_bed_clear_to_integers(lookup_bed *bed)
{
    assert_int_equal(leat_batch_reset(&bed->batch, &integers, &output), LEAT_OK);
}

const char *lookup_bed_raw(lookup_bed *bed, const char *bytes, size_t size)
{
    char *packed = leat_arena_calloc(&bed->batch.arena, 1, ROOM);
    assert_true(size <= ROOM);
    memcpy(packed, bytes, size);
    return packed;
}

void lookup_bed_clear_to_ranking(lookup_bed *bed)
{
    ranking.candidates.max = UINT32_MAX;
    bed->lookups[1].of_candidate = true;
    assert_int_equal(leat_batch_reset(&bed->batch, &ranking, &output), LEAT_OK);
}

/* "\xa3" "bob" and the like. */
const char *lookup_bed_text(lookup_bed *bed, const char *string)
{
    char packed[32];
    size_t size = strlen(string);
    assert_true(size < sizeof packed);
    packed[0] = (char)(0xa0 | size);
    memcpy(packed + 1, string, size);
    return lookup_bed_raw(bed, packed, 1 + size);
}

float *lookup_bed_row(const lookup_bed *bed, const leat_event *event)
{
    return (float *)bed->batch.inputs[0].data + (size_t)event->first * N_COLUMNS;
}

int64_t *lookup_bed_integers(const lookup_bed *bed, const leat_event *event)
{
    return (int64_t *)bed->batch.inputs[0].data + (size_t)event->first * N_COLUMNS;
}

leat_slice *lookup_bed_strings(const lookup_bed *bed, const leat_event *event)
{
    return (leat_slice *)bed->batch.inputs[0].data + (size_t)event->first * N_COLUMNS;
}

static void put_defaults(lookup_bed *bed, const leat_event *event)
{
    int64_t *integer_row = lookup_bed_integers(bed, event);
    float *row = lookup_bed_row(bed, event);
    if (bed->batch.schema == &strings) {
        memset(lookup_bed_strings(bed, event), 0, N_COLUMNS * sizeof(leat_slice));
        return;
    }
    if (bed->batch.schema == &integers) {
        integer_row[AVERAGE] = integer_row[RATING] = 0;
        integer_row[COUNT] = (int64_t)COUNT_DEFAULT;
        return;
    }
    for (uint32_t i = 0; i < event->n; i++, row += N_COLUMNS) {
        row[AVERAGE] = row[RATING] = NAN;
        row[COUNT] = COUNT_DEFAULT;
    }
}

static leat_slice captured(const char *packed)
{
    return (leat_slice){(const uint8_t *)packed, packed ? ROOM : 0};
}

static leat_event *add_rows(lookup_bed *bed, const char *user, uint32_t n)
{
    leat_event *event = leat_batch_add(&bed->batch);
    assert_int_equal(leat_batch_add_rows(&bed->batch, event, n), LEAT_OK);
    leat_batch_captures(&bed->batch, event)[USER] = captured(user);
    leat_batch_captures(&bed->batch, event)[SHOP] = captured(NULL);
    put_defaults(bed, event);
    *leat_batch_missing(&bed->batch, event) = (1 << N_COLUMNS) - 1;
    return event;
}

leat_event *lookup_bed_add(lookup_bed *bed, const char *user, const char *shop)
{
    leat_event *event = add_rows(bed, user, 1);
    leat_batch_captures(&bed->batch, event)[SHOP] = captured(shop);
    return event;
}

leat_event *lookup_bed_add_candidates(lookup_bed *bed, const char *user,
                                      const char *const *shops, uint32_t n)
{
    leat_event *event = add_rows(bed, user, n);
    for (uint32_t i = 0; i < n; i++) {
        leat_slice *row = leat_batch_row_captures(&bed->batch, event->first + i);
        row[USER] = captured(user);
        row[SHOP] = captured(shops[i]);
    }
    return event;
}

void lookup_bed_run(lookup_bed *bed)
{
    leat_features_send(bed->features, &bed->batch);
    assert_int_equal(leat_features_receive(bed->features, &bed->batch), LEAT_OK);
}

void lookup_bed_set_policy(lookup_bed *bed, leat_on_unavailable policy)
{
    for (int i = 0; i < 2; i++)
        bed->lookups[i].on_unavailable = policy;
}

void lookup_bed_set_age(lookup_bed *bed)
{
    static const leat_step at = STEP("at");
    static const leat_path time = PATH("user", "at", at);
    leat_error error;
    bed->lookups[0].time = &time;
    bed->lookups[0].max_age_ns = UINT64_C(60000000000);
    const leat_features_spec spec = {.n_lookups = 2, .lookups = bed->lookups};
    assert_int_equal(leat_features_adopt(bed->features, &spec, &error), LEAT_OK);
}

void lookup_bed_assert_row(const lookup_bed *bed, const leat_event *event, float average,
                           float count, float rating)
{
    const float expected[N_COLUMNS] = {average, count, rating};
    for (int i = 0; i < N_COLUMNS; i++) {
        float value = lookup_bed_row(bed, event)[i];
        if (!(isnan(value) && isnan(expected[i])) && value != expected[i])
            fail_msg("column %s: %g is not %g", columns[i].name, (double)value,
                     (double)expected[i]);
    }
}

void lookup_bed_assert_ages(lookup_bed *bed)
{
    leat_event *young = lookup_bed_add(bed, lookup_bed_text(bed, "bob"), NULL);
    leat_event *old = lookup_bed_add(bed, lookup_bed_text(bed, "bob"), NULL);
    leat_event *unknown = lookup_bed_add(bed, lookup_bed_text(bed, "eve"), NULL);
    young->has_time = old->has_time = unknown->has_time = true;
    young->time.seconds = 1700000060;
    old->time.seconds = 1700000061;
    lookup_bed_run(bed);
    lookup_bed_assert_row(bed, young, 1, 2, NAN);
    lookup_bed_assert_row(bed, old, NAN, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(bed, unknown, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(old->quality, LEAT_QUALITY_DEFAULTED);
    const leat_distribution *age =
        &leat_features_read_stats(bed->features)->lookups.at[0].age;
    assert_int_equal(leat_counter_read(&age->counts[leat_bounds_age.n]), 1); /* bob */
}
