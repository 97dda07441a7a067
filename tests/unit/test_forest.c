#include "ops/forest.h"

#include "ops/forest_layout.h"
#include "ops/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 1024, FEATURES = 6, GROUPS = 3, ROWS = 75, MANY_ROWS = 1000 };
enum { MAX_SETS = 7 };

static const leat_tree_words words = {"left", "right", "feature"};

/* A tree as a framework would hold it. */
struct tree {
    uint32_t n, group;
    int32_t left[MAX_NODES], right[MAX_NODES], feature[MAX_NODES];
    uint8_t missing[MAX_NODES];
    double condition[MAX_NODES];
    leat_set sets[MAX_NODES];
};

static leat_tree spec_of(const struct tree *tree)
{
    return (leat_tree){.n_nodes = tree->n,
                       .group = tree->group,
                       .left = tree->left,
                       .right = tree->right,
                       .feature = tree->feature,
                       .missing = tree->missing,
                       .bound = tree->condition,
                       .value = tree->condition,
                       .sets = tree->sets,
                       .words = &words};
}

static void set_leaf(struct tree *tree, int32_t id, double value)
{
    tree->left[id] = tree->right[id] = -1;
    tree->condition[id] = value;
}

static void set_split(struct tree *tree, int32_t id, int32_t feature, double condition,
                      int32_t left, int32_t right, leat_missing missing)
{
    tree->feature[id] = feature;
    tree->condition[id] = condition;
    tree->left[id] = left;
    tree->right[id] = right;
    tree->missing[id] = (uint8_t)missing;
}

static const double set_bounds[] = {-1, -0.5, 0, 0.5, 1, 1.5, 2};

/* What a forest of the tests is like. */
struct kind {
    leat_dtype dtype;
    double zero;
    int missing; /* the ways that are drawn: 2 as XGBoost's, 5: all */
    int sets;    /* percent of splits */
};

static const struct kind kinds[] = {
    {LEAT_F32, 0, 2, 0},
    {LEAT_F32, 0, 2, 30},
    {LEAT_F64, (double)1e-35f, 5, 0},
    {LEAT_F64, (double)1e-35f, 5, 30},
};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

static double random_value(void)
{
    static const double special[] = {0.0,    -0.0,   INFINITY, -INFINITY,
                                     1e-45f, 1e-35f, -3.4e38f};
    int choice = rand() % 28;
    if (choice < 7)
        return special[choice];
    return (double)(rand() % 9 - 4) / 2;
}

/* Grows a node into a subtree, whose splits are leaves instead with a chance in percent;
 * children stand anywhere behind it, right ones first too. */
static void grow(const struct kind *kind, struct tree *tree, int32_t id, int depth,
                 int chance)
{
    if (!depth || rand() % 100 < chance || tree->n + 2 > MAX_NODES) {
        set_leaf(tree, id, (double)((float)rand() / (float)RAND_MAX - 0.5f));
        return;
    }
    int32_t a = (int32_t)tree->n++, b = (int32_t)tree->n++;
    int swap = rand() % 2;
    double condition = rand() % 50 ? random_value() : NAN;
    set_split(tree, id, rand() % FEATURES, condition, swap ? b : a, swap ? a : b,
              (leat_missing)(rand() % kind->missing));
    if (rand() % 100 < kind->sets)
        tree->sets[id] = (leat_set){(uint32_t)rand() % MAX_SETS, set_bounds + rand() % 2};
    grow(kind, tree, b, depth - 1, chance);
    grow(kind, tree, a, depth - 1, chance);
}

static int in_set(const leat_set *set, double x)
{
    int in = 0;
    for (uint32_t i = 0; i < set->n; i++)
        in ^= x >= set->bounds[i];
    return in;
}

