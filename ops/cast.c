#include "base/number.h"
#include "ops/convert.h"
#include "ops/operator.h"

#include <math.h>
#include <string.h>

/* Elements of one type as those of another. A text that is no number becomes NaN, or 0 as
 * an integer. */

enum { N = LEAT_STRING + 1, NUMBERS = (1u << LEAT_STRING) - 1 };

typedef void kernel(const void *in, size_t n, void *out);

#define CAST(from, from_type, to, to_type, conversion)                                   \
    static void cast_##from##_##to(const void *in, size_t n, void *out)                  \
    {                                                                                    \
        const from_type *a = in;                                                         \
        to_type *b = out;                                                                \
        for (size_t i = 0; i < n; i++) {                                                 \
            const from_type x = a[i];                                                    \
            b[i] = (to_type)(conversion);                                                \
        }                                                                                \
    }
#define CASTS(from, type, as_float, as_i64, as_i32, as_bool)                             \
    CAST(from, type, f32, float, as_float)                                               \
    CAST(from, type, f64, double, as_float)                                              \
    CAST(from, type, i64, int64_t, as_i64)                                               \
    CAST(from, type, i32, int32_t, as_i32)                                               \
    CAST(from, type, truth, uint8_t, as_bool)
#define ROW_OF(from)                                                                     \
    {                                                                                    \
        [LEAT_F32] = cast_##from##_f32, [LEAT_F64] = cast_##from##_f64,                  \
        [LEAT_I64] = cast_##from##_i64, [LEAT_I32] = cast_##from##_i32,                  \
        [LEAT_BOOL] = cast_##from##_truth                                                \
    }

/* ---- from text ---- */

static double number_of(leat_slice text)
{
    double number;
    return leat_number_parse(text, &number) ? (double)NAN : number;
}

/* Up to 18 digits are read as such: a double has no room for so many. */
static int64_t integer_of(leat_slice text)
{
    const int negative = text.size && text.data[0] == '-';
    uint64_t value = 0;
    if (text.size < 1u + (uint32_t)negative || text.size > 18u + (uint32_t)negative)
        return leat_to_i64(number_of(text));
    for (uint32_t i = (uint32_t)negative; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return leat_to_i64(number_of(text));
        value = value * 10 + (text.data[i] - '0');
    }
    return negative ? -(int64_t)value : (int64_t)value;
}

CASTS(f32, float, x, leat_to_i64((double)x), leat_to_i32((double)x), x != 0)
CASTS(f64, double, x, leat_to_i64(x), leat_to_i32(x), x != 0)
CASTS(i64, int64_t, x, x, x, x != 0)
CASTS(i32, int32_t, x, x, x, x != 0)
CASTS(truth, uint8_t, x, x, x, x != 0)
CASTS(string, leat_slice, number_of(x), integer_of(x), leat_to_i32((double)integer_of(x)),
      integer_of(x) != 0)

static kernel *const kernels[N][N] = {
    [LEAT_F32] = ROW_OF(f32), [LEAT_F64] = ROW_OF(f64),    [LEAT_I64] = ROW_OF(i64),
    [LEAT_I32] = ROW_OF(i32), [LEAT_BOOL] = ROW_OF(truth), [LEAT_STRING] = ROW_OF(string),
};

static leat_status load_as(leat_node *node, leat_dtype to)
{
    leat_status status = leat_node_check_dtype(node, 0, ~0u);
    if (status)
        return status;
    const leat_dtype from = node->inputs[0]->dtype;
    if (from != to && !kernels[from][to])
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "%s as %s is not supported", leat_dtype_name(from),
                              leat_dtype_name(to));
    leat_node_set_dtype(node, 0, to);
    return LEAT_OK;
}

static leat_status load_cast(leat_node *node)
{
    leat_dtype to;
    int64_t number, saturate; /* the latter is about f8 alone */
    leat_status status = leat_attribute_int(node, "to", 0, &number);
    if (!status && !number)
        status = leat_error_set(node->error, LEAT_E_MODEL, "attribute to is missing");
    if (!status)
        status = leat_attribute_dtype(node, "to", LEAT_F32, &to);
    if (!status && node->version >= 19)
        status = leat_attribute_int(node, "saturate", 1, &saturate);
    return status ? status : load_as(node, to);
}

static leat_status load_cast_like(leat_node *node)
{
    int64_t saturate;
    leat_status status = leat_node_check_dtype(node, 1, ~0u);
    if (!status && node->version >= 19)
        status = leat_attribute_int(node, "saturate", 1, &saturate);
    return status ? status : load_as(node, node->inputs[1]->dtype);
}

static void run_cast(const leat_call *call)
{
    const leat_array *input = call->inputs[0], *output = call->outputs[0];
    if (input->dtype == output->dtype)
        memcpy(output->data, input->data, leat_array_bytes(input));
    else
        kernels[input->dtype][output->dtype](input->data, leat_array_count(input),
                                             output->data);
}

const leat_operator leat_cast_operators[] = {
    {"", "Cast", 6, LEAT_NEWEST, 0, 1, 1, 1, load_cast, leat_shape_same, run_cast},
    {"", "CastLike", 15, LEAT_NEWEST, 0, 2, 2, 1, load_cast_like, leat_shape_same,
     run_cast},
    {0},
};
