#include "runtime/network.h"

#include "runtime/onnx.h"

#include <stdlib.h>
#include <string.h>

/* More nodes than any model of the field has; the planner's time is the square of what
 * they make. */
enum { MOST_NODES = 1 << 14, MOST_OUTPUTS = 2 * MOST_NODES };

/* ---- inputs ---- */

static leat_status check_axes(const leat_graph_port *port, leat_error *error)
{
    if (!port->has_shape)
        return leat_error_set(error, LEAT_E_UNSUPPORTED, "it declares no shape");
    if (!port->rank || port->rank > LEAT_MAX_RANK)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "it has %u axes: expected 1 to %d, rows first", port->rank,
                              LEAT_MAX_RANK);
    if (port->shape[0] != -1 && port->shape[0] != 1)
        return leat_error_set(
            error, LEAT_E_UNSUPPORTED,
            "it has a fixed batch of %lld: export the model with a free "
            "(dynamic) first axis",
            (long long)port->shape[0]);
    for (uint32_t axis = 1; axis < port->rank; axis++)
        if (port->shape[axis] <= 0)
            return leat_error_set(error, LEAT_E_UNSUPPORTED,
                                  port->shape[axis] ? "axis %u is free: export the model "
                                                      "with a fixed length"
                                                    : "axis %u has the length 0",
                                  axis);
    return LEAT_OK;
}

static leat_status describe_input(leat_network *network, uint32_t i, leat_error *error)
{
    const leat_graph_port *port = &network->graph.inputs[i];
    leat_tensor_spec *spec = &network->inputs[i];
    leat_array row = {.dtype = port->dtype};
    if (check_axes(port, error))
        return error->code;
    *spec = (leat_tensor_spec){
        .name = port->value->name, .dtype = port->dtype, .rank = port->rank};
    for (uint32_t axis = 1; axis < port->rank; axis++)
        spec->shape[axis] = (uint32_t)port->shape[axis];
    if (port->shape[0] == 1)
        network->has_fixed_batch = true;
    return leat_array_reshape(&row, port->rank - 1, port->shape + 1, error);
}

static leat_status describe_inputs(leat_network *network, leat_error *error)
{
    const leat_graph *graph = &network->graph;
    network->inputs = leat_arena_calloc(&network->graph.arena, graph->n_inputs,
                                        sizeof *network->inputs);
    if (!network->inputs)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    if (!graph->n_inputs)
        return leat_error_set(error, LEAT_E_UNSUPPORTED, "the graph has no inputs");
    for (uint32_t i = 0; i < graph->n_inputs; i++)
        if (describe_input(network, i, error))
            return leat_error_prefix(error,
                                     "input \"%.64s\": ", graph->inputs[i].value->name);
    return LEAT_OK;
}

void leat_network_set_rows(const leat_network *network, leat_frame *frame,
                           uint32_t n_rows)
{
    for (uint32_t i = 0; i < network->graph.n_inputs; i++) {
        leat_array *input = leat_frame_input(frame, i);
        const leat_tensor_spec *spec = &network->inputs[i];
        input->rank = spec->rank;
        memcpy(input->shape, spec->shape, spec->rank * sizeof *spec->shape);
        input->shape[0] = n_rows;
        input->data = NULL;
    }
}

/* ---- the output ---- */

/* scikit-learn's probabilities come out of a ZipMap, a sequence of maps: the tensor that
 * goes in is what is wanted. */
static void strip_zip_map(leat_graph_port *port)
{
    const leat_graph_node *node = port->value->producer;
    if (!node || strcmp(node->op_type, "ZipMap") || !node->n_inputs || !node->inputs[0])
        return;
    *port =
        (leat_graph_port){.value = node->inputs[0], .is_tensor = true, .dtype = LEAT_F32};
}

static bool may_be_scores(const leat_graph_port *port)
{
    const bool is_floating = port->dtype == LEAT_F32 || port->dtype == LEAT_F64;
    return port->is_tensor && is_floating && (!port->has_shape || port->rank > 0);
}

/* The first output that may be scores becomes the only one: a label, say, follows from
 * them, and nothing that leads to it is run. */
