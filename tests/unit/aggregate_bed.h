/* Lanes that aggregate what cards spend, beside a real Redis.
 *
 * The record's key is the card. Columns: `count` and `spent` of the last minute (buckets of
 * one second), `gap` since the event before. Partition p has slot p.
 *
 * Threads: the test's.
 */
#ifndef LEAT_TESTS_AGGREGATE_BED_H
#define LEAT_TESTS_AGGREGATE_BED_H

#include "features/features.h"
#include "redis_bed.h"

#define assert_counter(counter, expected)                                                \
    assert_int_equal(leat_counter_read(&(counter)), expected)

enum { COUNT, SPENT, GAP, N_COLUMNS };

/* A lane: a batch and the stage. */
typedef struct aggregate_lane {
    leat_batch batch;
    leat_features *features;
    uint32_t epoch; /* of its events, */
    uint32_t partition;
    int64_t committed; /* of every partition, as the lane knows it */
    const struct aggregate_bed *bed;
} aggregate_lane;

typedef struct aggregate_bed {
    real_redis server;
    int64_t committed; /* of every partition, as the group says; -2: it does not */
    leat_redis_spec redis;
    leat_entity_spec card; /* both for a test to change, before lanes are opened */
    leat_aggregates_spec spec;
    leat_arena arena; /* the state's layout */
} aggregate_bed;

/* For cmocka: a bed beside a Redis that is empty. */
int aggregate_bed_set_up(void **state);
int aggregate_bed_tear_down(void **state);

void aggregate_lane_open(aggregate_lane *lane, aggregate_bed *bed);
void aggregate_lane_close(aggregate_lane *lane);

/* The next batch. */
void aggregate_lane_clear(aggregate_lane *lane);

/* An event of the lane's partition at `second`; key NULL: none. */
leat_event *aggregate_lane_add(aggregate_lane *lane, int64_t offset, const char *key,
                               int64_t second, double amount);

leat_status aggregate_lane_run(aggregate_lane *lane);

/* A batch of one event: what came of it. */
leat_status aggregate_lane_see(aggregate_lane *lane, int64_t offset, const char *key,
                               int64_t second, double amount);

/* The row of the n-th event; NaN is missing. */
float *aggregate_lane_row(const aggregate_lane *lane, uint32_t n);
void aggregate_lane_assert(const aggregate_lane *lane, uint32_t n, float count,
                           float spent);

const leat_aggregates_stats *aggregate_lane_stats(const aggregate_lane *lane);

#endif
