#include "floats.h"
#include "one_node.h"

enum { ROWS = 6, WIDTH = 3, VECTORS = 7, CLASSES = 3, PAIRS = 3 };

static const char *const kernels[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
static const float parameters[] = {0.7f, 0.2f, 3}; /* gamma, coef0, degree */
static const int64_t counts[CLASSES] = {2, 4, 1};

typedef struct data {
    float x[ROWS * WIDTH];
    float vectors[VECTORS * WIDTH];
    float coefficients[(CLASSES - 1) * VECTORS];
    float rho[PAIRS];
} data;

static data make_data(void)
{
    data d;
    uint32_t seed = 3;
    float *all = (float *)&d;
    for (size_t i = 0; i < sizeof d / sizeof *all; i++)
        all[i] = floats_next(&seed);
    return d;
}

static double kernel(int kind, const float *a, const float *b)
{
    const double gamma = (double)parameters[0], coef0 = (double)parameters[1];
    double dot = 0, distance = 0;
    for (int i = 0; i < WIDTH; i++) {
        dot += (double)a[i] * (double)b[i];
        distance += pow((double)a[i] - (double)b[i], 2);
    }
    switch (kind) {
    case 0:
        return dot;
    case 1:
        return pow(gamma * dot + coef0, (double)parameters[2]);
    case 2:
        return exp(-gamma * distance);
    default:
        return tanh(gamma * dot + coef0);
    }
}

/* Class i against class j, of a row. */
static double twin_pair(const data *d, int kind, const float *x, int i, int j, int pair)
{
    double sum = (double)d->rho[pair];
    for (int v = 0, class = 0, left = (int)counts[0]; v < VECTORS; v++, left--) {
        while (!left)
            left = (int)counts[++class];
        const int row = class == i ? j - 1 : i;
        if (class == i || class == j)
            sum += (double)d->coefficients[row * VECTORS + v] *
                   kernel(kind, x, d->vectors + v * WIDTH);
    }
    return sum;
}

static void start(one_node *node, const char *name, const data *d, int kind)
{
    one_node_start(node, "ai.onnx.ml", name, 3);
    memcpy(one_node_input(node, LEAT_F32, 2, (int64_t[]){ROWS, WIDTH}), d->x,
           sizeof d->x);
    one_node_text(node, "kernel_type", kernels[kind]);
    one_node_floats(node, "kernel_params", parameters, 3);
    one_node_floats(node, "support_vectors", d->vectors, VECTORS * WIDTH);
}

static void test_ml_svm__regressor_matches_its_twin(void **state)
{
    (void)state;
    const data d = make_data();
    for (int kind = 0; kind < 4; kind++) {
        one_node node;
        float expected[ROWS];
        for (int row = 0; row < ROWS; row++) {
            double sum = (double)d.rho[0];
            for (int v = 0; v < VECTORS; v++)
                sum += (double)d.coefficients[v] *
                       kernel(kind, d.x + row * WIDTH, d.vectors + v * WIDTH);
            expected[row] = (float)sum;
        }
        start(&node, "SVMRegressor", &d, kind);
        one_node_int(&node, "n_supports", VECTORS);
        one_node_floats(&node, "coefficients", d.coefficients, VECTORS);
        one_node_floats(&node, "rho", d.rho, 1);
        one_node_run(&node);
        floats_expect(node.out[0].data, expected, ROWS, 1e-6);
        one_node_stop(&node);
    }
}

static void test_ml_svm__one_class_is_in_or_out(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "SVMRegressor", 1);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){4, 1});
    x[0] = 2, x[1] = 0.5f, x[2] = 1, x[3] = NAN;
    one_node_floats(&node, "coefficients", (float[]){1}, 1);
    one_node_floats(&node, "rho", (float[]){-1}, 1);
    one_node_int(&node, "one_class", 1);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1, -1, -1, NAN}, 4, 0);
    one_node_stop(&node);
}

static void start_classifier(one_node *node, const data *d, int kind)
{
    start(node, "SVMClassifier", d, kind);
    one_node_ints(node, "vectors_per_class", counts, CLASSES);
    one_node_ints(node, "classlabels_ints", (int64_t[]){5, 6, 7}, CLASSES);
    one_node_floats(node, "coefficients", d->coefficients, (CLASSES - 1) * VECTORS);
    one_node_floats(node, "rho", d->rho, PAIRS);
    one_node_outputs(node, 2);
}

/* The scores of the pairs, and the votes that they give. */
static void test_ml_svm__classifier_matches_its_twin(void **state)
{
    (void)state;
    const data d = make_data();
    for (int kind = 0; kind < 4; kind++) {
        one_node node;
        float expected[ROWS * PAIRS];
        start_classifier(&node, &d, kind);
        one_node_run(&node);
        const int64_t *labels = node.out[0].data;
        for (int row = 0; row < ROWS; row++) {
            int votes[CLASSES] = {0}, best = 0;
            for (int i = 0, pair = 0; i < CLASSES; i++) {
                for (int j = i + 1; j < CLASSES; j++, pair++) {
                    double sum = twin_pair(&d, kind, d.x + row * WIDTH, i, j, pair);
                    expected[row * PAIRS + pair] = (float)sum;
                    votes[sum > 0 ? i : j]++;
                }
            }
            for (int i = 1; i < CLASSES; i++)
                best = votes[i] > votes[best] ? i : best;
            assert_int_equal(labels[row], 5 + best);
        }
        floats_expect(node.out[1].data, expected, ROWS * PAIRS, 1e-6);
        one_node_stop(&node);
    }
}

