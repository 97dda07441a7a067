/* features/lookup/blob.h: the wanted values of one msgpack map, in one bounded walk.
 *
 * What is wanted is named by paths below a lookup: `user.a.b[0]`. The rules are those for
 * payloads (consumers/decode.h): the top is a map and nothing stands behind it; text must
 * be UTF-8; keys are str or bin, others are passed over; of two equal keys the last one
 * counts; no ext but timestamps. nil on the way to a value, or an array that ends before
 * it, makes it absent; any other value on the way is E_TYPE.
 *
 * Owns:    everything lives in the arena that it was made in.
 * Threads: one lane: a walk leaves its notes in it.
 * Fails:   new: E_MEMORY; E_CONFIG where one path takes a map for what another takes for
 *          an array. walk: E_TRUNCATED, E_TRAILING, E_COUNT, E_DEPTH, E_FORMAT,
 *          E_UTF8, E_TYPE, with the place in `error`.
 */
#ifndef LEAT_FEATURES_BLOB_H
#define LEAT_FEATURES_BLOB_H

#include "base/path.h"

typedef struct leat_blob leat_blob;

/* paths: [n], of root NAMED; they outlive the blob. */
leat_status leat_blob_new(leat_blob **blob, leat_arena *arena,
                          const leat_path *const *paths, uint32_t n,
                          leat_error *error) LEAT_MUST_CHECK;

/* values: [n], slices of `bytes`, one msgpack value each; data NULL where there is none. */
leat_status leat_blob_walk(leat_blob *blob, leat_slice bytes, leat_slice *values,
                           leat_error *error) LEAT_MUST_CHECK;

#endif
