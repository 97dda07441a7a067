#include "ops/convert.h"
#include "ops/kernels.h"

#include <math.h>

/* Arithmetic with broadcasting: element i of the output from the elements that meet
 * there. Integers wrap; what they cannot express (a division by zero) is 0. */

static int64_t quotient(int64_t x, int64_t y)
{
    if (y == 0)
        return 0;
    return y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y;
}

/* With the sign of the dividend, as C and fmod have it. */
static int64_t remainder_of(int64_t x, int64_t y)
{
    return y == 0 || y == -1 ? 0 : x % y;
}

/* With the sign of the divisor, as Python has it. */
static int64_t modulo(int64_t x, int64_t y)
{
    const int64_t rest = remainder_of(x, y);
    return rest && (rest ^ y) < 0 ? rest + y : rest;
}

/* For bases and exponents that are integers; x^-n is 0 but for 1 and -1. */
static int64_t power(int64_t x, int64_t y)
{
    uint64_t result = 1, square = (uint64_t)x;
    if (y < 0)
        return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
    for (; y; y >>= 1, square *= square)
        if (y & 1)
            result *= square;
    return (int64_t)result;
}

/* A square is what networks raise to, in every LayerNorm of an older exporter. */
static float power_f32(float x, float y)
{
    return y == 2 ? x * x : powf(x, y);
}

static double power_f64(double x, double y)
{
    return y == 2 ? x * x : pow(x, y);
}

/* A formula for floats and one for integers, the latter on types of one's choice:
 * unsigned ones wrap. */
