#include "ops/forest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 512, FEATURES = 6, GROUPS = 3, ROWS = 75, MANY_ROWS = 1000 };

static const leat_tree_words words = {"left", "right", "feature"};

/* A tree as a framework would hold it. */
struct tree {
    uint32_t n, group;
    int32_t left[MAX_NODES], right[MAX_NODES], feature[MAX_NODES],
        default_left[MAX_NODES];
    float condition[MAX_NODES];
};

static leat_tree spec_of(const struct tree *tree)
{
    return (leat_tree){.n_nodes = tree->n,
                       .group = tree->group,
                       .left = tree->left,
                       .right = tree->right,
                       .feature = tree->feature,
                       .default_left = tree->default_left,
                       .condition = tree->condition,
                       .words = &words};
}

static void set_leaf(struct tree *tree, int32_t id, float value)
{
    tree->left[id] = tree->right[id] = -1;
    tree->condition[id] = value;
}

static void set_split(struct tree *tree, int32_t id, int32_t feature, float condition,
                      int32_t left, int32_t right, int32_t default_left)
{
    tree->feature[id] = feature;
    tree->condition[id] = condition;
    tree->left[id] = left;
    tree->right[id] = right;
    tree->default_left[id] = default_left;
}

static float random_value(void)
{
    static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, 1e-45f, -3.4e38f};
    int choice = rand() % 24;
    if (choice < 6)
        return special[choice];
    return (float)(rand() % 9 - 4) / 2;
}

/* Grows a node into a subtree, whose splits are leaves instead with a chance in percent;
 * children stand anywhere behind it, right ones first too. */
static void grow(struct tree *tree, int32_t id, int depth, int chance)
{
    if (!depth || rand() % 100 < chance || tree->n + 2 > MAX_NODES) {
        set_leaf(tree, id, (float)rand() / (float)RAND_MAX - 0.5f);
        return;
    }
    int32_t a = (int32_t)tree->n++, b = (int32_t)tree->n++;
    int swap = rand() % 2;
    float condition = rand() % 50 ? random_value() : NAN;
    set_split(tree, id, rand() % FEATURES, condition, swap ? b : a, swap ? a : b,
              rand() % 2);
    grow(tree, b, depth - 1, chance);
    grow(tree, a, depth - 1, chance);
}

/* The naive twin: one row, one tree, node by node. */
static int32_t twin_leaf(const struct tree *tree, const float *row)
{
    int32_t id = 0;
    while (tree->left[id] != -1) {
        float x = row[tree->feature[id]];
        int left = isnan(x) ? tree->default_left[id] : x < tree->condition[id];
        id = left ? tree->left[id] : tree->right[id];
    }
    return id;
}

struct bench {
    leat_arena arena;
    leat_forest *forest;
    uint32_t n_trees;
    struct tree *trees;
    leat_error error;
};

static const float base[GROUPS] = {0.25f, -1.5f, 3.0f};

static void start(struct bench *bench, uint32_t n_trees)
{
    *bench = (struct bench){.n_trees = n_trees,
                            .trees = calloc(n_trees + 1, sizeof(struct tree))};
    leat_arena_init(&bench->arena, 4096);
    leat_forest_spec spec = {.n_trees = n_trees,
                             .max_nodes = (uint64_t)n_trees * MAX_NODES,
                             .n_features = FEATURES,
                             .n_groups = GROUPS,
                             .base = base};
    assert_int_equal(leat_forest_new(&bench->forest, &bench->arena, &spec, &bench->error),
                     LEAT_OK);
}

static leat_status add(struct bench *bench, const struct tree *tree)
{
    leat_tree spec = spec_of(tree);
    return leat_forest_add(bench->forest, &spec, &bench->error);
}

static void stop(struct bench *bench)
{
    leat_arena_fini(&bench->arena);
    free(bench->trees);
}

static void fill_rows(float *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows * FEATURES; i++)
        rows[i] = rand() % 5 ? random_value() : NAN;
}

