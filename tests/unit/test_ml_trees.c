#include "floats.h"
#include "one_node.h"

#include <stdlib.h>

/* Random ensembles of versions 1 to 3, beside a walk that follows the definition. */

enum { TREES = 5, INNER = 6, NODES = 2 * INNER + 1, ALL = TREES * NODES };
enum { ROWS = 300, WIDTH = 4, CLASSES = 3, MANY = 8, MOST_WEIGHTS = ALL * MANY };

static const char *const modes[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                    "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};
static const float values[] = {-1, -0.5f, -0.0f, 0, 0.5f, 1e-40f, INFINITY, NAN};
enum { VALUES = sizeof values / sizeof *values };

typedef struct ensemble {
    int64_t tree_ids[ALL], node_ids[ALL], features[ALL], yes[ALL], no[ALL], tracks[ALL];
    const char *modes[ALL];
    float values[ALL];
    int n_targets;
    size_t n_weights;
    int64_t weight_trees[MOST_WEIGHTS], weight_nodes[MOST_WEIGHTS];
    int64_t targets[MOST_WEIGHTS];
    float weights[MOST_WEIGHTS];
    float x[ROWS * WIDTH];
} ensemble;

static uint32_t pick(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

/* Node k of a tree has the id that a permutation gives it; the root comes first, all else
 * in the order of ids, so that children precede their parents too. */
static int64_t id_of(int tree, int k)
{
    return k ? 100 - k * 7 + tree : 1000;
}

static void grow_tree(ensemble *e, int tree, uint32_t n_modes, uint32_t *seed)
{
    for (int k = 0; k < NODES; k++) {
        const int at = tree * NODES + k;
        const bool is_leaf = k >= INNER;
        e->tree_ids[at] = 10 * tree + 3;
        e->node_ids[at] = id_of(tree, k);
        e->features[at] = pick(seed, WIDTH);
        e->modes[at] = is_leaf ? "LEAF" : modes[pick(seed, n_modes)];
        e->values[at] = values[pick(seed, VALUES)];
        e->tracks[at] = pick(seed, 2);
        e->yes[at] = is_leaf ? 0 : id_of(tree, 2 * k + 2);
        e->no[at] = is_leaf ? 0 : id_of(tree, 2 * k + 1);
    }
}

static ensemble *grow(uint32_t seed, uint32_t n_modes, int n_targets)
{
    ensemble *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->n_targets = n_targets;
    for (int tree = 0; tree < TREES; tree++)
        grow_tree(e, tree, n_modes, &seed);
    for (int at = 0; at < ALL; at++) {
        for (int target = 0; target < n_targets; target++) {
            if (strcmp(e->modes[at], "LEAF") || !pick(&seed, 3))
                continue;
            e->weight_trees[e->n_weights] = e->tree_ids[at];
            e->weight_nodes[e->n_weights] = e->node_ids[at];
            e->targets[e->n_weights] = target;
            e->weights[e->n_weights++] = (float)pick(&seed, 64) - 32;
        }
    }
    for (int i = 0; i < ROWS * WIDTH; i++)
        e->x[i] = values[pick(&seed, VALUES)];
    return e;
}

static int find(const ensemble *e, int64_t tree, int64_t id)
{
    for (int at = 0; at < ALL; at++)
        if (e->tree_ids[at] == tree && e->node_ids[at] == id)
            return at;
    fail_msg("no node");
    return -1;
}

static bool holds(const char *mode, float x, float value)
{
    switch (mode[7]) {
    case 'L':
        return mode[9] == 'Q' ? x <= value : x < value;
    case 'G':
        return mode[9] == 'E' ? x >= value : x > value;
    case 'E':
        return x == value;
    default:
        return x != value;
    }
}

static int walk(const ensemble *e, int tree, const float *x)
{
    int at = tree * NODES;
    while (strcmp(e->modes[at], "LEAF")) {
        const float value = x[e->features[at]];
        const bool yes =
            holds(e->modes[at], value, e->values[at]) || (isnan(value) && e->tracks[at]);
        at = find(e, e->tree_ids[at], yes ? e->yes[at] : e->no[at]);
    }
    return at;
}

/* sums: [ROWS][n_targets] */
static void twin(const ensemble *e, float *sums)
{
    const int n_targets = e->n_targets;
    memset(sums, 0, (size_t)(ROWS * n_targets) * sizeof *sums);
    for (int row = 0; row < ROWS; row++) {
        for (int tree = 0; tree < TREES; tree++) {
            const int leaf = walk(e, tree, e->x + row * WIDTH);
            for (size_t i = 0; i < e->n_weights; i++)
                if (e->weight_trees[i] == e->tree_ids[leaf] &&
                    e->weight_nodes[i] == e->node_ids[leaf])
                    sums[row * n_targets + e->targets[i]] += e->weights[i];
        }
    }
}

static void give_nodes(one_node *node, const ensemble *e)
{
    one_node_ints(node, "nodes_treeids", e->tree_ids, ALL);
    one_node_ints(node, "nodes_nodeids", e->node_ids, ALL);
    one_node_ints(node, "nodes_featureids", e->features, ALL);
    one_node_ints(node, "nodes_truenodeids", e->yes, ALL);
    one_node_ints(node, "nodes_falsenodeids", e->no, ALL);
    one_node_ints(node, "nodes_missing_value_tracks_true", e->tracks, ALL);
    one_node_texts(node, "nodes_modes", e->modes, ALL);
    one_node_floats(node, "nodes_values", e->values, ALL);
}

static void start_regressor(one_node *node, const ensemble *e)
{
    one_node_start(node, "ai.onnx.ml", "TreeEnsembleRegressor", 3);
    memcpy(one_node_input(node, LEAT_F32, 2, (int64_t[]){ROWS, WIDTH}), e->x,
           sizeof e->x);
    give_nodes(node, e);
    one_node_ints(node, "target_treeids", e->weight_trees, e->n_weights);
    one_node_ints(node, "target_nodeids", e->weight_nodes, e->n_weights);
    one_node_ints(node, "target_ids", e->targets, e->n_weights);
    one_node_floats(node, "target_weights", e->weights, e->n_weights);
    one_node_int(node, "n_targets", e->n_targets);
}

static leat_attribute *attribute(one_node *node, const char *name)
{
    for (uint32_t i = 0; i < node->node.n_attributes; i++)
        if (!strcmp(node->attributes[i].name, name))
            return &node->attributes[i];
    fail_msg("no attribute %s", name);
    return NULL;
}

/* Sums of small whole numbers, so that equal is equal. With many targets leaves have
 * vectors. */
static void test_ml_trees__regressor_matches_its_twin(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed < 40; seed++) {
        one_node node;
        float expected[ROWS * MANY];
        ensemble *e = grow(seed, 6, seed % 2 ? CLASSES : MANY);
        twin(e, expected);
        start_regressor(&node, e);
        one_node_run(&node);
        floats_expect(node.out[0].data, expected, (size_t)(ROWS * e->n_targets), 0);
        one_node_stop(&node);
        free(e);
    }
}

/* Converted from float64, integers or wider rows they are the same rows. */
static void check_rows(int n_targets)
{
    one_node node;
    float expected[ROWS * MANY];
    ensemble *e = grow(5, 4, n_targets);
    const size_t n = (size_t)(ROWS * n_targets);
    twin(e, expected);
    start_regressor(&node, e);
    node.node.n_inputs = 0;
    double *x = one_node_input(&node, LEAT_F64, 2, (int64_t[]){ROWS, WIDTH + 2});
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < WIDTH; i++)
            x[row * (WIDTH + 2) + i] = (double)e->x[row * WIDTH + i];
    one_node_run(&node);
    floats_expect(node.out[0].data, expected, n, 0);
    one_node_stop(&node);
    for (int i = 0; i < ROWS * WIDTH; i++)
        e->x[i] = (float)(i % 5 - 2);
    twin(e, expected);
    start_regressor(&node, e);
    node.node.n_inputs = 0;
    int64_t *whole = one_node_input(&node, LEAT_I64, 2, (int64_t[]){ROWS, WIDTH});
    for (int i = 0; i < ROWS * WIDTH; i++)
        whole[i] = i % 5 - 2;
    one_node_run(&node);
    floats_expect(node.out[0].data, expected, n, 0);
    one_node_stop(&node);
    free(e);
}

