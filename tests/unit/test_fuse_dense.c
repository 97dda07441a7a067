#include "fuse_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ---- Gemm ---- */

static void gemm_bias_relu(fuse_network *net, leat_graph_value *x)
{
    fuse_one(net, "Relu",
             fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), fuse_row(net, FUSE_N)));
}

static void gemm_transposed_and_scaled(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y =
        fuse_gemm(net, x, fuse_matrix(net, FUSE_N, FUSE_K), fuse_matrix(net, 1, FUSE_N));
    fuse_set_int(net, y, "transB", 1);
    fuse_set_float(net, y, "alpha", 0.5f);
    fuse_set_float(net, y, "beta", -2);
}

static void gemm_number(fuse_network *net, leat_graph_value *x)
{
    fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), fuse_number(net, 0.25));
}

static void gemm_alone(fuse_network *net, leat_graph_value *x)
{
    fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), NULL);
}

static void gemm_column(fuse_network *net, leat_graph_value *x)
{
    fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), fuse_matrix(net, FUSE_ROWS, 1));
}

static void gemm_turned(fuse_network *net, leat_graph_value *x)
{
    fuse_set_int(net, fuse_gemm(net, x, fuse_matrix(net, FUSE_ROWS, FUSE_N), NULL),
                 "transA", 1);
}

static void gemm_of_itself(fuse_network *net, leat_graph_value *x)
{
    fuse_set_int(net, fuse_gemm(net, x, x, NULL), "transB", 1);
}

static void test_fuse_dense__gemm_becomes_dense(void **state)
{
    (void)state;
    fuse_check(gemm_bias_relu, "Dense ");
    fuse_check(gemm_transposed_and_scaled, "Dense ");
    fuse_check(gemm_number, "Dense ");
    fuse_check(gemm_alone, "Dense ");
}

static void test_fuse_dense__gemm_stays_where_dense_cannot_do_it(void **state)
{
    (void)state;
    fuse_check(gemm_column, "Gemm ");
    fuse_check(gemm_turned, "Gemm ");
    fuse_check(gemm_of_itself, "Gemm ");
}

/* ---- MatMul and a bias ---- */

static void matmul_bias(fuse_network *net, leat_graph_value *x)
{
    fuse_two(net, "Add", fuse_two(net, "MatMul", x, fuse_matrix(net, FUSE_K, FUSE_N)),
             fuse_row(net, FUSE_N));
}

static void bias_matmul_bias(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y = fuse_two(net, "MatMul", x, fuse_matrix(net, FUSE_K, FUSE_N));
    fuse_two(net, "Add", fuse_two(net, "Add", fuse_number(net, 0.5), y),
             fuse_row(net, FUSE_N));
}

static void matmul_to_the_left(fuse_network *net, leat_graph_value *x)
{
    fuse_two(net, "MatMul", fuse_matrix(net, 2, FUSE_ROWS), x);
}

/* [FUSE_ROWS][1] and [4] are [FUSE_ROWS][4]. */
static void matmul_and_a_wider_row(fuse_network *net, leat_graph_value *x)
{
    fuse_two(net, "Add", fuse_two(net, "MatMul", x, fuse_matrix(net, FUSE_K, 1)),
             fuse_row(net, 4));
}

static void matmul_and_a_matrix(fuse_network *net, leat_graph_value *x)
{
    fuse_two(net, "Add", fuse_two(net, "MatMul", x, fuse_matrix(net, FUSE_K, FUSE_N)),
             fuse_matrix(net, FUSE_ROWS, FUSE_N));
}

static void bias_behind_relu(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y = fuse_two(net, "MatMul", x, fuse_matrix(net, FUSE_K, FUSE_N));
    fuse_two(net, "Add", fuse_one(net, "Relu", y), fuse_row(net, FUSE_N));
}

static void test_fuse_dense__matmul_and_bias_become_dense(void **state)
{
    (void)state;
    fuse_check(matmul_bias, "Dense ");
    fuse_check(bias_matmul_bias, "Dense ");
    fuse_check_rank(matmul_bias, 3, 13, "Dense ");
}

static void test_fuse_dense__a_bias_is_a_row_in_front_of_the_activation(void **state)
{
    (void)state;
    fuse_check(matmul_to_the_left, "MatMul ");
    fuse_check(matmul_and_a_wider_row, "Dense Add ");
    fuse_check(matmul_and_a_matrix, "Dense Add ");
    fuse_check(bias_behind_relu, "Dense Add ");
}

