#include "runtime/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What folding may make: some of anything, and twice as much as a file's own constants,
 * of which a large table may want to be transposed. */
#define MOST_FOLDED ((size_t)64 << 20)

/* What loading may take: any honest forest fits, and of a file's own size several copies.
 * A node may turn a constant into what it likes best, and any number may read the same. */
#define MOST_LOADED   ((size_t)4 << 30)
#define LOADED_COPIES ((size_t)16)

typedef struct loading {
    leat_graph *graph;
    size_t most; /* bytes of constants that may still be made */
    leat_error *error;
} loading;

/* ---- find ---- */

static leat_status check_counts(const leat_graph_node *node, leat_error *error)
{
    const leat_operator *op = node->op;
    if (node->n_inputs < op->min_inputs || node->n_inputs > op->max_inputs)
        return leat_error_set(error, LEAT_E_MODEL, "%u inputs: expected %u to %u",
                              node->n_inputs, op->min_inputs, op->max_inputs);
    for (uint32_t i = 0; i < op->min_inputs; i++)
        if (!node->inputs[i])
            return leat_error_set(error, LEAT_E_MODEL, "input %u is missing", i);
    if (node->n_outputs > op->max_outputs)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%u outputs: at most %u are supported", node->n_outputs,
                              op->max_outputs);
    return LEAT_OK;
}

/* Operators that are missing, each with the first of its nodes; more than these would not
 * fit a message. */
typedef struct missing {
    uint32_t n;
    struct {
        const leat_graph_node *first;
        uint32_t n_nodes;
    } operators[16];
} missing;

static void note_missing(missing *all, const leat_graph_node *node)
{
    uint32_t i = 0;
    while (i < all->n && (strcmp(all->operators[i].first->op_type, node->op_type) ||
                          strcmp(all->operators[i].first->domain, node->domain)))
        i++;
    if (i == sizeof all->operators / sizeof *all->operators)
        return;
    if (i == all->n) {
        all->operators[i].first = node;
        all->n++;
    }
    all->operators[i].n_nodes++;
}

static leat_status refuse_missing(const missing *all, leat_error *error)
{
    (void)leat_error_set(error, LEAT_E_UNSUPPORTED, "not supported:");
    for (uint32_t i = 0; i < all->n; i++) {
        const leat_graph_node *node = all->operators[i].first;
        const leat_error before = *error;
        char more[32] = "";
        if (all->operators[i].n_nodes > 1)
            snprintf(more, sizeof more, " and %" PRIu32 " more",
                     all->operators[i].n_nodes - 1);
        (void)leat_error_set(error, LEAT_E_UNSUPPORTED,
                             "%s%s operator %s%s%s of opset %" PRIu32 " (node \"%s\"%s)",
                             before.msg, i ? "," : "", node->domain,
                             *node->domain ? "." : "", node->op_type, node->version,
                             node->name, more);
    }
    return LEAT_E_UNSUPPORTED;
}

/* All operators that are missing are named in one message, as far as they fit. */
static leat_status find_operators(loading *load)
{
    missing all = {0};
    for (uint32_t i = 0; i < load->graph->n_nodes; i++) {
        leat_graph_node *node = load->graph->nodes[i];
        node->op = leat_operator_find(node->domain, node->op_type, node->version);
        if (!node->op)
            note_missing(&all, node);
        else if (check_counts(node, load->error))
            return leat_graph_blame(node, load->error);
    }
    return all.n ? refuse_missing(&all, load->error) : LEAT_OK;
}

/* ---- one node ---- */

/* A node's inputs and outputs as arrays; an output that nobody reads is NULL. */
typedef struct arrays {
    const leat_array **inputs;
    leat_array **outputs;
} arrays;

static leat_status list_arrays(loading *load, const leat_graph_node *node, arrays *lists)
{
    leat_arena *arena = &load->graph->arena;
    lists->inputs = leat_arena_calloc(arena, node->n_inputs, sizeof *lists->inputs);
    lists->outputs = leat_arena_calloc(arena, node->n_outputs, sizeof *lists->outputs);
    if (!lists->inputs || !lists->outputs)
        return leat_error_set(load->error, LEAT_E_MEMORY, "out of memory");
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i])
            lists->inputs[i] = &node->inputs[i]->array;
    for (uint32_t i = 0; i < node->n_outputs; i++)
        if (leat_graph_wants(node, i))
            lists->outputs[i] = &node->outputs[i]->array;
    return LEAT_OK;
}

