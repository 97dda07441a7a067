/* ops/line.h: the elements along neighbouring axes of an array, as doubles.
 *
 * Softmax and the normalisations work on a line at a time, and load it as doubles: f32 and
 * f64 share one text, sums lose nothing, and conversion costs less than what is done with
 * the elements.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_LINE_H
#define LEAT_OPS_LINE_H

#include "ops/array.h"

/* An array as [outer][n][inner], whose lines are n elements, `inner` apart. */
typedef struct leat_lines {
    size_t outer, n, inner;
} leat_lines;

/* The lines along the axes [first, end). */
leat_lines leat_lines_along(const leat_array *array, uint32_t first, uint32_t end);

/* n elements of an f32 or f64 array, `stride` apart, from element `at` on. */
void leat_line_load(double *line, const leat_array *from, size_t at, size_t stride,
                    size_t n);
void leat_line_store(leat_array *to, size_t at, size_t stride, size_t n,
                     const double *line);

/* Sums of x, of |x - centre| and of (x - centre)^2 over a line. */
double leat_line_sum(const double *line, size_t n);
double leat_line_deviations(const double *line, size_t n, double centre);
double leat_line_squares(const double *line, size_t n, double centre);

#endif
