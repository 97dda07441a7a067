#include "ops/convert.h"
#include "ops/known.h"

#include <math.h>
#include <string.h>

/* From numbers to places (OneHot) and from truths to places (Compress, NonZero). */

enum {
    NUMBERS = 1u << LEAT_F32 | 1u << LEAT_F64 | 1u << LEAT_I64 | 1u << LEAT_I32,
};

/* Number i as a place; a fraction is cut off, as a cast would. */
static int64_t place_at(const leat_array *array, size_t i)
{
    if (array->dtype == LEAT_F32)
        return leat_to_i64((double)((const float *)array->data)[i]);
    if (array->dtype == LEAT_F64)
        return leat_to_i64(((const double *)array->data)[i]);
    return leat_integer_at(array, i);
}

/* ---- OneHot ---- */

static leat_status load_one_hot(leat_node *node)
{
    int64_t *axis = leat_node_new_state(node, sizeof *axis);
    leat_status status = axis ? leat_node_check_dtype(node, 0, NUMBERS) : LEAT_E_MEMORY;
    if (!status)
        status = leat_node_check_dtype(node, 1, NUMBERS);
    if (!status)
        status = leat_node_check_dtype(node, 2, ~0u);
    if (!status)
        status = leat_attribute_int(node, "axis", -1, axis);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[2]->dtype);
    return status;
}

static leat_status shape_one_hot(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    const leat_array *indexes = call->inputs[0], *depth = call->inputs[1];
    int64_t shape[LEAT_ARRAY_RANK + 1];
    uint32_t axis;
    leat_status status = leat_known_check(call, 1, error);
    (void)scratch;
    if (status)
        return status;
    if (leat_array_count(depth) != 1)
        return leat_error_set(error, LEAT_E_MODEL, "input 1 must be one number");
    if (leat_array_count(call->inputs[2]) != 2)
        return leat_error_set(error, LEAT_E_MODEL, "input 2 must be two values");
    status = leat_axis(*(const int64_t *)call->state, indexes->rank + 1, &axis, error);
    if (status)
        return status;
    for (uint32_t i = 0; i <= indexes->rank; i++)
        shape[i] = i == axis ? place_at(depth, 0) : indexes->shape[i - (i > axis)];
    return leat_array_reshape(call->outputs[0], indexes->rank + 1, shape, error);
}

static void run_one_hot(const leat_call *call)
{
    const leat_array *indexes = call->inputs[0], *output = call->outputs[0];
    uint32_t axis;
    if (leat_axis(*(const int64_t *)call->state, output->rank, &axis, NULL))
        return;
    const size_t size = leat_dtype_size(output->dtype), n = leat_array_count(output);
    const size_t inner = leat_array_span(output, axis + 1, output->rank);
    const int64_t depth = output->shape[axis];
    const uint8_t *off = call->inputs[2]->data, *on = off + size;
    uint8_t *to = output->data;
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * size, off, size);
    for (size_t i = 0; i < leat_array_count(indexes); i++) {
        int64_t at = place_at(indexes, i);
        if (at < -depth || at >= depth)
            continue; /* the specification's: nothing is hot */
        at += at < 0 ? depth : 0;
        const size_t line = i / inner * (size_t)depth * inner + i % inner;
        memcpy(to + (line + (size_t)at * inner) * size, on, size);
    }
}

/* ---- Compress: the condition decides about the shape, so it must be known ---- */

struct compress {
    bool has_axis; /* else of all elements in a row */
    int64_t axis;
};

static leat_status load_compress(leat_node *node)
{
    struct compress *compress = leat_node_new_state(node, sizeof *compress);
    leat_status status = compress ? leat_node_check_dtype(node, 0, ~0u) : LEAT_E_MEMORY;
    if (!status)
        status = leat_node_check_dtype(node, 1, 1u << LEAT_BOOL);
    if (!status)
        status = leat_attribute_int(node, "axis", INT64_MAX, &compress->axis);
    if (status)
        return status;
    compress->has_axis = compress->axis != INT64_MAX;
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return LEAT_OK;
}

static size_t count_true(const leat_array *condition)
{
    const uint8_t *is_true = condition->data;
    size_t n = 0;
    for (size_t i = 0; i < leat_array_count(condition); i++)
        n += is_true[i];
    return n;
}

