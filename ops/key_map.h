/* ops/key_map.h: which of a list of keys an element equals, by one look into a hash table.
 *
 * Keys are integers, floats or strings. NaN equals NaN, where that is wanted, and -0 equals
 * 0; of equal keys the first counts. Integer keys are found by floats too, which are
 * truncated.
 *
 * Owns:    nothing; the table lives in the arena that new() was given, strings stay where
 *          they are.
 * Threads: new: one; find: any.
 * Fails:   E_MEMORY; E_UNSUPPORTED beyond 2^30 keys, or where keys were made to collide.
 */
#ifndef LEAT_OPS_KEY_MAP_H
#define LEAT_OPS_KEY_MAP_H

#include "base/arena.h"
#include "ops/array.h"

enum { LEAT_KEY_BLOCK = 64 };

typedef struct leat_key_map leat_key_map;

/* keys: [n] of `dtype` */
leat_status leat_key_map_new(leat_key_map **map, leat_arena *arena, leat_dtype dtype,
                             size_t n, const void *keys, bool nan_equals_nan,
                             leat_error *error) LEAT_MUST_CHECK;

/* found[0..n) = the key of each element from `first` on, the number of keys where there is
 * none; n <= LEAT_KEY_BLOCK. Strings are found by strings, numbers by numbers. */
void leat_key_map_find(const leat_key_map *map, const leat_array *elements, size_t first,
                       size_t n, uint32_t *found);

#endif
