#include "runtime/plan_memory.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

static size_t round_up(size_t size)
{
    return (size + LEAT_ARENA_ALIGN - 1) / LEAT_ARENA_ALIGN * LEAT_ARENA_ALIGN;
}

/* Larger ones first; of equals, the one that is written first, so that a plan does not
 * depend on how qsort likes it. */
static int larger_first(const void *a, const void *b)
{
    const leat_lifetime *x = *(leat_lifetime *const *)a, *y = *(leat_lifetime *const *)b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : (x < y ? -1 : x > y);
}

static int live_together(const leat_lifetime *a, const leat_lifetime *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Where the block goes among those that are placed, which are sorted by offset: the
 * narrowest gap that holds it, or behind all that it lives with. */
static size_t find_gap(const leat_lifetime *block, leat_lifetime *const *placed,
                       uint32_t n)
{
    const size_t size = round_up(block->size);
    size_t end = 0, best = SIZE_MAX, offset = 0;
    for (uint32_t i = 0; i < n; i++) {
        const leat_lifetime *other = placed[i];
        if (!live_together(block, other))
            continue;
        if (other->offset >= end + size && other->offset - end < best) {
            best = other->offset - end;
            offset = end;
        }
        if (other->offset + round_up(other->size) > end)
            end = other->offset + round_up(other->size);
    }
    return best < SIZE_MAX ? offset : end;
}

static void insert(leat_lifetime **placed, uint32_t n, leat_lifetime *block)
{
    uint32_t at = n;
    while (at > 0 && placed[at - 1]->offset > block->offset)
        at--;
    memmove(placed + at + 1, placed + at, (n - at) * sizeof *placed);
    placed[at] = block;
}

leat_status leat_plan_memory(leat_lifetime *blocks, uint32_t n, size_t *total)
{
    leat_lifetime **order = calloc((size_t)n + 1, sizeof *order);
    leat_lifetime **placed = calloc((size_t)n + 1, sizeof *placed);
    leat_status status = order && placed ? LEAT_OK : LEAT_E_MEMORY;
    *total = 0;
    if (status)
        goto out;
    for (uint32_t i = 0; i < n; i++)
        order[i] = &blocks[i];
    qsort(order, n, sizeof *order, larger_first);
    for (uint32_t i = 0; i < n; i++) {
        order[i]->offset = find_gap(order[i], placed, i);
        insert(placed, i, order[i]);
        const size_t end = order[i]->offset + round_up(order[i]->size);
        if (end > *total)
            *total = end;
    }
out:
    free(order);
    free(placed);
    return status;
}
