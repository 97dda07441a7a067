#include "ops/forest_ranker.h"

#include "ops/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* A column's bounds stand in segments of SEGMENT, padded with NaN, which no number
 * reaches; in front of them stand the pivots, the last bound of each segment. Two counts
 * of SEGMENT comparisons without a branch find a rank: the segment, then the place in it.
 *
 * Columns of sets share a scale, all bounds that the sets of their feature have, so that a
 * number is looked up once; a set then is a bit for each place on the scale. */
enum {
    SEGMENT = 16,
    ROWS = 256,                      /* that are looked up on a scale at once */
    MAX_SET_BYTES = 1 << 26,         /* of all sets' bits */
    BIAS = -LEAT_RANK_LEAST,         /* a rank is a count less this */
    NAN_RANK_LEFT = LEAT_RANK_LEAST, /* on the left of every cut */
    NAN_RANK_RIGHT = LEAT_RANK_MOST, /* on the right of every cut */
};

struct column {
    uint32_t feature;
    uint32_t n_bounds;
    size_t first;           /* where its pivots stand in `bounds` */
    const uint8_t *members; /* of a set: a bit for each place on the scale */
    uint32_t scale;         /* of a set */
    int8_t nan_rank;
    int8_t zero_rank;
    uint8_t missing; /* leat_missing */
};

struct scale {
    uint32_t feature;
    uint32_t n;
    double *bounds; /* [n], ascending */
};

struct leat_ranker {
    leat_dtype dtype;
    double zero;
    uint32_t n_features;
    uint32_t n_columns;
    uint32_t n_numeric;     /* columns in front of those of sets */
    struct column *columns; /* [n_columns] */
    struct scale *scales;
    void *bounds; /* of the dtype */
};

static void put_number(leat_dtype dtype, void *numbers, size_t at, double x)
{
    if (dtype == LEAT_F32)
        ((float *)numbers)[at] = (float)x;
    else
        ((double *)numbers)[at] = x;
}

static double number_at(leat_dtype dtype, const void *numbers, size_t at)
{
    return dtype == LEAT_F32 ? (double)((const float *)numbers)[at]
                             : ((const double *)numbers)[at];
}

/* ---- the columns ---- */

/* A split on its way to a column. */
struct question {
    leat_split split;
    const leat_set *set; /* NULL: numeric */
    size_t index;
};

/* NaN is above all numbers, -0.0 is 0.0. */
static int compare_bounds(double a, double b)
{
    return isnan(a) || isnan(b) ? isnan(a) - isnan(b) : (a > b) - (a < b);
}

static int compare_sets(const leat_set *a, const leat_set *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    int order = 0;
    for (uint32_t i = 0; !order && i < a->n; i++)
        order = compare_bounds(a->bounds[i], b->bounds[i]);
    return order;
}

static int compare_columns(const struct question *a, const struct question *b)
{
    if (!a->set != !b->set)
        return a->set ? 1 : -1;
    if (a->split.feature != b->split.feature)
        return a->split.feature < b->split.feature ? -1 : 1;
    return (int)a->split.missing - (int)b->split.missing;
}

static int compare_questions(const void *a, const void *b)
{
    const struct question *x = a, *y = b;
    int order = compare_columns(x, y);
    if (order)
        return order;
    return x->set ? compare_sets(x->set, y->set)
                  : compare_bounds(x->split.bound, y->split.bound);
}

static int8_t rank_of_missing(uint8_t missing)
{
    return missing == LEAT_NAN_RIGHT || missing == LEAT_ZERO_RIGHT ? NAN_RANK_RIGHT
                                                                   : NAN_RANK_LEFT;
}

/* Puts every split to its column and cut; columns: [n_splits] at most. */
static uint32_t assign(const struct question *questions, size_t n, struct column *columns,
                       leat_ask *asks, uint32_t *n_numeric)
{
    uint32_t n_columns = 0;
    *n_numeric = 0;
    for (size_t i = 0; i < n; i++) {
        const struct question *question = &questions[i];
        struct column *column = n_columns ? &columns[n_columns - 1] : NULL;
        int is_new = !i || compare_questions(question - 1, question);
        int other = !i || compare_columns(question - 1, question);
        if (other || (is_new && (question->set || column->n_bounds == LEAT_CUTS))) {
            column = &columns[n_columns++];
            *column = (struct column){.feature = question->split.feature,
                                      .missing = question->split.missing};
            *n_numeric += !question->set;
        }
        column->n_bounds += (uint32_t)is_new;
        asks[question->index] = (leat_ask){
            .column = n_columns - 1,
            .cut = (int8_t)((int)column->n_bounds - 1 - BIAS),
        };
    }
    return n_columns;
}

