#include "onnx_builder.h"
#include "runtime/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static onnx_builder b;
static leat_network network;
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    onnx_start(&b);
    memset(&network, 0, sizeof network);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_network_fini(&network);
    onnx_stop(&b);
    return 0;
}

static leat_status open(void)
{
    size_t size;
    void *bytes = onnx_pack(&b, &size);
    leat_status status = leat_network_init(&network, bytes, size, &error);
    free(bytes);
    return status;
}

static void expect_open(void)
{
    if (open())
        fail_msg("refused: %s", error.msg);
}

static void expect_refused(leat_status status, const char *message)
{
    assert_int_equal(open(), status);
    assert_string_equal(error.msg, message);
}

/* x [n,4] -> Relu -> y */
static Leat__Onnx__ValueInfo *small(void)
{
    Leat__Onnx__ValueInfo *x = onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_node(&b, "Relu", "x", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
    return x;
}

static Leat__Onnx__Dimension *axis_of(Leat__Onnx__ValueInfo *info, size_t axis)
{
    return info->type->tensor_type->shape->dim[axis];
}

static uint32_t count_of(const char *op_type)
{
    for (uint32_t i = 0; i < network.n_operators; i++)
        if (!strcmp(network.operators[i].name, op_type))
            return network.operators[i].n;
    return 0;
}

/* ---- rows ---- */

static void test_network__describes_inputs_and_output(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_input(&b, "ids", 7, 3, (int64_t[]){-1, 2, 3});
    onnx_node(&b, "Relu", "x", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
    expect_open();
    assert_int_equal(network.graph.n_inputs, 2);
    assert_string_equal(network.inputs[0].name, "x");
    assert_int_equal(network.inputs[0].dtype, LEAT_F32);
    assert_int_equal(network.inputs[0].shape[1], 4);
    assert_int_equal(network.inputs[1].dtype, LEAT_I64);
    assert_int_equal(network.inputs[1].rank, 3);
    assert_int_equal(network.inputs[1].shape[0], 0);
    assert_int_equal(network.inputs[1].shape[2], 3);
    assert_string_equal(network.output.name, "y");
    assert_int_equal(network.output.rank, 2);
    assert_int_equal(network.output.shape[0], 0);
    assert_int_equal(network.output.shape[1], 4);
    assert_false(network.has_fixed_batch);
}

/* Axes behind the rows are one in the output, be there none or two. */
static void test_network__an_output_has_one_axis_of_scores(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 3, (int64_t[]){-1, 2, 3});
    onnx_node(&b, "Relu", "x", "y");
    onnx_output(&b, "y", 1, 3, (int64_t[]){-1, 2, 3});
    expect_open();
    assert_int_equal(network.output.rank, 2);
    assert_int_equal(network.output.shape[1], 6);
}

static void test_network__an_output_of_one_axis_is_a_score_a_row(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 1, (int64_t[]){-1});
    onnx_node(&b, "Relu", "x", "y");
    onnx_output(&b, "y", 1, 1, (int64_t[]){-1});
    expect_open();
    assert_int_equal(network.output.shape[1], 1);
}

static void test_network__a_fixed_batch_of_1_is_run_row_by_row(void **state)
{
    (void)state;
    axis_of(small(), 0)->has_dim_value = 1;
    axis_of(b.inputs[0], 0)->dim_value = 1;
    expect_open();
    assert_true(network.has_fixed_batch);
    assert_int_equal(network.block, 1);
}

static void test_network__another_fixed_batch_is_refused(void **state)
{
    (void)state;
    axis_of(small(), 0)->has_dim_value = 1;
    axis_of(b.inputs[0], 0)->dim_value = 8;
    expect_refused(LEAT_E_UNSUPPORTED,
                   "input \"x\": it has a fixed batch of 8: export the model with a free "
                   "(dynamic) first axis");
}

