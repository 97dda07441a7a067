#include "one_node.h"
#include "ops/simd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The twins see the input as [N][C][S], whatever the operator's words for its axes. */
enum { N = 3, C = 6, S = 5, ALL = N * C * S };

static const double epsilon = (double)1e-3f;

static double random_number(void)
{
    return (double)(float)((double)rand() / RAND_MAX * 4 - 1);
}

static double *random_numbers(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = random_number();
    return values;
}

/* An input with those values; a constant one when the operator may know it at load. */
static void add_input(one_node *node, leat_dtype dtype, const double *values,
                      uint32_t rank, const int64_t *shape, bool constant)
{
    void *data =
        (constant ? one_node_constant : one_node_input)(node, dtype, rank, shape);
    const size_t n = leat_array_count(&node->in[node->node.n_inputs - 1]);
    for (size_t i = 0; i < n; i++) {
        if (dtype == LEAT_F32)
            ((float *)data)[i] = (float)values[i];
        else
            ((double *)data)[i] = values[i];
    }
}

static double element(const leat_array *array, size_t i)
{
    return array->dtype == LEAT_F32 ? (double)((float *)array->data)[i]
                                    : ((double *)array->data)[i];
}

static void assert_near(const leat_array *found, const double *expected, size_t n)
{
    const double bound = found->dtype == LEAT_F32 ? 1e-6 : 1e-13;
    assert_int_equal(leat_array_count(found), n);
    for (size_t i = 0; i < n; i++)
        if (!(fabs(element(found, i) - expected[i]) <=
              bound * fmax(1, fabs(expected[i]))))
            fail_msg("[%zu] is %.9g, expected %.9g", i, element(found, i), expected[i]);
}

/* Mean and variance of n elements, and what becomes of x. */
typedef struct twin_moments {
    double mean, variance;
} twin_moments;

static twin_moments moments_of(const double *x, size_t n)
{
    twin_moments found = {0, 0};
    for (size_t i = 0; i < n; i++)
        found.mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        found.variance += (x[i] - found.mean) * (x[i] - found.mean) / (double)n;
    return found;
}

static void assert_batch_like_twin(leat_dtype dtype, bool constant, uint32_t version)
{
    one_node node;
    double x[ALL], scale[C], bias[C], mean[C], variance[C], expected[ALL];
    random_numbers(x, ALL), random_numbers(scale, C), random_numbers(bias, C);
    random_numbers(mean, C), random_numbers(variance, C);
    for (size_t i = 0; i < C; i++)
        variance[i] = fabs(variance[i]);
    for (size_t i = 0; i < ALL; i++) {
        const size_t c = i / S % C;
        expected[i] = (x[i] - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c];
    }
    one_node_start(&node, "", "BatchNormalization", version);
    one_node_float(&node, "epsilon", 1e-3f);
    one_node_float(&node, "momentum", 0.5f);
    add_input(&node, dtype, x, 3, (int64_t[]){N, C, S}, false);
    double *weights[] = {scale, bias, mean, variance};
    for (size_t i = 0; i < 4; i++)
        add_input(&node, dtype, weights[i], 1, (int64_t[]){C}, constant);
    one_node_run(&node);
    assert_near(&node.out[0], expected, ALL);
    one_node_stop(&node);
}

static void test_normalise__batch_is_the_formula(void **state)
{
    (void)state;
    static const uint32_t versions[] = {7, 9, 14, 15};
    for (size_t i = 0; i < 4; i++) {
        assert_batch_like_twin(LEAT_F32, true, versions[i]);
        assert_batch_like_twin(LEAT_F32, false, versions[i]);
        assert_batch_like_twin(LEAT_F64, true, versions[i]);
    }
}

static void start_batch(one_node *node)
{
    static const double ones[C] = {1, 1, 1, 1, 1, 1};
    one_node_start(node, "", "BatchNormalization", 15);
    add_input(node, LEAT_F32, ones, 2, (int64_t[]){1, C}, false);
    for (size_t i = 0; i < 4; i++)
        add_input(node, LEAT_F32, ones, 1, (int64_t[]){C}, true);
}

static void test_normalise__batch_refuses_training(void **state)
{
    (void)state;
    one_node node;
    start_batch(&node);
    one_node_int(&node, "training_mode", 1);
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    assert_string_equal(node.error.msg, "attribute training_mode: 1 is not supported");
    one_node_stop(&node);
}

static void test_normalise__batch_refuses_outputs_of_training(void **state)
{
    (void)state;
    one_node node;
    start_batch(&node);
    one_node_outputs(&node, 2);
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    one_node_stop(&node);
}

