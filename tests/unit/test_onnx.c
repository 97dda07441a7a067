#include "onnx_builder.h"
#include "runtime/onnx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* x [n,2] -> Gemm with w [2,3] -> h -> Relu -> y [n,3] */
typedef struct small {
    onnx_builder b;
    Leat__Onnx__ValueInfo *x;
    Leat__Onnx__Tensor *w;
    Leat__Onnx__Node *gemm, *relu;
    leat_graph graph;
    leat_error error;
} small;

static int set_up(void **state)
{
    static small model;
    small *m = *state = &model;
    onnx_start(&m->b);
    m->x = onnx_input(&m->b, "x", 1, 2, (int64_t[]){-1, 2});
    m->w = onnx_floats(&m->b, "w", 2, (int64_t[]){2, 3}, (float[]){1, 2, 3, 4, 5, 6});
    m->gemm = onnx_node(&m->b, "Gemm", "x w", "h");
    m->relu = onnx_node(&m->b, "Relu", "h", "y");
    onnx_output(&m->b, "y", 1, 2, (int64_t[]){-1, 3});
    leat_graph_init(&m->graph);
    return 0;
}

static int tear_down(void **state)
{
    small *m = *state;
    leat_graph_fini(&m->graph);
    onnx_stop(&m->b);
    return 0;
}

static leat_status read(small *m)
{
    size_t size;
    void *bytes = onnx_pack(&m->b, &size);
    leat_status status = leat_onnx_read(&m->graph, bytes, size, &m->error);
    free(bytes);
    return status;
}

static void expect_read(small *m)
{
    if (read(m))
        fail_msg("refused: %s", m->error.msg);
}

static void expect_refused(small *m, leat_status status, const char *message)
{
    assert_int_equal(read(m), status);
    assert_string_equal(m->error.msg, message);
}

/* ---- what is read ---- */

static void test_onnx__reads_nodes_and_values(void **state)
{
    small *m = *state;
    onnx_int(&m->b, m->gemm, "transB", 1);
    expect_read(m);
    assert_int_equal(m->graph.n_nodes, 2);
    assert_int_equal(m->graph.n_inputs, 1);
    const leat_graph_node *gemm = m->graph.nodes[0], *relu = m->graph.nodes[1];
    assert_string_equal(gemm->op_type, "Gemm");
    assert_string_equal(gemm->domain, "");
    assert_string_equal(gemm->name, "h");
    assert_int_equal(gemm->version, 17);
    assert_ptr_equal(gemm->inputs[0], m->graph.inputs[0].value);
    assert_ptr_equal(relu->inputs[0], gemm->outputs[0]);
    assert_ptr_equal(relu->inputs[0]->producer, gemm);
    assert_ptr_equal(m->graph.outputs[0].value, relu->outputs[0]);
    assert_int_equal(gemm->attributes[0].kind, LEAT_ATTRIBUTE_INT);
    assert_int_equal(gemm->attributes[0].ints[0], 1);
}

static void test_onnx__reads_the_elements_of_constants(void **state)
{
    small *m = *state;
    expect_read(m);
    const leat_array *w = &m->graph.nodes[0]->inputs[1]->array;
    assert_int_equal(w->dtype, LEAT_F32);
    assert_int_equal(w->rank, 2);
    assert_int_equal(w->shape[1], 3);
    assert_memory_equal(w->data, ((float[]){1, 2, 3, 4, 5, 6}), 6 * sizeof(float));
}

static void test_onnx__reads_what_inputs_declare(void **state)
{
    small *m = *state;
    expect_read(m);
    const leat_graph_port *x = &m->graph.inputs[0];
    assert_true(x->has_shape && x->is_tensor);
    assert_int_equal(x->dtype, LEAT_F32);
    assert_int_equal(x->rank, 2);
    assert_int_equal(x->shape[0], -1);
    assert_int_equal(x->shape[1], 2);
}

/* Numbers may stand in a field of their type instead of raw_data. */
static void test_onnx__reads_typed_fields(void **state)
{
    small *m = *state;
    float floats[] = {1, 2, 3, 4, 5, 6};
    m->w->has_raw_data = 0;
    m->w->n_float_data = 6;
    m->w->float_data = floats;
    expect_read(m);
    assert_memory_equal(m->graph.nodes[0]->inputs[1]->array.data, floats, sizeof floats);
}

