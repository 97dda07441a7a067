/* features/features.h: the stage between decode and model: what Redis feeds, in one round
 * trip for a batch.
 *
 * send() lets every part (lookups, aggregates) add its questions to one pipeline and sends
 * it; receive() waits for the replies up to the time-out, drains what has arrived by then,
 * and lets every part take its answers; then aggregates write, in a trip of their own.
 * What Redis could not give in time is marked unavailable on the event; it is never an
 * error for the batch.
 *
 * A reply that arrives after its time-out would answer the next question with another
 * entity's features. So a connection is never used again after an error or a time-out: it
 * is closed, and a new one is tried with backoff and jitter, at most about one a second.
 * Meanwhile the breaker is open: batches pass at once as unavailable.
 *
 * Owns:    the connection and the parts. Not the specs, which live in the plan.
 * Threads: one lane.
 * Fails:   new, adopt: E_MEMORY, or what a part says; nothing is asked then.
 */
#ifndef LEAT_FEATURES_FEATURES_H
#define LEAT_FEATURES_FEATURES_H

#include "features/aggregate/aggregate.h"
#include "features/lookup/lookup.h"
#include "features/redis/redis_spec.h"

/* What the plan says. */
typedef struct leat_features_spec {
    leat_redis_spec redis; /* meaningful when there is a part that asks */
    leat_cache_spec cache;
    uint32_t n_lookups;
    const leat_lookup_spec *lookups;
    const leat_aggregates_spec *aggregates; /* NULL: none */
    bool is_alone; /* aggregates are kept in memory alone: a file is no stream */
} leat_features_spec;

/* Written by the lane; to be read by any thread. */
typedef struct leat_features_stats {
    leat_counter round_trips; /* batches that Redis answered whole */
    leat_counter connects;    /* tries, the first one included */
    leat_lookups_stats lookups;
    const leat_aggregates_stats *aggregates; /* NULL: none */
} leat_features_stats;

typedef struct leat_features leat_features;

/* Whether there is anything to ask. */
static inline bool leat_features_wanted(const leat_features_spec *spec)
{
    return spec->n_lookups > 0 || spec->aggregates;
}

/* Tries a first connection for at most a second, so that the first batch need not wait
 * for it; a Redis that is away is logged, and is no error. Adopts the spec. */
leat_status leat_features_new(leat_features **features, const leat_features_spec *spec,
                              leat_error *error) LEAT_MUST_CHECK;
void leat_features_free(leat_features *features);

/* The plan that the next batches are for: adopted between batches. Redis and aggregates
 * stay those that they were. */
leat_status leat_features_adopt(leat_features *features, const leat_features_spec *spec,
                                leat_error *error) LEAT_MUST_CHECK;

/* Who knows what is committed (aggregate.h). */
void leat_features_follow(leat_features *features, leat_commits commits);

void leat_features_send(leat_features *features, leat_batch *batch);

/* OK; AGAIN when a part waits for Redis: nothing was taken yet, and the next call asks
 * once more: call it again after a while, or send another batch. ABORTED: a partition is
 * somebody else's by now, nothing of the batch may be published. */
leat_status leat_features_receive(leat_features *features,
                                  leat_batch *batch) LEAT_MUST_CHECK;

const leat_features_stats *leat_features_read_stats(const leat_features *features);

#endif
