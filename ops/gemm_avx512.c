#include "ops/gemm_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma")))

typedef __m512 vec;
enum { LANES = 16 };

#define zero                  _mm512_setzero_ps
#define load                  _mm512_loadu_ps
#define store                 _mm512_storeu_ps
#define load_part(from, n)    _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), from)
#define store_part(to, n, x)  _mm512_mask_storeu_ps(to, (__mmask16)((1u << (n)) - 1), x)
#define broadcast(from)       _mm512_set1_ps(*(from))
#define multiply_add(a, b, c) _mm512_fmadd_ps(a, b, c)
#define max                   _mm512_max_ps

/* The second half onto the first, and so on. */
TARGET static inline float sum_16(const vec *x)
{
    __m256 by_8 =
        _mm256_add_ps(_mm512_castps512_ps256(*x), _mm512_extractf32x8_ps(*x, 1));
    __m128 by_4 =
        _mm_add_ps(_mm256_castps256_ps128(by_8), _mm256_extractf128_ps(by_8, 1));
    __m128 by_2 = _mm_add_ps(by_4, _mm_movehl_ps(by_4, by_4));
    return _mm_cvtss_f32(_mm_add_ss(by_2, _mm_movehdup_ps(by_2)));
}

#include "ops/gemm_tile.inc"

/* 32 registers: up to 24 hold the tile. */
#define ROWS_OF_2(rows) STRIP(rows) TILE(rows, 1) TILE(rows, 2)
#define ROWS_OF_4(rows) ROWS_OF_2(rows) TILE(rows, 4)
#define ROWS_OF_8(rows) ROWS_OF_4(rows) TILE(rows, 8)
ROWS_OF_4(1)
ROWS_OF_8(2)
ROWS_OF_8(3)
ROWS_OF_4(4)
ROWS_OF_4(5)
ROWS_OF_4(6)
ROWS_OF_2(7)
ROWS_OF_2(8)
ROWS_OF_2(9)
ROWS_OF_2(10)
ROWS_OF_2(11)
ROWS_OF_2(12)

static const leat_gemm_tile_run strips[MOST_ROWS] = {
    strip_1, strip_2, strip_3, strip_4,  strip_5,  strip_6,
    strip_7, strip_8, strip_9, strip_10, strip_11, strip_12,
};

static const leat_gemm_tile_run tiles[MOST_ROWS][LEAT_GEMM_WIDTHS] = {
    {tile_1x1, tile_1x2, tile_1x4},
    {tile_2x1, tile_2x2, tile_2x4, tile_2x8},
    {tile_3x1, tile_3x2, tile_3x4, tile_3x8},
    {tile_4x1, tile_4x2, tile_4x4},
    {tile_5x1, tile_5x2, tile_5x4},
    {tile_6x1, tile_6x2, tile_6x4},
    {tile_7x1, tile_7x2},
    {tile_8x1, tile_8x2},
    {tile_9x1, tile_9x2},
    {tile_10x1, tile_10x2},
    {tile_11x1, tile_11x2},
    {tile_12x1, tile_12x2},
};

const leat_gemm_kernel *leat_gemm_avx512(void)
{
    static const leat_gemm_kernel kernel = {"avx512", MOST_ROWS, tiles,
                                            narrow,   strips,    NULL};
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl")
               ? &kernel
               : NULL;
}

#else

const leat_gemm_kernel *leat_gemm_avx512(void)
{
    return NULL;
}

#endif
