#include "ops/known.h"

#include <math.h>
#include <string.h>

/* Operators that go along one axis of an array: ArgMax, ArgMin, TopK, CumSum. */

enum {
    NUMBERS = 1u << LEAT_F32 | 1u << LEAT_F64 | 1u << LEAT_I64 | 1u << LEAT_I32,
    DTYPES = LEAT_I32 + 1,
};

/* An array as [outer][n][inner]: lines of n elements that are `inner` apart. */
struct lines {
    size_t outer, n, inner;
};

static struct lines lines_along(const leat_array *array, int64_t axis)
{
    const uint32_t at = (uint32_t)(axis < 0 ? axis + array->rank : axis);
    return (struct lines){leat_array_span(array, 0, at), array->shape[at],
                          leat_array_span(array, at + 1, array->rank)};
}

/* The first element of line i of all. */
static size_t line_start(const struct lines *lines, size_t i)
{
    return i / lines->inner * lines->n * lines->inner + i % lines->inner;
}

/* Does element a of a line come before element b, where the largest come first, or the
 * smallest? NaN is larger than any number. */
typedef bool order(const void *line, size_t a, size_t b);

#define ORDERS(name, type)                                                               \
    static bool larger_##name(const void *line, size_t a, size_t b)                      \
    {                                                                                    \
        const type x = ((const type *)line)[a], y = ((const type *)line)[b];             \
        return x > y || (x != x && y == y);                                              \
    }                                                                                    \
    static bool smaller_##name(const void *line, size_t a, size_t b)                     \
    {                                                                                    \
        return larger_##name(line, b, a);                                                \
    }

ORDERS(f32, float)
ORDERS(f64, double)
ORDERS(i64, int64_t)
ORDERS(i32, int32_t)

static order *const orders[2][DTYPES] = {
    {[LEAT_F32] = smaller_f32, smaller_f64, smaller_i64, smaller_i32},
    {[LEAT_F32] = larger_f32, larger_f64, larger_i64, larger_i32},
};

/* ---- ArgMax and ArgMin ---- */

struct arg {
    order *before;
    int64_t axis, keepdims, last;
};

static leat_status load_arg(leat_node *node, bool largest)
{
    leat_status status = leat_node_check_dtype(node, 0, NUMBERS);
    struct arg *arg = status ? NULL : leat_node_new_state(node, sizeof *arg);
    if (!arg)
        return status ? status : LEAT_E_MEMORY;
    arg->before = orders[largest][node->inputs[0]->dtype];
    status = leat_attribute_int(node, "axis", 0, &arg->axis);
    if (!status)
        status = leat_attribute_int(node, "keepdims", 1, &arg->keepdims);
    if (!status && node->version >= 12)
        status = leat_attribute_int(node, "select_last_index", 0, &arg->last);
    leat_node_set_dtype(node, 0, LEAT_I64);
    return status;
}

static leat_status load_arg_max(leat_node *node)
{
    return load_arg(node, true);
}

static leat_status load_arg_min(leat_node *node)
{
    return load_arg(node, false);
}

static leat_status shape_arg(const leat_call *call, size_t *scratch, leat_error *error)
{
    const struct arg *arg = call->state;
    const leat_array *input = call->inputs[0];
    leat_array *output = call->outputs[0];
    uint32_t axis;
    leat_status status = leat_axis(arg->axis, input->rank, &axis, error);
    (void)scratch;
    if (status)
        return status;
    if (!input->shape[axis])
        return leat_error_set(error, LEAT_E_MODEL, "axis %u is empty", axis);
    output->rank = 0;
    for (uint32_t i = 0; i < input->rank; i++)
        if (i != axis || arg->keepdims)
            output->shape[output->rank++] = i == axis ? 1 : input->shape[i];
    return LEAT_OK;
}

static int64_t find_best(const struct arg *arg, const void *line, size_t n, size_t stride)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        const bool before = arg->before(line, i * stride, best * stride);
        const bool behind = arg->before(line, best * stride, i * stride);
        if (before || (arg->last && !behind))
            best = i;
    }
    return (int64_t)best;
}

static void run_arg(const leat_call *call)
{
    const struct arg *arg = call->state;
    const leat_array *input = call->inputs[0];
    const struct lines lines = lines_along(input, arg->axis);
    const size_t size = leat_dtype_size(input->dtype);
    int64_t *to = call->outputs[0]->data;
    for (size_t i = 0; i < lines.outer * lines.inner; i++)
        to[i] =
            find_best(arg, (const uint8_t *)input->data + line_start(&lines, i) * size,
                      lines.n, lines.inner);
}