static leat_status load_node(loading *load, leat_graph_node *node, arrays *lists)
{
    leat_status status = list_arrays(load, node, lists);
    if (status)
        return status;
    leat_node view = {
        .version = node->version,
        .n_attributes = node->n_attributes,
        .attributes = node->attributes,
        .n_inputs = node->n_inputs,
        .inputs = lists->inputs,
        .n_outputs = node->n_outputs,
        .outputs = lists->outputs,
        .arena = &load->graph->arena,
        .error = load->error,
    };
    status = node->op->load ? node->op->load(&view) : LEAT_OK;
    if (!status)
        status = leat_attributes_all_used(&view);
    node->state = view.state;
    return status ? leat_graph_blame(node, load->error) : LEAT_OK;
}

/* ---- fold ---- */

static bool reads_constants_alone(const leat_graph_node *node)
{
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] && !leat_graph_is_constant(node->inputs[i]))
            return false;
    return true;
}

static leat_status allow(loading *load, size_t size)
{
    if (size > load->most)
        return leat_error_set(load->error, LEAT_E_UNSUPPORTED,
                              "the constants that are made of constants are too large");
    load->most -= size;
    return LEAT_OK;
}

static leat_status make_room(loading *load, const arrays *lists, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        leat_array *array = lists->outputs[i];
        if (!array)
            continue;
        leat_status status = allow(load, leat_array_bytes(array));
        if (status)
            return status;
        array->data = leat_arena_aligned(&load->graph->arena, leat_array_bytes(array));
        if (!array->data)
            return leat_error_set(load->error, LEAT_E_MEMORY, "out of memory");
    }
    return LEAT_OK;
}

static leat_status run_once(loading *load, leat_graph_node *node, const arrays *lists)
{
    size_t scratch = 0;
    leat_call call = {
        .state = node->state,
        .n_inputs = node->n_inputs,
        .inputs = lists->inputs,
        .n_outputs = node->n_outputs,
        .outputs = lists->outputs,
    };
    leat_status status = node->op->shape(&call, &scratch, load->error);
    if (!status && node->op->flags & LEAT_OP_VIEW) {
        lists->outputs[0]->data = lists->inputs[0]->data;
        return LEAT_OK;
    }
    if (!status)
        status = make_room(load, lists, node->n_outputs);
    if (!status)
        status = allow(load, scratch);
    if (status)
        return status;
    call.scratch = aligned_alloc(LEAT_ARENA_ALIGN,
                                 (scratch / LEAT_ARENA_ALIGN + 1) * LEAT_ARENA_ALIGN);
    if (!call.scratch)
        return leat_error_set(load->error, LEAT_E_MEMORY, "out of memory");
    node->op->run(&call);
    free(call.scratch);
    return LEAT_OK;
}

static leat_status fold_node(loading *load, leat_graph_node *node)
{
    arrays lists;
    leat_status status = load_node(load, node, &lists);
    if (status)
        return status;
    if (run_once(load, node, &lists))
        return leat_graph_blame(node, load->error);
    for (uint32_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i])
            node->outputs[i]->producer = NULL;
    return LEAT_OK;
}

static size_t constant_bytes(const leat_graph *graph)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < graph->n_values; i++)
        if (leat_graph_is_constant(graph->values[i]))
            bytes += leat_array_bytes(&graph->values[i]->array);
    return bytes;
}

static leat_status fold(loading *load)
{
    leat_graph *graph = load->graph;
    uint32_t n_left = 0;
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        leat_graph_node *node = graph->nodes[i];
        if (!reads_constants_alone(node)) {
            graph->nodes[n_left++] = node;
            continue;
        }
        leat_status status = fold_node(load, node);
        if (status)
            return status;
    }
    graph->n_nodes = n_left;
    return LEAT_OK;
}

/* ---- all of it ---- */

static leat_status load_nodes(loading *load)
{
    arrays lists;
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < load->graph->n_nodes && !status; i++)
        status = load_node(load, load->graph->nodes[i], &lists);
    return status;
}

leat_status leat_graph_load(leat_graph *graph, leat_error *error)
{
    loading load = {
        .graph = graph, .most = MOST_FOLDED + 2 * constant_bytes(graph), .error = error};
    leat_arena_limit(&graph->arena,
                     MOST_LOADED + LOADED_COPIES * leat_arena_footprint(&graph->arena));
    leat_graph_drop_dead(graph);
    leat_status status = find_operators(&load);
    if (!status)
        status = fold(&load);
    if (!status)
        status = leat_graph_fuse(graph, error);
    if (status)
        return status;
    leat_graph_drop_dead(graph);
    return load_nodes(&load);
}
