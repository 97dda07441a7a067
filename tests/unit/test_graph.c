#include "runtime/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static leat_graph graph;
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    leat_graph_init(&graph);
    graph.inputs = leat_arena_calloc(&graph.arena, 4, sizeof *graph.inputs);
    graph.outputs = leat_arena_calloc(&graph.arena, 4, sizeof *graph.outputs);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_graph_fini(&graph);
    return 0;
}

static leat_graph_value *input(const char *name)
{
    leat_graph_value *value = leat_graph_add_value(&graph, name);
    graph.inputs[graph.n_inputs++] = (leat_graph_port){.value = value, .is_tensor = true};
    return value;
}

static void output(leat_graph_value *value)
{
    graph.outputs[graph.n_outputs++].value = value;
}

static leat_graph_value *constant(const char *name, uint32_t n, const float *values)
{
    leat_array like = {.dtype = LEAT_F32, .rank = 1, .shape = {n}};
    leat_graph_value *value = leat_graph_add_constant(&graph, name, &like);
    memcpy(value->array.data, values, n * sizeof *values);
    return value;
}

/* A node of two inputs (the second may be NULL), and its output. */
static leat_graph_value *node(const char *op_type, const char *name, leat_graph_value *a,
                              leat_graph_value *b)
{
    leat_graph_node *made = leat_graph_add_node(&graph, b ? 2 : 1, 1);
    leat_graph_value *value = leat_graph_add_value(&graph, name);
    made->domain = "";
    made->op_type = op_type;
    made->name = name;
    made->version = 17;
    made->inputs[0] = a;
    if (b)
        made->inputs[1] = b;
    made->outputs[0] = value;
    value->producer = made;
    return value;
}

static void expect_load(void)
{
    if (leat_graph_load(&graph, &error))
        fail_msg("refused: %s", error.msg);
}

static void expect_refused(leat_status status, const char *message)
{
    assert_int_equal(leat_graph_load(&graph, &error), status);
    assert_string_equal(error.msg, message);
}

/* ---- dead nodes ---- */

static void test_graph__drops_what_leads_nowhere(void **state)
{
    (void)state;
    leat_graph_value *x = input("x"), *a = node("Relu", "a", x, NULL);
    node("Relu", "dead", node("Relu", "deader", a, NULL), NULL);
    leat_graph_value *y = node("Relu", "y", a, NULL);
    output(y);
    leat_graph_drop_dead(&graph);
    assert_int_equal(graph.n_nodes, 2);
    assert_ptr_equal(graph.nodes[0], a->producer);
    assert_ptr_equal(graph.nodes[1], y->producer);
}

static void test_graph__counts_readers_and_outputs(void **state)
{
    (void)state;
    leat_graph_value *x = input("x"), *a = node("Relu", "a", x, NULL);
    node("Relu", "dead", a, NULL);
    leat_graph_value *y = node("Add", "y", a, a);
    output(y);
    output(a);
    leat_graph_drop_dead(&graph);
    assert_int_equal(x->n_readers, 1);
    assert_int_equal(a->n_readers, 3);
    assert_int_equal(y->n_readers, 1);
}

/* ---- loading ---- */

static void test_graph__a_dead_node_needs_no_operator(void **state)
{
    (void)state;
    leat_graph_value *x = input("x");
    node("Mystery", "dead", x, NULL);
    output(node("Relu", "y", x, NULL));
    expect_load();
    assert_int_equal(graph.n_nodes, 1);
}

static void test_graph__types_go_from_input_to_output(void **state)
{
    (void)state;
    leat_graph_value *x = input("x"), *y = node("Relu", "y", x, NULL);
    x->array.dtype = LEAT_F64;
    output(y);
    expect_load();
    assert_int_equal(y->array.dtype, LEAT_F64);
}

static void test_graph__too_few_inputs_are_refused(void **state)
{
    (void)state;
    output(node("Add", "y", input("x"), NULL));
    expect_refused(LEAT_E_MODEL, "node \"y\" (Add): 1 inputs: expected 2 to 2");
}

static void test_graph__an_absent_input_that_is_needed_is_refused(void **state)
{
    (void)state;
    output(node("Add", "y", NULL, input("x")));
    expect_refused(LEAT_E_MODEL, "node \"y\" (Add): input 0 is missing");
}

