#include "ops/known.h"

#include <stdio.h>
#include <string.h>

/* Operators that say how elements lie, and neither move nor compute any; and those that
 * tell how. */

/* ---- Reshape ---- */

enum { RESHAPE_INPUT_SINCE = 5 };

struct reshape {
    bool is_input; /* input 1 is the shape; else: */
    leat_known attribute;
    int64_t allow_zero; /* 0 is a length of zero, else "as in the input" */
};

static leat_status load_reshape(leat_node *node)
{
    struct reshape *state = leat_node_new_state(node, sizeof *state);
    leat_status status = state ? leat_load_same(node) : LEAT_E_MEMORY;
    if (status)
        return status;
    state->is_input = node->version >= RESHAPE_INPUT_SINCE;
    if (!state->is_input)
        return leat_known_attribute(node, "shape", &state->attribute);
    status = leat_node_check_dtype(node, 1, 1u << LEAT_I64);
    return status ? status : leat_attribute_int(node, "allowzero", 0, &state->allow_zero);
}

static leat_status refuse_reshape(const leat_array *input, const leat_known *wanted,
                                  leat_error *error)
{
    char from[LEAT_ARRAY_TEXT], to[LEAT_ARRAY_TEXT] = "";
    size_t at = 0;
    for (uint32_t i = 0; i < wanted->n && at < sizeof to; i++)
        at += (size_t)snprintf(to + at, sizeof to - at, "%s%lld", i ? "," : "",
                               (long long)wanted->values[i]);
    return leat_error_set(error, LEAT_E_MODEL, "%s cannot have the shape [%s]",
                          leat_array_describe(input, from), to);
}

/* Length `axis` as the input's where it is 0; `wanted` becomes what is meant. */
static bool take_over_zeros(const leat_array *input, leat_known *wanted)
{
    for (uint32_t i = 0; i < wanted->n; i++) {
        if (wanted->values[i])
            continue;
        if (i >= input->rank)
            return false;
        wanted->values[i] = input->shape[i];
    }
    return true;
}

/* The place of the one -1, n where there is none, above n where there are more. */
static uint32_t find_free(const leat_known *wanted)
{
    uint32_t found = wanted->n;
    for (uint32_t i = 0; i < wanted->n; i++)
        if (wanted->values[i] == -1)
            found = found == wanted->n ? i : wanted->n + 1;
    return found;
}

static leat_status shape_reshape(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    const struct reshape *state = call->state;
    const leat_array *input = call->inputs[0];
    leat_array *output = call->outputs[0];
    const size_t count = leat_array_count(input);
    leat_known asked = state->attribute;
    leat_status status =
        state->is_input ? leat_known_read(call, 1, &asked, error) : LEAT_OK;
    leat_known wanted = asked;
    (void)scratch;
    if (status)
        return status;
    if (!state->allow_zero && !take_over_zeros(input, &wanted))
        return refuse_reshape(input, &asked, error);
    const uint32_t free_axis = find_free(&wanted);
    if (free_axis > wanted.n)
        return refuse_reshape(input, &asked, error);
    if (free_axis < wanted.n)
        wanted.values[free_axis] = 1;
    status = leat_array_reshape(output, wanted.n, wanted.values, error);
    if (!status && free_axis < wanted.n && leat_array_count(output))
        output->shape[free_axis] = (uint32_t)(count / leat_array_count(output));
    return status || leat_array_count(output) == count
               ? status
               : refuse_reshape(input, &asked, error);
}

/* ---- Flatten ---- */

static leat_status load_flatten(leat_node *node)
{
    int64_t *axis = leat_node_new_state(node, sizeof *axis);
    leat_status status = axis ? leat_load_same(node) : LEAT_E_MEMORY;
    return status ? status : leat_attribute_int(node, "axis", 1, axis);
}

static leat_status shape_flatten(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    const leat_array *input = call->inputs[0];
    const int64_t axis = *(const int64_t *)call->state, rank = input->rank;
    (void)scratch;
    if (axis < -rank || axis > rank)
        return leat_error_set(error, LEAT_E_MODEL, "axis %lld of an array with %u axes",
                              (long long)axis, input->rank);
    const uint32_t split = (uint32_t)(axis < 0 ? axis + rank : axis);
    const int64_t shape[] = {(int64_t)leat_array_span(input, 0, split),
                             (int64_t)leat_array_span(input, split, input->rank)};
    return leat_array_reshape(call->outputs[0], 2, shape, error);
}

