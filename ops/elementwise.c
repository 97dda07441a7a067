#include "ops/operator.h"
#include "ops/vector_math.h"

#include <tgmath.h>

/* Operators whose output element i needs nothing but element i of their one input.
 *
 * Each is a formula of x, and of a and b where it has parameters, compiled for f32 and
 * f64 (by <tgmath.h>, hence exp is expf for floats). All are written so that NaN stays
 * NaN. */

enum { N_PARAMETERS = 2 };

typedef void kernel(const void *in, size_t n, void *out, const float *parameters);

struct elementwise {
    kernel *of[LEAT_STRING]; /* by dtype; NULL: not defined */
    struct {
        const char *name; /* of an attribute, NULL: none */
        float absent;
    } parameters[N_PARAMETERS];
};

struct state {
    kernel *run;
    float parameters[N_PARAMETERS];
};

static leat_status load(leat_node *node, const struct elementwise *op)
{
    uint32_t dtypes = 0;
    for (uint32_t dtype = 0; dtype < LEAT_STRING; dtype++)
        dtypes |= op->of[dtype] ? 1u << dtype : 0;
    leat_status status = leat_node_check_dtype(node, 0, dtypes);
    struct state *state = status ? NULL : leat_node_new_state(node, sizeof *state);
    if (!state)
        return status ? status : LEAT_E_MEMORY;
    state->run = op->of[node->inputs[0]->dtype];
    for (uint32_t i = 0; i < N_PARAMETERS && op->parameters[i].name && !status; i++)
        status = leat_attribute_float(node, op->parameters[i].name,
                                      op->parameters[i].absent, &state->parameters[i]);
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

static void run(const leat_call *call)
{
    const struct state *state = call->state;
    state->run(call->inputs[0]->data, leat_array_count(call->inputs[0]),
               call->outputs[0]->data, state->parameters);
}

#define KERNEL(kernel_name, type, formula)                                               \
    static void kernel_name(const void *in, size_t n, void *out,                         \
                            const float *parameters)                                     \
    {                                                                                    \
        typedef type T;                                                                  \
        const T a = (T)parameters[0], b = (T)parameters[1], *from = in;                  \
        T *to = out;                                                                     \
        (void)a;                                                                         \
        (void)b;                                                                         \
        for (size_t i = 0; i < n; i++) {                                                 \
            const T x = from[i];                                                         \
            to[i] = (T)(formula);                                                        \
        }                                                                                \
    }
#define KERNELS(name, formula)                                                           \
    KERNEL(name##_f32, float, formula)                                                   \
    KERNEL(name##_f64, double, formula)
#define LOAD(name, ...)                                                                  \
    static leat_status load_##name(leat_node *node)                                      \
    {                                                                                    \
        static const struct elementwise op = {                                           \
            .of = {[LEAT_F32] = name##_f32, [LEAT_F64] = name##_f64, __VA_ARGS__}};      \
        return load(node, &op);                                                          \
    }
#define LOAD_WITH(name, ...)                                                             \
    static leat_status load_##name(leat_node *node)                                      \
    {                                                                                    \
        static const struct elementwise op = {                                           \
            .of = {[LEAT_F32] = name##_f32, [LEAT_F64] = name##_f64},                    \
            .parameters = {__VA_ARGS__}};                                                \
        return load(node, &op);                                                          \
    }

/* A function of floats. */
#define FUNCTION(name, formula)                                                          \
    KERNELS(name, formula)                                                               \
    LOAD(name, [LEAT_BOOL] = NULL)

/* One of ops/vector_math.h. */
#define FAST_KERNEL(name)                                                                \
    static void name##_f32(const void *in, size_t n, void *out, const float *parameters) \
    {                                                                                    \
        (void)parameters;                                                                \
        leat_##name##_f32(in, n, out);                                                   \
    }

#define FAST_FUNCTION(name, formula)                                                     \
    FAST_KERNEL(name)                                                                    \
    KERNEL(name##_f64, double, formula)                                                  \
    LOAD(name, [LEAT_BOOL] = NULL)

/* One of integers, too, which wrap. */
#define NUMBER_FUNCTION(name, formula, integer_formula)                                  \
    KERNELS(name, formula)                                                               \
    KERNEL(name##_i64, int64_t, integer_formula)                                         \
    KERNEL(name##_i32, int32_t, integer_formula)                                         \
    LOAD(name, [LEAT_I64] = name##_i64, [LEAT_I32] = name##_i32)

/* One with attributes: {name, value when it is absent}. */
#define FUNCTION_WITH(name, formula, ...)                                                \
    KERNELS(name, formula)                                                               \
    LOAD_WITH(name, __VA_ARGS__)

static inline int64_t negated(int64_t x)
{
    return (int64_t)(0 - (uint64_t)x);
}

/* log(1 + e^x), without overflow. */
#define SOFTPLUS(x)        (fmax(x, (T)0) + log1p(exp(-fabs(x))))
#define BETWEEN_0_AND_1(x) ((x) < 0 ? 0 : (x) > 1 ? 1 : (x))

NUMBER_FUNCTION(relu, x < 0 ? 0 : x, x < 0 ? 0 : x)
NUMBER_FUNCTION(abs, fabs(x), x < 0 ? negated(x) : x)
NUMBER_FUNCTION(neg, -x, negated(x))
NUMBER_FUNCTION(sign, x > 0 ? 1 : x < 0 ? -1 : x, (x > 0) - (x < 0))

FAST_FUNCTION(exp, exp(x))
FAST_FUNCTION(tanh, tanh(x))
FAST_FUNCTION(sigmoid, (x < 0 ? exp(x) : 1) / (1 + exp(-fabs(x))))
FAST_FUNCTION(erf, erf(x))

FUNCTION(log, log(x))
FUNCTION(sqrt, sqrt(x))
FUNCTION(reciprocal, 1 / x)
FUNCTION(floor, floor(x))
FUNCTION(ceil, ceil(x))
FUNCTION(round, rint(x))
FUNCTION(sin, sin(x))
FUNCTION(cos, cos(x))
FUNCTION(tan, tan(x))
FUNCTION(asin, asin(x))
FUNCTION(acos, acos(x))
FUNCTION(atan, atan(x))
FUNCTION(sinh, sinh(x))
FUNCTION(cosh, cosh(x))
FUNCTION(asinh, asinh(x))
FUNCTION(acosh, acosh(x))
FUNCTION(atanh, atanh(x))
FUNCTION(softplus, SOFTPLUS(x))
FUNCTION(softsign, x / (1 + fabs(x)))
FUNCTION(mish, x *tanh(SOFTPLUS(x)))
FUNCTION(hard_swish, BETWEEN_0_AND_1(x / 6 + (T)0.5) * x)

FUNCTION_WITH(leaky_relu, x < 0 ? a * x : x, {"alpha", 0.01f})
FUNCTION_WITH(swish, x / (1 + exp(-a * x)), {"alpha", 1})
FUNCTION_WITH(thresholded_relu, x <= a ? 0 : x, {"alpha", 1})
FUNCTION_WITH(elu, x < 0 ? a * expm1(x) : x, {"alpha", 1})
FUNCTION_WITH(celu, x < 0 ? a * expm1(x / a) : x, {"alpha", 1})
FUNCTION_WITH(selu, (x < 0 ? a * expm1(x) : x) * b, {"alpha", 1.67326319217681884765625f},
              {"gamma", 1.05070102214813232421875f})
FUNCTION_WITH(hard_sigmoid, BETWEEN_0_AND_1(a *x + b), {"alpha", 0.2f}, {"beta", 0.5f})
FUNCTION_WITH(shrink, x < -a ? x + b : x <= a ? 0 : x - b, {"lambd", 0.5f}, {"bias", 0})

/* ---- Gelu ---- */

#define SQRT_HALF 0.70710678118654752
#define SQRT_2_PI 0.79788456080286536 /* sqrt(2 / pi) */

FAST_KERNEL(gelu)
FAST_KERNEL(gelu_tanh)
KERNEL(gelu_f64, double, x * 0.5 * (1 + erf(x * SQRT_HALF)))
KERNEL(gelu_tanh_f64, double,
       x * 0.5 * (1 + tanh(SQRT_2_PI * (x + 0.044715 * x * x * x))))

static leat_status load_gelu(leat_node *node)
{
    static const char *const words[] = {"none", "tanh", NULL};
    static const struct elementwise ops[] = {
        {.of = {[LEAT_F32] = gelu_f32, [LEAT_F64] = gelu_f64}},
        {.of = {[LEAT_F32] = gelu_tanh_f32, [LEAT_F64] = gelu_tanh_f64}},
    };
    uint32_t word;
    leat_status status = leat_attribute_word(node, "approximate", words, 0, &word);
    return status ? status : load(node, &ops[word]);
}

#define ROW(name, since, load_function)                                                  \
    {                                                                                    \
        "", name, since, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load_function,          \
            leat_shape_same, run                                                         \
    }

const leat_operator leat_elementwise_operators[] = {
    ROW("Relu", 6, load_relu),
    ROW("Abs", 6, load_abs),
    ROW("Neg", 6, load_neg),
    ROW("Sign", 9, load_sign),
    ROW("Exp", 6, load_exp),
    ROW("Tanh", 6, load_tanh),
    ROW("Sigmoid", 6, load_sigmoid),
    ROW("Erf", 9, load_erf),
    ROW("Log", 6, load_log),
    ROW("Sqrt", 6, load_sqrt),
    ROW("Reciprocal", 6, load_reciprocal),
    ROW("Floor", 6, load_floor),
    ROW("Ceil", 6, load_ceil),
    ROW("Round", 11, load_round),
    ROW("Sin", 7, load_sin),
    ROW("Cos", 7, load_cos),
    ROW("Tan", 7, load_tan),
    ROW("Asin", 7, load_asin),
    ROW("Acos", 7, load_acos),
    ROW("Atan", 7, load_atan),
    ROW("Sinh", 9, load_sinh),
    ROW("Cosh", 9, load_cosh),
    ROW("Asinh", 9, load_asinh),
    ROW("Acosh", 9, load_acosh),
    ROW("Atanh", 9, load_atanh),
    ROW("Softplus", 1, load_softplus),
    ROW("Softsign", 1, load_softsign),
    ROW("Mish", 18, load_mish),
    ROW("HardSwish", 14, load_hard_swish),
    ROW("LeakyRelu", 6, load_leaky_relu),
    ROW("ThresholdedRelu", 10, load_thresholded_relu),
    ROW("Elu", 6, load_elu),
    ROW("Celu", 12, load_celu),
    ROW("Selu", 6, load_selu),
    ROW("HardSigmoid", 6, load_hard_sigmoid),
    ROW("Shrink", 9, load_shrink),
    ROW("Swish", 24, load_swish),
    ROW("Gelu", 20, load_gelu),
    {0},
};
