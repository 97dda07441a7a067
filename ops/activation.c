#include "ops/activation.h"

#include "ops/vector_math.h"

#include <math.h>

/* What fits in the first cache beside x. */
enum { CHUNK = 512 };

static void leaky_relu(float *x, size_t n, float alpha)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] < 0 ? alpha * x[i] : x[i];
}

static void sigmoid(float *x, size_t n, float alpha)
{
    (void)alpha;
    leat_sigmoid_f32(x, n, x);
}

static void tanh_(float *x, size_t n, float alpha)
{
    (void)alpha;
    leat_tanh_f32(x, n, x);
}

/* x = x / 2 (1 + f(inner(x))) */
#define GELU(name, f, inner)                                                             \
    static void name(float *x, size_t n, float alpha)                                    \
    {                                                                                    \
        float t[CHUNK];                                                                  \
        (void)alpha;                                                                     \
        for (size_t done, left = n; left; left -= done, x += done) {                     \
            done = left < CHUNK ? left : CHUNK;                                          \
            for (size_t i = 0; i < done; i++)                                            \
                t[i] = inner(x[i]);                                                      \
            f(t, done, t);                                                               \
            for (size_t i = 0; i < done; i++)                                            \
                x[i] = 0.5f * x[i] * (1 + t[i]);                                         \
        }                                                                                \
    }

static inline float over_root_2(float x)
{
    return x * 0.70710678f;
}

static inline float cubic(float x)
{
    return 0.79788456f * (x + 0.044715f * x * x * x);
}

GELU(gelu, leat_erf_f32, over_root_2)
GELU(gelu_tanh, leat_tanh_f32, cubic)

#define ALL(ROW)                                                                         \
    ROW("", NULL, -INFINITY)                                                             \
    ROW("Relu", NULL, 0)                                                                 \
    ROW("LeakyRelu", leaky_relu, -INFINITY)                                              \
    ROW("Sigmoid", sigmoid, -INFINITY)                                                   \
    ROW("Tanh", tanh_, -INFINITY)                                                        \
    ROW("Gelu", gelu, -INFINITY)                                                         \
    ROW("GeluTanh", gelu_tanh, -INFINITY)

#define ACTIVATION(name, run, floor) {name, run, floor},
#define NAME(name, run, floor)       name,

const leat_activation leat_activations[] = {ALL(ACTIVATION)};
const char *const leat_activation_names[] = {ALL(NAME) NULL};
