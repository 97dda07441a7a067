#include "one_node.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed = 1;

static void fill(float *x, size_t n, float scale)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = scale * ((float)(seed >> 8) / (1 << 23) - 1);
    }
}

static double identity(double x)
{
    return x;
}

static double relu(double x)
{
    return x < 0 ? 0 : x;
}

static double leaky_relu(double x)
{
    return x < 0 ? 0.25 * x : x;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double gelu(double x)
{
    return x / 2 * (1 + erf(x / sqrt(2)));
}

static double gelu_tanh(double x)
{
    return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static const struct {
    const char *name;
    double (*twin)(double);
} activations[] = {{"", identity},         {"Relu", relu}, {"LeakyRelu", leaky_relu},
                   {"Sigmoid", sigmoid},   {"Tanh", tanh}, {"Gelu", gelu},
                   {"GeluTanh", gelu_tanh}};
enum { N_ACTIVATIONS = sizeof activations / sizeof *activations };

typedef struct dense_layer {
    one_node node;
    float *x, *w, *bias; /* [rows][k], [k][n] or [n][k], [n] or NULL */
    uint32_t rows, k, n;
    bool transposed;
} dense_layer;

static void start(dense_layer *layer, const char *activation, bool transposed,
                  bool has_bias)
{
    const int64_t k = layer->k, n = layer->n;
    layer->transposed = transposed;
    one_node_start(&layer->node, "leat", "Dense", 1);
    one_node_text(&layer->node, "activation", activation);
    one_node_float(&layer->node, "alpha", 0.25f);
    one_node_int(&layer->node, "transB", transposed);
    layer->x =
        one_node_input(&layer->node, LEAT_F32, 2, (int64_t[]){layer->rows, layer->k});
    layer->w = one_node_constant(&layer->node, LEAT_F32, 2,
                                 transposed ? (int64_t[]){n, k} : (int64_t[]){k, n});
    layer->bias = NULL;
    if (has_bias)
        layer->bias = one_node_constant(&layer->node, LEAT_F32, 1, &n);
    fill(layer->x, (size_t)layer->rows * layer->k, 2);
    fill(layer->w, (size_t)layer->k * layer->n, 1);
    if (has_bias)
        fill(layer->bias, layer->n, 1);
}

static double before_activation(const dense_layer *layer, uint32_t row, uint32_t column)
{
    double sum = layer->bias ? (double)layer->bias[column] : 0;
    for (uint32_t k = 0; k < layer->k; k++)
        sum += (double)layer->x[row * layer->k + k] *
               (double)(layer->transposed ? layer->w[column * layer->k + k]
                                          : layer->w[k * layer->n + column]);
    return sum;
}

static void check(dense_layer *layer, double (*twin)(double))
{
    one_node_run(&layer->node);
    const float *y = layer->node.out[0].data; /* [rows][n] */
    for (uint32_t row = 0; row < layer->rows; row++)
        for (uint32_t column = 0; column < layer->n; column++)
            assert_float_equal(y[row * layer->n + column],
                               twin(before_activation(layer, row, column)), 2e-5);
    one_node_stop(&layer->node);
}

static void test_dense__activates_product_and_bias(void **state)
{
    (void)state;
    for (size_t a = 0; a < N_ACTIVATIONS; a++)
        for (uint32_t n = 1; n < 60; n += 23)
            for (int way = 0; way < 4; way++) {
                dense_layer layer = {.rows = 13, .k = 30, .n = n};
                start(&layer, activations[a].name, way & 1, way >> 1);
                check(&layer, activations[a].twin);
            }
}

/* Rows come in blocks when an activation follows. */
static void test_dense__activates_every_row_of_many(void **state)
{
    (void)state;
    dense_layer layer = {.rows = 1000, .k = 3, .n = 400};
    start(&layer, "Sigmoid", false, true);
    check(&layer, sigmoid);
}

static void test_dense__nan_and_infinity_pass_each_activation(void **state)
{
    (void)state;
    static const float values[] = {NAN, INFINITY, -INFINITY, -0.0f};
    for (size_t a = 0; a < N_ACTIVATIONS; a++) {
        dense_layer layer = {.rows = 4, .k = 1, .n = 20};
        start(&layer, activations[a].name, false, false);
        for (uint32_t i = 0; i < 4; i++)
            layer.x[i] = values[i];
        for (uint32_t j = 0; j < 20; j++)
            layer.w[j] = 1;
        one_node_run(&layer.node);
        const float *y = layer.node.out[0].data;
        for (uint32_t i = 0; i < 80; i++) {
            const double wanted = activations[a].twin((double)values[i / 20]);
            assert_int_equal(isnan(y[i]), isnan(wanted));
            if (!isnan(wanted))
                assert_true((double)y[i] == wanted);
        }
        one_node_stop(&layer.node);
    }
}

/* An event scores the same in every batch. */
static void test_dense__a_row_has_the_same_bits_in_every_batch(void **state)
{
    (void)state;
    for (uint32_t n = 1; n < 140; n += 67)
        for (uint32_t rows = 2; rows < 40; rows += 5) {
            dense_layer many = {.rows = rows, .k = 50, .n = n};
            start(&many, "Gelu", false, true);
            one_node_run(&many.node);
            const float *y = many.node.out[0].data;
            for (uint32_t row = 0; row < rows; row++) {
                dense_layer one = {.rows = 1, .k = 50, .n = n};
                start(&one, "Gelu", false, true);
                memcpy(one.x, many.x + row * 50, 50 * sizeof(float));
                memcpy(one.w, many.w, 50 * n * sizeof(float));
                memcpy(one.bias, many.bias, n * sizeof(float));
                one_node_run(&one.node);
                assert_memory_equal(one.node.out[0].data, y + row * n, n * sizeof(float));
                one_node_stop(&one.node);
            }
            one_node_stop(&many.node);
        }
}

static void test_dense__keeps_leading_axes(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "leat", "Dense", 1);
    float *x = one_node_input(&node, LEAT_F32, 3, (int64_t[]){2, 3, 2});
    float *w = one_node_constant(&node, LEAT_F32, 2, (int64_t[]){2, 5});
    for (int i = 0; i < 12; i++)
        x[i] = (float)i;
    w[4] = 1, w[9] = 2;
    one_node_run(&node);
    assert_int_equal(node.out[0].rank, 3);
    assert_int_equal(node.out[0].shape[1], 3);
    assert_int_equal(node.out[0].shape[2], 5);
    const float *y = node.out[0].data;
    for (int i = 0; i < 6; i++)
        assert_float_equal(y[i * 5 + 4], x[2 * i] + 2 * x[2 * i + 1], 0);
    one_node_stop(&node);
}

static void test_dense__refuses_rows_of_another_length(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "leat", "Dense", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_constant(&node, LEAT_F32, 2, (int64_t[]){2, 5});
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

static void test_dense__refuses_a_bias_of_another_length(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "leat", "Dense", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_constant(&node, LEAT_F32, 2, (int64_t[]){3, 5});
    one_node_constant(&node, LEAT_F32, 1, (int64_t[]){4});
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    one_node_stop(&node);
}

static void test_dense__refuses_weights_that_are_not_constant(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "leat", "Dense", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){3, 5});
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense__activates_product_and_bias),
        cmocka_unit_test(test_dense__activates_every_row_of_many),
        cmocka_unit_test(test_dense__nan_and_infinity_pass_each_activation),
        cmocka_unit_test(test_dense__a_row_has_the_same_bits_in_every_batch),
        cmocka_unit_test(test_dense__keeps_leading_axes),
        cmocka_unit_test(test_dense__refuses_rows_of_another_length),
        cmocka_unit_test(test_dense__refuses_a_bias_of_another_length),
        cmocka_unit_test(test_dense__refuses_weights_that_are_not_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
