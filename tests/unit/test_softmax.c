#include "one_node.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The twin, from the definition: a line of n elements, `stride` apart. */
static void twin(const char *name, const double *x, double *y, size_t n, size_t stride)
{
    double most = -INFINITY, sum = 0;
    size_t first = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, x[i * stride]);
    for (size_t i = 0; i < n; i++)
        sum += exp(x[i * stride] - most);
    while (first < n - 1 && x[first * stride] != most)
        first++;
    for (size_t i = 0; i < n; i++) {
        const double share = exp(x[i * stride] - most) / sum;
        y[i * stride] = !strcmp(name, "Hardmax")      ? i == first
                        : !strcmp(name, "LogSoftmax") ? x[i * stride] - most - log(sum)
                                                      : share;
    }
}

enum { A = 3, B = 4, C = 21, ALL = A * B * C };

/* Halves, so that lines have ties; every one is exact in f32. */
static double random_half(void)
{
    return (double)(rand() % 41 - 20) / 2;
}

static void assert_like_twin(const char *name, uint32_t version, int64_t axis, size_t n,
                             size_t stride, leat_dtype dtype)
{
    one_node node;
    double x[ALL], expected[ALL];
    one_node_start(&node, "", name, version);
    one_node_int(&node, "axis", axis);
    void *input = one_node_input(&node, dtype, 3, (int64_t[]){A, B, C});
    for (size_t i = 0; i < ALL; i++) {
        x[i] = random_half();
        if (dtype == LEAT_F32)
            ((float *)input)[i] = (float)x[i];
        else
            ((double *)input)[i] = x[i];
    }
    for (size_t outer = 0; outer < ALL / n / stride; outer++)
        for (size_t inner = 0; inner < stride; inner++)
            twin(name, x + outer * n * stride + inner,
                 expected + outer * n * stride + inner, n, stride);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, dtype);
    assert_true(leat_array_same_shape(&node.out[0], &node.in[0]));
    for (size_t i = 0; i < ALL; i++) {
        const double y = dtype == LEAT_F32 ? (double)((float *)node.out[0].data)[i]
                                           : ((double *)node.out[0].data)[i];
        const double error = fabs(y - expected[i]) / fmax(1, fabs(expected[i]));
        if (!(error <= (dtype == LEAT_F32 ? 3e-7 : 1e-14)))
            fail_msg("%s %u axis %d: [%zu] is %g, expected %g", name, version, (int)axis,
                     i, y, expected[i]);
    }
    one_node_stop(&node);
}

static const char *const names[] = {"Softmax", "LogSoftmax", "Hardmax"};

static void test_softmax__runs_along_one_axis_since_13(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (int dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
            assert_like_twin(names[i], 13, 0, A, B * C, (leat_dtype)dtype);
            assert_like_twin(names[i], 13, -2, B, C, (leat_dtype)dtype);
            assert_like_twin(names[i], 13, 2, C, 1, (leat_dtype)dtype);
        }
    }
}

static void test_softmax__flattens_before_13(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_like_twin(names[i], 11, 0, ALL, 1, LEAT_F32);
        assert_like_twin(names[i], 12, 1, B * C, 1, LEAT_F64);
        assert_like_twin(names[i], 1, 2, C, 1, LEAT_F32);
    }
}

/* Softmax of four numbers along the axis that stands when none is given. */
static void softmax_of(const float *x, size_t rank, uint32_t version, float *y)
{
    one_node node;
    one_node_start(&node, "", "Softmax", version);
    float *input = one_node_input(&node, LEAT_F32, (uint32_t)rank, (int64_t[]){2, 2, 1});
    memcpy(input, x, 4 * sizeof *x);
    one_node_run(&node);
    memcpy(y, node.out[0].data, 4 * sizeof *y);
    one_node_stop(&node);
}

static void test_softmax__has_another_axis_by_default_since_13(void **state)
{
    (void)state;
    float y[4];
    softmax_of((float[]){0, 0, 0, 0}, 3, 12, y);
    assert_true(y[0] == 0.5);
    softmax_of((float[]){0, 0, 0, 0}, 3, 13, y);
    assert_true(y[0] == 1);
}