/* Weights that disagree in length must not be read past their ends. */
static void test_normalise__batch_refuses_weights_of_another_length(void **state)
{
    (void)state;
    static const double ones[C + 1] = {1};
    for (uint32_t wrong = 1; wrong < 5; wrong++) {
        for (int constant = 0; constant < 2; constant++) {
            one_node node;
            one_node_start(&node, "", "BatchNormalization", 15);
            add_input(&node, LEAT_F32, ones, 2, (int64_t[]){1, C}, false);
            for (uint32_t i = 1; i < 5; i++)
                add_input(&node, LEAT_F32, ones, 1, (int64_t[]){i == wrong ? C - 1 : C},
                          constant);
            assert_true(one_node_try(&node) < 0);
            assert_true(!strstr(node.error.msg, "elements, input 1 has") == !constant);
            one_node_stop(&node);
        }
    }
}

static void test_normalise__batch_spoils_one_row_with_nan(void **state)
{
    (void)state;
    one_node node;
    const double x[] = {NAN, 2, 3, 4}, ones[] = {1, 1}, zeros[] = {0, 0};
    one_node_start(&node, "", "BatchNormalization", 15);
    one_node_float(&node, "epsilon", 0);
    add_input(&node, LEAT_F32, x, 2, (int64_t[]){2, 2}, false);
    add_input(&node, LEAT_F32, ones, 1, (int64_t[]){2}, true);
    add_input(&node, LEAT_F32, zeros, 1, (int64_t[]){2}, true);
    add_input(&node, LEAT_F32, zeros, 1, (int64_t[]){2}, true);
    add_input(&node, LEAT_F32, ones, 1, (int64_t[]){2}, true);
    one_node_run(&node);
    assert_true(isnan(element(&node.out[0], 0)));
    for (size_t i = 1; i < 4; i++)
        assert_true(element(&node.out[0], i) == x[i]);
    one_node_stop(&node);
}

/* Lines of n elements, whose element i of line l has the weight index(l, i). */
static void assert_lines_like_twin(one_node *node, size_t n, size_t n_weights,
                                   size_t (*index)(size_t line, size_t i),
                                   leat_dtype dtype, bool with_bias)
{
    double x[ALL], expected[ALL], scale[C * S], bias[C * S] = {0};
    random_numbers(x, ALL), random_numbers(scale, n_weights);
    add_input(node, dtype, x, 3, (int64_t[]){N, C, S}, false);
    add_input(node, dtype, scale, 1, (int64_t[]){(int64_t)n_weights}, true);
    if (with_bias)
        add_input(node, dtype, random_numbers(bias, n_weights), 1,
                  (int64_t[]){(int64_t)n_weights}, true);
    for (size_t line = 0; line < ALL / n; line++) {
        const twin_moments found = moments_of(x + line * n, n);
        for (size_t i = 0; i < n; i++) {
            const size_t w = index(line, i);
            expected[line * n + i] = (x[line * n + i] - found.mean) /
                                         sqrt(found.variance + epsilon) * scale[w] +
                                     bias[w];
        }
    }
    one_node_float(node, "epsilon", 1e-3f);
    one_node_run(node);
    assert_near(&node->out[0], expected, ALL);
}

static size_t by_element(size_t line, size_t i)
{
    (void)line;
    return i;
}

static size_t by_channel_of_line(size_t line, size_t i)
{
    (void)i;
    return line % C;
}

enum { GROUPS = 2 };

static size_t by_group(size_t line, size_t i)
{
    (void)i;
    return line % GROUPS;
}

static size_t by_channel_of_group(size_t line, size_t i)
{
    return line % GROUPS * (C / GROUPS) + i / S;
}

static void test_normalise__layer_is_the_formula(void **state)
{
    (void)state;
    for (int dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
        for (int with_bias = 0; with_bias < 2; with_bias++) {
            one_node node;
            one_node_start(&node, "", "LayerNormalization", 17);
            assert_lines_like_twin(&node, S, S, by_element, (leat_dtype)dtype, with_bias);
            one_node_stop(&node);
            one_node_start(&node, "", "LayerNormalization", 17);
            one_node_int(&node, "axis", 1);
            assert_lines_like_twin(&node, C * S, C * S, by_element, (leat_dtype)dtype,
                                   with_bias);
            one_node_stop(&node);
        }
    }
}

