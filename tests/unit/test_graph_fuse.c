/* Each pattern of fusion is built by hand and run twice: as it is, and with every value in
 * it an output, so that nothing may be fused. */
#include "runtime/frame.h"
#include "runtime/onnx.h"

#include "model_files.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 3, K = 5, N = 7, MOST = 32 };

/* A graph of one input [ROWS][K], or [ROWS][2][K], and what was computed. */
typedef struct network {
    leat_graph graph;
    leat_graph_port input;
    leat_graph_port outputs[MOST];
    leat_graph_value *made[MOST]; /* by nodes, in their order */
    uint32_t n_made;
    uint32_t rank;
    uint32_t version;
    char kinds[256]; /* the operators that are left: "Dense Relu " */
    float *results[MOST];
    size_t counts[MOST];
} network;

typedef void builder(network *net, leat_graph_value *x);

static uint32_t seed;

static float any_number(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

/* ---- building ---- */

static leat_graph_value *constant(network *net, uint32_t rank, const uint32_t *shape)
{
    leat_array like = {.dtype = LEAT_F32, .rank = rank};
    memcpy(like.shape, shape, rank * sizeof *shape);
    leat_graph_value *value = leat_graph_add_constant(&net->graph, "constant", &like);
    const size_t n = leat_array_count(&like);
    for (size_t i = 0; i < n; i++)
        ((float *)value->array.data)[i] = any_number();
    return value;
}

static leat_graph_value *matrix(network *net, uint32_t rows, uint32_t columns)
{
    return constant(net, 2, (uint32_t[]){rows, columns});
}

static leat_graph_value *row(network *net, uint32_t n)
{
    return constant(net, 1, &n);
}

/* A row of what a variance may be. */
static leat_graph_value *positive_row(network *net, uint32_t n)
{
    leat_graph_value *value = row(net, n);
    for (uint32_t i = 0; i < n; i++)
        ((float *)value->array.data)[i] = 0.5f + (float)i;
    return value;
}

static leat_graph_value *number(network *net, double x)
{
    leat_graph_value *value = constant(net, 0, NULL);
    *(float *)value->array.data = (float)x;
    return value;
}

static leat_graph_node *node_of(network *net, const char *op_type, uint32_t n_inputs,
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

static leat_graph_value *one(network *net, const char *op_type, leat_graph_value *x)
{
    return node_of(net, op_type, 1, &x)->outputs[0];
}

static leat_graph_value *two(network *net, const char *op_type, leat_graph_value *a,
                             leat_graph_value *b)
{
    return node_of(net, op_type, 2, (leat_graph_value *[]){a, b})->outputs[0];
}

static void set_int(network *net, leat_graph_value *of, const char *name, int64_t value)
{
    assert_int_equal(leat_graph_set_int(&net->graph, of->producer, name, value), LEAT_OK);
}

static void set_float(network *net, leat_graph_value *of, const char *name, float value)
{
    assert_int_equal(leat_graph_set_float(&net->graph, of->producer, name, value),
                     LEAT_OK);
}

static leat_graph_value *gemm(network *net, leat_graph_value *x, leat_graph_value *w,
                              leat_graph_value *c)
{
    return node_of(net, "Gemm", c ? 3 : 2, (leat_graph_value *[]){x, w, c})->outputs[0];
}

static leat_graph_value *batch_norm(network *net, leat_graph_value *x, uint32_t n)
{
    leat_graph_value *inputs[] = {x, row(net, n), row(net, n), row(net, n),
                                  positive_row(net, n)};
    leat_graph_value *made = node_of(net, "BatchNormalization", 5, inputs)->outputs[0];
    set_float(net, made, "epsilon", 0.001f);
    return made;
}

/* ---- running ---- */

static void start(network *net, builder *build, uint32_t rank, uint32_t version)
{
    *net = (network){.rank = rank, .version = version};
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

static void output(network *net, leat_graph_value *value)
{
    net->outputs[net->graph.n_outputs++].value = value;
}

static void list_kinds(network *net)
{
    for (uint32_t i = 0; i < net->graph.n_nodes; i++) {
        strcat(net->kinds, net->graph.nodes[i]->op_type);
        strcat(net->kinds, " ");
    }
}

static void keep_results(network *net, const leat_frame *frame)
{
    for (uint32_t i = 0; i < net->graph.n_outputs; i++) {
        const leat_array *array = &frame->arrays[net->outputs[i].value->id];
        net->counts[i] = leat_array_count(array);
        net->results[i] = malloc(leat_array_bytes(array) + 1);
        memcpy(net->results[i], array->data, leat_array_bytes(array));
    }
}

static void run(network *net)
{
    leat_error error;
    leat_frame frame;
    if (leat_graph_load(&net->graph, &error))
        fail_msg("%s", error.msg);
    list_kinds(net);
    assert_int_equal(leat_frame_init(&frame, &net->graph, 1 << 16, &error), LEAT_OK);
    leat_array *x = leat_frame_input(&frame, 0);
    int64_t shape[] = {ROWS, net->rank > 2 ? 2 : K, K};
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

static void stop(network *net)
{
    for (uint32_t i = 0; i < net->graph.n_outputs; i++)
        free(net->results[i]);
    leat_graph_fini(&net->graph);
}

static void assert_close(const network *a, uint32_t i, const network *b, uint32_t j)
{
    assert_int_equal(a->counts[i], b->counts[j]);
    for (size_t e = 0; e < a->counts[i]; e++) {
        const float x = a->results[i][e], y = b->results[j][e];
        if (!(fabsf(x - y) <= 1e-6f * (1 + fabsf(y))))
            fail_msg("element %zu is %.8g, not %.8g", e, (double)x, (double)y);
    }
}

/* With every value an output: nothing is fused, and this is what comes out. */
static void run_apart(network *net, builder *build, uint32_t rank, uint32_t version)
{
    start(net, build, rank, version);
    for (uint32_t i = 0; i < net->n_made; i++)
        output(net, net->made[i]);
    run(net);
}

/* What is left of a pattern when its last value is the output, and one more when `also` is
 * a value in it. */
static void check_one(builder *build, uint32_t rank, uint32_t version, const char *wanted,
                      const network *apart, uint32_t also)
{
    network net;
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

static void check_rank(builder *build, uint32_t rank, uint32_t version,
                       const char *wanted)
{
    network apart;
    run_apart(&apart, build, rank, version);
    check_one(build, rank, version, wanted, &apart, apart.n_made - 1);
    for (uint32_t also = 0; also + 1 < apart.n_made; also++)
        check_one(build, rank, version, NULL, &apart, also);
    stop(&apart);
}

static void check(builder *build, const char *wanted)
{
    check_rank(build, 2, 13, wanted);
}

/* ---- Gemm ---- */

static void gemm_bias_relu(network *net, leat_graph_value *x)
{
    one(net, "Relu", gemm(net, x, matrix(net, K, N), row(net, N)));
}

static void gemm_transposed_and_scaled(network *net, leat_graph_value *x)
{
    leat_graph_value *y = gemm(net, x, matrix(net, N, K), matrix(net, 1, N));
    set_int(net, y, "transB", 1);
    set_float(net, y, "alpha", 0.5f);
    set_float(net, y, "beta", -2);
}

static void gemm_number(network *net, leat_graph_value *x)
{
    gemm(net, x, matrix(net, K, N), number(net, 0.25));
}

static void gemm_alone(network *net, leat_graph_value *x)
{
    gemm(net, x, matrix(net, K, N), NULL);
}

static void gemm_column(network *net, leat_graph_value *x)
{
    gemm(net, x, matrix(net, K, N), matrix(net, ROWS, 1));
}

static void gemm_turned(network *net, leat_graph_value *x)
{
    set_int(net, gemm(net, x, matrix(net, ROWS, N), NULL), "transA", 1);
}

static void gemm_of_itself(network *net, leat_graph_value *x)
{
    set_int(net, gemm(net, x, x, NULL), "transB", 1);
}

static void test_fuse__gemm_becomes_dense(void **state)
{
    (void)state;
    check(gemm_bias_relu, "Dense ");
    check(gemm_transposed_and_scaled, "Dense ");
    check(gemm_number, "Dense ");
    check(gemm_alone, "Dense ");
}

static void test_fuse__gemm_stays_where_dense_cannot_do_it(void **state)
{
    (void)state;
    check(gemm_column, "Gemm ");
    check(gemm_turned, "Gemm ");
    check(gemm_of_itself, "Gemm ");
}

/* ---- MatMul and a bias ---- */

static void matmul_bias(network *net, leat_graph_value *x)
{
    two(net, "Add", two(net, "MatMul", x, matrix(net, K, N)), row(net, N));
}

static void bias_matmul_bias(network *net, leat_graph_value *x)
{
    leat_graph_value *y = two(net, "MatMul", x, matrix(net, K, N));
    two(net, "Add", two(net, "Add", number(net, 0.5), y), row(net, N));
}

static void matmul_to_the_left(network *net, leat_graph_value *x)
{
    two(net, "MatMul", matrix(net, 2, ROWS), x);
}

/* [ROWS][1] and [4] are [ROWS][4]. */
static void matmul_and_a_wider_row(network *net, leat_graph_value *x)
{
    two(net, "Add", two(net, "MatMul", x, matrix(net, K, 1)), row(net, 4));
}

static void matmul_and_a_matrix(network *net, leat_graph_value *x)
{
    two(net, "Add", two(net, "MatMul", x, matrix(net, K, N)), matrix(net, ROWS, N));
}

static void bias_behind_relu(network *net, leat_graph_value *x)
{
    leat_graph_value *y = two(net, "MatMul", x, matrix(net, K, N));
    two(net, "Add", one(net, "Relu", y), row(net, N));
}

static void test_fuse__matmul_and_bias_become_dense(void **state)
{
    (void)state;
    check(matmul_bias, "Dense ");
    check(bias_matmul_bias, "Dense ");
    check_rank(matmul_bias, 3, 13, "Dense ");
}

static void test_fuse__a_bias_is_a_row_in_front_of_the_activation(void **state)
{
    (void)state;
    check(matmul_to_the_left, "MatMul ");
    check(matmul_and_a_wider_row, "Dense Add ");
    check(matmul_and_a_matrix, "Dense Add ");
    check(bias_behind_relu, "Dense Add ");
}

/* ---- BatchNormalization ---- */

static void gemm_batch_norm_relu(network *net, leat_graph_value *x)
{
    leat_graph_value *y = gemm(net, x, matrix(net, K, N), row(net, N));
    one(net, "Relu", batch_norm(net, y, N));
}

static void turned_batch_norm(network *net, leat_graph_value *x)
{
    leat_graph_value *y = gemm(net, x, matrix(net, N, K), NULL);
    set_int(net, y, "transB", 1);
    batch_norm(net, y, N);
}

static void matmul_batch_norm(network *net, leat_graph_value *x)
{
    batch_norm(net, two(net, "MatMul", x, matrix(net, K, N)), N);
}

/* Of [ROWS][2][N] it normalises the axis of length 2. */
static void matmul_batch_norm_of_two(network *net, leat_graph_value *x)
{
    batch_norm(net, two(net, "MatMul", x, matrix(net, K, N)), 2);
}

static void relu_batch_norm(network *net, leat_graph_value *x)
{
    leat_graph_value *y = one(net, "Relu", gemm(net, x, matrix(net, K, N), NULL));
    batch_norm(net, y, N);
}

static void test_fuse__batch_norm_goes_into_the_weights(void **state)
{
    (void)state;
    check(gemm_batch_norm_relu, "Dense ");
    check(turned_batch_norm, "Dense ");
    check(matmul_batch_norm, "Dense ");
}

static void test_fuse__batch_norm_stays_on_another_axis_or_behind_an_activation(void **s)
{
    (void)s;
    check_rank(matmul_batch_norm_of_two, 3, 13, "Dense BatchNormalization ");
    check(relu_batch_norm, "Dense BatchNormalization ");
}

/* ---- activations ---- */

static const char *activation;

static void gemm_activation(network *net, leat_graph_value *x)
{
    one(net, activation, gemm(net, x, matrix(net, K, N), row(net, N)));
}

static void gemm_leaky(network *net, leat_graph_value *x)
{
    leat_graph_value *y = gemm(net, x, matrix(net, K, N), row(net, N));
    set_float(net, one(net, "LeakyRelu", y), "alpha", 0.3f);
}

static void gemm_gelu_tanh(network *net, leat_graph_value *x)
{
    leat_graph_value *y = one(net, "Gelu", gemm(net, x, matrix(net, K, N), NULL));
    assert_int_equal(leat_graph_set_text(&net->graph, y->producer, "approximate", "tanh"),
                     LEAT_OK);
}

static void gemm_relu_sigmoid(network *net, leat_graph_value *x)
{
    one(net, "Sigmoid", one(net, "Relu", gemm(net, x, matrix(net, K, N), NULL)));
}

static void test_fuse__an_activation_goes_into_the_layer(void **state)
{
    (void)state;
    static const char *const names[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Gelu"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        activation = names[i];
        check_rank(gemm_activation, 2, 20, "Dense ");
    }
    check(gemm_leaky, "Dense ");
    check_rank(gemm_gelu_tanh, 2, 20, "Dense ");
}

static void test_fuse__a_layer_has_one_activation(void **state)
{
    (void)state;
    check(gemm_relu_sigmoid, "Dense Sigmoid ");
}

/* ---- GELU ---- */

/* What a variant of a pattern has otherwise. */
static struct {
    uint32_t order;
    double half, root, one, cube;
} gelu;

static leat_graph_value *any_order(network *net, leat_graph_value *x,
                                   leat_graph_value *half, leat_graph_value *rest)
{
    switch (gelu.order) {
    case 0: /* torch */
        return two(net, "Mul", two(net, "Mul", x, rest), half);
    case 1: /* tensorflow */
        return two(net, "Mul", x, two(net, "Mul", half, rest));
    default:
        return two(net, "Mul", two(net, "Mul", x, half), rest);
    }
}

static void erf_gelu(network *net, leat_graph_value *x)
{
    leat_graph_value *inner = gelu.order == 1
                                  ? two(net, "Mul", x, number(net, 1 / gelu.root))
                                  : two(net, "Div", x, number(net, gelu.root));
    leat_graph_value *rest =
        two(net, "Add", one(net, "Erf", inner), number(net, gelu.one));
    any_order(net, x, number(net, gelu.half), rest);
}

static void tanh_gelu(network *net, leat_graph_value *x)
{
    leat_graph_value *cube = gelu.order == 1 ? two(net, "Mul", two(net, "Mul", x, x), x)
                                             : two(net, "Pow", x, number(net, gelu.cube));
    leat_graph_value *sum =
        two(net, "Add", x, two(net, "Mul", number(net, 0.044715), cube));
    leat_graph_value *inner = two(net, "Mul", number(net, sqrt(2 / acos(-1))), sum);
    leat_graph_value *rest =
        two(net, "Add", number(net, gelu.one), one(net, "Tanh", inner));
    any_order(net, x, number(net, gelu.half), rest);
}

static void layer_erf_gelu(network *net, leat_graph_value *x)
{
    erf_gelu(net, gemm(net, x, matrix(net, K, N), row(net, N)));
}

static void reset_gelu(uint32_t order)
{
    gelu.order = order;
    gelu.half = 0.5;
    gelu.root = sqrt(2);
    gelu.one = 1;
    gelu.cube = 3;
}

static void test_fuse__gelu_in_any_order(void **state)
{
    (void)state;
    for (uint32_t order = 0; order < 3; order++) {
        reset_gelu(order);
        check(erf_gelu, "Gelu ");
        check(tanh_gelu, "Gelu ");
        check(layer_erf_gelu, "Dense ");
    }
}

static void test_fuse__gelu_with_other_constants_stays(void **state)
{
    (void)state;
    reset_gelu(0), gelu.half = 0.51;
    check(erf_gelu, "Div Erf Add Mul Mul ");
    reset_gelu(0), gelu.root = 1.5;
    check(erf_gelu, "Div Erf Add Mul Mul ");
    reset_gelu(0), gelu.one = 1.1;
    check(erf_gelu, "Div Erf Add Mul Mul ");
    check(tanh_gelu, "Pow Mul Add Mul Tanh Add Mul Mul ");
    reset_gelu(0), gelu.cube = 2;
    check(tanh_gelu, "Pow Mul Add Mul Tanh Add Mul Mul ");
}

/* The erf is of another value than the product. */
static void gelu_of_two(network *net, leat_graph_value *x)
{
    leat_graph_value *inner = two(net, "Div", one(net, "Neg", x), number(net, sqrt(2)));
    leat_graph_value *rest = two(net, "Add", one(net, "Erf", inner), number(net, 1));
    two(net, "Mul", two(net, "Mul", x, rest), number(net, 0.5));
}

static void test_fuse__gelu_is_of_one_value(void **state)
{
    (void)state;
    check(gelu_of_two, "Neg Div Erf Add Mul Mul ");
}

/* ---- LayerNormalization ---- */

static struct {
    int64_t axes[2];
    size_t n_axes;
    double power;
    bool by_product; /* the square */
    bool by_input;   /* the axes */
} layer_norm;

static leat_graph_value *mean(network *net, leat_graph_value *x)
{
    leat_array like = {.dtype = LEAT_I64, .rank = 1, .shape = {1}};
    if (layer_norm.by_input) {
        leat_graph_value *axes = leat_graph_add_constant(&net->graph, "axes", &like);
        *(int64_t *)axes->array.data = layer_norm.axes[0];
        return two(net, "ReduceMean", x, axes);
    }
    leat_graph_value *made = one(net, "ReduceMean", x);
    leat_attribute *axes = leat_arena_calloc(&net->graph.arena, 1, sizeof *axes);
    *axes = (leat_attribute){.name = "axes", .kind = LEAT_ATTRIBUTE_INTS};
    axes->ints = layer_norm.axes;
    axes->n = layer_norm.n_axes;
    made->producer->attributes = axes;
    made->producer->n_attributes = 1;
    return made;
}

static void written_out(network *net, leat_graph_value *x)
{
    leat_graph_value *centred = two(net, "Sub", x, mean(net, x));
    leat_graph_value *square =
        layer_norm.by_product ? two(net, "Mul", centred, centred)
                              : two(net, "Pow", centred, number(net, layer_norm.power));
    leat_graph_value *sum = two(net, "Add", mean(net, square), number(net, 1e-5));
    leat_graph_value *y = two(net, "Div", centred, one(net, "Sqrt", sum));
    two(net, "Add", two(net, "Mul", y, row(net, K)), row(net, K));
}

static void reset_layer_norm(void)
{
    memset(&layer_norm, 0, sizeof layer_norm);
    layer_norm.axes[0] = -1;
    layer_norm.n_axes = 1;
    layer_norm.power = 2;
}

static void test_fuse__layer_norm_of_the_last_axis(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        reset_layer_norm();
        layer_norm.by_product = way & 1;
        layer_norm.by_input = way >> 1;
        check_rank(written_out, 2, way >> 1 ? 18 : 13, "LayerNormalization ");
        check_rank(written_out, 3, way >> 1 ? 18 : 13, "LayerNormalization ");
    }
}

static const char unfused[] = "ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul Add ";

static void test_fuse__layer_norm_of_other_axes_or_powers_stays(void **state)
{
    (void)state;
    reset_layer_norm(), layer_norm.axes[0] = 0;
    check(written_out, unfused);
    reset_layer_norm(), layer_norm.axes[1] = 0, layer_norm.n_axes = 2;
    check(written_out, unfused);
    reset_layer_norm(), layer_norm.power = 4;
    check(written_out, unfused);
}

/* ---- what torch exports ---- */

static void assert_exported(const char *path, const char *wanted)
{
    network net = {.n_made = 0};
    leat_error error;
    size_t size;
    char *bytes = read_file(path, &size);
    leat_graph_init(&net.graph);
    if (leat_onnx_read(&net.graph, bytes, size, &error) ||
        leat_graph_load(&net.graph, &error))
        fail_msg("%s: %s", path, error.msg);
    list_kinds(&net);
    assert_string_equal(net.kinds, wanted);
    leat_graph_fini(&net.graph);
    free(bytes);
}

static void test_fuse__networks_that_torch_exports_become_few_nodes(void **state)
{
    (void)state;
    assert_exported("tests/networks/mlp_batch_norm-11/model.onnx", "Dense Dense Dense Squeeze ");
    assert_exported("tests/networks/mlp_gelu-11/model.onnx", "Dense LayerNormalization Dense Dense Add LayerNormalization Dense Dense Add Dense Softmax ");
    assert_exported("tests/networks/mlp_gelu-17/model.onnx", "Dense LayerNormalization Dense Dense Add LayerNormalization Dense Dense Add Dense Softmax ");
    assert_exported("tests/networks/autoencoder-17/model.onnx", "Dense Dense Dense Dense Sub Pow ReduceMean ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fuse__gemm_becomes_dense),
        cmocka_unit_test(test_fuse__gemm_stays_where_dense_cannot_do_it),
        cmocka_unit_test(test_fuse__matmul_and_bias_become_dense),
        cmocka_unit_test(test_fuse__a_bias_is_a_row_in_front_of_the_activation),
        cmocka_unit_test(test_fuse__batch_norm_goes_into_the_weights),
        cmocka_unit_test(
            test_fuse__batch_norm_stays_on_another_axis_or_behind_an_activation),
        cmocka_unit_test(test_fuse__an_activation_goes_into_the_layer),
        cmocka_unit_test(test_fuse__a_layer_has_one_activation),
        cmocka_unit_test(test_fuse__gelu_in_any_order),
        cmocka_unit_test(test_fuse__gelu_with_other_constants_stays),
        cmocka_unit_test(test_fuse__gelu_is_of_one_value),
        cmocka_unit_test(test_fuse__layer_norm_of_the_last_axis),
        cmocka_unit_test(test_fuse__layer_norm_of_other_axes_or_powers_stays),
        cmocka_unit_test(test_fuse__networks_that_torch_exports_become_few_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