static void test_onnx__a_boolean_is_0_or_1(void **state)
{
    small *m = *state;
    m->w->data_type = 9;
    m->w->raw_data.data = (uint8_t[]){0, 1, 2, 0, 255, 0};
    m->w->raw_data.len = 6;
    expect_read(m);
    assert_memory_equal(m->graph.nodes[0]->inputs[1]->array.data,
                        ((uint8_t[]){0, 1, 1, 0, 1, 0}), 6);
}

static void test_onnx__reads_strings(void **state)
{
    small *m = *state;
    ProtobufCBinaryData texts[] = {{2, (uint8_t *)"DE"}, {0, NULL}};
    m->w->has_raw_data = 0;
    m->w->data_type = 8;
    m->w->dims[1] = 1;
    m->w->n_string_data = 2;
    m->w->string_data = texts;
    expect_read(m);
    const leat_slice *read = m->graph.nodes[0]->inputs[1]->array.data;
    assert_int_equal(read[0].size, 2);
    assert_memory_equal(read[0].data, "DE", 2);
    assert_int_equal(read[1].size, 0);
}

static void test_onnx__an_initialiser_is_no_input(void **state)
{
    small *m = *state;
    onnx_input(&m->b, "w", 1, 2, (int64_t[]){2, 3});
    expect_read(m);
    assert_int_equal(m->graph.n_inputs, 1);
    assert_true(leat_graph_is_constant(m->graph.nodes[0]->inputs[1]));
}

static void test_onnx__inputs_and_outputs_may_be_absent(void **state)
{
    small *m = *state;
    onnx_node(&m->b, "Clip", "h - w", "- z");
    expect_read(m);
    const leat_graph_node *clip = m->graph.nodes[2];
    assert_int_equal(clip->n_inputs, 3);
    assert_null(clip->inputs[1]);
    assert_non_null(clip->inputs[2]);
    assert_null(clip->outputs[0]);
    assert_non_null(clip->outputs[1]);
}

static void test_onnx__a_subgraph_is_kept_for_its_operator_to_refuse(void **state)
{
    small *m = *state;
    onnx_int(&m->b, m->relu, "body", 0)->type = 5;
    onnx_int(&m->b, m->relu, "types", 0)->type = 14;
    expect_read(m);
    assert_int_equal(m->graph.nodes[1]->attributes[0].kind, LEAT_ATTRIBUTE_GRAPH);
    assert_int_equal(m->graph.nodes[1]->attributes[1].kind, LEAT_ATTRIBUTE_OTHER);
}

/* ---- what is refused: the model ---- */

static void test_onnx__refuses_what_is_no_protobuf(void **state)
{
    small *m = *state;
    assert_int_equal(leat_onnx_read(&m->graph, "\x08\x08\x12\x05sk", 6, &m->error),
                     LEAT_E_MODEL);
    assert_string_equal(m->error.msg, "the protobuf is malformed or truncated");
}

static void test_onnx__refuses_a_model_without_a_graph(void **state)
{
    small *m = *state;
    m->b.model.graph = NULL;
    expect_refused(m, LEAT_E_MODEL, "there is no graph");
}

static void test_onnx__refuses_old_ir(void **state)
{
    small *m = *state;
    m->b.model.ir_version = 2;
    expect_refused(m, LEAT_E_UNSUPPORTED, "IR version 2: 3 is the oldest supported");
}

static void test_onnx__refuses_functions(void **state)
{
    small *m = *state;
    m->b.model.n_functions = 1;
    m->b.model.functions = &(ProtobufCBinaryData){0, NULL};
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "functions of the model's own are not supported");
}

static void test_onnx__refuses_sparse_initialisers(void **state)
{
    small *m = *state;
    m->b.graph.n_sparse_initializer = 1;
    m->b.graph.sparse_initializer = &(ProtobufCBinaryData){0, NULL};
    expect_refused(m, LEAT_E_UNSUPPORTED, "sparse initialisers are not supported");
}

static void test_onnx__refuses_opsets_that_are_too_new(void **state)
{
    small *m = *state;
    m->b.opsets[0]->version = 99;
    expect_refused(m, LEAT_E_UNSUPPORTED, "opset 99 of ai.onnx: at most 27 is supported");
}

static void test_onnx__refuses_opsets_that_cannot_be(void **state)
{
    small *m = *state;
    onnx_opset(&m->b, "com.example", -1);
    expect_refused(m, LEAT_E_MODEL, "opset -1 of \"com.example\"");
}