/* ---- Squeeze and Unsqueeze ---- */

enum { SQUEEZE_INPUT_SINCE = 13 };

static leat_status load_axes(leat_node *node)
{
    leat_axes *axes = leat_node_new_state(node, sizeof *axes);
    leat_status status = axes ? leat_load_same(node) : LEAT_E_MEMORY;
    return status ? status : leat_axes_load(node, SQUEEZE_INPUT_SINCE, axes);
}

static leat_status shape_squeeze(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    const leat_array *input = call->inputs[0];
    leat_array *output = call->outputs[0];
    uint32_t set;
    leat_status status = leat_axes_find(call->state, call, input->rank, &set, error);
    (void)scratch;
    if (status)
        return status;
    output->rank = 0;
    for (uint32_t axis = 0; axis < input->rank; axis++) {
        if (set >> axis & 1 && input->shape[axis] != 1)
            return leat_error_set(error, LEAT_E_MODEL,
                                  "axis %u has the length %u, expected 1", axis,
                                  input->shape[axis]);
        if (set ? !(set >> axis & 1) : input->shape[axis] != 1)
            output->shape[output->rank++] = input->shape[axis];
    }
    return LEAT_OK;
}

static leat_status shape_unsqueeze(const leat_call *call, size_t *scratch,
                                   leat_error *error)
{
    const leat_array *input = call->inputs[0];
    int64_t shape[LEAT_ARRAY_RANK + LEAT_KNOWN_MOST];
    leat_known known;
    uint32_t set = 0;
    leat_status status = leat_axes_read(call->state, call, &known, error);
    (void)scratch;
    if (!status && !known.given)
        status = leat_error_set(error, LEAT_E_MODEL, "axes are missing");
    if (!status)
        status = leat_axes_set(&known, input->rank + known.n, &set, error);
    if (status)
        return status;
    for (uint32_t axis = 0, from = 0; axis < input->rank + known.n; axis++)
        shape[axis] = set >> axis & 1 ? 1 : input->shape[from++];
    return leat_array_reshape(call->outputs[0], input->rank + known.n, shape, error);
}

/* ---- Shape and Size ---- */

struct part {
    int64_t start, end; /* of the axes; negative ones count from the last */
};

static leat_status load_shape(leat_node *node)
{
    struct part *part = leat_node_new_state(node, sizeof *part);
    leat_status status = part ? LEAT_OK : LEAT_E_MEMORY;
    if (!status)
        status = leat_attribute_int(node, "start", 0, &part->start);
    if (!status)
        status = leat_attribute_int(node, "end", INT64_MAX, &part->end);
    leat_node_set_dtype(node, 0, LEAT_I64);
    return status;
}

static uint32_t clamp_axis(int64_t axis, int64_t rank)
{
    if (axis < 0)
        axis += rank;
    return (uint32_t)(axis < 0 ? 0 : axis > rank ? rank : axis);
}

static leat_status shape_shape(const leat_call *call, size_t *scratch, leat_error *error)
{
    const struct part *part = call->state;
    const uint32_t rank = call->inputs[0]->rank;
    const uint32_t start = clamp_axis(part->start, rank);
    const uint32_t end = clamp_axis(part->end, rank);
    (void)scratch;
    return leat_array_reshape(call->outputs[0], 1,
                              (int64_t[]){end > start ? end - start : 0}, error);
}

static void run_shape(const leat_call *call)
{
    const struct part *part = call->state;
    const leat_array *input = call->inputs[0];
    int64_t *to = call->outputs[0]->data;
    const uint32_t end = clamp_axis(part->end, input->rank);
    for (uint32_t axis = clamp_axis(part->start, input->rank); axis < end; axis++)
        *to++ = input->shape[axis];
}

static leat_status load_size(leat_node *node)
{
    leat_node_set_dtype(node, 0, LEAT_I64);
    return LEAT_OK;
}

static leat_status shape_scalar(const leat_call *call, size_t *scratch, leat_error *error)
{
    (void)scratch;
    (void)error;
    call->outputs[0]->rank = 0;
    return LEAT_OK;
}

