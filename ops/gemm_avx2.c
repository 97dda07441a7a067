#include "ops/gemm_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))

typedef __m256 vec;
enum { LANES = 8 };

#define zero                  _mm256_setzero_ps
#define load                  _mm256_loadu_ps
#define store                 _mm256_storeu_ps
#define load_part(from, n)    _mm256_maskload_ps(from, first_lanes(n))
#define store_part(to, n, x)  _mm256_maskstore_ps(to, first_lanes(n), x)
#define broadcast(from)       _mm256_broadcast_ss(from)
#define multiply_add(a, b, c) _mm256_fmadd_ps(a, b, c)
#define max                   _mm256_max_ps

TARGET static inline __m256i first_lanes(uint32_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

/* The second half onto the first, and so on. */
TARGET static inline float sum_16(const vec *x)
{
    __m256 by_8 = _mm256_add_ps(x[0], x[1]);
    __m128 by_4 =
        _mm_add_ps(_mm256_castps256_ps128(by_8), _mm256_extractf128_ps(by_8, 1));
    __m128 by_2 = _mm_add_ps(by_4, _mm_movehl_ps(by_4, by_4));
    return _mm_cvtss_f32(_mm_add_ss(by_2, _mm_movehdup_ps(by_2)));
}

#include "ops/gemm_tile.inc"

/* 16 registers: up to 12 hold the tile. */
#define ROWS_OF_1(rows) STRIP(rows) TILE(rows, 1)
#define ROWS_OF_2(rows) ROWS_OF_1(rows) TILE(rows, 2)
#define ROWS_OF_4(rows) ROWS_OF_2(rows) TILE(rows, 4)
ROWS_OF_4(1)
ROWS_OF_2(2)
ROWS_OF_2(3)
ROWS_OF_1(4)
ROWS_OF_1(5)
ROWS_OF_1(6)

static const leat_gemm_tile_run strips[] = {strip_1, strip_2, strip_3,
                                            strip_4, strip_5, strip_6};

static const leat_gemm_tile_run tiles[][LEAT_GEMM_WIDTHS] = {
    {tile_1x1, tile_1x2, tile_1x4},
    {tile_2x1, tile_2x2},
    {tile_3x1, tile_3x2},
    {tile_4x1},
    {tile_5x1},
    {tile_6x1},
};

const leat_gemm_kernel *leat_gemm_avx2(void)
{
    static const leat_gemm_kernel kernel = {
        "avx2", sizeof tiles / sizeof *tiles, tiles, narrow, strips, NULL};
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernel
                                                                           : NULL;
}

#else

const leat_gemm_kernel *leat_gemm_avx2(void)
{
    return NULL;
}

#endif
