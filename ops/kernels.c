#include "ops/kernels.h"

#include <string.h>

static leat_status check_same_dtype(leat_node *node)
{
    const leat_dtype expected = node->inputs[0]->dtype;
    for (uint32_t i = 1; i < node->n_inputs; i++) {
        if (!node->inputs[i])
            return leat_error_set(node->error, LEAT_E_MODEL, "input %u is missing", i);
        if (node->inputs[i]->dtype != expected)
            return leat_error_set(
                node->error, LEAT_E_MODEL, "input %u is %s, expected %s as input 0", i,
                leat_dtype_name(node->inputs[i]->dtype), leat_dtype_name(expected));
    }
    return LEAT_OK;
}

leat_status leat_kernels_load(leat_node *node, const leat_kernels *kernels)
{
    uint32_t dtypes = 0;
    for (uint32_t dtype = 0; dtype <= LEAT_STRING; dtype++)
        dtypes |= kernels->of[dtype] ? 1u << dtype : 0;
    leat_status status = leat_node_check_dtype(node, 0, dtypes);
    if (!status)
        status = check_same_dtype(node);
    if (status)
        return status;
    leat_kernels_state *state = leat_node_new_state(node, sizeof *state);
    if (!state)
        return LEAT_E_MEMORY;
    state->kernel = kernels->of[node->inputs[0]->dtype];
    leat_node_set_dtype(node, 0, kernels->tells ? LEAT_BOOL : node->inputs[0]->dtype);
    return LEAT_OK;
}

void leat_kernels_run(const leat_call *call)
{
    const leat_kernels_state *state = call->state;
    leat_walk_broadcast(call->n_inputs, call->inputs, call->outputs[0], state->kernel);
}

void leat_kernels_run_variadic(const leat_call *call)
{
    const leat_kernels_state *state = call->state;
    leat_array *output = call->outputs[0];
    const leat_array *pair[2] = {call->inputs[0], call->inputs[0]};
    if (call->n_inputs == 1)
        memcpy(output->data, pair[0]->data, leat_array_bytes(output));
    for (uint32_t i = 1; i < call->n_inputs; i++, pair[0] = output) {
        pair[1] = call->inputs[i];
        leat_walk_broadcast(2, pair, output, state->kernel);
    }
}
