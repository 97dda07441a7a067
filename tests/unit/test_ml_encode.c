#include "floats.h"
#include "one_node.h"

static const int64_t four[] = {4};

static leat_slice slice(const char *text)
{
    return (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static void expect_texts(const leat_array *found, const char *const *expected)
{
    const leat_slice *texts = found->data;
    assert_int_equal(found->dtype, LEAT_STRING);
    for (size_t i = 0; i < leat_array_count(found); i++)
        if (!leat_slice_equal(texts[i], slice(expected[i])))
            fail_msg("[%zu] is \"%.*s\", expected \"%s\"", i, (int)texts[i].size,
                     (const char *)texts[i].data, expected[i]);
}

static void give_texts(one_node *node, const char *a, const char *b, const char *c,
                       const char *d)
{
    leat_slice *x = one_node_input(node, LEAT_STRING, 1, four);
    x[0] = slice(a), x[1] = slice(b), x[2] = slice(c), x[3] = slice(d);
}

static void test_ml_encode__strings_become_integers(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 2);
    give_texts(&node, "b", "a", "", "zz");
    one_node_texts(&node, "keys_strings", (const char *[]){"a", "b", "", "a"}, 4);
    one_node_ints(&node, "values_int64s", (int64_t[]){7, 8, 9, 10}, 4);
    one_node_run(&node);
    const int64_t *y = node.out[0].data;
    assert_memory_equal(y, ((int64_t[]){8, 7, 9, -1}), 4 * sizeof *y);
    one_node_stop(&node);
}

static void test_ml_encode__integers_become_strings(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 3);
    int64_t *x = one_node_input(&node, LEAT_I64, 1, four);
    x[0] = INT64_MIN, x[1] = -1, x[2] = 0, x[3] = INT64_MAX;
    one_node_ints(&node, "keys_int64s", (int64_t[]){INT64_MAX, INT64_MIN, -1}, 3);
    one_node_texts(&node, "values_strings", (const char *[]){"most", "least", "one"}, 3);
    one_node_text(&node, "default_string", "?");
    one_node_run(&node);
    expect_texts(&node.out[0], (const char *[]){"least", "one", "?", "most"});
    one_node_stop(&node);
}

static void test_ml_encode__strings_become_strings_or_unused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 2);
    give_texts(&node, "a", "A", "b", "a");
    one_node_texts(&node, "keys_strings", (const char *[]){"a", "b"}, 2);
    one_node_texts(&node, "values_strings", (const char *[]){"x", "y"}, 2);
    one_node_run(&node);
    expect_texts(&node.out[0], (const char *[]){"x", "_Unused", "y", "x"});
    one_node_stop(&node);
}

/* NaN is a key like any other, and -0 is 0. */
static void test_ml_encode__floats_become_floats(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 4);
    float *x = one_node_input(&node, LEAT_F32, 1, four);
    x[0] = NAN, x[1] = -0.0f, x[2] = INFINITY, x[3] = 0.1f;
    one_node_floats(&node, "keys_floats", (float[]){0, NAN, INFINITY}, 3);
    one_node_floats(&node, "values_floats", (float[]){1, 2, 3}, 3);
    one_node_float(&node, "default_float", 0.5f);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){2, 1, 3, 0.5f}, 4, 0);
    one_node_stop(&node);
}

static void test_ml_encode__nan_was_no_key_before_version_4(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 3);
    float *x = one_node_input(&node, LEAT_F32, 1, four);
    x[0] = NAN, x[1] = 1;
    one_node_floats(&node, "keys_floats", (float[]){NAN, 1}, 2);
    one_node_ints(&node, "values_int64s", (int64_t[]){5, 6}, 2);
    one_node_run(&node);
    const int64_t *y = node.out[0].data;
    assert_memory_equal(y, ((int64_t[]){-1, 6, -1, -1}), 4 * sizeof *y);
    one_node_stop(&node);
}

static void test_ml_encode__keys_and_values_may_be_tensors(void **state)
{
    (void)state;
    one_node node;
    double keys[] = {0.5, NAN};
    int32_t values[] = {4, 5}, other = 6;
    const leat_array keys_tensor = {LEAT_F64, 1, {2}, keys};
    const leat_array values_tensor = {LEAT_I32, 1, {2}, values};
    const leat_array other_tensor = {LEAT_I32, 1, {1}, &other};
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 4);
    double *x = one_node_input(&node, LEAT_F64, 1, four);
    x[0] = 0.5, x[1] = NAN, x[2] = 0.25, x[3] = 0.5;
    one_node_tensor(&node, "keys_tensor", &keys_tensor);
    one_node_tensor(&node, "values_tensor", &values_tensor);
    one_node_tensor(&node, "default_tensor", &other_tensor);
    one_node_run(&node);
    const int32_t *y = node.out[0].data;
    assert_int_equal(node.out[0].dtype, LEAT_I32);
    assert_memory_equal(y, ((int32_t[]){4, 5, 6, 4}), 4 * sizeof *y);
    one_node_stop(&node);
}

static void test_ml_encode__default_tensor_has_the_type_of_values(void **state)
{
    (void)state;
    one_node node;
    float other = 1;
    const leat_array other_tensor = {LEAT_F32, 1, {1}, &other};
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 4);
    one_node_input(&node, LEAT_I64, 1, four);
    one_node_ints(&node, "keys_int64s", (int64_t[]){1}, 1);
    one_node_ints(&node, "values_int64s", (int64_t[]){1}, 1);
    one_node_tensor(&node, "default_tensor", &other_tensor);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

