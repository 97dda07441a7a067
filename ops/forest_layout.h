/* ops/forest_layout.h: how a complete forest lies in memory, and who evaluates it.
 *
 * Internal to ops/: forest.c lays it out; the evaluators compile it further, each to what
 * it runs on best, and take the same leaves from it.
 *
 *   forest_walk      any forest, any number of rows: node after node
 *   forest_register  few rows: a row's ranks in registers, all splits of a tree at once
 *   forest_bits      many rows: a bit a row, a tree is a few logical operations
 *
 * All find the same leaves, since ranks answer every split exactly, and add them in the
 * order of the trees. Which one runs is measured once (forest_choice.c).
 *
 * Owns:    nothing; everything lives in the forest's arena.
 * Threads: any, immutable once the last tree is in.
 */
#ifndef LEAT_OPS_FOREST_LAYOUT_H
#define LEAT_OPS_FOREST_LAYOUT_H

#include "ops/forest.h"
#include "ops/forest_ranker.h"

enum {
    LEAT_FOREST_ROWS = 256, /* of a run of an evaluator, at most */
    LEAT_FOREST_EVALUATORS = 3,
    LEAT_FOREST_BUCKETS = 9, /* of 1, 2, 4 ... 256 rows */
};

/* In breadth-first order, a right child right behind its left one: the next node is
 * child + (rank > cut). A leaf is its own child and has a cut above every rank. */
typedef struct leat_forest_node {
    uint32_t child; /* within the tree */
    uint32_t ask;   /* column << 8 | the cut's byte */
} leat_forest_node;

static inline uint32_t leat_node_column(leat_forest_node node)
{
    return node.ask >> 8;
}

static inline int8_t leat_node_cut(leat_forest_node node)
{
    return (int8_t)(uint8_t)node.ask;
}

typedef struct leat_forest_place {
    size_t first; /* of the tree's nodes */
    uint32_t n_nodes;
    uint32_t depth;
} leat_forest_place;

/* One way to evaluate. */
typedef struct leat_evaluator {
    const char *name;

    /* *state is NULL, which is no error, where it does not serve this forest or this
     * processor. */
    leat_status (*compile)(void **state, const leat_forest *forest, leat_error *error);

    /* Bytes that a run needs, 64-byte aligned. */
    size_t (*scratch)(const leat_forest *forest, const void *state);

    /* rows: [n_rows][n_features], n_rows <= LEAT_FOREST_ROWS; margins: overwritten. */
    void (*run)(const leat_forest *forest, const void *state, const void *rows,
                uint32_t n_rows, void *margins, void *scratch);
} leat_evaluator;

extern const leat_evaluator leat_forest_walk;
extern const leat_evaluator leat_forest_register;
extern const leat_evaluator leat_forest_bits;

struct leat_forest {
    leat_forest_facts facts; /* n_trees: those added so far */
    uint32_t max_trees;
    uint64_t max_nodes;
    size_t n_nodes;
    size_t number_size;                    /* bytes of a number of dtype */
    double zero;                           /* |x| <= zero counts as zero */
    void *base;                            /* [n_groups] of dtype */
    leat_forest_node *nodes;               /* [max_nodes] */
    void *value;                           /* [max_nodes] of dtype, a leaf's */
    int32_t *id;                           /* [max_nodes] the framework's, of any node */
    leat_forest_place *trees;              /* [max_trees] */
    uint32_t *group;                       /* [max_trees] */
    leat_arena *arena;                     /* where all this lives */
    leat_ranker *ranker;                   /* NULL until the last tree is in */
    void *state[LEAT_FOREST_EVALUATORS];   /* NULL: does not serve */
    uint8_t choice[LEAT_FOREST_BUCKETS];   /* which evaluator takes so many rows */
    uint32_t block;                        /* rows of about a millisecond */
    struct leat_forest_building *building; /* until the last tree is in */
};

/* The evaluators by number, the walk first. */
const leat_evaluator *leat_forest_evaluator(uint32_t number);

/* Measures the evaluators that serve, and fills choice. */
leat_status leat_forest_choose(leat_forest *forest, leat_error *error) LEAT_MUST_CHECK;

enum {
    LEAT_FILL_DEPTH = 8, /* of a tree that is filled up, at most */
    LEAT_FILL_LEAVES = 1 << LEAT_FILL_DEPTH,
};

/* A tree filled up to a complete one: slot s has its children at 2s + 1 and 2s + 2, and
 * where a leaf stands above the last level all slots below it are that leaf.
 * slots: [2 LEAT_FILL_LEAVES], the node of each slot of tree t within the tree. */
void leat_forest_fill(const leat_forest *forest, uint32_t t, uint32_t *slots);

/* values: [n] of dtype, those of leaves nodes[n] of tree t. */
void leat_forest_copy_values(const leat_forest *forest, uint32_t t, const uint32_t *nodes,
                             uint32_t n, void *values);

/* False where complete trees would mostly be empty, or are too deep. */
int leat_forest_fills(const leat_forest *forest);

/* Trees in the order of their groups: order[n_trees]; n_trees: [n_groups], how many each
 * has. */
leat_status leat_forest_by_group(const leat_forest *forest, uint32_t *order,
                                 uint32_t *n_trees) LEAT_MUST_CHECK;

static inline int leat_node_is_leaf(leat_forest_node node, uint32_t at)
{
    return node.child == at;
}

static inline float leat_forest_f32(const leat_forest *forest, size_t node)
{
    return ((const float *)forest->value)[node];
}

static inline double leat_forest_f64(const leat_forest *forest, size_t node)
{
    return ((const double *)forest->value)[node];
}

/* leaves: [n_rows][n_trees] ids, by walking; scratch as for the walk's run. */
void leat_forest_walk_leaves(const leat_forest *forest, const void *rows, uint32_t n_rows,
                             int32_t *leaves, void *scratch);

#endif
