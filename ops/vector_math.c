#include "ops/simd.h"
#include "ops/vector_math_kernel.h"

#include <math.h>

/* By e^-|x|, which cannot overflow and loses nothing where the result is small. */
static float sigmoid(float x)
{
    const float e = expf(-fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static float gelu(float x)
{
    return 0.5f * x * (1 + erff(x * LEAT_SQRT_HALF));
}

static float gelu_tanh(float x)
{
    const float inner = LEAT_SQRT_2_PI * (x + LEAT_GELU_CUBIC * x * x * x);
    return 0.5f * x * (1 + tanhf(inner));
}

/* What is called one by one. */
#define exp_one       expf
#define tanh_one      tanhf
#define sigmoid_one   sigmoid
#define erf_one       erff
#define gelu_one      gelu
#define gelu_tanh_one gelu_tanh

#define EACH(name)                                                                       \
    static void each_##name(const float *x, size_t n, float *y)                          \
    {                                                                                    \
        for (size_t i = 0; i < n; i++)                                                   \
            y[i] = name##_one(x[i]);                                                     \
    }

LEAT_VECTOR_MATH(EACH)

#define ENTRY(name) each_##name,
static const leat_vector_math portable = {LEAT_VECTOR_MATH(ENTRY)};

static const leat_vector_math *const by_level[] = {
    [LEAT_SIMD_NONE] = &portable,
#if defined(__x86_64__)
    [LEAT_SIMD_AVX2] = &leat_vector_math_avx2,
    [LEAT_SIMD_AVX512] = &leat_vector_math_avx512,
#endif
};

#define DEFINE(name)                                                                     \
    void leat_##name##_f32(const float *x, size_t n, float *y)                           \
    {                                                                                    \
        by_level[leat_simd_level()]->name##_f32(x, n, y);                                \
    }

LEAT_VECTOR_MATH(DEFINE)
