#include "runtime/onnx.pb-c.h"
#include "runtime/onnx_parts.h"

/* An attribute's value is in the field that its type names; that of a list may be empty. */

/* Copies n numbers; the pointer is never NULL. */
static const void *copy_numbers(leat_arena *arena, const void *from, size_t n,
                                size_t size)
{
    void *copy = leat_arena_alloc(arena, n * size);
    if (copy && n)
        memcpy(copy, from, n * size);
    return copy;
}

static const leat_slice *copy_slices(leat_arena *arena, const ProtobufCBinaryData *from,
                                     size_t n)
{
    leat_slice *slices = leat_arena_calloc(arena, n, sizeof *slices);
    for (size_t i = 0; slices && i < n; i++) {
        const char *text = from[i].data ? (const char *)from[i].data : "";
        text = from[i].len <= UINT32_MAX ? leat_arena_strndup(arena, text, from[i].len)
                                         : NULL;
        if (!text)
            return NULL;
        slices[i] = (leat_slice){(const uint8_t *)text, (uint32_t)from[i].len};
    }
    return slices;
}

/* Bytes, which no array holds, become int32: TreeEnsemble has its modes in them. */
static leat_status copy_bytes(leat_array *array, leat_arena *arena,
                              const Leat__Onnx__Tensor *from, leat_error *error)
{
    Leat__Onnx__Tensor wide = *from;
    int32_t *numbers = leat_arena_calloc(arena, from->raw_data.len, sizeof *numbers);
    if (!numbers)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    for (size_t i = 0; i < from->raw_data.len; i++)
        numbers[i] = from->raw_data.data[i];
    wide.data_type = 6; /* int32 */
    wide.raw_data =
        (ProtobufCBinaryData){from->raw_data.len * sizeof *numbers, (uint8_t *)numbers};
    return leat_onnx_copy_tensor(array, arena, &wide, error);
}

static leat_status copy_tensor(leat_attribute *attribute, leat_arena *arena,
                               const Leat__Onnx__Tensor *from, leat_error *error)
{
    leat_array *tensor = leat_arena_calloc(arena, 1, sizeof *tensor);
    attribute->tensor = tensor;
    if (!from)
        return leat_error_set(error, LEAT_E_MODEL, "the tensor is missing");
    if (!tensor)
        return LEAT_OK;
    return from->data_type == 2 /* uint8 */
               ? copy_bytes(tensor, arena, from, error)
               : leat_onnx_copy_tensor(tensor, arena, from, error);
}

leat_status leat_onnx_copy_attribute(leat_attribute *attribute, leat_arena *arena,
                                     const Leat__Onnx__Attribute *from, leat_error *error)
{
    const bool known = from->type > 0 && from->type <= LEAT_ATTRIBUTE_STRINGS;
    leat_status status = LEAT_OK;
    attribute->kind = known ? (leat_attribute_kind)from->type : LEAT_ATTRIBUTE_OTHER;
    attribute->n = 1;
    switch (attribute->kind) {
    case LEAT_ATTRIBUTE_OTHER:
    case LEAT_ATTRIBUTE_GRAPH:
        return LEAT_OK;
    case LEAT_ATTRIBUTE_FLOAT:
        attribute->floats = copy_numbers(arena, &from->f, 1, sizeof from->f);
        break;
    case LEAT_ATTRIBUTE_INT:
        attribute->ints = copy_numbers(arena, &from->i, 1, sizeof from->i);
        break;
    case LEAT_ATTRIBUTE_STRING:
        attribute->strings = copy_slices(arena, &from->s, 1);
        break;
    case LEAT_ATTRIBUTE_TENSOR:
        status = copy_tensor(attribute, arena, from->t, error);
        break;
    case LEAT_ATTRIBUTE_FLOATS:
        attribute->n = from->n_floats;
        attribute->floats =
            copy_numbers(arena, from->floats, from->n_floats, sizeof *from->floats);
        break;
    case LEAT_ATTRIBUTE_INTS:
        attribute->n = from->n_ints;
        attribute->ints =
            copy_numbers(arena, from->ints, from->n_ints, sizeof *from->ints);
        break;
    case LEAT_ATTRIBUTE_STRINGS:
        attribute->n = from->n_strings;
        attribute->strings = copy_slices(arena, from->strings, from->n_strings);
        break;
    }
    if (!status && !attribute->ints)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    return status;
}