/* Millions of them, for each of millions of nodes, would take hours. */
static void test_onnx__refuses_opsets_without_number(void **state)
{
    small *m = *state;
    Leat__Onnx__OpsetId *many[65];
    for (size_t i = 0; i < 65; i++)
        many[i] = m->b.opsets[0];
    m->b.model.n_opset_import = 65;
    m->b.model.opset_import = many;
    expect_refused(m, LEAT_E_UNSUPPORTED, "65 imported opsets: at most 64 are supported");
}

static void test_onnx__refuses_a_domain_that_is_not_imported(void **state)
{
    small *m = *state;
    m->relu->domain = (char *)"com.example";
    expect_refused(m, LEAT_E_MODEL,
                   "node \"y\" (Relu): the model imports no opset of the domain "
                   "\"com.example\"");
}

static void test_onnx__keeps_its_own_domain_to_itself(void **state)
{
    small *m = *state;
    onnx_opset(&m->b, "leat", 1);
    m->relu->domain = (char *)"leat";
    expect_refused(m, LEAT_E_UNSUPPORTED, "the domain \"leat\" is not for files");
}

/* ---- what is refused: tensors ---- */

static void test_onnx__refuses_data_in_other_files(void **state)
{
    small *m = *state;
    m->w->has_data_location = 1;
    m->w->data_location = 1;
    expect_refused(
        m, LEAT_E_UNSUPPORTED,
        "initialiser \"w\": its data is in another file: save the model as one "
        "file");
}

static void test_onnx__refuses_the_name_of_another_file(void **state)
{
    small *m = *state;
    m->w->n_external_data = 1;
    m->w->external_data = &(ProtobufCBinaryData){0, NULL};
    expect_refused(
        m, LEAT_E_UNSUPPORTED,
        "initialiser \"w\": its data is in another file: save the model as one "
        "file");
}

static void test_onnx__refuses_segments(void **state)
{
    small *m = *state;
    m->w->has_segment = 1;
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "initialiser \"w\": segments are not supported");
}

static void test_onnx__refuses_types_by_name(void **state)
{
    small *m = *state;
    m->w->data_type = 10;
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "initialiser \"w\": elements of type float16 are not supported");
}

static void test_onnx__refuses_types_that_it_does_not_know(void **state)
{
    small *m = *state;
    m->w->data_type = 77;
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "initialiser \"w\": elements of type 77 are not supported");
}

static void test_onnx__refuses_raw_data_of_another_size(void **state)
{
    small *m = *state;
    m->w->raw_data.len = 20;
    expect_refused(m, LEAT_E_MODEL,
                   "initialiser \"w\": raw_data holds 20 bytes, but the tensor is "
                   "f32[2,3]");
}

static void test_onnx__refuses_fields_of_another_size(void **state)
{
    small *m = *state;
    m->w->has_raw_data = 0;
    expect_refused(m, LEAT_E_MODEL,
                   "initialiser \"w\": float_data holds 0 elements, but the tensor is "
                   "f32[2,3]");
}

static void test_onnx__refuses_strings_in_raw_data(void **state)
{
    small *m = *state;
    m->w->data_type = 8;
    expect_refused(m, LEAT_E_MODEL, "initialiser \"w\": raw_data cannot hold strings");
}

static void test_onnx__refuses_negative_lengths(void **state)
{
    small *m = *state;
    m->w->dims[1] = -3;
    expect_refused(m, LEAT_E_MODEL, "initialiser \"w\": axis 1 has the length -3");
}

/* 2^32 * 2^32 elements overflow to none. */
static void test_onnx__refuses_shapes_that_overflow(void **state)
{
    small *m = *state;
    m->w->dims[0] = UINT32_MAX;
    m->w->dims[1] = UINT32_MAX;
    expect_refused(m, LEAT_E_MODEL,
                   "initialiser \"w\": an array of more than 2^40 elements");
}

static void test_onnx__refuses_a_large_shape_in_a_small_file(void **state)
{
    small *m = *state;
    m->w->dims[0] = 1 << 30;
    m->w->dims[1] = 1;
    expect_refused(m, LEAT_E_MODEL,
                   "initialiser \"w\": raw_data holds 24 bytes, but the tensor is "
                   "f32[1073741824,1]");
}

static void test_onnx__refuses_many_axes(void **state)
{
    small *m = *state;
    m->w->n_dims = 9;
    m->w->dims = (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1};
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "initialiser \"w\": 9 axes: at most 8 are supported");
}

static void test_onnx__refuses_an_attribute_whose_tensor_is_missing(void **state)
{
    small *m = *state;
    onnx_int(&m->b, m->relu, "value", 0)->type = 4;
    expect_refused(m, LEAT_E_MODEL,
                   "node \"y\" (Relu): attribute value: the tensor is missing");
}

