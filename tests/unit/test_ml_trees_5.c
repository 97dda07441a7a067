#include "floats.h"
#include "one_node.h"

#include <stdlib.h>

/* TreeEnsemble of ai.onnx.ml 5: inner nodes and leaves apart. */

enum { LEQ, LT, GTE, GT, EQ, NEQ, MEMBER };

/* A tree of one node for each mode, all of feature 0, one target each: 1 where the
 * comparison with 2 holds, else -1. */
enum { MODES = 7 };

static int32_t modes[MODES] = {LEQ, LT, GTE, GT, EQ, NEQ, MEMBER};
static float splits[MODES] = {2, 2, 2, 2, 2, 2, 0};
static float members[] = {2, 5, 7, NAN};
static float weights[2 * MODES];

typedef struct lists {
    int64_t features[MODES], yes[MODES], no[MODES], leaf[MODES], tracks[MODES];
    int64_t targets[2 * MODES], roots[MODES];
    leat_array modes, splits, members, weights;
} lists;

static lists make_lists(void)
{
    lists l = {
        .modes = {LEAT_I32, 1, {MODES}, modes},
        .splits = {LEAT_F32, 1, {MODES}, splits},
        .members = {LEAT_F32, 1, {4}, members},
        .weights = {LEAT_F32, 1, {2 * MODES}, weights},
    };
    for (int i = 0; i < MODES; i++) {
        l.leaf[i] = 1;
        l.roots[i] = i;
        l.yes[i] = 2 * i;
        l.no[i] = 2 * i + 1;
        l.targets[2 * i] = l.targets[2 * i + 1] = i;
        weights[2 * i] = 1, weights[2 * i + 1] = -1;
    }
    return l;
}

static float *start(one_node *node, const lists *l, uint32_t n_rows)
{
    one_node_start(node, "ai.onnx.ml", "TreeEnsemble", 5);
    one_node_ints(node, "nodes_featureids", l->features, MODES);
    one_node_ints(node, "nodes_truenodeids", l->yes, MODES);
    one_node_ints(node, "nodes_falsenodeids", l->no, MODES);
    one_node_ints(node, "nodes_trueleafs", l->leaf, MODES);
    one_node_ints(node, "nodes_falseleafs", l->leaf, MODES);
    one_node_ints(node, "nodes_missing_value_tracks_true", l->tracks, MODES);
    one_node_tensor(node, "nodes_modes", &l->modes);
    one_node_tensor(node, "nodes_splits", &l->splits);
    one_node_tensor(node, "membership_values", &l->members);
    one_node_ints(node, "leaf_targetids", l->targets, 2 * MODES);
    one_node_tensor(node, "leaf_weights", &l->weights);
    one_node_ints(node, "tree_roots", l->roots, MODES);
    one_node_int(node, "n_targets", MODES);
    return one_node_input(node, LEAT_F32, 2, (int64_t[]){n_rows, 1});
}

static void test_ml_trees_5__every_mode_is_what_it_says(void **state)
{
    (void)state;
    one_node node;
    const lists l = make_lists();
    const float x[] = {2, nextafterf(2, 3), 1, 7, -INFINITY, INFINITY, NAN};
    float expected[7 * MODES];
    for (int row = 0; row < 7; row++) {
        const float v = x[row];
        const bool holds[MODES] = {
            v <= 2, v<2, v >= 2, v> 2, v == 2, v != 2, v == 2 || v == 5 || v == 7,
        };
        for (int i = 0; i < MODES; i++)
            expected[row * MODES + i] = holds[i] ? 1 : -1;
    }
    memcpy(start(&node, &l, 7), x, sizeof x);
    one_node_run(&node);
    floats_expect(node.out[0].data, expected, 7 * MODES, 0);
    one_node_stop(&node);
}

