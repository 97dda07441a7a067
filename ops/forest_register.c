#include "ops/forest_layout.h"
#include "ops/simd.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

/* For few rows: all ranks of a row stand in vector registers, and all splits of a tree are
 * answered at once: a shuffle fetches the rank that each split asks for, a comparison with
 * the cuts gives a bit for each. What is left is a walk over bits within a machine word,
 * which waits for no memory, and trees do not wait for one another.
 *
 * The splits of the first six levels have their bytes in the first block of a tree's columns
 * and cuts, and their answers in one word: seven bits of the first three levels, and seven
 * for each of the eight subtrees below them. Seven bits lead to one of eight leaves by a
 * table, so that a walk through six levels is two steps. Splits below have one byte each,
 * level by level: split s, counted from 1, in block s / 64. */
enum {
    BLOCK = 64,       /* splits that one register answers */
    COLUMNS = 128,    /* at most */
    FEW_COLUMNS = 32, /* two tables of AVX2 hold them */
    TILE = 4,         /* rows that share a tree's loads */
    WORD_DEPTH = 6,   /* levels whose splits fit one word of bits */
    STEP_DEPTH = 3,   /* levels of a step, and so many splits: */
    STEP = (1 << STEP_DEPTH) - 1,
    STEP_BITS = (1 << STEP) - 1,
    SPLITS_SIZE = 2 * BLOCK,
};

/* Marks a column of the second table; what AVX-512 makes of a byte ignores it. */
#define SECOND ((char)0x80)

/* All trees by group, in the order of the forest, in three streams that a row reads from
 * one end to the other: it waits for memory less than it would for each tree's own. */
struct stream {
    const uint8_t *depth; /* [n_trees] */
    const int8_t *splits; /* [blocks(depth)] of a tree: columns [BLOCK], cuts [BLOCK] */
    const char *values;   /* [2^depth] of a tree, of dtype */
};

struct compiled {
    const uint32_t *n_trees; /* [n_groups] */
    struct stream trees;
};

static inline uint32_t blocks_of(uint32_t depth)
{
    return depth <= WORD_DEPTH ? 1 : 1u << (depth - WORD_DEPTH);
}

/* ---- compiling ---- */

static uint8_t column_byte(uint32_t column, uint32_t n_columns)
{
    int is_second = n_columns <= FEW_COLUMNS && column >= FEW_COLUMNS / 2;
    return (uint8_t)(column | (is_second ? (uint8_t)SECOND : 0));
}

/* Where the bytes of a split stand, from 0 on, which is the root. */
static uint32_t place_of(uint32_t slot)
{
    uint32_t level = 0;
    while (slot + 1 >= 2u << level)
        level++;
    if (level < STEP_DEPTH || level >= WORD_DEPTH)
        return level < STEP_DEPTH ? slot : slot + 1;
    const uint32_t below = level - STEP_DEPTH, at = slot + 1 - (1u << level);
    const uint32_t subtree = at >> below, within = at & ((1u << below) - 1);
    return STEP * (subtree + 1) + (1u << below) - 1 + within;
}

/* splits: where the tree's blocks go */
static void lay_splits(const leat_forest *forest, uint32_t t, const uint32_t *slots,
                       int8_t *splits)
{
    const uint32_t n_columns = leat_ranker_columns(forest->ranker);
    const leat_forest_place place = forest->trees[t];
    for (uint32_t block = 0; block < blocks_of(place.depth); block++) {
        memset(splits + block * SPLITS_SIZE, 0, BLOCK);
        memset(splits + block * SPLITS_SIZE + BLOCK, LEAT_RANK_MOST, BLOCK);
    }
    for (uint32_t slot = 0; slot < (1u << place.depth) - 1; slot++) {
        leat_forest_node node = forest->nodes[place.first + slots[slot]];
        uint32_t at = place_of(slot);
        int8_t *split = splits + at / BLOCK * SPLITS_SIZE + at % BLOCK;
        split[0] = (int8_t)column_byte(leat_node_column(node), n_columns);
        split[BLOCK] = leat_node_cut(node);
    }
}

static void lay_tree(const leat_forest *forest, uint32_t t, int8_t *splits, char *values)
{
    const uint32_t n_leaves = 1u << forest->trees[t].depth;
    uint32_t slots[2 * LEAT_FILL_LEAVES];
    leat_forest_fill(forest, t, slots);
    lay_splits(forest, t, slots, splits);
    leat_forest_copy_values(forest, t, slots + n_leaves - 1, n_leaves, values);
}