/* ---- TopK ---- */

enum { TOP_K_INPUT_SINCE = 10 };

struct top_k {
    order *before;
    bool is_input; /* input 1 is k; else: */
    int64_t k;
    int64_t axis;
};

static leat_status load_top_k(leat_node *node)
{
    int64_t largest = 1, sorted;
    leat_status status = leat_node_check_dtype(node, 0, NUMBERS);
    struct top_k *top = status ? NULL : leat_node_new_state(node, sizeof *top);
    if (!top)
        return status ? status : LEAT_E_MEMORY;
    top->is_input = node->version >= TOP_K_INPUT_SINCE;
    status = leat_attribute_int(node, "axis", -1, &top->axis);
    if (!status && !top->is_input)
        status = leat_attribute_int(node, "k", -1, &top->k);
    if (!status && node->version >= 11)
        status = leat_attribute_int(node, "largest", 1, &largest);
    if (!status && node->version >= 11)
        status = leat_attribute_int(node, "sorted", 1, &sorted); /* they always are */
    top->before = orders[!!largest][node->inputs[0]->dtype];
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    leat_node_set_dtype(node, 1, LEAT_I64);
    return status;
}

static leat_status find_k(const leat_call *call, int64_t *k, leat_error *error)
{
    const struct top_k *top = call->state;
    *k = top->k;
    return top->is_input ? leat_known_one(call, 1, -1, k, error) : LEAT_OK;
}

static leat_status shape_top_k(const leat_call *call, size_t *scratch, leat_error *error)
{
    const struct top_k *top = call->state;
    const leat_array *input = call->inputs[0];
    uint32_t axis;
    int64_t k;
    leat_status status = find_k(call, &k, error);
    if (!status)
        status = leat_axis(top->axis, input->rank, &axis, error);
    if (status)
        return status;
    if (k < 0 || k > input->shape[axis])
        return leat_error_set(error, LEAT_E_MODEL, "the top %lld of %u", (long long)k,
                              input->shape[axis]);
    for (uint32_t i = 0; i < call->n_outputs; i++) {
        if (!call->outputs[i])
            continue;
        leat_array_copy_shape(call->outputs[i], input);
        call->outputs[i]->shape[axis] = (uint32_t)k;
    }
    *scratch = leat_array_count(input) ? (size_t)k * sizeof(size_t) : 0;
    return LEAT_OK;
}

/* A line, and the best of it so far: a heap with the worst of them on top. */
struct heap {
    order *before;
    const void *line;
    size_t stride;
    size_t *elements; /* positions in the line */
    size_t n;
};

/* Of equals the first one is better. */
static bool is_better(const struct heap *heap, size_t a, size_t b)
{
    const size_t x = a * heap->stride, y = b * heap->stride;
    return heap->before(heap->line, x, y) || (a < b && !heap->before(heap->line, y, x));
}

/* Puts an element where it belongs, from place `at` downwards. */
static void sink(const struct heap *heap, size_t at, size_t element)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->n)
            break;
        if (child + 1 < heap->n &&
            is_better(heap, heap->elements[child], heap->elements[child + 1]))
            child++;
        if (!is_better(heap, element, heap->elements[child]))
            break;
        heap->elements[at] = heap->elements[child];
        at = child;
    }
    heap->elements[at] = element;
}

/* heap->elements becomes the best k of n, the best first. */
static void find_top(struct heap *heap, size_t k, size_t n)
{
    heap->n = k;
    for (size_t i = 0; i < k; i++)
        heap->elements[i] = i;
    for (size_t i = k / 2; i-- > 0;)
        sink(heap, i, heap->elements[i]);
    for (size_t i = k; i < n; i++)
        if (is_better(heap, i, heap->elements[0]))
            sink(heap, 0, i);
    while (heap->n > 1) {
        const size_t worst = heap->elements[0];
        heap->n--;
        sink(heap, 0, heap->elements[heap->n]);
        heap->elements[heap->n] = worst;
    }
}

