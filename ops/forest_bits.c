#include "ops/forest_bits.h"

/* How a tree is evaluated without walking it.
 *
 * The splits of a forest share their conditions: boosting draws thresholds from a few
 * hundred bins a feature. So every different condition, a feature with its default side and
 * a threshold, is first asked of all rows, which gives it a vector of 256 bits: set where
 * the row goes right. Which rows went right on a tree's level is then bit arithmetic on
 * whole vectors. The root's turn is its condition's vector; on every further level each
 * split has a vector, and the turns of the levels above select among them pair by pair, as
 * a multiplexer does. No row waits for memory, and no branch depends on data.
 *
 *     turn[0] = root
 *     turn[1] = turn[0] ? right : left
 *     turn[2] = turn[0] ? (turn[1] ? rr : rl) : (turn[1] ? lr : ll)
 *
 * For this a tree is filled up to a complete one: below a leaf that stands too high, any
 * condition will do, because both its sides lead to that leaf again.
 *
 * The turns of a row, the root's first, are the number of its leaf. Leaves are fetched 32
 * rows at a time from tables of 16 bytes in registers, one byte of the floats after the
 * other, and then added as floats, tree by tree: the order of the walk, hence its sums.
 *
 * A vector's bits are not in the order of the rows. Of 32 compares, packing leaves those of
 * rows 0-3, 8-11, 16-19, 24-27, then 4-7, 12-15 and so on; unpacking the fetched bytes
 * undoes exactly that, so nobody ever sorts.
 *
 * Missing values: a condition whose default side is the right one reads +Infinity for NaN,
 * which is not below any threshold; the other reads NaN, and no compare holds for that. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2        __attribute__((target("avx2")))
#define AVX2_INLINE __attribute__((target("avx2"), always_inline)) static inline

enum {
    MAX_DEPTH = 8, /* a leaf's number is a byte */
    MAX_CONDITIONS = 1 << 16,
    WORD_ROWS = 32, /* a word is the bits of so many rows */
    WORDS = LEAT_BITS_ROWS / WORD_ROWS,
    TABLE = 16, /* leaves that one shuffle chooses from */
    FLOAT_BYTES = 4,
};

struct condition {
    float threshold;
    uint32_t source; /* feature << 1 | whether NaN goes right */
};

/* Leaves [TABLE] as their first bytes, their second bytes ... */
struct table {
    uint8_t bytes[FLOAT_BYTES][TABLE];
};

struct tree {
    const uint16_t *splits;     /* [2^depth - 1] conditions, level by level */
    const struct table *tables; /* [tables_of(depth)], the leaves from left to right */
    uint32_t depth;
};

struct leat_forest_bits {
    uint32_t n_features;
    uint32_t n_groups;
    uint32_t n_conditions;
    uint32_t n_all_trees;
    uint64_t n_splits;            /* of all trees, filled up */
    struct condition *conditions; /* [n_conditions], by source */
    struct tree *trees;           /* [n_trees], by group, then in the forest's order */
    uint32_t *n_trees;            /* [n_groups] */
    const float *base;            /* [n_groups] */
};

/* ---- compiling ---- */

/* A leaf is its own child. */
static uint32_t child_of(const leat_forest *forest, struct leat_node node)
{
    return node.link >> forest->copy_bits;
}

/* A condition as a number: by source, then by threshold. */
static uint64_t code_of(const leat_forest *forest, struct leat_node node)
{
    uint32_t source = node.link & ((1u << forest->copy_bits) - 1);
    return (uint64_t)source << 32 | node.condition;
}

static int compare_codes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* codes: [n_nodes] at most; returns how many different ones there are. */
static size_t collect_codes(const leat_forest *forest, uint64_t *codes)
{
    size_t n = 0, distinct = 0;
    for (uint32_t t = 0; t < forest->facts.n_trees; t++) {
        struct leat_place place = forest->trees[t];
        for (uint32_t at = 0; at < place.n_nodes; at++) {
            struct leat_node node = forest->nodes[place.first + at];
            if (child_of(forest, node) != at)
                codes[n++] = code_of(forest, node);
        }
    }
    qsort(codes, n, sizeof *codes, compare_codes);
    for (size_t i = 0; i < n; i++)
        if (!i || codes[i] != codes[distinct - 1])
            codes[distinct++] = codes[i];
    return distinct;
}

