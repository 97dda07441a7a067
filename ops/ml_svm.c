#include "ops/ml_labels.h"
#include "ops/ml_rows.h"
#include "ops/post_transform.h"
#include "ops/svm.h"

#include <math.h>

/* SVMRegressor and SVMClassifier of ai.onnx.ml. A classifier has a score for each pair of
 * classes, from the support vectors of both; scores vote for the label, and become
 * probabilities where the model was calibrated (prob_a, prob_b). Without support vectors
 * the coefficients are the vectors, one a class. */

static leat_status bad_length(leat_node *node, const char *name, size_t found,
                              uint64_t expected)
{
    return leat_error_set(node->error, LEAT_E_MODEL,
                          "attribute %s: found %zu numbers, expected %llu", name, found,
                          (unsigned long long)expected);
}

/* ---- SVMRegressor ---- */

typedef struct regressor {
    leat_svm svm;
    const float *coefficients; /* [n_vectors]; NULL: the only vector itself */
    float rho;
    bool one_class; /* 1 inside, -1 outside */
    leat_post_transform transform;
} regressor;

static leat_status load_vectors(leat_node *node, regressor *s)
{
    const float *rho, *vectors, *coefficients;
    size_t n_rho, n_vectors, n_coefficients;
    int64_t n_supports;
    leat_status status = leat_attribute_floats(node, "rho", &rho, &n_rho);
    if (!status)
        status = leat_attribute_floats(node, "support_vectors", &vectors, &n_vectors);
    if (!status)
        status =
            leat_attribute_floats(node, "coefficients", &coefficients, &n_coefficients);
    if (!status)
        status = leat_attribute_int(node, "n_supports", 0, &n_supports);
    if (status)
        return status;
    if (n_rho != 1)
        return bad_length(node, "rho", n_rho, 1);
    s->rho = rho[0];
    if (n_supports <= 0) {
        s->svm.kernel = LEAT_SVM_LINEAR;
        return leat_svm_set_vectors(node, &s->svm, coefficients, n_coefficients, 1);
    }
    s->coefficients = coefficients;
    return n_coefficients == (uint64_t)n_supports
               ? leat_svm_set_vectors(node, &s->svm, vectors, n_vectors,
                                      (uint64_t)n_supports)
               : bad_length(node, "coefficients", n_coefficients, (uint64_t)n_supports);
}

static leat_status load_regressor(leat_node *node)
{
    regressor *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    int64_t one_class = 0;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    if (!status)
        status = leat_svm_load_kernel(node, &s->svm);
    if (!status)
        status = load_vectors(node, s);
    if (!status)
        status = leat_attribute_int(node, "one_class", 0, &one_class);
    if (!status)
        status = leat_post_transform_load(node, &s->transform);
    s->one_class = one_class != 0;
    leat_node_set_dtype(node, 0, LEAT_F32);
    if (!status && s->transform != LEAT_POST_NONE)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "attribute post_transform is not supported");
    return status;
}

static leat_status shape_regressor(const leat_call *call, size_t *scratch,
                                   leat_error *error)
{
    const regressor *s = call->state;
    const int64_t shape[] = {leat_ml_rows_of(call->inputs[0]).n, 1};
    leat_status status = leat_ml_rows_check(call->inputs[0], s->svm.width, error);
    *scratch =
        leat_ml_rows_space(call->inputs[0]) + (size_t)s->svm.n_vectors * sizeof(double);
    return status ? status : leat_array_reshape(call->outputs[0], 2, shape, error);
}

static double weigh_all(const regressor *s, const double *kernels)
{
    double sum = (double)s->rho;
    for (uint32_t i = 0; i < s->svm.n_vectors; i++)
        sum += s->coefficients ? (double)s->coefficients[i] * kernels[i] : kernels[i];
    return sum;
}

static void run_regressor(const leat_call *call)
{
    const regressor *s = call->state;
    double *kernels = call->scratch; /* [n_vectors] */
    const float *x = leat_ml_rows_floats(
        call->inputs[0], (float *)(void *)(kernels + s->svm.n_vectors)); /* [n][width] */
    float *y = call->outputs[0]->data;                                   /* [n][1] */
    const size_t n = leat_ml_rows_of(call->inputs[0]).n;
    for (size_t row = 0; row < n; row++, x += s->svm.width) {
        leat_svm_kernels(&s->svm, x, kernels);
        y[row] = (float)weigh_all(s, kernels);
        if (s->one_class && !isnan(y[row]))
            y[row] = y[row] > 0 ? 1 : -1;
    }
}

/* ---- SVMClassifier ---- */

typedef struct classifier {
    leat_svm svm;
    leat_ml_labels labels;
    leat_post_transform transform;
    const int64_t *counts;     /* [n] support vectors of each class; NULL: linear */
    const float *coefficients; /* [n - 1][n_vectors] */
    const float *rho;          /* [n_pairs], or [1] when linear */
    const float *prob_a;       /* [n_pairs]; NULL: no probabilities */
    const float *prob_b;       /* [n_pairs] */
    uint32_t n_pairs;
    uint32_t n_scores; /* of output 1 */
    bool all_positive; /* coefficients */
} classifier;

