/* runtime/plan_memory.h: one block of memory for many that live at different times.
 *
 * Greedy by size: the largest blocks are placed first, each into the narrowest gap that
 * those which live at the same time leave, or behind them. Close to the best in practice
 * (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
 *
 * Owns:    nothing: places are numbers, the block is the caller's.
 * Threads: any.
 * Fails:   E_MEMORY.
 * Model:   XNNPACK's memory planner.
 */
#ifndef LEAT_RUNTIME_PLAN_MEMORY_H
#define LEAT_RUNTIME_PLAN_MEMORY_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct leat_lifetime {
    size_t size;    /* bytes; the planner rounds up to a multiple of LEAT_ARENA_ALIGN */
    uint32_t first; /* the step that writes it */
    uint32_t last;  /* the last one that reads it, >= first */
    size_t offset;  /* where it is to lie; of LEAT_ARENA_ALIGN */
} leat_lifetime;

/* Sets the offsets; *total is the size of the whole. */
leat_status leat_plan_memory(leat_lifetime *blocks, uint32_t n,
                             size_t *total) LEAT_MUST_CHECK;

#endif