static void test_ml_trees_5__missing_may_track_true(void **state)
{
    (void)state;
    one_node node;
    lists l = make_lists();
    for (int i = 0; i < MODES; i++)
        l.tracks[i] = 1;
    start(&node, &l, 1)[0] = NAN;
    one_node_run(&node);
    floats_expect(node.out[0].data, (float[]){1, 1, 1, 1, 1, 1, 1}, MODES, 0);
    one_node_stop(&node);
}

/* The sets of several nodes follow one another; one of them is empty. */
static void test_ml_trees_5__each_node_has_its_own_members(void **state)
{
    (void)state;
    one_node node;
    lists l = make_lists();
    int32_t all[MODES] = {MEMBER, LT, MEMBER, GT, EQ, NEQ, MEMBER};
    float sets[] = {1, -0.0f, 1, NAN, NAN, INFINITY, 4, -INFINITY};
    l.modes.data = all;
    l.members = (leat_array){LEAT_F32, 1, {8}, sets};
    const float x[] = {0, 1, 4, INFINITY, -INFINITY, NAN};
    const float expected[] = {1,  -1, -1, 1,  -1, -1, -1, -1, 1,
                              -1, -1, 1,  -1, -1, 1,  -1, -1, -1};
    memcpy(start(&node, &l, 6), x, sizeof x);
    one_node_run(&node);
    const float *y = node.out[0].data;
    for (int row = 0; row < 6; row++) {
        const float found[] = {y[row * MODES], y[row * MODES + 2], y[row * MODES + 6]};
        floats_expect(found, expected + 3 * row, 3, 0);
    }
    one_node_stop(&node);
}

static void test_ml_trees_5__average_divides_by_the_trees(void **state)
{
    (void)state;
    one_node node;
    const lists l = make_lists();
    start(&node, &l, 1)[0] = 2;
    one_node_int(&node, "aggregate_function", 0);
    one_node_run(&node);
    const float one = 1.0f / MODES;
    floats_expect(node.out[0].data, (float[]){one, -one, one, -one, one, -one, one},
                  MODES, 1e-7);
    one_node_stop(&node);
}

static void refuse(const lists *l, leat_status status, const char *message)
{
    one_node node;
    start(&node, l, 1);
    assert_int_equal(one_node_try(&node), status);
    if (!strstr(node.error.msg, message))
        fail_msg("\"%s\" lacks \"%s\"", node.error.msg, message);
    one_node_stop(&node);
}

static void test_ml_trees_5__places_out_of_range_are_refused(void **state)
{
    (void)state;
    lists l = make_lists();
    l.yes[0] = 2 * MODES;
    refuse(&l, LEAT_E_MODEL, "nodes_truenodeids: found leaf 14 of 14");
    l = make_lists();
    l.no[0] = -1;
    refuse(&l, LEAT_E_MODEL, "nodes_falsenodeids: found leaf -1 of 14");
    l = make_lists();
    l.roots[1] = MODES;
    refuse(&l, LEAT_E_MODEL, "tree_roots: found node 7 of 7");
    l = make_lists();
    l.targets[3] = MODES;
    refuse(&l, LEAT_E_MODEL, "leaf_targetids: found 7 of 7");
    l = make_lists();
    l.modes.data = (int32_t[MODES]){LEQ, LEQ, LEQ, 7, LEQ, LEQ, LEQ};
    refuse(&l, LEAT_E_MODEL, "nodes_modes: found 7");
    l = make_lists();
    l.weights.shape[0]--;
    refuse(&l, LEAT_E_MODEL, "leaf_weights: found 13 elements, expected 14");
}

static void test_ml_trees_5__a_cycle_is_refused(void **state)
{
    (void)state;
    lists l = make_lists();
    for (int i = 0; i < MODES; i++)
        l.leaf[i] = 0, l.yes[i] = (i + 1) % MODES, l.no[i] = (i + 1) % MODES;
    refuse(&l, LEAT_E_MODEL, "reached twice");
}