static struct condition condition_of(uint64_t code)
{
    return (struct condition){.threshold = leat_key_float((uint32_t)code),
                              .source = (uint32_t)(code >> 32)};
}

/* A leaf has no condition; any will do, so it is given the first. */
static uint16_t find_condition(const leat_forest *forest, struct leat_node node,
                               const uint64_t *codes, size_t n)
{
    uint64_t code = code_of(forest, node);
    const uint64_t *found = bsearch(&code, codes, n, sizeof *codes, compare_codes);
    return found ? (uint16_t)(found - codes) : 0;
}

static uint32_t tables_of(uint32_t depth)
{
    return ((1u << depth) + TABLE - 1) / TABLE;
}

static void put_leaf(struct table *tables, uint32_t leaf, float value)
{
    uint8_t bytes[FLOAT_BYTES];
    memcpy(bytes, &value, sizeof bytes);
    for (uint32_t b = 0; b < FLOAT_BYTES; b++)
        tables[leaf / TABLE].bytes[b][leaf % TABLE] = bytes[b];
}

/* Fills tree t up to a complete one: slot s has its children at 2s + 1 and 2s + 2. */
static void fill_tree(const leat_forest *forest, uint32_t t, const uint64_t *codes,
                      size_t n_codes, uint16_t *splits, struct table *tables)
{
    struct leat_place place = forest->trees[t];
    uint32_t n_splits = (1u << place.depth) - 1, at[2 << MAX_DEPTH] = {0};
    for (uint32_t slot = 0; slot < n_splits; slot++) {
        struct leat_node node = forest->nodes[place.first + at[slot]];
        uint32_t child = child_of(forest, node);
        splits[slot] = find_condition(forest, node, codes, n_codes);
        at[2 * slot + 1] = child;
        at[2 * slot + 2] = child + (child != at[slot]);
    }
    for (uint32_t leaf = 0; leaf <= n_splits; leaf++)
        put_leaf(tables, leaf, forest->value[place.first + at[n_splits + leaf]]);
}

static leat_status lay_tree(const leat_forest *forest, uint32_t t, const uint64_t *codes,
                            size_t n_codes, struct tree *tree)
{
    const uint32_t depth = forest->trees[t].depth, n_tables = tables_of(depth);
    uint16_t *splits =
        leat_arena_calloc(forest->arena, (size_t)1 << depth, sizeof *splits);
    struct table *tables = leat_arena_aligned(forest->arena, n_tables * sizeof *tables);
    if (!splits || !tables)
        return LEAT_E_MEMORY;
    memset(tables, 0, n_tables * sizeof *tables);
    fill_tree(forest, t, codes, n_codes, splits, tables);
    *tree = (struct tree){splits, tables, depth};
    return LEAT_OK;
}

/* Trees by group, so that a run keeps the sums of one group at a time. */
static leat_status lay_trees(leat_forest_bits *bits, const leat_forest *forest,
                             const uint64_t *codes)
{
    const uint32_t n_trees = forest->facts.n_trees;
    struct tree *tree = bits->trees;
    leat_status status = LEAT_OK;
    for (uint32_t t = 0; t < n_trees; t++) {
        bits->n_splits += (1u << forest->trees[t].depth) - 1;
        bits->n_trees[forest->group[t]]++;
    }
    uint32_t *next = calloc(bits->n_groups, sizeof *next);
    if (!next)
        return LEAT_E_MEMORY;
    for (uint32_t group = 1; group < bits->n_groups; group++)
        next[group] = next[group - 1] + bits->n_trees[group - 1];
    for (uint32_t t = 0; !status && t < n_trees; t++)
        status = lay_tree(forest, t, codes, bits->n_conditions,
                          tree + next[forest->group[t]]++);
    free(next);
    return status;
}

