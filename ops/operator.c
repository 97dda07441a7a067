#include "ops/operator.h"

#include <string.h>

static const leat_operator *const families[] = {
    leat_along_operators,
    leat_attention_operators,
    leat_binary_operators,
    leat_cast_operators,
    leat_clip_operators,
    leat_compare_operators,
    leat_constant_operators,
    leat_dense_operators,
    leat_elementwise_operators,
    leat_gather_operators,
    leat_matmul_operators,
    leat_ml_columns_operators,
    leat_ml_encode_operators,
    leat_ml_linear_operators,
    leat_ml_scale_operators,
    leat_ml_svm_operators,
    leat_ml_trees_operators,
    leat_moving_operators,
    leat_normalise_axes_operators,
    leat_normalise_operators,
    leat_recurrent_operators,
    leat_reduce_operators,
    leat_scatter_operators,
    leat_select_operators,
    leat_shaping_operators,
    leat_slice_operators,
    leat_softmax_operators,
    leat_transpose_operators,
};

const leat_operator *leat_operator_find(const char *domain, const char *name,
                                        uint32_t version)
{
    if (!strcmp(domain, "ai.onnx"))
        domain = "";
    for (size_t f = 0; f < sizeof families / sizeof *families; f++)
        for (const leat_operator *op = families[f]; op->name; op++)
            if (!strcmp(op->domain, domain) && !strcmp(op->name, name) &&
                version >= op->since && version <= op->until)
                return op;
    return NULL;
}

leat_status leat_node_refuse_dtype(leat_node *node, uint32_t input)
{
    return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                          "input %u: %s is not supported", input,
                          leat_dtype_name(node->inputs[input]->dtype));
}

leat_status leat_node_check_dtype(leat_node *node, uint32_t input, uint32_t dtypes)
{
    if (input >= node->n_inputs || !node->inputs[input])
        return leat_error_set(node->error, LEAT_E_MODEL, "input %u is missing", input);
    return dtypes >> node->inputs[input]->dtype & 1 ? LEAT_OK
                                                    : leat_node_refuse_dtype(node, input);
}

void leat_node_set_dtype(leat_node *node, uint32_t output, leat_dtype dtype)
{
    if (output < node->n_outputs && node->outputs[output])
        node->outputs[output]->dtype = dtype;
}

void *leat_node_new_state(leat_node *node, size_t size)
{
    node->state = leat_arena_calloc(node->arena, 1, size);
    if (!node->state)
        (void)leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    return node->state;
}

leat_status leat_load_same(leat_node *node)
{
    leat_status status = leat_node_check_dtype(node, 0, ~0u);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

leat_status leat_shape_same(const leat_call *call, size_t *scratch, leat_error *error)
{
    (void)scratch;
    (void)error;
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    return LEAT_OK;
}
