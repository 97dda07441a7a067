#include "ops/gather.h"

#include <math.h>
#include <string.h>

/* Operators that put elements where numbers say: a copy of the data, into which updates
 * are written or folded. */

enum { DTYPES = LEAT_STRING + 1 };

/* Takes n elements of the updates into the output. */
typedef void put(void *to, const void *from, size_t n);

#define PUT(name, type, formula)                                                         \
    static void name(void *to, const void *from, size_t n)                               \
    {                                                                                    \
        type *a = to;                                                                    \
        const type *b = from;                                                            \
        for (size_t i = 0; i < n; i++) {                                                 \
            const type x = a[i], y = b[i];                                               \
            (void)x;                                                                     \
            a[i] = (type)(formula);                                                      \
        }                                                                                \
    }
#define PUTS(name, formula)                                                              \
    PUT(name##_f32, float, formula)                                                      \
    PUT(name##_f64, double, formula)                                                     \
    PUT(name##_i64, int64_t, formula)                                                    \
    PUT(name##_i32, int32_t, formula)
#define WRAPPING_PUTS(name, formula)                                                     \
    PUT(name##_f32, float, formula)                                                      \
    PUT(name##_f64, double, formula)                                                     \
    PUT(name##_i64, uint64_t, formula)                                                   \
    PUT(name##_i32, uint32_t, formula)
#define OF_NUMBERS(name)                                                                 \
    [LEAT_F32] = name##_f32, [LEAT_F64] = name##_f64, [LEAT_I64] = name##_i64,           \
    [LEAT_I32] = name##_i32

PUTS(set, y)
PUT(set_bool, uint8_t, y)
static void set_string(void *to, const void *from, size_t n)
{
    memcpy(to, from, n * sizeof(leat_slice));
}

WRAPPING_PUTS(add, x + y)
WRAPPING_PUTS(mul, (x * y))
PUTS(max, x > y || x != x ? x : y)
PUTS(min, x < y || x != x ? x : y)

enum { NONE, ADD, MUL, MAX, MIN };

static put *const puts_of[][DTYPES] = {
    [NONE] = {OF_NUMBERS(set), [LEAT_BOOL] = set_bool, [LEAT_STRING] = set_string},
    [ADD] = {OF_NUMBERS(add)},
    [MUL] = {OF_NUMBERS(mul)},
    [MAX] = {OF_NUMBERS(max)},
    [MIN] = {OF_NUMBERS(min)},
};

struct scatter {
    put *put;
    int64_t axis;
};

static leat_status load_scatter(leat_node *node)
{
    static const char *const reductions[] = {"none", "add", "mul", "max", "min", NULL};
    uint32_t reduction = NONE;
    struct scatter *scatter = leat_node_new_state(node, sizeof *scatter);
    leat_status status = scatter ? leat_node_check_dtype(node, 0, ~0u) : LEAT_E_MEMORY;
    if (!status)
        status = leat_index_load(node, 1);
    if (!status)
        status = leat_node_check_dtype(node, 2, 1u << node->inputs[0]->dtype);
    if (!status && node->version >= 16)
        status = leat_attribute_word(node, "reduction", reductions, NONE, &reduction);
    if (status)
        return status;
    scatter->put = puts_of[reduction][node->inputs[0]->dtype];
    if (!scatter->put)
        return leat_node_refuse_dtype(node, 0);
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return LEAT_OK;
}

static void copy_data(const leat_call *call)
{
    const leat_array *data = call->inputs[0];
    if (call->outputs[0]->data != data->data)
        memcpy(call->outputs[0]->data, data->data, leat_array_bytes(data));
}

static leat_status refuse_updates(const leat_call *call, leat_error *error)
{
    char a[LEAT_ARRAY_TEXT], b[LEAT_ARRAY_TEXT];
    return leat_error_set(error, LEAT_E_MODEL, "updates %s for indexes %s",
                          leat_array_describe(call->inputs[2], a),
                          leat_array_describe(call->inputs[1], b));
}

/* ---- ScatterElements, which was Scatter: the reverse of GatherElements ---- */

static leat_status load_scatter_elements(leat_node *node)
{
    leat_status status = load_scatter(node);
    struct scatter *scatter = node->state;
    return status ? status : leat_attribute_int(node, "axis", 0, &scatter->axis);
}

static leat_status shape_scatter_elements(const leat_call *call, size_t *scratch,
                                          leat_error *error)
{
    const struct scatter *scatter = call->state;
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    uint32_t axis;
    leat_status status = leat_axis(scatter->axis, data->rank, &axis, error);
    (void)scratch;
    if (!status)
        status = leat_lines_check(data, indexes, axis, error);
    if (!status && !leat_array_same_shape(indexes, call->inputs[2]))
        status = refuse_updates(call, error);
    leat_array_copy_shape(call->outputs[0], data);
    return status;
}

/* An update that belongs nowhere spoils all of the line that it was for, after all updates:
 * one of them could make it look good again. */
static void spoil_line(const leat_call *call, uint32_t axis, size_t i)
{
    leat_array *output = call->outputs[0];
    for (uint32_t at = 0; at < output->shape[axis]; at++)
        leat_fill_nonsense(output,
                           leat_line_element(output, call->inputs[1], axis, i, at), 1);
}

static void run_scatter_elements(const leat_call *call)
{
    const struct scatter *scatter = call->state;
    const leat_array *indexes = call->inputs[1], *updates = call->inputs[2];
    leat_array *output = call->outputs[0];
    const size_t size = leat_dtype_size(output->dtype), n = leat_array_count(indexes);
    uint32_t axis;
    copy_data(call);
    if (leat_axis(scatter->axis, output->rank, &axis, NULL))
        return;
    for (size_t i = 0; i < n; i++) {
        const int64_t at = leat_index_at(indexes, i, output->shape[axis]);
        if (at >= 0)
            scatter->put((uint8_t *)output->data +
                             leat_line_element(output, indexes, axis, i, at) * size,
                         (const uint8_t *)updates->data + i * size, 1);
    }
    for (size_t i = 0; i < n; i++)
        if (leat_index_at(indexes, i, output->shape[axis]) < 0)
            spoil_line(call, axis, i);
}

/* ---- ScatterND: the reverse of GatherND ---- */

static leat_status shape_scatter_nd(const leat_call *call, size_t *scratch,
                                    leat_error *error)
{
    const leat_array *data = call->inputs[0], *indexes = call->inputs[1];
    leat_array expected = {.dtype = data->dtype};
    leat_tuples tuples;
    leat_status status = leat_tuples_check(data, indexes, 0, &tuples, error);
    (void)scratch;
    if (status)
        return status;
    int64_t shape[2 * LEAT_ARRAY_RANK];
    uint32_t rank = 0;
    for (uint32_t i = 0; i + 1 < indexes->rank; i++)
        shape[rank++] = indexes->shape[i];
    for (uint32_t i = tuples.length; i < data->rank; i++)
        shape[rank++] = data->shape[i];
    status = leat_array_reshape(&expected, rank, shape, error);
    if (!status && !leat_array_same_shape(&expected, call->inputs[2]))
        status = refuse_updates(call, error);
    leat_array_copy_shape(call->outputs[0], data);
    return status;
}

/* An update that belongs nowhere spoils the slice that its first indexes mean, and is not
 * made good by another either. */
static void run_scatter_nd(const leat_call *call)
{
    const struct scatter *scatter = call->state;
    const leat_array *indexes = call->inputs[1];
    leat_array *output = call->outputs[0];
    const size_t size = leat_dtype_size(output->dtype);
    const leat_tuples tuples = leat_tuples_of(output, indexes, 0);
    copy_data(call);
    for (size_t i = 0; i < tuples.n; i++) {
        uint32_t valid;
        const size_t to = leat_tuple_find(output, indexes, 0, tuples.length, i, &valid);
        if (valid == tuples.length)
            scatter->put((uint8_t *)output->data + to * size,
                         (const uint8_t *)call->inputs[2]->data + i * tuples.slice * size,
                         tuples.slice);
    }
    for (size_t i = 0; i < tuples.n; i++) {
        uint32_t valid;
        const size_t to = leat_tuple_find(output, indexes, 0, tuples.length, i, &valid);
        if (valid < tuples.length)
            leat_fill_nonsense(output, to, leat_array_span(output, valid, output->rank));
    }
}

const leat_operator leat_scatter_operators[] = {
    {"", "Scatter", 9, 10, 0, 3, 3, 1, load_scatter_elements, shape_scatter_elements,
     run_scatter_elements},
    {"", "ScatterElements", 11, LEAT_NEWEST, 0, 3, 3, 1, load_scatter_elements,
     shape_scatter_elements, run_scatter_elements},
    {"", "ScatterND", 11, LEAT_NEWEST, 0, 3, 3, 1, load_scatter, shape_scatter_nd,
     run_scatter_nd},
    {0},
};
