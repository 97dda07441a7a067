#include "ops/ml_labels.h"
#include "ops/ml_rows.h"
#include "ops/post_transform.h"

/* LinearRegressor and LinearClassifier of ai.onnx.ml: a dot product for each target. */

typedef struct linear {
    const float *coefficients; /* [n_targets][width] */
    const float *intercepts;   /* [n_targets] */
    uint32_t n_targets;
    uint32_t width;
    leat_post_transform transform;
    leat_ml_labels labels; /* of a classifier */
    bool is_pair;          /* one target tells two classes apart */
} linear;

static leat_status read_coefficients(leat_node *node, linear *s, int64_t n_targets)
{
    size_t n, n_intercepts;
    leat_status status =
        leat_attribute_floats(node, "coefficients", &s->coefficients, &n);
    if (!status)
        status = leat_attribute_floats(node, "intercepts", &s->intercepts, &n_intercepts);
    if (status)
        return status;
    if (n_targets < 0)
        n_targets = (int64_t)n_intercepts;
    if (n_targets < 1 || n > UINT32_MAX || !n || n % (uint64_t)n_targets ||
        (n_intercepts && n_intercepts != (uint64_t)n_targets))
        return leat_error_set(
            node->error, LEAT_E_MODEL,
            "found %zu coefficients and %zu intercepts for %lld targets", n, n_intercepts,
            (long long)n_targets);
    s->n_targets = (uint32_t)n_targets;
    s->width = (uint32_t)(n / s->n_targets);
    if (!n_intercepts)
        s->intercepts = leat_arena_calloc(node->arena, s->n_targets, sizeof(float));
    return s->intercepts ? leat_post_transform_load(node, &s->transform)
                         : leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
}

static leat_status load_regressor(leat_node *node)
{
    linear *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    int64_t n_targets = 1;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    if (!status)
        status = leat_attribute_int(node, "targets", 1, &n_targets);
    leat_node_set_dtype(node, 0, LEAT_F32);
    return status ? status : read_coefficients(node, s, n_targets < 1 ? 0 : n_targets);
}

/* multi_class is information only: it changes no result. */
static leat_status load_classifier(leat_node *node)
{
    linear *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    int64_t multi_class;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    if (!status)
        status = leat_attribute_int(node, "multi_class", 0, &multi_class);
    if (!status)
        status = leat_ml_labels_load(node, "classlabels_ints", &s->labels);
    if (!status)
        status = read_coefficients(node, s, -1);
    if (status)
        return status;
    s->is_pair = s->n_targets == 1 && s->labels.n == 2;
    if (s->n_targets != s->labels.n && !s->is_pair)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "found %u intercepts for %u class labels", s->n_targets,
                              s->labels.n);
    if (s->labels.n == 1)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "a single class label is not supported");
    if (s->is_pair && s->transform == LEAT_POST_PROBIT)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "PROBIT of one score for two classes is not supported");
    return LEAT_OK;
}

static leat_status shape_regressor(const leat_call *call, size_t *scratch,
                                   leat_error *error)
{
    const linear *s = call->state;
    const int64_t shape[] = {leat_ml_rows_of(call->inputs[0]).n, s->n_targets};
    leat_status status = leat_ml_rows_check(call->inputs[0], s->width, error);
    *scratch = leat_ml_rows_space(call->inputs[0]);
    return status ? status : leat_array_reshape(call->outputs[0], 2, shape, error);
}

static leat_status shape_classifier(const leat_call *call, size_t *scratch,
                                    leat_error *error)
{
    const linear *s = call->state;
    leat_status status = leat_ml_rows_check(call->inputs[0], s->width, error);
    *scratch = leat_ml_rows_space(call->inputs[0]) + s->n_targets * sizeof(float);
    return status ? status
                  : leat_ml_labels_shape(call, leat_ml_rows_of(call->inputs[0]).n,
                                         s->labels.n, error);
}

/* x: [width]; scores: [n_targets] */
static void score_row(const linear *s, const float *x, float *scores)
{
    for (uint32_t target = 0; target < s->n_targets; target++)
        scores[target] =
            s->intercepts[target] +
            leat_ml_rows_dot(x, s->coefficients + (size_t)target * s->width, s->width);
}

static void run_regressor(const leat_call *call)
{
    const linear *s = call->state;
    const size_t n = leat_ml_rows_of(call->inputs[0]).n;
    const float *x = leat_ml_rows_floats(call->inputs[0], call->scratch); /* [n][width] */
    float *y = call->outputs[0]->data; /* [n][n_targets] */
    for (size_t row = 0; row < n; row++)
        score_row(s, x + row * s->width, y + row * s->n_targets);
    leat_post_transform_run(s->transform, y, n, s->n_targets);
}

/* scores: [n_targets], made into those of the classes where somebody reads them. */
static void finish_row(const linear *s, float *scores, float *classes)
{
    if (s->is_pair)
        leat_post_transform_pair(s->transform, true, (double)scores[0], classes);
    else
        for (uint32_t i = 0; i < s->n_targets; i++)
            classes[i] = scores[i];
}

static void run_classifier(const leat_call *call)
{
    const linear *s = call->state;
    const size_t n = leat_ml_rows_of(call->inputs[0]).n;
    leat_array *labels = leat_call_output(call, 0), *classes = leat_call_output(call, 1);
    float *scores = call->scratch; /* [n_targets] */
    const float *x = leat_ml_rows_floats(call->inputs[0], scores + s->n_targets);
    for (size_t row = 0; row < n; row++) {
        score_row(s, x + row * s->width, scores);
        const uint32_t best =
            s->is_pair ? scores[0] > 0 : leat_ml_labels_best(scores, s->n_targets);
        if (labels)
            leat_ml_labels_put(&s->labels, best, labels->data, row);
        if (classes)
            finish_row(s, scores, (float *)classes->data + row * s->labels.n);
    }
    if (classes && !s->is_pair)
        leat_post_transform_run(s->transform, classes->data, n, s->labels.n);
}

const leat_operator leat_ml_linear_operators[] = {
    {"ai.onnx.ml", "LinearRegressor", 1, LEAT_NEWEST, 0, 1, 1, 1, load_regressor,
     shape_regressor, run_regressor},
    {"ai.onnx.ml", "LinearClassifier", 1, LEAT_NEWEST, 0, 1, 1, 2, load_classifier,
     shape_classifier, run_classifier},
    {0},
};
