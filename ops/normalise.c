#include "ops/line.h"
#include "ops/operator.h"

#include <math.h>
#include <string.h>

/* Operators that centre lines of neighbouring elements, divide them by their spread, and
 * scale and move them by weights. What differs is only where the lines lie, what is
 * measured of them and which weights belong to which element. */

enum { FLOATS = 1u << LEAT_F32 | 1u << LEAT_F64 };

typedef struct normalise {
    double epsilon;
    int64_t axis;         /* LayerNormalization, RMSNormalization */
    int64_t groups;       /* GroupNormalization */
    bool by_channel;      /* GroupNormalization: weights [C], not [groups] */
    const double *folded; /* BatchNormalization of constants: [C] scales, [C] biases */
} normalise;

/* A line is `segments` times `inner` elements, a segment has a weight, and `period` lines
 * have weights of their own before they begin again with the first. */
typedef struct layout {
    size_t lines, segments, inner, period;
} layout;

/* What is measured of a line before it is stretched. */
typedef enum measured {
    NOTHING,
    MEAN_AND_SPREAD,
    SIZE, /* the spread around 0 */
} measured;

typedef struct moments_of_line {
    double mean, inverse; /* 1 / sqrt(variance + epsilon) */
} moments_of_line;

/* ---- lines ---- */

static size_t length(const layout *at)
{
    return at->segments * at->inner;
}

LEAT_LINE_INLINE moments_of_line take_moments(const double *line, size_t n, measured what,
                                              double epsilon)
{
    if (what == NOTHING)
        return (moments_of_line){0, 1};
    const double mean = what == SIZE ? 0 : leat_line_sum(line, n) / (double)n;
    const double variance = leat_line_squares(line, n, mean) / (double)n;
    return (moments_of_line){mean, 1 / sqrt(variance + epsilon)};
}

/* y = (x - mean) * inverse * scale + bias */
LEAT_LINE_INLINE void stretch(double *restrict line, const layout *at,
                              moments_of_line found, const double *restrict scale,
                              const double *restrict bias)
{
    if (at->inner == 1) {
        for (size_t s = 0; s < at->segments; s++)
            line[s] = (line[s] - found.mean) * (found.inverse * scale[s]) + bias[s];
        return;
    }
    for (size_t s = 0; s < at->segments; s++)
        for (size_t i = 0; i < at->inner; i++, line++)
            *line = (*line - found.mean) * (found.inverse * scale[s]) + bias[s];
}

static void store_moments(const leat_call *call, size_t line, moments_of_line found)
{
    leat_array *mean = leat_call_output(call, 1), *inverse = leat_call_output(call, 2);
    if (mean)
        leat_line_store(mean, line, 1, 1, &found.mean);
    if (inverse)
        leat_line_store(inverse, line, 1, 1, &found.inverse);
}

/* scale and bias are [period][segments]; `line` is memory for one. */
LEAT_LINE_INLINE void loop(const leat_call *call, const layout *at, measured what,
                           const double *scale, const double *bias, double *line)
{
    const normalise *state = call->state;
    const size_t n = length(at);
    for (size_t i = 0; i < at->lines; i++) {
        const size_t turn = i % at->period * at->segments;
        leat_line_load(line, call->inputs[0], i * n, 1, n);
        const moments_of_line found = take_moments(line, n, what, state->epsilon);
        stretch(line, at, found, scale + turn, bias + turn);
        leat_line_store(call->outputs[0], i * n, 1, n, line);
        store_moments(call, i, found);
    }
}

LEAT_LINE_BY_LEVEL(loop,
                   (const leat_call *call, const layout *at, measured what,
                    const double *scale, const double *bias, double *line),
                   (call, at, what, scale, bias, line));

/* A shape may have more lines than there is time for, when there is nothing in them. */
static void run_lines(const leat_call *call, const layout *at, measured what,
                      const double *scale, const double *bias, double *line)
{
    if (leat_array_count(call->inputs[0]) || leat_call_output(call, 1) ||
        leat_call_output(call, 2))
        loop_by_level[leat_simd_level()](call, at, what, scale, bias, line);
}

