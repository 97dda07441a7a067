#include "runtime/graph_fuse.h"

#include <math.h>
#include <string.h>

/* In this order: each takes what those before it have made. */
static const struct {
    const char *op_type; /* of the last node; NULL: any */
    leat_fuse_pattern *pattern;
} patterns[] = {
    {"Gemm", leat_fuse_gemm},     {"MatMul", leat_fuse_matmul},
    {"Add", leat_fuse_bias},      {"BatchNormalization", leat_fuse_batch_norm},
    {"Mul", leat_fuse_gelu},      {"Add", leat_fuse_layer_norm},
    {NULL, leat_fuse_activation},
};

static bool is_read(const leat_graph_node *node)
{
    for (uint32_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i] && node->outputs[i]->n_readers)
            return true;
    return false;
}

leat_status leat_graph_fuse(leat_graph *graph, leat_error *error)
{
    leat_status status = LEAT_OK;
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++)
        for (uint32_t i = 0; i < graph->n_nodes && !status; i++) {
            leat_graph_node *node = graph->nodes[i];
            const char *op_type = patterns[p].op_type;
            if (is_read(node) && (!op_type || leat_fuse_is(node, "", op_type)))
                status = patterns[p].pattern(graph, node, error);
        }
    return status;
}

/* ---- for patterns ---- */

bool leat_fuse_is(const leat_graph_node *node, const char *domain, const char *op_type)
{
    return !strcmp(node->domain, domain) && !strcmp(node->op_type, op_type);
}

leat_graph_node *leat_fuse_made_by(const leat_graph_value *value, const char *domain,
                                   const char *op_type, uint32_t n_readers)
{
    if (!value || value->n_readers != n_readers || !value->producer)
        return NULL;
    return leat_fuse_is(value->producer, domain, op_type) ? value->producer : NULL;
}

bool leat_fuse_is_f32(const leat_graph_value *value)
{
    return leat_graph_is_constant(value) && value->array.dtype == LEAT_F32;
}

bool leat_fuse_is_number(const leat_graph_value *value, double number)
{
    if (!leat_fuse_is_f32(value) || value->array.rank > 1 ||
        leat_array_count(&value->array) != 1)
        return false;
    const double found = (double)*(const float *)value->array.data;
    return fabs(found - number) <= 1e-6 * fabs(number);
}

int64_t leat_fuse_int(const leat_graph_node *node, const char *name, int64_t absent)
{
    const leat_attribute *found = leat_graph_attribute(node, name, LEAT_ATTRIBUTE_INT);
    return found ? found->ints[0] : absent;
}