static void run_size(const leat_call *call)
{
    *(int64_t *)call->outputs[0]->data = (int64_t)leat_array_count(call->inputs[0]);
}

/* ---- Dropout, of which inference keeps everything ---- */

enum { DROPOUT_INPUTS_SINCE = 12, DROPOUT_MASK_SINCE = 10 };

static leat_status load_dropout(leat_node *node)
{
    float ratio;
    int64_t seed;
    leat_status status = leat_load_same(node);
    if (!status && node->version < DROPOUT_INPUTS_SINCE)
        status = leat_attribute_float(node, "ratio", 0.5f, &ratio);
    else if (!status)
        status = leat_attribute_int(node, "seed", 0, &seed);
    if (!status && node->n_outputs > 1 && node->outputs[1] &&
        node->version < DROPOUT_MASK_SINCE)
        status =
            leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                           "a mask before opset %d is not supported", DROPOUT_MASK_SINCE);
    leat_node_set_dtype(node, 1, LEAT_BOOL);
    return status;
}

static leat_status check_not_training(const leat_call *call, leat_error *error)
{
    const leat_array *training = leat_call_input(call, 2);
    if (!training)
        return LEAT_OK;
    if (training->dtype != LEAT_BOOL || leat_array_count(training) != 1)
        return leat_error_set(error, LEAT_E_MODEL, "input 2 must be one bool");
    leat_status status = leat_known_check(call, 2, error);
    if (!status && *(const uint8_t *)training->data)
        status = leat_error_set(error, LEAT_E_UNSUPPORTED, "training is not supported");
    return status;
}

static leat_status shape_dropout(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    (void)scratch;
    for (uint32_t i = 0; i < call->n_outputs; i++)
        if (call->outputs[i])
            leat_array_copy_shape(call->outputs[i], call->inputs[0]);
    return check_not_training(call, error);
}

static void run_dropout(const leat_call *call)
{
    const leat_array *input = call->inputs[0], *output = call->outputs[0];
    leat_array *mask = leat_call_output(call, 1);
    if (output && output->data != input->data)
        memcpy(output->data, input->data, leat_array_bytes(input));
    if (mask)
        memset(mask->data, 1, leat_array_count(mask));
}

#define VIEW(name, since, until, n_inputs, load, shape)                                  \
    {                                                                                    \
        "", name, since, until, LEAT_OP_VIEW, 1, n_inputs, 1, load, shape, NULL          \
    }

const leat_operator leat_shaping_operators[] = {
    VIEW("Identity", 1, LEAT_NEWEST, 1, leat_load_same, leat_shape_same),
    VIEW("Reshape", 1, RESHAPE_INPUT_SINCE - 1, 1, load_reshape, shape_reshape),
    VIEW("Reshape", RESHAPE_INPUT_SINCE, LEAT_NEWEST, 2, load_reshape, shape_reshape),
    VIEW("Flatten", 1, LEAT_NEWEST, 1, load_flatten, shape_flatten),
    VIEW("Squeeze", 1, SQUEEZE_INPUT_SINCE - 1, 1, load_axes, shape_squeeze),
    VIEW("Squeeze", SQUEEZE_INPUT_SINCE, LEAT_NEWEST, 2, load_axes, shape_squeeze),
    VIEW("Unsqueeze", 1, SQUEEZE_INPUT_SINCE - 1, 1, load_axes, shape_unsqueeze),
    VIEW("Unsqueeze", SQUEEZE_INPUT_SINCE, LEAT_NEWEST, 2, load_axes, shape_unsqueeze),
    {"", "Shape", 1, LEAT_NEWEST, LEAT_OP_OF_SHAPE, 1, 1, 1, load_shape, shape_shape,
     run_shape},
    {"", "Size", 1, LEAT_NEWEST, LEAT_OP_OF_SHAPE, 1, 1, 1, load_size, shape_scalar,
     run_size},
    {"", "Dropout", 7, DROPOUT_INPUTS_SINCE - 1, LEAT_OP_IN_PLACE, 1, 1, 2, load_dropout,
     shape_dropout, run_dropout},
    {"", "Dropout", DROPOUT_INPUTS_SINCE, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 3, 2,
     load_dropout, shape_dropout, run_dropout},
    {0},
};
