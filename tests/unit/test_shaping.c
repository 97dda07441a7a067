#include "twin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A node on f32 input of that shape, whose second input are known integers. */
static void start(one_node *node, const char *name, uint32_t version, uint32_t rank,
                  const int64_t *shape, const int64_t *known, uint32_t n)
{
    one_node_start(node, "", name, version);
    twin_input(node, LEAT_F32, rank, shape);
    twin_known(node, known, n);
}

/* The elements are those of the input, in their order. */
static void check_elements(one_node *node, uint32_t rank, const int64_t *shape)
{
    twin_same_shape(&node->out[0], rank, shape);
    assert_int_equal(node->out[0].dtype, node->in[0].dtype);
    assert_memory_equal(node->out[0].data, node->in[0].data,
                        leat_array_bytes(&node->in[0]));
}

static void check_reshape(uint32_t n, const int64_t *wanted, bool allow_zero,
                          uint32_t rank, const int64_t *shape, const int64_t *expected)
{
    one_node node;
    start(&node, "Reshape", 14, rank, shape, wanted, n);
    one_node_int(&node, "allowzero", allow_zero);
    one_node_run(&node);
    check_elements(&node, n, expected);
    one_node_stop(&node);
}

static void test_shaping__reshape_finds_the_free_length(void **state)
{
    (void)state;
    const int64_t in[] = {2, 3, 4};
    check_reshape(2, (int64_t[]){6, 4}, false, 3, in, (int64_t[]){6, 4});
    check_reshape(2, (int64_t[]){-1, 2}, false, 3, in, (int64_t[]){12, 2});
    check_reshape(1, (int64_t[]){-1}, false, 3, in, (int64_t[]){24});
    check_reshape(3, (int64_t[]){4, -1, 0}, true, 2, (int64_t[]){0, 4},
                  (int64_t[]){4, 1, 0});
    check_reshape(0, NULL, false, 2, (int64_t[]){1, 1}, NULL);
}

static void test_shaping__reshape_takes_zeros_from_the_input(void **state)
{
    (void)state;
    const int64_t in[] = {2, 3, 4};
    check_reshape(2, (int64_t[]){0, -1}, false, 3, in, (int64_t[]){2, 12});
    check_reshape(4, (int64_t[]){2, 0, 2, -1}, false, 3, in, (int64_t[]){2, 3, 2, 2});
    check_reshape(2, (int64_t[]){0, 7}, true, 2, (int64_t[]){3, 0}, (int64_t[]){0, 7});
}

static void test_shaping__reshape_had_an_attribute_before_opset_5(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Reshape", 1);
    twin_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_ints(&node, "shape", (int64_t[]){3, -1}, 2);
    one_node_run(&node);
    check_elements(&node, 2, (int64_t[]){3, 2});
    one_node_stop(&node);
}

static void test_shaping__shapes_of_other_counts_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t n;
        int64_t wanted[3];
        leat_status status;
        const char *words;
    } cases[] = {
        {2, {2, 2}, LEAT_E_MODEL, "f32[2,3] cannot have the shape [2,2]"},
        {2, {-1, -1}, LEAT_E_MODEL, "[-1,-1]"},
        {2, {-1, 4}, LEAT_E_MODEL, "[-1,4]"},
        {3, {2, 3, 0}, LEAT_E_MODEL, "[2,3,0]"},
        {2, {-2, -3}, LEAT_E_MODEL, "length -2"},
        {2, {INT64_MAX, 2}, LEAT_E_MODEL, "length 9223372036854775807"},
        {3, {4294967295, 4294967295, 4294967295}, LEAT_E_MODEL, "2^40"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_node node;
        start(&node, "Reshape", 13, 2, (int64_t[]){2, 3}, cases[i].wanted, cases[i].n);
        twin_refused(&node, cases[i].status, cases[i].words);
        one_node_stop(&node);
    }
}

