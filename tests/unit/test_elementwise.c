#include "twin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- the specification's formulas, in double ---- */

static double relu(double x, double a, double b)
{
    (void)a, (void)b;
    return x > 0 ? x : x != x ? x : 0;
}

static double leaky_relu(double x, double a, double b)
{
    (void)b;
    return x < 0 ? a * x : x;
}

static double thresholded_relu(double x, double a, double b)
{
    (void)b;
    return x > a || x != x ? x : 0;
}

static double elu(double x, double a, double b)
{
    (void)b;
    return x < 0 ? a * (exp(x) - 1) : x;
}

static double celu(double x, double a, double b)
{
    (void)b;
    return x != x ? x : fmax(0, x) + fmin(0, a * (exp(x / a) - 1));
}

static double selu(double x, double a, double b)
{
    return x > 0 ? b * x : b * (a * exp(x) - a);
}

static double hard_sigmoid(double x, double a, double b)
{
    return x != x ? x : fmax(0, fmin(1, a * x + b));
}

static double hard_swish(double x, double a, double b)
{
    (void)a, (void)b;
    return x * hard_sigmoid(x, 1.0 / 6, 0.5);
}

static double shrink(double x, double a, double b)
{
    return x != x ? x : x < -a ? x + b : x > a ? x - b : 0;
}

static double softplus(double x, double a, double b)
{
    (void)a, (void)b;
    return x > 700 ? x : log1p(exp(x));
}

static double softsign(double x, double a, double b)
{
    (void)a, (void)b;
    return x / (1 + fabs(x));
}

static double sigmoid(double x, double a, double b)
{
    (void)a, (void)b;
    return 1 / (1 + exp(-x));
}

static double swish(double x, double a, double b)
{
    return x * sigmoid(a * x, a, b);
}

static double sign(double x, double a, double b)
{
    (void)a, (void)b;
    return x != x ? x : (x > 0) - (x < 0);
}

static double mish(double x, double a, double b)
{
    return x * tanh(softplus(x, a, b));
}

#define OF_LIBM(name, formula)                                                           \
    static double name(double x, double a, double b)                                     \
    {                                                                                    \
        (void)a, (void)b;                                                                \
        return formula;                                                                  \
    }

OF_LIBM(absolute, fabs(x))
OF_LIBM(negative, -x)
OF_LIBM(exponential, exp(x))
OF_LIBM(tangent_h, tanh(x))
OF_LIBM(error_function, erf(x))
OF_LIBM(logarithm, log(x))
OF_LIBM(square_root, sqrt(x))
OF_LIBM(reciprocal, 1 / x)
OF_LIBM(down, floor(x))
OF_LIBM(up, ceil(x))
OF_LIBM(nearest_even, rint(x))
OF_LIBM(sine, sin(x))
OF_LIBM(cosine, cos(x))
OF_LIBM(tangent, tan(x))
OF_LIBM(arc_sine, asin(x))
OF_LIBM(arc_cosine, acos(x))
OF_LIBM(arc_tangent, atan(x))
OF_LIBM(sine_h, sinh(x))
OF_LIBM(cosine_h, cosh(x))
OF_LIBM(arc_sine_h, asinh(x))
OF_LIBM(arc_cosine_h, acosh(x))
OF_LIBM(arc_tangent_h, atanh(x))

/* Errors are relative, of f32 and of f64; sums and differences of the twin's own formula
 * lose digits where the operator's does not. */
