#include "base/msgpack.h"
#include "runtime/onnx.pb-c.h"
#include "runtime/onnx_parts.h"

#include <inttypes.h>
#include <stdlib.h>

/* The newest versions of the operator sets that the operators here were written for. */
static const struct {
    const char *domain;
    int64_t newest;
} domains[] = {{"", 27}, {"ai.onnx.ml", 5}};

/* A value that is defined, by its name: where a node's inputs are looked up. */
typedef struct definition {
    const char *name;
    leat_graph_value *value;
    uint32_t node; /* the node that defines it, counted from 1; 0: input or constant */
} definition;

typedef struct reader {
    leat_graph *graph;
    const Leat__Onnx__Model *model;
    const Leat__Onnx__Graph *from;
    uint32_t n_definitions;
    definition *definitions; /* [n_definitions], sorted by name */
    leat_error *error;
} reader;

static leat_status out_of_memory(reader *read)
{
    return leat_error_set(read->error, LEAT_E_MEMORY, "out of memory");
}

leat_status leat_onnx_copy_text(const char **copy, leat_arena *arena, const char *text,
                                const char *what, leat_error *error)
{
    const size_t size = text ? strlen(text) : 0;
    if (size && !leat_utf8_valid((const uint8_t *)text, size))
        return leat_error_set(error, LEAT_E_MODEL, "%s is not UTF-8", what);
    *copy = leat_arena_strndup(arena, text ? text : "", size);
    return *copy ? LEAT_OK : leat_error_set(error, LEAT_E_MEMORY, "out of memory");
}

/* ---- the model ---- */

static bool is_main_domain(const char *domain)
{
    return !domain || !*domain || !strcmp(domain, "ai.onnx");
}

static leat_status check_opset(const Leat__Onnx__OpsetId *opset, leat_error *error)
{
    const char *domain = is_main_domain(opset->domain) ? "" : opset->domain;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        if (!strcmp(domain, domains[i].domain) && opset->version > domains[i].newest)
            return leat_error_set(
                error, LEAT_E_UNSUPPORTED,
                "opset %" PRId64 " of %s: at most %" PRId64 " is supported",
                opset->version, *domain ? domain : "ai.onnx", domains[i].newest);
    if (opset->version < 1 || opset->version > LEAT_NEWEST)
        return leat_error_set(error, LEAT_E_MODEL, "opset %" PRId64 " of \"%.64s\"",
                              opset->version, domain);
    return LEAT_OK;
}

/* A file imports a few domains, and each node looks through all of them. */
enum { MOST_OPSETS = 64 };

static leat_status check_model(const Leat__Onnx__Model *model, leat_error *error)
{
    leat_status status = LEAT_OK;
    if (!model->graph)
        return leat_error_set(error, LEAT_E_MODEL, "there is no graph");
    if (model->ir_version < 3)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "IR version %" PRId64 ": 3 is the oldest supported",
                              model->ir_version);
    if (model->n_functions)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "functions of the model's own are not supported");
    if (model->graph->n_sparse_initializer)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "sparse initialisers are not supported");
    if (model->n_opset_import > MOST_OPSETS)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%zu imported opsets: at most %d are supported",
                              model->n_opset_import, MOST_OPSETS);
    for (size_t i = 0; i < model->n_opset_import && !status; i++)
        status = check_opset(model->opset_import[i], error);
    return status;
}

/* The version of the domain that the model asks for. */
static leat_status find_version(const reader *read, leat_graph_node *node)
{
    for (size_t i = 0; i < read->model->n_opset_import; i++) {
        const Leat__Onnx__OpsetId *opset = read->model->opset_import[i];
        const char *domain = is_main_domain(opset->domain) ? "" : opset->domain;
        if (strcmp(domain, node->domain))
            continue;
        node->version = (uint32_t)opset->version;
        return LEAT_OK;
    }
    return leat_error_set(read->error, LEAT_E_MODEL,
                          "the model imports no opset of the domain \"%.64s\"",
                          node->domain);
}

/* ---- definitions ---- */

static leat_status define(reader *read, const char *name, uint32_t node,
                          leat_graph_value **value)
{
    const char *copy;
    leat_status status = leat_onnx_copy_text(&copy, &read->graph->arena, name,
                                             "the name of a value", read->error);
    if (status)
        return status;
    *value = leat_graph_add_value(read->graph, copy);
    if (!*value)
        return out_of_memory(read);
    read->definitions[read->n_definitions++] = (definition){copy, *value, node};
    return LEAT_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const definition *)a)->name, ((const definition *)b)->name);
}

static definition *find(const reader *read, const char *name)
{
    const definition key = {.name = name};
    return bsearch(&key, read->definitions, read->n_definitions, sizeof key, compare);
}

static leat_status sort_definitions(reader *read)
{
    definition *all = read->definitions;
    qsort(all, read->n_definitions, sizeof *all, compare);
    for (uint32_t i = 1; i < read->n_definitions; i++)
        if (!strcmp(all[i - 1].name, all[i].name))
            return leat_error_set(read->error, LEAT_E_MODEL,
                                  "\"%.128s\" is defined twice", all[i].name);
    return LEAT_OK;
}

