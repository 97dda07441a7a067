#include "ops/known.h"
#include "ops/walk.h"

#include <math.h>

/* Operators that fold the elements along some axes into one.
 *
 * The input is passed over once, in the order in which it lies, and each element goes
 * into the accumulator of its place in the output: a double for floats, 64 bits for
 * others. For that a walk is turned around: it goes over the input, and what moves by
 * its strides (0 along axes that are reduced) is the accumulator. */

enum { DATA_DTYPES = LEAT_BOOL + 1, LANES = 8 };

union accumulator {
    double f;
    int64_t i;
};

struct reduction {
    leat_walk_kernel *of[DATA_DTYPES];             /* by dtype; NULL: not defined */
    union accumulator start[DATA_DTYPES];          /* what folding nothing gives */
    double (*finish)(double folded, double count); /* NULL: nothing to do */
    bool of_exponentials; /* the sum of e^(x - m), m being the largest along the axes */
};

struct state {
    const struct reduction *reduction;
    leat_axes axes;
    int64_t keepdims;
    int64_t noop; /* without axes: each element is folded alone, instead of all of them */
};

/* ---- folding ----
 *
 * s is the accumulator, x the element, m the largest one (of e^(x - m) alone). A run into
 * one accumulator goes by lanes, which the processor works on at once. */

#define FOLD(name, type, sum, begin, formula, join)                                      \
    static void name(const void *const *in, const ptrdiff_t *step, void *from, size_t n) \
    {                                                                                    \
        const type *elements = from;                                                     \
        sum *folded = (sum *)in[0], lanes[LANES];                                        \
        const sum *largest = in[1];                                                      \
        const sum m = *largest;                                                          \
        size_t i = 0;                                                                    \
        (void)m;                                                                         \
        if (*step) {                                                                     \
            for (; i < n; i++) {                                                         \
                const sum s = folded[i], x = (sum)elements[i];                           \
                folded[i] = formula(s, x, largest[i]);                                   \
            }                                                                            \
            return;                                                                      \
        }                                                                                \
        for (size_t k = 0; k < LANES; k++)                                               \
            lanes[k] = begin;                                                            \
        for (; i + LANES <= n; i += LANES)                                               \
            for (size_t k = 0; k < LANES; k++)                                           \
                lanes[k] = formula(lanes[k], (sum)elements[i + k], m);                   \
        for (; i < n; i++)                                                               \
            lanes[0] = formula(lanes[0], (sum)elements[i], m);                           \
        for (size_t k = 0; k < LANES; k++)                                               \
            *folded = join(*folded, lanes[k], m);                                        \
    }
