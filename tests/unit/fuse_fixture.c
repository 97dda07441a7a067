#include "fuse_fixture.h"

#include "runtime/frame.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed;

static float any_number(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

/* ---- building ---- */

leat_graph_value *fuse_constant(fuse_network *net, uint32_t rank, const uint32_t *shape)
{
    leat_array like = {.dtype = LEAT_F32, .rank = rank};
    if (rank)
        memcpy(like.shape, shape, rank * sizeof *shape);
    leat_graph_value *value = leat_graph_add_constant(&net->graph, "constant", &like);
    const size_t n = leat_array_count(&like);
    for (size_t i = 0; i < n; i++)
        ((float *)value->array.data)[i] = any_number();
    return value;
}

leat_graph_value *fuse_matrix(fuse_network *net, uint32_t rows, uint32_t columns)
{
    return fuse_constant(net, 2, (uint32_t[]){rows, columns});
}

leat_graph_value *fuse_row(fuse_network *net, uint32_t n)
{
    return fuse_constant(net, 1, &n);
}

/* A row of what a variance may be. */
static leat_graph_value *positive_row(fuse_network *net, uint32_t n)
{
    leat_graph_value *value = fuse_row(net, n);
    for (uint32_t i = 0; i < n; i++)
        ((float *)value->array.data)[i] = 0.5f + (float)i;
    return value;
}

leat_graph_value *fuse_number(fuse_network *net, double x)
{
    leat_graph_value *value = fuse_constant(net, 0, NULL);
    *(float *)value->array.data = (float)x;
    return value;
}

static leat_graph_node *node_of(fuse_network *net, const char *op_type, uint32_t n_inputs,
                                leat_graph_value *const *inputs)
{
    leat_graph_node *node = leat_graph_add_node(&net->graph, n_inputs, 1);
    leat_graph_value *made = leat_graph_add_value(&net->graph, op_type);
    node->domain = "";
    node->op_type = node->name = op_type;
    node->version = net->version;
    memcpy(node->inputs, inputs, n_inputs * sizeof *inputs);
    node->outputs[0] = made;
    made->producer = node;
    net->made[net->n_made++] = made;
    return node;
}

leat_graph_value *fuse_one(fuse_network *net, const char *op_type, leat_graph_value *x)
{
    return node_of(net, op_type, 1, &x)->outputs[0];
}

leat_graph_value *fuse_two(fuse_network *net, const char *op_type, leat_graph_value *a,
                           leat_graph_value *b)
{
    return node_of(net, op_type, 2, (leat_graph_value *[]){a, b})->outputs[0];
}

void fuse_set_int(fuse_network *net, leat_graph_value *of, const char *name,
                  int64_t value)
{
    assert_int_equal(leat_graph_set_int(&net->graph, of->producer, name, value), LEAT_OK);
}

void fuse_set_float(fuse_network *net, leat_graph_value *of, const char *name,
                    float value)
{
    assert_int_equal(leat_graph_set_float(&net->graph, of->producer, name, value),
                     LEAT_OK);
}

leat_graph_value *fuse_gemm(fuse_network *net, leat_graph_value *x, leat_graph_value *w,
                            leat_graph_value *c)
{
    return node_of(net, "Gemm", c ? 3 : 2, (leat_graph_value *[]){x, w, c})->outputs[0];
}

leat_graph_value *fuse_batch_norm(fuse_network *net, leat_graph_value *x, uint32_t n)
{
    leat_graph_value *inputs[] = {x, fuse_row(net, n), fuse_row(net, n), fuse_row(net, n),
                                  positive_row(net, n)};
    leat_graph_value *made = node_of(net, "BatchNormalization", 5, inputs)->outputs[0];
    fuse_set_float(net, made, "epsilon", 0.001f);
    return made;
}

/* ---- running ---- */

static void start(fuse_network *net, fuse_builder *build, uint32_t rank, uint32_t version)
{
    *net = (fuse_network){.rank = rank, .version = version};
    seed = 1;
    leat_graph_init(&net->graph);
    net->input.value = leat_graph_add_value(&net->graph, "x");
    net->input.has_shape = true;
    net->input.rank = rank;
    net->graph.n_inputs = 1;
    net->graph.inputs = &net->input;
    net->graph.outputs = net->outputs;
    build(net, net->input.value);
    assert_true(net->n_made > 0);
}

static void output(fuse_network *net, leat_graph_value *value)
{
    net->outputs[net->graph.n_outputs++].value = value;
}

void fuse_list_kinds(fuse_network *net)
{
    for (uint32_t i = 0; i < net->graph.n_nodes; i++) {
        strcat(net->kinds, net->graph.nodes[i]->op_type);
        strcat(net->kinds, " ");
    }
}

static void keep_results(fuse_network *net, const leat_frame *frame)
{
    for (uint32_t i = 0; i < net->graph.n_outputs; i++) {
        const leat_array *array = &frame->arrays[net->outputs[i].value->id];
        net->counts[i] = leat_array_count(array);
        net->results[i] = malloc(leat_array_bytes(array) + 1);
        memcpy(net->results[i], array->data, leat_array_bytes(array));
    }
}

static void run(fuse_network *net)
{
    leat_error error;
    leat_frame frame;
    if (leat_graph_load(&net->graph, &error))
        fail_msg("%s", error.msg);
    fuse_list_kinds(net);
    assert_int_equal(leat_frame_init(&frame, &net->graph, 1 << 16, &error), LEAT_OK);
    leat_array *x = leat_frame_input(&frame, 0);
    int64_t shape[] = {FUSE_ROWS, net->rank > 2 ? 2 : FUSE_K, FUSE_K};
    assert_int_equal(leat_array_reshape(x, net->rank, shape, &error), LEAT_OK);
    if (leat_frame_shape(&frame, &error))
        fail_msg("%s", error.msg);
    leat_arena arena;
    leat_arena_init(&arena, 1 << 12);
    for (uint32_t i = 0; i < net->graph.n_values; i++)
        if (!frame.arrays[i].data)
            frame.arrays[i].data =
                leat_arena_aligned(&arena, leat_array_bytes(&frame.arrays[i]) + 1);
    seed = 7;
    for (size_t i = 0; i < leat_array_count(x); i++)
        ((float *)x->data)[i] = 3 * any_number();
    leat_frame_run(&frame, leat_arena_aligned(&arena, frame.scratch + 1));
    keep_results(net, &frame);
    leat_frame_fini(&frame);
    leat_arena_fini(&arena);
}

static void stop(fuse_network *net)
{
    for (uint32_t i = 0; i < net->graph.n_outputs; i++)
        free(net->results[i]);
    leat_graph_fini(&net->graph);
}

static void assert_close(const fuse_network *a, uint32_t i, const fuse_network *b,
                         uint32_t j)
{
    assert_int_equal(a->counts[i], b->counts[j]);
    for (size_t e = 0; e < a->counts[i]; e++) {
        const float x = a->results[i][e], y = b->results[j][e];
        if (!(fabsf(x - y) <= 1e-6f * (1 + fabsf(y))))
            fail_msg("element %zu is %.8g, not %.8g", e, (double)x, (double)y);
    }
}

/* With every value an output: nothing is fused, and this is what comes out. */
static void run_apart(fuse_network *net, fuse_builder *build, uint32_t rank,
                      uint32_t version)
{
    start(net, build, rank, version);
    for (uint32_t i = 0; i < net->n_made; i++)
        output(net, net->made[i]);
    run(net);
}

/* What is left of a pattern when its last value is the output, and one more when `also` is
 * a value in it. */
static void check_one(fuse_builder *build, uint32_t rank, uint32_t version,
                      const char *wanted, const fuse_network *apart, uint32_t also)
{
    fuse_network net;
    start(&net, build, rank, version);
    const uint32_t last = net.n_made - 1;
    output(&net, net.made[last]);
    if (also != last)
        output(&net, net.made[also]);
    run(&net);
    if (wanted)
        assert_string_equal(net.kinds, wanted);
    assert_close(&net, 0, apart, last);
    if (also != last)
        assert_close(&net, 1, apart, also);
    stop(&net);
}

void fuse_check_rank(fuse_builder *build, uint32_t rank, uint32_t version,
                     const char *wanted)
{
    fuse_network apart;
    run_apart(&apart, build, rank, version);
    check_one(build, rank, version, wanted, &apart, apart.n_made - 1);
    for (uint32_t also = 0; also + 1 < apart.n_made; also++)
        check_one(build, rank, version, NULL, &apart, also);
    stop(&apart);
}

void fuse_check(fuse_builder *build, const char *wanted)
{
    fuse_check_rank(build, 2, 13, wanted);
}