/* Loads the weights, inputs 1 and 2, and runs. Scratch: scales, biases and a line. */
static void run_weighted(const leat_call *call, const layout *at, measured what)
{
    const size_t n = at->period * at->segments;
    double *scale = call->scratch, *bias = scale + n; /* [n] */
    leat_line_load(scale, call->inputs[1], 0, 1, n);
    if (leat_call_input(call, 2))
        leat_line_load(bias, call->inputs[2], 0, 1, n);
    else
        memset(bias, 0, n * sizeof *bias);
    run_lines(call, at, what, scale, bias, bias + n);
}

static size_t scratch_of(const layout *at)
{
    return (2 * at->period * at->segments + length(at)) * sizeof(double);
}

/* Weights, input i, must have as many elements as the layout has turns. */
static leat_status check_weights(const leat_call *call, uint32_t i, const layout *at,
                                 leat_error *error)
{
    const leat_array *found = leat_call_input(call, i);
    char text[LEAT_ARRAY_TEXT], x[LEAT_ARRAY_TEXT];
    if (!found || leat_array_count(found) == at->period * at->segments)
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_UNSUPPORTED,
                          "input %u: found %s, expected %zu elements for an input of %s",
                          i, leat_array_describe(found, text), at->period * at->segments,
                          leat_array_describe(call->inputs[0], x));
}

/* ---- load ---- */

static leat_status load(leat_node *node, uint32_t n_required, normalise **state)
{
    leat_status status = leat_node_check_dtype(node, 0, FLOATS);
    for (uint32_t i = 1; !status && i < node->n_inputs; i++)
        if (i < n_required || node->inputs[i])
            status = leat_node_check_dtype(node, i, FLOATS);
    if (status)
        return status;
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    *state = leat_node_new_state(node, sizeof **state);
    return *state ? LEAT_OK : LEAT_E_MEMORY;
}

static leat_status load_epsilon(leat_node *node, uint32_t n_required, normalise **state)
{
    float epsilon;
    leat_status status = load(node, n_required, state);
    if (!status)
        status = leat_attribute_float(node, "epsilon", 1e-5f, &epsilon);
    if (!status)
        (*state)->epsilon = (double)epsilon;
    return status;
}

/* An attribute that may have only the one value. */
static leat_status expect(leat_node *node, const char *name, int64_t only)
{
    int64_t value;
    leat_status status = leat_attribute_int(node, name, only, &value);
    if (!status && value != only)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "attribute %s: %lld is not supported", name,
                              (long long)value);
    return status;
}

/* ---- BatchNormalization ---- */

/* [N][C][...]; one axis alone is C = 1. */
static size_t channels(const leat_array *x)
{
    return x->rank > 1 ? x->shape[1] : 1;
}

static size_t behind_channels(const leat_array *x)
{
    return x->rank > 2 ? leat_array_span(x, 2, x->rank) : 1;
}

static layout layout_of_batch(const leat_call *call)
{
    const leat_array *x = call->inputs[0];
    return (layout){x->shape[0], channels(x), behind_channels(x), 1};
}

/* What is left of four weights: (x - mean) / sqrt(variance + epsilon) * scale + bias.
 * `into` is [4][C]; its first half is what counts. */
static void fold(double *into, const leat_array *const *inputs, size_t n, double epsilon)
{
    double *scale = into, *bias = into + n, *mean = into + 2 * n,
           *variance = into + 3 * n;
    for (uint32_t i = 0; i < 4; i++)
        leat_line_load(into + i * n, inputs[i + 1], 0, 1, n);
    for (size_t c = 0; c < n; c++) {
        scale[c] /= sqrt(variance[c] + epsilon);
        bias[c] -= mean[c] * scale[c];
    }
}

static leat_status fold_constants(leat_node *node, normalise *state)
{
    const size_t n = leat_array_count(node->inputs[1]);
    for (uint32_t i = 1; i < 5; i++) {
        if (!node->inputs[i]->data)
            return LEAT_OK;
        if (leat_array_count(node->inputs[i]) != n)
            return leat_error_set(node->error, LEAT_E_MODEL,
                                  "input %u has %zu elements, input 1 has %zu", i,
                                  leat_array_count(node->inputs[i]), n);
    }
    double *folded = leat_arena_calloc(node->arena, 4 * n + 1, sizeof *folded);
    if (!folded)
        return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    fold(folded, node->inputs, n, state->epsilon);
    state->folded = folded;
    return LEAT_OK;
}

