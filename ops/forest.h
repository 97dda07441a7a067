/* ops/forest.h: an ensemble of decision trees, summed per group.
 *
 * One forest serves every framework: its reader describes each tree as parallel arrays
 * over the framework's own node ids, and add() validates them and lays the tree out anew.
 * After that nothing needs a check any more: every child exists, every node is reached at
 * most once, every feature lies within the row.
 *
 *   split  A number goes right when it lies in the split's set: the numbers from `bound`
 *          on, or a union of half-open intervals. What is missing has a side of its own.
 *   sum    margins[row][group] starts at base[group] and adds one leaf a tree, in the
 *          order of the trees, in the arithmetic of `dtype`: float32 as XGBoost sums,
 *          float64 as LightGBM does, so that sums are equal bit for bit.
 *
 * Frameworks that send x <= c to the left have the bound leat_forest_above(dtype, c), and
 * those that send members of a set to the left swap the children.
 *
 * Owns:    nothing; everything lives in the arena that new() was given.
 * Threads: new and add: one; run and leaves: any, the forest is immutable by then.
 * Fails:   E_MEMORY; add: E_MODEL with the place in the framework's own words,
 *          E_UNSUPPORTED for a forest too large for the layout.
 * Model:   XGBoost's cpu_predictor.cc and LightGBM's tree.h for the arithmetic.
 */
#ifndef LEAT_OPS_FOREST_H
#define LEAT_OPS_FOREST_H

#include "base/arena.h"
#include "base/error.h"
#include "base/tensor.h"

#include <stdint.h>

typedef struct leat_forest leat_forest;

typedef struct leat_forest_spec {
    leat_dtype dtype;    /* F32 or F64: of rows, bounds, leaves and sums */
    uint32_t n_trees;    /* as many as will be added */
    uint64_t max_nodes;  /* of all trees together */
    uint32_t n_features; /* in a row; at least 1 */
    uint32_t n_groups;   /* outputs of a row; at least 1 */
    const double *base;  /* [n_groups], copied; each exact in `dtype` */
    double zero;         /* |x| <= zero counts as zero */
    leat_arena *scratch; /* what is needed until the last tree is in; NULL: the model's */
} leat_forest_spec;

/* What a split takes for missing, and where that goes. */
typedef enum leat_missing {
    LEAT_NAN_RIGHT,
    LEAT_NAN_LEFT,
    LEAT_NAN_ZERO,   /* nothing is missing: NaN counts as zero */
    LEAT_ZERO_RIGHT, /* NaN and zero */
    LEAT_ZERO_LEFT,
} leat_missing;

/* The numbers in [bounds[0], bounds[1]), [bounds[2], bounds[3]) ...; where the count is
 * odd, the last interval has no end. n = 0 is the empty set. */
typedef struct leat_set {
    uint32_t n;
    const double *bounds; /* [n], ascending, exact in `dtype`; copied by add */
} leat_set;

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
    const uint8_t *missing; /* leat_missing */
    const double *bound;    /* the numbers from here on go right; NaN: none does */
    const double *value;    /* of a leaf; may be the same array as bound */
    const leat_set *sets;   /* in place of bound where bounds is not NULL; or NULL */
    uint32_t first_leaf;    /* leaves() reports a leaf's node id less this */
    const leat_tree_words *words;
} leat_tree;

typedef struct leat_forest_facts {
    leat_dtype dtype;
    uint32_t n_trees;
    uint32_t n_groups;
    uint32_t n_features;
    uint32_t n_leaves;
    uint32_t max_depth;
} leat_forest_facts;

/* The least number of `dtype` above x; NaN above infinity. */
double leat_forest_above(leat_dtype dtype, double x);

/* E_UNSUPPORTED for what new() refuses of a row and of its sums: for readers, before they
 * make anything as large as a file says. */
leat_status leat_forest_check_shape(uint32_t n_features, uint32_t n_groups,
                                    leat_error *error) LEAT_MUST_CHECK;

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

/* Bytes that evaluating any number of rows needs, 64-byte aligned: the caller's, so that a
 * run allocates nothing. */
size_t leat_forest_scratch(const leat_forest *forest);

/* rows: [n_rows][n_features]; margins: [n_rows][n_groups], overwritten; of `dtype`. */
void leat_forest_run(const leat_forest *forest, const void *rows, uint32_t n_rows,
                     void *margins, void *scratch);

/* leaves: [n_rows][n_trees], the framework's id of the leaf that each tree ends in. */
void leat_forest_leaves(const leat_forest *forest, const void *rows, uint32_t n_rows,
                        int32_t *leaves, void *scratch);

#endif
