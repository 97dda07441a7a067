#include "runtime/network.h"
#include "runtime/plan_memory.h"

#include <stdlib.h>

/* Values that lie in the same place form a group, called by its first value, its root:
 * those that are views of one another, and those that an operator computes where its input
 * was. A group lives from the first step that writes it to the last one that reads it. */
typedef struct layout {
    leat_network *network;
    const leat_graph *graph;
    const leat_frame *frame;
    uint32_t *root;        /* [n_values]; a value's, or on the way to it */
    leat_lifetime *blocks; /* [n_values]: first and last of a root */
} layout;

static uint32_t find(layout *lay, uint32_t id)
{
    while (lay->root[id] != id)
        id = lay->root[id] = lay->root[lay->root[id]];
    return id;
}

static void join(layout *lay, uint32_t id, uint32_t root)
{
    leat_lifetime *to = &lay->blocks[root], *from = &lay->blocks[id];
    lay->root[id] = root;
    if (from->last > to->last)
        to->last = from->last;
    if (from->size > to->size)
        to->size = from->size;
}

/* Its elements come into being during a run. */
static bool is_of_run(const layout *lay, const leat_graph_value *value)
{
    return value && value->n_readers && !lay->frame->arrays[value->id].data;
}

static bool is_input(const layout *lay, uint32_t id)
{
    return !lay->graph->values[id]->producer;
}

static void measure_lives(layout *lay)
{
    const leat_graph *graph = lay->graph;
    for (uint32_t i = 0; i < graph->n_values; i++) {
        lay->root[i] = i;
        lay->blocks[i] = (leat_lifetime){.size = lay->network->sizes[i]};
    }
    for (uint32_t n = 0; n < graph->n_nodes; n++) {
        const leat_graph_node *node = graph->nodes[n];
        for (uint32_t i = 0; i < node->n_outputs; i++)
            if (node->outputs[i])
                lay->blocks[node->outputs[i]->id].first = n;
        for (uint32_t i = 0; i < node->n_inputs; i++)
            if (node->inputs[i])
                lay->blocks[node->inputs[i]->id].last = n;
    }
}

static void join_views(layout *lay)
{
    for (uint32_t n = 0; n < lay->graph->n_nodes; n++) {
        const leat_graph_node *node = lay->graph->nodes[n];
        if (node->op->flags & LEAT_OP_VIEW && is_of_run(lay, node->outputs[0]))
            join(lay, node->outputs[0]->id, find(lay, node->inputs[0]->id));
    }
}

/* Nothing else reads what lies there, now or later. */
static bool may_overwrite(layout *lay, uint32_t n)
{
    const leat_graph_node *node = lay->graph->nodes[n];
    if (!is_of_run(lay, node->inputs[0]) || !is_of_run(lay, node->outputs[0]) ||
        !lay->network->keeps_size[node->outputs[0]->id])
        return false;
    const uint32_t root = find(lay, node->inputs[0]->id);
    for (uint32_t i = 1; i < node->n_inputs; i++)
        if (node->inputs[i] && find(lay, node->inputs[i]->id) == root)
            return false;
    return !is_input(lay, root) && lay->blocks[root].last == n;
}

static void join_in_place(layout *lay)
{
    for (uint32_t n = 0; n < lay->graph->n_nodes; n++) {
        const leat_graph_node *node = lay->graph->nodes[n];
        if (node->op->flags & LEAT_OP_IN_PLACE && !(node->op->flags & LEAT_OP_VIEW) &&
            node->n_inputs && may_overwrite(lay, n))
            join(lay, find(lay, node->outputs[0]->id), find(lay, node->inputs[0]->id));
    }
}

/* The roots that are in the session's memory, as one list, and where each came to lie. */
static leat_status plan(layout *lay, leat_error *error)
{
    leat_network *network = lay->network;
    const uint32_t n_values = lay->graph->n_values;
    leat_lifetime *blocks = calloc((size_t)n_values + 1, sizeof *blocks);
    uint32_t n = 0;
    size_t total = 0;
    leat_status status = blocks ? LEAT_OK : LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n_values && !status; i++)
        if (network->places[i].kind == LEAT_PLACE_PLAN && find(lay, i) == i)
            blocks[n++] = lay->blocks[i];
    if (!status)
        status = leat_plan_memory(blocks, n, &total);
    for (uint32_t i = n_values; i-- > 0 && !status;)
        if (network->places[i].kind == LEAT_PLACE_PLAN && find(lay, i) == i)
            network->places[i].offset = blocks[--n].offset;
    network->memory.planned = total;
    free(blocks);
    return status ? leat_error_set(error, status, "out of memory") : LEAT_OK;
}

static void place_roots(layout *lay)
{
    const leat_graph *graph = lay->graph;
    leat_place *places = lay->network->places;
    for (uint32_t i = 0; i < graph->n_values; i++)
        places[i] =
            (leat_place){.kind = is_of_run(lay, graph->values[i]) && !is_input(lay, i)
                                     ? LEAT_PLACE_PLAN
                                     : LEAT_PLACE_NONE};
    const uint32_t output = graph->outputs[0].value->id;
    if (places[output].kind == LEAT_PLACE_PLAN)
        places[find(lay, output)].kind = LEAT_PLACE_OUTPUT;
    for (uint32_t i = 0; i < graph->n_inputs; i++)
        places[graph->inputs[i].value->id] =
            (leat_place){.kind = LEAT_PLACE_INPUT, .input = i};
}

static void place_members(layout *lay)
{
    leat_network *network = lay->network;
    network->memory.sum = 0;
    for (uint32_t i = 0; i < lay->graph->n_values; i++) {
        if (!is_of_run(lay, lay->graph->values[i]) || is_input(lay, i))
            continue;
        network->places[i] = network->places[find(lay, i)];
        network->memory.sum += network->sizes[i];
    }
}

leat_status leat_network_lay_out(leat_network *network, const leat_frame *frame,
                                 leat_error *error)
{
    const size_t n = network->graph.n_values;
    layout lay = {
        .network = network,
        .graph = &network->graph,
        .frame = frame,
        .root = calloc(n + 1, sizeof *lay.root),
        .blocks = calloc(n + 1, sizeof *lay.blocks),
    };
    leat_status status = LEAT_E_MEMORY;
    if (lay.root && lay.blocks) {
        measure_lives(&lay);
        join_views(&lay);
        join_in_place(&lay);
        place_roots(&lay);
        status = plan(&lay, error);
        place_members(&lay);
    }
    free(lay.root);
    free(lay.blocks);
    return status ? leat_error_set(error, status, "out of memory") : LEAT_OK;
}
