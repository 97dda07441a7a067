#include "ops/known.h"
#include "ops/walk.h"

#include <string.h>

/* Operators that put elements elsewhere: joined, split, repeated, left out. */

/* ---- Concat ---- */

static leat_status load_concat(leat_node *node)
{
    int64_t *axis = leat_node_new_state(node, sizeof *axis);
    leat_status status = axis ? leat_load_same(node) : LEAT_E_MEMORY;
    for (uint32_t i = 1; i < node->n_inputs && !status; i++)
        status = leat_node_check_dtype(node, i, 1u << node->inputs[0]->dtype);
    if (!status)
        status = leat_attribute_int(node, "axis", INT64_MAX, axis);
    if (!status && *axis == INT64_MAX)
        status = leat_error_set(node->error, LEAT_E_MODEL, "attribute axis is missing");
    return status;
}

static bool fits_beside(const leat_array *a, const leat_array *b, uint32_t axis)
{
    if (a->rank != b->rank)
        return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (i != axis && a->shape[i] != b->shape[i])
            return false;
    return true;
}

static leat_status shape_concat(const leat_call *call, size_t *scratch, leat_error *error)
{
    const leat_array *first = call->inputs[0];
    int64_t shape[LEAT_ARRAY_RANK];
    uint32_t axis;
    leat_status status =
        leat_axis(*(const int64_t *)call->state, first->rank, &axis, error);
    (void)scratch;
    if (status)
        return status;
    for (uint32_t i = 0; i < first->rank; i++)
        shape[i] = first->shape[i];
    for (uint32_t i = 1; i < call->n_inputs; i++) {
        char a[LEAT_ARRAY_TEXT], b[LEAT_ARRAY_TEXT];
        if (!fits_beside(first, call->inputs[i], axis))
            return leat_error_set(error, LEAT_E_MODEL,
                                  "input %u: %s beside %s on axis %u", i,
                                  leat_array_describe(call->inputs[i], a),
                                  leat_array_describe(first, b), axis);
        shape[axis] += call->inputs[i]->shape[axis];
    }
    return leat_array_reshape(call->outputs[0], first->rank, shape, error);
}

static void run_concat(const leat_call *call)
{
    const leat_array *output = call->outputs[0];
    const int64_t given = *(const int64_t *)call->state;
    const uint32_t axis = (uint32_t)(given < 0 ? given + output->rank : given);
    const size_t outer = leat_array_span(output, 0, axis);
    const size_t size = leat_dtype_size(output->dtype);
    const size_t row = leat_array_span(output, axis, output->rank) * size;
    uint8_t *to = output->data;
    for (uint32_t i = 0; i < call->n_inputs; i++) {
        const leat_array *input = call->inputs[i];
        const size_t part = leat_array_span(input, axis, input->rank) * size;
        for (size_t o = 0; o < outer && part; o++)
            memcpy(to + o * row, (const uint8_t *)input->data + o * part, part);
        to += part;
    }
}

/* ---- Split ---- */

enum { SPLIT_INPUT_SINCE = 13, SPLIT_UNEVEN_SINCE = 18 };

struct split {
    int64_t axis;
    bool may_be_uneven;
    size_t n_parts;
    const int64_t *parts; /* [n_parts], an attribute; NULL: input 1, or equal parts */
};

static leat_status load_split(leat_node *node)
{
    struct split *split = leat_node_new_state(node, sizeof *split);
    int64_t n_outputs;
    leat_status status = split ? leat_load_same(node) : LEAT_E_MEMORY;
    if (!status)
        status = leat_attribute_int(node, "axis", 0, &split->axis);
    if (!status && node->version < SPLIT_INPUT_SINCE)
        status = leat_attribute_ints(node, "split", &split->parts, &split->n_parts);
    if (!status && node->version >= SPLIT_UNEVEN_SINCE) {
        status = leat_attribute_int(node, "num_outputs", node->n_outputs, &n_outputs);
        split->may_be_uneven = true;
        if (!status && n_outputs != node->n_outputs)
            status = leat_error_set(node->error, LEAT_E_MODEL,
                                    "attribute num_outputs is %lld, but there are %u",
                                    (long long)n_outputs, node->n_outputs);
    }
    for (uint32_t i = 0; i < node->n_outputs && !status; i++)
        leat_node_set_dtype(node, i, node->inputs[0]->dtype);
    return status;
}

