/* Three arrays: `slots` finds an entry by its hash (open addressing, linear probing, at
 * most half full); `entries` is what the hand goes around; `blocks` hold keys and values.
 *
 * An entry that goes leaves no tombstone: the slots behind it that probing had pushed away
 * are moved up (Knuth 6.4, algorithm R), so that a search ends soon however long the cache
 * has lived. */
#include "features/lookup/cache.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 124, NONE = 0 };

/* Of a value's size where there is no value. */
#define ABSENT UINT32_MAX

typedef struct block {
    uint32_t next; /* index + 1, of the same entry or of the free ones */
    uint8_t bytes[BLOCK_BYTES];
} block;

typedef struct entry {
    uint64_t read_ns;
    uint32_t hash;
    uint32_t lookup;
    uint32_t key_size;
    uint32_t size;  /* key and values */
    uint32_t first; /* block + 1 */
    bool is_used;   /* since the hand passed */
    bool is_there;  /* Redis had something */
    bool is_live;
} entry;

struct leat_cache {
    leat_cache_spec spec;
    leat_cache_stats *stats;
    uint32_t *slots; /* index of an entry + 1 */
    uint32_t mask;
    entry *entries;  /* [spec.entries] */
    uint32_t n_seen; /* entries [0, n_seen) were ever live */
    uint32_t n_live;
    uint32_t free_entry; /* chained by `first`: index + 1 */
    uint32_t hand;
    block *blocks; /* [n_blocks] */
    uint32_t n_blocks;
    uint32_t n_touched;  /* blocks [0, n_touched) were ever taken */
    uint32_t n_taken;    /* now */
    uint32_t free_block; /* index + 1 */
};

/* ---- blocks ---- */

static uint32_t blocks_for(size_t size)
{
    return (uint32_t)((size + BLOCK_BYTES - 1) / BLOCK_BYTES);
}

static uint32_t n_free_blocks(const leat_cache *cache)
{
    return cache->n_blocks - cache->n_taken;
}

/* There is one. */
static uint32_t take_block(leat_cache *cache)
{
    uint32_t taken = cache->free_block;
    cache->n_taken++;
    if (taken)
        cache->free_block = cache->blocks[taken - 1].next;
    else
        taken = ++cache->n_touched;
    cache->blocks[taken - 1].next = NONE;
    return taken;
}

static void free_chain(leat_cache *cache, uint32_t first)
{
    while (first) {
        block *freed = &cache->blocks[first - 1];
        uint32_t next = freed->next;
        freed->next = cache->free_block;
        cache->free_block = first;
        cache->n_taken--;
        first = next;
    }
}

/* A place in a chain, that is written or read from its beginning to its end. */
typedef struct place {
    leat_cache *cache;
    uint32_t block;
    uint32_t at;
} place;

static void write_bytes(place *to, const void *from, size_t size)
{
    const uint8_t *bytes = from;
    while (size) {
        if (to->at == BLOCK_BYTES) {
            uint32_t next = take_block(to->cache);
            to->cache->blocks[to->block - 1].next = next;
            *to = (place){to->cache, next, 0};
        }
        size_t n = BLOCK_BYTES - to->at < size ? BLOCK_BYTES - to->at : size;
        memcpy(to->cache->blocks[to->block - 1].bytes + to->at, bytes, n);
        to->at += (uint32_t)n;
        bytes += n;
        size -= n;
    }
}

/* The bytes that lie together from here on, at most `most`; the place moves behind them. */
static leat_slice next_bytes(place *from, size_t most)
{
    if (from->at == BLOCK_BYTES)
        *from = (place){from->cache, from->cache->blocks[from->block - 1].next, 0};
    size_t n = BLOCK_BYTES - from->at < most ? BLOCK_BYTES - from->at : most;
    leat_slice bytes = {from->cache->blocks[from->block - 1].bytes + from->at,
                        (uint32_t)n};
    from->at += (uint32_t)n;
    return bytes;
}

static bool has_key(leat_cache *cache, const entry *found, leat_slice key)
{
    place from = {cache, found->first, 0};
    for (uint32_t at = 0; at < key.size;) {
        leat_slice bytes = next_bytes(&from, key.size - at);
        if (memcmp(bytes.data, key.data + at, bytes.size) != 0)
            return false;
        at += bytes.size;
    }
    return true;
}