/* The sum of what each class has, checked against overflow. */
static leat_status count_vectors(leat_node *node, classifier *s, size_t n_counts,
                                 uint64_t *total)
{
    *total = 0;
    for (size_t i = 0; i < n_counts; i++) {
        if (s->counts[i] < 0 || s->counts[i] > UINT32_MAX)
            return leat_error_set(node->error, LEAT_E_MODEL,
                                  "attribute vectors_per_class: found %lld",
                                  (long long)s->counts[i]);
        *total += (uint64_t)s->counts[i];
    }
    if (!*total)
        s->counts = NULL;
    return s->counts && n_counts != s->labels.n
               ? bad_length(node, "vectors_per_class", n_counts, s->labels.n)
               : LEAT_OK;
}

static leat_status load_lists(leat_node *node, classifier *s, const float **vectors,
                              size_t n[6])
{
    leat_status status =
        leat_attribute_ints(node, "vectors_per_class", &s->counts, &n[0]);
    if (!status)
        status = leat_attribute_floats(node, "support_vectors", vectors, &n[1]);
    if (!status)
        status = leat_attribute_floats(node, "coefficients", &s->coefficients, &n[2]);
    if (!status)
        status = leat_attribute_floats(node, "rho", &s->rho, &n[3]);
    if (!status)
        status = leat_attribute_floats(node, "prob_a", &s->prob_a, &n[4]);
    if (!status)
        status = leat_attribute_floats(node, "prob_b", &s->prob_b, &n[5]);
    return status;
}

static leat_status load_machine(leat_node *node, classifier *s)
{
    const float *vectors;
    uint64_t total;
    size_t n[6] = {0}; /* lengths of counts, vectors, coefficients, rho, prob_a, prob_b */
    leat_status status = load_lists(node, s, &vectors, n);
    if (!status)
        status = count_vectors(node, s, n[0], &total);
    if (status)
        return status;
    s->all_positive = true;
    for (size_t i = 0; i < n[2]; i++)
        s->all_positive = s->all_positive && s->coefficients[i] >= 0;
    if (!s->counts) {
        s->svm.kernel = LEAT_SVM_LINEAR;
        s->n_scores = s->labels.n;
        return n[3] ? leat_svm_set_vectors(node, &s->svm, s->coefficients, n[2],
                                           s->labels.n)
                    : bad_length(node, "rho", n[3], 1);
    }
    if (!n[4])
        s->prob_a = NULL;
    if (n[2] != (s->labels.n - 1) * total)
        return bad_length(node, "coefficients", n[2], (s->labels.n - 1) * total);
    if (n[3] != s->n_pairs)
        return bad_length(node, "rho", n[3], s->n_pairs);
    if (n[4] != n[5] || (n[4] && n[4] != s->n_pairs))
        return bad_length(node, "prob_a", n[4], s->n_pairs);
    s->n_scores = s->prob_a || s->labels.n == 2 ? s->labels.n : s->n_pairs;
    return leat_svm_set_vectors(node, &s->svm, vectors, n[1], total);
}

static leat_status load_classifier(leat_node *node)
{
    classifier *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    if (!status)
        status = leat_svm_load_kernel(node, &s->svm);
    if (!status)
        status = leat_ml_labels_load(node, "classlabels_ints", &s->labels);
    if (!status)
        status = leat_post_transform_load(node, &s->transform);
    if (status)
        return status;
    if (s->labels.n < 2 || s->labels.n > 1000)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "%u class labels are not supported", s->labels.n);
    s->n_pairs = s->labels.n * (s->labels.n - 1) / 2;
    status = load_machine(node, s);
    if (!status && s->counts && !s->prob_a && s->labels.n == 2 &&
        s->transform == LEAT_POST_PROBIT)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "PROBIT of one score for two classes is not supported");
    return status;
}

/* Scratch behind the kernels: scores of pairs, votes, a spare row, what coupling needs. */
static size_t scratch_floats(const classifier *s)
{
    const size_t n = s->labels.n;
    return s->n_pairs + n + s->n_scores + (s->prob_a ? n * n + n * (n + 1) : 0);
}

static leat_status shape_classifier(const leat_call *call, size_t *scratch,
                                    leat_error *error)
{
    const classifier *s = call->state;
    leat_status status = leat_ml_rows_check(call->inputs[0], s->svm.width, error);
    *scratch = s->svm.n_vectors * sizeof(double) + scratch_floats(s) * sizeof(float) +
               leat_ml_rows_space(call->inputs[0]);
    return status ? status
                  : leat_ml_labels_shape(call, leat_ml_rows_of(call->inputs[0]).n,
                                         s->n_scores, error);
}