static void test_ml_trees__rows_are_taken_as_they_come(void **state)
{
    (void)state;
    check_rows(CLASSES);
    check_rows(MANY);
}

static void test_ml_trees__average_and_base_values(void **state)
{
    (void)state;
    one_node node;
    const float base[CLASSES] = {0.5f, -1, 100};
    float expected[ROWS * CLASSES];
    ensemble *e = grow(9, 6, CLASSES);
    twin(e, expected);
    for (int i = 0; i < ROWS * CLASSES; i++)
        expected[i] = expected[i] / TREES + base[i % CLASSES];
    start_regressor(&node, e);
    one_node_text(&node, "aggregate_function", "AVERAGE");
    one_node_floats(&node, "base_values", base, CLASSES);
    one_node_run(&node);
    floats_expect(node.out[0].data, expected, ROWS * CLASSES, 1e-6);
    one_node_stop(&node);
    free(e);
}

static void test_ml_trees__other_aggregates_are_refused(void **state)
{
    (void)state;
    one_node node;
    ensemble *e = grow(9, 6, CLASSES);
    start_regressor(&node, e);
    one_node_text(&node, "aggregate_function", "MIN");
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    assert_non_null(strstr(node.error.msg, "\"MIN\""));
    one_node_stop(&node);
    free(e);
}