/* TreeEnsemble 5 has its modes in bytes, which no array holds: they become int32, from
 * either field of the file. */
static void test_onnx__bytes_of_an_attribute_become_int32(void **state)
{
    small *m = *state;
    static uint8_t bytes[] = {0, 6, 255};
    static int32_t numbers[] = {0, 6, 255};
    Leat__Onnx__Tensor *tensors[2];
    for (int i = 0; i < 2; i++) {
        Leat__Onnx__Attribute *modes = onnx_int(&m->b, m->relu, i ? "b" : "a", 0);
        tensors[i] = onnx_floats(&m->b, "t", 1, (int64_t[]){3}, (float[3]){0});
        m->b.graph.n_initializer--;
        modes->type = 4;
        modes->t = tensors[i];
        tensors[i]->data_type = 2;
        tensors[i]->has_raw_data = i == 0;
        tensors[i]->raw_data = (ProtobufCBinaryData){i == 0 ? 3 : 0, bytes};
        tensors[i]->n_int32_data = i == 0 ? 0 : 3;
        tensors[i]->int32_data = numbers;
    }
    expect_read(m);
    for (int i = 0; i < 2; i++) {
        const leat_array *array = m->graph.nodes[1]->attributes[i].tensor;
        assert_int_equal(array->dtype, LEAT_I32);
        assert_memory_equal(array->data, numbers, sizeof numbers);
    }
    tensors[0]->raw_data.len = 2;
    leat_graph_fini(&m->graph);
    leat_graph_init(&m->graph);
    assert_int_equal(read(m), LEAT_E_MODEL);
}

/* ---- what is refused: inputs ---- */

static void test_onnx__refuses_sequences(void **state)
{
    small *m = *state;
    m->x->type->tensor_type = NULL;
    m->x->type->has_sequence_type = 1;
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "input \"x\": it is a sequence: only tensors are supported");
}

static void test_onnx__refuses_maps(void **state)
{
    small *m = *state;
    m->x->type->tensor_type = NULL;
    m->x->type->has_map_type = 1;
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "input \"x\": it is a map: only tensors are supported");
}

static void test_onnx__refuses_optional_inputs(void **state)
{
    small *m = *state;
    m->x->type->tensor_type = NULL;
    m->x->type->has_optional_type = 1;
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "input \"x\": it is optional: only tensors are supported");
}

static void test_onnx__refuses_inputs_without_a_type(void **state)
{
    small *m = *state;
    m->x->type = NULL;
    expect_refused(m, LEAT_E_UNSUPPORTED,
                   "input \"x\": it has no type: only tensors are supported");
}

static void test_onnx__an_output_may_be_of_any_type(void **state)
{
    small *m = *state;
    m->b.outputs[0]->type->tensor_type = NULL;
    m->b.outputs[0]->type->has_sequence_type = 1;
    expect_read(m);
    assert_false(m->graph.outputs[0].is_tensor);
}

/* ---- what is refused: names and order ---- */

static void test_onnx__refuses_what_is_not_defined(void **state)
{
    small *m = *state;
    m->relu->input[0] = (char *)"nothing";
    expect_refused(m, LEAT_E_MODEL,
                   "node \"y\" (Relu): input 0: \"nothing\" is not defined");
}

static void test_onnx__refuses_nodes_out_of_order(void **state)
{
    small *m = *state;
    m->b.nodes[0] = m->relu;
    m->b.nodes[1] = m->gemm;
    expect_refused(
        m, LEAT_E_MODEL,
        "node \"y\" (Relu): input 0: \"h\" is defined only later: nodes must be "
        "in the order of the data");
}

static void test_onnx__refuses_a_node_that_reads_itself(void **state)
{
    small *m = *state;
    m->relu->input[0] = (char *)"y";
    expect_refused(
        m, LEAT_E_MODEL,
        "node \"y\" (Relu): input 0: \"y\" is defined only later: nodes must be "
        "in the order of the data");
}

static void test_onnx__refuses_a_name_that_is_defined_twice(void **state)
{
    small *m = *state;
    static const char *const others[] = {"x", "w", "h"};
    for (size_t i = 0; i < 3; i++) {
        char message[64];
        m->relu->output[0] = (char *)others[i];
        snprintf(message, sizeof message, "\"%s\" is defined twice", others[i]);
        expect_refused(m, LEAT_E_MODEL, message);
        leat_graph_fini(&m->graph);
        leat_graph_init(&m->graph);
    }
}

