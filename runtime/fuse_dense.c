#include "runtime/graph_fuse.h"

#include <math.h>
#include <string.h>

/* Everything that becomes a Dense (ops/dense.c), one node after the other:
 *
 *     Gemm or MatMul with constant weights    Dense
 *     Dense, Add of a constant                Dense with a bias
 *     Dense, BatchNormalization               Dense with other weights and bias
 *     Dense, an activation                    Dense with an activation
 *
 * "matrix" marks a Dense whose input is known to have two axes. */

/* What a Dense is made of. */
struct layer {
    leat_graph_value *x;
    leat_graph_value *weights; /* [k][n], or [n][k] */
    leat_graph_value *bias;    /* [n], or NULL */
    bool transposed;
    bool is_matrix;
};

static uint32_t columns_of(const struct layer *layer)
{
    return layer->weights->array.shape[!layer->transposed];
}

/* The Dense without an activation that alone makes the value, or NULL. */
static leat_graph_node *plain_dense(const leat_graph_value *value, struct layer *layer)
{
    leat_graph_node *node = leat_fuse_made_by(value, "leat", "Dense", 1);
    if (!node || leat_graph_attribute(node, "activation", LEAT_ATTRIBUTE_STRING))
        return NULL;
    *layer = (struct layer){
        .x = node->inputs[0],
        .weights = node->inputs[1],
        .bias = node->inputs[2],
        .transposed = leat_fuse_int(node, "transB", 0) != 0,
        .is_matrix = leat_fuse_int(node, "matrix", 0) != 0,
    };
    return node;
}

static leat_status become_dense(leat_graph *graph, leat_graph_node *node,
                                const struct layer *layer, leat_error *error)
{
    leat_graph_value *inputs[] = {layer->x, layer->weights, layer->bias};
    leat_status status = leat_graph_rewrite(graph, node, "Dense", 3, inputs, error);
    if (!status && layer->transposed)
        status = leat_graph_set_int(graph, node, "transB", 1);
    if (!status && layer->is_matrix)
        status = leat_graph_set_int(graph, node, "matrix", 1);
    return status;
}

/* ---- constants ---- */

/* What a layer's columns become: scale[i] times what they were, and shift[i]. */
struct affine {
    uint32_t n;
    double *scale; /* [n] */
    double *shift; /* [n] */
};

static leat_status new_affine(leat_graph *graph, uint32_t n, struct affine *affine,
                              leat_error *error)
{
    affine->n = n;
    affine->scale = leat_arena_calloc(&graph->arena, n, sizeof *affine->scale);
    affine->shift = leat_arena_calloc(&graph->arena, n, sizeof *affine->shift);
    if (!affine->scale || !affine->shift)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    for (uint32_t i = 0; i < n; i++)
        affine->scale[i] = 1;
    return LEAT_OK;
}

/* The constant is a row of n numbers, or one, with at most so many axes. */
static bool is_row(const leat_graph_value *value, uint32_t n, uint32_t max_rank)
{
    if (!leat_fuse_is_f32(value) || value->array.rank > max_rank)
        return false;
    const size_t count = leat_array_count(&value->array);
    return count == 1 || (count == n && value->array.shape[value->array.rank - 1] == n);
}

/* Element i of a row, or its only one. */
static double at(const leat_graph_value *row, uint32_t i)
{
    const float *data = row->array.data;
    return (double)data[leat_array_count(&row->array) == 1 ? 0 : i];
}

static leat_status scale_weights(leat_graph *graph, struct layer *layer,
                                 const double *scale, leat_error *error)
{
    const leat_array *old = &layer->weights->array;
    const float *from = old->data;
    const size_t length = old->shape[1], count = leat_array_count(old);
    layer->weights = leat_graph_add_constant(graph, layer->weights->name, old);
    if (!layer->weights)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    float *to = layer->weights->array.data;
    for (size_t i = 0; i < count; i++)
        to[i] =
            (float)(scale[layer->transposed ? i / length : i % length] * (double)from[i]);
    return LEAT_OK;
}

static leat_status new_bias(leat_graph *graph, struct layer *layer,
                            const struct affine *affine, leat_error *error)
{
    const leat_array like = {.dtype = LEAT_F32, .rank = 1, .shape = {affine->n}};
    const leat_graph_value *old = layer->bias;
    layer->bias = leat_graph_add_constant(graph, layer->weights->name, &like);
    if (!layer->bias)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    float *to = layer->bias->array.data;
    for (uint32_t i = 0; i < affine->n; i++)
        to[i] = (float)((old ? affine->scale[i] * at(old, i) : 0) + affine->shift[i]);
    return LEAT_OK;
}

static leat_status apply(leat_graph *graph, struct layer *layer,
                         const struct affine *affine, leat_error *error)
{
    bool scales = false, shifts = layer->bias != NULL;
    for (uint32_t i = 0; i < affine->n; i++) {
        scales |= affine->scale[i] != 1;
        shifts |= affine->shift[i] != 0;
    }
    leat_status status = LEAT_OK;
    if (scales)
        status = scale_weights(graph, layer, affine->scale, error);
    if (shifts && !status)
        status = new_bias(graph, layer, affine, error);
    return status;
}

/* ---- Gemm, MatMul ---- */

static bool is_weights(const leat_graph_value *value)
{
    return leat_fuse_is_f32(value) && value->array.rank == 2;
}

static double float_of(const leat_graph_node *node, const char *name, float absent)
{
    const leat_attribute *found = leat_graph_attribute(node, name, LEAT_ATTRIBUTE_FLOAT);
    return (double)(found ? found->floats[0] : absent);
}

