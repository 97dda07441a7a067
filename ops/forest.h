/* ops/forest.h: an ensemble of decision trees with numeric splits, summed per group.
 *
 * One forest serves every framework: its reader describes each tree as parallel arrays
 * over the framework's own node ids, and add() validates them and lays the tree out anew.
 * After that nothing needs a check any more: every child exists, every node is reached at
 * most once, every feature lies within the row.
 *
 *   walk   NaN goes to the default side; otherwise left where x < condition, in float32
 *   sum    margins[row][group] starts at base[group] and adds one float32 leaf a tree, in
 *          the order of the trees: XGBoost's order, so that sums are equal bit for bit
 *
 * Owns:    nothing; everything lives in the arena that new() was given.
 * Threads: new and add: one; run and leaves: any, the forest is immutable by then.
 * Fails:   E_MEMORY; add: E_MODEL with the place in the framework's own words,
 *          E_UNSUPPORTED for a tree too large for the layout.
 * Model:   XGBoost's cpu_predictor.cc for the arithmetic.
 */
#ifndef LEAT_OPS_FOREST_H
#define LEAT_OPS_FOREST_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

typedef struct leat_forest leat_forest;

typedef struct leat_forest_spec {
    uint32_t n_trees;    /* as many as will be added */
    uint64_t max_nodes;  /* of all trees together */
    uint32_t n_features; /* in a row; at least 1 */
    uint32_t n_groups;   /* outputs of a row; at least 1 */
    const float *base;   /* [n_groups], copied */
} leat_forest_spec;

/* How a framework calls the arrays of a tree, for messages. */
typedef struct leat_tree_words {
    const char *left;
    const char *right;
    const char *feature;
} leat_tree_words;

/* A tree; all arrays are [n_nodes], the root is node 0. Nodes that the root does not
 * reach (pruned ones) are ignored. */
typedef struct leat_tree {
    uint32_t n_nodes;
    uint32_t group;      /* which sum it adds to */
    const int32_t *left; /* -1: a leaf */
    const int32_t *right;
    const int32_t *feature;
    const int32_t *default_left; /* not 0: NaN goes left */
    const float *condition;      /* the threshold, or the leaf's value */
    const leat_tree_words *words;
} leat_tree;

typedef struct leat_forest_facts {
    uint32_t n_trees;
    uint32_t n_groups;
    uint32_t n_features;
    uint32_t n_leaves;
    uint32_t max_depth;
} leat_forest_facts;

leat_status leat_forest_new(leat_forest **forest, leat_arena *arena,
                            const leat_forest_spec *spec,
                            leat_error *error) LEAT_MUST_CHECK;

/* The next tree; the last one completes the forest. */
leat_status leat_forest_add(leat_forest *forest, const leat_tree *tree,
                            leat_error *error) LEAT_MUST_CHECK;

leat_forest_facts leat_forest_describe(const leat_forest *forest);

/* The rows that a run takes best at once: about a millisecond's, and as many as the caches
 * hold. */
uint32_t leat_forest_block(const leat_forest *forest);

/* Bytes that evaluating n_rows needs, aligned for uint32_t: the caller's, so that a run
 * allocates nothing. */
size_t leat_forest_scratch(const leat_forest *forest, uint32_t n_rows);

/* rows: [n_rows][n_features]; margins: [n_rows][n_groups], overwritten. */
void leat_forest_run(const leat_forest *forest, const float *rows, uint32_t n_rows,
                     float *margins, void *scratch);

/* leaves: [n_rows][n_trees], the framework's node id of the leaf that each tree ends in;
 * exact up to 2^24, where XGBoost's pred_leaf ends as well. */
void leat_forest_leaves(const leat_forest *forest, const float *rows, uint32_t n_rows,
                        float *leaves, void *scratch);

#endif