static void test_network__a_second_free_axis_is_refused(void **state)
{
    (void)state;
    axis_of(small(), 1)->has_dim_value = 0;
    expect_refused(LEAT_E_UNSUPPORTED,
                   "input \"x\": axis 1 is free: export the model with a fixed length");
}

static void test_network__an_input_without_elements_is_refused(void **state)
{
    (void)state;
    axis_of(small(), 1)->dim_value = 0;
    expect_refused(LEAT_E_UNSUPPORTED, "input \"x\": axis 1 has the length 0");
}

static void test_network__an_input_without_a_shape_is_refused(void **state)
{
    (void)state;
    small()->type->tensor_type->shape = NULL;
    expect_refused(LEAT_E_UNSUPPORTED, "input \"x\": it declares no shape");
}

static void test_network__a_scalar_input_is_refused(void **state)
{
    (void)state;
    small()->type->tensor_type->shape->n_dim = 0;
    expect_refused(LEAT_E_UNSUPPORTED,
                   "input \"x\": it has 0 axes: expected 1 to 4, rows first");
}

static void test_network__a_graph_without_inputs_is_refused(void **state)
{
    (void)state;
    onnx_floats(&b, "w", 2, (int64_t[]){1, 2}, (float[]){1, 2});
    onnx_node(&b, "Relu", "w", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){1, 2});
    expect_refused(LEAT_E_UNSUPPORTED, "the graph has no inputs");
}

/* One row of w for every column of x: the rows are gone. */
static void test_network__an_output_without_rows_is_refused(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 3});
    onnx_node(&b, "Transpose", "x", "t");
    onnx_node(&b, "Relu", "t", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){3, -1});
    expect_refused(LEAT_E_UNSUPPORTED,
                   "output \"y\" is f32[3,1] for 1 row: expected floats, a row for each");
}

/* Right for one row alone. */
static void test_network__an_output_whose_rows_are_elsewhere_is_refused(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 1});
    onnx_node(&b, "Transpose", "x", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){1, -1});
    expect_refused(
        LEAT_E_UNSUPPORTED,
        "output \"y\" is f32[1,2] for 2 rows: expected floats, a row for each");
}

/* x @ x^T: a row has as many scores as there are rows. */
static void test_network__an_output_as_wide_as_the_batch_is_refused(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 3});
    onnx_node(&b, "Transpose", "x", "t");
    onnx_node(&b, "MatMul", "x t", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, -1});
    expect_refused(
        LEAT_E_UNSUPPORTED,
        "output \"y\" is f32[2,2] for 2 rows: expected floats, a row for each");
}

/* A shape that fits one row: what goes wrong with more is found when the model is loaded. */
static void test_network__a_shape_for_one_row_alone_is_refused(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_ints(&b, "shape", 2 - 1, (int64_t[]){2}, (int64_t[]){1, 4});
    onnx_node(&b, "Reshape", "x shape", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){1, 4});
    assert_int_equal(open(), LEAT_E_MODEL);
    assert_memory_equal(error.msg, "2 rows: node \"y\" (Reshape): ", 28);
}

static void test_network__an_operator_that_is_missing_is_named_with_its_node(void **state)
{
    (void)state;
    small();
    onnx_node(&b, "Mystery", "y", "z");
    onnx_node(&b, "Mystery", "z", "u");
    onnx_node(&b, "Enigma", "u", "v")->domain = (char *)"ai.onnx.ml";
    b.outputs[0]->name = (char *)"v";
    expect_refused(LEAT_E_UNSUPPORTED,
                   "not supported: operator Mystery of opset 17 (node \"z\" and 1 more), "
                   "operator ai.onnx.ml.Enigma of opset 3 (node \"v\")");
}

static void test_network__an_attribute_that_is_not_supported_is_named(void **state)
{
    (void)state;
    small();
    onnx_int(&b, b.nodes[0], "twist", 1);
    expect_refused(LEAT_E_UNSUPPORTED,
                   "node \"y\" (Relu): attribute twist is not supported");
}

/* ---- which output ---- */