static void run_top_k(const leat_call *call)
{
    const struct top_k *top = call->state;
    const leat_array *input = call->inputs[0];
    const leat_array *values = call->outputs[0], *indexes = leat_call_output(call, 1);
    const struct lines lines = lines_along(input, top->axis);
    const size_t size = leat_dtype_size(input->dtype);
    struct heap heap = {
        .before = top->before, .stride = lines.inner, .elements = call->scratch};
    int64_t k;
    if (find_k(call, &k, NULL) || !k)
        return;
    for (size_t i = 0; i < lines.outer * lines.inner; i++) {
        const uint8_t *line = (const uint8_t *)input->data + line_start(&lines, i) * size;
        const size_t to = i / lines.inner * (size_t)k * lines.inner + i % lines.inner;
        heap.line = line;
        find_top(&heap, (size_t)k, lines.n);
        for (size_t j = 0; j < (size_t)k; j++) {
            const size_t at = to + j * lines.inner;
            if (values)
                memcpy((uint8_t *)values->data + at * size,
                       line + heap.elements[j] * lines.inner * size, size);
            if (indexes)
                ((int64_t *)indexes->data)[at] = (int64_t)heap.elements[j];
        }
    }
}

/* ---- CumSum ---- */

struct cum_sum {
    int64_t exclusive, reverse;
};

static leat_status load_cum_sum(leat_node *node)
{
    leat_status status = leat_node_check_dtype(node, 0, NUMBERS);
    struct cum_sum *cum = status ? NULL : leat_node_new_state(node, sizeof *cum);
    if (!cum)
        return status ? status : LEAT_E_MEMORY;
    status = leat_attribute_int(node, "exclusive", 0, &cum->exclusive);
    if (!status)
        status = leat_attribute_int(node, "reverse", 0, &cum->reverse);
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

static leat_status shape_cum_sum(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    int64_t axis;
    uint32_t found;
    leat_status status = leat_known_one(call, 1, 0, &axis, error);
    (void)scratch;
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    return status ? status : leat_axis(axis, call->inputs[0]->rank, &found, error);
}

/* step: from an element to the next one, backwards where it is below 0. */
#define CUM_SUM(name, type, total)                                                       \
    static void name(const void *in, void *out, size_t first, ptrdiff_t step, size_t n,  \
                     bool exclusive)                                                     \
    {                                                                                    \
        const type *from = (const type *)in + first;                                     \
        type *to = (type *)out + first;                                                  \
        total sum = 0;                                                                   \
        for (size_t i = 0; i < n; i++) {                                                 \
            const ptrdiff_t at = (ptrdiff_t)i * step;                                    \
            const total before = sum;                                                    \
            sum += (total)from[at];                                                      \
            to[at] = (type)(exclusive ? before : sum);                                   \
        }                                                                                \
    }

CUM_SUM(cum_sum_f32, float, double)
CUM_SUM(cum_sum_f64, double, double)
CUM_SUM(cum_sum_i64, uint64_t, uint64_t)
CUM_SUM(cum_sum_i32, uint32_t, uint32_t)

static void run_cum_sum(const leat_call *call)
{
    static void (*const kernels[DTYPES])(const void *, void *, size_t, ptrdiff_t, size_t,
                                         bool) = {
        [LEAT_F32] = cum_sum_f32,
        [LEAT_F64] = cum_sum_f64,
        [LEAT_I64] = cum_sum_i64,
        [LEAT_I32] = cum_sum_i32,
    };
    const struct cum_sum *cum = call->state;
    const leat_array *input = call->inputs[0];
    const struct lines lines = lines_along(input, leat_integer_at(call->inputs[1], 0));
    const ptrdiff_t step = (ptrdiff_t)lines.inner;
    for (size_t i = 0; i < lines.outer * lines.inner && lines.n; i++)
        kernels[input->dtype](input->data, call->outputs[0]->data,
                              line_start(&lines, i) +
                                  (cum->reverse ? (lines.n - 1) * lines.inner : 0),
                              cum->reverse ? -step : step, lines.n, cum->exclusive);
}

const leat_operator leat_along_operators[] = {
    {"", "ArgMax", 1, LEAT_NEWEST, 0, 1, 1, 1, load_arg_max, shape_arg, run_arg},
    {"", "ArgMin", 1, LEAT_NEWEST, 0, 1, 1, 1, load_arg_min, shape_arg, run_arg},
    {"", "TopK", 1, TOP_K_INPUT_SINCE - 1, 0, 1, 1, 2, load_top_k, shape_top_k,
     run_top_k},
    {"", "TopK", TOP_K_INPUT_SINCE, LEAT_NEWEST, 0, 2, 2, 2, load_top_k, shape_top_k,
     run_top_k},
    {"", "CumSum", 11, LEAT_NEWEST, 0, 2, 2, 1, load_cum_sum, shape_cum_sum, run_cum_sum},
    {0},
};
