/* ops/forest_bits.h: a forest evaluated on many rows at once, a bit a row.
 *
 * Internal to ops/: forest.c compiles a complete forest and chooses, run by run, between
 * this and its walk. The margins are equal bit for bit.
 *
 * Owns:    nothing; what new() builds lives in the forest's arena.
 * Threads: new: one; scratch and run: any.
 * Fails:   E_MEMORY.
 */
#ifndef LEAT_OPS_FOREST_BITS_H
#define LEAT_OPS_FOREST_BITS_H

#include "ops/forest_layout.h"

enum {
    LEAT_BITS_ROWS = 256, /* at most, of a run */
};

/* *bits is NULL, which is no error, where the bits do not serve: on a processor without
 * AVX2, and for a forest with too deep a tree or too many different conditions. */
leat_status leat_forest_bits_new(leat_forest_bits **bits, const leat_forest *forest,
                                 leat_error *error) LEAT_MUST_CHECK;

/* What a run costs, in the time of a walk's step as of forest.c's tiles. */
uint64_t leat_forest_bits_cost(const leat_forest_bits *bits, uint32_t n_rows);

/* Bytes that a run needs, of any alignment. */
size_t leat_forest_bits_scratch(const leat_forest_bits *bits);

/* rows: [n_rows][n_features]; margins: [n_rows][n_groups], overwritten. */
void leat_forest_bits_run(const leat_forest_bits *bits, const float *rows,
                          uint32_t n_rows, float *margins, void *scratch);

#endif