static size_t padded(uint32_t n_bounds)
{
    return (n_bounds + SEGMENT - 1) / SEGMENT * (size_t)SEGMENT;
}

/* A column's cuts are its bounds in their order. */
static void fill_bounds(leat_ranker *ranker, const struct question *questions, size_t n,
                        const leat_ask *asks)
{
    for (size_t i = 0; i < n && !questions[i].set; i++) {
        leat_ask ask = asks[questions[i].index];
        size_t place = (size_t)(ask.cut + BIAS);
        size_t first = ranker->columns[ask.column].first;
        put_number(ranker->dtype, ranker->bounds, first + SEGMENT + place,
                   questions[i].split.bound);
        if (place % SEGMENT == SEGMENT - 1)
            put_number(ranker->dtype, ranker->bounds, first + place / SEGMENT,
                       questions[i].split.bound);
    }
}

static leat_status lay_bounds(leat_ranker *ranker, leat_arena *arena,
                              const struct question *questions, size_t n,
                              const leat_ask *asks)
{
    size_t total = 0;
    for (uint32_t c = 0; c < ranker->n_numeric; c++) {
        ranker->columns[c].first = total;
        total += SEGMENT + padded(ranker->columns[c].n_bounds);
    }
    ranker->bounds = leat_arena_aligned(arena, total * leat_dtype_size(ranker->dtype));
    if (!ranker->bounds)
        return LEAT_E_MEMORY;
    for (size_t i = 0; i < total; i++)
        put_number(ranker->dtype, ranker->bounds, i, NAN);
    fill_bounds(ranker, questions, n, asks);
    return LEAT_OK;
}

/* ---- sets ---- */

static int compare_doubles(const void *a, const void *b)
{
    return compare_bounds(*(const double *)a, *(const double *)b);
}

/* How many of bounds[n] are not above x; NaN is above none. */
static uint32_t place_on(const double *bounds, uint32_t n, double x)
{
    uint32_t low = 0;
    while (n) {
        uint32_t half = n / 2;
        int beyond = x >= bounds[low + half];
        low += beyond ? half + 1 : 0;
        n = beyond ? n - half - 1 : half;
    }
    return low;
}

/* All bounds that questions[n], of one feature, have: sorted, each once. */
static leat_status new_scale(struct scale *scale, leat_arena *arena,
                             const struct question *questions, size_t n)
{
    size_t total = 0, at = 0;
    uint32_t distinct = 0;
    for (size_t i = 0; i < n; i++)
        total += questions[i].set->n;
    double *bounds = leat_arena_calloc(arena, total + 1, sizeof *bounds);
    if (!bounds || total > UINT32_MAX)
        return LEAT_E_MEMORY;
    for (size_t i = 0; i < n; at += questions[i++].set->n)
        for (uint32_t b = 0; b < questions[i].set->n; b++)
            bounds[at + b] = questions[i].set->bounds[b];
    qsort(bounds, total, sizeof *bounds, compare_doubles);
    for (size_t i = 0; i < total; i++)
        if (!i || bounds[i] > bounds[distinct - 1])
            bounds[distinct++] = bounds[i];
    *scale = (struct scale){questions->split.feature, distinct, bounds};
    return LEAT_OK;
}

/* The bit of a place stands when the numbers there lie behind an odd count of bounds. */
static void fill_members(const struct scale *scale, const leat_set *set, uint8_t *members)
{
    for (uint32_t place = 1, passed = 0; place <= scale->n; place++) {
        while (passed < set->n && set->bounds[passed] <= scale->bounds[place - 1])
            passed++;
        members[place / 8] |= (uint8_t)((passed & 1) << place % 8);
    }
}

/* questions[n], of one feature, all with sets, to their columns. */
static leat_status lay_feature(leat_ranker *ranker, leat_arena *arena, uint32_t scale,
                               const struct question *questions, size_t n,
                               const leat_ask *asks, uint64_t *bytes, leat_error *error)
{
    const struct scale *on = &ranker->scales[scale];
    leat_status status = new_scale(&ranker->scales[scale], arena, questions, n);
    for (size_t i = 0; !status && i < n; i++) {
        struct column *column = &ranker->columns[asks[questions[i].index].column];
        if (column->members)
            continue;
        size_t size = on->n / 8 + 1;
        *bytes += size;
        if (*bytes > MAX_SET_BYTES)
            return leat_error_set(error, LEAT_E_UNSUPPORTED,
                                  "sets of categories of more than %d MiB",
                                  MAX_SET_BYTES >> 20);
        uint8_t *members = leat_arena_calloc(arena, size, 1);
        if (!members)
            return LEAT_E_MEMORY;
        fill_members(on, questions[i].set, members);
        column->members = members;
        column->scale = scale;
    }
    return status;
}