static leat_status compile(leat_forest_bits **out, const leat_forest *forest,
                           const uint64_t *codes, size_t n_codes)
{
    leat_forest_facts facts = forest->facts;
    leat_forest_bits *bits = leat_arena_calloc(forest->arena, 1, sizeof *bits);
    if (!bits)
        return LEAT_E_MEMORY;
    *bits = (leat_forest_bits){
        .n_features = facts.n_features,
        .n_groups = facts.n_groups,
        .n_conditions = (uint32_t)n_codes,
        .n_all_trees = facts.n_trees,
        .conditions =
            leat_arena_calloc(forest->arena, n_codes + 1, sizeof *bits->conditions),
        .trees = leat_arena_calloc(forest->arena, facts.n_trees, sizeof *bits->trees),
        .n_trees =
            leat_arena_calloc(forest->arena, facts.n_groups, sizeof *bits->n_trees),
        .base = forest->base,
    };
    if (!bits->conditions || !bits->trees || !bits->n_trees)
        return LEAT_E_MEMORY;
    for (size_t c = 0; c < n_codes; c++)
        bits->conditions[c] = condition_of(codes[c]);
    *out = bits;
    return lay_trees(bits, forest, codes);
}

leat_status leat_forest_bits_new(leat_forest_bits **bits, const leat_forest *forest,
                                 leat_error *error)
{
    *bits = NULL;
    if (!__builtin_cpu_supports("avx2") || forest->facts.max_depth > MAX_DEPTH)
        return LEAT_OK;
    leat_status status = LEAT_E_MEMORY;
    uint64_t *codes = calloc(forest->n_nodes, sizeof *codes);
    if (codes) {
        size_t n = collect_codes(forest, codes);
        status = n > MAX_CONDITIONS ? LEAT_OK : compile(bits, forest, codes, n);
    }
    free(codes);
    return status ? leat_error_set(error, status, "out of memory") : LEAT_OK;
}

/* ---- running ---- */

static uint32_t words_of(uint32_t n_rows)
{
    return (n_rows + WORD_ROWS - 1) / WORD_ROWS;
}

/* column: [LEAT_BITS_ROWS], of which whole words are filled */
static void load_column(const leat_forest_bits *bits, uint32_t source, const float *rows,
                        uint32_t n_rows, float *column)
{
    const float missing = source & 1 ? INFINITY : NAN;
    const float *value = rows + (source >> 1);
    for (uint32_t row = 0; row < n_rows; row++, value += bits->n_features)
        column[row] = isnan(*value) ? missing : *value;
    for (uint32_t row = n_rows; row < words_of(n_rows) * WORD_ROWS; row++)
        column[row] = 0;
}

AVX2_INLINE __m256i not_below(const float *column, __m256 threshold)
{
    return _mm256_castps_si256(
        _mm256_cmp_ps(_mm256_loadu_ps(column), threshold, _CMP_GE_OQ));
}

/* The bits of 32 rows, in the order that packing leaves. */
AVX2_INLINE uint32_t ask_word(const float *column, __m256 threshold)
{
    __m256i low = _mm256_packs_epi32(not_below(column, threshold),
                                     not_below(column + 8, threshold));
    __m256i high = _mm256_packs_epi32(not_below(column + 16, threshold),
                                      not_below(column + 24, threshold));
    return (uint32_t)_mm256_movemask_epi8(_mm256_packs_epi16(low, high));
}

/* answers: [n_conditions][WORDS]; rows behind the last word are nobody's. */
AVX2 static void ask(const leat_forest_bits *bits, const float *rows, uint32_t n_rows,
                     uint32_t *answers)
{
    float column[LEAT_BITS_ROWS];
    const uint32_t n_words = words_of(n_rows);
    uint32_t loaded = UINT32_MAX;
    for (uint32_t c = 0; c < bits->n_conditions; c++, answers += WORDS) {
        struct condition condition = bits->conditions[c];
        __m256 threshold = _mm256_set1_ps(condition.threshold);
        if (condition.source != loaded)
            load_column(bits, condition.source, rows, n_rows, column);
        loaded = condition.source;
        for (uint32_t w = 0; w < n_words; w++)
            answers[w] = ask_word(column + w * WORD_ROWS, threshold);
    }
}