/* Training is what nobody does here: its outputs are not made. */
static leat_status refuse_training(leat_node *node)
{
    float momentum; /* of the training */
    leat_status status = leat_attribute_float(node, "momentum", 0.9f, &momentum);
    if (!status)
        status = expect(node, "training_mode", 0);
    if (!status)
        status = expect(node, "spatial", 1);
    for (uint32_t i = 1; !status && i < node->n_outputs; i++)
        if (node->outputs[i])
            return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                                  "output %u belongs to training, which is not supported",
                                  i);
    return status;
}

static leat_status load_batch(leat_node *node)
{
    normalise *state;
    leat_status status = load_epsilon(node, 5, &state);
    if (!status)
        status = refuse_training(node);
    return status ? status : fold_constants(node, state);
}

static leat_status shape_batch(const leat_call *call, size_t *scratch, leat_error *error)
{
    const leat_array *x = call->inputs[0];
    leat_array_copy_shape(call->outputs[0], x);
    if (!x->rank)
        return leat_error_set(error, LEAT_E_MODEL, "input 0 has no axes");
    const layout at = layout_of_batch(call);
    *scratch = (4 * at.segments + length(&at)) * sizeof(double);
    leat_status status = LEAT_OK;
    for (uint32_t i = 1; !status && i < 5; i++)
        status = check_weights(call, i, &at, error);
    return status;
}

static void run_batch(const leat_call *call)
{
    const normalise *state = call->state;
    const layout at = layout_of_batch(call);
    const double *folded = state->folded;
    double *scratch = call->scratch;
    if (!folded) {
        fold(scratch, call->inputs, at.segments, state->epsilon);
        folded = scratch;
    }
    run_lines(call, &at, NOTHING, folded, folded + at.segments,
              scratch + 4 * at.segments);
}

/* ---- InstanceNormalization, GroupNormalization ---- */

static leat_status load_instance(leat_node *node)
{
    normalise *state;
    return load_epsilon(node, 3, &state);
}

static layout layout_of_instance(const leat_call *call)
{
    const leat_array *x = call->inputs[0];
    const size_t n = channels(x);
    return (layout){x->shape[0] * n, 1, behind_channels(x), n};
}

static leat_status shape_by_channel(const leat_call *call, const layout *at,
                                    size_t *scratch, leat_error *error)
{
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    *scratch = scratch_of(at);
    leat_status status = check_weights(call, 1, at, error);
    return status ? status : check_weights(call, 2, at, error);
}

static leat_status check_rank(const leat_call *call, uint32_t least, leat_error *error)
{
    char text[LEAT_ARRAY_TEXT];
    return call->inputs[0]->rank >= least
               ? LEAT_OK
               : leat_error_set(error, LEAT_E_MODEL,
                                "input 0: found %s, expected %u axes or more",
                                leat_array_describe(call->inputs[0], text), least);
}

static leat_status shape_instance(const leat_call *call, size_t *scratch,
                                  leat_error *error)
{
    leat_status status = check_rank(call, 2, error);
    if (status)
        return status;
    const layout at = layout_of_instance(call);
    return shape_by_channel(call, &at, scratch, error);
}

static void run_instance(const leat_call *call)
{
    const layout at = layout_of_instance(call);
    run_weighted(call, &at, MEAN_AND_SPREAD);
}

/* Since version 21 the weights belong to channels, before to groups. */
static leat_status load_group(leat_node *node)
{
    normalise *state;
    leat_status status = load_epsilon(node, 3, &state);
    if (!status)
        status = leat_attribute_int(node, "num_groups", 0, &state->groups);
    if (!status)
        status = expect(node, "stash_type", 1);
    if (!status)
        state->by_channel = node->version >= 21;
    return status;
}