static leat_status shape_compress(const leat_call *call, size_t *scratch,
                                  leat_error *error)
{
    const struct compress *compress = call->state;
    const leat_array *input = call->inputs[0], *condition = call->inputs[1];
    leat_array *output = call->outputs[0];
    uint32_t axis = 0;
    leat_status status = leat_known_check(call, 1, error);
    (void)scratch;
    if (!status && compress->has_axis)
        status = leat_axis(compress->axis, input->rank, &axis, error);
    if (status)
        return status;
    const size_t n = compress->has_axis ? input->shape[axis] : leat_array_count(input);
    if (leat_array_count(condition) > n)
        return leat_error_set(error, LEAT_E_MODEL, "%zu conditions on %zu elements",
                              leat_array_count(condition), n);
    const int64_t kept = (int64_t)count_true(condition);
    if (!compress->has_axis)
        return leat_array_reshape(output, 1, &kept, error);
    leat_array_copy_shape(output, input);
    output->shape[axis] = (uint32_t)kept;
    return LEAT_OK;
}

static void run_compress(const leat_call *call)
{
    const struct compress *compress = call->state;
    const leat_array *input = call->inputs[0], *condition = call->inputs[1];
    const uint8_t *is_true = condition->data, *from = input->data;
    uint8_t *to = call->outputs[0]->data;
    uint32_t axis = 0;
    if (compress->has_axis && leat_axis(compress->axis, input->rank, &axis, NULL))
        return;
    const size_t outer = compress->has_axis ? leat_array_span(input, 0, axis) : 1;
    const size_t length =
        compress->has_axis ? input->shape[axis] : leat_array_count(input);
    const size_t n = leat_array_count(condition);
    const size_t slice =
        leat_dtype_size(input->dtype) *
        (compress->has_axis ? leat_array_span(input, axis + 1, input->rank) : 1);
    for (size_t o = 0; o < outer && n && slice; o++, from += length * slice)
        for (size_t i = 0; i < n; i++)
            if (is_true[i]) {
                memcpy(to, from + i * slice, slice);
                to += slice;
            }
}

/* ---- NonZero: the same ---- */

static bool is_zero(const leat_array *array, size_t i)
{
    switch (array->dtype) {
    case LEAT_F32:
        return ((const float *)array->data)[i] == 0;
    case LEAT_F64:
        return ((const double *)array->data)[i] == 0;
    case LEAT_BOOL:
        return !((const uint8_t *)array->data)[i];
    default:
        return !leat_integer_at(array, i);
    }
}

static leat_status load_non_zero(leat_node *node)
{
    leat_node_set_dtype(node, 0, LEAT_I64);
    return leat_node_check_dtype(node, 0, NUMBERS | 1u << LEAT_BOOL);
}

static leat_status shape_non_zero(const leat_call *call, size_t *scratch,
                                  leat_error *error)
{
    const leat_array *input = call->inputs[0];
    leat_status status = leat_known_check(call, 0, error);
    int64_t n = 0;
    (void)scratch;
    for (size_t i = 0; i < leat_array_count(input) && !status; i++)
        n += !is_zero(input, i);
    return status ? status
                  : leat_array_reshape(call->outputs[0], 2, (int64_t[]){input->rank, n},
                                       error);
}

static void run_non_zero(const leat_call *call)
{
    const leat_array *input = call->inputs[0], *output = call->outputs[0];
    const size_t n = output->shape[1];
    int64_t *to = output->data; /* [rank][n] */
    size_t found = 0;
    for (size_t i = 0; i < leat_array_count(input); i++) {
        if (is_zero(input, i))
            continue;
        size_t rest = i;
        for (uint32_t axis = input->rank; axis-- > 0; rest /= input->shape[axis])
            to[axis * n + found] = (int64_t)(rest % input->shape[axis]);
        found++;
    }
}

const leat_operator leat_select_operators[] = {
    {"", "OneHot", 9, LEAT_NEWEST, 0, 3, 3, 1, load_one_hot, shape_one_hot, run_one_hot},
    {"", "Compress", 9, LEAT_NEWEST, 0, 2, 2, 1, load_compress, shape_compress,
     run_compress},
    {"", "NonZero", 9, LEAT_NEWEST, 0, 1, 1, 1, load_non_zero, shape_non_zero,
     run_non_zero},
    {0},
};