/* The naive twin: one row, one tree, node by node. */
static int32_t twin_leaf(const struct kind *kind, const struct tree *tree,
                         const double *row)
{
    int32_t id = 0;
    while (tree->left[id] != -1) {
        double x = row[tree->feature[id]];
        uint8_t missing = tree->missing[id];
        int right;
        x = fabs(x) <= kind->zero ? 0 : x;
        x = isnan(x) && missing == LEAT_NAN_ZERO ? 0 : x;
        if (isnan(x) ||
            (x == 0 && (missing == LEAT_ZERO_LEFT || missing == LEAT_ZERO_RIGHT)))
            right = missing == LEAT_NAN_RIGHT || missing == LEAT_ZERO_RIGHT;
        else
            right = tree->sets[id].bounds ? in_set(&tree->sets[id], x)
                                          : x >= tree->condition[id];
        id = right ? tree->right[id] : tree->left[id];
    }
    return id;
}

struct bench {
    struct kind kind;
    leat_arena arena;
    leat_forest *forest;
    uint32_t n_trees;
    struct tree *trees;
    leat_error error;
};

static const double base[GROUPS] = {0.25, -1.5, 3.0};

static void start(struct bench *bench, struct kind kind, uint32_t n_trees)
{
    *bench = (struct bench){.kind = kind,
                            .n_trees = n_trees,
                            .trees = calloc(n_trees + 1, sizeof(struct tree))};
    leat_arena_init(&bench->arena, 4096);
    leat_forest_spec spec = {.dtype = kind.dtype,
                             .n_trees = n_trees,
                             .max_nodes = (uint64_t)n_trees * MAX_NODES,
                             .n_features = FEATURES,
                             .n_groups = GROUPS,
                             .base = base,
                             .zero = kind.zero};
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

static void fill_rows(double *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows * FEATURES; i++)
        rows[i] = rand() % 5 ? random_value() : NAN;
}

static void put(leat_dtype dtype, void *numbers, size_t at, double x)
{
    if (dtype == LEAT_F32)
        ((float *)numbers)[at] = (float)x;
    else
        ((double *)numbers)[at] = x;
}

/* Compared as bits: a sum in another order may differ in the last one. */
static void check_margins(const struct bench *bench, const double *row,
                          const void *margins)
{
    for (uint32_t group = 0; group < GROUPS; group++) {
        float f32 = (float)base[group];
        double f64 = base[group];
        for (uint32_t t = 0; t < bench->n_trees; t++) {
            const struct tree *tree = &bench->trees[t];
            double leaf = tree->condition[twin_leaf(&bench->kind, tree, row)];
            if (tree->group == group) {
                f32 += (float)leaf;
                f64 += leaf;
            }
        }
        if (bench->kind.dtype == LEAT_F32)
            assert_memory_equal((const float *)margins + group, &f32, sizeof f32);
        else
            assert_memory_equal((const double *)margins + group, &f64, sizeof f64);
    }
}

/* Rows in the forest's dtype; the twin sees what that made of them. */
static void *rows_as(leat_dtype dtype, double *rows, size_t n)
{
    void *typed = calloc(n + 1, leat_dtype_size(dtype));
    for (size_t i = 0; i < n; i++) {
        put(dtype, typed, i, rows[i]);
        rows[i] = dtype == LEAT_F32 ? (double)(float)rows[i] : rows[i];
    }
    return typed;
}

static void check_leaves(const struct bench *bench, const double *rows, const void *typed,
                         uint32_t n_rows, void *scratch)
{
    int32_t *leaves = calloc((size_t)n_rows * bench->n_trees + 1, sizeof *leaves);
    leat_forest_leaves(bench->forest, typed, n_rows, leaves, scratch);
    for (size_t row = 0; row < n_rows; row++)
        for (uint32_t t = 0; t < bench->n_trees; t++)
            assert_int_equal(
                leaves[row * bench->n_trees + t],
                twin_leaf(&bench->kind, &bench->trees[t], rows + row * FEATURES));
    free(leaves);
}

