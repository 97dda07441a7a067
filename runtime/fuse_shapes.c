#include "runtime/graph_fuse.h"

#include <string.h>

/* Functions that exporters write out where an older opset has no operator for them. */

/* The constant among a node's two inputs is that number; *other is the other input. */
static bool is_with_number(const leat_graph_node *node, double number,
                           leat_graph_value **other)
{
    for (uint32_t i = 0; i < 2; i++)
        if (leat_fuse_is_number(node->inputs[i], number)) {
            *other = node->inputs[1 - i];
            return true;
        }
    return false;
}

/* ---- GELU ---- */

/* The factors of a product of three, however its two nodes are nested. */
static bool list_factors(const leat_graph_node *node, leat_graph_value *factors[3])
{
    for (uint32_t i = 0; i < 2; i++) {
        const leat_graph_node *inner = leat_fuse_made_by(node->inputs[i], "", "Mul", 1);
        if (!inner)
            continue;
        factors[0] = node->inputs[1 - i];
        factors[1] = inner->inputs[0];
        factors[2] = inner->inputs[1];
        return true;
    }
    return false;
}

/* value = number * other, as a product or as a quotient by 1 / number */
static bool is_multiple(const leat_graph_value *value, double number,
                        leat_graph_value **other)
{
    const leat_graph_node *product = leat_fuse_made_by(value, "", "Mul", 1);
    const leat_graph_node *quotient = leat_fuse_made_by(value, "", "Div", 1);
    if (quotient && leat_fuse_is_number(quotient->inputs[1], 1 / number)) {
        *other = quotient->inputs[0];
        return true;
    }
    return product && is_with_number(product, number, other);
}

/* value = x^3 */
static bool is_cube(const leat_graph_value *value, const leat_graph_value *x)
{
    const leat_graph_node *power = leat_fuse_made_by(value, "", "Pow", 1);
    if (power)
        return power->inputs[0] == x && leat_fuse_is_number(power->inputs[1], 3);
    const leat_graph_node *product = leat_fuse_made_by(value, "", "Mul", 1);
    for (uint32_t i = 0; product && i < 2; i++) {
        const leat_graph_node *square =
            leat_fuse_made_by(product->inputs[i], "", "Mul", 1);
        if (square && product->inputs[1 - i] == x && square->inputs[0] == x &&
            square->inputs[1] == x)
            return true;
    }
    return false;
}

/* value = 1 + f(argument) */
static bool is_one_and(const leat_graph_value *value, const char *f,
                       leat_graph_value **argument)
{
    leat_graph_value *other;
    const leat_graph_node *sum = leat_fuse_made_by(value, "", "Add", 1);
    if (!sum || !is_with_number(sum, 1, &other))
        return false;
    const leat_graph_node *function = leat_fuse_made_by(other, "", f, 1);
    if (function)
        *argument = function->inputs[0];
    return function != NULL;
}

/* value = 1 + erf(x / sqrt 2) */
static bool is_erf_form(const leat_graph_value *value, const leat_graph_value *x)
{
    leat_graph_value *argument, *other;
    return is_one_and(value, "Erf", &argument) &&
           is_multiple(argument, 0.70710678118654752, &other) && other == x;
}

/* value = 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)) */
static bool is_tanh_form(const leat_graph_value *value, const leat_graph_value *x)
{
    leat_graph_value *argument, *inner, *cube;
    if (!is_one_and(value, "Tanh", &argument) ||
        !is_multiple(argument, 0.79788456080286536, &inner))
        return false;
    const leat_graph_node *sum = leat_fuse_made_by(inner, "", "Add", 1);
    for (uint32_t i = 0; sum && i < 2; i++)
        if (sum->inputs[i] == x && is_multiple(sum->inputs[1 - i], 0.044715, &cube) &&
            is_cube(cube, x))
            return true;
    return false;
}

/* x 0.5 (1 + ...), in any order. */
leat_status leat_fuse_gelu(leat_graph *graph, leat_graph_node *node, leat_error *error)
{
    leat_graph_value *factors[3];
    if (!list_factors(node, factors))
        return LEAT_OK;
    for (uint32_t order = 0; order < 6; order++) {
        leat_graph_value *half = factors[order % 3];
        leat_graph_value *x = factors[(order + 1 + order / 3) % 3];
        leat_graph_value *rest = factors[(order + 2 - order / 3) % 3];
        const bool is_tanh = is_tanh_form(rest, x);
        if (!leat_fuse_is_number(half, 0.5) || (!is_tanh && !is_erf_form(rest, x)))
            continue;
        leat_status status = leat_graph_rewrite(graph, node, "Gelu", 1, &x, error);
        if (!status && is_tanh)
            status = leat_graph_set_text(graph, node, "approximate", "tanh");
        return status;
    }
    return LEAT_OK;
}

