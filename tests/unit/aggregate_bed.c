#include "aggregate_bed.h"

#include "base/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { MAX_EVENTS = 64, AMOUNT = 0 };

static const leat_tensor_spec input = {
    .name = "x", .dtype = LEAT_F32, .rank = 2, .shape = {0, N_COLUMNS}};
static const leat_tensor_spec output = {.name = "y", .rank = 2, .shape = {0, 1}};
static const leat_column columns[N_COLUMNS] = {
    [COUNT] = {.name = "count", .element = COUNT, .n = 1},
    [SPENT] = {.name = "spent", .element = SPENT, .n = 1},
    [GAP] = {.name = "gap", .element = GAP, .n = 1},
};
static const leat_path captures[] = {[AMOUNT] = {.text = "event.amount"}};
static const leat_schema schema = {.n_inputs = 1,
                                   .inputs = &input,
                                   .n_columns = N_COLUMNS,
                                   .columns = columns,
                                   .n_captures = 1,
                                   .captures = captures,
                                   .time_capture = LEAT_NO_CAPTURE};

static const leat_aggregate aggregates[] = {
    {.kind = LEAT_AGGREGATE_COUNT, .n = 1, .answer = COUNT},
    {.kind = LEAT_AGGREGATE_SUM, .n = 1, .answer = SPENT},
    {.kind = LEAT_AGGREGATE_SINCE_LAST, .n = 1, .answer = GAP},
};
static const leat_sliding_window window = {.bucket_ns = 1000000000,
                                           .late_buckets = 1,
                                           .n_aggregates = N_COLUMNS,
                                           .aggregates = aggregates};
static const leat_aggregate_source source = {.name = "card_1m.spent", .capture = AMOUNT};
static const leat_aggregate_feature features[N_COLUMNS] = {
    {"card_1m.count", COUNT, 0, COUNT, 1},
    {"card_1m.spent", SPENT, 0, SPENT, 1},
    {"card_1m.gap", GAP, 0, GAP, 1},
};

int aggregate_bed_set_up(void **state)
{
    static aggregate_bed bed;
    real_redis_start(&bed.server);
    bed.redis = real_redis_unix_spec(&bed.server);
    bed.committed = -1;
    leat_arena_init(&bed.arena, 4096);
    bed.card = (leat_entity_spec){
        .name = "key",
        .capture = LEAT_NO_CAPTURE,
        .prefix = "leat:test:1:card:",
        .ahead_ns = 1000000000,
        .keep_ms = 3600000,
        .state = {.n_windows = 1,
                  .windows = &window,
                  .n_inputs = 1,
                  .n_answers = N_COLUMNS,
                  .meaning = 1},
        .sources = &source,
        .n_features = N_COLUMNS,
        .features = features,
    };
    assert_int_equal(leat_state_lay_out(&bed.card.state, &bed.arena), LEAT_OK);
    bed.spec = (leat_aggregates_spec){.n_entities = 1,
                                      .entities = &bed.card,
                                      .base = "leat:test:1",
                                      .digest = 1,
                                      .n_answers = N_COLUMNS,
                                      .n_windows = 1,
                                      .max_bytes = 1 << 20};
    *state = &bed;
    return 0;
}

int aggregate_bed_tear_down(void **state)
{
    aggregate_bed *bed = *state;
    leat_arena_fini(&bed->arena);
    real_redis_stop(&bed->server);
    return 0;
}

static int64_t find_committed(const void *lane, uint32_t slot)
{
    (void)slot;
    return ((const aggregate_lane *)lane)->committed;
}

static leat_status ask_committed(void *lane, uint32_t slot, int64_t *committed)
{
    (void)slot;
    *committed = ((const aggregate_lane *)lane)->bed->committed;
    return *committed >= -1 ? LEAT_OK : LEAT_AGAIN;
}

void aggregate_lane_open(aggregate_lane *lane, aggregate_bed *bed)
{
    leat_error error;
    const leat_features_spec spec = {.redis = bed->redis, .aggregates = &bed->spec};
    *lane = (aggregate_lane){.epoch = 1, .bed = bed};
    assert_int_equal(leat_batch_init(&lane->batch, MAX_EVENTS), LEAT_OK);
    aggregate_lane_clear(lane);
    assert_int_equal(leat_features_new(&lane->features, &spec, &error), LEAT_OK);
    leat_features_follow(lane->features,
                         (leat_commits){lane, find_committed, ask_committed});
}

void aggregate_lane_close(aggregate_lane *lane)
{
    leat_features_free(lane->features);
    leat_batch_fini(&lane->batch);
}

void aggregate_lane_clear(aggregate_lane *lane)
{
    assert_int_equal(leat_batch_reset(&lane->batch, &schema, &output), LEAT_OK);
}

leat_event *aggregate_lane_add(aggregate_lane *lane, int64_t offset, const char *key,
                               int64_t second, double amount)
{
    leat_batch *batch = &lane->batch;
    leat_event *event = leat_batch_add(batch);
    assert_int_equal(leat_batch_add_rows(batch, event, 1), LEAT_OK);
    event->topic = "transactions";
    event->epoch = lane->epoch;
    event->slot = lane->partition;
    event->partition = (int32_t)lane->partition;
    event->offset = offset;
    event->key = (leat_slice){(const uint8_t *)key, key ? (uint32_t)strlen(key) : 0};
    event->timestamp = second * 1000;
    event->has_time = true;
    event->time.seconds = second;
    uint8_t *packed = leat_arena_alloc(&batch->arena, LEAT_PACK_F64);
    leat_pack_f64(packed, amount);
    leat_batch_captures(batch, event)[AMOUNT] = (leat_slice){packed, LEAT_PACK_F64};
    for (int i = 0; i < N_COLUMNS; i++)
        aggregate_lane_row(lane, batch->n_events - 1)[i] = NAN;
    *leat_batch_missing(batch, event) = (1 << N_COLUMNS) - 1;
    return event;
}

leat_status aggregate_lane_run(aggregate_lane *lane)
{
    leat_features_send(lane->features, &lane->batch);
    return leat_features_receive(lane->features, &lane->batch);
}

leat_status aggregate_lane_see(aggregate_lane *lane, int64_t offset, const char *key,
                               int64_t second, double amount)
{
    aggregate_lane_clear(lane);
    aggregate_lane_add(lane, offset, key, second, amount);
    return aggregate_lane_run(lane);
}

float *aggregate_lane_row(const aggregate_lane *lane, uint32_t n)
{
    return (float *)lane->batch.inputs[0].data + (size_t)n * N_COLUMNS;
}

void aggregate_lane_assert(const aggregate_lane *lane, uint32_t n, float count,
                           float spent)
{
    const float expected[] = {[COUNT] = count, [SPENT] = spent};
    for (int i = COUNT; i <= SPENT; i++) {
        float value = aggregate_lane_row(lane, n)[i];
        if (!(isnan(value) && isnan(expected[i])) && value != expected[i])
            fail_msg("event %u: %s is %g, not %g", n, columns[i].name, (double)value,
                     (double)expected[i]);
    }
}

const leat_aggregates_stats *aggregate_lane_stats(const aggregate_lane *lane)
{
    return leat_features_read_stats(lane->features)->aggregates;
}
