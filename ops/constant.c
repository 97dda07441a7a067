#include "ops/known.h"

#include <math.h>
#include <string.h>

/* Operators that make an array of nothing but attributes and shapes. */

static leat_status refuse_rank(const leat_array *input, uint32_t expected,
                               leat_error *error)
{
    return leat_error_set(error, LEAT_E_MODEL, "%u axes, expected %u", input->rank,
                          expected);
}

/* Fills n elements with one. */
static void fill(void *to, size_t n, const void *element, size_t size)
{
    for (size_t i = 0; i < n; i++)
        memcpy((uint8_t *)to + i * size, element, size);
}

/* ---- Constant ---- */

struct constant {
    leat_array like;
    const void *data; /* in the model's arena */
};

/* Where a constant may stand. */
static const struct {
    const char *name;
    leat_attribute_kind kind;
    leat_dtype dtype;
    uint32_t rank;
} sources[] = {
    {"value", LEAT_ATTRIBUTE_TENSOR, LEAT_F32, 0},
    {"value_float", LEAT_ATTRIBUTE_FLOAT, LEAT_F32, 0},
    {"value_floats", LEAT_ATTRIBUTE_FLOATS, LEAT_F32, 1},
    {"value_int", LEAT_ATTRIBUTE_INT, LEAT_I64, 0},
    {"value_ints", LEAT_ATTRIBUTE_INTS, LEAT_I64, 1},
    {"value_string", LEAT_ATTRIBUTE_STRING, LEAT_STRING, 0},
    {"value_strings", LEAT_ATTRIBUTE_STRINGS, LEAT_STRING, 1},
};

static leat_status take(const leat_attribute *found, leat_dtype dtype, uint32_t rank,
                        struct constant *constant, leat_error *error)
{
    if (found->kind == LEAT_ATTRIBUTE_TENSOR) {
        constant->like = *found->tensor;
        constant->data = found->tensor->data;
        return LEAT_OK;
    }
    constant->like.dtype = dtype;
    constant->data = dtype == LEAT_F32   ? (const void *)found->floats
                     : dtype == LEAT_I64 ? (const void *)found->ints
                                         : (const void *)found->strings;
    return leat_array_reshape(&constant->like, rank, &(int64_t){(int64_t)found->n},
                              error);
}

static leat_status load_constant(leat_node *node)
{
    struct constant *constant = leat_node_new_state(node, sizeof *constant);
    uint32_t n_found = 0;
    leat_status status = constant ? LEAT_OK : LEAT_E_MEMORY;
    for (size_t i = 0; i < sizeof sources / sizeof *sources && !status; i++) {
        const leat_attribute *found;
        status = leat_attribute_get(node, sources[i].name, sources[i].kind, &found);
        if (status || !found)
            continue;
        n_found++;
        status = take(found, sources[i].dtype, sources[i].rank, constant, node->error);
    }
    if (!status && n_found != 1)
        status =
            leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                           "%u attributes value, value_float ..., expected one", n_found);
    if (!status)
        leat_node_set_dtype(node, 0, constant->like.dtype);
    return status;
}

static leat_status shape_constant(const leat_call *call, size_t *scratch,
                                  leat_error *error)
{
    const struct constant *constant = call->state;
    (void)scratch;
    (void)error;
    leat_array_copy_shape(call->outputs[0], &constant->like);
    return LEAT_OK;
}

static void run_constant(const leat_call *call)
{
    const struct constant *constant = call->state;
    const size_t size = leat_array_bytes(&constant->like);
    if (size)
        memcpy(call->outputs[0]->data, constant->data, size);
}

/* ---- ConstantOfShape ---- */

static leat_status load_constant_of_shape(leat_node *node)
{
    static const float zero = 0;
    const leat_array *value;
    struct constant *constant = leat_node_new_state(node, sizeof *constant);
    leat_status status =
        constant ? leat_attribute_tensor(node, "value", &value) : LEAT_E_MEMORY;
    if (!status)
        status = leat_node_check_dtype(node, 0, 1u << LEAT_I64);
    if (status)
        return status;
    if (value && leat_array_count(value) != 1)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute value: found %zu elements, expected one",
                              leat_array_count(value));
    constant->like.dtype = value ? value->dtype : LEAT_F32;
    constant->data = value ? value->data : &zero;
    leat_node_set_dtype(node, 0, constant->like.dtype);
    return LEAT_OK;
}

static leat_status shape_constant_of_shape(const leat_call *call, size_t *scratch,
                                           leat_error *error)
{
    leat_known shape;
    leat_status status = leat_known_read(call, 0, &shape, error);
    (void)scratch;
    return status ? status
                  : leat_array_reshape(call->outputs[0], shape.n, shape.values, error);
}

static void run_constant_of_shape(const leat_call *call)
{
    const struct constant *constant = call->state;
    leat_array *output = call->outputs[0];
    fill(output->data, leat_array_count(output), constant->data,
         leat_dtype_size(output->dtype));
}

/* ---- Range ---- */

enum { START, LIMIT, DELTA };

