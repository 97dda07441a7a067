/* tests/unit/lane_meters.h: meters as a lane would leave them, for tests of what reads
 * them. */
#ifndef LEAT_TESTS_LANE_METERS_H
#define LEAT_TESTS_LANE_METERS_H

#include "worker/lane.h"

#include <stdio.h>

typedef struct fake_lane {
    leat_lane_meters meters;
    leat_partition_meters partitions;
    leat_features_stats features;
} fake_lane;

static inline void fake_lane_init(fake_lane *lane)
{
    *lane = (fake_lane){.meters.partitions = &lane->partitions,
                        .meters.features = &lane->features};
}

static inline void fake_lane_fini(fake_lane *lane)
{
    leat_partition_meters_fini(&lane->partitions);
}

static inline void fake_lane_own(fake_lane *lane, const char *topic, int32_t partition,
                                 uint64_t lag)
{
    uint32_t i = leat_partition_meters_n(&lane->partitions);
    assert_true(leat_partition_meters_add(&lane->partitions, topic, partition));
    leat_partition_meter *meter = leat_partition_meters_at(&lane->partitions, i);
    leat_counter_set(&meter->lag, lag);
    leat_counter_set(&meter->assigned, 1);
}

#endif
