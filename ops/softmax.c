#include "ops/softmax.h"

#include "ops/line.h"
#include "ops/operator.h"
#include "ops/vector_math.h"

#include <math.h>

/* Softmax, LogSoftmax and Hardmax: each line of the input becomes a line of the output.
 *
 * Before opset 13 the array is flattened to two axes at `axis`, and a line is what lies
 * behind it; since then a line runs along that one axis. */

typedef struct softmax {
    int64_t axis;
    bool flat;
} softmax;

static leat_status load(leat_node *node)
{
    softmax *state = leat_node_new_state(node, sizeof *state);
    if (!state)
        return LEAT_E_MEMORY;
    state->flat = node->version < 13;
    leat_status status = leat_node_check_dtype(node, 0, 1u << LEAT_F32 | 1u << LEAT_F64);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    if (!status)
        status = leat_attribute_int(node, "axis", state->flat ? 1 : -1, &state->axis);
    return status;
}

/* The axis was found good by shape(). */
static leat_lines lines_of(const leat_call *call)
{
    const softmax *state = call->state;
    const leat_array *x = call->inputs[0];
    const uint32_t axis =
        (uint32_t)(state->axis < 0 ? state->axis + (int64_t)x->rank : state->axis);
    return leat_lines_along(x, axis, state->flat ? x->rank : axis + 1);
}

static leat_status shape(const leat_call *call, size_t *scratch, leat_error *error)
{
    const softmax *state = call->state;
    uint32_t axis;
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    leat_status status = leat_axis(state->axis, call->inputs[0]->rank, &axis, error);
    if (!status)
        *scratch = lines_of(call).n * sizeof(double);
    return status;
}

/* A NaN is not greater than anything, so it is never the maximum. */
static double greatest(const double *line, size_t n)
{
    double most = -INFINITY;
    for (size_t i = 0; i < n; i++)
        most = line[i] > most ? line[i] : most;
    return most;
}

/* Where everything is -Inf, or anything is +Inf, the difference is NaN. */
static void softmax_line(double *line, size_t n)
{
    const double most = greatest(line, n);
    for (size_t i = 0; i < n; i++)
        line[i] = exp(line[i] - most);
    const double sum = leat_line_sum(line, n);
    for (size_t i = 0; i < n; i++)
        line[i] /= sum;
}

static void log_softmax_line(double *line, size_t n)
{
    const double most = greatest(line, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp(line[i] - most);
    const double log_sum = log(sum);
    for (size_t i = 0; i < n; i++)
        line[i] = line[i] - most - log_sum;
}

static void hardmax_line(double *line, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = line[i] > line[best] ? i : best;
    for (size_t i = 0; i < n; i++)
        line[i] = i == best;
}

static void run_lines(const leat_call *call, void (*change)(double *line, size_t n))
{
    const leat_lines lines = lines_of(call);
    double *line = call->scratch; /* [n] */
    for (size_t outer = 0; lines.n && outer < lines.outer; outer++) {
        for (size_t inner = 0; inner < lines.inner; inner++) {
            const size_t at = outer * lines.n * lines.inner + inner;
            leat_line_load(line, call->inputs[0], at, lines.inner, lines.n);
            change(line, lines.n);
            leat_line_store(call->outputs[0], at, lines.inner, lines.n, line);
        }
    }
}

/* What is masked is far below the maximum. Its exponential would be a subnormal number,
 * if that: nothing beside the 1 of the maximum, and many times slower. It is made 0. */
static const float lowest = -87, nothing = 2e-38f; /* a little more than exp(lowest) */

LEAT_LINE_INLINE void softmax_rows(const float *x, size_t rows, size_t n, float *y)
{
    for (; n && rows; rows--, x += n, y += n) {
        const float most = leat_line_greatest_f32(x, n);
        for (size_t i = 0; i < n; i++) {
            const float below = x[i] - most;
            y[i] = below < lowest ? lowest : below;
        }
        leat_exp_f32(y, n, y);
        const float share = (float)(1 / leat_line_sum_f32(y, n));
        for (size_t i = 0; i < n; i++)
            y[i] = (y[i] < nothing ? 0 : y[i]) * share;
    }
}

LEAT_LINE_BY_LEVEL(softmax_rows, (const float *x, size_t rows, size_t n, float *y),
                   (x, rows, n, y));

void leat_softmax_f32(const float *x, size_t rows, size_t n, float *y)
{
    softmax_rows_by_level[leat_simd_level()](x, rows, n, y);
}

/* f32 along the last axis is the usual case. */
static void run_softmax(const leat_call *call)
{
    const leat_lines lines = lines_of(call);
    if (call->inputs[0]->dtype == LEAT_F32 && lines.inner == 1)
        leat_softmax_f32(call->inputs[0]->data, lines.outer, lines.n,
                         call->outputs[0]->data);
    else
        run_lines(call, softmax_line);
}

static void run_log_softmax(const leat_call *call)
{
    run_lines(call, log_softmax_line);
}

static void run_hardmax(const leat_call *call)
{
    run_lines(call, hardmax_line);
}

const leat_operator leat_softmax_operators[] = {
    {"", "Softmax", 1, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load, shape, run_softmax},
    {"", "LogSoftmax", 1, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load, shape,
     run_log_softmax},
    {"", "Hardmax", 1, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load, shape, run_hardmax},
    {0},
};