static void test_network__what_leads_to_other_outputs_is_dropped(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_node(&b, "Mystery", "x", "label");
    onnx_node(&b, "Relu", "x", "scores");
    onnx_output(&b, "label", 7, 1, (int64_t[]){-1});
    onnx_output(&b, "scores", 1, 2, (int64_t[]){-1, 4});
    expect_open();
    assert_string_equal(network.output.name, "scores");
    assert_int_equal(network.graph.n_nodes, 1);
}

/* scikit-learn's probabilities. */
static void test_network__a_zip_map_is_stripped(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_node(&b, "Relu", "x", "probabilities");
    onnx_node(&b, "ZipMap", "probabilities", "output_probability")->domain =
        (char *)"ai.onnx.ml";
    onnx_output(&b, "output_probability", 1, 0, NULL)->type->tensor_type = NULL;
    b.outputs[0]->type->has_sequence_type = 1;
    expect_open();
    assert_string_equal(network.output.name, "probabilities");
    assert_int_equal(network.output.shape[1], 4);
}

static void test_network__a_model_without_scores_is_refused(void **state)
{
    (void)state;
    small();
    b.outputs[0]->type->tensor_type->elem_type = 7;
    expect_refused(LEAT_E_UNSUPPORTED,
                   "none of the 1 outputs is a tensor of floats with an axis");
}

