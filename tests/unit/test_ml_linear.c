#include "floats.h"
#include "one_node.h"

enum { ROWS = 5, WIDTH = 13, TARGETS = 3 };

static const int64_t x_shape[] = {ROWS, WIDTH};

typedef struct data {
    float x[ROWS * WIDTH];
    float coefficients[TARGETS * WIDTH];
    float intercepts[TARGETS];
} data;

static data make_data(void)
{
    data d;
    uint32_t seed = 7;
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        d.x[i] = floats_next(&seed);
    for (size_t i = 0; i < TARGETS * WIDTH; i++)
        d.coefficients[i] = floats_next(&seed);
    for (size_t i = 0; i < TARGETS; i++)
        d.intercepts[i] = floats_next(&seed);
    return d;
}

/* [ROWS][n_targets] */
static void twin(const data *d, int n_targets, float *scores)
{
    for (int row = 0; row < ROWS; row++) {
        for (int target = 0; target < n_targets; target++) {
            double sum = (double)d->intercepts[target];
            for (int i = 0; i < WIDTH; i++)
                sum += (double)d->x[row * WIDTH + i] *
                       (double)d->coefficients[target * WIDTH + i];
            scores[row * n_targets + target] = (float)sum;
        }
    }
}

static void start(one_node *node, const char *name, const data *d, size_t n_targets)
{
    one_node_start(node, "ai.onnx.ml", name, 3);
    memcpy(one_node_input(node, LEAT_F32, 2, x_shape), d->x, sizeof d->x);
    one_node_floats(node, "coefficients", d->coefficients, n_targets * WIDTH);
    one_node_floats(node, "intercepts", d->intercepts, n_targets);
}

static void test_ml_linear__regressor_matches_its_twin(void **state)
{
    (void)state;
    one_node node;
    const data d = make_data();
    float expected[ROWS * TARGETS];
    twin(&d, TARGETS, expected);
    start(&node, "LinearRegressor", &d, TARGETS);
    one_node_int(&node, "targets", TARGETS);
    one_node_run(&node);
    floats_expect(node.out[0].data, expected, ROWS * TARGETS, 1e-6);
    one_node_stop(&node);
}

static void test_ml_linear__regressor_needs_no_intercepts(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LinearRegressor", 1);
    double *x = one_node_input(&node, LEAT_F64, 2, (int64_t[]){2, 2});
    x[0] = 1, x[1] = 2, x[2] = NAN, x[3] = 1;
    one_node_floats(&node, "coefficients", (float[]){3, 4}, 2);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){11, NAN}, 2, 0);
    one_node_stop(&node);
}

static void test_ml_linear__coefficients_must_fit(void **state)
{
    (void)state;
    one_node node;
    const data d = make_data();
    start(&node, "LinearRegressor", &d, TARGETS);
    one_node_int(&node, "targets", 2);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

static void test_ml_linear__rows_must_fit(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LinearRegressor", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_floats(&node, "coefficients", (float[]){3, 4}, 2);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    assert_non_null(strstr(node.error.msg, "2 columns are expected"));
    one_node_stop(&node);
}

static void softmax(float *row, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += exp((double)row[i]);
    for (int i = 0; i < n; i++)
        row[i] = (float)(exp((double)row[i]) / sum);
}

static void test_ml_linear__classifier_picks_the_largest_score(void **state)
{
    (void)state;
    one_node node;
    const data d = make_data();
    float expected[ROWS * TARGETS];
    twin(&d, TARGETS, expected);
    start(&node, "LinearClassifier", &d, TARGETS);
    one_node_ints(&node, "classlabels_ints", (int64_t[]){10, 20, 30}, TARGETS);
    one_node_text(&node, "post_transform", "SOFTMAX");
    one_node_outputs(&node, 2);
    one_node_run(&node);
    const int64_t *labels = node.out[0].data;
    for (int row = 0; row < ROWS; row++) {
        int best = 0;
        for (int i = 1; i < TARGETS; i++)
            if (expected[row * TARGETS + i] > expected[row * TARGETS + best])
                best = i;
        assert_int_equal(labels[row], (best + 1) * 10);
        softmax(expected + row * TARGETS, TARGETS);
    }
    floats_expect(node.out[1].data, expected, ROWS * TARGETS, 1e-6);
    one_node_stop(&node);
}

static void test_ml_linear__one_score_tells_two_classes_apart(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "ai.onnx.ml", "LinearClassifier", 1);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){3, 1});
    x[0] = 0.25f, x[1] = -2, x[2] = 0;
    one_node_floats(&node, "coefficients", (float[]){1}, 1);
    one_node_floats(&node, "intercepts", (float[]){0}, 1);
    one_node_texts(&node, "classlabels_strings", (const char *[]){"no", "yes"}, 2);
    one_node_outputs(&node, 2);
    one_node_run(&node);
    const leat_slice *labels = node.out[0].data;
    assert_memory_equal(labels[0].data, "yes", 3);
    assert_memory_equal(labels[1].data, "no", 2);
    assert_memory_equal(labels[2].data, "no", 2);
    floats_expect(node.out[1].data, (float[]){0.75f, 0.25f, 3, -2, 1, 0}, 6, 0);
    one_node_stop(&node);
}

static void test_ml_linear__an_output_may_be_unread(void **state)
{
    (void)state;
    for (uint32_t unread = 0; unread < 2; unread++) {
        one_node node;
        const data d = make_data();
        start(&node, "LinearClassifier", &d, TARGETS);
        one_node_ints(&node, "classlabels_ints", (int64_t[]){0, 1, 2}, TARGETS);
        one_node_outputs(&node, 2);
        node.outputs[unread] = NULL;
        one_node_run(&node);
        assert_int_equal(leat_array_count(&node.out[!unread]), unread ? ROWS : 3 * ROWS);
        one_node_stop(&node);
    }
}

static void test_ml_linear__labels_must_fit(void **state)
{
    (void)state;
    one_node node;
    const data d = make_data();
    start(&node, "LinearClassifier", &d, TARGETS);
    one_node_ints(&node, "classlabels_ints", (int64_t[]){0, 1}, 2);
    one_node_outputs(&node, 2);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_linear__regressor_matches_its_twin),
        cmocka_unit_test(test_ml_linear__regressor_needs_no_intercepts),
        cmocka_unit_test(test_ml_linear__coefficients_must_fit),
        cmocka_unit_test(test_ml_linear__rows_must_fit),
        cmocka_unit_test(test_ml_linear__classifier_picks_the_largest_score),
        cmocka_unit_test(test_ml_linear__one_score_tells_two_classes_apart),
        cmocka_unit_test(test_ml_linear__an_output_may_be_unread),
        cmocka_unit_test(test_ml_linear__labels_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
