/* ops/tree_ensemble.h: decision trees as ONNX describes them, planted as a grove.
 *
 * Nodes of all trees lie in one array and name one another by their place in it. A leaf
 * has weights for any number of targets.
 *
 * Owns:    nothing; the grove lives in the arena that it is given, the rest is the
 *          reader's.
 * Threads: one.
 * Fails:   E_MODEL for what is no tree, E_UNSUPPORTED for more than the forest takes,
 *          E_MEMORY.
 * Source:  https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html
 */
#ifndef LEAT_OPS_TREE_ENSEMBLE_H
#define LEAT_OPS_TREE_ENSEMBLE_H

#include "ops/grove.h"

#include <stdbool.h>

/* In the order of TreeEnsemble 5, which has them as numbers. */
typedef enum leat_tree_mode {
    LEAT_TREE_LEQ,
    LEAT_TREE_LT,
    LEAT_TREE_GTE,
    LEAT_TREE_GT,
    LEAT_TREE_EQ,
    LEAT_TREE_NEQ,
    LEAT_TREE_MEMBER,
    LEAT_TREE_LEAF,
} leat_tree_mode;

typedef struct leat_tree_node {
    leat_tree_mode mode;
    bool nan_is_yes;
    uint32_t feature;
    uint32_t yes;     /* nodes; of a leaf: the first of its weights */
    uint32_t no;      /* and the one behind its last */
    double value;     /* what is compared with */
    leat_set members; /* EQ, NEQ, MEMBER: in place of value */
} leat_tree_node;

typedef struct leat_leaf_weight {
    uint32_t target;
    double value;
} leat_leaf_weight;

typedef struct leat_tree_ensemble {
    leat_dtype dtype; /* F32 or F64: of rows, values and weights */
    uint32_t n_features;
    uint32_t n_targets;
    uint32_t n_nodes;
    uint32_t n_trees;
    uint32_t n_weights;
    const leat_tree_node *nodes;     /* [n_nodes] */
    const uint32_t *roots;           /* [n_trees] */
    const leat_leaf_weight *weights; /* [n_weights] */
} leat_tree_ensemble;

enum {
    LEAT_TREE_MOST_NODES = 1 << 26,    /* each counted for every target of its tree */
    LEAT_TREE_MOST_FEATURES = 1 << 20, /* a forest has tables for each */
    LEAT_TREE_MOST_TARGETS = 1 << 16,
};

/* The set of the numbers values[0..n), whose bounds lie in the arena. Sorts values. */
leat_status leat_tree_members(leat_set *set, leat_arena *arena, leat_dtype dtype,
                              double *values, size_t n,
                              leat_error *error) LEAT_MUST_CHECK;

/* `scratch` is for what is needed only until this returns. */
leat_status leat_tree_ensemble_plant(leat_grove *grove, leat_arena *arena,
                                     const leat_tree_ensemble *ensemble,
                                     leat_arena *scratch,
                                     leat_error *error) LEAT_MUST_CHECK;

#endif