static leat_status lay_sets(leat_ranker *ranker, leat_arena *arena,
                            const struct question *questions, size_t n,
                            const leat_ask *asks, leat_error *error)
{
    uint64_t bytes = 0;
    uint32_t n_scales = 0;
    size_t first = 0, end;
    while (first < n && !questions[first].set)
        first++;
    ranker->scales = leat_arena_calloc(arena, ranker->n_columns - ranker->n_numeric + 1,
                                       sizeof *ranker->scales);
    leat_status status = ranker->scales ? LEAT_OK : LEAT_E_MEMORY;
    for (; !status && first < n; first = end) {
        end = first;
        while (end < n && questions[end].split.feature == questions[first].split.feature)
            end++;
        status = lay_feature(ranker, arena, n_scales++, questions + first, end - first,
                             asks, &bytes, error);
    }
    return status;
}

/* ---- looking up ---- */

static inline uint32_t count_f32(const float *bounds, float x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < SEGMENT; i++)
        n += x >= bounds[i];
    return n;
}

static inline uint32_t count_f64(const double *bounds, double x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < SEGMENT; i++)
        n += x >= bounds[i];
    return n;
}

#if defined(__x86_64__)

LEAT_AVX2_INLINE uint32_t count_f32_avx2(const float *bounds, float x)
{
    __m256 value = _mm256_set1_ps(x);
    __m256 low = _mm256_cmp_ps(value, _mm256_load_ps(bounds), _CMP_GE_OQ);
    __m256 high = _mm256_cmp_ps(value, _mm256_load_ps(bounds + 8), _CMP_GE_OQ);
    __m256i both =
        _mm256_packs_epi32(_mm256_castps_si256(low), _mm256_castps_si256(high));
    return (uint32_t)_mm_popcnt_u32((uint32_t)_mm256_movemask_epi8(both)) / 2;
}

LEAT_AVX2_INLINE __m256i reached(__m256d value, const double *bounds)
{
    return _mm256_castpd_si256(_mm256_cmp_pd(value, _mm256_load_pd(bounds), _CMP_GE_OQ));
}

LEAT_AVX2_INLINE uint32_t count_f64_avx2(const double *bounds, double x)
{
    __m256d value = _mm256_set1_pd(x);
    __m256i low = _mm256_packs_epi32(reached(value, bounds), reached(value, bounds + 4));
    __m256i high =
        _mm256_packs_epi32(reached(value, bounds + 8), reached(value, bounds + 12));
    __m256i all = _mm256_packs_epi16(low, high);
    return (uint32_t)_mm_popcnt_u32((uint32_t)_mm256_movemask_epi8(all)) / 2;
}

LEAT_AVX512_INLINE uint32_t count_f32_avx512(const float *bounds, float x)
{
    return (uint32_t)_mm_popcnt_u32(
        _mm512_cmp_ps_mask(_mm512_set1_ps(x), _mm512_load_ps(bounds), _CMP_GE_OQ));
}

LEAT_AVX512_INLINE uint32_t count_f64_avx512(const double *bounds, double x)
{
    __m512d value = _mm512_set1_pd(x);
    uint32_t low = _mm512_cmp_pd_mask(value, _mm512_load_pd(bounds), _CMP_GE_OQ);
    uint32_t high = _mm512_cmp_pd_mask(value, _mm512_load_pd(bounds + 8), _CMP_GE_OQ);
    return (uint32_t)_mm_popcnt_u32(low | high << 8);
}

#endif

/* `chosen` where the condition holds, without a branch: which of the events' numbers are
 * missing or zero cannot be foreseen. */
static inline int8_t choose(int condition, int8_t chosen, int8_t rank)
{
    return (int8_t)(rank ^ ((rank ^ chosen) & -condition));
}

