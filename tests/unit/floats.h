/* tests/unit/floats.h: many floats against those that are expected; NaN only equals NaN. */
#ifndef LEAT_TESTS_FLOATS_H
#define LEAT_TESTS_FLOATS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

/* `within`: relative where a value is above 1; 0: equal. */
static inline void floats_expect(const float *found, const float *expected, size_t n,
                                 double within)
{
    for (size_t i = 0; i < n; i++) {
        const double a = (double)found[i], b = (double)expected[i];
        const double scale = fabs(b) > 1 ? fabs(b) : 1;
        const bool same = a == b || (isnan(a) && isnan(b));
        if (!same && !(fabs(a - b) <= within * scale))
            fail_msg("[%zu] is %.9g, expected %.9g", i, a, b);
    }
}

/* A number in [-1, 1), of a sequence that is the same in every run. */
static inline float floats_next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1u << 23) - 1;
}

#endif