static const struct {
    const char *name;
    uint32_t version;
    double (*exact)(double x, double a, double b);
    const char *attributes[2];
    float absent[2], given[2];
    double error32, error64;
} functions[] = {
    {"Relu", 14, relu, {0}, {0}, {0}, 0, 0},
    {"Abs", 13, absolute, {0}, {0}, {0}, 0, 0},
    {"Neg", 13, negative, {0}, {0}, {0}, 0, 0},
    {"Sign", 13, sign, {0}, {0}, {0}, 0, 0},
    {"Exp", 13, exponential, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Tanh", 13, tangent_h, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Sigmoid", 13, sigmoid, {0}, {0}, {0}, 3e-7, 1e-15},
    {"Erf", 13, error_function, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Log", 13, logarithm, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Sqrt", 13, square_root, {0}, {0}, {0}, 1e-7, 1e-15},
    {"Reciprocal", 13, reciprocal, {0}, {0}, {0}, 1e-7, 1e-15},
    {"Floor", 13, down, {0}, {0}, {0}, 0, 0},
    {"Ceil", 13, up, {0}, {0}, {0}, 0, 0},
    {"Round", 11, nearest_even, {0}, {0}, {0}, 0, 0},
    {"Sin", 7, sine, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Cos", 7, cosine, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Tan", 7, tangent, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Asin", 7, arc_sine, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Acos", 7, arc_cosine, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Atan", 7, arc_tangent, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Sinh", 9, sine_h, {0}, {0}, {0}, 4e-7, 1e-15},
    {"Cosh", 9, cosine_h, {0}, {0}, {0}, 4e-7, 1e-15},
    {"Asinh", 9, arc_sine_h, {0}, {0}, {0}, 4e-7, 1e-15},
    {"Acosh", 9, arc_cosine_h, {0}, {0}, {0}, 4e-7, 1e-15},
    {"Atanh", 9, arc_tangent_h, {0}, {0}, {0}, 4e-7, 1e-15},
    {"Softplus", 1, softplus, {0}, {0}, {0}, 3e-7, 1e-9},
    {"Softsign", 1, softsign, {0}, {0}, {0}, 2e-7, 1e-15},
    {"Mish", 18, mish, {0}, {0}, {0}, 6e-7, 1e-9},
    {"HardSwish", 14, hard_swish, {0}, {0}, {0}, 1e-6, 1e-14},
    {"LeakyRelu", 16, leaky_relu, {"alpha"}, {0.01f}, {0.5f}, 1e-7, 1e-15},
    {"Swish", 24, swish, {"alpha"}, {1}, {0.5f}, 4e-7, 1e-14},
    {"ThresholdedRelu", 10, thresholded_relu, {"alpha"}, {1}, {0.5f}, 0, 0},
    {"Elu", 6, elu, {"alpha"}, {1}, {1.5f}, 3e-7, 1e-9},
    {"Celu", 12, celu, {"alpha"}, {1}, {2}, 3e-7, 1e-9},
    {"Selu",
     6,
     selu,
     {"alpha", "gamma"},
     {1.67326319217681884765625f, 1.05070102214813232421875f},
     {2, 3},
     4e-7,
     1e-9},
    {"HardSigmoid",
     6,
     hard_sigmoid,
     {"alpha", "beta"},
     {0.2f, 0.5f},
     {0.5f, 0.25f},
     1e-6,
     1e-14},
    {"Shrink", 9, shrink, {"lambd", "bias"}, {0.5f, 0}, {1.5f, 1.5f}, 1e-7, 1e-15},
};

enum { N_FUNCTIONS = sizeof functions / sizeof *functions };

static const double nasty[] = {(double)NAN, 0,    -0.0, 1,     -1,  0.5, -0.5, 1.5,
                               2.5,         -2.5, 1e-6, -1e-6, 3,   -3,  0.25, 0.75,
                               10,          -10,  1.25, 80,    -80, 4,   -4,   -0.1,
                               0.625,       0.9,  7.5,  -7.5,  20,  21,  0.01, -0.75};

enum { N_NASTY = sizeof nasty / sizeof *nasty };

static void check_function(size_t f, leat_dtype dtype, bool given)
{
    one_node node;
    const float *p = given ? functions[f].given : functions[f].absent;
    one_node_start(&node, "", functions[f].name, functions[f].version);
    for (size_t i = 0; i < 2 && given && functions[f].attributes[i]; i++)
        one_node_float(&node, functions[f].attributes[i], p[i]);
    void *x = one_node_input(&node, dtype, 2, (int64_t[]){2, N_NASTY / 2});
    for (size_t i = 0; i < N_NASTY; i++)
        twin_put(&node.in[0], x, i, nasty[i]);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, dtype);
    twin_same_shape(&node.out[0], 2, (int64_t[]){2, N_NASTY / 2});
    for (size_t i = 0; i < N_NASTY; i++) {
        double expected =
            functions[f].exact(twin_get(&node.in[0], i), (double)p[0], (double)p[1]);
        twin_same(functions[f].name, i, twin_get(&node.out[0], i),
                  dtype == LEAT_F32 ? (double)(float)expected : expected,
                  dtype == LEAT_F32 ? functions[f].error32 : functions[f].error64);
    }
    one_node_stop(&node);
}

static void test_elementwise__functions_are_their_formulas(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        check_function(f, LEAT_F32, false);
        check_function(f, LEAT_F64, false);
    }
}

static void test_elementwise__attributes_replace_what_is_absent(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        check_function(f, LEAT_F32, true);
        check_function(f, LEAT_F64, true);
    }
}

static void test_elementwise__infinities_saturate(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double below, above; /* at -Inf and Inf */
    } limits[] = {
        {"Relu", 0, INFINITY}, {"Sigmoid", 0, 1},
        {"Tanh", -1, 1},       {"Erf", -1, 1},
        {"Exp", 0, INFINITY},  {"Softplus", 0, INFINITY},
        {"HardSigmoid", 0, 1}, {"Elu", -1, INFINITY},
        {"Sign", -1, 1},       {"Floor", -INFINITY, INFINITY},
    };
    for (size_t f = 0; f < sizeof limits / sizeof *limits; f++) {
        for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
            one_node node;
            one_node_start(&node, "", limits[f].name, 13);
            void *x = one_node_input(&node, dtype, 1, (int64_t[]){2});
            twin_put(&node.in[0], x, 0, (double)-INFINITY);
            twin_put(&node.in[0], x, 1, (double)INFINITY);
            one_node_run(&node);
            twin_same(limits[f].name, 0, twin_get(&node.out[0], 0), limits[f].below, 0);
            twin_same(limits[f].name, 1, twin_get(&node.out[0], 1), limits[f].above, 0);
            one_node_stop(&node);
        }
    }
}

