#include "twin.h"

#include "base/slice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_constant__is_the_tensor_that_it_holds(void **state)
{
    (void)state;
    one_node node;
    double elements[] = {1, 2, 3, 4, 5, 6};
    leat_array tensor = {LEAT_F64, 2, {2, 3}, elements};
    one_node_start(&node, "", "Constant", 13);
    one_node_tensor(&node, "value", &tensor);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, LEAT_F64);
    twin_same_shape(&node.out[0], 2, (int64_t[]){2, 3});
    assert_memory_equal(node.out[0].data, elements, sizeof elements);
    one_node_stop(&node);
}

static void test_constant__is_the_number_or_the_list_that_it_holds(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Constant", 13);
    one_node_float(&node, "value_float", 2.5f);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 0, NULL);
    assert_float_equal(*(float *)node.out[0].data, 2.5f, 0);
    one_node_stop(&node);
    one_node_start(&node, "", "Constant", 13);
    one_node_floats(&node, "value_floats", (float[]){1, 2}, 2);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 1, (int64_t[]){2});
    assert_memory_equal(node.out[0].data, ((float[]){1, 2}), 2 * sizeof(float));
    one_node_stop(&node);
    one_node_start(&node, "", "Constant", 13);
    one_node_int(&node, "value_int", -7);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 0, NULL);
    assert_int_equal(*(int64_t *)node.out[0].data, -7);
    one_node_stop(&node);
    one_node_start(&node, "", "Constant", 13);
    one_node_ints(&node, "value_ints", (int64_t[]){4, 5, 6}, 3);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 1, (int64_t[]){3});
    assert_memory_equal(node.out[0].data, ((int64_t[]){4, 5, 6}), 3 * sizeof(int64_t));
    one_node_stop(&node);
}

static void test_constant__is_the_text_or_the_texts_that_it_holds(void **state)
{
    (void)state;
    static const char *const texts[] = {"DE", "FR"};
    one_node node;
    one_node_start(&node, "", "Constant", 13);
    one_node_texts(&node, "value_strings", texts, 2);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, LEAT_STRING);
    twin_same_shape(&node.out[0], 1, (int64_t[]){2});
    assert_true(((leat_slice *)node.out[0].data)[1].data == (const uint8_t *)texts[1]);
    one_node_stop(&node);
    one_node_start(&node, "", "Constant", 13);
    one_node_text(&node, "value_string", "x");
    one_node_run(&node);
    twin_same_shape(&node.out[0], 0, NULL);
    assert_int_equal(((leat_slice *)node.out[0].data)->size, 1);
    one_node_stop(&node);
}

static void test_constant__needs_exactly_one_value(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Constant", 13);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "expected one");
    one_node_stop(&node);
    one_node_start(&node, "", "Constant", 13);
    one_node_int(&node, "value_int", 1);
    one_node_float(&node, "value_float", 1);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "2 attributes");
    one_node_stop(&node);
    one_node_start(&node, "", "Constant", 13);
    one_node_float(&node, "value", 1);
    twin_refused(&node, LEAT_E_MODEL, "found a float, expected a tensor");
    one_node_stop(&node);
}

static void test_constant__of_shape_repeats_a_value(void **state)
{
    (void)state;
    int32_t seven = 7;
    leat_array value = {LEAT_I32, 1, {1}, &seven};
    one_node node;
    one_node_start(&node, "", "ConstantOfShape", 9);
    one_node_tensor(&node, "value", &value);
    twin_known(&node, (int64_t[]){2, 3}, 2);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, LEAT_I32);
    twin_same_shape(&node.out[0], 2, (int64_t[]){2, 3});
    for (size_t i = 0; i < 6; i++)
        assert_true(twin_get(&node.out[0], i) == 7);
    one_node_stop(&node);
    one_node_start(&node, "", "ConstantOfShape", 9);
    twin_known(&node, NULL, 0);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, LEAT_F32);
    twin_same_shape(&node.out[0], 0, NULL);
    assert_true(twin_get(&node.out[0], 0) == 0);
    one_node_stop(&node);
}

static void test_constant__of_shape_refuses_lists_and_unknown_shapes(void **state)
{
    (void)state;
    float two[] = {1, 2};
    leat_array value = {LEAT_F32, 1, {2}, two};
    one_node node;
    one_node_start(&node, "", "ConstantOfShape", 9);
    one_node_tensor(&node, "value", &value);
    twin_known(&node, (int64_t[]){2}, 1);
    twin_refused(&node, LEAT_E_MODEL, "found 2 elements, expected one");
    one_node_stop(&node);
    one_node_start(&node, "", "ConstantOfShape", 9);
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "depends on the events");
    one_node_stop(&node);
    one_node_start(&node, "", "ConstantOfShape", 9);
    twin_known(&node, (int64_t[]){-1}, 1);
    twin_refused(&node, LEAT_E_MODEL, "length -1");
    one_node_stop(&node);
}

/* ---- Range ---- */

