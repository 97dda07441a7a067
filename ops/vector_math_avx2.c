#include "ops/simd.h"
#include "ops/vector_math_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET LEAT_AVX2

typedef __m256 vec;
enum { LANES = 8, NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

#define load                    _mm256_loadu_ps
#define store                   _mm256_storeu_ps
#define load_part(from, n)      _mm256_maskload_ps(from, first_lanes(n))
#define store_part(to, n, x)    _mm256_maskstore_ps(to, first_lanes(n), x)
#define splat                   _mm256_set1_ps
#define first                   _mm256_cvtss_f32
#define add                     _mm256_add_ps
#define subtract                _mm256_sub_ps
#define multiply                _mm256_mul_ps
#define divide                  _mm256_div_ps
#define multiply_add            _mm256_fmadd_ps
#define negated_multiply_add    _mm256_fnmadd_ps
#define min                     _mm256_min_ps
#define max                     _mm256_max_ps
#define nearest(x)              _mm256_round_ps(x, NEAREST)
#define and_                    _mm256_and_ps
#define or_                     _mm256_or_ps
#define and_not                 _mm256_andnot_ps
#define where_above(a, b, x, y) _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_GT_OQ))
#define where_negative(a, x, y) _mm256_blendv_ps(y, x, a)

TARGET static inline __m256i first_lanes(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

/* 2^n for n in [-126, 127]. */
TARGET static inline __m256 power_of_two(__m256i n)
{
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

/* 2^n comes in halves, of which only the second rounds. */
TARGET static inline __m256 scale(__m256 x, __m256 n)
{
    const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    return _mm256_mul_ps(_mm256_mul_ps(x, power_of_two(half)),
                         power_of_two(_mm256_sub_epi32(whole, half)));
}

#include "ops/vector_math.inc"

const leat_vector_math leat_vector_math_avx2 = {LEAT_VECTOR_MATH(ENTRY)};
#endif
