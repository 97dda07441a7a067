#include "twin.h"

#include "base/slice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

uint32_t twin_dice(uint32_t n)
{
    static uint64_t seed = 88172645463325252u;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

void twin_shape(int64_t *shape, uint32_t rank, uint32_t most)
{
    for (uint32_t axis = 0; axis < rank; axis++)
        shape[axis] = 1 + twin_dice(most);
}

double twin_get(const leat_array *array, size_t i)
{
    switch (array->dtype) {
    case LEAT_F32:
        return (double)((const float *)array->data)[i];
    case LEAT_F64:
        return ((const double *)array->data)[i];
    case LEAT_I64:
        return (double)((const int64_t *)array->data)[i];
    case LEAT_I32:
        return ((const int32_t *)array->data)[i];
    default:
        return ((const uint8_t *)array->data)[i];
    }
}

void twin_put(const leat_array *array, void *data, size_t i, double value)
{
    switch (array->dtype) {
    case LEAT_F32:
        ((float *)data)[i] = (float)value;
        return;
    case LEAT_F64:
        ((double *)data)[i] = value;
        return;
    case LEAT_I64:
        ((int64_t *)data)[i] = (int64_t)value;
        return;
    case LEAT_I32:
        ((int32_t *)data)[i] = (int32_t)value;
        return;
    default:
        ((uint8_t *)data)[i] = value != 0;
    }
}

const leat_array *twin_input(one_node *node, leat_dtype dtype, uint32_t rank,
                             const int64_t *shape)
{
    const leat_array *array = &node->in[node->node.n_inputs];
    void *data = one_node_input(node, dtype, rank, shape);
    for (size_t i = 0; i < leat_array_count(array); i++) {
        double value = (double)twin_dice(41) / 4 - 5;
        if (dtype == LEAT_BOOL)
            value = twin_dice(2);
        twin_put(array, data, i,
                 dtype == LEAT_F32 || dtype == LEAT_F64 ? value : trunc(value));
    }
    return array;
}

void twin_known(one_node *node, const int64_t *values, uint32_t n)
{
    int64_t *data = one_node_constant(node, LEAT_I64, 1, &(int64_t){n});
    for (uint32_t i = 0; i < n; i++)
        data[i] = values[i];
}

void twin_index(const leat_array *array, size_t i, uint32_t *index)
{
    for (uint32_t axis = array->rank; axis-- > 0; i /= array->shape[axis])
        index[axis] = (uint32_t)(i % array->shape[axis]);
}

size_t twin_element(const leat_array *array, const uint32_t *index)
{
    size_t i = 0;
    for (uint32_t axis = 0; axis < array->rank; axis++) {
        assert_true(index[axis] < array->shape[axis]);
        i = i * array->shape[axis] + index[axis];
    }
    return i;
}

double twin_broadcast(const leat_array *array, uint32_t rank, const uint32_t *index)
{
    uint32_t own[LEAT_ARRAY_RANK];
    const uint32_t missing = rank - array->rank;
    for (uint32_t axis = 0; axis < array->rank; axis++)
        own[axis] = array->shape[axis] == 1 ? 0 : index[axis + missing];
    return twin_get(array, twin_element(array, own));
}

uint32_t twin_part_of(const int64_t *full, uint32_t rank, int64_t *shape)
{
    const uint32_t own = twin_dice(rank + 1);
    for (uint32_t axis = 0; axis < own; axis++)
        shape[axis] = twin_dice(3) ? full[rank - own + axis] : 1;
    return own;
}

void twin_same(const char *what, size_t i, double found, double expected, double error)
{
    if (isnan(expected) ? isnan(found) : found == expected)
        return;
    if (!(fabs(found - expected) <= error * fabs(expected)))
        fail_msg("%s, element %zu: found %.17g, expected %.17g", what, i, found,
                 expected);
}

void twin_same_shape(const leat_array *array, uint32_t rank, const int64_t *shape)
{
    assert_int_equal(array->rank, rank);
    for (uint32_t axis = 0; axis < rank; axis++)
        assert_int_equal(array->shape[axis], shape[axis]);
}

void twin_refused(one_node *node, leat_status status, const char *words)
{
    assert_int_equal(one_node_try(node), status);
    if (!strstr(node->error.msg, words))
        fail_msg("\"%s\" does not tell \"%s\"", node->error.msg, words);
}
