#include "ops/forest_bits.h"

#include "ops/simd.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

enum {
    MAX_CONDITIONS = 1 << 16,
    VALUES = 16, /* of a tree have room for so many, which are read at once */
};

/* ---- compiling ---- */

/* first[c]: the number of column c's first condition. False where there are too many. */
static int number_conditions(leat_bits *bits, const leat_forest *forest, uint32_t *first,
                             uint32_t *n_cuts)
{
    uint64_t n = 0;
    for (uint32_t c = 0; c < bits->n_columns; c++) {
        first[c] = (uint32_t)n;
        n_cuts[c] = leat_ranker_cuts(forest->ranker, c);
        n += n_cuts[c];
    }
    bits->n_conditions = (uint32_t)n;
    bits->n_cuts = n_cuts;
    return n <= MAX_CONDITIONS;
}

/* A leaf has no condition; any will do, so it is given the first. */
static uint16_t condition_of(leat_forest_node node, const uint32_t *first, int is_leaf)
{
    uint32_t cut = (uint32_t)(leat_node_cut(node) - LEAT_RANK_LEAST);
    return is_leaf ? 0 : (uint16_t)(first[leat_node_column(node)] + cut);
}

/* planes: [4][leat_bits_plane(depth)] from values: [2^depth] */
static void fill_planes(const float *values, uint32_t depth, uint8_t *planes)
{
    const size_t size = leat_bits_plane(depth);
    memset(planes, 0, sizeof *values * size);
    for (uint32_t leaf = 0; leaf < 1u << depth; leaf++) {
        uint8_t bytes[sizeof *values];
        memcpy(bytes, &values[leaf], sizeof bytes);
        for (uint32_t b = 0; b < sizeof bytes; b++)
            planes[b * size + leaf] = bytes[b];
    }
}

/* nodes: [2^depth], the leaves by their numbers */
static leat_status lay_leaves(const leat_forest *forest, uint32_t t,
                              const uint32_t *nodes, leat_bits_tree *tree)
{
    const uint32_t depth = tree->depth, n = 1u << depth;
    const size_t size = forest->number_size * (n < VALUES ? VALUES : n);
    void *values = leat_arena_aligned(forest->arena, size);
    uint8_t *planes =
        leat_arena_aligned(forest->arena, sizeof(float) * leat_bits_plane(depth));
    if (!values || !planes)
        return LEAT_E_MEMORY;
    memset(values, 0, size);
    leat_forest_copy_values(forest, t, nodes, n, values);
    if (forest->facts.dtype == LEAT_F32)
        fill_planes(values, depth, planes);
    tree->values = values;
    tree->planes = planes;
    return LEAT_OK;
}

static leat_status lay_complete(const leat_forest *forest, uint32_t t,
                                const uint32_t *first, leat_bits_tree *tree)
{
    const leat_forest_place place = forest->trees[t];
    const uint32_t n_splits = (1u << place.depth) - 1;
    uint32_t slots[2 * LEAT_FILL_LEAVES];
    leat_forest_fill(forest, t, slots);
    uint16_t *splits = leat_arena_calloc(forest->arena, n_splits + 1, sizeof *splits);
    if (!splits)
        return LEAT_E_MEMORY;
    for (uint32_t slot = 0; slot < n_splits; slot++) {
        leat_forest_node node = forest->nodes[place.first + slots[slot]];
        splits[slot] = condition_of(node, first, leat_node_is_leaf(node, slots[slot]));
    }
    *tree =
        (leat_bits_tree){.splits = splits, .n_splits = n_splits, .depth = place.depth};
    return lay_leaves(forest, t, slots + n_splits, tree);
}

/* Splits and leaves numbered as they stand, parents before children.
 * number: [n_nodes]; leaves: [LEAT_BITS_LEAF], whose unused rest is the first one. */
