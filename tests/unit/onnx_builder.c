#include "onnx_builder.h"

#include <stdlib.h>
#include <string.h>

static void *take(onnx_builder *b, size_t n, size_t size)
{
    void *memory = leat_arena_calloc(&b->arena, n + 1, size);
    if (!memory)
        abort();
    return memory;
}

static char *copy(onnx_builder *b, const char *text)
{
    return leat_arena_strndup(&b->arena, text, strlen(text));
}

void onnx_start(onnx_builder *b)
{
    memset(b, 0, sizeof *b);
    leat_arena_init(&b->arena, 1 << 12);
    leat__onnx__model__init(&b->model);
    leat__onnx__graph__init(&b->graph);
    b->model.graph = &b->graph;
    b->model.has_ir_version = 1;
    b->model.ir_version = 8;
    b->model.opset_import = b->opsets;
    b->graph.node = b->nodes;
    b->graph.initializer = b->tensors;
    b->graph.input = b->inputs;
    b->graph.output = b->outputs;
    onnx_opset(b, "", 17);
    onnx_opset(b, "ai.onnx.ml", 3);
}

void onnx_stop(onnx_builder *b)
{
    leat_arena_fini(&b->arena);
}

Leat__Onnx__OpsetId *onnx_opset(onnx_builder *b, const char *domain, int64_t version)
{
    Leat__Onnx__OpsetId *opset = take(b, 1, sizeof *opset);
    leat__onnx__opset_id__init(opset);
    opset->domain = copy(b, domain);
    opset->has_version = 1;
    opset->version = version;
    b->opsets[b->model.n_opset_import++] = opset;
    return opset;
}

static Leat__Onnx__Dimension *dimension(onnx_builder *b, int64_t length)
{
    Leat__Onnx__Dimension *dim = take(b, 1, sizeof *dim);
    leat__onnx__dimension__init(dim);
    dim->has_dim_value = length >= 0;
    dim->dim_value = length;
    if (length < 0)
        dim->dim_param = copy(b, "n");
    return dim;
}

static Leat__Onnx__ValueInfo *value_info(onnx_builder *b, const char *name, int32_t type,
                                         size_t rank, const int64_t *shape)
{
    Leat__Onnx__ValueInfo *info = take(b, 1, sizeof *info);
    leat__onnx__value_info__init(info);
    info->name = copy(b, name);
    info->type = take(b, 1, sizeof *info->type);
    leat__onnx__type__init(info->type);
    Leat__Onnx__TensorType *tensor = take(b, 1, sizeof *tensor);
    leat__onnx__tensor_type__init(tensor);
    info->type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = type;
    tensor->shape = take(b, 1, sizeof *tensor->shape);
    leat__onnx__shape__init(tensor->shape);
    tensor->shape->n_dim = rank;
    tensor->shape->dim = take(b, rank, sizeof *tensor->shape->dim);
    for (size_t i = 0; i < rank; i++)
        tensor->shape->dim[i] = dimension(b, shape[i]);
    return info;
}

Leat__Onnx__ValueInfo *onnx_input(onnx_builder *b, const char *name, int32_t type,
                                  size_t rank, const int64_t *shape)
{
    return b->inputs[b->graph.n_input++] = value_info(b, name, type, rank, shape);
}

Leat__Onnx__ValueInfo *onnx_output(onnx_builder *b, const char *name, int32_t type,
                                   size_t rank, const int64_t *shape)
{
    return b->outputs[b->graph.n_output++] = value_info(b, name, type, rank, shape);
}

static Leat__Onnx__Tensor *tensor(onnx_builder *b, const char *name, int32_t type,
                                  size_t rank, const int64_t *shape, const void *values,
                                  size_t size)
{
    Leat__Onnx__Tensor *made = take(b, 1, sizeof *made);
    leat__onnx__tensor__init(made);
    made->name = copy(b, name);
    made->has_data_type = 1;
    made->data_type = type;
    made->n_dims = rank;
    made->dims = take(b, rank, sizeof *made->dims);
    for (size_t i = 0; i < rank; i++) {
        made->dims[i] = shape[i];
        size *= (size_t)shape[i];
    }
    made->has_raw_data = 1;
    made->raw_data.len = size;
    made->raw_data.data = take(b, size, 1);
    memcpy(made->raw_data.data, values, size);
    return b->tensors[b->graph.n_initializer++] = made;
}

Leat__Onnx__Tensor *onnx_floats(onnx_builder *b, const char *name, size_t rank,
                                const int64_t *shape, const float *values)
{
    return tensor(b, name, 1, rank, shape, values, sizeof *values);
}

Leat__Onnx__Tensor *onnx_ints(onnx_builder *b, const char *name, size_t rank,
                              const int64_t *shape, const int64_t *values)
{
    return tensor(b, name, 7, rank, shape, values, sizeof *values);
}

static char **names(onnx_builder *b, const char *text, size_t *n)
{
    char **list = take(b, strlen(text) / 2 + 1, sizeof *list);
    char *rest = copy(b, text), *name;
    for (*n = 0; (name = strtok_r(*n ? NULL : rest, " ", &rest)); ++*n)
        list[*n] = strcmp(name, "-") ? name : copy(b, "");
    return list;
}

Leat__Onnx__Node *onnx_node(onnx_builder *b, const char *op_type, const char *inputs,
                            const char *outputs)
{
    Leat__Onnx__Node *node = take(b, 1, sizeof *node);
    leat__onnx__node__init(node);
    node->op_type = copy(b, op_type);
    node->input = names(b, inputs, &node->n_input);
    node->output = names(b, outputs, &node->n_output);
    node->attribute = take(b, ONNX_MOST, sizeof *node->attribute);
    return b->nodes[b->graph.n_node++] = node;
}

Leat__Onnx__Attribute *onnx_int(onnx_builder *b, Leat__Onnx__Node *node, const char *name,
                                int64_t value)
{
    Leat__Onnx__Attribute *attribute = take(b, 1, sizeof *attribute);
    leat__onnx__attribute__init(attribute);
    attribute->name = copy(b, name);
    attribute->has_type = 1;
    attribute->type = 2;
    attribute->has_i = 1;
    attribute->i = value;
    node->attribute[node->n_attribute++] = attribute;
    return attribute;
}

void *onnx_pack(onnx_builder *b, size_t *size)
{
    *size = leat__onnx__model__get_packed_size(&b->model);
    void *bytes = malloc(*size);
    if (!bytes)
        abort();
    leat__onnx__model__pack(&b->model, bytes);
    return bytes;
}
