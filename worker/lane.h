/* worker/lane.h: one thread that owns a consumer, a producer, a Redis connection and a
 * model session, and leads batches through them.
 *
 * Lanes share the plan, which is immutable, and nothing else.
 *
 * Owns:    its source, sink, ledger, batch, decoder, features, session. Retains the plan.
 * Threads: new, free: main. run, leave: the lane's thread. stop, halt, meters: any.
 * Fails:   new: what its parts say. run: the error that ended the lane, OK after stop.
 */
#ifndef LEAT_WORKER_LANE_H
#define LEAT_WORKER_LANE_H

#include "base/client/client.h"
#include "base/meter.h"
#include "consumers/partition_meters.h"
#include "worker/batch_meters.h"
#include "worker/config/config.h"
#include "worker/plan.h"

typedef struct leat_lane leat_lane;

/* What a lane counts; it alone writes, anyone reads. */
typedef struct leat_lane_meters {
    leat_counter events;      /* taken from the source */
    leat_counter predictions; /* these three: handed to the producer */
    leat_counter feature_records;
    leat_counter dead_letters;
    leat_counter skipped;     /* tombstones and filtered events */
    leat_counter unavailable; /* events scored without Redis */
    leat_counter batches;
    leat_counter rewinds;
    leat_counter assigned;  /* partitions, now */
    leat_counter lag;       /* events that wait in them, as of the last second */
    leat_histogram latency; /* of a batch's oldest event: record timestamp to
                               acknowledgement, microseconds */

    leat_counter beat_ns; /* when the lane last got on, by the monotonic clock */
    leat_counter joined;  /* 1 while it knows of its place in the group */
    leat_counter rebalances;
    leat_batch_meters way;        /* of its batches */
    leat_distribution end_to_end; /* as latency, ns */
    const leat_partition_meters *partitions;
    const leat_features_stats *features; /* NULL without lookups */

    atomic_bool failed; /* run() will return `failure`, as soon as it has settled */
    leat_error failure; /* written before `failed` is set, never again */
} leat_lane_meters;

leat_status leat_lane_new(leat_lane **lane, const leat_config *config, leat_plan *plan,
                          uint32_t number, leat_error *error) LEAT_MUST_CHECK;
void leat_lane_free(leat_lane *lane);

/* Works until stop() is called or going on would be wrong, then settles what it owes (within
 * 10 s). It stays a member of the group. */
leat_status leat_lane_run(leat_lane *lane, leat_error *error) LEAT_MUST_CHECK;

/* Asks run() to return. */
void leat_lane_stop(leat_lane *lane);

/* From the next turn on the lane reads nothing and settles nothing. It stays a member of its
 * group with everything paused, so that nobody else reads the same, until stop(). */
void leat_lane_halt(leat_lane *lane);

/* Leaves the group, when run() has returned in every lane of the process: a member that goes
 * makes the group rebalance, and the others' last commits would be refused. All lanes must
 * leave at once. */
leat_status leat_lane_leave(leat_lane *lane, uint64_t deadline_ns,
                            leat_error *error) LEAT_MUST_CHECK;

const leat_lane_meters *leat_lane_read(const leat_lane *lane);

#endif