static void test_softmax__a_line_of_minus_infinity_is_nan(void **state)
{
    (void)state;
    float y[4];
    softmax_of((float[]){-INFINITY, -INFINITY, -INFINITY, 3}, 2, 13, y);
    assert_true(isnan(y[0]) && isnan(y[1]));
    assert_true(y[2] == 0);
    assert_true(y[3] == 1);
}

static void test_softmax__nan_and_infinity_spoil_their_line_alone(void **state)
{
    (void)state;
    float y[4];
    softmax_of((float[]){NAN, 1, 2, 2}, 2, 13, y);
    assert_true(isnan(y[0]) && isnan(y[1]));
    assert_true(y[2] == 0.5);
    softmax_of((float[]){1, INFINITY, -0.0f, 0}, 2, 13, y);
    assert_true(isnan(y[1]));
    assert_true(y[3] == 0.5);
}

/* The greatest in any place of a line, and in every way that a line is gone through. */
static void test_softmax__large_numbers_do_not_overflow(void **state)
{
    (void)state;
    enum { LINE = 19 };
    for (size_t i = 0; i < 3 * LINE; i++) {
        const size_t greatest = i / 3, last = i % 3 ? 2 : 1;
        const leat_dtype dtype = i % 3 == 2 ? LEAT_F64 : LEAT_F32;
        one_node node;
        one_node_start(&node, "", "Softmax", 13);
        one_node_int(&node, "axis", 0);
        void *x = one_node_input(&node, dtype, 2, (int64_t[]){LINE, (int64_t)last});
        if (dtype == LEAT_F32)
            ((float *)x)[greatest * last] = 1e4f;
        else
            ((double *)x)[greatest * last] = 1e4;
        one_node_run(&node);
        for (size_t k = 0; k < LINE; k++) {
            const void *y = node.out[0].data;
            const double share = dtype == LEAT_F32 ? (double)((const float *)y)[k * last]
                                                   : ((const double *)y)[k * last];
            assert_true(share == (k == greatest));
        }
        one_node_stop(&node);
    }
}

static void test_softmax__of_no_rows_is_nothing(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Softmax", 13);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){0, 5});
    one_node_run(&node);
    assert_int_equal(leat_array_count(&node.out[0]), 0);
    one_node_stop(&node);
}

/* As many empty lines as a shape can have end at once. */
static void test_softmax__of_empty_lines_is_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        one_node node;
        one_node_start(&node, "", names[i], 13);
        one_node_input(&node, LEAT_F32, 3, (int64_t[]){1 << 20, 1 << 20, 0});
        one_node_run(&node);
        assert_int_equal(leat_array_count(&node.out[0]), 0);
        one_node_stop(&node);
    }
}

static void test_softmax__refuses_an_axis_outside(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Softmax", 13);
    one_node_int(&node, "axis", 2);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 5});
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    assert_string_equal(node.error.msg, "axis 2 of an array with 2 axes");
    one_node_stop(&node);
}

static void test_softmax__refuses_integers(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Softmax", 13);
    one_node_input(&node, LEAT_I64, 2, (int64_t[]){2, 5});
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softmax__runs_along_one_axis_since_13),
        cmocka_unit_test(test_softmax__flattens_before_13),
        cmocka_unit_test(test_softmax__has_another_axis_by_default_since_13),
        cmocka_unit_test(test_softmax__a_line_of_minus_infinity_is_nan),
        cmocka_unit_test(test_softmax__nan_and_infinity_spoil_their_line_alone),
        cmocka_unit_test(test_softmax__large_numbers_do_not_overflow),
        cmocka_unit_test(test_softmax__of_no_rows_is_nothing),
        cmocka_unit_test(test_softmax__of_empty_lines_is_nothing),
        cmocka_unit_test(test_softmax__refuses_an_axis_outside),
        cmocka_unit_test(test_softmax__refuses_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
