#include "one_node.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { A = 2, B = 3, C = 4, ALL = A * B * C };

static void fill(float *x)
{
    for (size_t i = 0; i < ALL; i++)
        x[i] = (float)(rand() % 2001 - 1000) / 250;
}

static void assert_near(const one_node *node, const double *expected)
{
    const float *y = node->out[0].data;
    assert_int_equal(leat_array_count(&node->out[0]), ALL);
    for (size_t i = 0; i < ALL; i++)
        if (!(fabs((double)y[i] - expected[i]) <= 1e-6))
            fail_msg("[%zu] is %.9g, expected %.9g", i, (double)y[i], expected[i]);
}

/* Along the middle axis. */
static void assert_lp_like_twin(int64_t p)
{
    one_node node;
    double expected[ALL];
    one_node_start(&node, "", "LpNormalization", 1);
    one_node_int(&node, "axis", -2);
    one_node_int(&node, "p", p);
    float *x = one_node_input(&node, LEAT_F32, 3, (int64_t[]){A, B, C});
    fill(x);
    for (size_t i = 0; i < ALL; i++) {
        double norm = 0;
        for (size_t b = 0; b < B; b++) {
            const double e = (double)x[i / (B * C) * B * C + b * C + i % C];
            norm += p == 1 ? fabs(e) : e * e;
        }
        expected[i] = (double)x[i] / (p == 1 ? norm : sqrt(norm));
    }
    one_node_run(&node);
    assert_near(&node, expected);
    one_node_stop(&node);
}

static void test_normalise_axes__lp_is_the_formula(void **state)
{
    (void)state;
    assert_lp_like_twin(1);
    assert_lp_like_twin(2);
}

static void test_normalise_axes__lp_keeps_zeros_and_nan(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "LpNormalization", 1);
    double *x = one_node_input(&node, LEAT_F64, 2, (int64_t[]){4, 2});
    memcpy(x, (double[]){0, -0.0, NAN, 1, 3, -4, INFINITY, 1}, 8 * sizeof *x);
    one_node_run(&node);
    const double *y = node.out[0].data;
    assert_true(y[0] == 0);
    assert_true(signbit(y[1]));
    assert_true(isnan(y[2]) && isnan(y[3]));
    assert_true(fabs(y[4] - 0.6) <= 1e-15);
    assert_true(fabs(y[5] - -0.8) <= 1e-15);
    assert_true(isnan(y[6]));
    assert_true(y[7] == 0);
    one_node_stop(&node);
}

/* As many empty lines as a shape can have end at once. */
static void test_normalise_axes__lp_of_empty_lines_is_nothing(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "LpNormalization", 1);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){1 << 20, 1 << 20, 0});
    one_node_run(&node);
    assert_int_equal(leat_array_count(&node.out[0]), 0);
    one_node_stop(&node);
}

static void test_normalise_axes__lp_refuses_other_norms(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "LpNormalization", 1);
    one_node_int(&node, "p", 3);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    assert_string_equal(node.error.msg, "attribute p: found 3, expected 1 or 2");
    one_node_stop(&node);
}

/* Over the outer two axes. */
static void test_normalise_axes__mean_variance_is_the_formula(void **state)
{
    (void)state;
    one_node node;
    double expected[ALL];
    one_node_start(&node, "", "MeanVarianceNormalization", 13);
    one_node_ints(&node, "axes", (int64_t[]){-3, 1}, 2);
    float *x = one_node_input(&node, LEAT_F32, 3, (int64_t[]){A, B, C});
    fill(x);
    for (size_t i = 0; i < ALL; i++) {
        double mean = 0, squares = 0;
        for (size_t k = i % C; k < ALL; k += C) {
            mean += (double)x[k] / (A * B);
            squares += (double)x[k] * (double)x[k] / (A * B);
        }
        expected[i] = ((double)x[i] - mean) / (sqrt(squares - mean * mean) + 1e-9);
    }
    one_node_run(&node);
    assert_near(&node, expected);
    one_node_stop(&node);
}

static void test_normalise_axes__mean_variance_refuses_an_axis_outside(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "MeanVarianceNormalization", 13);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){A, B, C}); /* by default 0, 2, 3 */
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    assert_string_equal(node.error.msg, "axis 3 of an array with 3 axes");
    one_node_stop(&node);
}

static void test_normalise_axes__mean_variance_of_nothing_is_nothing(void **state)
{
    (void)state;
    static const int64_t shapes[][4] = {{0, 2, 3, 4}, {2, 1 << 30, 0, 4}};
    for (size_t i = 0; i < 2; i++) {
        one_node node;
        one_node_start(&node, "", "MeanVarianceNormalization", 13);
        one_node_input(&node, LEAT_F32, 4, shapes[i]);
        one_node_run(&node);
        assert_int_equal(leat_array_count(&node.out[0]), 0);
        one_node_stop(&node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalise_axes__lp_is_the_formula),
        cmocka_unit_test(test_normalise_axes__lp_keeps_zeros_and_nan),
        cmocka_unit_test(test_normalise_axes__lp_of_empty_lines_is_nothing),
        cmocka_unit_test(test_normalise_axes__lp_refuses_other_norms),
        cmocka_unit_test(test_normalise_axes__mean_variance_is_the_formula),
        cmocka_unit_test(test_normalise_axes__mean_variance_refuses_an_axis_outside),
        cmocka_unit_test(test_normalise_axes__mean_variance_of_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