/* Every evaluator that serves, whatever the forest would choose. */
static void check_evaluators(const struct bench *bench, const double *rows,
                             const void *typed, uint32_t n_rows, void *scratch)
{
    const size_t size = leat_dtype_size(bench->kind.dtype);
    char *margins = calloc((size_t)n_rows * GROUPS + 1, size);
    for (uint32_t e = 0; e < LEAT_FOREST_EVALUATORS; e++) {
        const void *state = bench->forest->state[e];
        if (!state || n_rows > LEAT_FOREST_ROWS)
            continue;
        memset(margins, 0xa5, (size_t)n_rows * GROUPS * size);
        leat_forest_evaluator(e)->run(bench->forest, state, typed, n_rows, margins,
                                      scratch);
        for (size_t row = 0; row < n_rows; row++)
            check_margins(bench, rows + row * FEATURES, margins + row * GROUPS * size);
    }
    leat_forest_run(bench->forest, typed, n_rows, margins, scratch);
    for (size_t row = 0; row < n_rows; row++)
        check_margins(bench, rows + row * FEATURES, margins + row * GROUPS * size);
    free(margins);
}

static void *new_scratch(const struct bench *bench)
{
    return aligned_alloc(64, (leat_forest_scratch(bench->forest) + 64) / 64 * 64);
}

static void check_rows(const struct bench *bench, double *rows, uint32_t n_rows)
{
    void *scratch = new_scratch(bench);
    void *typed = rows_as(bench->kind.dtype, rows, (size_t)n_rows * FEATURES);
    check_leaves(bench, rows, typed, n_rows, scratch);
    check_evaluators(bench, rows, typed, n_rows, scratch);
    free(typed);
    free(scratch);
}

static void add_grown(struct bench *bench, uint32_t t, int depth, int chance)
{
    struct tree *tree = &bench->trees[t];
    tree->n = 1;
    tree->group = t % GROUPS;
    grow(&bench->kind, tree, 0, depth, chance);
    if (add(bench, tree))
        fail_msg("%s", bench->error.msg);
}

/* Runs the test at every level of vector instructions that this machine has. */
static void at_each_level(void (*test)(void))
{
    leat_simd_limit(LEAT_SIMD_AVX512);
    const leat_simd best = leat_simd_level();
    for (leat_simd level = LEAT_SIMD_NONE; level <= best; level++) {
        leat_simd_limit(level);
        srand(1);
        test();
    }
    leat_simd_limit(LEAT_SIMD_AVX512);
}

/* Every number of rows and of trees around the tiles of an evaluator. */
static void small_forests(void)
{
    static const uint32_t counts[] = {0, 1, 3, 15, 16, 17, 40};
    static double rows[ROWS * FEATURES];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct bench bench;
        start(&bench, kinds[c % N_KINDS], counts[c]);
        for (uint32_t t = 0; t < counts[c]; t++)
            add_grown(&bench, t, (int)t % 9, 20);
        for (uint32_t n_rows = 0; n_rows <= ROWS; n_rows++) {
            fill_rows(rows, n_rows);
            check_rows(&bench, rows, n_rows);
        }
        stop(&bench);
    }
}

static void test_forest__equals_the_naive_walk_bit_for_bit(void **state)
{
    (void)state;
    at_each_level(small_forests);
}

static void check_blocks(const struct bench *bench)
{
    static const uint32_t counts[] = {1,   2,   31,  32,  33,  63,  64,       65,
                                      127, 128, 129, 255, 256, 257, MANY_ROWS};
    static double rows[MANY_ROWS * FEATURES];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        fill_rows(rows, counts[c]);
        check_rows(bench, rows, counts[c]);
    }
}

/* Of every depth, beyond what fits the bits too; complete trees and ones with gaps. */
static void blocks_of_rows(void)
{
    for (int depth = 0; depth <= 10; depth++)
        for (int k = 0; k < N_KINDS; k++) {
            struct bench bench;
            start(&bench, kinds[k], 20);
            for (uint32_t t = 0; t < bench.n_trees; t++)
                add_grown(&bench, t, t % 4 ? depth : rand() % (depth + 1), 15 * (k % 3));
            check_blocks(&bench);
            stop(&bench);
        }
}

