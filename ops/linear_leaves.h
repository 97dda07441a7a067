/* ops/linear_leaves.h: trees whose leaves are linear models of the row.
 *
 * A forest tells which leaf a row ends in; here the leaf is worth
 *
 *   constant + sum of coefficient[i] * row[feature[i]]
 *
 * in float64, in the order of its terms, or `value` where a feature of the leaf is NaN.
 * Values within `zero` of zero count as zero. Trees add up in their order, from 0.
 *
 * Owns:    nothing; everything lives in the arena that new() was given.
 * Threads: new and add: one; run: any, the leaves are immutable by then.
 * Fails:   E_MEMORY; add: E_MODEL with the leaf and its term.
 * Source:  LightGBM, Tree::Predict of include/LightGBM/tree.h.
 */
#ifndef LEAT_OPS_LINEAR_LEAVES_H
#define LEAT_OPS_LINEAR_LEAVES_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

typedef struct leat_linear_leaves leat_linear_leaves;

typedef struct leat_linear_spec {
    uint32_t n_trees; /* as many as will be added */
    uint32_t n_features;
    uint32_t n_groups;
    double zero;
} leat_linear_spec;

/* The leaves of a tree. Copied by add. */
typedef struct leat_linear_tree {
    uint32_t group;
    uint32_t n_leaves;
    const double *value;       /* [n_leaves] */
    const double *constant;    /* [n_leaves] */
    const int32_t *n_terms;    /* [n_leaves] */
    const int32_t *feature;    /* [sum of n_terms], leaf after leaf */
    const double *coefficient; /* [sum of n_terms] */
} leat_linear_tree;

leat_status leat_linear_leaves_new(leat_linear_leaves **linear, leat_arena *arena,
                                   const leat_linear_spec *spec,
                                   leat_error *error) LEAT_MUST_CHECK;

leat_status leat_linear_leaves_add(leat_linear_leaves *linear,
                                   const leat_linear_tree *tree,
                                   leat_error *error) LEAT_MUST_CHECK;

/* rows: [n_rows][n_features]; leaves: [n_rows][n_trees], each below its tree's n_leaves;
 * margins: [n_rows][n_groups], overwritten. */
void leat_linear_leaves_run(const leat_linear_leaves *linear, const double *rows,
                            uint32_t n_rows, const int32_t *leaves, double *margins);

#endif
