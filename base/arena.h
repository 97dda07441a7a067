/* base/arena.h: memory that is given back all at once.
 *
 * A batch, a model and a plan each own an arena. reset() keeps the blocks, so a lane
 * stops asking the system for memory once it is warm; under AddressSanitizer what was
 * reset is poisoned, so a pointer kept too long is found.
 *
 * Owns:    its blocks, until fini.
 * Threads: one at a time.
 * Fails:   NULL when out of memory, or beyond the limit.
 * Model:   git's mem-pool, h2o's memory pool.
 */
#ifndef LEAT_BASE_ARENA_H
#define LEAT_BASE_ARENA_H

#include <stddef.h>

#define LEAT_ARENA_ALIGN 64 /* the alignment that arena_aligned gives: a cache line */

typedef struct leat_arena_block leat_arena_block;

typedef struct leat_arena {
    leat_arena_block *first;
    leat_arena_block *current;
    size_t block_size;
    size_t held; /* bytes of all blocks */
    size_t most; /* that they may hold; 0: any number */
} leat_arena;

void leat_arena_init(leat_arena *arena, size_t block_size);
void leat_arena_fini(leat_arena *arena);

/* From now on blocks hold no more than that, and what does not fit is NULL: a bound for
 * what a file makes us make. */
void leat_arena_limit(leat_arena *arena, size_t most);

/* Everything given out becomes invalid; the blocks are kept for the next round. */
void leat_arena_reset(leat_arena *arena);

/* `size` bytes aligned for any scalar type, not zeroed. */
void *leat_arena_alloc(leat_arena *arena, size_t size) __attribute__((malloc));

/* The same, zeroed; NULL also when count * size overflows. */
void *leat_arena_calloc(leat_arena *arena, size_t count, size_t size);

/* The same, aligned to LEAT_ARENA_ALIGN: for tensors. */
void *leat_arena_aligned(leat_arena *arena, size_t size) __attribute__((malloc));

/* A NUL-terminated copy. */
char *leat_arena_strndup(leat_arena *arena, const char *text, size_t size);

/* A formatted string. */
char *leat_arena_printf(leat_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes held in all blocks, used or not. */
size_t leat_arena_footprint(const leat_arena *arena);

#endif