/* A set that many trees begin with is copied for each of them. */
static void test_ml_trees_5__a_set_in_all_of_many_trees_is_refused(void **state)
{
    (void)state;
    enum { N = 6000 }; /* members, and trees */
    one_node node;
    float *all = calloc(N, sizeof *all);
    int64_t *roots = calloc(N, sizeof *roots);
    lists l = make_lists();
    for (int i = 0; i < N; i++)
        all[i] = (float)i;
    l.members = (leat_array){LEAT_F32, 1, {N}, all};
    l.modes.data = (int32_t[MODES]){MEMBER, LEQ, LEQ, LEQ, LEQ, LEQ, LEQ};
    start(&node, &l, 1);
    leat_attribute *tree_roots = &node.attributes[node.node.n_attributes - 2];
    assert_string_equal(tree_roots->name, "tree_roots");
    tree_roots->ints = roots;
    tree_roots->n = N;
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    assert_non_null(strstr(node.error.msg, "weights and members"));
    one_node_stop(&node);
    free(roots);
    free(all);
}

static void test_ml_trees_5__other_aggregates_are_refused(void **state)
{
    (void)state;
    one_node node;
    const lists l = make_lists();
    start(&node, &l, 1);
    one_node_int(&node, "aggregate_function", 3);
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    assert_non_null(strstr(node.error.msg, "aggregate_function: 3"));
    one_node_stop(&node);
}

/* float64 in and out, with a split that no float32 has. */
static void test_ml_trees_5__doubles_stay_doubles(void **state)
{
    (void)state;
    one_node node;
    int32_t mode = LEQ;
    double split = 1 + 1e-12, leaves[] = {0.1, 0.2};
    const leat_array mode_tensor = {LEAT_I32, 1, {1}, &mode};
    const leat_array split_tensor = {LEAT_F64, 1, {1}, &split};
    const leat_array leaves_tensor = {LEAT_F64, 1, {2}, leaves};
    one_node_start(&node, "ai.onnx.ml", "TreeEnsemble", 5);
    double *x = one_node_input(&node, LEAT_F64, 2, (int64_t[]){2, 1});
    x[0] = split, x[1] = 1 + 2e-12;
    one_node_ints(&node, "nodes_featureids", (int64_t[]){0}, 1);
    one_node_ints(&node, "nodes_truenodeids", (int64_t[]){0}, 1);
    one_node_ints(&node, "nodes_falsenodeids", (int64_t[]){1}, 1);
    one_node_ints(&node, "nodes_trueleafs", (int64_t[]){1}, 1);
    one_node_ints(&node, "nodes_falseleafs", (int64_t[]){1}, 1);
    one_node_tensor(&node, "nodes_modes", &mode_tensor);
    one_node_tensor(&node, "nodes_splits", &split_tensor);
    one_node_ints(&node, "leaf_targetids", (int64_t[]){0, 0}, 2);
    one_node_tensor(&node, "leaf_weights", &leaves_tensor);
    one_node_ints(&node, "tree_roots", (int64_t[]){0}, 1);
    one_node_run(&node);
    assert_int_equal(node.out[0].dtype, LEAT_F64);
    assert_memory_equal(node.out[0].data, leaves, sizeof leaves);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ml_trees_5__every_mode_is_what_it_says),
        cmocka_unit_test(test_ml_trees_5__missing_may_track_true),
        cmocka_unit_test(test_ml_trees_5__each_node_has_its_own_members),
        cmocka_unit_test(test_ml_trees_5__average_divides_by_the_trees),
        cmocka_unit_test(test_ml_trees_5__places_out_of_range_are_refused),
        cmocka_unit_test(test_ml_trees_5__a_cycle_is_refused),
        cmocka_unit_test(test_ml_trees_5__a_set_in_all_of_many_trees_is_refused),
        cmocka_unit_test(test_ml_trees_5__other_aggregates_are_refused),
        cmocka_unit_test(test_ml_trees_5__doubles_stay_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
