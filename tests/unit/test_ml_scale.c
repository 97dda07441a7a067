#include "floats.h"
#include "one_node.h"

static const int64_t two_by_three[] = {2, 3};

static float *start(one_node *node, const char *name)
{
    one_node_start(node, "ai.onnx.ml", name, 3);
    return one_node_input(node, LEAT_F32, 2, two_by_three);
}

static void fill(float *to, const float *from, size_t n)
{
    memcpy(to, from, n * sizeof *to);
}

static const float nasty[] = {1, NAN, -0.0f, INFINITY, -3, 1e-40f};

static void test_ml_scale__scaler_subtracts_then_multiplies(void **state)
{
    (void)state;
    one_node node;
    const float offset[] = {1, -2, 0.5f}, scale[] = {2, 0.5f, -1};
    fill(start(&node, "Scaler"), nasty, 6);
    one_node_floats(&node, "offset", offset, 3);
    one_node_floats(&node, "scale", scale, 3);
    one_node_run(&node);
    float expected[6];
    for (int i = 0; i < 6; i++)
        expected[i] = (nasty[i] - offset[i % 3]) * scale[i % 3];
    floats_expect(node.out[0].data, expected, 6, 0);
    one_node_stop(&node);
}

static void test_ml_scale__scaler_has_one_factor_for_all(void **state)
{
    (void)state;
    one_node node;
    fill(start(&node, "Scaler"), nasty, 6);
    one_node_floats(&node, "scale", (float[]){3}, 1);
    one_node_run(&node);
    float expected[6];
    for (int i = 0; i < 6; i++)
        expected[i] = nasty[i] * 3;
    floats_expect(node.out[0].data, expected, 6, 0);
    one_node_stop(&node);
}

/* In float32 the difference would be 0. */
static void test_ml_scale__scaler_keeps_float64_until_the_end(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "Scaler", 1);
    double *x = one_node_input(&node, LEAT_F64, 2, (int64_t[]){1, 1});
    x[0] = 16777217.0;
    one_node_floats(&node, "offset", (float[]){16777216}, 1);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1}, 1, 0);
    one_node_stop(&node);
}

static void test_ml_scale__scaler_reads_integers(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "Scaler", 1);
    int64_t *x = one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    x[0] = -5, x[1] = 7;
    one_node_floats(&node, "offset", (float[]){1, 2}, 2);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){-6, 5}, 2, 0);
    one_node_stop(&node);
}

static void test_ml_scale__scaler_refuses_factors_of_other_columns(void **state)
{
    (void)state;
    one_node node;
    start(&node, "Scaler");
    one_node_floats(&node, "offset", (float[]){1, 2}, 2);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    assert_non_null(strstr(node.error.msg, "attribute offset: found 2 numbers for 3"));
    one_node_stop(&node);
}

static void test_ml_scale__imputer_replaces_nan(void **state)
{
    (void)state;
    one_node node;
    fill(start(&node, "Imputer"), nasty, 6);
    one_node_floats(&node, "imputed_value_floats", (float[]){7, 8, 9}, 3);
    one_node_float(&node, "replaced_value_float", NAN);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1, 8, -0.0f, INFINITY, -3, 1e-40f}, 6, 0);
    one_node_stop(&node);
}

/* -0 is 0, and NaN stays. */
static void test_ml_scale__imputer_replaces_a_number(void **state)
{
    (void)state;
    one_node node;
    fill(start(&node, "Imputer"), nasty, 6);
    one_node_floats(&node, "imputed_value_floats", (float[]){5}, 1);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1, NAN, 5, INFINITY, -3, 1e-40f}, 6, 0);
    one_node_stop(&node);
}