#define FOLD_FLOATS(name, begin, formula, join)                                          \
    FOLD(name##_f32, float, double, begin, formula, join)                                \
    FOLD(name##_f64, double, double, begin, formula, join)
#define FOLD_INTEGERS(name, begin, formula, join)                                        \
    FOLD(name##_i64, int64_t, int64_t, begin, formula, join)                             \
    FOLD(name##_i32, int32_t, int64_t, begin, formula, join)

#define ADD(s, x, m)        ((s) + (x))
#define ADD_SIZE(s, x, m)   ((s) + fabs(x))
#define ADD_SQUARE(s, x, m) ((s) + (x) * (x))
#define ADD_EXP(s, x, m)    ((s) + exp((x) - (m)))
#define TIMES(s, x, m)      ((s) * (x))
/* A NaN stays. */
#define LARGER(s, x, m)  ((s) > (x) || (s) != (s) ? (s) : (x))
#define SMALLER(s, x, m) ((s) < (x) || (s) != (s) ? (s) : (x))

/* Integers wrap. */
#define WRAP(s, operation, x) ((int64_t)((uint64_t)(s)operation(uint64_t)(x)))
#define I_ADD(s, x, m)        WRAP(s, +, x)
#define I_ADD_SIZE(s, x, m)   ((x) < 0 ? WRAP(s, -, x) : WRAP(s, +, x))
#define I_ADD_SQUARE(s, x, m) WRAP(s, +, WRAP(x, *, x))
#define I_TIMES(s, x, m)      WRAP(s, *, x)

FOLD_FLOATS(add, 0, ADD, ADD)
FOLD_FLOATS(add_size, 0, ADD_SIZE, ADD)
FOLD_FLOATS(add_square, 0, ADD_SQUARE, ADD)
FOLD_FLOATS(add_exp, 0, ADD_EXP, ADD)
FOLD_FLOATS(times, 1, TIMES, TIMES)
FOLD_FLOATS(larger, (double)-INFINITY, LARGER, LARGER)
FOLD_FLOATS(smaller, (double)INFINITY, SMALLER, SMALLER)

FOLD_INTEGERS(add, 0, I_ADD, I_ADD)
FOLD_INTEGERS(add_size, 0, I_ADD_SIZE, I_ADD)
FOLD_INTEGERS(add_square, 0, I_ADD_SQUARE, I_ADD)
FOLD_INTEGERS(times, 1, I_TIMES, I_TIMES)
FOLD_INTEGERS(larger, INT64_MIN, LARGER, LARGER)
FOLD_INTEGERS(smaller, INT64_MAX, SMALLER, SMALLER)

FOLD(larger_bool, uint8_t, int64_t, 0, LARGER, LARGER)
FOLD(smaller_bool, uint8_t, int64_t, 1, SMALLER, SMALLER)

/* ---- what is made of it ---- */

static double mean(double folded, double count)
{
    return folded / count;
}

static double root(double folded, double count)
{
    (void)count;
    return sqrt(folded);
}

static double logarithm(double folded, double count)
{
    (void)count;
    return log(folded);
}

#define FLOATS(name)  [LEAT_F32] = name##_f32, [LEAT_F64] = name##_f64
#define NUMBERS(name) FLOATS(name), [LEAT_I64] = name##_i64, [LEAT_I32] = name##_i32

static const struct reduction sum = {.of = {NUMBERS(add)}};
static const struct reduction averages = {.of = {NUMBERS(add)}, .finish = mean};
static const struct reduction sizes = {.of = {NUMBERS(add_size)}};
static const struct reduction lengths = {.of = {FLOATS(add_square)}, .finish = root};
static const struct reduction squares = {.of = {NUMBERS(add_square)}};
static const struct reduction logs = {.of = {FLOATS(add)}, .finish = logarithm};
static const struct reduction exponentials = {
    .of = {FLOATS(add_exp)}, .finish = logarithm, .of_exponentials = true};
static const struct reduction products = {
    .of = {NUMBERS(times)},
    .start = {[LEAT_F32] = {.f = 1},
              [LEAT_F64] = {.f = 1},
              [LEAT_I64] = {.i = 1},
              [LEAT_I32] = {.i = 1}},
};
static const struct reduction largest = {
    .of = {NUMBERS(larger), [LEAT_BOOL] = larger_bool},
    .start = {[LEAT_F32] = {.f = -INFINITY},
              [LEAT_F64] = {.f = -INFINITY},
              [LEAT_I64] = {.i = INT64_MIN},
              [LEAT_I32] = {.i = INT32_MIN},
              [LEAT_BOOL] = {.i = 0}},
};
static const struct reduction smallest = {
    .of = {NUMBERS(smaller), [LEAT_BOOL] = smaller_bool},
    .start = {[LEAT_F32] = {.f = INFINITY},
              [LEAT_F64] = {.f = INFINITY},
              [LEAT_I64] = {.i = INT64_MAX},
              [LEAT_I32] = {.i = INT32_MAX},
              [LEAT_BOOL] = {.i = 1}},
};

static bool is_float(leat_dtype dtype)
{
    return dtype == LEAT_F32 || dtype == LEAT_F64;
}

static leat_status load(leat_node *node, const struct reduction *reduction,
                        uint32_t input_since)
{
    uint32_t dtypes = 0;
    for (uint32_t dtype = 0; dtype < DATA_DTYPES; dtype++)
        dtypes |= reduction->of[dtype] ? 1u << dtype : 0;
    leat_status status = leat_node_check_dtype(node, 0, dtypes);
    struct state *state = status ? NULL : leat_node_new_state(node, sizeof *state);
    if (!state)
        return status ? status : LEAT_E_MEMORY;
    state->reduction = reduction;
    status = leat_axes_load(node, input_since, &state->axes);
    if (!status)
        status = leat_attribute_int(node, "keepdims", 1, &state->keepdims);
    if (!status && node->version >= input_since)
        status = leat_attribute_int(node, "noop_with_empty_axes", 0, &state->noop);
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

/* The axes that are reduced, as bits. */
static leat_status find_reduced(const leat_call *call, uint32_t *set, leat_error *error)
{
    const struct state *state = call->state;
    const uint32_t rank = call->inputs[0]->rank;
    leat_status status = leat_axes_find(&state->axes, call, rank, set, error);
    if (!status && !*set && !state->noop)
        *set = (1u << rank) - 1;
    return status;
}

static leat_status shape(const leat_call *call, size_t *scratch, leat_error *error)
{
    const struct state *state = call->state;
    const leat_array *input = call->inputs[0];
    leat_array *output = call->outputs[0];
    uint32_t set;
    leat_status status = find_reduced(call, &set, error);
    if (status)
        return status;
    output->rank = 0;
    for (uint32_t axis = 0; axis < input->rank; axis++)
        if (!(set >> axis & 1))
            output->shape[output->rank++] = input->shape[axis];
        else if (state->keepdims)
            output->shape[output->rank++] = 1;
    *scratch = leat_array_count(output) * sizeof(union accumulator) * 2;
    return LEAT_OK;
}

/* Folds all elements; largest: as many as accumulators. */
static void fold(const leat_call *call, uint32_t set, union accumulator *folded,
                 const union accumulator *most, leat_walk_kernel *kernel)
{
    const leat_array *input = call->inputs[0];
    const size_t size[] = {sizeof *folded, sizeof *most};
    ptrdiff_t stride[LEAT_ARRAY_RANK], next = 1;
    leat_walk walk;
    for (uint32_t axis = input->rank; axis-- > 0;) {
        stride[axis] = set >> axis & 1 ? 0 : next;
        next *= set >> axis & 1 ? 1 : (ptrdiff_t)input->shape[axis];
    }
    leat_walk_start(&walk, 2);
    for (uint32_t axis = 0; axis < input->rank; axis++)
        leat_walk_add_axis(&walk, input->shape[axis],
                           (ptrdiff_t[]){stride[axis], stride[axis]});
    leat_walk_run(&walk, (const void *[]){folded, most}, size, input->data,
                  leat_dtype_size(input->dtype), kernel);
}

/* The largest along the axes, as the shift that keeps exponentials in range: an infinite
 * one would make NaN of its own elements. */
static void find_shifts(const leat_call *call, uint32_t set, union accumulator *most,
                        size_t n)
{
    for (size_t i = 0; i < n; i++)
        most[i] = largest.start[LEAT_F64];
    fold(call, set, most, most, largest.of[call->inputs[0]->dtype]);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(most[i].f))
            most[i].f = 0;
}

static void write_floats(const struct reduction *reduction, double count,
                         const union accumulator *folded, const union accumulator *most,
                         leat_array *output)
{
    const size_t n = leat_array_count(output);
    for (size_t i = 0; i < n; i++) {
        double x = folded[i].f;
        if (reduction->finish)
            x = reduction->finish(x, count);
        if (reduction->of_exponentials)
            x += most[i].f;
        if (output->dtype == LEAT_F32)
            ((float *)output->data)[i] = (float)x;
        else
            ((double *)output->data)[i] = x;
    }
}

static void write_integers(const struct reduction *reduction, int64_t count,
                           const union accumulator *folded, leat_array *output)
{
    const size_t n = leat_array_count(output);
    for (size_t i = 0; i < n; i++) {
        int64_t x = folded[i].i;
        if (reduction->finish) /* of integers, only a mean has one */
            x = count ? x / count : 0;
        if (output->dtype == LEAT_I64)
            ((int64_t *)output->data)[i] = x;
        else if (output->dtype == LEAT_I32)
            ((int32_t *)output->data)[i] = (int32_t)x;
        else
            ((uint8_t *)output->data)[i] = (uint8_t)x;
    }
}

static void run(const leat_call *call)
{
    const struct state *state = call->state;
    const struct reduction *reduction = state->reduction;
    const leat_array *input = call->inputs[0];
    leat_array *output = call->outputs[0];
    const size_t n = leat_array_count(output);
    union accumulator *folded = call->scratch, *most = folded + n;
    uint32_t set;
    if (!n || find_reduced(call, &set, NULL))
        return;
    for (size_t i = 0; i < n; i++)
        folded[i] = reduction->start[input->dtype];
    if (reduction->of_exponentials)
        find_shifts(call, set, most, n);
    fold(call, set, folded, most, reduction->of[input->dtype]);
    const size_t count = leat_array_count(input) / n;
    if (is_float(input->dtype))
        write_floats(reduction, (double)count, folded, most, output);
    else
        write_integers(reduction, (int64_t)count, folded, output);
}

enum { SUM_INPUT_SINCE = 13, INPUT_SINCE = 18 };

#define LOAD(name, input_since)                                                          \
    static leat_status load_##name(leat_node *node)                                      \
    {                                                                                    \
        return load(node, &name, input_since);                                           \
    }

LOAD(sum, SUM_INPUT_SINCE)
LOAD(averages, INPUT_SINCE)
LOAD(sizes, INPUT_SINCE)
LOAD(lengths, INPUT_SINCE)
LOAD(squares, INPUT_SINCE)
LOAD(logs, INPUT_SINCE)
LOAD(exponentials, INPUT_SINCE)
LOAD(products, INPUT_SINCE)
LOAD(largest, INPUT_SINCE)
LOAD(smallest, INPUT_SINCE)

#define ROWS(name, input_since, load_function)                                           \
    {"", name, 1, input_since - 1, 0, 1, 1, 1, load_function, shape, run},               \
    {                                                                                    \
        "", name, input_since, LEAT_NEWEST, 0, 1, 2, 1, load_function, shape, run        \
    }

const leat_operator leat_reduce_operators[] = {
    ROWS("ReduceSum", SUM_INPUT_SINCE, load_sum),
    ROWS("ReduceMean", INPUT_SINCE, load_averages),
    ROWS("ReduceL1", INPUT_SINCE, load_sizes),
    ROWS("ReduceL2", INPUT_SINCE, load_lengths),
    ROWS("ReduceSumSquare", INPUT_SINCE, load_squares),
    ROWS("ReduceLogSum", INPUT_SINCE, load_logs),
    ROWS("ReduceLogSumExp", INPUT_SINCE, load_exponentials),
    ROWS("ReduceProd", INPUT_SINCE, load_products),
    ROWS("ReduceMax", INPUT_SINCE, load_largest),
    ROWS("ReduceMin", INPUT_SINCE, load_smallest),
    {0},
};
