/* features/lookup/cache.h: what Redis said of entities lately, in memory that is taken once.
 *
 * An entry is an entity (a lookup and a key) with the values of its fields, or with the
 * knowledge that Redis has nothing of it. It is fresh for `ttl`; past that it may stand in
 * while Redis does not answer, for `stale` more. When room is needed, the first entry goes
 * that was not used since the hand last passed it (CLOCK, or second chance).
 *
 * Room is bounded twice: by entries, and by bytes. Entries lie in chains of small blocks,
 * so what one gives back any other can take, and nothing is ever moved. Whoever finds an
 * entry gets a copy, since the next put may take the original's place.
 *
 * Owns:    all its memory, until free.
 * Threads: one lane; the counters: any reader.
 * Fails:   new: E_MEMORY. An entry larger than an eighth of the bytes is not kept.
 */
#ifndef LEAT_FEATURES_CACHE_H
#define LEAT_FEATURES_CACHE_H

#include "base/arena.h"
#include "base/meter.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

typedef struct leat_cache_spec {
    uint32_t entries; /* at most; 0: no cache */
    size_t bytes;     /* at most, of keys and values */
    uint64_t ttl_ns;
    uint64_t stale_ns; /* behind the ttl */
} leat_cache_spec;

typedef struct leat_cache_stats {
    leat_counter hits; /* entities that were fresh here */
    leat_counter misses;
    leat_counter evicted; /* to make room */
    leat_counter entries; /* now */
    leat_counter bytes;   /* now, whole blocks */
} leat_cache_stats;

typedef enum leat_cache_age {
    LEAT_CACHE_MISS,
    LEAT_CACHE_FRESH,
    LEAT_CACHE_STALE, /* only for a Redis that does not answer; counts as a miss */
} leat_cache_age;

/* An entity, by a hash that whoever asks has already. */
typedef struct leat_cache_key {
    uint32_t hash;
    uint32_t lookup;
    leat_slice key;
} leat_cache_key;

typedef struct leat_cache leat_cache;

leat_status leat_cache_new(leat_cache **cache, const leat_cache_spec *spec,
                           leat_cache_stats *stats) LEAT_MUST_CHECK;
void leat_cache_free(leat_cache *cache);

/* values: [n], copied into the arena; NULL where Redis had nothing. MISS also when out of
 * memory. */
leat_cache_age leat_cache_find(leat_cache *cache, const leat_cache_key *key,
                               uint64_t now_ns, leat_arena *arena, leat_slice **values,
                               uint32_t n);

/* What Redis said at `now_ns`: values [n], or NULL. */
void leat_cache_put(leat_cache *cache, const leat_cache_key *key, uint64_t now_ns,
                    const leat_slice *values, uint32_t n);

/* Forgets everything: lookups mean something else from now on. */
void leat_cache_clear(leat_cache *cache);

#endif