/* The support vectors of class `of` as the pair with `against` weighs them. */
static double weigh(const classifier *s, const double *kernels, uint32_t of,
                    uint32_t against, size_t first)
{
    const size_t row = against > of ? against - 1 : against;
    const float *weights = s->coefficients + row * s->svm.n_vectors + first;
    double sum = 0;
    for (int64_t i = 0; i < s->counts[of]; i++)
        sum += (double)weights[i] * kernels[first + (size_t)i];
    return sum;
}

/* scores: [n_pairs]; votes: [n] */
static void score_pairs(const classifier *s, const double *kernels, float *scores,
                        float *votes)
{
    const uint32_t n = s->labels.n;
    size_t first_i = 0, pair = 0;
    memset(votes, 0, n * sizeof *votes);
    for (uint32_t i = 0; i + 1 < n; first_i += (size_t)s->counts[i++]) {
        size_t first_j = first_i + (size_t)s->counts[i];
        for (uint32_t j = i + 1; j < n; first_j += (size_t)s->counts[j++], pair++) {
            const double sum = weigh(s, kernels, i, j, first_i) +
                               weigh(s, kernels, j, i, first_j) + (double)s->rho[pair];
            scores[pair] = (float)sum;
            votes[sum > 0 ? i : j]++;
        }
    }
}

/* The probability of the first of two classes. */
static float calibrate(float score, float a, float b)
{
    return fminf(fmaxf(1 - leat_logistic(score * a + b), 1e-7f), 1 - 1e-7f);
}

/* classes: [n]; work: [n][n] and what coupling needs */
static void find_probabilities(const classifier *s, const float *scores, float *classes,
                               float *work)
{
    const uint32_t n = s->labels.n;
    float *r = work; /* [n][n] */
    memset(r, 0, (size_t)n * n * sizeof *r);
    for (uint32_t i = 0, pair = 0; i + 1 < n; i++) {
        for (uint32_t j = i + 1; j < n; j++, pair++) {
            r[i * n + j] = calibrate(scores[pair], s->prob_a[pair], s->prob_b[pair]);
            r[j * n + i] = 1 - r[i * n + j];
        }
    }
    leat_svm_couple(r, n, classes, work + (size_t)n * n);
}

/* Two classes without probabilities: which side of the threshold the score is on. */
static uint32_t choose(const classifier *s, const float *scores, uint32_t best)
{
    if (s->counts || s->labels.n != 2)
        return best;
    if (s->all_positive)
        return scores[best] >= 0.5f ? 1 : best;
    return scores[best] > 0 ? 1 : best;
}

/* classes: [n_scores], written from the scores of the pairs. */
static void finish_row(const classifier *s, const float *scores, float *classes,
                       float *work)
{
    if (s->prob_a)
        find_probabilities(s, scores, classes, work);
    else if (s->labels.n == 2)
        leat_post_transform_pair(s->transform, s->transform != LEAT_POST_NONE,
                                 (double)scores[0], classes);
    else
        memcpy(classes, scores, s->n_scores * sizeof *classes);
}

static void run_classifier(const leat_call *call)
{
    const classifier *s = call->state;
    const size_t n = leat_ml_rows_of(call->inputs[0]).n;
    double *kernels = call->scratch;                               /* [n_vectors] */
    float *scores = (float *)(void *)(kernels + s->svm.n_vectors); /* [n_pairs] */
    float *votes = scores + s->n_pairs;                            /* [n classes] */
    float *spare = votes + s->labels.n;                            /* [n_scores] */
    float *work = spare + s->n_scores;
    leat_array *labels = leat_call_output(call, 0), *output = leat_call_output(call, 1);
    const float *x =
        leat_ml_rows_floats(call->inputs[0], scores + scratch_floats(s)); /* [n][width] */
    for (size_t row = 0; row < n; row++, x += s->svm.width) {
        float *classes = output ? (float *)output->data + row * s->n_scores : spare;
        leat_svm_kernels(&s->svm, x, kernels);
        if (s->counts) {
            score_pairs(s, kernels, scores, votes);
            finish_row(s, scores, classes, work);
        } else {
            for (uint32_t i = 0; i < s->n_scores; i++)
                classes[i] = (float)(kernels[i] + (double)s->rho[0]);
        }
        const uint32_t best =
            leat_ml_labels_best(s->counts ? votes : classes, s->labels.n);
        if (labels)
            leat_ml_labels_put(&s->labels, choose(s, classes, best), labels->data, row);
    }
    const bool is_pair = s->counts && !s->prob_a && s->labels.n == 2;
    if (output && !is_pair)
        leat_post_transform_run(s->transform, output->data, n, s->n_scores);
}

const leat_operator leat_ml_svm_operators[] = {
    {"ai.onnx.ml", "SVMRegressor", 1, LEAT_NEWEST, 0, 1, 1, 1, load_regressor,
     shape_regressor, run_regressor},
    {"ai.onnx.ml", "SVMClassifier", 1, LEAT_NEWEST, 0, 1, 1, 2, load_classifier,
     shape_classifier, run_classifier},
    {0},
};
