/* ops/forest_bits.h: a forest evaluated on many rows at once, a bit a row.
 *
 * Internal to ops/. A condition (column and cut) holds for some rows and for others not,
 * and that is a vector of bits, one a row, made once a block of rows for each condition
 * that the forest asks. A tree then is logic on these vectors: from the answers to its
 * splits follow the bits of the number of the leaf, for all rows together. Numbers become
 * bytes, bytes fetch the leaves' values, and values are added as they are.
 *
 *   forest_bits.c         compiles a forest, runs a block
 *   forest_bits_tree.inc  the logic, for vectors of any width
 *   forest_bits_avx2.c    answers, leaves and sums by AVX2
 *   forest_bits_avx512.c  the same by AVX-512
 *
 * Owns:    nothing; what compile() builds lives in the forest's arena.
 * Threads: compile: one; run: any.
 */
#ifndef LEAT_OPS_FOREST_BITS_H
#define LEAT_OPS_FOREST_BITS_H

#include "ops/forest_layout.h"

enum {
    LEAT_BITS_DEPTH = LEAT_FILL_DEPTH,
    LEAT_BITS_ROWS = 32, /* of a word */
    LEAT_BITS_WORDS = LEAT_FOREST_ROWS / LEAT_BITS_ROWS,
    LEAT_BITS_PLANE = 64, /* a plane has at least so many bytes */
    LEAT_BITS_LEAF = LEAT_FILL_LEAVES,
};

/* A tree, in one of two forms. Either way the number of a leaf has `depth` bits, and what
 * comes out of the logic is a vector for each of them, the highest first.
 *
 *   complete   filled up, so that the turns at all levels are the number of the leaf: a
 *              selection for each split
 *   of any shape, with `children`
 *              from each split, the rows that reach it go on to one of two children; each
 *              leaf ends with the rows that are its own: more work for a split, but no
 *              splits that are not there */
typedef struct leat_bits_tree {
    const uint16_t *splits;   /* [n_splits]: the condition of each */
    const uint16_t *children; /* [n_splits][2]: the split, or LEAT_BITS_LEAF + the leaf */
    uint32_t n_splits;
    uint32_t depth;
    const void *values;    /* [2^depth] of the forest's dtype */
    const uint8_t *planes; /* [4][leat_bits_plane(depth)]: byte b of each f32 value */
} leat_bits_tree;

typedef struct leat_bits {
    leat_dtype dtype;
    uint32_t n_columns;
    uint32_t n_conditions;
    const uint32_t *n_cuts;  /* [n_columns] */
    const uint32_t *n_trees; /* [n_groups] */
    leat_bits_tree *trees;   /* by group, in the order of the forest */
} leat_bits;

static inline uint32_t leat_bits_plane(uint32_t depth)
{
    return 1u << depth < LEAT_BITS_PLANE ? LEAT_BITS_PLANE : 1u << depth;
}

/* Words of the block that so many rows take: a vector of bits is no wider than it must be,
 * for the answers to all conditions should fit the first cache. */
static inline uint32_t leat_bits_words(uint32_t n_rows)
{
    return n_rows <= 32 ? 1 : n_rows <= 64 ? 2 : n_rows <= 128 ? 4 : LEAT_BITS_WORDS;
}

/* What the instruction sets do each in their own way. Rows of a block behind the last one
 * are nobody's. */
typedef struct leat_bits_kernel {
    /* ranks: [n_columns][LEAT_BITS_ROWS n_words] -> answers: [n_conditions][n_words], the
     * conditions in the order of columns and cuts. */
    void (*ask)(const leat_bits *bits, const int8_t *ranks, uint32_t n_words,
                uint32_t *answers);

    /* Adds the leaves of each row, tree by tree, to sums [LEAT_FOREST_ROWS] of dtype. */
    void (*add_trees)(const leat_bits_tree *trees, uint32_t n_trees, leat_dtype dtype,
                      const uint32_t *answers, uint32_t n_rows, void *sums);
} leat_bits_kernel;

extern const leat_bits_kernel leat_bits_avx2;
extern const leat_bits_kernel leat_bits_avx512;

#endif