/* ---- LayerNormalization ---- */

/* value = the mean of *x along the last axis, which stays. */
static bool is_mean(const leat_graph_value *value, leat_graph_value **x)
{
    const leat_graph_node *mean = leat_fuse_made_by(value, "", "ReduceMean", 1);
    if (!mean || !leat_fuse_int(mean, "keepdims", 1))
        return false;
    const leat_attribute *axes = leat_graph_attribute(mean, "axes", LEAT_ATTRIBUTE_INTS);
    const leat_graph_value *input = mean->n_inputs > 1 ? mean->inputs[1] : NULL;
    *x = mean->inputs[0];
    if (axes)
        return axes->n == 1 && axes->ints[0] == -1;
    return leat_graph_is_constant(input) && input->array.dtype == LEAT_I64 &&
           leat_array_count(&input->array) == 1 &&
           *(const int64_t *)input->array.data == -1;
}

/* What a value is the square of. Its readers: the square, once or twice, and the quotient
 * that the pattern ends in. */
static const leat_graph_value *root_of_square(const leat_graph_value *value)
{
    const leat_graph_node *power = leat_fuse_made_by(value, "", "Pow", 1);
    const leat_graph_node *product = leat_fuse_made_by(value, "", "Mul", 1);
    if (power && leat_fuse_is_number(power->inputs[1], 2) &&
        power->inputs[0]->n_readers == 2)
        return power->inputs[0];
    if (product && product->inputs[0] == product->inputs[1] &&
        product->inputs[0]->n_readers == 3)
        return product->inputs[0];
    return NULL;
}

/* value = sqrt(the mean of centred^2 along the last axis + *epsilon) */
static bool is_deviation(const leat_graph_value *value, const leat_graph_value *centred,
                         float *epsilon)
{
    const leat_graph_node *root = leat_fuse_made_by(value, "", "Sqrt", 1);
    const leat_graph_node *sum =
        root ? leat_fuse_made_by(root->inputs[0], "", "Add", 1) : NULL;
    for (uint32_t i = 0; sum && i < 2; i++) {
        leat_graph_value *square;
        const leat_graph_value *small = sum->inputs[i];
        if (!leat_fuse_is_f32(small) || small->array.rank > 1 ||
            leat_array_count(&small->array) != 1 ||
            !is_mean(sum->inputs[1 - i], &square) || root_of_square(square) != centred)
            continue;
        *epsilon = *(const float *)small->array.data;
        return true;
    }
    return false;
}

/* value = (x - mean) / deviation; x, or NULL. */
static leat_graph_value *normalised(const leat_graph_value *value, float *epsilon)
{
    leat_graph_value *x;
    const leat_graph_node *quotient = leat_fuse_made_by(value, "", "Div", 1);
    if (!quotient || !is_deviation(quotient->inputs[1], quotient->inputs[0], epsilon))
        return NULL;
    const leat_graph_node *centred = quotient->inputs[0]->producer;
    if (!centred || !leat_fuse_is(centred, "", "Sub") ||
        !is_mean(centred->inputs[1], &x) || centred->inputs[0] != x)
        return NULL;
    return x;
}

static bool is_vector(const leat_graph_value *value)
{
    return leat_fuse_is_f32(value) && value->array.rank == 1 && value->array.shape[0] > 1;
}

/* The constant vector among a node's two inputs; *other is the other input. */
static leat_graph_value *vector_of(const leat_graph_node *node, leat_graph_value **other)
{
    for (uint32_t i = 0; node && i < 2; i++)
        if (is_vector(node->inputs[i])) {
            *other = node->inputs[1 - i];
            return node->inputs[i];
        }
    return NULL;
}

leat_status leat_fuse_layer_norm(leat_graph *graph, leat_graph_node *node,
                                 leat_error *error)
{
    float epsilon;
    leat_graph_value *scaled, *quotient;
    leat_graph_value *bias = vector_of(node, &scaled);
    if (!bias)
        return LEAT_OK;
    leat_graph_value *scale =
        vector_of(leat_fuse_made_by(scaled, "", "Mul", 1), &quotient);
    if (!scale || !leat_array_same_shape(&scale->array, &bias->array))
        return LEAT_OK;
    leat_graph_value *x = normalised(quotient, &epsilon);
    if (!x)
        return LEAT_OK;
    leat_graph_value *inputs[] = {x, scale, bias};
    leat_status status =
        leat_graph_rewrite(graph, node, "LayerNormalization", 3, inputs, error);
    return status ? status : leat_graph_set_float(graph, node, "epsilon", epsilon);
}
