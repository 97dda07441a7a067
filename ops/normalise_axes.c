#include "ops/line.h"
#include "ops/operator.h"

#include <math.h>
#include <string.h>

/* Operators that divide by the size of what lies along some axes, without weights. */

enum { FLOATS = 1u << LEAT_F32 | 1u << LEAT_F64 };

static leat_status load_floats(leat_node *node)
{
    leat_status status = leat_node_check_dtype(node, 0, FLOATS);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

/* ---- LpNormalization ---- */

typedef struct lp {
    int64_t axis;
    int64_t p; /* 1 or 2 */
} lp;

static leat_status load_lp(leat_node *node)
{
    lp *state = leat_node_new_state(node, sizeof *state);
    if (!state)
        return LEAT_E_MEMORY;
    leat_status status = load_floats(node);
    if (!status)
        status = leat_attribute_int(node, "axis", -1, &state->axis);
    if (!status)
        status = leat_attribute_int(node, "p", 2, &state->p);
    if (!status && state->p != 1 && state->p != 2)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute p: found %lld, expected 1 or 2",
                              (long long)state->p);
    return status;
}

static leat_lines lp_lines(const leat_call *call)
{
    const lp *state = call->state;
    const leat_array *x = call->inputs[0];
    const uint32_t axis =
        (uint32_t)(state->axis < 0 ? state->axis + (int64_t)x->rank : state->axis);
    return leat_lines_along(x, axis, axis + 1);
}

static leat_status shape_lp(const leat_call *call, size_t *scratch, leat_error *error)
{
    const lp *state = call->state;
    uint32_t axis;
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    leat_status status = leat_axis(state->axis, call->inputs[0]->rank, &axis, error);
    if (!status)
        *scratch = lp_lines(call).n * sizeof(double);
    return status;
}

/* A line of zeros stays one, as in the reference implementation. */
static void divide_by_norm(double *line, size_t n, int64_t p)
{
    const double norm =
        p == 1 ? leat_line_magnitude(line, n) : sqrt(leat_line_squares(line, n, 0));
    for (size_t i = 0; norm != 0 && i < n; i++)
        line[i] /= norm;
}

static void run_lp(const leat_call *call)
{
    const lp *state = call->state;
    const leat_lines lines = lp_lines(call);
    double *line = call->scratch; /* [n] */
    for (size_t outer = 0; lines.n && outer < lines.outer; outer++) {
        for (size_t inner = 0; inner < lines.inner; inner++) {
            const size_t at = outer * lines.n * lines.inner + inner;
            leat_line_load(line, call->inputs[0], at, lines.inner, lines.n);
            divide_by_norm(line, lines.n, state->p);
            leat_line_store(call->outputs[0], at, lines.inner, lines.n, line);
        }
    }
}

/* ---- MeanVarianceNormalization ---- */

typedef struct mean_variance {
    const int64_t *axes;
    size_t n_axes;
} mean_variance;

static leat_status load_mean_variance(leat_node *node)
{
    static const int64_t absent[] = {0, 2, 3};
    mean_variance *state = leat_node_new_state(node, sizeof *state);
    if (!state)
        return LEAT_E_MEMORY;
    leat_status status = load_floats(node);
    if (!status)
        status = leat_attribute_ints(node, "axes", &state->axes, &state->n_axes);
    if (!status && !state->axes)
        state->axes = absent, state->n_axes = 3;
    return status;
}

/* A mask of the axes, which shape() found good. */
static leat_status mask_of(const leat_call *call, uint32_t *mask, leat_error *error)
{
    const mean_variance *state = call->state;
    *mask = 0;
    for (size_t i = 0; i < state->n_axes; i++) {
        uint32_t axis;
        leat_status status =
            leat_axis(state->axes[i], call->inputs[0]->rank, &axis, error);
        if (status)
            return status;
        *mask |= 1u << axis;
    }
    return LEAT_OK;
}

/* What shares a mean is a cell: elements whose indexes on the other axes are equal. */
static size_t cell_of(const leat_array *x, uint32_t mask, size_t element)
{
    size_t cell = 0, step = 1;
    for (uint32_t axis = x->rank; axis-- > 0;) {
        const size_t index = element % x->shape[axis];
        element /= x->shape[axis];
        if (mask >> axis & 1)
            continue;
        cell += index * step;
        step *= x->shape[axis];
    }
    return cell;
}

static size_t count_cells(const leat_array *x, uint32_t mask)
{
    size_t n = leat_array_count(x) ? 1 : 0;
    for (uint32_t axis = 0; axis < x->rank; axis++)
        n *= mask >> axis & 1 ? 1 : x->shape[axis];
    return n;
}

static leat_status shape_mean_variance(const leat_call *call, size_t *scratch,
                                       leat_error *error)
{
    uint32_t mask;
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    leat_status status = mask_of(call, &mask, error);
    if (!status)
        *scratch = 2 * count_cells(call->inputs[0], mask) * sizeof(double);
    return status;
}

static double element(const leat_array *x, size_t i)
{
    double value;
    leat_line_load(&value, x, i, 1, 1);
    return value;
}

static void run_mean_variance(const leat_call *call)
{
    const leat_array *x = call->inputs[0];
    leat_error ignored;
    uint32_t mask;
    if (mask_of(call, &mask, &ignored))
        return;
    const size_t n = leat_array_count(x), n_cells = count_cells(x, mask);
    const double each = n_cells ? (double)(n / n_cells) : 0; /* elements of a cell */
    double *mean = call->scratch, *spread = mean + n_cells;  /* [n_cells] */
    memset(mean, 0, 2 * n_cells * sizeof *mean);
    for (size_t i = 0; i < n; i++)
        mean[cell_of(x, mask, i)] += element(x, i) / each;
    for (size_t i = 0; i < n; i++) {
        const size_t cell = cell_of(x, mask, i);
        const double centred = element(x, i) - mean[cell];
        spread[cell] += centred * centred / each;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t cell = cell_of(x, mask, i);
        const double y = (element(x, i) - mean[cell]) / (sqrt(spread[cell]) + 1e-9);
        leat_line_store(call->outputs[0], i, 1, 1, &y);
    }
}

const leat_operator leat_normalise_axes_operators[] = {
    {"", "LpNormalization", 1, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load_lp, shape_lp,
     run_lp},
    {"", "MeanVarianceNormalization", 9, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1,
     load_mean_variance, shape_mean_variance, run_mean_variance},
    {0},
};
