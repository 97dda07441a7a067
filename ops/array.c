#include "ops/array.h"

#include <stdio.h>
#include <string.h>

/* No array may have more elements: their bytes and any index of theirs fit everywhere. */
#define MAX_COUNT ((uint64_t)1 << 40)

size_t leat_array_span(const leat_array *array, uint32_t first, uint32_t end)
{
    size_t count = 1;
    for (uint32_t axis = first; axis < end; axis++)
        count *= array->shape[axis];
    return count;
}

size_t leat_array_count(const leat_array *array)
{
    return leat_array_span(array, 0, array->rank);
}

size_t leat_array_bytes(const leat_array *array)
{
    return leat_array_count(array) * leat_dtype_size(array->dtype);
}

bool leat_array_same_shape(const leat_array *a, const leat_array *b)
{
    return a->rank == b->rank && !memcmp(a->shape, b->shape, a->rank * sizeof *a->shape);
}

leat_status leat_array_reshape(leat_array *array, uint32_t rank, const int64_t *shape,
                               leat_error *error)
{
    uint64_t count = 1;
    if (rank > LEAT_ARRAY_RANK)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%u axes: at most %d are supported", rank, LEAT_ARRAY_RANK);
    array->rank = rank;
    for (uint32_t axis = 0; axis < rank; axis++) {
        if (shape[axis] < 0 || shape[axis] > UINT32_MAX)
            return leat_error_set(error, LEAT_E_MODEL, "axis %u has the length %lld",
                                  axis, (long long)shape[axis]);
        array->shape[axis] = (uint32_t)shape[axis];
        /* Zero lengths may stand beside any others, whose product must fit all the same. */
        count *= shape[axis] ? (uint64_t)shape[axis] : 1;
        if (count > MAX_COUNT)
            return leat_error_set(error, LEAT_E_MODEL,
                                  "an array of more than 2^40 elements");
    }
    return LEAT_OK;
}

void leat_array_copy_shape(leat_array *array, const leat_array *like)
{
    array->rank = like->rank;
    memcpy(array->shape, like->shape, sizeof array->shape);
}

/* The length of an axis counted from the last one; 1 in front of the first. */
static uint32_t length_from_end(const leat_array *array, uint32_t back)
{
    return back < array->rank ? array->shape[array->rank - 1 - back] : 1;
}

leat_status leat_array_broadcast(leat_array *out, const leat_array *a,
                                 const leat_array *b, leat_error *error)
{
    const uint32_t rank = a->rank > b->rank ? a->rank : b->rank;
    int64_t shape[LEAT_ARRAY_RANK];
    for (uint32_t back = 0; back < rank; back++) {
        uint32_t x = length_from_end(a, back), y = length_from_end(b, back);
        if (x != y && x != 1 && y != 1) {
            char first[LEAT_ARRAY_TEXT], second[LEAT_ARRAY_TEXT];
            return leat_error_set(
                error, LEAT_E_MODEL, "the shapes of %s and %s do not broadcast",
                leat_array_describe(a, first), leat_array_describe(b, second));
        }
        shape[rank - 1 - back] = x == 1 ? y : x;
    }
    return leat_array_reshape(out, rank, shape, error);
}

leat_status leat_axis(int64_t axis, uint32_t rank, uint32_t *found, leat_error *error)
{
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return leat_error_set(error, LEAT_E_MODEL, "axis %lld of an array with %u axes",
                              (long long)axis, rank);
    *found = (uint32_t)(axis < 0 ? axis + (int64_t)rank : axis);
    return LEAT_OK;
}

const char *leat_array_describe(const leat_array *array, char text[LEAT_ARRAY_TEXT])
{
    int at = snprintf(text, LEAT_ARRAY_TEXT, "%s[", leat_dtype_name(array->dtype));
    for (uint32_t axis = 0; axis < array->rank; axis++)
        at += snprintf(text + at, (size_t)(LEAT_ARRAY_TEXT - at), "%s%u", axis ? "," : "",
                       array->shape[axis]);
    snprintf(text + at, (size_t)(LEAT_ARRAY_TEXT - at), "]");
    return text;
}
