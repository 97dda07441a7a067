#include "runtime/graph.h"

#include <string.h>

void leat_graph_init(leat_graph *graph)
{
    *graph = (leat_graph){0};
    leat_arena_init(&graph->arena, 1 << 14);
}

void leat_graph_fini(leat_graph *graph)
{
    leat_arena_fini(&graph->arena);
}

/* ---- building ---- */

/* The list of n pointers, or one with more room; NULL when out of memory. */
static void *grow(leat_arena *arena, void *list, uint32_t n, uint32_t *max)
{
    if (n < *max)
        return list;
    const uint32_t room = *max ? 2 * *max : 64;
    void *larger = leat_arena_calloc(arena, room, sizeof(void *));
    if (!larger)
        return NULL;
    if (n)
        memcpy(larger, list, n * sizeof(void *));
    *max = room;
    return larger;
}

leat_graph_value *leat_graph_add_value(leat_graph *graph, const char *name)
{
    leat_graph_value *value = leat_arena_calloc(&graph->arena, 1, sizeof *value);
    leat_graph_value **values =
        grow(&graph->arena, graph->values, graph->n_values, &graph->max_values);
    if (!value || !values)
        return NULL;
    graph->values = values;
    value->name = name;
    value->id = graph->n_values;
    graph->values[graph->n_values++] = value;
    return value;
}

leat_graph_value *leat_graph_add_constant(leat_graph *graph, const char *name,
                                          const leat_array *like)
{
    leat_graph_value *value = leat_graph_add_value(graph, name);
    if (!value)
        return NULL;
    const size_t size = leat_array_bytes(like);
    value->array = *like;
    value->array.data = leat_arena_aligned(&graph->arena, size);
    if (!value->array.data)
        return NULL;
    memset(value->array.data, 0, size);
    return value;
}

leat_graph_node *leat_graph_add_node(leat_graph *graph, uint32_t n_inputs,
                                     uint32_t n_outputs)
{
    leat_graph_node *node = leat_arena_calloc(&graph->arena, 1, sizeof *node);
    leat_graph_node **nodes =
        grow(&graph->arena, graph->nodes, graph->n_nodes, &graph->max_nodes);
    if (!node || !nodes)
        return NULL;
    graph->nodes = nodes;
    node->n_inputs = n_inputs;
    node->n_outputs = n_outputs;
    node->inputs = leat_arena_calloc(&graph->arena, n_inputs, sizeof *node->inputs);
    node->outputs = leat_arena_calloc(&graph->arena, n_outputs, sizeof *node->outputs);
    if (!node->inputs || !node->outputs)
        return NULL;
    graph->nodes[graph->n_nodes++] = node;
    return node;
}

bool leat_graph_wants(const leat_graph_node *node, uint32_t output)
{
    const leat_graph_value *value = node->outputs[output];
    return value && value->n_readers && value->producer == node;
}

static bool is_wanted(const leat_graph_node *node)
{
    for (uint32_t i = 0; i < node->n_outputs; i++)
        if (leat_graph_wants(node, i))
            return true;
    return false;
}

static void count_inputs(const leat_graph_node *node)
{
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i])
            node->inputs[i]->n_readers++;
}

/* From the last node to the first, so that whoever could read a value has been seen. */
void leat_graph_drop_dead(leat_graph *graph)
{
    uint32_t n_alive = 0;
    for (uint32_t i = 0; i < graph->n_values; i++)
        graph->values[i]->n_readers = 0;
    for (uint32_t i = 0; i < graph->n_outputs; i++)
        graph->outputs[i].value->n_readers++;
    for (uint32_t i = graph->n_nodes; i-- > 0;) {
        if (is_wanted(graph->nodes[i]))
            count_inputs(graph->nodes[i]);
        else
            graph->nodes[i] = NULL;
    }
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i])
            graph->nodes[n_alive++] = graph->nodes[i];
    graph->n_nodes = n_alive;
}

leat_status leat_graph_blame(const leat_graph_node *node, leat_error *error)
{
    return leat_error_prefix(error, "node \"%.64s\" (%.48s): ", node->name,
                             node->op_type);
}

/* ---- rewriting ---- */

static void stop_reading(leat_graph_value *value)
{
    if (!value || !value->n_readers || --value->n_readers || !value->producer ||
        is_wanted(value->producer))
        return;
    for (uint32_t i = 0; i < value->producer->n_inputs; i++)
        stop_reading(value->producer->inputs[i]);
}

leat_status leat_graph_rewrite(leat_graph *graph, leat_graph_node *node,
                               const char *op_type, uint32_t n_inputs,
                               leat_graph_value *const *inputs, leat_error *error)
{
    leat_graph_node old = *node;
    node->inputs = leat_arena_calloc(&graph->arena, n_inputs, sizeof *node->inputs);
    if (!node->inputs)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    memcpy(node->inputs, inputs, n_inputs * sizeof *inputs);
    node->n_inputs = n_inputs;
    node->n_attributes = 0;
    node->op_type = op_type;
    node->domain = "leat";
    node->version = 1;
    node->op = leat_operator_find(node->domain, op_type, node->version);
    if (!node->op) {
        node->domain = "";
        node->version = LEAT_NEWEST;
        node->op = leat_operator_find(node->domain, op_type, node->version);
    }
    if (!node->op)
        return leat_error_set(error, LEAT_E_INTERNAL, "no operator %s", op_type);
    count_inputs(node);
    for (uint32_t i = 0; i < old.n_inputs; i++)
        stop_reading(old.inputs[i]);
    return LEAT_OK;
}

static leat_status set_attribute(leat_graph *graph, leat_graph_node *node,
                                 leat_attribute attribute, const void *value, size_t size)
{
    const size_t n = node->n_attributes;
    void *copy = leat_arena_alloc(&graph->arena, size);
    leat_attribute *all = leat_arena_calloc(&graph->arena, n + 1, sizeof *all);
    if (!copy || !all)
        return LEAT_E_MEMORY;
    if (n)
        memcpy(all, node->attributes, n * sizeof *all);
    attribute.n = 1;
    attribute.ints = memcpy(copy, value, size);
    all[n] = attribute;
    node->attributes = all;
    node->n_attributes++;
    return LEAT_OK;
}

leat_status leat_graph_set_int(leat_graph *graph, leat_graph_node *node, const char *name,
                               int64_t value)
{
    leat_attribute attribute = {.name = name, .kind = LEAT_ATTRIBUTE_INT};
    return set_attribute(graph, node, attribute, &value, sizeof value);
}

leat_status leat_graph_set_float(leat_graph *graph, leat_graph_node *node,
                                 const char *name, float value)
{
    leat_attribute attribute = {.name = name, .kind = LEAT_ATTRIBUTE_FLOAT};
    return set_attribute(graph, node, attribute, &value, sizeof value);
}

leat_status leat_graph_set_text(leat_graph *graph, leat_graph_node *node,
                                const char *name, const char *value)
{
    leat_attribute attribute = {.name = name, .kind = LEAT_ATTRIBUTE_STRING};
    leat_slice text = {(const uint8_t *)value, (uint32_t)strlen(value)};
    return set_attribute(graph, node, attribute, &text, sizeof text);
}

const leat_attribute *leat_graph_attribute(const leat_graph_node *node, const char *name,
                                           leat_attribute_kind kind)
{
    for (uint32_t i = 0; i < node->n_attributes; i++)
        if (node->attributes[i].kind == kind && !strcmp(node->attributes[i].name, name))
            return &node->attributes[i];
    return NULL;
}
