#include "floats.h"
#include "one_node.h"

static void test_ml_columns__columns_in_any_order(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "ArrayFeatureExtractor", 1);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    int64_t *columns = one_node_constant(&node, LEAT_I64, 1, (int64_t[]){4});
    for (int i = 0; i < 6; i++)
        x[i] = (float)i;
    columns[0] = 2, columns[1] = 0, columns[2] = 2, columns[3] = 1;
    one_node_run(&node);
    assert_int_equal(node.out[0].shape[1], 4);
    floats_expect(node.out[0].data, (float[]){2, 0, 2, 1, 5, 3, 5, 4}, 8, 0);
    one_node_stop(&node);
}

static void test_ml_columns__one_axis_becomes_a_row(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "ArrayFeatureExtractor", 1);
    leat_slice *x = one_node_input(&node, LEAT_STRING, 1, (int64_t[]){2});
    int64_t *columns = one_node_constant(&node, LEAT_I64, 2, (int64_t[]){1, 1});
    x[1] = (leat_slice){(const uint8_t *)"b", 1};
    columns[0] = 1;
    one_node_run(&node);
    assert_int_equal(node.out[0].rank, 2);
    assert_int_equal(node.out[0].shape[0], 1);
    assert_true(leat_slice_equal(((const leat_slice *)node.out[0].data)[0], x[1]));
    one_node_stop(&node);
}

static void test_ml_columns__a_constant_column_outside_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "ArrayFeatureExtractor", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    int64_t *columns = one_node_constant(&node, LEAT_I64, 1, (int64_t[]){1});
    columns[0] = 3;
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

static void test_ml_columns__a_column_of_the_event_outside_is_nan(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "ArrayFeatureExtractor", 1);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){1, 2});
    int64_t *columns = one_node_input(&node, LEAT_I64, 1, (int64_t[]){3});
    x[0] = 4, x[1] = 5;
    columns[0] = -1, columns[1] = 2, columns[2] = 1;
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){NAN, NAN, 5}, 3, 0);
    one_node_stop(&node);
}

static void test_ml_columns__inputs_side_by_side(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "FeatureVectorizer", 1);
    float *a = one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
    int64_t *b = one_node_input(&node, LEAT_I64, 2, (int64_t[]){2, 1});
    double *c = one_node_input(&node, LEAT_F64, 2, (int64_t[]){2, 1});
    a[0] = 1, a[1] = 2, a[2] = 3, a[3] = 4;
    b[0] = 5, b[1] = 6;
    c[0] = 0.5, c[1] = (double)NAN;
    one_node_ints(&node, "inputdimensions", (int64_t[]){2, 1, 1}, 3);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1, 2, 5, 0.5f, 3, 4, 6, NAN}, 8, 0);
    one_node_stop(&node);
}

static void test_ml_columns__inputs_have_the_widths_that_are_said(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "FeatureVectorizer", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
    one_node_ints(&node, "inputdimensions", (int64_t[]){3}, 1);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

static void test_ml_columns__inputs_have_as_many_rows(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "FeatureVectorizer", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){3, 2});
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_columns__columns_in_any_order),
        cmocka_unit_test(test_ml_columns__one_axis_becomes_a_row),
        cmocka_unit_test(test_ml_columns__a_constant_column_outside_is_refused),
        cmocka_unit_test(test_ml_columns__a_column_of_the_event_outside_is_nan),
        cmocka_unit_test(test_ml_columns__inputs_side_by_side),
        cmocka_unit_test(test_ml_columns__inputs_have_the_widths_that_are_said),
        cmocka_unit_test(test_ml_columns__inputs_have_as_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
