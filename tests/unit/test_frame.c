#include "onnx_builder.h"
#include "runtime/frame.h"
#include "runtime/onnx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static onnx_builder b;
static leat_graph graph;
static leat_frame frame;
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    onnx_start(&b);
    leat_graph_init(&graph);
    memset(&frame, 0, sizeof frame);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_frame_fini(&frame);
    leat_graph_fini(&graph);
    onnx_stop(&b);
    return 0;
}

static void start(void)
{
    size_t size;
    void *bytes = onnx_pack(&b, &size);
    leat_status status = leat_onnx_read(&graph, bytes, size, &error);
    free(bytes);
    if (!status)
        status = leat_graph_load(&graph, &error);
    if (!status)
        status = leat_frame_init(&frame, &graph, 0, &error);
    if (status)
        fail_msg("refused: %s", error.msg);
}

static void set_input(uint32_t i, uint32_t rows, uint32_t columns, void *data)
{
    leat_array *array = leat_frame_input(&frame, i);
    array->rank = 2;
    array->shape[0] = rows;
    array->shape[1] = columns;
    array->data = data;
}

static leat_array *result(void)
{
    return &frame.arrays[graph.outputs[0].value->id];
}

/* x [n,2] -> Relu r -> Shape -> Gather y, the number of rows. */
static void add_rows(void)
{
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_ints(&b, "zero", 1, (int64_t[]){1}, (int64_t[]){0});
    onnx_node(&b, "Relu", "x", "r");
    onnx_node(&b, "Shape", "r", "shape");
    onnx_node(&b, "Gather", "shape zero", "y");
    onnx_output(&b, "y", 7, 1, (int64_t[]){1});
}

static void test_frame__shapes_follow_from_those_of_inputs(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, -1});
    onnx_node(&b, "Transpose", "x", "t");
    onnx_node(&b, "MatMul", "x t", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, -1});
    start();
    set_input(0, 3, 5, NULL);
    assert_int_equal(leat_frame_shape(&frame, &error), LEAT_OK);
    assert_int_equal(result()->shape[0], 3);
    assert_int_equal(result()->shape[1], 3);
    assert_null(result()->data);
    assert_int_equal(frame.n_steps, 2);
}

/* The shape of an array is known before its elements are. */
static void test_frame__what_is_made_of_shapes_is_known_without_a_run(void **state)
{
    (void)state;
    add_rows();
    start();
    for (uint32_t rows = 1; rows < 4; rows++) {
        set_input(0, rows, 2, NULL);
        assert_int_equal(leat_frame_shape(&frame, &error), LEAT_OK);
        assert_non_null(result()->data);
        assert_int_equal(*(int64_t *)result()->data, rows);
        assert_int_equal(frame.n_steps, 1);
    }
}

/* From data of the last run nothing may be known when shapes change. */
static void test_frame__data_of_the_last_run_are_not_known(void **state)
{
    (void)state;
    float data[4] = {0};
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_node(&b, "Relu", "x", "r");
    onnx_node(&b, "Relu", "r", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    start();
    for (int again = 0; again < 2; again++) {
        set_input(0, 2, 2, NULL);
        assert_int_equal(leat_frame_shape(&frame, &error), LEAT_OK);
        assert_int_equal(frame.n_steps, 2);
        frame.calls[0].outputs[0]->data = data;
        result()->data = data;
    }
}

static void test_frame__with_known_inputs_there_is_nothing_to_run(void **state)
{
    (void)state;
    float x[] = {-1, 2, 3, -4};
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_node(&b, "Relu", "x", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    start();
    set_input(0, 2, 2, x);
    assert_int_equal(leat_frame_shape(&frame, &error), LEAT_OK);
    assert_int_equal(frame.n_steps, 0);
    assert_memory_equal(result()->data, ((float[]){0, 2, 3, 0}), sizeof x);
}

static void test_frame__a_view_is_no_step(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_node(&b, "Flatten", "x", "f");
    onnx_node(&b, "Relu", "f", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    start();
    set_input(0, 2, 2, NULL);
    assert_int_equal(leat_frame_shape(&frame, &error), LEAT_OK);
    assert_int_equal(frame.n_steps, 1);
    assert_string_equal(graph.nodes[frame.steps[0]]->op_type, "Relu");
}

static void test_frame__runs_its_steps_in_order(void **state)
{
    (void)state;
    float x[] = {4, -1}, r[2], y[2];
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_node(&b, "Relu", "x", "r");
    onnx_node(&b, "Sqrt", "r", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    start();
    set_input(0, 1, 2, NULL);
    assert_int_equal(leat_frame_shape(&frame, &error), LEAT_OK);
    leat_frame_input(&frame, 0)->data = x;
    frame.calls[0].outputs[0]->data = r;
    result()->data = y;
    leat_frame_run(&frame, NULL);
    assert_memory_equal(y, ((float[]){2, 0}), sizeof y);
}

static void test_frame__a_shape_that_does_not_fit_is_blamed_on_its_node(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, -1});
    onnx_floats(&b, "w", 1, (int64_t[]){3}, (float[]){1, 2, 3});
    onnx_node(&b, "Add", "x w", "y")->name = (char *)"sum";
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, -1});
    start();
    set_input(0, 2, 4, NULL);
    assert_int_equal(leat_frame_shape(&frame, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg,
                        "node \"sum\" (Add): the shapes of f32[2,4] and f32[3] "
                        "do not broadcast");
}

/* 2^17 rows against 2^17 columns: 64 GiB. */
static void test_frame__arrays_that_are_too_large_are_refused(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, -1});
    onnx_node(&b, "Transpose", "x", "t");
    onnx_node(&b, "MatMul", "x t", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, -1});
    start();
    set_input(0, 1 << 17, 1, NULL);
    assert_int_equal(leat_frame_shape(&frame, &error), LEAT_E_UNSUPPORTED);
    assert_string_equal(error.msg,
                        "node \"y\" (MatMul): output 0 is f32[131072,131072]: at most "
                        "4096 MiB are supported");
}

/* From two numbers of the caller 400 million are made. */
static void test_frame__what_follows_from_shapes_is_bounded(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, -1});
    onnx_node(&b, "Shape", "x", "shape");
    onnx_node(&b, "ConstantOfShape", "shape", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, -1});
    start();
    set_input(0, 20000, 20000, NULL);
    assert_int_equal(leat_frame_shape(&frame, &error), LEAT_E_UNSUPPORTED);
    assert_string_equal(
        error.msg, "node \"y\" (ConstantOfShape): what follows from shapes is larger "
                   "than 64 MiB");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_frame__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shapes_follow_from_those_of_inputs),
        TEST(what_is_made_of_shapes_is_known_without_a_run),
        TEST(data_of_the_last_run_are_not_known),
        TEST(with_known_inputs_there_is_nothing_to_run),
        TEST(a_view_is_no_step),
        TEST(runs_its_steps_in_order),
        TEST(a_shape_that_does_not_fit_is_blamed_on_its_node),
        TEST(arrays_that_are_too_large_are_refused),
        TEST(what_follows_from_shapes_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
