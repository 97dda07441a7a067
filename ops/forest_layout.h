/* ops/forest_layout.h: how a forest lies in memory, for its evaluators.
 *
 * Internal to ops/: forest.c lays it out and walks it, forest_bits.c compiles it further.
 *
 * Owns:    nothing; everything lives in the forest's arena.
 * Threads: any, immutable once the last tree is in.
 */
#ifndef LEAT_OPS_FOREST_LAYOUT_H
#define LEAT_OPS_FOREST_LAYOUT_H

#include "ops/forest.h"

#include <string.h>

typedef struct leat_forest_bits leat_forest_bits;

struct leat_node {
    uint32_t condition; /* a key */
    uint32_t link;      /* child | feature | which copy: 0 below, 1 above */
};

/* A number's key: unsigned integers in the order of the floats. */
static inline uint32_t leat_float_key(float x)
{
    uint32_t bits;
    x += 0.0f; /* -0.0 becomes 0.0 */
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

static inline float leat_key_float(uint32_t key)
{
    uint32_t bits = key & 0x80000000 ? key ^ 0x80000000 : ~key;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

struct leat_place {
    size_t first; /* of the tree's nodes */
    uint32_t n_nodes;
    uint32_t depth;
};

struct leat_forest {
    leat_forest_facts facts; /* n_trees: those added so far */
    uint32_t max_trees;
    uint64_t max_nodes;
    size_t n_nodes;
    unsigned copy_bits;       /* of the link: the feature and which copy of it */
    float *base;              /* [n_groups] */
    struct leat_node *nodes;  /* [max_nodes] */
    float *value;             /* [max_nodes], of a leaf */
    float *id;                /* [max_nodes], the framework's, of any node */
    struct leat_place *trees; /* [max_trees] */
    uint32_t *group;          /* [max_trees] */
    uint32_t *ordinal;        /* [max_trees]: 0, 1, 2 ... */
    leat_arena *arena;        /* where the bits go, once the last tree is in */
    leat_forest_bits *bits;   /* NULL: every row walks */
};

#endif