/* The length of part i of an axis; below 0 where it is nonsense. */
static int64_t part_length(const leat_call *call, uint32_t length, uint32_t i)
{
    const struct split *split = call->state;
    const leat_array *parts = leat_call_input(call, 1);
    if (split->parts)
        return split->parts[i];
    if (parts)
        return leat_integer_at(parts, i);
    const uint32_t n = call->n_outputs, full = length / n + (length % n != 0);
    const uint64_t before = (uint64_t)full * i;
    return before >= length         ? 0
           : before + full > length ? (int64_t)(length - before)
                                    : full;
}

static leat_status check_parts(const leat_call *call, uint32_t length, leat_error *error)
{
    const struct split *split = call->state;
    const leat_array *parts = leat_call_input(call, 1);
    const uint32_t n = call->n_outputs;
    leat_status status = parts ? leat_known_check(call, 1, error) : LEAT_OK;
    if (status)
        return status;
    if (parts && parts->dtype != LEAT_I64)
        return leat_error_set(error, LEAT_E_MODEL, "input 1 is no i64");
    if ((split->parts && split->n_parts != n) || (parts && leat_array_count(parts) != n))
        return leat_error_set(error, LEAT_E_MODEL,
                              "%u outputs of another number of parts", n);
    if (!split->parts && !parts && !split->may_be_uneven && length % n)
        return leat_error_set(error, LEAT_E_MODEL,
                              "%u does not split into %u equal parts", length, n);
    int64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const int64_t part = part_length(call, length, i);
        if (part < 0 || part > (int64_t)length - sum)
            return leat_error_set(error, LEAT_E_MODEL,
                                  "part %u has the length %lld of an axis of %u", i,
                                  (long long)part, length);
        sum += part;
    }
    if (sum != length)
        return leat_error_set(error, LEAT_E_MODEL, "the parts of an axis of %u are %lld",
                              length, (long long)sum);
    return LEAT_OK;
}

static leat_status shape_split(const leat_call *call, size_t *scratch, leat_error *error)
{
    const struct split *split = call->state;
    const leat_array *input = call->inputs[0];
    uint32_t axis;
    leat_status status = leat_axis(split->axis, input->rank, &axis, error);
    (void)scratch;
    if (!status)
        status = check_parts(call, input->shape[axis], error);
    for (uint32_t i = 0; i < call->n_outputs && !status; i++) {
        leat_array *output = call->outputs[i];
        if (!output)
            continue;
        leat_array_copy_shape(output, input);
        output->shape[axis] = (uint32_t)part_length(call, input->shape[axis], i);
    }
    return status;
}

static void run_split(const leat_call *call)
{
    const struct split *split = call->state;
    const leat_array *input = call->inputs[0];
    const uint32_t axis =
        (uint32_t)(split->axis < 0 ? split->axis + input->rank : split->axis);
    const size_t outer = leat_array_span(input, 0, axis);
    const size_t inner =
        leat_array_span(input, axis + 1, input->rank) * leat_dtype_size(input->dtype);
    const size_t row = input->shape[axis] * inner;
    const uint8_t *from = input->data;
    for (uint32_t i = 0; i < call->n_outputs; i++) {
        const size_t part = (size_t)part_length(call, input->shape[axis], i) * inner;
        for (size_t o = 0; o < outer && part && call->outputs[i]; o++)
            memcpy((uint8_t *)call->outputs[i]->data + o * part, from + o * row, part);
        from += part;
    }
}

/* ---- Expand and Tile ---- */

static leat_status shape_expand(const leat_call *call, size_t *scratch, leat_error *error)
{
    leat_array wanted = {.dtype = call->inputs[0]->dtype};
    leat_known known;
    leat_status status = leat_known_read(call, 1, &known, error);
    (void)scratch;
    if (!status)
        status = leat_array_reshape(&wanted, known.n, known.values, error);
    return status
               ? status
               : leat_array_broadcast(call->outputs[0], call->inputs[0], &wanted, error);
}

static void run_expand(const leat_call *call)
{
    leat_broadcast_copy(call->inputs[0], call->outputs[0]);
}