static leat_status compile_trees(const leat_forest *forest, const uint32_t *order,
                                 struct stream *trees)
{
    leat_arena *arena = forest->arena;
    const uint32_t n_trees = forest->facts.n_trees;
    size_t n_blocks = 0, n_leaves = 0;
    for (uint32_t t = 0; t < n_trees; t++) {
        n_blocks += blocks_of(forest->trees[t].depth);
        n_leaves += (size_t)1 << forest->trees[t].depth;
    }
    uint8_t *depths = leat_arena_alloc(arena, (size_t)n_trees + 1);
    int8_t *splits = leat_arena_aligned(arena, n_blocks * SPLITS_SIZE);
    char *values = leat_arena_aligned(arena, n_leaves * forest->number_size);
    *trees = (struct stream){depths, splits, values};
    if (!depths || !splits || !values)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n_trees; i++) {
        const uint32_t depth = forest->trees[order[i]].depth;
        depths[i] = (uint8_t)depth;
        lay_tree(forest, order[i], splits, values);
        splits += (size_t)blocks_of(depth) * SPLITS_SIZE;
        values += ((size_t)1 << depth) * forest->number_size;
    }
    return LEAT_OK;
}

static leat_status compile_all(struct compiled **out, const leat_forest *forest)
{
    leat_arena *arena = forest->arena;
    struct compiled *compiled = leat_arena_calloc(arena, 1, sizeof *compiled);
    uint32_t *n_trees = leat_arena_calloc(arena, forest->facts.n_groups, sizeof *n_trees);
    uint32_t *order = calloc((size_t)forest->facts.n_trees + 1, sizeof *order);
    leat_status status = LEAT_E_MEMORY;
    if (compiled && n_trees && order) {
        compiled->n_trees = n_trees;
        status = leat_forest_by_group(forest, order, n_trees);
        if (!status)
            status = compile_trees(forest, order, &compiled->trees);
    }
    *out = compiled;
    free(order);
    return status;
}

static leat_status compile(void **state, const leat_forest *forest, leat_error *error)
{
    struct compiled *compiled = NULL;
    leat_status status = LEAT_OK;
    if (leat_simd_level() >= LEAT_SIMD_AVX2 && leat_forest_fills(forest) &&
        leat_ranker_columns(forest->ranker) <= COLUMNS)
        status = compile_all(&compiled, forest);
    *state = compiled;
    return status ? leat_error_set(error, status, "out of memory") : LEAT_OK;
}

/* ---- running ---- */

/* Where the answers to a tree of three levels lead. */
#define FIRST(m)     ((m)&1)
#define SECOND_OF(m) ((m) >> (1 + FIRST(m)) & 1)
#define LEAF(m)                                                                          \
    (4 * FIRST(m) + 2 * SECOND_OF(m) + ((m) >> (3 + 2 * FIRST(m) + SECOND_OF(m)) & 1))
#define LEAVES4(m)  LEAF(m), LEAF(m + 1), LEAF(m + 2), LEAF(m + 3)
#define LEAVES16(m) LEAVES4(m), LEAVES4(m + 4), LEAVES4(m + 8), LEAVES4(m + 12)
#define LEAVES64(m) LEAVES16(m), LEAVES16(m + 16), LEAVES16(m + 32), LEAVES16(m + 48)
static const uint8_t leaf_of[1 << STEP] = {LEAVES64(0), LEAVES64(64)};

/* Where the answers of a complete tree lead; answers: [blocks(depth)]. */
__attribute__((always_inline)) static inline uint32_t walk(const uint64_t *answers,
                                                           uint32_t depth)
{
    uint64_t at = leaf_of[answers[0] & STEP_BITS];
    if (depth <= STEP_DEPTH)
        return (uint32_t)at >> (STEP_DEPTH - depth);
    at = at << STEP_DEPTH | leaf_of[answers[0] >> STEP * (at + 1) & STEP_BITS];
    if (depth <= WORD_DEPTH)
        return (uint32_t)at >> (WORD_DEPTH - depth);
    at += 1u << WORD_DEPTH;
    for (uint32_t level = WORD_DEPTH; level < depth; level++)
        at = 2 * at + (answers[at / BLOCK] >> at % BLOCK & 1);
    return (uint32_t)at - (1u << depth);
}

