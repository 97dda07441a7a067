#include "ops/recurrent.h"
#include "ops/vector_math.h"

#include <math.h>
#include <string.h>

/* The activations that a recurrent node may name. Each keeps a NaN. */

static double affine(double x, double alpha, double beta)
{
    return alpha * x + beta;
}

static double elu(double x, double alpha, double beta)
{
    (void)beta;
    return x < 0 ? alpha * expm1(x) : x;
}

static double hard_sigmoid(double x, double alpha, double beta)
{
    const double y = alpha * x + beta;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static double leaky_relu(double x, double alpha, double beta)
{
    (void)beta;
    return x < 0 ? alpha * x : x;
}

static double relu(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x < 0 ? 0 : x;
}

static double scaled_tanh(double x, double alpha, double beta)
{
    return alpha * tanh(beta * x);
}

static double sigmoid(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return 1 / (1 + exp(-x));
}

/* By the part that cannot overflow. */
static double softplus(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double softsign(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return x / (1 + fabs(x));
}

static double hyperbolic_tangent(double x, double alpha, double beta)
{
    (void)alpha;
    (void)beta;
    return tanh(x);
}

static double thresholded_relu(double x, double alpha, double beta)
{
    (void)beta;
    return x < alpha ? 0 : x;
}

/* A parameter whose default the specification does not tell, or that ONNX Runtime sees
 * otherwise. */
#define MUST_BE_GIVEN INFINITY

static const leat_activation_kind kinds[] = {
    {"Affine", MUST_BE_GIVEN, MUST_BE_GIVEN, affine, NULL},
    {"Elu", 1, NAN, elu, NULL},
    {"HardSigmoid", 0.2f, 0.5f, hard_sigmoid, NULL},
    {"LeakyRelu", 0.01f, NAN, leaky_relu, NULL},
    {"Relu", NAN, NAN, relu, NULL},
    {"ScaledTanh", MUST_BE_GIVEN, MUST_BE_GIVEN, scaled_tanh, NULL},
    {"Sigmoid", NAN, NAN, sigmoid, leat_sigmoid_f32},
    {"Softplus", NAN, NAN, softplus, NULL},
    {"Softsign", NAN, NAN, softsign, NULL},
    {"Tanh", NAN, NAN, hyperbolic_tangent, leat_tanh_f32},
    {"ThresholdedRelu", MUST_BE_GIVEN, NAN, thresholded_relu, NULL},
};

static const leat_activation_kind *find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == size && !memcmp(kinds[i].name, name, size))
            return &kinds[i];
    return NULL;
}

/* Parameters stand in a list, and are taken in turn by the activations that have one. */
typedef struct parameters {
    const float *values;
    size_t left;
} parameters;

static leat_status take(leat_node *node, parameters *from, const char *attribute,
                        const char *activation, float absent, double *value)
{
    *value = (double)absent;
    if (isnan(absent))
        return LEAT_OK;
    if (from->left) {
        from->left--;
        *value = (double)*from->values++;
    }
    return isfinite(*value) ? LEAT_OK
                            : leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                                             "attribute %s: expected a number for %s",
                                             attribute, activation);
}

static leat_status name_activations(leat_node *node, const leat_recurrent *state,
                                    const leat_activation_kind **found)
{
    const leat_slice *names;
    size_t n;
    const uint32_t each = state->cell->n_activations;
    leat_status status = leat_attribute_strings(node, "activations", &names, &n);
    if (!status && n && n != (size_t)each * state->directions)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute activations: found %zu, expected %u", n,
                              each * state->directions);
    for (uint32_t i = 0; !status && i < each * state->directions; i++) {
        const char *absent = state->cell->activations[i % each];
        found[i] = n ? find((const char *)names[i].data, names[i].size)
                     : find(absent, strlen(absent));
        if (!found[i])
            return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                                  "attribute activations[%u] is not supported", i);
    }
    return status;
}

leat_status leat_recurrent_load_activations(leat_node *node, leat_recurrent *state)
{
    const leat_activation_kind
        *named[LEAT_RECURRENT_DIRECTIONS * LEAT_RECURRENT_ACTIVATIONS];
    parameters alphas, betas;
    leat_status status = name_activations(node, state, named);
    if (!status)
        status =
            leat_attribute_floats(node, "activation_alpha", &alphas.values, &alphas.left);
    if (!status)
        status =
            leat_attribute_floats(node, "activation_beta", &betas.values, &betas.left);
    const uint32_t each = state->cell->n_activations;
    for (uint32_t i = 0; !status && i < each * state->directions; i++) {
        leat_activation *activation = &state->activations[i / each][i % each];
        const leat_activation_kind *kind = activation->kind = named[i];
        status = take(node, &alphas, "activation_alpha", kind->name, kind->alpha,
                      &activation->alpha);
        if (!status)
            status = take(node, &betas, "activation_beta", kind->name, kind->beta,
                          &activation->beta);
    }
    return status;
}
