/* ops/ml_rows.h: arrays as the operators of ai.onnx.ml see them: rows of numbers.
 *
 * Two axes are rows and columns, one axis is a single row. What is not float32 is made so,
 * as these operators compute in float32.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   leat_ml_rows_check: E_UNSUPPORTED beyond two axes.
 */
#ifndef LEAT_OPS_ML_ROWS_H
#define LEAT_OPS_ML_ROWS_H

#include "ops/operator.h"

enum { LEAT_NUMBERS = 1u << LEAT_F32 | 1u << LEAT_F64 | 1u << LEAT_I64 | 1u << LEAT_I32 };

typedef struct leat_ml_rows {
    uint32_t n;
    uint32_t width;
} leat_ml_rows;

leat_ml_rows leat_ml_rows_of(const leat_array *array);

/* One or two axes, and `width` columns unless that is 0. */
leat_status leat_ml_rows_check(const leat_array *array, uint32_t width,
                               leat_error *error) LEAT_MUST_CHECK;

/* out[0..n) = the elements from `first` on, as float32. */
void leat_ml_rows_read(const leat_array *array, size_t first, size_t n, float *out);

/* All of them where they lie, when they are float32; else read into `space`. */
const float *leat_ml_rows_floats(const leat_array *array, float *space);

/* Bytes of the space that leat_ml_rows_floats() needs. */
size_t leat_ml_rows_space(const leat_array *array);

/* Every i-th of n factors, or always the only one: the step through a list of either. */
static inline size_t leat_ml_rows_step(size_t n_factors)
{
    return n_factors == 1 ? 0 : 1;
}

/* The dot product of a[0..n) and b[0..n), in eight partial sums. */
float leat_ml_rows_dot(const float *a, const float *b, size_t n);

#endif