#define FLOATS(name, formula)                                                            \
    LEAT_BINARY(name##_f32, float, float, float, formula)                                \
    LEAT_BINARY(name##_f64, double, double, double, formula)
#define INTEGERS(name, i64, i32, formula)                                                \
    LEAT_BINARY(name##_i64, i64, i64, i64, formula)                                      \
    LEAT_BINARY(name##_i32, i32, i32, i32, formula)
#define OF_FLOATS(name)   [LEAT_F32] = name##_f32, [LEAT_F64] = name##_f64
#define OF_INTEGERS(name) [LEAT_I64] = name##_i64, [LEAT_I32] = name##_i32
#define ARITHMETIC(name)                                                                 \
    static const leat_kernels name##_kernels = {                                         \
        .of = {OF_FLOATS(name), OF_INTEGERS(name)}};                                     \
    LEAT_KERNELS_LOAD(name)

FLOATS(add, x + y)
INTEGERS(add, uint64_t, uint32_t, x + y)
ARITHMETIC(add)

FLOATS(sub, x - y)
INTEGERS(sub, uint64_t, uint32_t, x - y)
ARITHMETIC(sub)

FLOATS(mul, (x * y))
INTEGERS(mul, uint64_t, uint32_t, (x * y))
ARITHMETIC(mul)

FLOATS(div, x / y)
INTEGERS(div, int64_t, int32_t, quotient(x, y))
ARITHMETIC(div)

/* Written so that a NaN on either side stays one. */
FLOATS(min, x < y || x != x ? x : y)
INTEGERS(min, int64_t, int32_t, x < y ? x : y)
ARITHMETIC(min)

FLOATS(max, x > y || x != x ? x : y)
INTEGERS(max, int64_t, int32_t, x > y ? x : y)
ARITHMETIC(max)

FLOATS(prelu, x < 0 ? x * y : x)
INTEGERS(prelu, int64_t, int32_t, x < 0 ? (uint64_t)x * (uint64_t)y : (uint64_t)x)
ARITHMETIC(prelu)

/* ---- Mod ---- */

LEAT_BINARY(fmod_f32, float, float, float, fmodf(x, y))
LEAT_BINARY(fmod_f64, double, double, double, fmod(x, y))
INTEGERS(fmod, int64_t, int32_t, remainder_of(x, y))
INTEGERS(modulo, int64_t, int32_t, modulo(x, y))

static leat_status load_mod(leat_node *node)
{
    static const leat_kernels with_fmod = {.of = {OF_FLOATS(fmod), OF_INTEGERS(fmod)}};
    static const leat_kernels without = {.of = {OF_INTEGERS(modulo)}};
    int64_t fmod_wanted;
    leat_status status = leat_attribute_int(node, "fmod", 0, &fmod_wanted);
    return status ? status : leat_kernels_load(node, fmod_wanted ? &with_fmod : &without);
}

/* ---- Pow: base and exponent may differ in type, the result is what the base is ---- */

#define POWERS(base, type, of_f32, of_f64, of_integer)                                   \
    LEAT_BINARY(pow_##base##_f32, type, float, type, of_f32)                             \
    LEAT_BINARY(pow_##base##_f64, type, double, type, of_f64)                            \
    LEAT_BINARY(pow_##base##_i64, type, int64_t, type, of_integer)                       \
    LEAT_BINARY(pow_##base##_i32, type, int32_t, type, of_integer)

POWERS(f32, float, power_f32(x, y), pow(x, y), pow(x, (double)y))
POWERS(f64, double, power_f64(x, y), power_f64(x, y), pow(x, (double)y))
POWERS(i64, int64_t, leat_to_i64(pow((double)x, y)), leat_to_i64(pow((double)x, y)),
       power(x, y))
POWERS(i32, int32_t, leat_to_i32(pow(x, y)), leat_to_i32(pow(x, y)), power(x, y))

static leat_status load_pow(leat_node *node)
{
    enum { N = LEAT_I32 + 1 };
    static leat_walk_kernel *const kernels[N][N] = {
        [LEAT_F32] = {OF_FLOATS(pow_f32), OF_INTEGERS(pow_f32)},
        [LEAT_F64] = {OF_FLOATS(pow_f64), OF_INTEGERS(pow_f64)},
        [LEAT_I64] = {OF_FLOATS(pow_i64), OF_INTEGERS(pow_i64)},
        [LEAT_I32] = {OF_FLOATS(pow_i32), OF_INTEGERS(pow_i32)},
    };
    leat_status status = leat_node_check_dtype(node, 0, (1u << N) - 1);
    if (!status)
        status = leat_node_check_dtype(node, 1, (1u << N) - 1);
    leat_kernels_state *state = status ? NULL : leat_node_new_state(node, sizeof *state);
    if (!state)
        return status ? status : LEAT_E_MEMORY;
    state->kernel = kernels[node->inputs[0]->dtype][node->inputs[1]->dtype];
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return LEAT_OK;
}

/* ---- Mean ---- */

static const leat_kernels mean_kernels = {.of = {OF_FLOATS(add)}};
LEAT_KERNELS_LOAD(mean)

static void run_mean(const leat_call *call)
{
    leat_array *output = call->outputs[0];
    const size_t n = leat_array_count(output);
    const double n_inputs = call->n_inputs;
    leat_kernels_run_variadic(call);
    if (output->dtype == LEAT_F32)
        for (size_t i = 0; i < n; i++)
            ((float *)output->data)[i] /= (float)n_inputs;
    else
        for (size_t i = 0; i < n; i++)
            ((double *)output->data)[i] /= n_inputs;
}

/* PRelu's slope broadcasts to x, never the other way round. */
static leat_status shape_prelu(const leat_call *call, size_t *scratch, leat_error *error)
{
    leat_status status = leat_shape_broadcast(call, scratch, error);
    if (status || leat_array_same_shape(call->inputs[0], call->outputs[0]))
        return status;
    char x[LEAT_ARRAY_TEXT], slope[LEAT_ARRAY_TEXT];
    return leat_error_set(error, LEAT_E_MODEL, "the slope %s does not broadcast to %s",
                          leat_array_describe(call->inputs[1], slope),
                          leat_array_describe(call->inputs[0], x));
}

#define PAIR(name, since, load, shape)                                                   \
    {                                                                                    \
        "", name, since, LEAT_NEWEST, LEAT_OP_IN_PLACE, 2, 2, 1, load, shape,            \
            leat_kernels_run                                                             \
    }
/* Not in place: an input may be given twice. */
#define ANY(name, since, load, run)                                                      \
    {                                                                                    \
        "", name, since, LEAT_NEWEST, 0, 1, LEAT_VARIADIC, 1, load,                      \
            leat_shape_broadcast, run                                                    \
    }

const leat_operator leat_binary_operators[] = {
    PAIR("Add", 7, load_add, leat_shape_broadcast),
    PAIR("Sub", 7, load_sub, leat_shape_broadcast),
    PAIR("Mul", 7, load_mul, leat_shape_broadcast),
    PAIR("Div", 7, load_div, leat_shape_broadcast),
    PAIR("Mod", 10, load_mod, leat_shape_broadcast),
    PAIR("Pow", 7, load_pow, leat_shape_broadcast),
    PAIR("PRelu", 7, load_prelu, shape_prelu),
    ANY("Min", 6, load_min, leat_kernels_run_variadic),
    ANY("Max", 6, load_max, leat_kernels_run_variadic),
    ANY("Sum", 6, load_add, leat_kernels_run_variadic),
    ANY("Mean", 6, load_mean, run_mean),
    {0},
};
