#include "ops/vector_math.h"

#include <math.h>
#include <string.h>

void leat_exp_f32_portable(const float *x, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = expf(x[i]);
}

void leat_tanh_f32_portable(const float *x, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = tanhf(x[i]);
}

/* By e^-|x|, which cannot overflow and loses nothing where the result is small. */
void leat_sigmoid_f32_portable(const float *x, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++) {
        const float e = expf(-fabsf(x[i]));
        y[i] = (x[i] < 0 ? e : 1) / (1 + e);
    }
}

void leat_erf_f32_portable(const float *x, size_t n, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = erff(x[i]);
}

#if defined(__x86_64__)
#include <immintrin.h>

/* The polynomials are minimax fits, in relative error of the function's value. */

#define AVX2        __attribute__((target("avx2,fma")))
#define AVX2_INLINE __attribute__((target("avx2,fma"), always_inline)) static inline

enum { LANES = 8 };

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* c[0] + c[1] x + c[2] x^2 ... */
AVX2_INLINE __m256 polynomial(__m256 x, const float *c, int n)
{
    __m256 sum = _mm256_set1_ps(c[n - 1]);
    for (int i = n - 2; i >= 0; i--)
        sum = _mm256_fmadd_ps(sum, x, _mm256_set1_ps(c[i]));
    return sum;
}

AVX2_INLINE __m256 absolute(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

/* The sign of x on a magnitude. */
AVX2_INLINE __m256 with_sign(__m256 magnitude, __m256 x)
{
    return _mm256_or_ps(magnitude, _mm256_and_ps(_mm256_set1_ps(-0.0f), x));
}

/* 2^n for n in [-126, 127]. */
AVX2_INLINE __m256 power_of_two(__m256i n)
{
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

/* e^x = 2^n e^r, |r| <= ln 2 / 2. n reaches beyond a float's exponents, on purpose: the
 * product overflows or sinks into the subnormals by itself, when 2^n comes in halves.
 * min and max give their second operand when there is a NaN. */
AVX2_INLINE __m256 exp_lanes(__m256 x)
{
    static const float c[] = {0x1.fffffcp-2f, 0x1.555490p-3f, 0x1.5558f4p-5f,
                              0x1.123a6cp-7f, 0x1.6a2352p-10f};
    x = _mm256_min_ps(_mm256_set1_ps(89), x);
    x = _mm256_max_ps(_mm256_set1_ps(-105), x);
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(0x1.715476p+0f)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.62e430p-1f), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-0x1.05c610p-29f), r);
    const __m256 square = _mm256_mul_ps(r, r);
    const __m256 rest = _mm256_fmadd_ps(square, polynomial(r, c, 5), r);
    const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    const __m256 scaled =
        _mm256_mul_ps(_mm256_add_ps(rest, _mm256_set1_ps(1)), power_of_two(half));
    return _mm256_mul_ps(scaled, power_of_two(_mm256_sub_epi32(whole, half)));
}

/* x + x^3 P(x^2) near zero; 1 - 2 / (e^2|x| + 1) further out, where it loses nothing. */
AVX2_INLINE __m256 tanh_lanes(__m256 x)
{
    static const float c[] = {-0x1.555532p-2f, 0x1.110726p-3f, -0x1.b83c58p-5f,
                              0x1.522694p-6f, -0x1.75e1aep-8f};
    const __m256 size = absolute(x), one = _mm256_set1_ps(1);
    const __m256 square = _mm256_mul_ps(x, x);
    const __m256 near =
        _mm256_fmadd_ps(_mm256_mul_ps(size, square), polynomial(square, c, 5), size);
    const __m256 e = exp_lanes(_mm256_add_ps(size, size));
    const __m256 far =
        _mm256_sub_ps(one, _mm256_div_ps(_mm256_set1_ps(2), _mm256_add_ps(e, one)));
    const __m256 is_far = _mm256_cmp_ps(size, _mm256_set1_ps(0.625f), _CMP_GT_OQ);
    return with_sign(_mm256_blendv_ps(near, far, is_far), x);
}