static void test_ml_encode__version_1_numbers_its_classes(void **state)
{
    (void)state;
    one_node node;
    const char *const classes[] = {"cold", "warm", "hot"};
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 1);
    give_texts(&node, "hot", "cold", "x", "warm");
    one_node_texts(&node, "classes_strings", classes, 3);
    one_node_run(&node);
    const int64_t *y = node.out[0].data;
    assert_memory_equal(y, ((int64_t[]){2, 0, -1, 1}), 4 * sizeof *y);
    one_node_stop(&node);

    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 1);
    int64_t *x = one_node_input(&node, LEAT_I64, 1, four);
    x[0] = 2, x[1] = 3, x[2] = -1, x[3] = 0;
    one_node_texts(&node, "classes_strings", classes, 3);
    one_node_run(&node);
    expect_texts(&node.out[0], (const char *[]){"hot", "_Unused", "_Unused", "cold"});
    one_node_stop(&node);
}

static void test_ml_encode__category_mapper_goes_both_ways(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "CategoryMapper", 1);
    int64_t *x = one_node_input(&node, LEAT_I64, 1, four);
    x[0] = 10, x[1] = 20, x[2] = 30, x[3] = 10;
    one_node_ints(&node, "cats_int64s", (int64_t[]){10, 20}, 2);
    one_node_texts(&node, "cats_strings", (const char *[]){"ten", "twenty"}, 2);
    one_node_run(&node);
    expect_texts(&node.out[0], (const char *[]){"ten", "twenty", "_Unused", "ten"});
    one_node_stop(&node);
}

static void test_ml_encode__keys_and_values_are_as_many(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 2);
    one_node_input(&node, LEAT_I64, 1, four);
    one_node_ints(&node, "keys_int64s", (int64_t[]){1, 2}, 2);
    one_node_ints(&node, "values_int64s", (int64_t[]){1}, 1);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    assert_non_null(strstr(node.error.msg, "found 2 keys and 1 values"));
    one_node_stop(&node);
}

static void test_ml_encode__strings_are_no_key_of_numbers(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LabelEncoder", 2);
    give_texts(&node, "", "", "", "");
    one_node_ints(&node, "keys_int64s", (int64_t[]){1}, 1);
    one_node_ints(&node, "values_int64s", (int64_t[]){1}, 1);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

static void test_ml_encode__one_hot_adds_an_axis(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "OneHotEncoder", 1);
    leat_slice *x = one_node_input(&node, LEAT_STRING, 2, (int64_t[]){3, 1});
    x[0] = slice("b"), x[1] = slice("a"), x[2] = slice("c");
    one_node_texts(&node, "cats_strings", (const char *[]){"a", "b"}, 2);
    one_node_run(&node);
    assert_int_equal(node.out[0].rank, 3);
    assert_int_equal(node.out[0].shape[2], 2);
    floats_expect(node.out[0].data, (float[]){0, 1, 1, 0, 0, 0}, 6, 0);
    one_node_stop(&node);
}

/* Floats are truncated; what no integer can be is unknown. */
static void test_ml_encode__one_hot_of_floats(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "OneHotEncoder", 1);
    float *x = one_node_input(&node, LEAT_F32, 1, four);
    x[0] = 2.9f, x[1] = NAN, x[2] = 1e30f, x[3] = -0.5f;
    one_node_ints(&node, "cats_int64s", (int64_t[]){2, 0}, 2);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1, 0, 0, 0, 0, 0, 0, 1}, 8, 0);
    one_node_stop(&node);
}

static void test_ml_encode__one_hot_without_zeros_makes_nan(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "OneHotEncoder", 1);
    int64_t *x = one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    x[0] = 5, x[1] = 1;
    one_node_ints(&node, "cats_int64s", (int64_t[]){1, 2}, 2);
    one_node_int(&node, "zeros", 0);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){NAN, NAN, 1, 0}, 4, 0);
    one_node_stop(&node);
}

static void test_ml_encode__one_hot_wants_categories_of_its_type(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "OneHotEncoder", 1);
    one_node_input(&node, LEAT_I64, 1, four);
    one_node_texts(&node, "cats_strings", (const char *[]){"a"}, 1);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    assert_non_null(strstr(node.error.msg, "cats_int64s is missing"));
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_encode__strings_become_integers),
        cmocka_unit_test(test_ml_encode__integers_become_strings),
        cmocka_unit_test(test_ml_encode__strings_become_strings_or_unused),
        cmocka_unit_test(test_ml_encode__floats_become_floats),
        cmocka_unit_test(test_ml_encode__nan_was_no_key_before_version_4),
        cmocka_unit_test(test_ml_encode__keys_and_values_may_be_tensors),
        cmocka_unit_test(test_ml_encode__default_tensor_has_the_type_of_values),
        cmocka_unit_test(test_ml_encode__version_1_numbers_its_classes),
        cmocka_unit_test(test_ml_encode__category_mapper_goes_both_ways),
        cmocka_unit_test(test_ml_encode__keys_and_values_are_as_many),
        cmocka_unit_test(test_ml_encode__strings_are_no_key_of_numbers),
        cmocka_unit_test(test_ml_encode__one_hot_adds_an_axis),
        cmocka_unit_test(test_ml_encode__one_hot_of_floats),
        cmocka_unit_test(test_ml_encode__one_hot_without_zeros_makes_nan),
        cmocka_unit_test(test_ml_encode__one_hot_wants_categories_of_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