static uint32_t number_nodes(const leat_forest *forest, leat_forest_place place,
                             uint16_t *number, uint32_t *leaves)
{
    uint32_t n_splits = 0, n_leaves = 0;
    for (uint32_t at = 0; at < place.n_nodes; at++) {
        if (leat_node_is_leaf(forest->nodes[place.first + at], at)) {
            leaves[n_leaves] = at;
            number[at] = (uint16_t)(LEAT_BITS_LEAF + n_leaves++);
        } else {
            number[at] = (uint16_t)n_splits++;
        }
    }
    for (uint32_t leaf = n_leaves; leaf < LEAT_BITS_LEAF; leaf++)
        leaves[leaf] = leaves[0];
    return n_splits;
}

static leat_status lay_shape(const leat_forest *forest, uint32_t t, const uint32_t *first,
                             leat_bits_tree *tree)
{
    const leat_forest_place place = forest->trees[t];
    uint16_t number[2 * LEAT_BITS_LEAF];
    uint32_t leaves[LEAT_BITS_LEAF], depth = 0;
    const uint32_t n_splits = number_nodes(forest, place, number, leaves);
    uint16_t *splits = leat_arena_calloc(forest->arena, n_splits + 1, sizeof *splits);
    uint16_t *children =
        leat_arena_calloc(forest->arena, n_splits + 1, 2 * sizeof *children);
    if (!splits || !children)
        return LEAT_E_MEMORY;
    for (uint32_t at = 0; at < place.n_nodes; at++) {
        leat_forest_node node = forest->nodes[place.first + at];
        uint16_t split = number[at];
        if (split >= LEAT_BITS_LEAF)
            continue;
        splits[split] = condition_of(node, first, 0);
        children[2 * split] = number[node.child];
        children[2 * split + 1] = number[node.child + 1];
    }
    while (1u << depth < n_splits + 1)
        depth++;
    *tree = (leat_bits_tree){splits, children, n_splits, depth, NULL, NULL};
    return lay_leaves(forest, t, leaves, tree);
}

/* A split of a complete tree costs a fourth of what one of any shape does. */
static int is_full(leat_forest_place place)
{
    return place.depth <= LEAT_BITS_DEPTH &&
           1u << place.depth <= 4 * (place.n_nodes + 1) / 2;
}

static int serves(const leat_forest *forest)
{
    int all = 1;
    for (uint32_t t = 0; all && t < forest->facts.n_trees; t++)
        all = forest->trees[t].n_nodes < 2 * LEAT_BITS_LEAF;
    return all;
}

static leat_status lay_trees(leat_bits *bits, const leat_forest *forest,
                             const uint32_t *first, uint32_t *n_trees)
{
    uint32_t *order = calloc((size_t)forest->facts.n_trees + 1, sizeof *order);
    leat_status status =
        order ? leat_forest_by_group(forest, order, n_trees) : LEAT_E_MEMORY;
    for (uint32_t t = 0; !status && t < forest->facts.n_trees; t++)
        status = is_full(forest->trees[order[t]])
                     ? lay_complete(forest, order[t], first, bits->trees + t)
                     : lay_shape(forest, order[t], first, bits->trees + t);
    bits->n_trees = n_trees;
    free(order);
    return status;
}

static leat_status compile_bits(leat_bits **out, const leat_forest *forest)
{
    leat_arena *arena = forest->arena;
    const leat_forest_facts facts = forest->facts;
    const uint32_t n_columns = leat_ranker_columns(forest->ranker);
    uint32_t *first = calloc(n_columns + 1, sizeof *first);
    uint32_t *n_cuts = leat_arena_calloc(arena, n_columns + 1, sizeof *n_cuts);
    uint32_t *n_trees = leat_arena_calloc(arena, facts.n_groups, sizeof *n_trees);
    leat_bits *bits = leat_arena_calloc(arena, 1, sizeof *bits);
    leat_status status = LEAT_E_MEMORY;
    if (!first || !n_cuts || !n_trees || !bits)
        goto out;
    bits->dtype = facts.dtype;
    bits->n_columns = n_columns;
    bits->trees = leat_arena_calloc(arena, facts.n_trees + 1, sizeof *bits->trees);
    if (!bits->trees)
        goto out;
    status = LEAT_OK;
    if (!number_conditions(bits, forest, first, n_cuts))
        goto out;
    status = lay_trees(bits, forest, first, n_trees);
    *out = bits;
out:
    free(first);
    return status;
}