static void test_ml_scale__imputer_replaces_integers(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "Imputer", 1);
    int64_t *x = one_node_input(&node, LEAT_I64, 2, (int64_t[]){2, 2});
    x[0] = -1, x[1] = 4, x[2] = 5, x[3] = -1;
    one_node_ints(&node, "imputed_value_int64s", (int64_t[]){10, 20}, 2);
    one_node_int(&node, "replaced_value_int64", -1);
    one_node_run(&node);
    const int64_t *y = node.out[0].data;
    assert_memory_equal(y, ((int64_t[]){10, 4, 5, 20}), 4 * sizeof *y);
    one_node_stop(&node);
}

static void test_ml_scale__imputer_wants_values_of_its_type(void **state)
{
    (void)state;
    one_node node;
    start(&node, "Imputer");
    one_node_ints(&node, "imputed_value_int64s", (int64_t[]){1}, 1);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

static void check_norm(const char *norm, const float *expected)
{
    one_node node;
    const float rows[] = {3, -4, 0, 0, 0, 0};
    fill(start(&node, "Normalizer"), rows, 6);
    one_node_text(&node, "norm", norm);
    one_node_run(&node);
    floats_expect(node.out[0].data, expected, 6, 1e-7);
    one_node_stop(&node);
}

static void test_ml_scale__normalizer_divides_rows_by_their_norm(void **state)
{
    (void)state;
    check_norm("MAX", (float[]){1, -4.0f / 3, 0, 0, 0, 0});
    check_norm("L1", (float[]){3.0f / 7, -4.0f / 7, 0, 0, 0, 0});
    check_norm("L2", (float[]){0.6f, -0.8f, 0, 0, 0, 0});
}

static void test_ml_scale__normalizer_spoils_no_other_row(void **state)
{
    (void)state;
    one_node node;
    fill(start(&node, "Normalizer"), (float[]){NAN, 1, 1, 0, 5, 0}, 6);
    one_node_text(&node, "norm", "L2");
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){NAN, NAN, NAN, 0, 1, 0}, 6, 0);
    one_node_stop(&node);
}

static void test_ml_scale__binarizer_is_above_the_threshold(void **state)
{
    (void)state;
    one_node node;
    fill(start(&node, "Binarizer"), nasty, 6);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1, 0, 0, 1, 0, 1}, 6, 0);
    one_node_stop(&node);
}

static void test_ml_scale__more_axes_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "Scaler", 1);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){2, 2, 2});
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    one_node_stop(&node);
}

static void test_ml_scale__no_rows_are_no_trouble(void **state)
{
    (void)state;
    static const char *const names[] = {"Scaler", "Normalizer", "Binarizer"};
    for (int i = 0; i < 3; i++) {
        one_node node;
        one_node_start(&node, "ai.onnx.ml", names[i], 1);
        one_node_input(&node, LEAT_F32, 2, (int64_t[]){0, 3});
        one_node_run(&node);
        assert_int_equal(leat_array_count(&node.out[0]), 0);
        one_node_stop(&node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_scale__scaler_subtracts_then_multiplies),
        cmocka_unit_test(test_ml_scale__scaler_has_one_factor_for_all),
        cmocka_unit_test(test_ml_scale__scaler_keeps_float64_until_the_end),
        cmocka_unit_test(test_ml_scale__scaler_reads_integers),
        cmocka_unit_test(test_ml_scale__scaler_refuses_factors_of_other_columns),
        cmocka_unit_test(test_ml_scale__imputer_replaces_nan),
        cmocka_unit_test(test_ml_scale__imputer_replaces_a_number),
        cmocka_unit_test(test_ml_scale__imputer_replaces_integers),
        cmocka_unit_test(test_ml_scale__imputer_wants_values_of_its_type),
        cmocka_unit_test(test_ml_scale__normalizer_divides_rows_by_their_norm),
        cmocka_unit_test(test_ml_scale__normalizer_spoils_no_other_row),
        cmocka_unit_test(test_ml_scale__binarizer_is_above_the_threshold),
        cmocka_unit_test(test_ml_scale__more_axes_are_refused),
        cmocka_unit_test(test_ml_scale__no_rows_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
