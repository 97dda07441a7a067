#include "ops/line.h"

#include <math.h>

leat_lines leat_lines_along(const leat_array *array, uint32_t first, uint32_t end)
{
    return (leat_lines){
        .outer = leat_array_span(array, 0, first),
        .n = leat_array_span(array, first, end),
        .inner = leat_array_span(array, end, array->rank),
    };
}

void leat_line_load(double *line, const leat_array *from, size_t at, size_t stride,
                    size_t n)
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
            line[i] = x[i];
    else
        for (size_t i = 0; i < n; i++)
            line[i] = x[i * stride];
}

void leat_line_store(leat_array *to, size_t at, size_t stride, size_t n,
                     const double *line)
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

/* Four sums side by side: one alone would wait for each addition. */
#define SUM(term)                                                                        \
    double sums[4] = {0};                                                                \
    size_t i = 0;                                                                        \
    for (; i + 4 <= n; i += 4)                                                           \
        for (size_t k = 0; k < 4; k++) {                                                 \
            const double x = line[i + k];                                                \
            sums[k] += (term);                                                           \
        }                                                                                \
    for (; i < n; i++) {                                                                 \
        const double x = line[i];                                                        \
        sums[0] += (term);                                                               \
    }                                                                                    \
    return (sums[0] + sums[1]) + (sums[2] + sums[3])

double leat_line_sum(const double *line, size_t n)
{
    SUM(x);
}

double leat_line_deviations(const double *line, size_t n, double centre)
{
    SUM(fabs(x - centre));
}

double leat_line_squares(const double *line, size_t n, double centre)
{
    SUM((x - centre) * (x - centre));
}