/* ---- slots ---- */

/* Where the entry stands, or the free slot at which its search ends. */
static uint32_t find_slot(leat_cache *cache, const leat_cache_key *key)
{
    uint32_t slot = key->hash & cache->mask;
    for (; cache->slots[slot]; slot = (slot + 1) & cache->mask) {
        const entry *found = &cache->entries[cache->slots[slot] - 1];
        if (found->hash == key->hash && found->lookup == key->lookup &&
            found->key_size == key->key.size && has_key(cache, found, key->key))
            break;
    }
    return slot;
}

static uint32_t slot_of(const leat_cache *cache, uint32_t index)
{
    uint32_t slot = cache->entries[index].hash & cache->mask;
    while (cache->slots[slot] != index + 1)
        slot = (slot + 1) & cache->mask;
    return slot;
}

/* Moves up those behind that a search would no longer reach. */
static void clear_slot(leat_cache *cache, uint32_t hole)
{
    cache->slots[hole] = NONE;
    for (uint32_t slot = (hole + 1) & cache->mask; cache->slots[slot];
         slot = (slot + 1) & cache->mask) {
        uint32_t home = cache->entries[cache->slots[slot] - 1].hash & cache->mask;
        bool is_reached = ((slot - home) & cache->mask) < ((slot - hole) & cache->mask);
        if (is_reached)
            continue;
        cache->slots[hole] = cache->slots[slot];
        cache->slots[slot] = NONE;
        hole = slot;
    }
}

/* ---- entries ---- */

static void drop(leat_cache *cache, uint32_t index)
{
    entry *dropped = &cache->entries[index];
    clear_slot(cache, slot_of(cache, index));
    free_chain(cache, dropped->first);
    dropped->is_live = false;
    dropped->first = cache->free_entry;
    cache->free_entry = index + 1;
    cache->n_live--;
}

/* The first one that was not used since the hand passed it; there is a live one. */
static void evict(leat_cache *cache)
{
    for (;; cache->hand++) {
        cache->hand %= cache->n_seen;
        entry *passed = &cache->entries[cache->hand];
        if (passed->is_live && !passed->is_used)
            break;
        passed->is_used = false;
    }
    drop(cache, cache->hand++);
    leat_counter_add(&cache->stats->evicted, 1);
}

static uint32_t take_entry(leat_cache *cache)
{
    uint32_t taken = cache->free_entry;
    if (taken)
        cache->free_entry = cache->entries[taken - 1].first;
    else
        taken = ++cache->n_seen;
    cache->n_live++;
    return taken - 1;
}

static size_t size_of(const leat_cache_key *key, const leat_slice *values, uint32_t n)
{
    size_t size = key->key.size;
    for (uint32_t i = 0; values && i < n; i++)
        size += sizeof(uint32_t) + values[i].size;
    return size;
}

static void write_entry(leat_cache *cache, entry *made, const leat_cache_key *key,
                        const leat_slice *values, uint32_t n)
{
    made->first = take_block(cache);
    place to = {cache, made->first, 0};
    write_bytes(&to, key->key.data, key->key.size);
    for (uint32_t i = 0; values && i < n; i++) {
        uint32_t size = values[i].data ? values[i].size : ABSENT;
        write_bytes(&to, &size, sizeof size);
        write_bytes(&to, values[i].data, values[i].data ? size : 0);
    }
}

static void count(leat_cache *cache)
{
    leat_counter_set(&cache->stats->entries, cache->n_live);
    leat_counter_set(&cache->stats->bytes, (uint64_t)cache->n_taken * sizeof(block));
}

void leat_cache_put(leat_cache *cache, const leat_cache_key *key, uint64_t now_ns,
                    const leat_slice *values, uint32_t n)
{
    size_t size = size_of(key, values, n);
    uint32_t slot = find_slot(cache, key);
    if (cache->slots[slot])
        drop(cache, cache->slots[slot] - 1);
    uint32_t n_blocks = size ? blocks_for(size) : 1;
    if (size > UINT32_MAX || n_blocks > cache->n_blocks / 8)
        return;
    while (cache->n_live == cache->spec.entries || n_free_blocks(cache) < n_blocks)
        evict(cache);
    uint32_t index = take_entry(cache);
    cache->entries[index] = (entry){.read_ns = now_ns,
                                    .hash = key->hash,
                                    .lookup = key->lookup,
                                    .key_size = key->key.size,
                                    .size = (uint32_t)size,
                                    .is_there = values != NULL,
                                    .is_live = true};
    write_entry(cache, &cache->entries[index], key, values, n);
    cache->slots[find_slot(cache, key)] = index + 1; /* evictions have moved slots */
    count(cache);
}