static void test_ml_trees__lengths_are_checked_against_each_other(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "nodes_treeids",
        "nodes_featureids",
        "nodes_truenodeids",
        "nodes_falsenodeids",
        "nodes_modes",
        "nodes_values",
        "target_nodeids",
        "target_ids",
        "target_weights",
        "nodes_nodeids",
        "nodes_missing_value_tracks_true",
    };
    ensemble *e = grow(2, 6, CLASSES);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        one_node node;
        start_regressor(&node, e);
        attribute(&node, lists[i])->n--;
        assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
        assert_non_null(strstr(node.error.msg, "attribute "));
        one_node_stop(&node);
    }
    free(e);
}

static void test_ml_trees__no_sides_of_missing_are_false(void **state)
{
    (void)state;
    one_node node;
    float expected[ROWS * CLASSES];
    ensemble *e = grow(4, 4, CLASSES);
    memset(e->tracks, 0, sizeof e->tracks);
    twin(e, expected);
    start_regressor(&node, e);
    attribute(&node, "nodes_missing_value_tracks_true")->n = 0;
    one_node_run(&node);
    floats_expect(node.out[0].data, expected, ROWS * CLASSES, 0);
    one_node_stop(&node);
    free(e);
}

static void refuse(const ensemble *e, const char *message)
{
    one_node node;
    start_regressor(&node, e);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    if (!strstr(node.error.msg, message))
        fail_msg("\"%s\" lacks \"%s\"", node.error.msg, message);
    one_node_stop(&node);
}

static void test_ml_trees__what_is_no_tree_is_refused(void **state)
{
    (void)state;
    ensemble *e = grow(2, 6, CLASSES);
    const int64_t child = e->yes[0];
    e->yes[0] = e->node_ids[0];
    refuse(e, "reached twice");
    e->yes[0] = e->no[0];
    refuse(e, "reached twice");
    e->yes[0] = 12345;
    refuse(e, "nodes_truenodeids: tree 3 has no node 12345");
    e->yes[0] = child;
    e->no[NODES] = -1;
    refuse(e, "nodes_falsenodeids: tree 13 has no node -1");
    free(e);
}

static void test_ml_trees__numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    ensemble *e = grow(2, 6, CLASSES);
    e->features[0] = -1;
    refuse(e, "nodes_featureids: found -1");
    e->features[0] = INT64_MAX;
    refuse(e, "nodes_featureids: found");
    e->features[0] = WIDTH;
    refuse(e, "4 columns, and a node asks for number 4");
    e->features[0] = 0;
    e->targets[0] = CLASSES;
    refuse(e, "target_ids: found 3 of 3");
    e->targets[0] = -1;
    refuse(e, "target_ids: found -1 of 3");
    e->targets[0] = 0;
    e->weight_nodes[0] = 77777;
    refuse(e, "target_nodeids: tree 3 has no node 77777");
    e->weight_nodes[0] = e->node_ids[NODES - 1];
    e->node_ids[1] = e->node_ids[2];
    refuse(e, "two nodes");
    free(e);
}