AVX2_INLINE __m256i select_bits(__m256i turn, __m256i right, __m256i left)
{
    __m256i differ = _mm256_xor_si256(left, right);
    return _mm256_xor_si256(left, _mm256_and_si256(turn, differ));
}

AVX2_INLINE __m256i answer(const uint32_t *answers, uint16_t condition)
{
    return _mm256_loadu_si256((const __m256i *)(answers + (size_t)condition * WORDS));
}

/* turns: [depth]; the splits of a level are halved by the turn above them, then by the one
 * above that. */
AVX2_INLINE void turn(const uint16_t *splits, uint32_t depth, const uint32_t *answers,
                      __m256i *turns)
{
    __m256i left[1 << (MAX_DEPTH - 2)];
    if (depth)
        turns[0] = answer(answers, *splits++);
    for (uint32_t level = 1; level < depth; level++) {
        uint32_t n = 1u << (level - 1);
        for (uint32_t i = 0; i < n; i++, splits += 2)
            left[i] = select_bits(turns[level - 1], answer(answers, splits[1]),
                                  answer(answers, splits[0]));
        for (uint32_t above = level - 1; above-- > 0;)
            for (uint32_t i = 0; i < 1u << above; i++)
                left[i] = select_bits(turns[above], left[2 * i + 1], left[2 * i]);
        turns[level] = left[0];
    }
}

/* Bit i of the word as byte i: -1 where set. */
AVX2_INLINE __m256i spread(uint32_t word)
{
    const __m256i byte =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)word), byte);
    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
}

AVX2_INLINE __m256i leaf_numbers(const __m256i *turns, uint32_t depth, uint32_t word)
{
    __m256i number = _mm256_setzero_si256();
    for (uint32_t level = 0; level < depth; level++) {
        uint32_t bits;
        memcpy(&bits, (const char *)(turns + level) + word * sizeof bits, sizeof bits);
        number = _mm256_sub_epi8(_mm256_add_epi8(number, number), spread(bits));
    }
    return number;
}

/* A shuffle answers 0 where the top bit of a number is set, so each number is moved to
 * where only its own table sees it clear, and the answers of all tables are or-ed. */
AVX2_INLINE void fetch(const struct table *tables, uint32_t n_tables, __m256i number,
                       __m256i *bytes)
{
    for (uint32_t b = 0; b < FLOAT_BYTES; b++)
        bytes[b] = _mm256_setzero_si256();
    for (uint32_t t = 0; t < n_tables; t++) {
        __m256i within = _mm256_xor_si256(number, _mm256_set1_epi8((char)(t * TABLE)));
        within = _mm256_adds_epu8(within, _mm256_set1_epi8(0x70));
        for (uint32_t b = 0; b < FLOAT_BYTES; b++) {
            __m256i table = _mm256_broadcastsi128_si256(
                _mm_load_si128((const __m128i *)tables[t].bytes[b]));
            bytes[b] = _mm256_or_si256(bytes[b], _mm256_shuffle_epi8(table, within));
        }
    }
}

AVX2_INLINE void add(float *sums, __m256i values)
{
    _mm256_storeu_ps(sums,
                     _mm256_add_ps(_mm256_loadu_ps(sums), _mm256_castsi256_ps(values)));
}

/* sums: [32]; puts the bytes together to floats, in the order of the rows. */
AVX2_INLINE void add_word(float *sums, const __m256i *bytes)
{
    __m256i low01 = _mm256_unpacklo_epi8(bytes[0], bytes[1]);
    __m256i low23 = _mm256_unpacklo_epi8(bytes[2], bytes[3]);
    __m256i high01 = _mm256_unpackhi_epi8(bytes[0], bytes[1]);
    __m256i high23 = _mm256_unpackhi_epi8(bytes[2], bytes[3]);
    add(sums, _mm256_unpacklo_epi16(low01, low23));
    add(sums + 8, _mm256_unpackhi_epi16(low01, low23));
    add(sums + 16, _mm256_unpacklo_epi16(high01, high23));
    add(sums + 24, _mm256_unpackhi_epi16(high01, high23));
}

