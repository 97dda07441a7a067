/* ops/vector_math.h: exp, tanh, sigmoid, erf and GELU of many floats at once.
 *
 * Sixteen at a time with AVX-512, eight with AVX2, with the same results; libm's one by
 * one where leat_simd_level() has neither. An element's result depends on that element
 * alone, not on where it stands or on how many there are, so a row scores the same in
 * every batch. y may be x.
 *
 * NaN gives NaN; infinities, overflow, underflow into subnormals and -0.0 come out as
 * libm's do. Largest error in ulp against libm in double, over every 97th float:
 *
 *              SIMD    portable
 *     exp      0.98    0.51
 *     tanh     1.31    2.14
 *     sigmoid  2.29    2.23
 *     erf      0.99    0.91
 *
 * GELU's is in ulp of x, because below 0 most of the result cancels: gelu 1.36 and 1.32,
 * gelu_tanh 1.31 and 1.71.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_VECTOR_MATH_H
#define LEAT_OPS_VECTOR_MATH_H

#include <stddef.h>

void leat_exp_f32(const float *x, size_t n, float *y);
void leat_tanh_f32(const float *x, size_t n, float *y);
void leat_sigmoid_f32(const float *x, size_t n, float *y);
void leat_erf_f32(const float *x, size_t n, float *y);

/* x / 2 (1 + erf(x / sqrt 2)), and x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). */
void leat_gelu_f32(const float *x, size_t n, float *y);
void leat_gelu_tanh_f32(const float *x, size_t n, float *y);

#endif
