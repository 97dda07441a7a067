/* worker/batch_meters.h: what a lane counts of its batches as they go their way.
 *
 * Five clock readings a batch, none an event; no lock, no allocation.
 *
 * Threads: one lane writes; readers: any, but of `lap_ns`.
 */
#ifndef LEAT_WORKER_BATCH_METERS_H
#define LEAT_WORKER_BATCH_METERS_H

#include "base/batch.h"
#include "base/distribution.h"

enum {
    LEAT_N_STAGES = LEAT_STAGE_PUBLISH + 1,
    LEAT_N_REASONS = 40, /* a reason's place is its status without the sign */
};

typedef struct leat_batch_meters {
    leat_distribution size;                             /* events */
    leat_distribution rows;                             /* that the model was given */
    leat_distribution wait;                             /* ns, for the window to close */
    leat_distribution stages[LEAT_N_STAGES];            /* ns */
    leat_counter failed[LEAT_N_STAGES][LEAT_N_REASONS]; /* events that have no score */
    uint64_t lap_ns;                                    /* when the last stage ended */
} leat_batch_meters;

/* The window has closed: the first stage begins. */
void leat_batch_meters_begin(leat_batch_meters *meters, const leat_batch *batch);

/* A stage has ended. */
void leat_batch_meters_lap(leat_batch_meters *meters, leat_stage stage);

/* The batch was published. */
void leat_batch_meters_end(leat_batch_meters *meters, const leat_batch *batch);

/* All events that failed. */
uint64_t leat_batch_meters_failed(const leat_batch_meters *meters);

#endif