/* All numeric columns. rows: [n_rows][n_features] */
#define RANK_NUMBERS(name, target, type, count)                                          \
    target __attribute__((always_inline)) static inline void name##_column(              \
        const leat_ranker *ranker, const struct column *column, const type *x,           \
        uint32_t n_rows, int8_t *ranks, size_t row_step)                                 \
    {                                                                                    \
        const type *pivots = (const type *)ranker->bounds + column->first;               \
        const type *bounds = pivots + SEGMENT, zero = (type)ranker->zero;                \
        const int8_t zero_rank = column->zero_rank, nan_rank = column->nan_rank;         \
        const uint32_t n_features = ranker->n_features, n_bounds = column->n_bounds;     \
        for (uint32_t row = 0; row < n_rows; row++, x += n_features) {                   \
            uint32_t at = n_bounds > SEGMENT ? SEGMENT * count(pivots, *x) : 0;          \
            at += count(bounds + at, *x);                                                \
            int8_t rank = (int8_t)((int)at - BIAS);                                      \
            rank = choose(fabs((double)*x) <= (double)zero, zero_rank, rank);            \
            ranks[row * row_step] = choose(isnan(*x), nan_rank, rank);                   \
        }                                                                                \
    }                                                                                    \
    target static void name(const leat_ranker *ranker, const void *rows,                 \
                            uint32_t n_rows, int8_t *ranks, size_t row_step,             \
                            size_t column_step)                                          \
    {                                                                                    \
        const struct column *column = ranker->columns,                                   \
                            *end = column + ranker->n_numeric;                           \
        for (; column < end; column++, ranks += column_step)                             \
            name##_column(ranker, column, (const type *)rows + column->feature, n_rows,  \
                          ranks, row_step);                                              \
    }

typedef void rank_numbers(const leat_ranker *ranker, const void *rows, uint32_t n_rows,
                          int8_t *ranks, size_t row_step, size_t column_step);

RANK_NUMBERS(rank_f32, , float, count_f32)
RANK_NUMBERS(rank_f64, , double, count_f64)
#if defined(__x86_64__)
RANK_NUMBERS(rank_f32_avx2, LEAT_AVX2, float, count_f32_avx2)
RANK_NUMBERS(rank_f64_avx2, LEAT_AVX2, double, count_f64_avx2)
RANK_NUMBERS(rank_f32_avx512, LEAT_AVX512, float, count_f32_avx512)
RANK_NUMBERS(rank_f64_avx512, LEAT_AVX512, double, count_f64_avx512)
#endif

static rank_numbers *pick(leat_dtype dtype)
{
    switch (leat_simd_level()) {
#if defined(__x86_64__)
    case LEAT_SIMD_AVX512:
        return dtype == LEAT_F32 ? rank_f32_avx512 : rank_f64_avx512;
    case LEAT_SIMD_AVX2:
        return dtype == LEAT_F32 ? rank_f32_avx2 : rank_f64_avx2;
#endif
    default:
        return dtype == LEAT_F32 ? rank_f32 : rank_f64;
    }
}

/* Where the rows' numbers of a feature stand on its scale. places: [n_rows] */
static void look_up(const leat_ranker *ranker, const struct scale *scale,
                    const void *rows, uint32_t n_rows, uint32_t *places)
{
    for (size_t row = 0; row < n_rows; row++) {
        double x =
            number_at(ranker->dtype, rows, row * ranker->n_features + scale->feature);
        places[row] = place_on(scale->bounds, scale->n, x);
    }
}

static void rank_members(const leat_ranker *ranker, const struct column *column,
                         const void *rows, uint32_t n_rows, const uint32_t *places,
                         int8_t *ranks, size_t row_step)
{
    for (size_t row = 0; row < n_rows; row++) {
        double x =
            number_at(ranker->dtype, rows, row * ranker->n_features + column->feature);
        int member = column->members[places[row] / 8] >> places[row] % 8 & 1;
        int8_t rank = (int8_t)(member - BIAS);
        rank = choose(fabs(x) <= ranker->zero, column->zero_rank, rank);
        ranks[row * row_step] = choose(isnan(x), column->nan_rank, rank);
    }
}

/* Columns of one scale stand side by side. */
static void run_sets(const leat_ranker *ranker, const void *rows, uint32_t n_rows,
                     int8_t *ranks, size_t row_step, size_t column_step)
{
    uint32_t places[ROWS], looked_up = UINT32_MAX;
    for (uint32_t c = ranker->n_numeric; c < ranker->n_columns; c++) {
        const struct column *column = &ranker->columns[c];
        if (column->scale != looked_up)
            look_up(ranker, &ranker->scales[column->scale], rows, n_rows, places);
        looked_up = column->scale;
        rank_members(ranker, column, rows, n_rows, places, ranks + c * column_step,
                     row_step);
    }
}

void leat_ranker_run(const leat_ranker *ranker, const void *rows, uint32_t n_rows,
                     int8_t *ranks, size_t row_step, size_t column_step)
{
    rank_numbers *run = pick(ranker->dtype);
    const size_t size = leat_dtype_size(ranker->dtype);
    const char *at = rows;
    while (n_rows) {
        uint32_t n = n_rows < ROWS ? n_rows : ROWS;
        run(ranker, at, n, ranks, row_step, column_step);
        run_sets(ranker, at, n, ranks, row_step, column_step);
        at += n * ranker->n_features * size;
        ranks += n * row_step;
        n_rows -= n;
    }
}