static void test_normalise__layer_tells_mean_and_inverse_deviation(void **state)
{
    (void)state;
    one_node node;
    const double x[] = {1, 3, -5, -5}, ones[] = {1, 1};
    one_node_start(&node, "", "LayerNormalization", 17);
    one_node_float(&node, "epsilon", 0.25f);
    one_node_outputs(&node, 3);
    add_input(&node, LEAT_F64, x, 2, (int64_t[]){2, 2}, false);
    add_input(&node, LEAT_F64, ones, 1, (int64_t[]){2}, true);
    one_node_run(&node);
    const double inverse = (double)(float)(1 / sqrt(1.25));
    assert_near(&node.out[1], (double[]){2, -5}, 2);
    assert_near(&node.out[2], (double[]){inverse, 2}, 2);
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(node.out[i].dtype, LEAT_F32);
        assert_int_equal(node.out[i].rank, 2);
        assert_int_equal(node.out[i].shape[1], 1);
    }
    one_node_stop(&node);
}

static void test_normalise__layer_refuses_scales_that_do_not_fit(void **state)
{
    (void)state;
    one_node node;
    const double x[] = {1, 3, -5, -5};
    one_node_start(&node, "", "LayerNormalization", 17);
    add_input(&node, LEAT_F32, x, 2, (int64_t[]){2, 2}, false);
    add_input(&node, LEAT_F32, x, 1, (int64_t[]){3}, true);
    assert_true(one_node_try(&node) < 0);
    assert_string_equal(node.error.msg, "input 1: found f32[3], expected 2 elements for "
                                        "an input of f32[2,2]");
    one_node_stop(&node);
}

static void test_normalise__instance_is_the_formula(void **state)
{
    (void)state;
    for (int dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
        one_node node;
        one_node_start(&node, "", "InstanceNormalization", 6);
        assert_lines_like_twin(&node, S, C, by_channel_of_line, (leat_dtype)dtype, true);
        one_node_stop(&node);
    }
}

static void test_normalise__group_weights_belong_to_groups_before_21(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "GroupNormalization", 18);
    one_node_int(&node, "num_groups", GROUPS);
    assert_lines_like_twin(&node, C * S / GROUPS, GROUPS, by_group, LEAT_F32, true);
    one_node_stop(&node);
}

static void test_normalise__group_weights_belong_to_channels_since_21(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "GroupNormalization", 21);
    one_node_int(&node, "num_groups", GROUPS);
    assert_lines_like_twin(&node, C * S / GROUPS, C, by_channel_of_group, LEAT_F64, true);
    one_node_stop(&node);
}

static void test_normalise__group_refuses_groups_that_do_not_divide(void **state)
{
    (void)state;
    static const int64_t groups[] = {4, 0, -1};
    for (size_t i = 0; i < 3; i++) {
        one_node node;
        double x[C] = {0};
        one_node_start(&node, "", "GroupNormalization", 21);
        one_node_int(&node, "num_groups", groups[i]);
        add_input(&node, LEAT_F32, x, 2, (int64_t[]){1, C}, false);
        add_input(&node, LEAT_F32, x, 1, (int64_t[]){C}, true);
        add_input(&node, LEAT_F32, x, 1, (int64_t[]){C}, true);
        assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
        one_node_stop(&node);
    }
}

static void test_normalise__rms_is_the_formula(void **state)
{
    (void)state;
    one_node node;
    double x[ALL], scale[S], expected[ALL];
    random_numbers(x, ALL), random_numbers(scale, S);
    for (size_t line = 0; line < ALL / S; line++) {
        double squares = 0;
        for (size_t i = 0; i < S; i++)
            squares += x[line * S + i] * x[line * S + i];
        for (size_t i = 0; i < S; i++)
            expected[line * S + i] =
                x[line * S + i] / sqrt(squares / S + epsilon) * scale[i];
    }
    one_node_start(&node, "", "RMSNormalization", 23);
    one_node_float(&node, "epsilon", 1e-3f);
    add_input(&node, LEAT_F32, x, 3, (int64_t[]){N, C, S}, false);
    add_input(&node, LEAT_F32, scale, 1, (int64_t[]){S}, true);
    one_node_run(&node);
    assert_near(&node.out[0], expected, ALL);
    one_node_stop(&node);
}

enum { ROWS = 5, LONG = 29 };

/* In double, whose last bits no rounding hides. */
static void run_layer(double *y)
{
    one_node node;
    one_node_start(&node, "", "LayerNormalization", 17);
    double *x = one_node_input(&node, LEAT_F64, 2, (int64_t[]){ROWS, LONG});
    double *scale = one_node_constant(&node, LEAT_F64, 1, (int64_t[]){LONG});
    for (size_t i = 0; i < ROWS * LONG; i++)
        x[i] = (double)(i * i % 101) * 0.37 - 12;
    double *bias = one_node_constant(&node, LEAT_F64, 1, (int64_t[]){LONG});
    for (size_t i = 0; i < LONG; i++) {
        scale[i] = 1.1 + (double)i / 7;
        bias[i] = (double)i / 3;
    }
    one_node_run(&node);
    memcpy(y, node.out[0].data, ROWS * LONG * sizeof *y);
    one_node_stop(&node);
}