/* Room for every name that could be defined. */
static leat_status make_definitions(reader *read)
{
    const Leat__Onnx__Graph *graph = read->from;
    size_t n = graph->n_input + graph->n_initializer;
    for (size_t i = 0; i < graph->n_node; i++)
        n += graph->node[i]->n_output;
    if (n >= UINT32_MAX)
        return leat_error_set(read->error, LEAT_E_UNSUPPORTED, "%zu values", n);
    read->definitions = calloc(n + 1, sizeof *read->definitions);
    return read->definitions ? LEAT_OK : out_of_memory(read);
}

/* ---- constants and inputs ---- */

static leat_status read_constants(reader *read)
{
    const Leat__Onnx__Graph *graph = read->from;
    leat_status status = LEAT_OK;
    for (size_t i = 0; i < graph->n_initializer && !status; i++) {
        leat_graph_value *value;
        status = define(read, graph->initializer[i]->name, 0, &value);
        if (!status && leat_onnx_copy_tensor(&value->array, &read->graph->arena,
                                             graph->initializer[i], read->error))
            status =
                leat_error_prefix(read->error, "initialiser \"%.64s\": ", value->name);
    }
    return status;
}

static leat_status read_shape(leat_graph_port *port, const Leat__Onnx__Shape *shape,
                              leat_error *error)
{
    port->has_shape = shape != NULL;
    if (!shape)
        return LEAT_OK;
    if (shape->n_dim > LEAT_ARRAY_RANK)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%zu axes: at most %d are supported", shape->n_dim,
                              LEAT_ARRAY_RANK);
    port->rank = (uint32_t)shape->n_dim;
    for (size_t axis = 0; axis < shape->n_dim; axis++) {
        const Leat__Onnx__Dimension *dim = shape->dim[axis];
        port->shape[axis] = dim->has_dim_value ? dim->dim_value : -1;
        if (dim->has_dim_value && (dim->dim_value < 0 || dim->dim_value > UINT32_MAX))
            return leat_error_set(error, LEAT_E_MODEL, "axis %zu has the length %" PRId64,
                                  axis, dim->dim_value);
    }
    return LEAT_OK;
}

static leat_status read_type(leat_graph_port *port, const Leat__Onnx__Type *type,
                             leat_error *error)
{
    if (!type || !type->tensor_type)
        return leat_error_set(error, LEAT_E_UNSUPPORTED, "%s: only tensors are supported",
                              !type                     ? "it has no type"
                              : type->has_sequence_type ? "it is a sequence"
                              : type->has_map_type      ? "it is a map"
                              : type->has_optional_type ? "it is optional"
                                                        : "it is no dense tensor");
    leat_status status =
        leat_onnx_dtype(type->tensor_type->elem_type, &port->dtype, error);
    port->is_tensor = !status;
    return status ? status : read_shape(port, type->tensor_type->shape, error);
}

static leat_status read_input(reader *read, const Leat__Onnx__ValueInfo *from)
{
    leat_graph_port *input = &read->graph->inputs[read->graph->n_inputs];
    leat_status status = define(read, from->name, 0, &input->value);
    if (status)
        return status;
    read->graph->n_inputs++;
    if (read_type(input, from->type, read->error))
        return leat_error_prefix(read->error, "input \"%.64s\": ", input->value->name);
    input->value->array.dtype = input->dtype;
    return LEAT_OK;
}

/* Initialisers may stand among the inputs as well: they are sorted already. */
static leat_status read_inputs(reader *read)
{
    const Leat__Onnx__Graph *graph = read->from;
    leat_status status = sort_definitions(read);
    const uint32_t n_constants = read->n_definitions;
    read->graph->inputs = leat_arena_calloc(&read->graph->arena, graph->n_input,
                                            sizeof *read->graph->inputs);
    if (!status && !read->graph->inputs)
        return out_of_memory(read);
    for (size_t i = 0; i < graph->n_input && !status; i++) {
        const char *name = graph->input[i]->name;
        const definition key = {.name = name ? name : ""};
        if (!bsearch(&key, read->definitions, n_constants, sizeof key, compare))
            status = read_input(read, graph->input[i]);
    }
    return status;
}

/* ---- nodes ---- */

static leat_status read_attributes(reader *read, leat_graph_node *node,
                                   const Leat__Onnx__Node *from)
{
    leat_arena *arena = &read->graph->arena;
    leat_status status = LEAT_OK;
    node->n_attributes = (uint32_t)from->n_attribute;
    node->attributes =
        leat_arena_calloc(arena, from->n_attribute, sizeof *node->attributes);
    if (!node->attributes)
        return out_of_memory(read);
    for (uint32_t i = 0; i < node->n_attributes && !status; i++) {
        leat_attribute *attribute = &node->attributes[i];
        status = leat_onnx_copy_text(&attribute->name, arena, from->attribute[i]->name,
                                     "the name of an attribute", read->error);
        if (!status &&
            leat_onnx_copy_attribute(attribute, arena, from->attribute[i], read->error))
            status = leat_error_prefix(read->error, "attribute %.64s: ", attribute->name);
    }
    return status;
}