static void test_graph__an_operator_newer_than_the_model_is_missing(void **state)
{
    (void)state;
    leat_graph_value *y = node("Relu", "y", input("x"), NULL);
    y->producer->version = 1;
    output(y);
    expect_refused(LEAT_E_UNSUPPORTED,
                   "not supported: operator Relu of opset 1 (node \"y\")");
}

static void test_graph__a_chain_of_constants_is_folded(void **state)
{
    (void)state;
    leat_graph_value *w = constant("w", 2, (float[]){-1, 4});
    leat_graph_value *s = node("Sqrt", "s", node("Relu", "r", w, NULL), NULL);
    leat_graph_value *y = node("Add", "y", input("x"), s);
    output(y);
    expect_load();
    assert_int_equal(graph.n_nodes, 1);
    assert_true(leat_graph_is_constant(s));
    assert_null(s->producer);
    assert_memory_equal(s->array.data, ((float[]){0, 2}), 8);
}

/* ---- rewriting ---- */

static void test_graph__rewriting_counts_readers(void **state)
{
    (void)state;
    leat_graph_value *x = input("x"), *v = input("v");
    leat_graph_value *a = node("Relu", "a", x, NULL), *c = node("Add", "c", a, v);
    leat_graph_value *y = node("Relu", "y", c, NULL);
    output(y);
    leat_graph_drop_dead(&graph);
    leat_graph_value *inputs[] = {x};
    assert_int_equal(
        leat_graph_rewrite(&graph, y->producer, "Identity", 1, inputs, &error), LEAT_OK);
    /* c and a are read by nobody now, so they read nothing themselves. */
    assert_int_equal(c->n_readers, 0);
    assert_int_equal(a->n_readers, 0);
    assert_int_equal(v->n_readers, 0);
    assert_int_equal(x->n_readers, 1);
    leat_graph_drop_dead(&graph);
    assert_int_equal(graph.n_nodes, 1);
    assert_int_equal(x->n_readers, 1);
}

static void test_graph__a_rewritten_node_keeps_name_and_outputs(void **state)
{
    (void)state;
    leat_graph_value *x = input("x"), *y = node("Relu", "y", x, NULL);
    leat_graph_node *made = y->producer;
    output(y);
    leat_graph_drop_dead(&graph);
    made->n_attributes = 1;
    assert_int_equal(leat_graph_rewrite(&graph, made, "Identity", 1, &x, &error),
                     LEAT_OK);
    assert_string_equal(made->name, "y");
    assert_string_equal(made->op_type, "Identity");
    assert_ptr_equal(made->outputs[0], y);
    assert_ptr_equal(y->producer, made);
    assert_int_equal(made->n_attributes, 0);
}

static void test_graph__attributes_can_be_set(void **state)
{
    (void)state;
    leat_graph_value *y = node("Relu", "y", input("x"), NULL);
    leat_graph_node *made = y->producer;
    assert_int_equal(leat_graph_set_int(&graph, made, "n", 7), LEAT_OK);
    assert_int_equal(leat_graph_set_float(&graph, made, "f", 0.5f), LEAT_OK);
    assert_int_equal(leat_graph_set_text(&graph, made, "t", "Relu"), LEAT_OK);
    assert_int_equal(made->n_attributes, 3);
    assert_int_equal(leat_graph_attribute(made, "n", LEAT_ATTRIBUTE_INT)->ints[0], 7);
    assert_float_equal(leat_graph_attribute(made, "f", LEAT_ATTRIBUTE_FLOAT)->floats[0],
                       0.5, 0);
    assert_int_equal(
        leat_graph_attribute(made, "t", LEAT_ATTRIBUTE_STRING)->strings[0].size, 4);
    assert_null(leat_graph_attribute(made, "n", LEAT_ATTRIBUTE_FLOAT));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_graph__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(drops_what_leads_nowhere),
        TEST(counts_readers_and_outputs),
        TEST(a_dead_node_needs_no_operator),
        TEST(types_go_from_input_to_output),
        TEST(too_few_inputs_are_refused),
        TEST(an_absent_input_that_is_needed_is_refused),
        TEST(an_operator_newer_than_the_model_is_missing),
        TEST(a_chain_of_constants_is_folded),
        TEST(rewriting_counts_readers),
        TEST(a_rewritten_node_keeps_name_and_outputs),
        TEST(attributes_can_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