/* The file may say floats and make none. */
static void test_network__an_output_that_is_no_float_after_all_is_refused(void **state)
{
    (void)state;
    onnx_input(&b, "x", 7, 2, (int64_t[]){-1, 4});
    onnx_node(&b, "Identity", "x", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
    expect_refused(LEAT_E_UNSUPPORTED,
                   "output \"y\" is i64[1,4] for 1 row: expected floats, a row for each");
}

/* ---- constants ---- */

static void test_network__folds_what_is_made_of_constants(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_floats(&b, "w", 2, (int64_t[]){1, 2}, (float[]){-1, 2});
    onnx_node(&b, "Relu", "w", "v");
    onnx_node(&b, "Add", "x v", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    expect_open();
    assert_int_equal(network.graph.n_nodes, 1);
    assert_memory_equal(network.graph.nodes[0]->inputs[1]->array.data, ((float[]){0, 2}),
                        8);
}

/* Shape -> Gather of axis 1: always 4, so it is gone; of axis 0 it stays. */
static void test_network__what_follows_from_shapes_and_never_changes_is_folded(
    void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_ints(&b, "one", 1, (int64_t[]){1}, (int64_t[]){1});
    onnx_ints(&b, "any", 1, (int64_t[]){1}, (int64_t[]){-1});
    onnx_node(&b, "Shape", "x", "shape");
    onnx_node(&b, "Gather", "shape one", "width");
    onnx_int(&b, onnx_node(&b, "Concat", "any width", "wanted"), "axis", 0);
    onnx_node(&b, "Reshape", "x wanted", "r");
    onnx_node(&b, "Relu", "r", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
    expect_open();
    assert_int_equal(count_of("Shape"), 0);
    assert_int_equal(count_of("Gather"), 0);
    assert_int_equal(count_of("Concat"), 0);
    assert_int_equal(count_of("Reshape"), 1);
}

static void test_network__what_follows_from_the_number_of_rows_is_not_folded(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_ints(&b, "zero", 1, (int64_t[]){1}, (int64_t[]){0});
    onnx_ints(&b, "any", 1, (int64_t[]){1}, (int64_t[]){-1});
    onnx_node(&b, "Shape", "x", "shape");
    onnx_node(&b, "Gather", "shape zero", "rows");
    onnx_int(&b, onnx_node(&b, "Concat", "rows any", "wanted"), "axis", 0);
    onnx_node(&b, "Reshape", "x wanted", "r");
    onnx_node(&b, "Relu", "r", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
    expect_open();
    assert_int_equal(count_of("Shape"), 1);
    assert_int_equal(count_of("Concat"), 1);
    assert_true(network.known_bytes > 0);
}

/* 2^30 elements of 4 bytes, from eight bytes of the file. */
static void test_network__a_constant_that_grows_too_large_is_refused(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_ints(&b, "shape", 1, (int64_t[]){1}, (int64_t[]){1 << 30});
    onnx_node(&b, "ConstantOfShape", "shape", "c");
    onnx_node(&b, "Add", "x c", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
    expect_refused(LEAT_E_UNSUPPORTED,
                   "node \"c\" (ConstantOfShape): the constants that are made of "
                   "constants are too large");
}

/* ---- memory ---- */

static leat_place place_of(const char *name)
{
    for (uint32_t i = 0; i < network.graph.n_values; i++)
        if (!strcmp(network.graph.values[i]->name, name))
            return network.places[i];
    fail_msg("no value %s", name);
    return (leat_place){0};
}

/* One node may make as many values as all the nodes of a large model. */
static void test_network__a_split_into_everything_is_refused(void **state)
{
    (void)state;
    enum { N = 40000, MOST = 8 };
    char *parts = calloc(N, MOST), *at = parts;
    for (int i = 0; i < N; i++)
        at += snprintf(at, MOST, i ? " p%d" : "p%d", i);
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, N});
    onnx_int(&b, onnx_node(&b, "Split", "x", parts), "axis", 1);
    onnx_int(&b, onnx_node(&b, "Concat", parts, "y"), "axis", 1);
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, N});
    free(parts);
    expect_refused(LEAT_E_UNSUPPORTED,
                   "2 nodes with 40001 outputs: at most 16384 with 32768 are supported");
}

static void test_network__the_callers_memory_is_used_for_input_and_output(void **state)
{
    (void)state;
    small();
    expect_open();
    assert_int_equal(place_of("x").kind, LEAT_PLACE_INPUT);
    assert_int_equal(place_of("y").kind, LEAT_PLACE_OUTPUT);
    assert_int_equal(network.memory.planned, 0);
}

/* The caller's input is not overwritten, but what was made of it is. */
static void test_network__operators_work_in_place_where_nobody_else_reads(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_floats(&b, "w", 2, (int64_t[]){4, 1}, (float[]){1, 2, 3, 4});
    onnx_node(&b, "Relu", "x", "a");
    onnx_node(&b, "Relu", "a", "b");
    onnx_node(&b, "MatMul", "b w", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 1});
    expect_open();
    assert_int_equal(place_of("a").kind, LEAT_PLACE_PLAN);
    assert_int_equal(place_of("a").offset, place_of("b").offset);
    assert_int_equal(network.memory.planned, network.block * 4 * sizeof(float));
    assert_int_equal(network.memory.sum,
                     2 * network.memory.planned + network.block * sizeof(float));
}

static void test_network__nothing_is_overwritten_that_is_read_later(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 3, (int64_t[]){-1, 2, 2});
    onnx_node(&b, "Relu", "x", "a");
    onnx_node(&b, "Relu", "a", "b");
    onnx_node(&b, "MatMul", "a b", "y");
    onnx_output(&b, "y", 1, 3, (int64_t[]){-1, 2, 2});
    expect_open();
    assert_int_not_equal(place_of("a").offset, place_of("b").offset);
}

/* The node would read through its second input what it has overwritten. */
static void test_network__nothing_is_overwritten_that_another_input_sees(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_floats(&b, "w", 2, (int64_t[]){2, 1}, (float[]){1, 2});
    onnx_node(&b, "Relu", "x", "a");
    onnx_node(&b, "Flatten", "a", "f");
    onnx_node(&b, "Add", "a f", "s");
    onnx_node(&b, "MatMul", "s w", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 1});
    expect_open();
    assert_int_equal(place_of("a").offset, place_of("f").offset);
    assert_int_not_equal(place_of("a").offset, place_of("s").offset);
}