static void test_forest__blocks_of_rows_equal_the_naive_walk(void **state)
{
    (void)state;
    at_each_level(blocks_of_rows);
}

/* More bounds than a byte tells apart on a feature, and more in all than 16 bits do. */
static void many_bounds(void)
{
    enum { BLOCK = 256, BOUNDS = 66000 };
    static double rows[BLOCK * FEATURES];
    for (int k = 0; k < N_KINDS; k += 2) {
        struct bench bench;
        int32_t next = 0;
        start(&bench, kinds[k], 300);
        for (uint32_t t = 0; t < bench.n_trees; t++) {
            struct tree *tree = &bench.trees[t];
            tree->n = 511;
            for (int32_t id = 0; id < 255; id++, next = (next + 1) % BOUNDS)
                set_split(tree, id, next % FEATURES, next, 2 * id + 1, 2 * id + 2,
                          LEAT_NAN_RIGHT);
            for (int32_t id = 255; id < 511; id++)
                set_leaf(tree, id, id);
            assert_int_equal(add(&bench, tree), LEAT_OK);
        }
        for (size_t i = 0; i < BLOCK * FEATURES; i++)
            rows[i] = rand() % BOUNDS;
        check_rows(&bench, rows, BLOCK);
        stop(&bench);
    }
}

static void test_forest__a_forest_of_many_bounds_equals_the_naive_walk(void **state)
{
    (void)state;
    at_each_level(many_bounds);
}

/* A feature with n bounds, met by numbers at each of them and between. */
static void bounds_of_a_feature(struct kind kind, int32_t n)
{
    enum { BLOCK = 256 };
    static double rows[BLOCK * FEATURES];
    struct bench bench;
    start(&bench, kind, 1);
    struct tree *tree = &bench.trees[0];
    tree->n = (uint32_t)(2 * n + 1);
    for (int32_t id = 0; id < n; id++)
        set_split(tree, id, 0, (id * 89 % 257 - 128) / 2.0, 2 * id + 1, 2 * id + 2,
                  (leat_missing)(n % 2));
    for (int32_t id = n; id < 2 * n + 1; id++)
        set_leaf(tree, id, id);
    assert_int_equal(add(&bench, tree), LEAT_OK);
    for (int i = 0; i < BLOCK; i++)
        rows[(size_t)i * FEATURES] = i % 50 ? (i - 128) / 2.0 - (i % 3 == 0) / 8.0 : NAN;
    check_rows(&bench, rows, BLOCK);
    check_rows(&bench, rows, BLOCK - 9);
    stop(&bench);
}

/* Around every number at which ranks are found in another way. */
static void any_number_of_bounds(void)
{
    static const int32_t counts[] = {1,  2,  15, 16,  17,  31,  32,  33,
                                     63, 64, 65, 127, 128, 129, 240, 254};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (int k = 0; k < N_KINDS; k += 2)
            bounds_of_a_feature(kinds[k], counts[c]);
}

static void test_forest__any_number_of_bounds_equals_the_naive_walk(void **state)
{
    (void)state;
    at_each_level(any_number_of_bounds);
}

/* A root that splits at `bound`: the leaf of x, 1 or 2. */
static int side_of(double x, double bound, leat_missing missing)
{
    struct bench bench;
    double row[FEATURES] = {x};
    int32_t leaf;
    start(&bench, kinds[0], 1);
    struct tree *tree = &bench.trees[0];
    tree->n = 3;
    set_split(tree, 0, 0, bound, 1, 2, missing);
    set_leaf(tree, 1, 1);
    set_leaf(tree, 2, 2);
    assert_int_equal(add(&bench, tree), LEAT_OK);
    void *scratch = new_scratch(&bench), *typed = rows_as(LEAT_F32, row, FEATURES);
    leat_forest_leaves(bench.forest, typed, 1, &leaf, scratch);
    free(typed);
    free(scratch);
    stop(&bench);
    return leaf;
}