static layout layout_of_group(const leat_call *call)
{
    const normalise *state = call->state;
    const leat_array *x = call->inputs[0];
    const size_t groups = (size_t)state->groups, inner = behind_channels(x);
    const size_t each = channels(x) / groups;
    layout at = {x->shape[0] * groups, 1, each * inner, groups};
    if (state->by_channel)
        at.segments = each, at.inner = inner;
    return at;
}

static leat_status shape_group(const leat_call *call, size_t *scratch, leat_error *error)
{
    const normalise *state = call->state;
    leat_status status = check_rank(call, 2, error);
    if (status)
        return status;
    if (state->groups < 1 || (uint64_t)state->groups > channels(call->inputs[0]) ||
        channels(call->inputs[0]) % (uint64_t)state->groups)
        return leat_error_set(error, LEAT_E_MODEL, "%lld groups of %zu channels",
                              (long long)state->groups, channels(call->inputs[0]));
    const layout at = layout_of_group(call);
    return shape_by_channel(call, &at, scratch, error);
}

static void run_group(const leat_call *call)
{
    const layout at = layout_of_group(call);
    run_weighted(call, &at, MEAN_AND_SPREAD);
}

/* ---- LayerNormalization, RMSNormalization ---- */

/* The statistics are f32 whatever the input is: that is their stash_type. */
static leat_status load_layer(leat_node *node)
{
    normalise *state;
    leat_status status = load_epsilon(node, 2, &state);
    if (!status)
        status = leat_attribute_int(node, "axis", -1, &state->axis);
    if (!status)
        status = expect(node, "stash_type", 1);
    leat_node_set_dtype(node, 1, LEAT_F32);
    leat_node_set_dtype(node, 2, LEAT_F32);
    return status;
}

static uint32_t first_axis(const leat_call *call)
{
    const normalise *state = call->state;
    return (uint32_t)(state->axis < 0 ? state->axis + (int64_t)call->inputs[0]->rank
                                      : state->axis);
}

static layout layout_of_layer(const leat_call *call)
{
    const leat_lines lines =
        leat_lines_along(call->inputs[0], first_axis(call), call->inputs[0]->rank);
    return (layout){lines.outer, lines.n, 1, 1};
}

static leat_status shape_layer(const leat_call *call, size_t *scratch, leat_error *error)
{
    const normalise *state = call->state;
    const leat_array *x = call->inputs[0];
    uint32_t axis;
    leat_status status = leat_axis(state->axis, x->rank, &axis, error);
    if (status)
        return status;
    const layout at = layout_of_layer(call);
    for (uint32_t i = 1; i < 3; i++) {
        leat_array *found = leat_call_output(call, i);
        if (!found)
            continue;
        leat_array_copy_shape(found, x);
        for (uint32_t k = axis; k < x->rank; k++)
            found->shape[k] = 1;
    }
    return shape_by_channel(call, &at, scratch, error);
}

static void run_layer(const leat_call *call)
{
    const layout at = layout_of_layer(call);
    run_weighted(call, &at, MEAN_AND_SPREAD);
}

static void run_rms(const leat_call *call)
{
    const layout at = layout_of_layer(call);
    run_weighted(call, &at, SIZE);
}

const leat_operator leat_normalise_operators[] = {
    {"", "BatchNormalization", 7, LEAT_NEWEST, LEAT_OP_IN_PLACE, 5, 5, 5, load_batch,
     shape_batch, run_batch},
    {"", "InstanceNormalization", 6, LEAT_NEWEST, LEAT_OP_IN_PLACE, 3, 3, 1,
     load_instance, shape_instance, run_instance},
    {"", "GroupNormalization", 18, LEAT_NEWEST, LEAT_OP_IN_PLACE, 3, 3, 1, load_group,
     shape_group, run_group},
    {"", "LayerNormalization", 17, LEAT_NEWEST, LEAT_OP_IN_PLACE, 2, 3, 3, load_layer,
     shape_layer, run_layer},
    {"", "RMSNormalization", 23, LEAT_NEWEST, LEAT_OP_IN_PLACE, 2, 2, 1, load_layer,
     shape_layer, run_rms},
    {0},
};