static leat_status load_range(leat_node *node)
{
    const uint32_t numbers =
        1u << LEAT_F32 | 1u << LEAT_F64 | 1u << LEAT_I64 | 1u << LEAT_I32;
    leat_status status = leat_node_check_dtype(node, START, numbers);
    for (uint32_t i = LIMIT; i <= DELTA && !status; i++)
        status = leat_node_check_dtype(node, i, 1u << node->inputs[0]->dtype);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

static bool is_float(leat_dtype dtype)
{
    return dtype == LEAT_F32 || dtype == LEAT_F64;
}

static double float_of(const leat_array *one)
{
    return one->dtype == LEAT_F32 ? (double)*(const float *)one->data
                                  : *(const double *)one->data;
}

/* How many there are; more than any array holds where there is no end. */
static double range_length(const leat_call *call)
{
    const leat_array *const *in = call->inputs;
    if (is_float(in[START]->dtype))
        return ceil((float_of(in[LIMIT]) - float_of(in[START])) / float_of(in[DELTA]));
    const int64_t start = leat_integer_at(in[START], 0);
    const int64_t limit = leat_integer_at(in[LIMIT], 0);
    const int64_t delta = leat_integer_at(in[DELTA], 0);
    if (!delta || (delta > 0 ? limit <= start : limit >= start))
        return delta ? 0 : (double)NAN;
    const uint64_t span =
        delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    const uint64_t by = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta;
    return (double)((span - 1) / by) + 1;
}

static leat_status shape_range(const leat_call *call, size_t *scratch, leat_error *error)
{
    (void)scratch;
    for (uint32_t i = START; i <= DELTA; i++) {
        leat_status status = leat_known_check(call, i, error);
        if (status)
            return status;
        if (leat_array_count(call->inputs[i]) != 1)
            return leat_error_set(error, LEAT_E_MODEL, "input %u must be one number", i);
    }
    const double length = range_length(call);
    if (!(length <= UINT32_MAX))
        return leat_error_set(error, LEAT_E_MODEL, "a range without end");
    return leat_array_reshape(call->outputs[0], 1,
                              &(int64_t){length > 0 ? (int64_t)length : 0}, error);
}

static void run_range(const leat_call *call)
{
    const leat_array *const *in = call->inputs;
    const size_t n = leat_array_count(call->outputs[0]);
#define RANGE(type, T)                                                                   \
    {                                                                                    \
        const T start = *(const T *)in[START]->data,                                     \
                delta = *(const T *)in[DELTA]->data;                                     \
        type *to = call->outputs[0]->data;                                               \
        for (size_t i = 0; i < n; i++)                                                   \
            to[i] = (type)(start + (T)i * delta);                                        \
    }
    if (in[START]->dtype == LEAT_F32)
        RANGE(float, float)
    else if (in[START]->dtype == LEAT_F64)
        RANGE(double, double)
    else if (in[START]->dtype == LEAT_I64)
        RANGE(uint64_t, uint64_t)
    else
        RANGE(uint32_t, uint32_t)
#undef RANGE
}

/* ---- EyeLike ---- */

struct eye {
    leat_dtype dtype;
    int64_t diagonal; /* 0: the main one, above 0 further right */
};

static leat_status load_eye_like(leat_node *node)
{
    struct eye *eye = leat_node_new_state(node, sizeof *eye);
    leat_status status = eye ? leat_node_check_dtype(node, 0, ~0u) : LEAT_E_MEMORY;
    if (!status)
        status = leat_attribute_dtype(node, "dtype", node->inputs[0]->dtype, &eye->dtype);
    if (!status)
        status = leat_attribute_int(node, "k", 0, &eye->diagonal);
    if (!status && eye->dtype == LEAT_STRING)
        status = leat_error_set(node->error, LEAT_E_MODEL, "strings have no 1");
    if (!status)
        leat_node_set_dtype(node, 0, eye->dtype);
    return status;
}

static leat_status shape_eye_like(const leat_call *call, size_t *scratch,
                                  leat_error *error)
{
    (void)scratch;
    if (call->inputs[0]->rank != 2)
        return refuse_rank(call->inputs[0], 2, error);
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    return LEAT_OK;
}

static void run_eye_like(const leat_call *call)
{
    static const float f32 = 1;
    static const double f64 = 1;
    static const int64_t i64 = 1;
    static const int32_t i32 = 1;
    static const uint8_t truth = 1;
    static const void *const ones[] = {
        [LEAT_F32] = &f32, [LEAT_F64] = &f64,    [LEAT_I64] = &i64,
        [LEAT_I32] = &i32, [LEAT_BOOL] = &truth,
    };
    const struct eye *eye = call->state;
    leat_array *output = call->outputs[0];
    const size_t size = leat_dtype_size(output->dtype);
    const int64_t width = output->shape[1], height = output->shape[0];
    memset(output->data, 0, leat_array_bytes(output));
    for (int64_t row = 0; row < height; row++)
        if (eye->diagonal >= -row && eye->diagonal < width - row)
            memcpy((uint8_t *)output->data +
                       (size_t)(row * width + row + eye->diagonal) * size,
                   ones[output->dtype], size);
}

const leat_operator leat_constant_operators[] = {
    {"", "Constant", 1, LEAT_NEWEST, 0, 0, 0, 1, load_constant, shape_constant,
     run_constant},
    {"", "ConstantOfShape", 9, LEAT_NEWEST, 0, 1, 1, 1, load_constant_of_shape,
     shape_constant_of_shape, run_constant_of_shape},
    {"", "Range", 11, LEAT_NEWEST, 0, 3, 3, 1, load_range, shape_range, run_range},
    {"", "EyeLike", 9, LEAT_NEWEST, LEAT_OP_OF_SHAPE, 1, 1, 1, load_eye_like,
     shape_eye_like, run_eye_like},
    {0},
};
