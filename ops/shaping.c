#include "ops/operator.h"

#include <string.h>

/* Operators that move elements, or say how they lie, and compute none. */

static leat_status load_same(leat_node *node)
{
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return LEAT_OK;
}

static leat_status shape_same(const leat_call *call, size_t *scratch, leat_error *error)
{
    (void)scratch;
    (void)error;
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    return LEAT_OK;
}

static void run_copy(const leat_call *call)
{
    const leat_array *input = call->inputs[0];
    if (call->outputs[0]->data != input->data)
        memcpy(call->outputs[0]->data, input->data, leat_array_bytes(input));
}

const leat_operator leat_shaping_operators[] = {
    {"", "Identity", 1, LEAT_NEWEST, LEAT_OP_VIEW, 1, 1, 1, load_same, shape_same,
     run_copy},
    {0},
};