/* sums: [n_words][WORD_ROWS] */
AVX2_INLINE void add_deep(const struct tree *tree, uint32_t depth,
                          const uint32_t *answers, uint32_t n_words, float *sums)
{
    __m256i turns[MAX_DEPTH], bytes[FLOAT_BYTES];
    turn(tree->splits, depth, answers, turns);
    for (uint32_t w = 0; w < n_words; w++) {
        fetch(tree->tables, tables_of(depth), leaf_numbers(turns, depth, w), bytes);
        add_word(sums + w * WORD_ROWS, bytes);
    }
}

/* A constant depth unrolls every loop, which keeps the vectors in registers: a third of the
 * time. */
AVX2 static void add_tree(const struct tree *tree, const uint32_t *answers,
                          uint32_t n_words, float *sums)
{
#define ADD_DEPTH(depth)                                                                 \
    case depth:                                                                          \
        add_deep(tree, depth, answers, n_words, sums);                                   \
        break
    switch (tree->depth) {
        ADD_DEPTH(0);
        ADD_DEPTH(1);
        ADD_DEPTH(2);
        ADD_DEPTH(3);
        ADD_DEPTH(4);
        ADD_DEPTH(5);
        ADD_DEPTH(6);
        ADD_DEPTH(7);
        ADD_DEPTH(8);
    }
#undef ADD_DEPTH
}

/* Fitted to 100 and 500 trees of depth 6 with 1862 and 4031 conditions, at 32 and 256 rows:
 * within a tenth. */
uint64_t leat_forest_bits_cost(const leat_forest_bits *bits, uint32_t n_rows)
{
    uint64_t a_word = bits->n_conditions + (uint64_t)8 * bits->n_all_trees;
    return bits->n_conditions / 3 + bits->n_splits + words_of(n_rows) * a_word;
}

size_t leat_forest_bits_scratch(const leat_forest_bits *bits)
{
    return (size_t)bits->n_conditions * WORDS * sizeof(uint32_t);
}

void leat_forest_bits_run(const leat_forest_bits *bits, const float *rows,
                          uint32_t n_rows, float *margins, void *scratch)
{
    uint32_t *answers = scratch; /* [n_conditions][WORDS] */
    float sums[LEAT_BITS_ROWS];
    const struct tree *tree = bits->trees;
    ask(bits, rows, n_rows, answers);
    for (uint32_t group = 0; group < bits->n_groups; group++) {
        for (uint32_t row = 0; row < LEAT_BITS_ROWS; row++)
            sums[row] = bits->base[group];
        for (uint32_t t = 0; t < bits->n_trees[group]; t++)
            add_tree(tree++, answers, words_of(n_rows), sums);
        for (uint32_t row = 0; row < n_rows; row++)
            margins[(size_t)row * bits->n_groups + group] = sums[row];
    }
}

#else

leat_status leat_forest_bits_new(leat_forest_bits **bits, const leat_forest *forest,
                                 leat_error *error)
{
    (void)forest;
    (void)error;
    *bits = NULL;
    return LEAT_OK;
}

uint64_t leat_forest_bits_cost(const leat_forest_bits *bits, uint32_t n_rows)
{
    (void)bits;
    (void)n_rows;
    return UINT64_MAX;
}

size_t leat_forest_bits_scratch(const leat_forest_bits *bits)
{
    (void)bits;
    return 0;
}

void leat_forest_bits_run(const leat_forest_bits *bits, const float *rows,
                          uint32_t n_rows, float *margins, void *scratch)
{
    (void)bits;
    (void)rows;
    (void)n_rows;
    (void)margins;
    (void)scratch;
}

#endif