static leat_status compile(void **state, const leat_forest *forest, leat_error *error)
{
    leat_bits *bits = NULL;
    leat_status status = LEAT_OK;
    if (leat_simd_level() >= LEAT_SIMD_AVX2 && serves(forest))
        status = compile_bits(&bits, forest);
    *state = bits;
    return status ? leat_error_set(error, status, "out of memory") : LEAT_OK;
}

/* ---- running ---- */

static size_t ranks_size(const leat_bits *bits)
{
    return (size_t)bits->n_columns * LEAT_FOREST_ROWS;
}

static size_t scratch_size(const leat_forest *forest, const void *state)
{
    const leat_bits *bits = state;
    size_t answers = (size_t)(bits->n_conditions + 1) * LEAT_BITS_WORDS;
    (void)forest;
    return ranks_size(bits) + answers * sizeof(uint32_t);
}

/* Of all rows that a kernel may compute, so that none starts at a number that is slow. */
static void start_sums(const leat_forest *forest, uint32_t group, uint32_t n_rows,
                       void *sums)
{
    const uint32_t n = (n_rows + LEAT_BITS_PLANE - 1) / LEAT_BITS_PLANE * LEAT_BITS_PLANE;
    const float *base_f32 = forest->base;
    const double *base_f64 = forest->base;
    for (uint32_t row = 0; row < n; row++)
        if (forest->facts.dtype == LEAT_F32)
            ((float *)sums)[row] = base_f32[group];
        else
            ((double *)sums)[row] = base_f64[group];
}

/* margins: [n_rows][n_groups] */
static void store_sums(const leat_forest *forest, uint32_t group, const void *sums,
                       uint32_t n_rows, void *margins)
{
    const size_t n_groups = forest->facts.n_groups;
    for (size_t row = 0; row < n_rows; row++)
        if (forest->facts.dtype == LEAT_F32)
            ((float *)margins)[row * n_groups + group] = ((const float *)sums)[row];
        else
            ((double *)margins)[row * n_groups + group] = ((const double *)sums)[row];
}

static void run(const leat_forest *forest, const void *state, const void *rows,
                uint32_t n_rows, void *margins, void *scratch)
{
    const leat_bits *bits = state;
    const leat_bits_kernel *kernel =
        leat_simd_level() == LEAT_SIMD_AVX512 ? &leat_bits_avx512 : &leat_bits_avx2;
    const leat_bits_tree *tree = bits->trees;
    const uint32_t n_words = leat_bits_words(n_rows);
    int8_t *ranks = scratch; /* [n_columns][rows of the block] */
    uint32_t *answers = (uint32_t *)(void *)(ranks + ranks_size(bits));
    _Alignas(64) double sums[LEAT_FOREST_ROWS]; /* of dtype, which is no larger */
    leat_ranker_run(forest->ranker, rows, n_rows, ranks, 1,
                    (size_t)LEAT_BITS_ROWS * n_words);
    kernel->ask(bits, ranks, n_words, answers);
    for (uint32_t group = 0; group < forest->facts.n_groups; group++) {
        start_sums(forest, group, n_rows, sums);
        kernel->add_trees(tree, bits->n_trees[group], bits->dtype, answers, n_rows, sums);
        tree += bits->n_trees[group];
        store_sums(forest, group, sums, n_rows, margins);
    }
}

const leat_evaluator leat_forest_bits = {"bits", compile, scratch_size, run};

#else

static leat_status compile(void **state, const leat_forest *forest, leat_error *error)
{
    (void)forest;
    (void)error;
    *state = NULL;
    return LEAT_OK;
}

const leat_evaluator leat_forest_bits = {"bits", compile, NULL, NULL};

#endif
