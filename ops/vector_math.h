/* ops/vector_math.h: exp, tanh, sigmoid and erf of many floats at once.
 *
 * Eight at a time where the machine has AVX2 and FMA, libm's one by one elsewhere. An
 * element's result depends on that element alone, not on where it stands or on how many
 * there are, so a row scores the same in every batch. y may be x.
 *
 * NaN gives NaN; infinities, overflow, underflow into subnormals and -0.0 come out as
 * libm's do. Largest error in ulp against libm in double, over every 97th float:
 *
 *              AVX2    portable
 *     exp      0.98    0.51
 *     tanh     1.31    2.14
 *     sigmoid  2.29    2.23
 *     erf      0.99    0.91
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

/* The same without SIMD, whatever the machine has. */
void leat_exp_f32_portable(const float *x, size_t n, float *y);
void leat_tanh_f32_portable(const float *x, size_t n, float *y);
void leat_sigmoid_f32_portable(const float *x, size_t n, float *y);
void leat_erf_f32_portable(const float *x, size_t n, float *y);

#endif
