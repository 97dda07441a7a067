#include "ops/activation.h"
#include "ops/gemm.h"
#include "ops/gemm_blas.h"
#include "ops/operator.h"

#include <limits.h>

/* The layer that fusion makes of Gemm or MatMul, a constant bias and what follows:
 *
 *     Y [..., n] = activation(X [..., k] W + bias [n])
 *
 * W is constant, [k][n], or [n][k] with transB; it is packed when the model is loaded. With
 * the attribute matrix X has two axes, as Gemm's. */

/* Elements of Y that are still in the cache when the activation comes to them. */
enum { BLOCK = 1 << 15, MIN_ROWS = 96 };

struct dense {
    bool is_matrix; /* X has two axes, no more */
    leat_gemm_right right;
    const float *bias; /* [n], or NULL */
    uint32_t block;    /* rows of Y that an activation comes to at once */
    const leat_activation *activation;
    float slope; /* of LeakyRelu */
};

static leat_status pack(leat_node *node, struct dense *dense, bool transposed)
{
    const leat_array *w = node->inputs[1];
    const uint32_t k = w->shape[transposed], n = w->shape[!transposed];
    const leat_gemm_matrix matrix = {
        .k = k,
        .n = n,
        .data = w->data,
        .k_step = transposed ? 1 : n,
        .n_step = transposed ? k : 1,
    };
    const size_t count = leat_gemm_packed_count(k, n);
    float *packed = leat_arena_aligned(node->arena, (count + 1) * sizeof *packed);
    if (!packed)
        return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    leat_gemm_pack(&dense->right, leat_gemm_kernel_at(0), &matrix, packed);
    dense->block = n && BLOCK / n > MIN_ROWS ? BLOCK / n : MIN_ROWS;
    return LEAT_OK;
}

static leat_status check_constants(leat_node *node, bool transposed)
{
    const leat_array *w = node->inputs[1];
    const leat_array *bias = node->n_inputs > 2 ? node->inputs[2] : NULL;
    if (!w->data || w->rank != 2 || w->shape[0] > INT_MAX || w->shape[1] > INT_MAX)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "input 1 is no constant matrix");
    if (bias && (!bias->data || leat_array_count(bias) != w->shape[!transposed]))
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "input 2 is no constant of %u elements",
                              w->shape[!transposed]);
    return LEAT_OK;
}

static leat_status read_attributes(leat_node *node, struct dense *dense, bool *transposed)
{
    int64_t trans_b, matrix;
    uint32_t activation;
    leat_status status = leat_attribute_int(node, "transB", 0, &trans_b);
    if (!status)
        status = leat_attribute_int(node, "matrix", 0, &matrix);
    if (!status)
        status = leat_attribute_word(node, "activation", leat_activation_names, 0,
                                     &activation);
    if (!status)
        status = leat_attribute_float(node, "alpha", 0.01f, &dense->slope);
    if (status)
        return status;
    dense->activation = &leat_activations[activation];
    dense->is_matrix = matrix != 0;
    *transposed = trans_b != 0;
    return LEAT_OK;
}

static leat_status load_dense(leat_node *node)
{
    bool transposed = false;
    struct dense *dense = leat_node_new_state(node, sizeof *dense);
    if (!dense)
        return LEAT_E_MEMORY;
    leat_status status = read_attributes(node, dense, &transposed);
    for (uint32_t i = 0; i < node->n_inputs && !status; i++)
        if (i < 2 || node->inputs[i])
            status = leat_node_check_dtype(node, i, 1u << LEAT_F32);
    if (!status)
        status = check_constants(node, transposed);
    if (status)
        return status;
    if (node->n_inputs > 2 && node->inputs[2])
        dense->bias = node->inputs[2]->data;
    leat_node_set_dtype(node, 0, LEAT_F32);
    leat_gemm_hold_threads();
    return pack(node, dense, transposed);
}

static size_t rows_of(const leat_array *x)
{
    return leat_array_span(x, 0, x->rank - 1);
}

static leat_status shape_dense(const leat_call *call, size_t *scratch, leat_error *error)
{
    const struct dense *dense = call->state;
    const leat_array *x = call->inputs[0];
    char text[LEAT_ARRAY_TEXT];
    (void)scratch;
    if (!x->rank || x->shape[x->rank - 1] != dense->right.k || rows_of(x) > INT_MAX ||
        (dense->is_matrix && x->rank != 2))
        return leat_error_set(error, LEAT_E_MODEL, "%s by %u by %u is no product",
                              leat_array_describe(x, text), dense->right.k,
                              dense->right.n);
    leat_array_copy_shape(call->outputs[0], x);
    call->outputs[0]->shape[x->rank - 1] = dense->right.n;
    return LEAT_OK;
}

static void run_dense(const leat_call *call)
{
    const struct dense *dense = call->state;
    const leat_activation *activation = dense->activation;
    const uint32_t k = dense->right.k, n = dense->right.n;
    leat_gemm_job job = {
        .a = call->inputs[0]->data, /* [rows][k] */
        .a_step = k,
        .start = dense->bias,
        .c = call->outputs[0]->data, /* [rows][n] */
        .c_step = n,
        .floor = activation->floor,
    };
    for (uint32_t left = (uint32_t)rows_of(call->inputs[0]); left; left -= job.m) {
        job.m = activation->run && left > dense->block ? dense->block : left;
        leat_gemm_run(&dense->right, &job);
        if (activation->run)
            activation->run(job.c, (size_t)job.m * n, dense->slope);
        job.a += (size_t)job.m * k;
        job.c += (size_t)job.m * n;
    }
}

const leat_operator leat_dense_operators[] = {
    {"leat", "Dense", 1, LEAT_NEWEST, 0, 2, 3, 1, load_dense, shape_dense, run_dense},
    {0},
};
