/* features/aggregate/state_describe.h: a state for eyes, as one msgpack map:
 *
 *   latest    the latest time that was applied
 *   bytes     of the state
 *   windows   of each, in the spec's order:
 *     name, bucket_seconds
 *     buckets, oldest, newest   how many hold something, and when the first and the last
 *                               of them begin; where aggregates are made of buckets
 *     values                    by name, what an event at `time_ns` would be answered; nil
 *                               is missing
 *     pairs                     by name of what counts distinct values: how many pairs are
 *                               `kept`, and that they are one `of` so many
 *
 * Times are text of RFC 3339. An entity that was never seen has values alone.
 *
 * Owns:    nothing; what is written lies in the arena.
 * Threads: any.
 * Fails:   E_MEMORY.
 */
#ifndef LEAT_FEATURES_STATE_DESCRIBE_H
#define LEAT_FEATURES_STATE_DESCRIBE_H

#include "features/aggregate/state.h"

typedef struct leat_state_names {
    const char *const *windows;    /* [spec->n_windows] */
    const char *const *aggregates; /* [spec->n_answers], where its first number stands */
} leat_state_names;

leat_status leat_state_describe(const leat_state_spec *spec,
                                const leat_state_names *names, const leat_state *state,
                                int64_t time_ns, leat_arena *arena,
                                leat_slice *map) LEAT_MUST_CHECK;

#endif
