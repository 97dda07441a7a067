#include "ops/activation.h"

#include "ops/vector_math.h"

#include <math.h>

static void leaky_relu(float *x, size_t n, float alpha)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] < 0 ? alpha * x[i] : x[i];
}

/* One of ops/vector_math.h. */
#define IN_PLACE(name)                                                                   \
    static void run_##name(float *x, size_t n, float alpha)                              \
    {                                                                                    \
        (void)alpha;                                                                     \
        leat_##name##_f32(x, n, x);                                                      \
    }

IN_PLACE(sigmoid)
IN_PLACE(tanh)
IN_PLACE(gelu)
IN_PLACE(gelu_tanh)

#define ALL(ROW)                                                                         \
    ROW("", NULL, -INFINITY)                                                             \
    ROW("Relu", NULL, 0)                                                                 \
    ROW("LeakyRelu", leaky_relu, -INFINITY)                                              \
    ROW("Sigmoid", run_sigmoid, -INFINITY)                                               \
    ROW("Tanh", run_tanh, -INFINITY)                                                     \
    ROW("Gelu", run_gelu, -INFINITY)                                                     \
    ROW("GeluTanh", run_gelu_tanh, -INFINITY)

#define ACTIVATION(name, run, floor) {name, run, floor},
#define NAME(name, run, floor)       name,

const leat_activation leat_activations[] = {ALL(ACTIVATION)};
const char *const leat_activation_names[] = {ALL(NAME) NULL};
