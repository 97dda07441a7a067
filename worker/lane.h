/* worker/lane.h: one thread that owns a consumer, a producer, a Redis connection and a
 * model session, and leads batches through them.
 *
 * Lanes share the plan, which is immutable, and nothing else.
 *
 * Owns:    its source, sink, ledger, batch, decoder, features, session. Retains the plan.
 * Threads: new, free: main. run: the lane's thread. stop, meters: any.
 * Fails:   new: what its parts say. run: the error that ended the lane, OK after stop.
 */
#ifndef LEAT_WORKER_LANE_H
#define LEAT_WORKER_LANE_H

#include "base/client/client.h"
#include "base/meter.h"
#include "worker/config.h"
#include "worker/plan.h"

typedef struct leat_lane leat_lane;

/* What a lane counts; it alone writes, anyone reads. */
typedef struct leat_lane_meters {
    leat_counter events;       /* taken from the source */
    leat_counter predictions;  /* handed to the producer */
    leat_counter dead_letters; /* likewise */
    leat_counter skipped;      /* tombstones and filtered events */
    leat_counter batches;
    leat_counter rewinds;
    leat_counter assigned;  /* partitions, now */
    leat_counter lag;       /* events that wait in them, as of the last second */
    leat_histogram latency; /* of a batch's oldest event: record timestamp to
                               acknowledgement, microseconds */
} leat_lane_meters;

leat_status leat_lane_new(leat_lane **lane, const leat_config *config, leat_plan *plan,
                          uint32_t number, leat_error *error) LEAT_MUST_CHECK;
void leat_lane_free(leat_lane *lane);

/* Works until stop() is called or going on would be wrong. */
leat_status leat_lane_run(leat_lane *lane, leat_error *error) LEAT_MUST_CHECK;

/* Asks run() to settle and return; it does within the drain limit (10 s). */
void leat_lane_stop(leat_lane *lane);

const leat_lane_meters *leat_lane_read(const leat_lane *lane);

#endif