static void test_ml_trees__a_single_leaf_is_a_tree(void **state)
{
    (void)state;
    one_node node;
    const int64_t zero = 0;
    const float weight = 2.5f;
    one_node_start(&node, "ai.onnx.ml", "TreeEnsembleRegressor", 1);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 1});
    x[0] = NAN;
    one_node_ints(&node, "nodes_treeids", &zero, 1);
    one_node_ints(&node, "nodes_nodeids", &zero, 1);
    one_node_ints(&node, "nodes_featureids", &zero, 1);
    one_node_ints(&node, "nodes_truenodeids", &zero, 1);
    one_node_ints(&node, "nodes_falsenodeids", &zero, 1);
    one_node_texts(&node, "nodes_modes", (const char *[]){"LEAF"}, 1);
    one_node_floats(&node, "nodes_values", (float[]){0}, 1);
    one_node_ints(&node, "target_treeids", &zero, 1);
    one_node_ints(&node, "target_nodeids", &zero, 1);
    one_node_ints(&node, "target_ids", &zero, 1);
    one_node_floats(&node, "target_weights", &weight, 1);
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){2.5f, 2.5f}, 2, 0);
    one_node_stop(&node);
}

static void test_ml_trees__doubles_stay_doubles(void **state)
{
    (void)state;
    one_node node;
    double split[] = {1 + 1e-12, 0, 0}, weights[] = {1, 2};
    const leat_array splits_tensor = {LEAT_F64, 1, {3}, split};
    const leat_array weights_tensor = {LEAT_F64, 1, {2}, weights};
    const int64_t zeros[] = {0, 0, 0}, ids[] = {0, 1, 2};
    one_node_start(&node, "ai.onnx.ml", "TreeEnsembleRegressor", 3);
    double *x = one_node_input(&node, LEAT_F64, 2, (int64_t[]){2, 1});
    x[0] = 1 + 1e-12, x[1] = 1 + 2e-12;
    one_node_ints(&node, "nodes_treeids", zeros, 3);
    one_node_ints(&node, "nodes_nodeids", ids, 3);
    one_node_ints(&node, "nodes_featureids", zeros, 3);
    one_node_ints(&node, "nodes_truenodeids", (int64_t[]){1, 0, 0}, 3);
    one_node_ints(&node, "nodes_falsenodeids", (int64_t[]){2, 0, 0}, 3);
    one_node_texts(&node, "nodes_modes", (const char *[]){"BRANCH_LEQ", "LEAF", "LEAF"},
                   3);
    one_node_tensor(&node, "nodes_values_as_tensor", &splits_tensor);
    one_node_ints(&node, "target_treeids", zeros, 2);
    one_node_ints(&node, "target_nodeids", ids + 1, 2);
    one_node_ints(&node, "target_ids", zeros, 2);
    one_node_tensor(&node, "target_weights_as_tensor", &weights_tensor);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, LEAT_F32);
    floats_expect(node.out[0].data, (float[]){1, 2}, 2, 0);
    one_node_stop(&node);
}

/* ---- classifiers ---- */

static void start_classifier(one_node *node, const ensemble *e, size_t n_classes)
{
    one_node_start(node, "ai.onnx.ml", "TreeEnsembleClassifier", 3);
    memcpy(one_node_input(node, LEAT_F32, 2, (int64_t[]){ROWS, WIDTH}), e->x,
           sizeof e->x);
    give_nodes(node, e);
    one_node_ints(node, "class_treeids", e->weight_trees, e->n_weights);
    one_node_ints(node, "class_nodeids", e->weight_nodes, e->n_weights);
    one_node_ints(node, "class_ids", e->targets, e->n_weights);
    one_node_floats(node, "class_weights", e->weights, e->n_weights);
    one_node_texts(node, "classlabels_strings", (const char *[]){"a", "b", "c"},
                   n_classes);
    one_node_outputs(node, 2);
}