/* 1 + erf(x) is a difference where x is below 0: what is left of it is right to 1e-7 of
 * 1, in every implementation that works with floats. */
static void check_gelu(const char *approximate, double (*inner)(double))
{
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
        one_node node;
        const size_t n = 603; /* more than the blocks that it works by */
        one_node_start(&node, "", "Gelu", 20);
        one_node_text(&node, "approximate", approximate);
        const leat_array *in = twin_input(&node, dtype, 1, &(int64_t){(int64_t)n});
        one_node_run(&node);
        for (size_t i = 0; i < n; i++) {
            const double x = twin_get(in, i), expected = 0.5 * x * (1 + inner(x));
            const double error = fabs(twin_get(&node.out[0], i) - expected);
            assert_true(error <= (dtype == LEAT_F32 ? 4e-7 : 1e-15) * fmax(fabs(x), 1));
        }
        one_node_stop(&node);
    }
}

static double erf_of_half(double x)
{
    return erf(x / sqrt(2));
}

static double tanh_of_cubic(double x)
{
    return tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x));
}

static void test_elementwise__gelu_is_its_formulas(void **state)
{
    (void)state;
    check_gelu("none", erf_of_half);
    check_gelu("tanh", tanh_of_cubic);
}

static void test_elementwise__integers_wrap(void **state)
{
    (void)state;
    static const char *const names[] = {"Relu", "Abs", "Neg", "Sign"};
    static const int64_t x[] = {INT64_MIN, -3, 0, 3, INT64_MAX};
    static const int64_t expected[][5] = {{0, 0, 0, 3, INT64_MAX},
                                          {INT64_MIN, 3, 0, 3, INT64_MAX},
                                          {INT64_MIN, 3, 0, -3, -INT64_MAX},
                                          {-1, -1, 0, 1, 1}};
    for (size_t f = 0; f < 4; f++) {
        one_node node;
        one_node_start(&node, "", names[f], 14);
        memcpy(one_node_input(&node, LEAT_I64, 1, (int64_t[]){5}), x, sizeof x);
        one_node_run(&node);
        assert_memory_equal(node.out[0].data, expected[f], sizeof x);
        one_node_stop(&node);
    }
}

static void test_elementwise__small_integers_wrap(void **state)
{
    (void)state;
    static const char *const names[] = {"Relu", "Abs", "Neg", "Sign"};
    static const int32_t expected[][2] = {
        {0, 7}, {INT32_MIN, 7}, {INT32_MIN, -7}, {-1, 1}};
    for (size_t f = 0; f < 4; f++) {
        one_node node;
        one_node_start(&node, "", names[f], 14);
        int32_t *x = one_node_input(&node, LEAT_I32, 1, (int64_t[]){2});
        x[0] = INT32_MIN, x[1] = 7;
        one_node_run(&node);
        assert_memory_equal(node.out[0].data, expected[f], sizeof expected[f]);
        one_node_stop(&node);
    }
}

static void test_elementwise__empty_and_scalar_arrays_pass(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Sqrt", 13);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){0, 3});
    one_node_run(&node);
    twin_same_shape(&node.out[0], 2, (int64_t[]){0, 3});
    one_node_stop(&node);
    one_node_start(&node, "", "Sqrt", 13);
    *(float *)one_node_input(&node, LEAT_F32, 0, NULL) = 9;
    one_node_run(&node);
    assert_float_equal(*(float *)node.out[0].data, 3, 0);
    one_node_stop(&node);
}

static void test_elementwise__types_without_a_formula_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Exp", 13);
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0: i64 is not supported");
    one_node_stop(&node);
    one_node_start(&node, "", "Relu", 14);
    one_node_input(&node, LEAT_STRING, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0: string is not supported");
    one_node_stop(&node);
}

static void test_elementwise__what_is_missing_or_unknown_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Elu", 6);
    twin_refused(&node, LEAT_E_MODEL, "input 0 is missing");
    one_node_stop(&node);
    one_node_start(&node, "", "Elu", 6);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){1});
    one_node_float(&node, "omega", 1);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "attribute omega");
    one_node_stop(&node);
    one_node_start(&node, "", "Gelu", 20);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){1});
    one_node_text(&node, "approximate", "cubic");
    twin_refused(&node, LEAT_E_UNSUPPORTED, "\"cubic\" is not supported");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementwise__functions_are_their_formulas),
        cmocka_unit_test(test_elementwise__attributes_replace_what_is_absent),
        cmocka_unit_test(test_elementwise__infinities_saturate),
        cmocka_unit_test(test_elementwise__gelu_is_its_formulas),
        cmocka_unit_test(test_elementwise__integers_wrap),
        cmocka_unit_test(test_elementwise__small_integers_wrap),
        cmocka_unit_test(test_elementwise__empty_and_scalar_arrays_pass),
        cmocka_unit_test(test_elementwise__types_without_a_formula_are_refused),
        cmocka_unit_test(test_elementwise__what_is_missing_or_unknown_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