leat_status leat_fuse_gemm(leat_graph *graph, leat_graph_node *node, leat_error *error)
{
    struct affine affine;
    struct layer layer = {
        .x = node->inputs[0],
        .weights = node->inputs[1],
        .transposed = leat_fuse_int(node, "transB", 0) != 0,
        .is_matrix = true,
    };
    const leat_graph_value *c = node->n_inputs > 2 ? node->inputs[2] : NULL;
    if (!is_weights(layer.weights) || leat_fuse_int(node, "transA", 0) ||
        (c && !is_row(c, columns_of(&layer), 2)))
        return LEAT_OK;
    leat_status status = new_affine(graph, columns_of(&layer), &affine, error);
    if (status)
        return status;
    for (uint32_t i = 0; i < affine.n; i++) {
        affine.scale[i] = float_of(node, "alpha", 1);
        affine.shift[i] = c ? float_of(node, "beta", 1) * at(c, i) : 0;
    }
    status = apply(graph, &layer, &affine, error);
    return status ? status : become_dense(graph, node, &layer, error);
}

/* Whether a value is known to have two axes: rows and columns. */
static bool is_matrix(const leat_graph *graph, const leat_graph_value *value)
{
    if (value->producer)
        return leat_fuse_is(value->producer, "leat", "Dense") &&
               leat_fuse_int(value->producer, "matrix", 0);
    for (uint32_t i = 0; i < graph->n_inputs; i++)
        if (graph->inputs[i].value == value)
            return graph->inputs[i].has_shape && graph->inputs[i].rank == 2;
    return false;
}

leat_status leat_fuse_matmul(leat_graph *graph, leat_graph_node *node, leat_error *error)
{
    const struct layer layer = {
        .x = node->inputs[0],
        .weights = node->inputs[1],
        .is_matrix = is_matrix(graph, node->inputs[0]),
    };
    return is_weights(layer.weights) ? become_dense(graph, node, &layer, error) : LEAT_OK;
}

/* ---- what follows ---- */

leat_status leat_fuse_bias(leat_graph *graph, leat_graph_node *node, leat_error *error)
{
    struct layer layer;
    struct affine affine;
    const leat_graph_value *bias = NULL;
    for (uint32_t i = 0; i < 2 && !bias; i++)
        if (plain_dense(node->inputs[i], &layer))
            bias = node->inputs[1 - i];
    if (node->version < 7 || !bias || !is_row(bias, columns_of(&layer), 1))
        return LEAT_OK;
    leat_status status = new_affine(graph, columns_of(&layer), &affine, error);
    if (status)
        return status;
    for (uint32_t i = 0; i < affine.n; i++)
        affine.shift[i] = at(bias, i);
    status = apply(graph, &layer, &affine, error);
    return status ? status : become_dense(graph, node, &layer, error);
}

static bool is_plain_batch_norm(const leat_graph_node *node, uint32_t n)
{
    for (uint32_t i = 1; i < 5; i++)
        if (!is_row(node->inputs[i], n, 1) ||
            leat_array_count(&node->inputs[i]->array) != n)
            return false;
    for (uint32_t i = 1; i < node->n_outputs; i++)
        if (node->outputs[i] && node->outputs[i]->n_readers)
            return false;
    return node->version >= 7 && !leat_fuse_int(node, "training_mode", 0) &&
           leat_fuse_int(node, "spatial", 1) == 1;
}

/* It normalises axis 1, which is the columns' only of a matrix. */
leat_status leat_fuse_batch_norm(leat_graph *graph, leat_graph_node *node,
                                 leat_error *error)
{
    struct layer layer;
    struct affine affine;
    if (!plain_dense(node->inputs[0], &layer) || !layer.is_matrix ||
        !is_plain_batch_norm(node, columns_of(&layer)))
        return LEAT_OK;
    leat_status status = new_affine(graph, columns_of(&layer), &affine, error);
    if (status)
        return status;
    const double epsilon = float_of(node, "epsilon", 1e-5f);
    for (uint32_t i = 0; i < affine.n; i++) {
        affine.scale[i] = at(node->inputs[1], i) / sqrt(at(node->inputs[4], i) + epsilon);
        affine.shift[i] =
            at(node->inputs[2], i) - at(node->inputs[3], i) * affine.scale[i];
    }
    status = apply(graph, &layer, &affine, error);
    return status ? status : become_dense(graph, node, &layer, error);
}

/* What a Dense calls the function of a node, or NULL. */
static const char *activation_of(const leat_graph_node *node)
{
    static const char *const names[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh"};
    if (leat_fuse_is(node, "", "Gelu")) {
        const leat_attribute *form =
            leat_graph_attribute(node, "approximate", LEAT_ATTRIBUTE_STRING);
        const bool is_tanh = form && form->strings[0].size == 4;
        return is_tanh ? "GeluTanh" : "Gelu";
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (leat_fuse_is(node, "", names[i]))
            return names[i];
    return NULL;
}

leat_status leat_fuse_activation(leat_graph *graph, leat_graph_node *node,
                                 leat_error *error)
{
    struct layer layer;
    const char *name = activation_of(node);
    if (!name || !plain_dense(node->inputs[0], &layer))
        return LEAT_OK;
    const float alpha = (float)float_of(node, "alpha", 0.01f);
    leat_status status = become_dense(graph, node, &layer, error);
    if (!status)
        status = leat_graph_set_text(graph, node, "activation", name);
    if (!status)
        status = leat_graph_set_float(graph, node, "alpha", alpha);
    return status;
}
