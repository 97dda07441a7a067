#include "ops/forest_ranker_internal.h"
#include "ops/simd.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline uint32_t count_f32(const float *bounds, float x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < LEAT_SEGMENT; i++)
        n += x >= bounds[i];
    return n;
}

static inline uint32_t count_f64(const double *bounds, double x)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < LEAT_SEGMENT; i++)
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
        const leat_ranker *ranker, const struct leat_rank_column *column, const type *x, \
        uint32_t n_rows, int8_t *ranks, size_t row_step)                                 \
    {                                                                                    \
        const type *pivots = (const type *)ranker->bounds + column->first;               \
        const type *bounds = pivots + LEAT_SEGMENT, zero = (type)ranker->zero;           \
        const int8_t zero_rank = column->zero_rank, nan_rank = column->nan_rank;         \
        const uint32_t n_features = ranker->n_features, n_bounds = column->n_bounds;     \
        for (uint32_t row = 0; row < n_rows; row++, x += n_features) {                   \
            uint32_t at =                                                                \
                n_bounds > LEAT_SEGMENT ? LEAT_SEGMENT * count(pivots, *x) : 0;          \
            at += count(bounds + at, *x);                                                \
            int8_t rank = (int8_t)((int)at - LEAT_RANK_BIAS);                            \
            rank = choose(fabs((double)*x) <= (double)zero, zero_rank, rank);            \
            ranks[row * row_step] = choose(isnan(*x), nan_rank, rank);                   \
        }                                                                                \
    }                                                                                    \
    target static void name(const leat_ranker *ranker, const void *rows,                 \
                            uint32_t n_rows, int8_t *ranks, size_t row_step,             \
                            size_t column_step)                                          \
    {                                                                                    \
        const struct leat_rank_column *column = ranker->columns,                         \
                                      *end = column + ranker->n_numeric;                 \
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

static rank_numbers *pick(leat_dtype dtype, uint32_t n_rows)
{
    switch (leat_simd_level()) {
#if defined(__x86_64__)
    case LEAT_SIMD_AVX512:
        return dtype != LEAT_F32         ? rank_f64_avx512
               : n_rows < LEAT_LANE_ROWS ? rank_f32_avx512
                                         : leat_rank_f32_lanes;
    case LEAT_SIMD_AVX2:
        return dtype == LEAT_F32 ? rank_f32_avx2 : rank_f64_avx2;
#endif
    default:
        return dtype == LEAT_F32 ? rank_f32 : rank_f64;
    }
}

/* Where the rows' numbers of a feature stand on its scale. places: [n_rows] */
static void look_up(const leat_ranker *ranker, const struct leat_rank_scale *scale,
                    const void *rows, uint32_t n_rows, uint32_t *places)
{
    for (size_t row = 0; row < n_rows; row++) {
        double x = leat_number_at(ranker->dtype, rows,
                                  row * ranker->n_features + scale->feature);
        places[row] = leat_place_on(scale->bounds, scale->n, x);
    }
}

static void rank_members(const leat_ranker *ranker, const struct leat_rank_column *column,
                         const void *rows, uint32_t n_rows, const uint32_t *places,
                         int8_t *ranks, size_t row_step)
{
    for (size_t row = 0; row < n_rows; row++) {
        double x = leat_number_at(ranker->dtype, rows,
                                  row * ranker->n_features + column->feature);
        int member = column->members[places[row] / 8] >> places[row] % 8 & 1;
        int8_t rank = (int8_t)(member - LEAT_RANK_BIAS);
        rank = choose(fabs(x) <= ranker->zero, column->zero_rank, rank);
        ranks[row * row_step] = choose(isnan(x), column->nan_rank, rank);
    }
}

/* Columns of one scale stand side by side. */
static void run_sets(const leat_ranker *ranker, const void *rows, uint32_t n_rows,
                     int8_t *ranks, size_t row_step, size_t column_step)
{
    uint32_t places[LEAT_RANK_ROWS], looked_up = UINT32_MAX;
    for (uint32_t c = ranker->n_numeric; c < ranker->n_columns; c++) {
        const struct leat_rank_column *column = &ranker->columns[c];
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
    rank_numbers *run = pick(ranker->dtype, n_rows);
    const size_t size = leat_dtype_size(ranker->dtype);
    const char *at = rows;
    while (n_rows) {
        uint32_t n = n_rows < LEAT_RANK_ROWS ? n_rows : LEAT_RANK_ROWS;
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
        const struct leat_rank_column *column = &ranker->columns[c];
        for (size_t row = 0; row < n_rows; row++) {
            random = random * 6364136223846793005 + 1442695040888963407;
            uint64_t place = (random >> 33) % (2 * column->n_bounds);
            if (place < column->n_bounds)
                leat_put_number(ranker->dtype, rows,
                                row * ranker->n_features + column->feature,
                                leat_number_at(ranker->dtype, ranker->bounds,
                                               column->first + LEAT_SEGMENT + place));
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
