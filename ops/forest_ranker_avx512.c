#include "ops/forest_ranker_internal.h"
#include "ops/simd.h"

#if defined(__x86_64__)

#include <immintrin.h>

enum {
    LANES = 16,
    MOST_VECTORS = (LEAT_CUTS + 1 + LANES - 1) / LANES, /* of a heap */
};

/* The bounds that stand at `at`, on one level, of which a permutation reads the low bits:
 * two vectors at once, and what is above them chooses between pairs. */
LEAT_AVX512_INLINE __m512 fetch(const __m512 *heap, uint32_t level, __m512i at)
{
    __m512 found[MOST_VECTORS / 4];
    if (level <= LEAT_HEAP_LEVELS)
        return _mm512_permutexvar_ps(at, heap[level == LEAT_HEAP_LEVELS]);
    uint32_t n = (1u << level) / (2 * LANES), bit = 2 * LANES;
    heap += 2 * n;
    for (uint32_t i = 0; i < n; i++)
        found[i] = _mm512_permutex2var_ps(heap[2 * i], at, heap[2 * i + 1]);
    for (n /= 2; n; n /= 2, bit *= 2) {
        __mmask16 upper = _mm512_test_epi32_mask(at, _mm512_set1_epi32((int)bit));
        for (uint32_t i = 0; i < n; i++)
            found[i] = _mm512_mask_blend_ps(upper, found[2 * i], found[2 * i + 1]);
    }
    return found[0];
}

/* How many bounds each number reaches. */
LEAT_AVX512_INLINE __m512i descend(const __m512 *heap, uint32_t n_levels, __m512 x)
{
    const __m512i one = _mm512_set1_epi32(1);
    __m512i at = one;
    for (uint32_t level = 0; level < n_levels; level++) {
        __mmask16 reached = _mm512_cmp_ps_mask(x, fetch(heap, level, at), _CMP_GE_OQ);
        at = _mm512_add_epi32(at, at);
        at = _mm512_mask_add_epi32(at, reached, at, one);
    }
    return _mm512_sub_epi32(at, _mm512_set1_epi32(1 << n_levels));
}

LEAT_AVX512_INLINE void store(__m128i bytes, uint32_t n, int8_t *ranks, size_t row_step)
{
    int8_t rank[LANES];
    if (row_step == 1 && n == LANES) {
        _mm_storeu_si128((__m128i *)(void *)ranks, bytes);
        return;
    }
    _mm_storeu_si128((__m128i *)(void *)rank, bytes);
    for (uint32_t row = 0; row < n; row++)
        ranks[row * row_step] = rank[row];
}

LEAT_AVX512_INLINE void rank_column(const leat_ranker *ranker,
                                    const struct leat_rank_column *column,
                                    uint32_t n_levels, const float *x, uint32_t n_rows,
                                    int8_t *ranks, size_t row_step)
{
    const __m512 zero = _mm512_set1_ps((float)ranker->zero);
    const __m512i step = _mm512_set1_epi32((int)ranker->n_features);
    const __m512i row = _mm512_mullo_epi32(
        step, _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    const __m512i bias = _mm512_set1_epi32(LEAT_RANK_BIAS);
    __m512 heap[MOST_VECTORS];
    for (uint32_t i = 0; i < 1u << (n_levels - LEAT_HEAP_LEVELS); i++)
        heap[i] = _mm512_load_ps(ranker->heaps + column->heap + i * LANES);
    for (uint32_t n; n_rows; n_rows -= n) {
        n = n_rows < LANES ? n_rows : LANES;
        const __mmask16 lanes = (__mmask16)(UINT16_MAX >> (LANES - n));
        __m512 number =
            _mm512_mask_i32gather_ps(_mm512_setzero_ps(), lanes, row, x, sizeof *x);
        __m512i rank = _mm512_sub_epi32(descend(heap, n_levels, number), bias);
        rank = _mm512_mask_mov_epi32(
            rank, _mm512_cmp_ps_mask(_mm512_abs_ps(number), zero, _CMP_LE_OQ),
            _mm512_set1_epi32(column->zero_rank));
        rank =
            _mm512_mask_mov_epi32(rank, _mm512_cmp_ps_mask(number, number, _CMP_UNORD_Q),
                                  _mm512_set1_epi32(column->nan_rank));
        store(_mm512_cvtepi32_epi8(rank), n, ranks, row_step);
        x += (size_t)n * ranker->n_features;
        ranks += n * row_step;
    }
}

LEAT_AVX512 void leat_rank_f32_lanes(const leat_ranker *ranker, const void *rows,
                                     uint32_t n_rows, int8_t *ranks, size_t row_step,
                                     size_t column_step)
{
#define RANK_LEVELS(n)                                                                   \
    case n:                                                                              \
        rank_column(ranker, column, n, x, n_rows, ranks, row_step);                      \
        break
    for (uint32_t c = 0; c < ranker->n_numeric; c++, ranks += column_step) {
        const struct leat_rank_column *column = &ranker->columns[c];
        const float *x = (const float *)rows + column->feature;
        switch (column->n_levels) {
            RANK_LEVELS(4);
            RANK_LEVELS(5);
            RANK_LEVELS(6);
            RANK_LEVELS(7);
            RANK_LEVELS(8);
        }
    }
#undef RANK_LEVELS
}

#endif
