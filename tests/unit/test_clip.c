#include "twin.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Bounds that are absent are given as NaN. */
static double clipped(double x, double min, double max)
{
    if (x < min)
        x = min;
    return x > max ? max : x;
}

static void check(leat_dtype dtype, double min, double max)
{
    one_node node;
    one_node_start(&node, "", "Clip", 13);
    const leat_array *in = twin_input(&node, dtype, 2, (int64_t[]){7, 9});
    for (uint32_t i = 1; i <= 2; i++) {
        const double bound = i == 1 ? min : max;
        if (isnan(bound))
            one_node_no_input(&node);
        else
            twin_put(&node.in[i], one_node_input(&node, dtype, 0, NULL), 0, bound);
    }
    one_node_run(&node);
    for (size_t i = 0; i < 63; i++)
        twin_same("Clip", i, twin_get(&node.out[0], i),
                  clipped(twin_get(in, i), min, max), 0);
    one_node_stop(&node);
}

static void test_clip__either_bound_may_be_absent(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++) {
        check(dtype, -2, 3);
        check(dtype, (double)NAN, 1);
        check(dtype, 1, (double)NAN);
        check(dtype, (double)NAN, (double)NAN);
    }
}

static void test_clip__the_upper_bound_wins_where_they_cross(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
        check(dtype, 3, -2);
}

static void test_clip__a_nan_stays_and_infinity_becomes_the_largest_number(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Clip", 13);
    float *x = one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    x[0] = NAN, x[1] = INFINITY, x[2] = -INFINITY;
    one_node_run(&node);
    const float *y = node.out[0].data;
    assert_true(isnan(y[0]));
    assert_true(y[1] == FLT_MAX && y[2] == -FLT_MAX);
    one_node_stop(&node);
}

static void test_clip__bounds_were_attributes_before_opset_11(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
        one_node node;
        one_node_start(&node, "", "Clip", 6);
        one_node_float(&node, "min", -1.5f);
        const leat_array *in = twin_input(&node, dtype, 1, (int64_t[]){50});
        one_node_run(&node);
        for (size_t i = 0; i < 50; i++)
            twin_same("Clip", i, twin_get(&node.out[0], i), fmax(twin_get(in, i), -1.5),
                      0);
        one_node_stop(&node);
    }
}

static void test_clip__absent_attributes_leave_all_of_f64(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Clip", 6);
    double *x = one_node_input(&node, LEAT_F64, 1, (int64_t[]){3});
    x[0] = 1e300, x[1] = -1e300, x[2] = (double)INFINITY;
    one_node_run(&node);
    assert_memory_equal(node.out[0].data, ((double[]){1e300, -1e300, DBL_MAX}),
                        3 * sizeof(double));
    one_node_stop(&node);
}

static void test_clip__attributes_and_odd_bounds_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Clip", 11);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){5});
    one_node_float(&node, "min", 0);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "attribute min");
    one_node_stop(&node);
    one_node_start(&node, "", "Clip", 11);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){5});
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){5});
    twin_refused(&node, LEAT_E_MODEL, "input 1 must be one number");
    one_node_stop(&node);
    one_node_start(&node, "", "Clip", 11);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){5});
    one_node_input(&node, LEAT_F64, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1: f64");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clip__either_bound_may_be_absent),
        cmocka_unit_test(test_clip__the_upper_bound_wins_where_they_cross),
        cmocka_unit_test(test_clip__a_nan_stays_and_infinity_becomes_the_largest_number),
        cmocka_unit_test(test_clip__bounds_were_attributes_before_opset_11),
        cmocka_unit_test(test_clip__absent_attributes_leave_all_of_f64),
        cmocka_unit_test(test_clip__attributes_and_odd_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