static void test_normalise__layer_has_the_same_bits_with_any_simd(void **state)
{
    (void)state;
    double wanted[ROWS * LONG], found[ROWS * LONG];
    const leat_simd most = leat_simd_level();
    leat_simd_limit(LEAT_SIMD_NONE);
    run_layer(wanted);
    for (int level = LEAT_SIMD_AVX2; level <= LEAT_SIMD_AVX512; level++) {
        leat_simd_limit((leat_simd)level);
        run_layer(found);
        assert_memory_equal(found, wanted, sizeof wanted);
    }
    leat_simd_limit(most);
}

/* As many empty lines as a shape can have end at once. */
static void test_normalise__of_empty_lines_is_nothing(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "LayerNormalization", 17);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){1 << 20, 1 << 20, 0});
    one_node_constant(&node, LEAT_F32, 1, (int64_t[]){0});
    one_node_run(&node);
    assert_int_equal(leat_array_count(&node.out[0]), 0);
    one_node_stop(&node);
    one_node_start(&node, "", "InstanceNormalization", 6);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){UINT32_MAX, C, 0});
    one_node_constant(&node, LEAT_F32, 1, (int64_t[]){C});
    one_node_constant(&node, LEAT_F32, 1, (int64_t[]){C});
    one_node_run(&node);
    assert_int_equal(leat_array_count(&node.out[0]), 0);
    one_node_stop(&node);
}

static void test_normalise__group_refuses_more_groups_than_channels(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "GroupNormalization", 21);
    one_node_int(&node, "num_groups", INT64_MAX);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){1, 0});
    one_node_constant(&node, LEAT_F32, 1, (int64_t[]){0});
    one_node_constant(&node, LEAT_F32, 1, (int64_t[]){0});
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

/* A line of equal elements is all bias, and its neighbours do not suffer from a NaN. */
static void test_normalise__layer_of_nasty_lines(void **state)
{
    (void)state;
    one_node node;
    const double x[] = {7, 7, NAN, 1, -0.0, -0.0, INFINITY, 0}, ones[] = {1, 1};
    const double bias[] = {0.5, -0.5};
    one_node_start(&node, "", "LayerNormalization", 17);
    add_input(&node, LEAT_F32, x, 2, (int64_t[]){4, 2}, false);
    add_input(&node, LEAT_F32, ones, 1, (int64_t[]){2}, true);
    add_input(&node, LEAT_F32, bias, 1, (int64_t[]){2}, true);
    one_node_run(&node);
    const leat_array *y = &node.out[0];
    assert_true(element(y, 0) == 0.5);
    assert_true(element(y, 1) == -0.5);
    assert_true(isnan(element(y, 2)) && isnan(element(y, 3)));
    assert_true(element(y, 4) == 0.5);
    assert_true(isnan(element(y, 6)));
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalise__batch_is_the_formula),
        cmocka_unit_test(test_normalise__batch_refuses_training),
        cmocka_unit_test(test_normalise__batch_refuses_outputs_of_training),
        cmocka_unit_test(test_normalise__batch_refuses_weights_of_another_length),
        cmocka_unit_test(test_normalise__batch_spoils_one_row_with_nan),
        cmocka_unit_test(test_normalise__layer_is_the_formula),
        cmocka_unit_test(test_normalise__layer_tells_mean_and_inverse_deviation),
        cmocka_unit_test(test_normalise__layer_refuses_scales_that_do_not_fit),
        cmocka_unit_test(test_normalise__layer_of_nasty_lines),
        cmocka_unit_test(test_normalise__layer_has_the_same_bits_with_any_simd),
        cmocka_unit_test(test_normalise__of_empty_lines_is_nothing),
        cmocka_unit_test(test_normalise__group_refuses_more_groups_than_channels),
        cmocka_unit_test(test_normalise__instance_is_the_formula),
        cmocka_unit_test(test_normalise__group_weights_belong_to_groups_before_21),
        cmocka_unit_test(test_normalise__group_weights_belong_to_channels_since_21),
        cmocka_unit_test(test_normalise__group_refuses_groups_that_do_not_divide),
        cmocka_unit_test(test_normalise__rms_is_the_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