static void check_rows(const struct bench *bench, const float *rows, uint32_t n_rows)
{
    float *margins = calloc((size_t)n_rows * GROUPS + 1, sizeof *margins);
    float *leaves = calloc((size_t)n_rows * bench->n_trees + 1, sizeof *leaves);
    void *scratch = malloc(leat_forest_scratch(bench->forest, n_rows) + 1);
    leat_forest_run(bench->forest, rows, n_rows, margins, scratch);
    leat_forest_leaves(bench->forest, rows, n_rows, leaves, scratch);
    free(scratch);
    for (size_t row = 0; row < n_rows; row++) {
        float sums[GROUPS];
        memcpy(sums, base, sizeof sums);
        for (size_t t = 0; t < bench->n_trees; t++) {
            const struct tree *tree = &bench->trees[t];
            int32_t leaf = twin_leaf(tree, rows + row * FEATURES);
            assert_int_equal((int32_t)leaves[row * bench->n_trees + t], leaf);
            sums[tree->group] += tree->condition[leaf];
        }
        assert_memory_equal(margins + row * GROUPS, sums, sizeof sums);
    }
    free(margins);
    free(leaves);
}

/* The next tree of the bench, random. */
static void add_grown(struct bench *bench, uint32_t t, int depth, int chance)
{
    struct tree *tree = &bench->trees[t];
    tree->n = 1;
    tree->group = (uint32_t)rand() % GROUPS;
    grow(tree, 0, depth, chance);
    assert_int_equal(add(bench, tree), LEAT_OK);
}

/* Every number of rows around a tile of 16, and of trees. */
static void test_forest__equals_the_naive_walk_bit_for_bit(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 3, 15, 16, 17, 50};
    float rows[ROWS * FEATURES];
    srand(1);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct bench bench;
        start(&bench, counts[c]);
        for (uint32_t t = 0; t < counts[c]; t++)
            add_grown(&bench, t, (int)t % 9, 20);
        for (uint32_t n_rows = 0; n_rows <= ROWS; n_rows++) {
            fill_rows(rows, n_rows);
            check_rows(&bench, rows, n_rows);
        }
        stop(&bench);
    }
}

static void check_blocks(const struct bench *bench)
{
    static const uint32_t counts[] = {1, 2, 31, 32, 33, 255, 256, 257, MANY_ROWS};
    static float rows[MANY_ROWS * FEATURES];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        fill_rows(rows, counts[c]);
        check_rows(bench, rows, counts[c]);
    }
}

/* Of every depth, beyond what fits the bits too; complete trees and ones with gaps. */
static void test_forest__blocks_of_rows_equal_the_naive_walk(void **state)
{
    (void)state;
    srand(2);
    for (int depth = 0; depth <= 10; depth++)
        for (int chance = 0; chance <= 30; chance += 15) {
            struct bench bench;
            start(&bench, 20);
            for (uint32_t t = 0; t < bench.n_trees; t++)
                add_grown(&bench, t, t % 4 ? depth : rand() % (depth + 1), chance);
            check_blocks(&bench);
            stop(&bench);
        }
}

/* More different conditions than 16 bits tell apart, met often enough to share them. */
static void test_forest__a_forest_of_many_thresholds_equals_the_naive_walk(void **state)
{
    (void)state;
    struct bench bench;
    enum { BLOCK = 256, THRESHOLDS = 66000 };
    static float rows[BLOCK * FEATURES];
    int32_t next = 0;
    start(&bench, 500);
    for (uint32_t t = 0; t < bench.n_trees; t++) {
        struct tree *tree = &bench.trees[t];
        tree->n = 511;
        for (int32_t id = 0; id < 255; id++, next = (next + 1) % THRESHOLDS)
            set_split(tree, id, next % FEATURES, (float)next, 2 * id + 1, 2 * id + 2, 0);
        for (int32_t id = 255; id < 511; id++)
            set_leaf(tree, id, (float)id);
        assert_int_equal(add(&bench, tree), LEAT_OK);
    }
    for (size_t i = 0; i < BLOCK * FEATURES; i++)
        rows[i] = (float)(rand() % THRESHOLDS);
    check_rows(&bench, rows, BLOCK);
    stop(&bench);
}