static void expect_labels(const one_node *node, const char *expected)
{
    const leat_slice *labels = node->out[0].data;
    for (int row = 0; row < ROWS; row++)
        if (labels[row].data[0] != expected[row])
            fail_msg("[%d] is %c, expected %c", row, labels[row].data[0], expected[row]);
}

static void test_ml_trees__classifier_picks_the_largest_sum(void **state)
{
    (void)state;
    one_node node;
    char labels[ROWS];
    float sums[ROWS * CLASSES];
    ensemble *e = grow(11, 6, CLASSES);
    twin(e, sums);
    for (int row = 0; row < ROWS; row++) {
        const float *row_sums = sums + row * CLASSES;
        int best = row_sums[1] > row_sums[0];
        best = row_sums[2] > row_sums[best] ? 2 : best;
        labels[row] = (char)('a' + best);
    }
    start_classifier(&node, e, CLASSES);
    one_node_run(&node);
    expect_labels(&node, labels);
    floats_expect(node.out[1].data, sums, ROWS * CLASSES, 0);
    one_node_stop(&node);
    free(e);
}

/* All weights are the first class's: their sum is the second one's score. */
static void check_pair(bool positive, const char *transform)
{
    one_node node;
    char labels[ROWS];
    float sums[ROWS * CLASSES], pairs[ROWS * 2];
    ensemble *e = grow(12, 6, CLASSES);
    for (size_t i = 0; i < e->n_weights; i++) {
        e->targets[i] = 0;
        e->weights[i] /= positive ? 340 : 64;
        if (positive)
            e->weights[i] = fabsf(e->weights[i]);
    }
    twin(e, sums);
    for (int row = 0; row < ROWS; row++) {
        const float sum = sums[row * CLASSES], odds = expf(sum) / (1 + expf(sum));
        const bool logistic = !strcmp(transform, "LOGISTIC");
        labels[row] = sum > (positive ? 0.5f : 0) ? 'b' : 'a';
        pairs[2 * row] = logistic ? 1 - odds : positive ? 1 - sum : -sum;
        pairs[2 * row + 1] = logistic ? odds : sum;
    }
    start_classifier(&node, e, 2);
    one_node_text(&node, "post_transform", transform);
    one_node_run(&node);
    expect_labels(&node, labels);
    floats_expect(node.out[1].data, pairs, ROWS * 2, 1e-6);
    one_node_stop(&node);
    free(e);
}

static void test_ml_trees__one_sum_tells_two_classes_apart(void **state)
{
    (void)state;
    check_pair(true, "NONE");
    check_pair(true, "LOGISTIC");
    check_pair(false, "NONE");
    check_pair(false, "LOGISTIC");
}

static void test_ml_trees__base_values_of_both_classes_are_refused(void **state)
{
    (void)state;
    one_node node;
    ensemble *e = grow(11, 6, CLASSES);
    for (size_t i = 0; i < e->n_weights; i++)
        e->targets[i] %= 2;
    start_classifier(&node, e, 2);
    one_node_floats(&node, "base_values", (float[]){0.25f, 0.75f}, 2);
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    one_node_stop(&node);
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_trees__regressor_matches_its_twin),
        cmocka_unit_test(test_ml_trees__rows_are_taken_as_they_come),
        cmocka_unit_test(test_ml_trees__average_and_base_values),
        cmocka_unit_test(test_ml_trees__other_aggregates_are_refused),
        cmocka_unit_test(test_ml_trees__lengths_are_checked_against_each_other),
        cmocka_unit_test(test_ml_trees__no_sides_of_missing_are_false),
        cmocka_unit_test(test_ml_trees__what_is_no_tree_is_refused),
        cmocka_unit_test(test_ml_trees__numbers_out_of_range_are_refused),
        cmocka_unit_test(test_ml_trees__a_single_leaf_is_a_tree),
        cmocka_unit_test(test_ml_trees__doubles_stay_doubles),
        cmocka_unit_test(test_ml_trees__classifier_picks_the_largest_sum),
        cmocka_unit_test(test_ml_trees__one_sum_tells_two_classes_apart),
        cmocka_unit_test(test_ml_trees__base_values_of_both_classes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
