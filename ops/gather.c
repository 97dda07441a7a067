#include "ops/gather.h"

#include <math.h>
#include <string.h>

/* Operators that fetch elements by their numbers. */

leat_status leat_index_load(leat_node *node, uint32_t input)
{
    return leat_node_check_dtype(node, input, 1u << LEAT_I64 | 1u << LEAT_I32);
}

leat_status leat_index_check(const leat_array *indexes, size_t first, size_t step,
                             uint32_t length, leat_error *error)
{
    const size_t n = leat_array_count(indexes);
    for (size_t i = first; indexes->data && i < n; i += step)
        if (leat_index_at(indexes, i, length) < 0)
            return leat_error_set(error, LEAT_E_MODEL, "index %lld into %u elements",
                                  (long long)leat_integer_at(indexes, i), length);
    return LEAT_OK;
}

void leat_fill_nonsense(leat_array *array, size_t first, size_t n)
{
    const size_t size = leat_dtype_size(array->dtype);
    if (array->dtype == LEAT_F32)
        for (size_t i = 0; i < n; i++)
            ((float *)array->data)[first + i] = NAN;
    else if (array->dtype == LEAT_F64)
        for (size_t i = 0; i < n; i++)
            ((double *)array->data)[first + i] = (double)NAN;
    else
        memset((uint8_t *)array->data + first * size, 0, n * size);
}