/* Of all probabilities p with a sum of 1, LIBSVM's second method takes those with the least
 * sum of (r_ji p_i - r_ij p_j)^2: no small step from them is better. */
static double badness(const double *r, const double *p)
{
    double sum = 0;
    for (int i = 0; i < CLASSES; i++)
        for (int j = 0; j < CLASSES; j++)
            if (i != j)
                sum += pow(r[j * CLASSES + i] * p[i] - r[i * CLASSES + j] * p[j], 2);
    return sum;
}

static void test_ml_svm__probabilities_fit_those_of_pairs(void **state)
{
    (void)state;
    one_node node;
    const data d = make_data();
    const float a[PAIRS] = {-1.5f, -2, -1}, b[PAIRS] = {0.1f, 0, -0.2f};
    start_classifier(&node, &d, 2);
    one_node_floats(&node, "prob_a", a, PAIRS);
    one_node_floats(&node, "prob_b", b, PAIRS);
    one_node_run(&node);
    const float *found = node.out[1].data;
    for (int row = 0; row < ROWS; row++) {
        double r[CLASSES * CLASSES] = {0}, p[CLASSES], sum = 0;
        for (int i = 0, pair = 0; i < CLASSES; i++) {
            for (int j = i + 1; j < CLASSES; j++, pair++) {
                double score = twin_pair(&d, 2, d.x + row * WIDTH, i, j, pair);
                r[i * CLASSES + j] =
                    1 / (1 + exp(score * (double)a[pair] + (double)b[pair]));
                r[j * CLASSES + i] = 1 - r[i * CLASSES + j];
            }
        }
        for (int i = 0; i < CLASSES; i++)
            sum += p[i] = (double)found[row * CLASSES + i];
        assert_true(fabs(sum - 1) < 1e-5);
        for (int i = 0; i < CLASSES; i++) {
            double other[CLASSES];
            memcpy(other, p, sizeof p);
            other[i] += 0.01, other[(i + 1) % CLASSES] -= 0.01;
            assert_true(badness(r, other) > badness(r, p));
        }
    }
    one_node_stop(&node);
}

static void test_ml_svm__without_vectors_it_is_linear(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "SVMClassifier", 1);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
    x[0] = 1, x[1] = 2, x[2] = -1, x[3] = 0;
    one_node_floats(&node, "coefficients", (float[]){1, 0, 0, 1, 1, 1}, 6);
    one_node_floats(&node, "rho", (float[]){0.5f}, 1);
    one_node_texts(&node, "classlabels_strings", (const char *[]){"a", "b", "c"}, 3);
    one_node_outputs(&node, 2);
    one_node_run(&node);
    const leat_slice *labels = node.out[0].data;
    assert_int_equal(labels[0].data[0], 'c');
    assert_int_equal(labels[1].data[0], 'b');
    floats_expect(node.out[1].data, (float[]){1.5f, 2.5f, 3.5f, -0.5f, 0.5f, -0.5f}, 6,
                  0);
    one_node_stop(&node);
}

static void test_ml_svm__lengths_are_checked_against_each_other(void **state)
{
    (void)state;
    static const char *const messages[] = {"coefficients: found 13", "rho: found 2",
                                           "7 support vectors"};
    const data d = make_data();
    for (int wrong = 0; wrong < 3; wrong++) {
        one_node node;
        start_classifier(&node, &d, 0);
        for (uint32_t i = 0; i < node.node.n_attributes; i++) {
            static const char *const names[] = {"coefficients", "rho", "support_vectors"};
            if (!strcmp(node.attributes[i].name, names[wrong]))
                node.attributes[i].n--;
        }
        assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
        assert_non_null(strstr(node.error.msg, messages[wrong]));
        one_node_stop(&node);
    }
}

static void test_ml_svm__counts_of_vectors_are_checked(void **state)
{
    (void)state;
    static const int64_t wrong[][CLASSES] = {{-1, 7, 1}, {INT64_MAX, INT64_MAX, 9}};
    const data d = make_data();
    for (int i = 0; i < 2; i++) {
        one_node node;
        start_classifier(&node, &d, 0);
        for (uint32_t k = 0; k < node.node.n_attributes; k++)
            if (!strcmp(node.attributes[k].name, "vectors_per_class"))
                node.attributes[k].ints = wrong[i];
        assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
        one_node_stop(&node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_svm__regressor_matches_its_twin),
        cmocka_unit_test(test_ml_svm__one_class_is_in_or_out),
        cmocka_unit_test(test_ml_svm__classifier_matches_its_twin),
        cmocka_unit_test(test_ml_svm__probabilities_fit_those_of_pairs),
        cmocka_unit_test(test_ml_svm__without_vectors_it_is_linear),
        cmocka_unit_test(test_ml_svm__lengths_are_checked_against_each_other),
        cmocka_unit_test(test_ml_svm__counts_of_vectors_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
