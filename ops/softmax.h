/* ops/softmax.h: softmax of rows of floats, for the operator and for attention.
 *
 * The maximum is subtracted, so nothing overflows. A row where all is -Inf, or where
 * there is a NaN or +Inf, is all NaN. A row's result depends on that row alone. What is
 * less than 2e-38 of the maximum's share is 0.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_SOFTMAX_H
#define LEAT_OPS_SOFTMAX_H

#include <stddef.h>

/* x and y: [rows][n]; y may be x. */
void leat_softmax_f32(const float *x, size_t rows, size_t n, float *y);

#endif