/* A copy of the values, whole in the arena. */
static bool read_values(leat_cache *cache, const entry *found, leat_arena *arena,
                        leat_slice *values, uint32_t n)
{
    uint8_t *bytes = leat_arena_alloc(arena, found->size);
    place from = {cache, found->first, 0};
    if (!bytes)
        return false;
    for (uint32_t at = 0; at < found->size;) {
        leat_slice piece = next_bytes(&from, found->size - at);
        memcpy(bytes + at, piece.data, piece.size);
        at += piece.size;
    }
    bytes += found->key_size;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size;
        memcpy(&size, bytes, sizeof size);
        bytes += sizeof size;
        values[i] = size == ABSENT ? (leat_slice){0} : (leat_slice){bytes, size};
        bytes += values[i].size;
    }
    return true;
}

static leat_cache_age age_of(const leat_cache *cache, const entry *found, uint64_t now_ns)
{
    uint64_t age_ns = now_ns - found->read_ns;
    if (age_ns <= cache->spec.ttl_ns)
        return LEAT_CACHE_FRESH;
    return age_ns - cache->spec.ttl_ns <= cache->spec.stale_ns ? LEAT_CACHE_STALE
                                                               : LEAT_CACHE_MISS;
}

leat_cache_age leat_cache_find(leat_cache *cache, const leat_cache_key *key,
                               uint64_t now_ns, leat_arena *arena, leat_slice **values,
                               uint32_t n)
{
    uint32_t index = cache->slots[find_slot(cache, key)];
    entry *found = index ? &cache->entries[index - 1] : NULL;
    leat_cache_age age = found ? age_of(cache, found, now_ns) : LEAT_CACHE_MISS;
    leat_slice *copies = NULL;
    if (age != LEAT_CACHE_MISS && found->is_there) {
        copies = leat_arena_alloc(arena, n * sizeof *copies);
        if (!copies || !read_values(cache, found, arena, copies, n))
            age = LEAT_CACHE_MISS;
    }
    if (age != LEAT_CACHE_MISS) {
        found->is_used = true;
        *values = copies;
    }
    leat_counter_add(
        age == LEAT_CACHE_FRESH ? &cache->stats->hits : &cache->stats->misses, 1);
    return age;
}

/* ---- life ---- */

void leat_cache_clear(leat_cache *cache)
{
    memset(cache->slots, 0, ((size_t)cache->mask + 1) * sizeof *cache->slots);
    cache->n_seen = cache->n_live = cache->free_entry = cache->hand = 0;
    cache->n_touched = cache->n_taken = cache->free_block = 0;
    count(cache);
}

leat_status leat_cache_new(leat_cache **cache, const leat_cache_spec *spec,
                           leat_cache_stats *stats)
{
    leat_cache *made = calloc(1, sizeof *made);
    size_t n_slots = 4;
    if (!made)
        return LEAT_E_MEMORY;
    while (n_slots < 2 * (size_t)spec->entries)
        n_slots *= 2;
    made->spec = *spec;
    made->stats = stats;
    made->mask = (uint32_t)(n_slots - 1);
    made->n_blocks = (uint32_t)(spec->bytes / sizeof(block));
    made->slots = calloc(n_slots, sizeof *made->slots);
    made->entries = calloc(spec->entries, sizeof *made->entries);
    made->blocks = calloc(made->n_blocks, sizeof *made->blocks);
    if (!made->slots || !made->entries || !made->blocks) {
        leat_cache_free(made);
        return LEAT_E_MEMORY;
    }
    *cache = made;
    return LEAT_OK;
}

void leat_cache_free(leat_cache *cache)
{
    if (!cache)
        return;
    free(cache->slots);
    free(cache->entries);
    free(cache->blocks);
    free(cache);
}