/* Where columns share a feature, each sets it in some of the rows. */
void leat_ranker_example(const leat_ranker *ranker, void *rows, uint32_t n_rows)
{
    uint64_t random = 1;
    for (uint32_t c = 0; c < ranker->n_numeric; c++) {
        const struct column *column = &ranker->columns[c];
        for (size_t row = 0; row < n_rows; row++) {
            random = random * 6364136223846793005 + 1442695040888963407;
            uint64_t place = (random >> 33) % (2 * column->n_bounds);
            if (place < column->n_bounds)
                put_number(ranker->dtype, rows,
                           row * ranker->n_features + column->feature,
                           number_at(ranker->dtype, ranker->bounds,
                                     column->first + SEGMENT + place));
        }
    }
}

uint32_t leat_ranker_columns(const leat_ranker *ranker)
{
    return ranker->n_columns;
}

uint32_t leat_ranker_cuts(const leat_ranker *ranker, uint32_t column)
{
    return ranker->columns[column].n_bounds;
}

/* ---- building ---- */

/* What zero and NaN rank as: by the way of the column's splits where they are missing,
 * else as the number zero does. */
static void settle_missing(leat_ranker *ranker, struct column *column)
{
    const int zero_is_missing =
        column->missing == LEAT_ZERO_LEFT || column->missing == LEAT_ZERO_RIGHT;
    uint32_t place = 0;
    if (column->members) {
        const struct scale *scale = &ranker->scales[column->scale];
        place = place_on(scale->bounds, scale->n, 0);
        place = column->members[place / 8] >> place % 8 & 1;
    } else {
        for (uint32_t i = 0; i < column->n_bounds; i++)
            place += number_at(ranker->dtype, ranker->bounds,
                               column->first + SEGMENT + i) <= 0;
    }
    column->zero_rank =
        zero_is_missing ? rank_of_missing(column->missing) : (int8_t)((int)place - BIAS);
    column->nan_rank = column->missing == LEAT_NAN_ZERO
                           ? column->zero_rank
                           : rank_of_missing(column->missing);
}

static leat_status lay_columns(leat_ranker *ranker, leat_arena *arena,
                               const struct question *questions, size_t n, leat_ask *asks,
                               leat_error *error)
{
    struct column *columns = calloc(n + 1, sizeof *columns);
    if (!columns)
        return LEAT_E_MEMORY;
    ranker->n_columns = assign(questions, n, columns, asks, &ranker->n_numeric);
    ranker->columns =
        leat_arena_calloc(arena, ranker->n_columns + 1, sizeof *ranker->columns);
    if (ranker->columns)
        memcpy(ranker->columns, columns, ranker->n_columns * sizeof *columns);
    free(columns);
    if (!ranker->columns)
        return LEAT_E_MEMORY;
    if (ranker->n_columns > LEAT_MAX_COLUMNS)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "the splits ask %u different columns: %d are supported",
                              ranker->n_columns, LEAT_MAX_COLUMNS);
    leat_status status = lay_bounds(ranker, arena, questions, n, asks);
    if (!status)
        status = lay_sets(ranker, arena, questions, n, asks, error);
    for (uint32_t c = 0; !status && c < ranker->n_columns; c++)
        settle_missing(ranker, &ranker->columns[c]);
    return status;
}

leat_status leat_ranker_new(leat_ranker **out, leat_arena *arena,
                            const leat_ranker_spec *spec, leat_ask *asks,
                            leat_error *error)
{
    leat_ranker *ranker = leat_arena_calloc(arena, 1, sizeof *ranker);
    struct question *questions = calloc(spec->n_splits + 1, sizeof *questions);
    leat_status status = LEAT_E_MEMORY;
    if (!ranker || !questions)
        goto out;
    ranker->dtype = spec->dtype;
    ranker->zero = spec->zero;
    ranker->n_features = spec->n_features;
    for (size_t i = 0; i < spec->n_splits; i++)
        questions[i] = (struct question){
            .split = spec->splits[i],
            .set = spec->splits[i].set == LEAT_NO_SET ? NULL
                                                      : &spec->sets[spec->splits[i].set],
            .index = i,
        };
    qsort(questions, spec->n_splits, sizeof *questions, compare_questions);
    status = lay_columns(ranker, arena, questions, spec->n_splits, asks, error);
    *out = ranker;
out:
    free(questions);
    return status == LEAT_E_MEMORY ? leat_error_set(error, status, "out of memory")
                                   : status;
}