static void range(one_node *node, leat_dtype dtype, double start, double limit,
                  double delta)
{
    const double values[] = {start, limit, delta};
    one_node_start(node, "", "Range", 11);
    for (uint32_t i = 0; i < 3; i++)
        twin_put(&node->in[i], one_node_constant(node, dtype, 0, NULL), 0, values[i]);
}

static void test_constant__range_counts_up_to_the_limit(void **state)
{
    (void)state;
    static const struct {
        double start, limit, delta;
    } cases[] = {{0, 5, 1}, {0, 5, 2}, {5, 0, -2}, {5, 0, 1}, {-3, 3, 3}, {1, 1, 1}};
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            double expected[8];
            int64_t n = 0;
            for (double at = cases[i].start;
                 cases[i].delta > 0 ? at < cases[i].limit : at > cases[i].limit;
                 at += cases[i].delta)
                expected[n++] = at;
            one_node node;
            range(&node, dtype, cases[i].start, cases[i].limit, cases[i].delta);
            one_node_run(&node);
            assert_int_equal(node.out[0].dtype, dtype);
            twin_same_shape(&node.out[0], 1, &n);
            for (size_t k = 0; k < (size_t)n; k++)
                twin_same("Range", k, twin_get(&node.out[0], k), expected[k], 0);
            one_node_stop(&node);
        }
}

static void test_constant__range_counts_fractions(void **state)
{
    (void)state;
    one_node node;
    range(&node, LEAT_F64, 0, 1, 0.3);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 1, (int64_t[]){4});
    twin_same("Range", 3, twin_get(&node.out[0], 3), 0.9, 1e-15);
    one_node_stop(&node);
}

static void refuse_range(leat_dtype dtype, double start, double limit, double delta)
{
    one_node node;
    range(&node, dtype, start, limit, delta);
    twin_refused(&node, LEAT_E_MODEL, "a range without end");
    one_node_stop(&node);
}

static void test_constant__a_range_without_end_is_refused(void **state)
{
    (void)state;
    refuse_range(LEAT_I64, 0, 5, 0);
    refuse_range(LEAT_I64, -9e18, 9e18, 1);
    refuse_range(LEAT_F32, 0, 5, 0);
    refuse_range(LEAT_F64, 0, (double)NAN, 1);
    refuse_range(LEAT_F64, 0, (double)INFINITY, 1);
}

static void test_constant__a_range_of_the_events_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Range", 11);
    for (int i = 0; i < 3; i++)
        one_node_input(&node, LEAT_I64, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0 decides about shapes");
    one_node_stop(&node);
}

/* ---- EyeLike ---- */

static void test_constant__eye_is_one_on_its_diagonal(void **state)
{
    (void)state;
    static const int64_t shifts[] = {0, 1, -1, 3, -4, INT64_MAX, INT64_MIN};
    static const int64_t data_types[] = {1, 11, 7, 6, 9};
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (size_t s = 0; s < 7; s++) {
            one_node node;
            one_node_start(&node, "", "EyeLike", 9);
            one_node_int(&node, "k", shifts[s]);
            one_node_int(&node, "dtype", data_types[dtype]);
            one_node_input(&node, LEAT_F32, 2, (int64_t[]){3, 4});
            one_node_run(&node);
            assert_int_equal(node.out[0].dtype, dtype);
            for (int64_t i = 0; i < 12; i++)
                assert_true(twin_get(&node.out[0], (size_t)i) ==
                            (i % 4 - i / 4 == shifts[s]));
            one_node_stop(&node);
        }
}

static void test_constant__eye_has_two_axes_and_numbers(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "EyeLike", 9);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){3, 4, 5});
    twin_refused(&node, LEAT_E_MODEL, "3 axes, expected 2");
    one_node_stop(&node);
    one_node_start(&node, "", "EyeLike", 9);
    one_node_input(&node, LEAT_STRING, 2, (int64_t[]){3, 4});
    twin_refused(&node, LEAT_E_MODEL, "strings have no 1");
    one_node_stop(&node);
    one_node_start(&node, "", "EyeLike", 9);
    one_node_int(&node, "dtype", 10);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){3, 4});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "attribute dtype: data type 10");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant__is_the_tensor_that_it_holds),
        cmocka_unit_test(test_constant__is_the_number_or_the_list_that_it_holds),
        cmocka_unit_test(test_constant__is_the_text_or_the_texts_that_it_holds),
        cmocka_unit_test(test_constant__needs_exactly_one_value),
        cmocka_unit_test(test_constant__of_shape_repeats_a_value),
        cmocka_unit_test(test_constant__of_shape_refuses_lists_and_unknown_shapes),
        cmocka_unit_test(test_constant__range_counts_up_to_the_limit),
        cmocka_unit_test(test_constant__range_counts_fractions),
        cmocka_unit_test(test_constant__a_range_without_end_is_refused),
        cmocka_unit_test(test_constant__a_range_of_the_events_is_refused),
        cmocka_unit_test(test_constant__eye_is_one_on_its_diagonal),
        cmocka_unit_test(test_constant__eye_has_two_axes_and_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