/* A root that splits at `condition`, NaN to the default side: the leaf of x, 1 or 2. */
static float side_of(float x, float condition, int32_t default_left)
{
    struct bench bench;
    float row[FEATURES] = {x}, leaf;
    uint32_t scratch[2 * FEATURES];
    start(&bench, 1);
    struct tree *tree = &bench.trees[0];
    tree->n = 3;
    set_split(tree, 0, 0, condition, 1, 2, default_left);
    set_leaf(tree, 1, 1);
    set_leaf(tree, 2, 2);
    assert_int_equal(add(&bench, tree), LEAT_OK);
    leat_forest_leaves(bench.forest, row, 1, &leaf, scratch);
    stop(&bench);
    return leaf;
}

static void test_forest__a_value_at_its_threshold_goes_right(void **state)
{
    (void)state;
    assert_float_equal(side_of(0.5f, 0.5f, 1), 2, 0);
    assert_float_equal(side_of(nextafterf(0.5f, 0), 0.5f, 0), 1, 0);
    assert_float_equal(side_of(-0.0f, 0.0f, 1), 2, 0);
    assert_float_equal(side_of(-1e-45f, 0.0f, 0), 1, 0);
}

static void test_forest__infinity_is_a_number_and_nan_is_missing(void **state)
{
    (void)state;
    assert_float_equal(side_of(INFINITY, 3.4e38f, 1), 2, 0);
    assert_float_equal(side_of(-INFINITY, -3.4e38f, 0), 1, 0);
    assert_float_equal(side_of(INFINITY, INFINITY, 1), 2, 0);
    assert_float_equal(side_of(-INFINITY, -INFINITY, 1), 2, 0);
    assert_float_equal(side_of(NAN, 0, 1), 1, 0);
    assert_float_equal(side_of(NAN, 0, 0), 2, 0);
}

static void test_forest__a_nan_threshold_sends_every_number_right(void **state)
{
    (void)state;
    assert_float_equal(side_of(-INFINITY, NAN, 1), 2, 0);
    assert_float_equal(side_of(1, NAN, 1), 2, 0);
    assert_float_equal(side_of(NAN, NAN, 1), 1, 0);
}

/* The three-node tree whose one entry a test spoils. */
static leat_status add_spoilt(struct bench *bench, void (*spoil)(struct tree *))
{
    start(bench, 1);
    struct tree *tree = &bench->trees[0];
    tree->n = 3;
    set_split(tree, 0, 0, 0, 1, 2, 0);
    set_leaf(tree, 1, 1);
    set_leaf(tree, 2, 2);
    spoil(tree);
    return add(bench, tree);
}

static void expect_refused(void (*spoil)(struct tree *), const char *msg)
{
    struct bench bench;
    assert_int_equal(add_spoilt(&bench, spoil), LEAT_E_MODEL);
    assert_string_equal(bench.error.msg, msg);
    stop(&bench);
}

static void child_outside(struct tree *tree)
{
    tree->right[0] = 3;
}

static void child_negative(struct tree *tree)
{
    tree->right[0] = -1;
}

static void child_is_root(struct tree *tree)
{
    set_split(tree, 2, 0, 0, 0, 1, 0);
}

static void child_shared(struct tree *tree)
{
    tree->right[0] = 1;
}

static void feature_outside(struct tree *tree)
{
    tree->feature[0] = FEATURES;
}

static void feature_negative(struct tree *tree)
{
    tree->feature[0] = -1;
}

static void no_nodes(struct tree *tree)
{
    tree->n = 0;
}

static void group_outside(struct tree *tree)
{
    tree->group = GROUPS;
}

static void test_forest__refuses_a_child_outside_the_tree(void **state)
{
    (void)state;
    expect_refused(child_outside, "right[0]: 3, but the tree has 3 nodes");
    expect_refused(child_negative, "right[0]: -1, but the tree has 3 nodes");
}

static void test_forest__refuses_a_node_that_is_reached_twice(void **state)
{
    (void)state;
    expect_refused(child_is_root, "left[2]: node 0 is reached a second time");
    expect_refused(child_shared, "right[0]: node 1 is reached a second time");
}

