/* ops/vector_math_kernel.h: what stands behind ops/vector_math.h.
 *
 * vector_math_avx512.c and vector_math_avx2.c each instantiate vector_math.inc.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_VECTOR_MATH_KERNEL_H
#define LEAT_OPS_VECTOR_MATH_KERNEL_H

#include "ops/vector_math.h"

/* Every function: ROW(name). */
#define LEAT_VECTOR_MATH(ROW)                                                            \
    ROW(exp) ROW(tanh) ROW(sigmoid) ROW(erf) ROW(gelu) ROW(gelu_tanh)

#define LEAT_SQRT_HALF  0.70710678f
#define LEAT_SQRT_2_PI  0.79788456f /* sqrt(2 / pi) */
#define LEAT_GELU_CUBIC 0.044715f

#define LEAT_VECTOR_MATH_MEMBER(name)                                                    \
    void (*name##_f32)(const float *x, size_t n, float *y);

typedef struct leat_vector_math {
    LEAT_VECTOR_MATH(LEAT_VECTOR_MATH_MEMBER)
} leat_vector_math;

/* Only where leat_simd_level() says so. */
extern const leat_vector_math leat_vector_math_avx512;
extern const leat_vector_math leat_vector_math_avx2;

#endif