static void test_network__a_view_lies_where_its_input_does(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
    onnx_ints(&b, "shape", 1, (int64_t[]){3}, (int64_t[]){-1, 2, 2});
    onnx_node(&b, "Reshape", "x shape", "r");
    onnx_node(&b, "Relu", "r", "s");
    onnx_node(&b, "Flatten", "s", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
    expect_open();
    assert_int_equal(place_of("r").kind, LEAT_PLACE_INPUT);
    assert_int_equal(place_of("s").kind, LEAT_PLACE_OUTPUT);
    assert_int_equal(place_of("y").kind, LEAT_PLACE_OUTPUT);
    assert_int_equal(network.memory.planned, 0);
}

/* ---- facts ---- */

static void test_network__counts_operators_and_parameters(void **state)
{
    (void)state;
    onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 2});
    onnx_floats(&b, "w", 2, (int64_t[]){2, 2}, (float[]){1, 2, 3, 4});
    onnx_node(&b, "Abs", "x", "a");
    onnx_node(&b, "MatMul", "a w", "m");
    onnx_node(&b, "Abs", "m", "y");
    onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 2});
    expect_open();
    assert_int_equal(network.n_parameters, 4);
    assert_string_equal(network.operators[0].name, "Abs");
    assert_int_equal(network.operators[0].n, 2);
    assert_int_equal(network.n_operators, 2);
}

/* Between the two products 8,000 floats of a row are kept. */
static void test_network__a_block_is_as_large_as_the_cache_allows(void **state)
{
    (void)state;
    static float up[8000];
    small();
    expect_open();
    assert_int_equal(network.block, 256);
    leat_network_fini(&network);
    axis_of(b.inputs[0], 1)->dim_value = 1;
    onnx_floats(&b, "up", 2, (int64_t[]){1, 8000}, up);
    onnx_floats(&b, "down", 2, (int64_t[]){8000, 1}, up);
    onnx_node(&b, "MatMul", "y up", "wide");
    onnx_node(&b, "MatMul", "wide down", "z");
    b.outputs[0]->name = (char *)"z";
    expect_open();
    assert_int_equal(network.block, 32);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_network__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(describes_inputs_and_output),
        TEST(an_output_has_one_axis_of_scores),
        TEST(an_output_of_one_axis_is_a_score_a_row),
        TEST(a_fixed_batch_of_1_is_run_row_by_row),
        TEST(another_fixed_batch_is_refused),
        TEST(a_second_free_axis_is_refused),
        TEST(an_input_without_elements_is_refused),
        TEST(an_input_without_a_shape_is_refused),
        TEST(a_scalar_input_is_refused),
        TEST(a_graph_without_inputs_is_refused),
        TEST(an_output_without_rows_is_refused),
        TEST(an_output_whose_rows_are_elsewhere_is_refused),
        TEST(an_output_as_wide_as_the_batch_is_refused),
        TEST(a_shape_for_one_row_alone_is_refused),
        TEST(an_operator_that_is_missing_is_named_with_its_node),
        TEST(an_attribute_that_is_not_supported_is_named),
        TEST(what_leads_to_other_outputs_is_dropped),
        TEST(a_zip_map_is_stripped),
        TEST(a_model_without_scores_is_refused),
        TEST(an_output_that_is_no_float_after_all_is_refused),
        TEST(folds_what_is_made_of_constants),
        TEST(what_follows_from_shapes_and_never_changes_is_folded),
        TEST(what_follows_from_the_number_of_rows_is_not_folded),
        TEST(a_constant_that_grows_too_large_is_refused),
        TEST(a_split_into_everything_is_refused),
        TEST(the_callers_memory_is_used_for_input_and_output),
        TEST(operators_work_in_place_where_nobody_else_reads),
        TEST(nothing_is_overwritten_that_is_read_later),
        TEST(nothing_is_overwritten_that_another_input_sees),
        TEST(a_view_lies_where_its_input_does),
        TEST(counts_operators_and_parameters),
        TEST(a_block_is_as_large_as_the_cache_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