/* A node without a name is called by its first output. */
static leat_status read_names(reader *read, leat_graph_node *node,
                              const Leat__Onnx__Node *from)
{
    leat_arena *arena = &read->graph->arena;
    const char *name = from->name && *from->name ? from->name
                       : from->n_output          ? from->output[0]
                                                 : "";
    leat_status status =
        leat_onnx_copy_text(&node->name, arena, name, "the name of a node", read->error);
    if (!status)
        status = leat_onnx_copy_text(&node->op_type, arena, from->op_type,
                                     "the operator of a node", read->error);
    if (!status)
        status = leat_onnx_copy_text(&node->domain, arena,
                                     is_main_domain(from->domain) ? "" : from->domain,
                                     "the domain of a node", read->error);
    if (!status && !strcmp(node->domain, "leat"))
        status = leat_error_set(read->error, LEAT_E_UNSUPPORTED,
                                "the domain \"leat\" is not for files");
    return status;
}

/* Outputs are defined; inputs follow when all definitions are known. */
static leat_status read_node(reader *read, const Leat__Onnx__Node *from)
{
    leat_graph_node *node = leat_graph_add_node(read->graph, (uint32_t)from->n_input,
                                                (uint32_t)from->n_output);
    if (!node)
        return out_of_memory(read);
    leat_status status = read_names(read, node, from);
    if (!status && (find_version(read, node) || read_attributes(read, node, from)))
        status = leat_graph_blame(node, read->error);
    for (size_t i = 0; i < from->n_output && !status; i++) {
        if (!*from->output[i])
            continue;
        status = define(read, from->output[i], read->graph->n_nodes, &node->outputs[i]);
        if (!status)
            node->outputs[i]->producer = node;
    }
    return status;
}

static leat_status connect_input(reader *read, uint32_t n, uint32_t i, const char *name)
{
    leat_graph_node *node = read->graph->nodes[n];
    if (!*name)
        return LEAT_OK;
    const definition *found = find(read, name);
    if (!found)
        return leat_error_set(read->error, LEAT_E_MODEL,
                              "input %u: \"%.64s\" is not defined", i, name);
    if (found->node > n)
        return leat_error_set(read->error, LEAT_E_MODEL,
                              "input %u: \"%.64s\" is defined only later: nodes must be "
                              "in the order of the data",
                              i, name);
    node->inputs[i] = found->value;
    return LEAT_OK;
}

static leat_status read_nodes(reader *read)
{
    const Leat__Onnx__Graph *graph = read->from;
    leat_status status = LEAT_OK;
    for (size_t n = 0; n < graph->n_node && !status; n++)
        status = read_node(read, graph->node[n]);
    if (!status)
        status = sort_definitions(read);
    for (uint32_t n = 0; n < read->graph->n_nodes && !status; n++)
        for (uint32_t i = 0; i < graph->node[n]->n_input && !status; i++)
            if (connect_input(read, n, i, graph->node[n]->input[i]))
                status = leat_graph_blame(read->graph->nodes[n], read->error);
    return status;
}

/* Outputs may be of types that are not supported, as long as nobody wants them. */
static leat_status read_outputs(reader *read)
{
    const Leat__Onnx__Graph *from = read->from;
    leat_graph *graph = read->graph;
    leat_error ignored;
    graph->outputs =
        leat_arena_calloc(&graph->arena, from->n_output, sizeof *graph->outputs);
    if (!graph->outputs)
        return out_of_memory(read);
    for (size_t i = 0; i < from->n_output; i++) {
        leat_graph_port *output = &graph->outputs[graph->n_outputs++];
        const char *name = from->output[i]->name;
        const definition *found = find(read, name ? name : "");
        if (!found)
            return leat_error_set(read->error, LEAT_E_MODEL,
                                  "output \"%.64s\" is not defined", name ? name : "");
        output->value = found->value;
        if (read_type(output, from->output[i]->type, &ignored))
            output->has_shape = false;
    }
    return LEAT_OK;
}

leat_status leat_onnx_read(leat_graph *graph, const void *bytes, size_t size,
                           leat_error *error)
{
    ProtobufCMessage *message;
    leat_status status =
        leat_onnx_unpack(&message, &leat__onnx__model__descriptor, bytes, size, error);
    reader read = {
        .graph = graph, .model = (const Leat__Onnx__Model *)message, .error = error};
    if (!status)
        status = check_model(read.model, error);
    if (status)
        goto out;
    read.from = read.model->graph;
    status = make_definitions(&read);
    if (!status)
        status = read_constants(&read);
    if (!status)
        status = read_inputs(&read);
    if (!status)
        status = read_nodes(&read);
    if (!status)
        status = read_outputs(&read);
out:
    free(read.definitions);
    leat_onnx_release(message);
    return status;
}
