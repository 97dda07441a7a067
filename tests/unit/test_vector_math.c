#include "ops/simd.h"
#include "ops/vector_math.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef void vector_function(const float *x, size_t n, float *y);

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double gelu(double x)
{
    return x / 2 * (1 + erf(x * 0.70710678118654752));
}

static double gelu_tanh(double x)
{
    return x / 2 * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
}

/* The functions with what the header promises for each leat_simd, in ulp: of the result, or
 * of x. */
static const struct {
    const char *name;
    vector_function *run;
    double (*exact)(double);
    double bounds[3];
    int of_x;
} functions[] = {
    {"exp", leat_exp_f32, exp, {0.6, 1.0, 1.0}, 0},
    {"tanh", leat_tanh_f32, tanh, {2.2, 1.4, 1.4}, 0},
    {"sigmoid", leat_sigmoid_f32, sigmoid, {2.4, 2.4, 2.4}, 0},
    {"erf", leat_erf_f32, erf, {1.0, 1.0, 1.0}, 0},
    {"gelu", leat_gelu_f32, gelu, {1.4, 1.4, 1.4}, 1},
    {"gelu_tanh", leat_gelu_tanh_f32, gelu_tanh, {1.8, 1.4, 1.4}, 1},
};

enum { N_FUNCTIONS = sizeof functions / sizeof *functions, BLOCK = 1024 };

/* The distance of two neighbouring floats around a number. */
static double ulp(double number)
{
    int exponent;
    (void)frexp(number, &exponent);
    return ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
}

static double error_in_ulp(float found, double exact, double unit)
{
    const float nearest = (float)exact;
    if (isnan(exact) || isnan(found))
        return isnan(exact) && isnan(found) ? 0 : INFINITY;
    if (isinf(nearest) || isinf(found))
        return nearest == found ? 0 : INFINITY;
    if (exact == 0)
        return found == 0 && signbit(found) == signbit(nearest) ? 0 : INFINITY;
    return fabs(found - exact) / unit;
}

static void check(size_t f, const float *x, size_t n)
{
    float y[BLOCK];
    functions[f].run(x, n, y);
    for (size_t i = 0; i < n; i++) {
        const double exact = functions[f].exact(x[i]);
        double error = error_in_ulp(y[i], exact, ulp(functions[f].of_x ? x[i] : exact));
        if (!(error <= functions[f].bounds[leat_simd_level()]))
            fail_msg("%s(%a) = %a: %f ulp", functions[f].name, x[i], y[i], error);
    }
}

static void test_vector_math__errors_keep_their_bounds_over_all_floats(void **state)
{
    (void)state;
    const uint64_t step = 4999;
    float x[BLOCK];
    uint64_t bits = 0;
    while (bits >> 32 == 0) {
        size_t n = 0;
        for (; n < BLOCK && bits >> 32 == 0; bits += step) {
            uint32_t pattern = (uint32_t)bits;
            memcpy(&x[n++], &pattern, sizeof pattern);
        }
        for (size_t f = 0; f < N_FUNCTIONS; f++)
            check(f, x, n);
    }
}

static void test_vector_math__edges_come_out_as_libm_has_them(void **state)
{
    (void)state;
    const float x[] = {NAN,      INFINITY, -INFINITY, 0.0f,      -0.0f,
                       1e-45f,   -1e-45f,  88.72283f, 88.72284f, -87.33655f,
                       -103.97f, -103.98f, 0.625f,    -0.625f,   1.0f,
                       -1.0f,    3.93f,    -3.93f,    3.4e38f,   -3.4e38f};
    for (size_t f = 0; f < N_FUNCTIONS; f++)
        check(f, x, sizeof x / sizeof *x);
}

static void test_vector_math__results_do_not_depend_on_the_place(void **state)
{
    (void)state;
    float x[35], all[35];
    for (size_t i = 0; i < 35; i++)
        x[i] = 0.2f * (float)i - 3;
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        functions[f].run(x, 35, all);
        for (size_t i = 0; i < 35; i++) {
            float one;
            functions[f].run(x + i, 1, &one);
            assert_memory_equal(&one, &all[i], sizeof one);
        }
    }
}

static void test_vector_math__works_in_place_and_writes_no_further(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        for (size_t n = 0; n <= 33; n++) {
            float x[34], y[34];
            for (size_t i = 0; i < 34; i++)
                x[i] = y[i] = 0.5f + (float)i;
            functions[f].run(x, n, y);
            functions[f].run(x, n, x);
            assert_memory_equal(x, y, sizeof x);
            assert_float_equal(x[n], 0.5f + (float)n, 0);
        }
    }
}

static void test_vector_math__avx512_has_the_bits_of_avx2(void **state)
{
    (void)state;
    const uint64_t step = 4999;
    float x[BLOCK], narrow[BLOCK], wide[BLOCK];
    for (uint64_t bits = 0; bits >> 32 == 0;) {
        size_t n = 0;
        for (; n < BLOCK && bits >> 32 == 0; bits += step) {
            uint32_t pattern = (uint32_t)bits;
            memcpy(&x[n++], &pattern, sizeof pattern);
        }
        for (size_t f = 0; f < N_FUNCTIONS; f++) {
            leat_simd_limit(LEAT_SIMD_AVX2);
            functions[f].run(x, n, narrow);
            leat_simd_limit(LEAT_SIMD_AVX512);
            functions[f].run(x, n, wide);
            assert_memory_equal(narrow, wide, n * sizeof *x);
        }
    }
}

static int limit_simd(void **state)
{
    leat_simd_limit(*(const leat_simd *)*state);
    return 0;
}

/* A test on every level. What the machine lacks runs as what it has. */
#define ON_LEVELS(test)                                                                  \
    {#test " without SIMD", test, limit_simd, NULL, &(leat_simd){LEAT_SIMD_NONE}},       \
        {#test " with AVX2", test, limit_simd, NULL, &(leat_simd){LEAT_SIMD_AVX2}},      \
    {                                                                                    \
#test " with AVX-512", test, limit_simd, NULL, &(leat_simd)                      \
        {                                                                                \
            LEAT_SIMD_AVX512                                                             \
        }                                                                                \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LEVELS(test_vector_math__errors_keep_their_bounds_over_all_floats),
        ON_LEVELS(test_vector_math__edges_come_out_as_libm_has_them),
        ON_LEVELS(test_vector_math__results_do_not_depend_on_the_place),
        ON_LEVELS(test_vector_math__works_in_place_and_writes_no_further),
        cmocka_unit_test(test_vector_math__avx512_has_the_bits_of_avx2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
