#include "ops/operator.h"

/* Operators whose output element i needs nothing but elements i of the inputs, broadcast
 * against one another. */

static leat_status load_float(leat_node *node)
{
    leat_status status = leat_node_check_dtype(node, 0, 1u << LEAT_F32 | 1u << LEAT_F64);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

static leat_status shape_same(const leat_call *call, size_t *scratch, leat_error *error)
{
    (void)scratch;
    (void)error;
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    return LEAT_OK;
}

/* Written so that a NaN stays one. */
static void run_relu(const leat_call *call)
{
    const size_t n = leat_array_count(call->inputs[0]);
    if (call->inputs[0]->dtype == LEAT_F32) {
        const float *x = call->inputs[0]->data; /* [n] */
        float *y = call->outputs[0]->data;      /* [n] */
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] < 0 ? 0 : x[i];
        return;
    }
    const double *x = call->inputs[0]->data; /* [n] */
    double *y = call->outputs[0]->data;      /* [n] */
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

const leat_operator leat_elementwise_operators[] = {
    {"", "Relu", 6, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load_float, shape_same,
     run_relu},
    {0},
};