static leat_status shape_tile(const leat_call *call, size_t *scratch, leat_error *error)
{
    const leat_array *input = call->inputs[0];
    leat_known repeats;
    leat_status status = leat_known_read(call, 1, &repeats, error);
    (void)scratch;
    if (status)
        return status;
    if (repeats.n != input->rank)
        return leat_error_set(error, LEAT_E_MODEL, "%u repeats of %u axes", repeats.n,
                              input->rank);
    for (uint32_t axis = 0; axis < input->rank; axis++) {
        if (repeats.values[axis] < 0 || repeats.values[axis] > INT32_MAX)
            return leat_error_set(error, LEAT_E_MODEL, "axis %u is repeated %lld times",
                                  axis, (long long)repeats.values[axis]);
        repeats.values[axis] *= input->shape[axis];
    }
    return leat_array_reshape(call->outputs[0], input->rank, repeats.values, error);
}

static void run_tile(const leat_call *call)
{
    const leat_array *input = call->inputs[0], *output = call->outputs[0];
    leat_walk walk;
    leat_walk_start(&walk, 1);
    for (uint32_t axis = 0; axis < input->rank; axis++) {
        const size_t length = input->shape[axis];
        leat_walk_add_axis(&walk, length ? output->shape[axis] / length : 0,
                           &(ptrdiff_t){0});
        leat_walk_add_axis(&walk, length, &(ptrdiff_t){leat_stride(input, axis)});
    }
    leat_walk_copy(&walk, input, 0, call->outputs[0]);
}

/* ---- Trilu ---- */

static leat_status load_trilu(leat_node *node)
{
    int64_t *upper = leat_node_new_state(node, sizeof *upper);
    leat_status status = upper ? leat_load_same(node) : LEAT_E_MEMORY;
    if (!status && node->n_inputs > 1 && node->inputs[1])
        status = leat_node_check_dtype(node, 1, 1u << LEAT_I64);
    return status ? status : leat_attribute_int(node, "upper", 1, upper);
}

static leat_status shape_trilu(const leat_call *call, size_t *scratch, leat_error *error)
{
    const leat_array *input = call->inputs[0], *k = leat_call_input(call, 1);
    (void)scratch;
    if (input->rank < 2)
        return leat_error_set(error, LEAT_E_MODEL, "%u axes, expected two or more",
                              input->rank);
    if (k && leat_array_count(k) != 1)
        return leat_error_set(error, LEAT_E_MODEL, "input 1 must be one number");
    leat_array_copy_shape(call->outputs[0], input);
    return LEAT_OK;
}

/* Keeps [from, end) of each row of a matrix. */
static void run_trilu(const leat_call *call)
{
    const leat_array *input = call->inputs[0], *k = leat_call_input(call, 1);
    const bool upper = *(const int64_t *)call->state;
    const int64_t width = input->shape[input->rank - 1];
    const size_t size = leat_dtype_size(input->dtype), n = leat_array_count(input);
    const uint32_t height = input->shape[input->rank - 2];
    const int64_t most = (int64_t)height + width; /* a diagonal further out is no other */
    int64_t shift = k ? leat_integer_at(k, 0) : 0;
    shift = shift > most ? most : shift < -most ? -most : shift;
    memset(call->outputs[0]->data, 0, n * size);
    for (size_t at = 0, row = 0; at < n; at += (size_t)width, row++) {
        int64_t edge = (int64_t)(row % height) + shift + !upper;
        edge = edge < 0 ? 0 : edge > width ? width : edge;
        const int64_t from = upper ? edge : 0, end = upper ? width : edge;
        memcpy((uint8_t *)call->outputs[0]->data + (at + (size_t)from) * size,
               (const uint8_t *)input->data + (at + (size_t)from) * size,
               (size_t)(end - from) * size);
    }
}

const leat_operator leat_moving_operators[] = {
    {"", "Concat", 4, LEAT_NEWEST, 0, 1, LEAT_VARIADIC, 1, load_concat, shape_concat,
     run_concat},
    {"", "Split", 2, SPLIT_INPUT_SINCE - 1, 0, 1, 1, LEAT_VARIADIC, load_split,
     shape_split, run_split},
    {"", "Split", SPLIT_INPUT_SINCE, LEAT_NEWEST, 0, 1, 2, LEAT_VARIADIC, load_split,
     shape_split, run_split},
    {"", "Expand", 8, LEAT_NEWEST, 0, 2, 2, 1, leat_load_same, shape_expand, run_expand},
    {"", "Tile", 6, LEAT_NEWEST, 0, 2, 2, 1, leat_load_same, shape_tile, run_tile},
    {"", "Trilu", 14, LEAT_NEWEST, 0, 1, 2, 1, load_trilu, shape_trilu, run_trilu},
    {0},
};
