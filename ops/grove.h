/* ops/grove.h: the sums of an ensemble whose leaves have weights for any number of targets.
 *
 * Where a tree has weights for few targets, it is a tree of the forest for each of them,
 * and the forest has the sums. Where leaves have weights for most targets, as a random
 * forest's do for all classes, each tree is walked once: the forest says which leaves rows
 * end in, and the vectors of those are added up. Both add trees in their order, in the
 * arithmetic of `dtype`.
 *
 * Owns:    nothing; everything lives in the model's arena.
 * Threads: any; made by leat_tree_ensemble_plant(), then immutable.
 */
#ifndef LEAT_OPS_GROVE_H
#define LEAT_OPS_GROVE_H

#include "ops/forest.h"

typedef struct leat_grove {
    leat_forest *forest;
    leat_dtype dtype; /* F32 or F64: of rows, vectors and sums */
    uint32_t n_features;
    uint32_t n_targets;
    uint32_t n_trees;     /* of the ensemble */
    uint32_t *first_node; /* [n_trees]: where a tree's nodes begin in vector_of */
    uint32_t *vector_of;  /* the vector of each node of all trees, where it is a leaf */
    void *vectors;        /* [leaves][n_targets]; NULL: the forest has the sums */
} leat_grove;

/* Bytes that a run needs, 64-byte aligned; of at most leat_forest_block() rows. */
size_t leat_grove_scratch(const leat_grove *grove);

/* rows: [n_rows][n_features]; sums: [n_rows][n_targets], overwritten; of `dtype`. */
void leat_grove_run(const leat_grove *grove, const void *rows, uint32_t n_rows,
                    void *sums, void *scratch);

#endif