/* A shuffle reads a table of 16 ranks and answers 0 where a byte has its top bit set. */
LEAT_AVX2_INLINE __m256i shuffle(const int8_t *ranks, __m256i bytes)
{
    return _mm256_shuffle_epi8(
        _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(const void *)ranks)),
        bytes);
}

/* Few columns have the top bit where the second table is meant; with more, each number is
 * moved to where only its own table sees it clear. */
LEAT_AVX2_INLINE __m256i fetch_ranks(const int8_t *ranks, uint32_t n_columns,
                                     __m256i column)
{
    if (n_columns <= FEW_COLUMNS)
        return _mm256_or_si256(
            shuffle(ranks, column),
            shuffle(ranks + 16, _mm256_xor_si256(column, _mm256_set1_epi8(SECOND))));
    __m256i rank = _mm256_setzero_si256();
    for (uint32_t first = 0; first < n_columns; first += 16) {
        __m256i within = _mm256_xor_si256(column, _mm256_set1_epi8((char)first));
        within = _mm256_adds_epu8(within, _mm256_set1_epi8(0x70));
        rank = _mm256_or_si256(rank, shuffle(ranks + first, within));
    }
    return rank;
}

/* ranks: [COLUMNS]; answers to one block of splits. */
LEAT_AVX2_INLINE uint32_t answer32(const int8_t *ranks, uint32_t n_columns,
                                   const int8_t *splits)
{
    __m256i column = _mm256_load_si256((const __m256i *)(const void *)splits);
    __m256i right = _mm256_cmpgt_epi8(
        fetch_ranks(ranks, n_columns, column),
        _mm256_load_si256((const __m256i *)(const void *)(splits + BLOCK)));
    return (uint32_t)_mm256_movemask_epi8(right);
}

LEAT_AVX2_INLINE uint64_t answer_avx2(const int8_t *ranks, uint32_t n_columns,
                                      const int8_t *splits)
{
    return answer32(ranks, n_columns, splits) |
           (uint64_t)answer32(ranks, n_columns, splits + BLOCK / 2) << BLOCK / 2;
}

LEAT_AVX512_INLINE uint64_t answer_avx512(const int8_t *ranks, uint32_t n_columns,
                                          const int8_t *splits)
{
    __m512i column = _mm512_load_si512(splits), low = _mm512_load_si512(ranks);
    __m512i rank =
        n_columns <= BLOCK
            ? _mm512_permutexvar_epi8(column, low)
            : _mm512_permutex2var_epi8(low, column, _mm512_load_si512(ranks + BLOCK));
    return _mm512_cmpgt_epi8_mask(rank, _mm512_load_si512(splits + BLOCK));
}

/* Adds the leaf of one tree. A constant depth and number of rows unroll every loop.
 * sums, ranks: [n_rows] */