AVX2_INLINE __m256 sigmoid_lanes(__m256 x)
{
    const __m256 one = _mm256_set1_ps(1);
    const __m256 e = exp_lanes(_mm256_or_ps(_mm256_set1_ps(-0.0f), x));
    return _mm256_div_ps(_mm256_blendv_ps(one, e, x), _mm256_add_ps(one, e));
}

/* x + x P(x^2) up to 1; 1 - e^(-x - x Q(x)) above, which is 1 from 3.92 on. */
AVX2_INLINE __m256 erf_lanes(__m256 x)
{
    static const float p[] = {0x1.06eba8p-3f,  -0x1.81273ep-2f, 0x1.ce2cf8p-4f,
                              -0x1.b7f90cp-6f, 0x1.5405aep-8f,  -0x1.a3f6e2p-11f,
                              0x1.4969cep-14f};
    static const float q[] = {0x1.079260p-3f,  0x1.451942p-1f, 0x1.b46cd0p-4f,
                              -0x1.89a23cp-6f, 0x1.ed70d0p-9f, -0x1.717202p-12f,
                              0x1.da3f54p-17f};
    const __m256 size = absolute(x), one = _mm256_set1_ps(1);
    const __m256 near =
        _mm256_fmadd_ps(size, polynomial(_mm256_mul_ps(x, x), p, 7), size);
    const __m256 t = _mm256_min_ps(_mm256_set1_ps(4), size);
    const __m256 power = _mm256_fmadd_ps(t, polynomial(t, q, 7), t);
    const __m256 far =
        _mm256_sub_ps(one, exp_lanes(_mm256_xor_ps(_mm256_set1_ps(-0.0f), power)));
    const __m256 is_far = _mm256_cmp_ps(size, one, _CMP_GT_OQ);
    return with_sign(_mm256_blendv_ps(near, far, is_far), x);
}

/* The last few go through the same lanes as all others, one by one: as a vector, what was
 * just written as single floats would be waited for. */
AVX2_INLINE void each(const float *x, size_t n, float *y, __m256 (*lanes)(__m256))
{
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        _mm256_storeu_ps(y + i, lanes(_mm256_loadu_ps(x + i)));
    for (; i < n; i++)
        y[i] = _mm256_cvtss_f32(lanes(_mm256_broadcast_ss(x + i)));
}

AVX2 static void exp_avx2(const float *x, size_t n, float *y)
{
    each(x, n, y, exp_lanes);
}

AVX2 static void tanh_avx2(const float *x, size_t n, float *y)
{
    each(x, n, y, tanh_lanes);
}

AVX2 static void sigmoid_avx2(const float *x, size_t n, float *y)
{
    each(x, n, y, sigmoid_lanes);
}

AVX2 static void erf_avx2(const float *x, size_t n, float *y)
{
    each(x, n, y, erf_lanes);
}

#else

static int has_avx2(void)
{
    return 0;
}

#define exp_avx2     leat_exp_f32_portable
#define tanh_avx2    leat_tanh_f32_portable
#define sigmoid_avx2 leat_sigmoid_f32_portable
#define erf_avx2     leat_erf_f32_portable
#endif

void leat_exp_f32(const float *x, size_t n, float *y)
{
    (has_avx2() ? exp_avx2 : leat_exp_f32_portable)(x, n, y);
}

void leat_tanh_f32(const float *x, size_t n, float *y)
{
    (has_avx2() ? tanh_avx2 : leat_tanh_f32_portable)(x, n, y);
}

void leat_sigmoid_f32(const float *x, size_t n, float *y)
{
    (has_avx2() ? sigmoid_avx2 : leat_sigmoid_f32_portable)(x, n, y);
}

void leat_erf_f32(const float *x, size_t n, float *y)
{
    (has_avx2() ? erf_avx2 : leat_erf_f32_portable)(x, n, y);
}
