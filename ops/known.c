#include "ops/known.h"

#include <string.h>

enum { INTEGERS = 1u << LEAT_I64 | 1u << LEAT_I32 };

leat_status leat_known_check(const leat_call *call, uint32_t i, leat_error *error)
{
    const leat_array *input = leat_call_input(call, i);
    if (!input)
        return leat_error_set(error, LEAT_E_MODEL, "input %u is missing", i);
    if (!input->data && leat_array_count(input))
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "input %u decides about shapes and depends on the events",
                              i);
    return LEAT_OK;
}

static leat_status too_many(leat_error *error, const char *what, size_t n)
{
    return leat_error_set(error, LEAT_E_UNSUPPORTED,
                          "%s has %zu values, at most %d are "
                          "supported",
                          what, n, LEAT_KNOWN_MOST);
}

leat_status leat_known_read(const leat_call *call, uint32_t i, leat_known *known,
                            leat_error *error)
{
    const leat_array *input = leat_call_input(call, i);
    known->given = input != NULL;
    known->n = 0;
    if (!input)
        return LEAT_OK;
    leat_status status = leat_known_check(call, i, error);
    if (status)
        return status;
    if (!(INTEGERS >> input->dtype & 1))
        return leat_error_set(error, LEAT_E_MODEL, "input %u is %s, expected integers", i,
                              leat_dtype_name(input->dtype));
    const size_t n = leat_array_count(input);
    if (n > LEAT_KNOWN_MOST)
        return too_many(error, "an input", n);
    for (; known->n < n; known->n++)
        known->values[known->n] = leat_integer_at(input, known->n);
    return LEAT_OK;
}

leat_status leat_known_one(const leat_call *call, uint32_t i, int64_t absent,
                           int64_t *value, leat_error *error)
{
    leat_known known;
    leat_status status = leat_known_read(call, i, &known, error);
    if (status)
        return status;
    if (known.given && known.n != 1)
        return leat_error_set(error, LEAT_E_MODEL, "input %u has %u values, expected one",
                              i, known.n);
    *value = known.given ? known.values[0] : absent;
    return LEAT_OK;
}

leat_status leat_known_attribute(leat_node *node, const char *name, leat_known *known)
{
    const int64_t *ints;
    size_t n;
    leat_status status = leat_attribute_ints(node, name, &ints, &n);
    if (status)
        return status;
    if (n > LEAT_KNOWN_MOST)
        return too_many(node->error, name, n);
    known->given = ints != NULL;
    known->n = (uint32_t)n;
    if (n)
        memcpy(known->values, ints, n * sizeof *ints);
    return LEAT_OK;
}

leat_status leat_axes_load(leat_node *node, uint32_t input_since, leat_axes *axes)
{
    axes->is_input = node->version >= input_since;
    return axes->is_input ? LEAT_OK
                          : leat_known_attribute(node, "axes", &axes->attribute);
}

leat_status leat_axes_read(const leat_axes *axes, const leat_call *call,
                           leat_known *known, leat_error *error)
{
    if (axes->is_input)
        return leat_known_read(call, 1, known, error);
    *known = axes->attribute;
    return LEAT_OK;
}

leat_status leat_axes_set(const leat_known *known, uint32_t rank, uint32_t *set,
                          leat_error *error)
{
    *set = 0;
    for (uint32_t i = 0; i < known->n; i++) {
        uint32_t axis;
        leat_status status = leat_axis(known->values[i], rank, &axis, error);
        if (status)
            return status;
        if (*set >> axis & 1)
            return leat_error_set(error, LEAT_E_MODEL, "axis %u is given twice", axis);
        *set |= 1u << axis;
    }
    return LEAT_OK;
}

leat_status leat_axes_find(const leat_axes *axes, const leat_call *call, uint32_t rank,
                           uint32_t *set, leat_error *error)
{
    leat_known known;
    leat_status status = leat_axes_read(axes, call, &known, error);
    return status ? status : leat_axes_set(&known, rank, set, error);
}