/* ---- BatchNormalization ---- */

static void gemm_batch_norm_relu(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y =
        fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), fuse_row(net, FUSE_N));
    fuse_one(net, "Relu", fuse_batch_norm(net, y, FUSE_N));
}

static void turned_batch_norm(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y = fuse_gemm(net, x, fuse_matrix(net, FUSE_N, FUSE_K), NULL);
    fuse_set_int(net, y, "transB", 1);
    fuse_batch_norm(net, y, FUSE_N);
}

static void matmul_batch_norm(fuse_network *net, leat_graph_value *x)
{
    fuse_batch_norm(net, fuse_two(net, "MatMul", x, fuse_matrix(net, FUSE_K, FUSE_N)),
                    FUSE_N);
}

/* Of [FUSE_ROWS][2][2] it normalises the axis in the middle. */
static void matmul_batch_norm_of_two(fuse_network *net, leat_graph_value *x)
{
    fuse_batch_norm(net, fuse_two(net, "MatMul", x, fuse_matrix(net, FUSE_K, 2)), 2);
}

static void relu_batch_norm(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y =
        fuse_one(net, "Relu", fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), NULL));
    fuse_batch_norm(net, y, FUSE_N);
}

static void test_fuse_dense__batch_norm_goes_into_the_weights(void **state)
{
    (void)state;
    fuse_check(gemm_batch_norm_relu, "Dense ");
    fuse_check(turned_batch_norm, "Dense ");
    fuse_check(matmul_batch_norm, "Dense ");
}

static void test_fuse_dense__batch_norm_stays_on_another_axis_or_behind_an_activation(
    void **s)
{
    (void)s;
    fuse_check_rank(matmul_batch_norm_of_two, 3, 13, "Dense BatchNormalization ");
    fuse_check(relu_batch_norm, "Dense BatchNormalization ");
}

/* ---- activations ---- */

static const char *activation;

static void gemm_activation(fuse_network *net, leat_graph_value *x)
{
    fuse_one(net, activation,
             fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), fuse_row(net, FUSE_N)));
}

static void gemm_leaky(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y =
        fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), fuse_row(net, FUSE_N));
    fuse_set_float(net, fuse_one(net, "LeakyRelu", y), "alpha", 0.3f);
}

static void gemm_gelu_tanh(fuse_network *net, leat_graph_value *x)
{
    leat_graph_value *y =
        fuse_one(net, "Gelu", fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), NULL));
    assert_int_equal(leat_graph_set_text(&net->graph, y->producer, "approximate", "tanh"),
                     LEAT_OK);
}

static void gemm_relu_sigmoid(fuse_network *net, leat_graph_value *x)
{
    fuse_one(
        net, "Sigmoid",
        fuse_one(net, "Relu", fuse_gemm(net, x, fuse_matrix(net, FUSE_K, FUSE_N), NULL)));
}

static void test_fuse_dense__an_activation_goes_into_the_layer(void **state)
{
    (void)state;
    static const char *const names[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Gelu"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        activation = names[i];
        fuse_check_rank(gemm_activation, 2, 20, "Dense ");
    }
    fuse_check(gemm_leaky, "Dense ");
    fuse_check_rank(gemm_gelu_tanh, 2, 20, "Dense ");
}

static void test_fuse_dense__a_layer_has_one_activation(void **state)
{
    (void)state;
    fuse_check(gemm_relu_sigmoid, "Dense Sigmoid ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fuse_dense__gemm_becomes_dense),
        cmocka_unit_test(test_fuse_dense__gemm_stays_where_dense_cannot_do_it),
        cmocka_unit_test(test_fuse_dense__matmul_and_bias_become_dense),
        cmocka_unit_test(test_fuse_dense__a_bias_is_a_row_in_front_of_the_activation),
        cmocka_unit_test(test_fuse_dense__batch_norm_goes_into_the_weights),
        cmocka_unit_test(
            test_fuse_dense__batch_norm_stays_on_another_axis_or_behind_an_activation),
        cmocka_unit_test(test_fuse_dense__an_activation_goes_into_the_layer),
        cmocka_unit_test(test_fuse_dense__a_layer_has_one_activation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