static void test_onnx__refuses_two_initialisers_of_one_name(void **state)
{
    small *m = *state;
    onnx_floats(&m->b, "w", 1, (int64_t[]){1}, (float[]){1});
    expect_refused(m, LEAT_E_MODEL, "\"w\" is defined twice");
}

static void test_onnx__refuses_an_output_that_is_not_defined(void **state)
{
    small *m = *state;
    m->b.outputs[0]->name = (char *)"z";
    expect_refused(m, LEAT_E_MODEL, "output \"z\" is not defined");
}

static void test_onnx__refuses_names_that_are_not_utf8(void **state)
{
    small *m = *state;
    m->relu->output[0] = (char *)"\xff";
    m->relu->name = (char *)"relu";
    expect_refused(m, LEAT_E_MODEL, "the name of a value is not UTF-8");
}

/* ---- bounds ---- */

/* protobuf-c appends to what it has of a repeated message, copying all of it: the time of a
 * file that repeats its graph would grow with its square. */
static void test_onnx__has_a_budget_for_a_graph_that_is_repeated(void **state)
{
    small *m = *state;
    enum { TIMES = 100000 };
    char *bytes = malloc(4 * TIMES);
    for (size_t i = 0; i < TIMES; i++)
        memcpy(bytes + 4 * i, "\x3a\x02\x0a\x00", 4);
    assert_int_equal(leat_onnx_read(&m->graph, bytes, 4 * TIMES, &m->error),
                     LEAT_E_MODEL);
    free(bytes);
}

/* Integers of a byte each are what costs most of an honest list; a few more than 2^14 of
 * them, so that protobuf-c has just doubled its notes. */
static void test_onnx__the_budget_holds_a_long_list_of_small_integers(void **state)
{
    small *m = *state;
    static int64_t ints[17000];
    Leat__Onnx__Attribute *list = onnx_int(&m->b, m->relu, "nodes_modes", 0);
    list->type = 7;
    list->n_ints = sizeof ints / sizeof *ints;
    list->ints = ints;
    expect_read(m);
    assert_int_equal(m->graph.nodes[1]->attributes[0].n, list->n_ints);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_onnx__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_nodes_and_values),
        TEST(reads_the_elements_of_constants),
        TEST(reads_what_inputs_declare),
        TEST(reads_typed_fields),
        TEST(a_boolean_is_0_or_1),
        TEST(reads_strings),
        TEST(an_initialiser_is_no_input),
        TEST(inputs_and_outputs_may_be_absent),
        TEST(a_subgraph_is_kept_for_its_operator_to_refuse),
        TEST(refuses_what_is_no_protobuf),
        TEST(refuses_a_model_without_a_graph),
        TEST(refuses_old_ir),
        TEST(refuses_functions),
        TEST(refuses_sparse_initialisers),
        TEST(refuses_opsets_that_are_too_new),
        TEST(refuses_opsets_that_cannot_be),
        TEST(refuses_opsets_without_number),
        TEST(refuses_a_domain_that_is_not_imported),
        TEST(keeps_its_own_domain_to_itself),
        TEST(refuses_data_in_other_files),
        TEST(refuses_the_name_of_another_file),
        TEST(refuses_segments),
        TEST(refuses_types_by_name),
        TEST(refuses_types_that_it_does_not_know),
        TEST(refuses_raw_data_of_another_size),
        TEST(refuses_fields_of_another_size),
        TEST(refuses_strings_in_raw_data),
        TEST(refuses_negative_lengths),
        TEST(refuses_shapes_that_overflow),
        TEST(refuses_a_large_shape_in_a_small_file),
        TEST(refuses_many_axes),
        TEST(refuses_an_attribute_whose_tensor_is_missing),
        TEST(bytes_of_an_attribute_become_int32),
        TEST(refuses_sequences),
        TEST(refuses_maps),
        TEST(refuses_optional_inputs),
        TEST(refuses_inputs_without_a_type),
        TEST(an_output_may_be_of_any_type),
        TEST(refuses_what_is_not_defined),
        TEST(refuses_nodes_out_of_order),
        TEST(refuses_a_node_that_reads_itself),
        TEST(refuses_a_name_that_is_defined_twice),
        TEST(refuses_two_initialisers_of_one_name),
        TEST(refuses_an_output_that_is_not_defined),
        TEST(refuses_names_that_are_not_utf8),
        TEST(has_a_budget_for_a_graph_that_is_repeated),
        TEST(the_budget_holds_a_long_list_of_small_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