static void test_shaping__a_zero_without_an_axis_of_the_input_is_refused(void **state)
{
    (void)state;
    one_node node;
    start(&node, "Reshape", 13, 1, (int64_t[]){0}, (int64_t[]){0, 0}, 2);
    twin_refused(&node, LEAT_E_MODEL, "f32[0] cannot have the shape [0,0]");
    one_node_stop(&node);
}

static void test_shaping__a_shape_of_the_events_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Reshape", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){4});
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "depends on the events");
    one_node_stop(&node);
}

static void test_shaping__more_axes_than_there_are_is_refused(void **state)
{
    (void)state;
    one_node node;
    start(&node, "Reshape", 13, 1, (int64_t[]){1}, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1},
          9);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "9 axes");
    one_node_stop(&node);
    start(&node, "Reshape", 13, 1, (int64_t[]){1}, (int64_t[17]){0}, 17);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "17 values");
    one_node_stop(&node);
}

static void test_shaping__flatten_splits_the_axes_in_two(void **state)
{
    (void)state;
    static const struct {
        int64_t axis, expected[2];
    } cases[] = {{0, {1, 24}}, {1, {2, 12}}, {3, {24, 1}}, {-1, {6, 4}}, {-3, {1, 24}}};
    for (size_t i = 0; i < 5; i++) {
        one_node node;
        one_node_start(&node, "", "Flatten", 13);
        twin_input(&node, LEAT_F32, 3, (int64_t[]){2, 3, 4});
        one_node_int(&node, "axis", cases[i].axis);
        one_node_run(&node);
        check_elements(&node, 2, cases[i].expected);
        one_node_stop(&node);
    }
    one_node node;
    one_node_start(&node, "", "Flatten", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    one_node_int(&node, "axis", 2);
    twin_refused(&node, LEAT_E_MODEL, "axis 2 of an array with 1 axes");
    one_node_stop(&node);
}

static void test_shaping__squeeze_drops_axes_of_one(void **state)
{
    (void)state;
    one_node node;
    const int64_t in[] = {1, 3, 1, 1};
    start(&node, "Squeeze", 13, 4, in, (int64_t[]){0, -1}, 2);
    one_node_run(&node);
    check_elements(&node, 2, (int64_t[]){3, 1});
    one_node_stop(&node);
    one_node_start(&node, "", "Squeeze", 13);
    twin_input(&node, LEAT_F32, 4, in);
    one_node_run(&node);
    check_elements(&node, 1, (int64_t[]){3});
    one_node_stop(&node);
    one_node_start(&node, "", "Squeeze", 11);
    twin_input(&node, LEAT_F32, 4, in);
    one_node_ints(&node, "axes", (int64_t[]){2}, 1);
    one_node_run(&node);
    check_elements(&node, 3, (int64_t[]){1, 3, 1});
    one_node_stop(&node);
    start(&node, "Squeeze", 13, 4, in, (int64_t[]){1}, 1);
    twin_refused(&node, LEAT_E_MODEL, "axis 1 has the length 3");
    one_node_stop(&node);
}

static void test_shaping__unsqueeze_counts_axes_of_the_output(void **state)
{
    (void)state;
    one_node node;
    start(&node, "Unsqueeze", 13, 2, (int64_t[]){3, 4}, (int64_t[]){-1, 0, 2}, 3);
    one_node_run(&node);
    check_elements(&node, 5, (int64_t[]){1, 3, 1, 4, 1});
    one_node_stop(&node);
    one_node_start(&node, "", "Unsqueeze", 11);
    twin_input(&node, LEAT_F32, 0, NULL);
    one_node_ints(&node, "axes", (int64_t[]){0}, 1);
    one_node_run(&node);
    check_elements(&node, 1, (int64_t[]){1});
    one_node_stop(&node);
    start(&node, "Unsqueeze", 13, 2, (int64_t[]){3, 4}, (int64_t[]){3}, 1);
    twin_refused(&node, LEAT_E_MODEL, "axis 3 of an array with 3 axes");
    one_node_stop(&node);
    start(&node, "Unsqueeze", 13, 2, (int64_t[]){3, 4}, (int64_t[]){0, 1, 2, 3, 4, 5, 6},
          7);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "9 axes");
    one_node_stop(&node);
    one_node_start(&node, "", "Unsqueeze", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_MODEL, "axes are missing");
    one_node_stop(&node);
}