#define ADD_TREES(name, target, answer, type)                                            \
    target __attribute__((always_inline)) static inline void name##_tree(                \
        const struct stream *tree, uint32_t depth, const int8_t *ranks,                  \
        uint32_t n_columns, uint32_t n_rows, type *sums)                                 \
    {                                                                                    \
        for (uint32_t row = 0; row < n_rows; row++, ranks += COLUMNS) {                  \
            uint64_t answers[LEAT_FILL_LEAVES / BLOCK];                                  \
            for (uint32_t b = 0; b < blocks_of(depth); b++)                              \
                answers[b] = answer(ranks, n_columns, tree->splits + b * SPLITS_SIZE);   \
            sums[row] +=                                                                 \
                ((const type *)(const void *)tree->values)[walk(answers, depth)];        \
        }                                                                                \
    }                                                                                    \
    target __attribute__((always_inline)) static inline void name##_rows(                \
        struct stream *trees, uint32_t n_trees, const int8_t *ranks, uint32_t n_columns, \
        uint32_t n_rows, void *group_sums)                                               \
    {                                                                                    \
        struct stream tree = *trees;                                                     \
        const uint8_t *end = tree.depth + n_trees;                                       \
        type sums[TILE];                                                                 \
        memcpy(sums, group_sums, n_rows * sizeof *sums);                                 \
        while (tree.depth < end)                                                         \
            SWITCH_DEPTH(name##_tree, type, ranks, n_columns, n_rows, sums);             \
        memcpy(group_sums, sums, n_rows * sizeof *sums);                                 \
        *trees = tree;                                                                   \
    }                                                                                    \
    target static void name(struct stream *trees, uint32_t n_trees, const int8_t *ranks, \
                            uint32_t n_columns, uint32_t n_rows, void *sums)             \
    {                                                                                    \
        if (n_rows == TILE)                                                              \
            name##_rows(trees, n_trees, ranks, n_columns, TILE, sums);                   \
        else                                                                             \
            name##_rows(trees, n_trees, ranks, n_columns, 1, sums);                      \
    }

/* Trees of one depth in a row stay in their loop, whose branches are foreseen. */
#define SWITCH_DEPTH(add, type, ...)                                                     \
    switch (*tree.depth) {                                                               \
        CASE_DEPTH(0, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(1, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(2, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(3, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(4, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(5, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(6, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(7, add, type, __VA_ARGS__);                                           \
        CASE_DEPTH(8, add, type, __VA_ARGS__);                                           \
    }

#define CASE_DEPTH(n, add, type, ...)                                                    \
    case n:                                                                              \
        do {                                                                             \
            add(&tree, n, __VA_ARGS__);                                                  \
            tree.splits += blocks_of(n) * SPLITS_SIZE;                                   \
            tree.values += sizeof(type) << (n);                                          \
        } while (++tree.depth < end && *tree.depth == (n));                              \
        break

ADD_TREES(add_f32_avx2, LEAT_AVX2, answer_avx2, float)
ADD_TREES(add_f64_avx2, LEAT_AVX2, answer_avx2, double)
ADD_TREES(add_f32_avx512, LEAT_AVX512, answer_avx512, float)
ADD_TREES(add_f64_avx512, LEAT_AVX512, answer_avx512, double)

/* Adds the leaves of a group's trees to the sums of 1 or TILE rows, and moves behind them.
 * ranks: [n_rows][COLUMNS]; sums: [n_rows] of dtype */
typedef void add_trees(struct stream *trees, uint32_t n_trees, const int8_t *ranks,
                       uint32_t n_columns, uint32_t n_rows, void *sums);

static add_trees *pick(leat_dtype dtype)
{
    if (leat_simd_level() == LEAT_SIMD_AVX512)
        return dtype == LEAT_F32 ? add_f32_avx512 : add_f64_avx512;
    return dtype == LEAT_F32 ? add_f32_avx2 : add_f64_avx2;
}

static size_t scratch_size(const leat_forest *forest, const void *state)
{
    (void)forest;
    (void)state;
    return (size_t)COLUMNS * LEAT_FOREST_ROWS;
}

/* Every group of 1 or TILE rows. margins: [n_rows][n_groups] */
static void run_rows(const leat_forest *forest, const struct compiled *compiled,
                     const int8_t *ranks, uint32_t n_rows, char *margins)
{
    add_trees *add = pick(forest->facts.dtype);
    const size_t size = forest->number_size, n_groups = forest->facts.n_groups;
    const uint32_t n_columns = leat_ranker_columns(forest->ranker);
    struct stream trees = compiled->trees;
    for (size_t group = 0; group < n_groups; group++) {
        double sums[TILE]; /* of dtype, which is no larger */
        for (uint32_t row = 0; row < n_rows; row++)
            memcpy((char *)sums + row * size, (const char *)forest->base + group * size,
                   size);
        add(&trees, compiled->n_trees[group], ranks, n_columns, n_rows, sums);
        for (uint32_t row = 0; row < n_rows; row++)
            memcpy(margins + (row * n_groups + group) * size, (char *)sums + row * size,
                   size);
    }
}

static void run(const leat_forest *forest, const void *state, const void *rows,
                uint32_t n_rows, void *margins, void *scratch)
{
    const size_t row_size = forest->facts.n_groups * forest->number_size;
    int8_t *ranks = scratch; /* [n_rows][COLUMNS] */
    char *margin = margins;
    leat_ranker_run(forest->ranker, rows, n_rows, ranks, COLUMNS, 1);
    for (uint32_t row = 0, n; row < n_rows; row += n) {
        n = n_rows - row < TILE ? 1 : TILE;
        run_rows(forest, state, ranks + row * COLUMNS, n, margin + row * row_size);
    }
}

const leat_evaluator leat_forest_register = {"register", compile, scratch_size, run};

#else

static leat_status compile(void **state, const leat_forest *forest, leat_error *error)
{
    (void)forest;
    (void)error;
    *state = NULL;
    return LEAT_OK;
}

const leat_evaluator leat_forest_register = {"register", compile, NULL, NULL};

#endif
