#include "one_node.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POISON = 0xff }; /* NaN in floats and doubles, -1 in integers */

static void *take(one_node *node, size_t size)
{
    void *memory = leat_arena_aligned(&node->arena, size + 1);
    assert_non_null(memory);
    memset(memory, 0, size + 1);
    return memory;
}

void one_node_start(one_node *node, const char *domain, const char *name,
                    uint32_t version)
{
    memset(node, 0, sizeof *node);
    leat_arena_init(&node->arena, 1 << 12);
    node->op = leat_operator_find(domain, name, version);
    if (!node->op)
        fail_msg("no operator %s of version %u", name, version);
    node->node = (leat_node){
        .version = version,
        .attributes = node->attributes,
        .inputs = node->inputs,
        .outputs = node->outputs,
        .arena = &node->arena,
        .error = &node->error,
    };
    one_node_outputs(node, 1);
}

void one_node_stop(one_node *node)
{
    free(node->scratch);
    leat_arena_fini(&node->arena);
}

static leat_attribute *add(one_node *node, const char *name, leat_attribute_kind kind,
                           size_t n)
{
    leat_attribute *attribute = &node->attributes[node->node.n_attributes++];
    *attribute = (leat_attribute){.name = name, .kind = kind, .n = n};
    return attribute;
}

static void *copy(one_node *node, const void *from, size_t size)
{
    return memcpy(take(node, size), from, size);
}

void one_node_int(one_node *node, const char *name, int64_t value)
{
    add(node, name, LEAT_ATTRIBUTE_INT, 1)->ints = copy(node, &value, sizeof value);
}

void one_node_float(one_node *node, const char *name, float value)
{
    add(node, name, LEAT_ATTRIBUTE_FLOAT, 1)->floats = copy(node, &value, sizeof value);
}

void one_node_ints(one_node *node, const char *name, const int64_t *values, size_t n)
{
    add(node, name, LEAT_ATTRIBUTE_INTS, n)->ints =
        copy(node, values, n * sizeof *values);
}

void one_node_floats(one_node *node, const char *name, const float *values, size_t n)
{
    add(node, name, LEAT_ATTRIBUTE_FLOATS, n)->floats =
        copy(node, values, n * sizeof *values);
}

static const leat_slice *slices(one_node *node, const char *const *texts, size_t n)
{
    leat_slice *all = take(node, n * sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = (leat_slice){(const uint8_t *)texts[i], (uint32_t)strlen(texts[i])};
    return all;
}

void one_node_text(one_node *node, const char *name, const char *text)
{
    add(node, name, LEAT_ATTRIBUTE_STRING, 1)->strings = slices(node, &text, 1);
}

void one_node_texts(one_node *node, const char *name, const char *const *texts, size_t n)
{
    add(node, name, LEAT_ATTRIBUTE_STRINGS, n)->strings = slices(node, texts, n);
}

void one_node_tensor(one_node *node, const char *name, const leat_array *tensor)
{
    add(node, name, LEAT_ATTRIBUTE_TENSOR, 1)->tensor = tensor;
}

void *one_node_constant(one_node *node, leat_dtype dtype, uint32_t rank,
                        const int64_t *shape)
{
    leat_array *input = &node->in[node->node.n_inputs];
    input->dtype = dtype;
    assert_int_equal(leat_array_reshape(input, rank, shape, &node->error), LEAT_OK);
    input->data = take(node, leat_array_bytes(input));
    node->inputs[node->node.n_inputs++] = input;
    return input->data;
}

void *one_node_input(one_node *node, leat_dtype dtype, uint32_t rank,
                     const int64_t *shape)
{
    uint32_t i = node->node.n_inputs;
    node->hidden[i] = one_node_constant(node, dtype, rank, shape);
    node->in[i].data = NULL;
    return node->hidden[i];
}

void one_node_no_input(one_node *node)
{
    node->inputs[node->node.n_inputs++] = NULL;
}

void one_node_outputs(one_node *node, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        node->outputs[i] = &node->out[i];
    node->node.n_outputs = n;
}

static leat_call call_of(one_node *node)
{
    return (leat_call){
        .state = node->node.state,
        .n_inputs = node->node.n_inputs,
        .inputs = node->inputs,
        .n_outputs = node->node.n_outputs,
        .outputs = node->outputs,
        .scratch = node->scratch,
    };
}

leat_status one_node_try(one_node *node)
{
    size_t scratch = 0;
    leat_status status = node->op->load ? node->op->load(&node->node) : LEAT_OK;
    if (!status)
        status = leat_attributes_all_used(&node->node);
    leat_call call = call_of(node);
    if (!status)
        status = node->op->shape(&call, &scratch, &node->error);
    free(node->scratch);
    scratch = (scratch + 64) / 64 * 64;
    node->scratch = aligned_alloc(LEAT_ARENA_ALIGN, scratch);
    memset(node->scratch, POISON, scratch);
    return status;
}

void one_node_run(one_node *node)
{
    if (one_node_try(node))
        fail_msg("%s is refused: %s", node->op->name, node->error.msg);
    for (uint32_t i = 0; i < node->node.n_inputs; i++)
        if (node->hidden[i])
            node->in[i].data = node->hidden[i];
    for (uint32_t i = 0; i < node->node.n_outputs; i++) {
        size_t size = leat_array_bytes(&node->out[i]);
        node->out[i].data = memset(take(node, size), POISON, size);
    }
    leat_call call = call_of(node);
    if (node->op->flags & LEAT_OP_VIEW)
        node->out[0].data = node->in[0].data;
    else
        node->op->run(&call);
}