static void test_forest__refuses_a_feature_outside_the_row(void **state)
{
    (void)state;
    expect_refused(feature_outside, "feature[0]: 6, but the model has 6 features");
    expect_refused(feature_negative, "feature[0]: -1, but the model has 6 features");
}

static void test_forest__refuses_a_tree_without_nodes_or_group(void **state)
{
    (void)state;
    expect_refused(no_nodes, "the tree has no nodes");
    expect_refused(group_outside, "group: 3, but the model has 3 outputs");
}

/* XGBoost's pruner leaves deleted nodes behind, whose entries mean nothing. */
static void test_forest__ignores_nodes_that_are_not_reached(void **state)
{
    (void)state;
    struct bench bench;
    start(&bench, 1);
    struct tree *tree = &bench.trees[0];
    tree->n = 2;
    set_leaf(tree, 0, 0.5f);
    set_split(tree, 1, 2147483647, 0, 99, -7, 0);
    assert_int_equal(add(&bench, tree), LEAT_OK);
    assert_int_equal(leat_forest_describe(bench.forest).n_leaves, 1);
    stop(&bench);
}

static void test_forest__refuses_shapes_beyond_its_layout(void **state)
{
    (void)state;
    leat_arena arena;
    leat_forest *forest;
    leat_error error;
    leat_arena_init(&arena, 4096);
    leat_forest_spec spec = {.n_features = 0, .n_groups = 1, .base = base};
    assert_int_equal(leat_forest_new(&forest, &arena, &spec, &error), LEAT_E_UNSUPPORTED);
    spec.n_features = (1 << 24) + 1;
    assert_int_equal(leat_forest_new(&forest, &arena, &spec, &error), LEAT_E_UNSUPPORTED);
    spec.n_features = 1;
    spec.n_groups = 1 << 17;
    assert_int_equal(leat_forest_new(&forest, &arena, &spec, &error), LEAT_E_UNSUPPORTED);
    leat_arena_fini(&arena);
}

/* 2^24 features leave 7 bits for a child: 128 nodes. */
static void test_forest__refuses_a_tree_too_large_beside_its_features(void **state)
{
    (void)state;
    struct bench bench;
    start(&bench, 1);
    leat_forest_spec spec = {.n_trees = 1,
                             .max_nodes = MAX_NODES,
                             .n_features = 1 << 24,
                             .n_groups = 1,
                             .base = base};
    assert_int_equal(leat_forest_new(&bench.forest, &bench.arena, &spec, NULL), LEAT_OK);
    struct tree *tree = &bench.trees[0];
    set_leaf(tree, 0, 0);
    tree->n = 128;
    assert_int_equal(add(&bench, tree), LEAT_OK);
    tree->n = 129;
    assert_int_equal(add(&bench, tree), LEAT_E_UNSUPPORTED);
    assert_string_equal(bench.error.msg,
                        "129 nodes: with 16777216 features a tree may have 128");
    stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forest__equals_the_naive_walk_bit_for_bit),
        cmocka_unit_test(test_forest__blocks_of_rows_equal_the_naive_walk),
        cmocka_unit_test(test_forest__a_forest_of_many_thresholds_equals_the_naive_walk),
        cmocka_unit_test(test_forest__a_value_at_its_threshold_goes_right),
        cmocka_unit_test(test_forest__infinity_is_a_number_and_nan_is_missing),
        cmocka_unit_test(test_forest__a_nan_threshold_sends_every_number_right),
        cmocka_unit_test(test_forest__refuses_a_child_outside_the_tree),
        cmocka_unit_test(test_forest__refuses_a_node_that_is_reached_twice),
        cmocka_unit_test(test_forest__refuses_a_feature_outside_the_row),
        cmocka_unit_test(test_forest__refuses_a_tree_without_nodes_or_group),
        cmocka_unit_test(test_forest__ignores_nodes_that_are_not_reached),
        cmocka_unit_test(test_forest__refuses_shapes_beyond_its_layout),
        cmocka_unit_test(test_forest__refuses_a_tree_too_large_beside_its_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
