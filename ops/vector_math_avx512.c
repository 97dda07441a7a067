#include "ops/simd.h"
#include "ops/vector_math_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET LEAT_AVX512

typedef __m512 vec;
enum { LANES = 16, NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC };

#define load                 _mm512_loadu_ps
#define store                _mm512_storeu_ps
#define load_part(from, n)   _mm512_maskz_loadu_ps(first_lanes(n), from)
#define store_part(to, n, x) _mm512_mask_storeu_ps(to, first_lanes(n), x)
#define splat                _mm512_set1_ps
#define first                _mm512_cvtss_f32
#define add                  _mm512_add_ps
#define subtract             _mm512_sub_ps
#define multiply             _mm512_mul_ps
#define divide               _mm512_div_ps
#define multiply_add         _mm512_fmadd_ps
#define negated_multiply_add _mm512_fnmadd_ps
#define min                  _mm512_min_ps
#define max                  _mm512_max_ps
#define nearest(x)           _mm512_roundscale_ps(x, NEAREST)
#define and_                 _mm512_and_ps
#define or_                  _mm512_or_ps
#define and_not              _mm512_andnot_ps
#define scale                _mm512_scalef_ps
#define where_above(a, b, x, y)                                                          \
    _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), y, x)
#define where_negative(a, x, y)                                                          \
    _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(a)), y, x)

TARGET static inline __mmask16 first_lanes(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

#include "ops/vector_math.inc"

const leat_vector_math leat_vector_math_avx512 = {LEAT_VECTOR_MATH(ENTRY)};
#endif
