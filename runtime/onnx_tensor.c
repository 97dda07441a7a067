#include "runtime/onnx.pb-c.h"
#include "runtime/onnx_parts.h"

#include <stdlib.h>

/* TensorProto.DataType */
static const struct {
    const char *name;
    bool supported;
    leat_dtype dtype;
} types[] = {
    [1] = {"float", true, LEAT_F32},   [2] = {"uint8", false, 0},
    [3] = {"int8", false, 0},          [4] = {"uint16", false, 0},
    [5] = {"int16", false, 0},         [6] = {"int32", true, LEAT_I32},
    [7] = {"int64", true, LEAT_I64},   [8] = {"string", true, LEAT_STRING},
    [9] = {"bool", true, LEAT_BOOL},   [10] = {"float16", false, 0},
    [11] = {"double", true, LEAT_F64}, [12] = {"uint32", false, 0},
    [13] = {"uint64", false, 0},       [14] = {"complex64", false, 0},
    [15] = {"complex128", false, 0},   [16] = {"bfloat16", false, 0},
};

leat_status leat_onnx_dtype(int32_t number, leat_dtype *dtype, leat_error *error)
{
    if (number <= 0 || (size_t)number >= sizeof types / sizeof *types)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "elements of type %d are not supported", number);
    if (!types[number].supported)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "elements of type %s are not supported",
                              types[number].name);
    *dtype = types[number].dtype;
    return LEAT_OK;
}

static leat_status check_kind(const Leat__Onnx__Tensor *tensor, leat_error *error)
{
    if (tensor->n_external_data || tensor->data_location)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "its data is in another file: save the model as one file");
    if (tensor->has_segment)
        return leat_error_set(error, LEAT_E_UNSUPPORTED, "segments are not supported");
    return LEAT_OK;
}

/* Elements of a field that has one number each, which is as wide as the element (floats,
 * integers) or wider (booleans are int32_data). */
typedef struct field {
    const char *name;
    size_t n;
    const void *data;
    size_t size; /* of an element */
} field;

static field field_of(const Leat__Onnx__Tensor *tensor, leat_dtype dtype)
{
    switch (dtype) {
    case LEAT_F32:
        return (field){"float_data", tensor->n_float_data, tensor->float_data, 4};
    case LEAT_F64:
        return (field){"double_data", tensor->n_double_data, tensor->double_data, 8};
    case LEAT_I64:
        return (field){"int64_data", tensor->n_int64_data, tensor->int64_data, 8};
    case LEAT_I32:
    case LEAT_BOOL:
        return (field){"int32_data", tensor->n_int32_data, tensor->int32_data, 4};
    case LEAT_STRING:
        return (field){"string_data", tensor->n_string_data, tensor->string_data,
                       sizeof *tensor->string_data};
    }
    abort();
}

static leat_status wrong_count(const char *where, size_t n, const char *what,
                               const leat_array *array, leat_error *error)
{
    char text[LEAT_ARRAY_TEXT];
    return leat_error_set(error, LEAT_E_MODEL, "%s holds %zu %s, but the tensor is %s",
                          where, n, what, leat_array_describe(array, text));
}

/* Before memory is taken: a shape may be large in a small file. */
static leat_status check_size(const leat_array *array, const Leat__Onnx__Tensor *tensor,
                              const field *from, leat_error *error)
{
    const size_t n_bytes = tensor->raw_data.len;
    if (!tensor->has_raw_data)
        return from->n == leat_array_count(array)
                   ? LEAT_OK
                   : wrong_count(from->name, from->n, "elements", array, error);
    if (array->dtype == LEAT_STRING)
        return leat_error_set(error, LEAT_E_MODEL, "raw_data cannot hold strings");
    return n_bytes == leat_array_bytes(array)
               ? LEAT_OK
               : wrong_count("raw_data", n_bytes, "bytes", array, error);
}

static leat_status copy_strings(leat_array *array, leat_arena *arena,
                                const ProtobufCBinaryData *strings, leat_error *error)
{
    leat_slice *to = array->data;
    const size_t n = leat_array_count(array);
    for (size_t i = 0; i < n; i++) {
        const char *text = (const char *)strings[i].data;
        if (strings[i].len > UINT32_MAX)
            return leat_error_set(error, LEAT_E_UNSUPPORTED, "a string beyond 4 GiB");
        text = leat_arena_strndup(arena, text ? text : "", strings[i].len);
        if (!text)
            return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
        to[i] = (leat_slice){(const uint8_t *)text, (uint32_t)strings[i].len};
    }
    return LEAT_OK;
}

/* A boolean is 0 or 1, whatever the file says. */
static void copy_booleans(leat_array *array, const field *from)
{
    uint8_t *to = array->data;
    for (size_t i = 0; i < from->n; i++)
        to[i] = from->size == 1 ? ((const uint8_t *)from->data)[i] != 0
                                : ((const int32_t *)from->data)[i] != 0;
}

leat_status leat_onnx_copy_tensor(leat_array *array, leat_arena *arena,
                                  const Leat__Onnx__Tensor *tensor, leat_error *error)
{
    leat_status status = check_kind(tensor, error);
    if (!status)
        status = leat_onnx_dtype(tensor->data_type, &array->dtype, error);
    if (status)
        return status;
    const uint32_t rank = tensor->n_dims < 1000 ? (uint32_t)tensor->n_dims : 1000;
    field from = field_of(tensor, array->dtype);
    status = leat_array_reshape(array, rank, tensor->dims, error);
    if (!status)
        status = check_size(array, tensor, &from, error);
    if (status)
        return status;
    array->data = leat_arena_aligned(arena, leat_array_bytes(array));
    if (!array->data)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    if (tensor->has_raw_data)
        from = (field){"raw_data", leat_array_count(array), tensor->raw_data.data,
                       leat_dtype_size(array->dtype)};
    if (array->dtype == LEAT_STRING)
        return copy_strings(array, arena, from.data, error);
    if (array->dtype == LEAT_BOOL)
        copy_booleans(array, &from);
    else if (from.n)
        memcpy(array->data, from.data, from.n * from.size);
    return LEAT_OK;
}

leat_status leat_onnx_read_tensor(leat_array *array, leat_arena *arena, const void *bytes,
                                  size_t size, leat_error *error)
{
    ProtobufCMessage *message;
    leat_status status =
        leat_onnx_unpack(&message, &leat__onnx__tensor__descriptor, bytes, size, error);
    if (!status)
        status =
            leat_onnx_copy_tensor(array, arena, (Leat__Onnx__Tensor *)message, error);
    leat_onnx_release(message);
    return status;
}