static leat_status load_gather(leat_node *node)
{
    int64_t *axis = leat_node_new_state(node, sizeof *axis);
    leat_status status = axis ? leat_node_check_dtype(node, 0, ~0u) : LEAT_E_MEMORY;
    if (!status)
        status = leat_index_load(node, 1);
    if (!status)
        status = leat_attribute_int(node, "axis", 0, axis);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

/* ---- Gather: whole slices along an axis ---- */

static leat_status shape_gather(const leat_call *call, size_t *scratch, leat_error *error)
{
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    int64_t shape[2 * LEAT_ARRAY_RANK];
    uint32_t axis, rank = 0;
    leat_status status =
        leat_axis(*(const int64_t *)call->state, data->rank, &axis, error);
    (void)scratch;
    if (status)
        return status;
    for (uint32_t i = 0; i < axis; i++)
        shape[rank++] = data->shape[i];
    for (uint32_t i = 0; i < indexes->rank; i++)
        shape[rank++] = indexes->shape[i];
    for (uint32_t i = axis + 1; i < data->rank; i++)
        shape[rank++] = data->shape[i];
    status = leat_index_check(indexes, 0, 1, data->shape[axis], error);
    return status ? status : leat_array_reshape(call->outputs[0], rank, shape, error);
}

static void run_gather(const leat_call *call)
{
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    leat_array *output = call->outputs[0];
    uint32_t axis;
    if (leat_axis(*(const int64_t *)call->state, data->rank, &axis, NULL))
        return;
    const size_t outer = leat_array_span(data, 0, axis), n = leat_array_count(indexes);
    const size_t inner = leat_array_span(data, axis + 1, data->rank);
    const size_t size = leat_dtype_size(data->dtype), length = data->shape[axis];
    const uint8_t *from = data->data;
    uint8_t *to = output->data;
    for (size_t o = 0; o < outer && n && inner; o++, from += length * inner * size)
        for (size_t i = 0; i < n; i++, to += inner * size) {
            const int64_t at = leat_index_at(indexes, i, data->shape[axis]);
            if (at < 0)
                leat_fill_nonsense(output, (o * n + i) * inner, inner);
            else
                memcpy(to, from + (size_t)at * inner * size, inner * size);
        }
}

/* ---- GatherElements: one element for each index, from its own line ---- */

static leat_status shape_gather_elements(const leat_call *call, size_t *scratch,
                                         leat_error *error)
{
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    uint32_t axis;
    leat_status status =
        leat_axis(*(const int64_t *)call->state, data->rank, &axis, error);
    (void)scratch;
    if (!status)
        status = leat_lines_check(data, indexes, axis, error);
    leat_array_copy_shape(call->outputs[0], indexes);
    return status;
}

static void run_gather_elements(const leat_call *call)
{
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    leat_array *output = call->outputs[0];
    const size_t size = leat_dtype_size(data->dtype), n = leat_array_count(indexes);
    uint32_t axis;
    if (leat_axis(*(const int64_t *)call->state, data->rank, &axis, NULL))
        return;
    for (size_t i = 0; i < n; i++) {
        const int64_t at = leat_index_at(indexes, i, data->shape[axis]);
        if (at < 0)
            leat_fill_nonsense(output, i, 1);
        else
            memcpy((uint8_t *)output->data + i * size,
                   (const uint8_t *)data->data +
                       leat_line_element(data, indexes, axis, i, at) * size,
                   size);
    }
}

leat_status leat_lines_check(const leat_array *data, const leat_array *indexes,
                             uint32_t axis, leat_error *error)
{
    bool fits = data->rank == indexes->rank;
    for (uint32_t i = 0; i < data->rank && fits; i++)
        fits = i == axis || indexes->shape[i] <= data->shape[i];
    char a[LEAT_ARRAY_TEXT], b[LEAT_ARRAY_TEXT];
    if (!fits)
        return leat_error_set(error, LEAT_E_MODEL, "indexes %s into %s",
                              leat_array_describe(indexes, a),
                              leat_array_describe(data, b));
    return leat_index_check(indexes, 0, 1, data->shape[axis], error);
}

size_t leat_line_element(const leat_array *data, const leat_array *indexes, uint32_t axis,
                         size_t i, int64_t at)
{
    size_t element = 0, stride = 1;
    for (uint32_t k = data->rank; k-- > 0;) {
        element += stride * (k == axis ? (size_t)at : i % indexes->shape[k]);
        stride *= data->shape[k];
        i /= indexes->shape[k];
    }
    return element;
}

/* ---- GatherND: a slice for each tuple of indexes ---- */

static leat_status load_gather_nd(leat_node *node)
{
    int64_t *batch = leat_node_new_state(node, sizeof *batch);
    leat_status status = batch ? leat_node_check_dtype(node, 0, ~0u) : LEAT_E_MEMORY;
    if (!status)
        status = leat_index_load(node, 1);
    if (!status && node->version >= 12)
        status = leat_attribute_int(node, "batch_dims", 0, batch);
    if (!status && (*batch < 0 || *batch > LEAT_ARRAY_RANK))
        status = leat_error_set(node->error, LEAT_E_MODEL, "attribute batch_dims is %lld",
                                (long long)*batch);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

leat_status leat_tuples_check(const leat_array *data, const leat_array *indexes,
                              uint32_t batch, leat_tuples *tuples, leat_error *error)
{
    const uint32_t length = indexes->rank ? indexes->shape[indexes->rank - 1] : 0;
    bool fits = batch < indexes->rank && length >= 1 && batch <= data->rank &&
                length <= data->rank - batch;
    for (uint32_t i = 0; i < batch && fits; i++)
        fits = data->shape[i] == indexes->shape[i];
    char a[LEAT_ARRAY_TEXT], b[LEAT_ARRAY_TEXT];
    if (!fits)
        return leat_error_set(error, LEAT_E_MODEL, "indexes %s into %s",
                              leat_array_describe(indexes, a),
                              leat_array_describe(data, b));
    *tuples = leat_tuples_of(data, indexes, batch);
    for (uint32_t i = 0; i < length; i++) {
        leat_status status =
            leat_index_check(indexes, i, length, data->shape[batch + i], error);
        if (status)
            return status;
    }
    return LEAT_OK;
}

leat_tuples leat_tuples_of(const leat_array *data, const leat_array *indexes,
                           uint32_t batch)
{
    const uint32_t length = indexes->shape[indexes->rank - 1];
    return (leat_tuples){
        .length = length,
        .batches = leat_array_span(data, 0, batch),
        .n = leat_array_span(indexes, batch, indexes->rank - 1),
        .slice = leat_array_span(data, batch + length, data->rank),
    };
}

size_t leat_tuple_find(const leat_array *data, const leat_array *indexes, uint32_t batch,
                       uint32_t length, size_t tuple, uint32_t *valid)
{
    size_t found = 0;
    for (*valid = 0; *valid < length; (*valid)++) {
        const uint32_t axis = batch + *valid;
        const int64_t at =
            leat_index_at(indexes, tuple * length + *valid, data->shape[axis]);
        if (at < 0)
            break;
        found += (size_t)at * leat_array_span(data, axis + 1, data->rank);
    }
    return found;
}

static leat_status shape_gather_nd(const leat_call *call, size_t *scratch,
                                   leat_error *error)
{
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    const uint32_t batch = (uint32_t) * (const int64_t *)call->state;
    int64_t shape[2 * LEAT_ARRAY_RANK];
    uint32_t rank = 0;
    leat_tuples tuples;
    leat_status status = leat_tuples_check(data, indexes, batch, &tuples, error);
    (void)scratch;
    if (status)
        return status;
    for (uint32_t i = 0; i + 1 < indexes->rank; i++)
        shape[rank++] = indexes->shape[i];
    for (uint32_t i = batch + tuples.length; i < data->rank; i++)
        shape[rank++] = data->shape[i];
    return leat_array_reshape(call->outputs[0], rank, shape, error);
}

static void run_gather_nd(const leat_call *call)
{
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    const uint32_t batch = (uint32_t) * (const int64_t *)call->state;
    const leat_tuples tuples = leat_tuples_of(data, indexes, batch);
    const size_t size = leat_dtype_size(data->dtype);
    const size_t one = leat_array_span(data, batch, data->rank);
    leat_array *output = call->outputs[0];
    for (size_t i = 0; i < tuples.batches * tuples.n && tuples.slice; i++) {
        uint32_t valid;
        const size_t from =
            i / tuples.n * one +
            leat_tuple_find(data, indexes, batch, tuples.length, i, &valid);
        if (valid < tuples.length)
            leat_fill_nonsense(output, i * tuples.slice, tuples.slice);
        else
            memcpy((uint8_t *)output->data + i * tuples.slice * size,
                   (const uint8_t *)data->data + from * size, tuples.slice * size);
    }
}

const leat_operator leat_gather_operators[] = {
    {"", "Gather", 1, LEAT_NEWEST, 0, 2, 2, 1, load_gather, shape_gather, run_gather},
    {"", "GatherElements", 11, LEAT_NEWEST, 0, 2, 2, 1, load_gather,
     shape_gather_elements, run_gather_elements},
    {"", "GatherND", 11, LEAT_NEWEST, 0, 2, 2, 1, load_gather_nd, shape_gather_nd,
     run_gather_nd},
    {0},
};
