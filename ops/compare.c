#include "ops/kernels.h"

#include <math.h>

/* Operators that tell something of elements, combine what was told, or choose by it. */

#define COMPARE(name, formula)                                                           \
    LEAT_BINARY(name##_f32, float, float, uint8_t, formula)                              \
    LEAT_BINARY(name##_f64, double, double, uint8_t, formula)                            \
    LEAT_BINARY(name##_i64, int64_t, int64_t, uint8_t, formula)                          \
    LEAT_BINARY(name##_i32, int32_t, int32_t, uint8_t, formula)
#define OF_NUMBERS(name)                                                                 \
    [LEAT_F32] = name##_f32, [LEAT_F64] = name##_f64, [LEAT_I64] = name##_i64,           \
    [LEAT_I32] = name##_i32
#define TELLS(name, ...)                                                                 \
    static const leat_kernels name##_kernels = {.of = {__VA_ARGS__}, .tells = true};     \
    LEAT_KERNELS_LOAD(name)

COMPARE(less, x < y)
TELLS(less, OF_NUMBERS(less))

COMPARE(less_equal, x <= y)
TELLS(less_equal, OF_NUMBERS(less_equal))

COMPARE(greater, x > y)
TELLS(greater, OF_NUMBERS(greater))

COMPARE(greater_equal, x >= y)
TELLS(greater_equal, OF_NUMBERS(greater_equal))

COMPARE(equal, x == y)
LEAT_BINARY(equal_bool, uint8_t, uint8_t, uint8_t, x == y)
LEAT_BINARY(equal_string, leat_slice, leat_slice, uint8_t, leat_slice_equal(x, y))
TELLS(equal, OF_NUMBERS(equal), [LEAT_BOOL] = equal_bool, [LEAT_STRING] = equal_string)

LEAT_BINARY(and_bool, uint8_t, uint8_t, uint8_t, (x & y))
TELLS(and, [LEAT_BOOL] = and_bool)

LEAT_BINARY(or_bool, uint8_t, uint8_t, uint8_t, x | y)
TELLS(or, [LEAT_BOOL] = or_bool)

LEAT_BINARY(xor_bool, uint8_t, uint8_t, uint8_t, x ^ y)
TELLS(xor, [LEAT_BOOL] = xor_bool)

/* ---- about one element ---- */

#define TELL(name, type, formula)                                                        \
    static void name(const void *const *in, const ptrdiff_t *step, void *out, size_t n)  \
    {                                                                                    \
        const type *from = in[0];                                                        \
        uint8_t *to = out;                                                               \
        (void)step;                                                                      \
        for (size_t i = 0; i < n; i++) {                                                 \
            const type x = from[i];                                                      \
            to[i] = (formula);                                                           \
        }                                                                                \
    }

TELL(not_bool, uint8_t, !x)
TELLS(not, [LEAT_BOOL] = not_bool)

TELL(is_nan_f32, float, x != x)
TELL(is_nan_f64, double, x != x)
TELLS(is_nan, [LEAT_F32] = is_nan_f32, [LEAT_F64] = is_nan_f64)

TELL(never_f32, float, x > INFINITY)
TELL(never_f64, double, x > (double)INFINITY)
TELL(positive_f32, float, x == INFINITY)
TELL(positive_f64, double, x == (double)INFINITY)
TELL(negative_f32, float, x == -INFINITY)
TELL(negative_f64, double, x == (double)-INFINITY)
TELL(infinite_f32, float, fabsf(x) == INFINITY)
TELL(infinite_f64, double, fabs(x) == (double)INFINITY)

static leat_status load_is_inf(leat_node *node)
{
#define BOTH(name)                                                                       \
    {                                                                                    \
        .of = {[LEAT_F32] = name##_f32, [LEAT_F64] = name##_f64}, .tells = true          \
    }
    static const leat_kernels kernels[2][2] = {
        {BOTH(never), BOTH(positive)},
        {BOTH(negative), BOTH(infinite)},
    };
#undef BOTH
    int64_t negative, positive;
    leat_status status = leat_attribute_int(node, "detect_negative", 1, &negative);
    if (!status)
        status = leat_attribute_int(node, "detect_positive", 1, &positive);
    return status ? status : leat_kernels_load(node, &kernels[!!negative][!!positive]);
}

/* ---- Where ---- */

#define CHOOSE(name, type)                                                               \
    static void name(const void *const *in, const ptrdiff_t *step, void *out, size_t n)  \
    {                                                                                    \
        const uint8_t *condition = in[0];                                                \
        const type *x = in[1], *y = in[2];                                               \
        type *to = out;                                                                  \
        for (size_t i = 0; i < n; i++) {                                                 \
            const ptrdiff_t at = (ptrdiff_t)i;                                           \
            to[i] = condition[at * step[0]] ? x[at * step[1]] : y[at * step[2]];         \
        }                                                                                \
    }

CHOOSE(choose_f32, float)
CHOOSE(choose_f64, double)
CHOOSE(choose_i64, int64_t)
CHOOSE(choose_i32, int32_t)
CHOOSE(choose_bool, uint8_t)
CHOOSE(choose_string, leat_slice)

static leat_walk_kernel *const choices[] = {
    OF_NUMBERS(choose),
    [LEAT_BOOL] = choose_bool,
    [LEAT_STRING] = choose_string,
};

static leat_status load_where(leat_node *node)
{
    leat_status status = leat_node_check_dtype(node, 0, 1u << LEAT_BOOL);
    if (!status)
        status = leat_node_check_dtype(node, 1, ~0u);
    if (!status)
        status = leat_node_check_dtype(node, 2, 1u << node->inputs[1]->dtype);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[1]->dtype);
    return status;
}

static void run_where(const leat_call *call)
{
    leat_walk_broadcast(3, call->inputs, call->outputs[0],
                        choices[call->outputs[0]->dtype]);
}

#define ROW(name, since, n_inputs, load)                                                 \
    {                                                                                    \
        "", name, since, LEAT_NEWEST, 0, n_inputs, n_inputs, 1, load,                    \
            leat_shape_broadcast, leat_kernels_run                                       \
    }

const leat_operator leat_compare_operators[] = {
    ROW("Equal", 7, 2, load_equal),
    ROW("Less", 7, 2, load_less),
    ROW("LessOrEqual", 12, 2, load_less_equal),
    ROW("Greater", 7, 2, load_greater),
    ROW("GreaterOrEqual", 12, 2, load_greater_equal),
    ROW("And", 7, 2, load_and),
    ROW("Or", 7, 2, load_or),
    ROW("Xor", 7, 2, load_xor),
    ROW("Not", 1, 1, load_not),
    ROW("IsNaN", 9, 1, load_is_nan),
    ROW("IsInf", 10, 1, load_is_inf),
    {"", "Where", 9, LEAT_NEWEST, 0, 3, 3, 1, load_where, leat_shape_broadcast,
     run_where},
    {0},
};