static void test_shaping__shape_tells_a_part_of_the_axes(void **state)
{
    (void)state;
    static const struct {
        int64_t start, end, n, expected[3];
    } cases[] = {{0, INT64_MAX, 3, {2, 3, 4}}, {1, INT64_MAX, 2, {3, 4}},
                 {-1, INT64_MAX, 1, {4}},      {0, -1, 2, {2, 3}},
                 {-9, 9, 3, {2, 3, 4}},        {2, 1, 0, {0}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_node node;
        one_node_start(&node, "", "Shape", 15);
        one_node_input(&node, LEAT_STRING, 3, (int64_t[]){2, 3, 4});
        one_node_int(&node, "start", cases[i].start);
        one_node_int(&node, "end", cases[i].end);
        one_node_run(&node);
        twin_same_shape(&node.out[0], 1, &cases[i].n);
        assert_int_equal(node.out[0].dtype, LEAT_I64);
        assert_memory_equal(node.out[0].data, cases[i].expected,
                            (size_t)cases[i].n * sizeof(int64_t));
        one_node_stop(&node);
    }
}

static void test_shaping__size_tells_the_number_of_elements(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Size", 13);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){2, 3, 4});
    one_node_run(&node);
    assert_int_equal(node.out[0].rank, 0);
    assert_int_equal(*(int64_t *)node.out[0].data, 24);
    one_node_stop(&node);
}

static void test_shaping__dropout_drops_nothing(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Dropout", 13);
    one_node_outputs(&node, 2);
    twin_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    *(float *)one_node_constant(&node, LEAT_F32, 0, NULL) = 0.75f;
    one_node_constant(&node, LEAT_BOOL, 0, NULL);
    one_node_run(&node);
    check_elements(&node, 2, (int64_t[]){2, 3});
    twin_same_shape(&node.out[1], 2, (int64_t[]){2, 3});
    assert_int_equal(node.out[1].dtype, LEAT_BOOL);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(((uint8_t *)node.out[1].data)[i], 1);
    one_node_stop(&node);
    one_node_start(&node, "", "Dropout", 7);
    twin_input(&node, LEAT_F64, 1, (int64_t[]){5});
    one_node_float(&node, "ratio", 0.1f);
    one_node_run(&node);
    check_elements(&node, 1, (int64_t[]){5});
    one_node_stop(&node);
}

static void test_shaping__dropout_in_training_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Dropout", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    one_node_no_input(&node);
    *(uint8_t *)one_node_constant(&node, LEAT_BOOL, 0, NULL) = 1;
    twin_refused(&node, LEAT_E_UNSUPPORTED, "training is not supported");
    one_node_stop(&node);
    one_node_start(&node, "", "Dropout", 9);
    one_node_outputs(&node, 2);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "a mask before opset 10");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shaping__reshape_finds_the_free_length),
        cmocka_unit_test(test_shaping__reshape_takes_zeros_from_the_input),
        cmocka_unit_test(test_shaping__reshape_had_an_attribute_before_opset_5),
        cmocka_unit_test(test_shaping__shapes_of_other_counts_are_refused),
        cmocka_unit_test(test_shaping__a_zero_without_an_axis_of_the_input_is_refused),
        cmocka_unit_test(test_shaping__a_shape_of_the_events_is_refused),
        cmocka_unit_test(test_shaping__more_axes_than_there_are_is_refused),
        cmocka_unit_test(test_shaping__flatten_splits_the_axes_in_two),
        cmocka_unit_test(test_shaping__squeeze_drops_axes_of_one),
        cmocka_unit_test(test_shaping__unsqueeze_counts_axes_of_the_output),
        cmocka_unit_test(test_shaping__shape_tells_a_part_of_the_axes),
        cmocka_unit_test(test_shaping__size_tells_the_number_of_elements),
        cmocka_unit_test(test_shaping__dropout_drops_nothing),
        cmocka_unit_test(test_shaping__dropout_in_training_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