static void test_forest__a_value_at_its_bound_goes_right(void **state)
{
    (void)state;
    assert_int_equal(side_of(0.5, 0.5, LEAT_NAN_LEFT), 2);
    assert_int_equal(side_of((double)nextafterf(0.5f, 0), 0.5, LEAT_NAN_RIGHT), 1);
    assert_int_equal(side_of(-0.0, 0, LEAT_NAN_LEFT), 2);
    assert_int_equal(side_of(-1e-45, 0, LEAT_NAN_RIGHT), 1);
}

static void test_forest__infinity_is_a_number_and_nan_is_missing(void **state)
{
    (void)state;
    assert_int_equal(side_of(INFINITY, (double)3.4e38f, LEAT_NAN_LEFT), 2);
    assert_int_equal(side_of(-INFINITY, (double)-3.4e38f, LEAT_NAN_LEFT), 1);
    assert_int_equal(side_of(INFINITY, INFINITY, LEAT_NAN_LEFT), 2);
    assert_int_equal(side_of(-INFINITY, -INFINITY, LEAT_NAN_LEFT), 2);
    assert_int_equal(side_of(NAN, 0, LEAT_NAN_LEFT), 1);
    assert_int_equal(side_of(NAN, 0, LEAT_NAN_RIGHT), 2);
}

static void test_forest__no_number_reaches_a_nan_bound(void **state)
{
    (void)state;
    assert_int_equal(side_of(INFINITY, NAN, LEAT_NAN_LEFT), 1);
    assert_int_equal(side_of(1, NAN, LEAT_NAN_LEFT), 1);
    assert_int_equal(side_of(NAN, NAN, LEAT_NAN_RIGHT), 2);
}

static void test_forest__above_is_the_next_number_of_the_type(void **state)
{
    (void)state;
    assert_true(leat_forest_above(LEAT_F32, 1) == (double)nextafterf(1, 2));
    assert_true(leat_forest_above(LEAT_F64, 1) == nextafter(1, 2));
    assert_true(leat_forest_above(LEAT_F64, -INFINITY) == -1.7976931348623157e308);
    assert_true(leat_forest_above(LEAT_F32, -0.0) == (double)1e-45f);
    assert_true(isnan(leat_forest_above(LEAT_F32, INFINITY)));
    assert_true(isnan(leat_forest_above(LEAT_F64, NAN)));
}

/* The three-node tree whose one entry a test spoils. */
static leat_status add_spoilt(struct bench *bench, void (*spoil)(struct tree *))
{
    start(bench, kinds[0], 1);
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
    set_split(tree, 2, 0, 0, 0, 1, LEAT_NAN_RIGHT);
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
    start(&bench, kinds[0], 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forest__equals_the_naive_walk_bit_for_bit),
        cmocka_unit_test(test_forest__blocks_of_rows_equal_the_naive_walk),
        cmocka_unit_test(test_forest__any_number_of_bounds_equals_the_naive_walk),
        cmocka_unit_test(test_forest__a_forest_of_many_bounds_equals_the_naive_walk),
        cmocka_unit_test(test_forest__a_value_at_its_bound_goes_right),
        cmocka_unit_test(test_forest__infinity_is_a_number_and_nan_is_missing),
        cmocka_unit_test(test_forest__no_number_reaches_a_nan_bound),
        cmocka_unit_test(test_forest__above_is_the_next_number_of_the_type),
        cmocka_unit_test(test_forest__refuses_a_child_outside_the_tree),
        cmocka_unit_test(test_forest__refuses_a_node_that_is_reached_twice),
        cmocka_unit_test(test_forest__refuses_a_feature_outside_the_row),
        cmocka_unit_test(test_forest__refuses_a_tree_without_nodes_or_group),
        cmocka_unit_test(test_forest__ignores_nodes_that_are_not_reached),
        cmocka_unit_test(test_forest__refuses_shapes_beyond_its_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
