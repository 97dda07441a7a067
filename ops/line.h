/* ops/line.h: the elements along neighbouring axes of an array, as doubles.
 *
 * Softmax and the normalisations work on a line at a time, and load it as doubles: f32
 * and f64 share one text, sums lose nothing, and conversion costs less than what is done
 * with the elements.
 *
 * All is inline, so that who loops over lines can do so in a function for each leat_simd.
 * They say the same in the same order: their results have the same bits.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_LINE_H
#define LEAT_OPS_LINE_H

#include "ops/array.h"
#include "ops/simd.h"

#include <math.h>

#define LEAT_LINE_INLINE __attribute__((always_inline)) static inline

/* name_by_level: the inline function `name` as one for each leat_simd. `parameters` and
 * `arguments` are in parentheses. */
#if defined(__x86_64__)
#define LEAT_LINE_BY_LEVEL(name, parameters, arguments)                                  \
    LEAT_LINE_AS(name##_portable, parameters, name arguments)                            \
    LEAT_AVX2 LEAT_LINE_AS(name##_avx2, parameters, name arguments) LEAT_AVX512          \
    LEAT_LINE_AS(name##_avx512, parameters,                                              \
                 name arguments) static void(*const name##_by_level[])                   \
        parameters = {name##_portable, name##_avx2, name##_avx512}
#else
#define LEAT_LINE_BY_LEVEL(name, parameters, arguments)                                  \
    LEAT_LINE_AS(name##_portable, parameters, name arguments)                            \
    static void(*const name##_by_level[]) parameters = {name##_portable}
#endif

#define LEAT_LINE_AS(as, parameters, call)                                               \
    static void as parameters                                                            \
    {                                                                                    \
        call;                                                                            \
    }

/* An array as [outer][n][inner], whose lines are n elements, `inner` apart. */
typedef struct leat_lines {
    size_t outer, n, inner;
} leat_lines;

/* The lines along the axes [first, end). */
static inline leat_lines leat_lines_along(const leat_array *array, uint32_t first,
                                          uint32_t end)
{
    return (leat_lines){
        .outer = leat_array_span(array, 0, first),
        .n = leat_array_span(array, first, end),
        .inner = leat_array_span(array, end, array->rank),
    };
}

/* n elements of an f32 or f64 array, `stride` apart, from element `at` on. */
LEAT_LINE_INLINE void leat_line_load(double *restrict line, const leat_array *from,
                                     size_t at, size_t stride, size_t n)
{
    if (from->dtype == LEAT_F64) {
        const double *x = (const double *)from->data + at;
        for (size_t i = 0; i < n; i++)
            line[i] = x[i * stride];
        return;
    }
    const float *x = (const float *)from->data + at;
    if (stride == 1)
        for (size_t i = 0; i < n; i++)
            line[i] = (double)x[i];
    else
        for (size_t i = 0; i < n; i++)
            line[i] = (double)x[i * stride];
}

LEAT_LINE_INLINE void leat_line_store(leat_array *to, size_t at, size_t stride, size_t n,
                                      const double *restrict line)
{
    if (to->dtype == LEAT_F64) {
        double *y = (double *)to->data + at;
        for (size_t i = 0; i < n; i++)
            y[i * stride] = line[i];
        return;
    }
    float *y = (float *)to->data + at;
    if (stride == 1)
        for (size_t i = 0; i < n; i++)
            y[i] = (float)line[i];
    else
        for (size_t i = 0; i < n; i++)
            y[i * stride] = (float)line[i];
}

/* Eight sums side by side, since one alone would wait for each addition; and what they
 * come to. `x` is an element in the term. */
#define LEAT_LINE_SUM(term)                                                              \
    double sums[8] = {0};                                                                \
    size_t i = 0;                                                                        \
    for (; i + 8 <= n; i += 8)                                                           \
        for (size_t k = 0; k < 8; k++) {                                                 \
            const double x = (double)line[i + k];                                        \
            sums[k] += (term);                                                           \
        }                                                                                \
    for (; i < n; i++) {                                                                 \
        const double x = (double)line[i];                                                \
        sums[0] += (term);                                                               \
    }                                                                                    \
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) +                                 \
           ((sums[2] + sums[6]) + (sums[3] + sums[7]))

LEAT_LINE_INLINE double leat_line_sum(const double *line, size_t n)
{
    LEAT_LINE_SUM(x);
}

LEAT_LINE_INLINE double leat_line_sum_f32(const float *line, size_t n)
{
    LEAT_LINE_SUM(x);
}

/* The sum of |x|. */
LEAT_LINE_INLINE double leat_line_magnitude(const double *line, size_t n)
{
    LEAT_LINE_SUM(fabs(x));
}

/* The sum of (x - centre)^2. */
LEAT_LINE_INLINE double leat_line_squares(const double *line, size_t n, double centre)
{
    LEAT_LINE_SUM((x - centre) * (x - centre));
}

/* The greatest element, -Inf where there is none: a NaN is not greater than anything. */
LEAT_LINE_INLINE float leat_line_greatest_f32(const float *line, size_t n)
{
    float most[8];
    size_t i = 0;
    for (size_t k = 0; k < 8; k++)
        most[k] = -INFINITY;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            most[k] = line[i + k] > most[k] ? line[i + k] : most[k];
    for (; i < n; i++)
        most[0] = line[i] > most[0] ? line[i] : most[0];
    for (size_t k = 1; k < 8; k++)
        most[0] = most[k] > most[0] ? most[k] : most[0];
    return most[0];
}

#endif