static leat_status choose_output(leat_graph *graph, leat_error *error)
{
    for (uint32_t i = 0; i < graph->n_outputs; i++) {
        strip_zip_map(&graph->outputs[i]);
        if (!may_be_scores(&graph->outputs[i]))
            continue;
        graph->outputs[0] = graph->outputs[i];
        graph->n_outputs = 1;
        return LEAT_OK;
    }
    return leat_error_set(error, LEAT_E_UNSUPPORTED,
                          "none of the %u outputs is a tensor of floats with an axis",
                          graph->n_outputs);
}

/* ---- facts ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_frequency(const void *a, const void *b)
{
    const leat_operator_count *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp(x->name, y->name);
}

static leat_status count_operators(leat_network *network)
{
    const leat_graph *graph = &network->graph;
    leat_operator_count *counts =
        leat_arena_calloc(&network->graph.arena, graph->n_nodes, sizeof *counts);
    const char **names = calloc((size_t)graph->n_nodes + 1, sizeof *names);
    leat_status status = counts && names ? LEAT_OK : LEAT_E_MEMORY;
    for (uint32_t i = 0; i < graph->n_nodes && !status; i++)
        names[i] = graph->nodes[i]->op_type;
    if (!status)
        qsort(names, graph->n_nodes, sizeof *names, by_name);
    for (uint32_t i = 0; i < graph->n_nodes && !status; i++) {
        if (!i || strcmp(names[i - 1], names[i]))
            counts[network->n_operators++].name = names[i];
        counts[network->n_operators - 1].n++;
    }
    if (!status)
        qsort(counts, network->n_operators, sizeof *counts, by_frequency);
    network->operators = counts;
    free(names);
    return status;
}

static void count_parameters(leat_network *network)
{
    for (uint32_t i = 0; i < network->graph.n_values; i++) {
        const leat_graph_value *value = network->graph.values[i];
        const bool is_floating =
            value->array.dtype == LEAT_F32 || value->array.dtype == LEAT_F64;
        if (value->array.data && value->n_readers && is_floating)
            network->n_parameters += leat_array_count(&value->array);
    }
}

static leat_status describe(leat_network *network, leat_error *error)
{
    count_parameters(network);
    return count_operators(network)
               ? leat_error_set(error, LEAT_E_MEMORY, "out of memory")
               : LEAT_OK;
}

/* ---- all of it ---- */

static leat_status check_nodes(const leat_graph *graph, leat_error *error)
{
    size_t n_outputs = 0;
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        n_outputs += graph->nodes[i]->n_outputs;
    return graph->n_nodes > MOST_NODES || n_outputs > MOST_OUTPUTS
               ? leat_error_set(error, LEAT_E_UNSUPPORTED,
                                "%u nodes with %zu outputs: at most %d with %d are "
                                "supported",
                                graph->n_nodes, n_outputs, MOST_NODES, MOST_OUTPUTS)
               : LEAT_OK;
}

static leat_status lay_out(leat_network *network, leat_error *error)
{
    leat_frame frame;
    leat_status status = leat_frame_init(&frame, &network->graph, 0, error);
    if (status)
        return status;
    leat_network_set_rows(network, &frame, network->block);
    status = leat_frame_shape(&frame, error);
    if (!status)
        status = leat_network_lay_out(network, &frame, error);
    leat_frame_fini(&frame);
    return status;
}

leat_status leat_network_init(leat_network *network, const void *bytes, size_t size,
                              leat_error *error)
{
    *network = (leat_network){0};
    leat_graph_init(&network->graph);
    leat_status status = leat_onnx_read(&network->graph, bytes, size, error);
    if (!status)
        status = choose_output(&network->graph, error);
    if (!status)
        status = describe_inputs(network, error);
    if (!status)
        status = check_nodes(&network->graph, error);
    if (!status)
        status = leat_graph_load(&network->graph, error);
    if (!status)
        status = leat_network_try_rows(network, error);
    if (!status)
        status = lay_out(network, error);
    if (!status)
        status = describe(network, error);
    if (status)
        leat_network_fini(network);
    return status;
}

void leat_network_fini(leat_network *network)
{
    leat_graph_fini(&network->graph);
}
