#include "ops/linear_leaves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TREES = 3, LEAVES = 4, TERMS = 3, FEATURES = 5, GROUPS = 2, ROWS = 200 };

static const leat_linear_spec spec = {TREES, FEATURES, GROUPS, 1e-3};

/* Trees whose leaf i has i terms. */
static double value[TREES][LEAVES], constant[TREES][LEAVES];
static double coefficient[TREES][LEAVES * TERMS];
static int32_t n_terms[LEAVES] = {0, 1, 2, 3};
static int32_t feature[TREES][LEAVES * TERMS];

static leat_linear_tree tree_of(uint32_t t)
{
    return (leat_linear_tree){.group = t % GROUPS,
                              .n_leaves = LEAVES,
                              .value = value[t],
                              .constant = constant[t],
                              .n_terms = n_terms,
                              .feature = feature[t],
                              .coefficient = coefficient[t]};
}

static double number(void)
{
    return (double)rand() / RAND_MAX * 4 - 2;
}

static leat_linear_leaves *new_linear(leat_arena *arena)
{
    leat_linear_leaves *linear;
    leat_arena_init(arena, 4096);
    assert_int_equal(leat_linear_leaves_new(&linear, arena, &spec, NULL), LEAT_OK);
    for (uint32_t t = 0; t < TREES; t++) {
        for (int i = 0; i < LEAVES; i++)
            value[t][i] = number(), constant[t][i] = number();
        for (int i = 0; i < LEAVES * TERMS; i++)
            coefficient[t][i] = number(), feature[t][i] = rand() % FEATURES;
        leat_linear_tree tree = tree_of(t);
        assert_int_equal(leat_linear_leaves_add(linear, &tree, NULL), LEAT_OK);
    }
    return linear;
}

/* LightGBM's steps, written plainly. */
static double twin(uint32_t t, int32_t leaf, const double *row)
{
    double sum = constant[t][leaf];
    int first = leaf * (leaf - 1) / 2; /* leaves before it have 0, 1, 2 ... terms */
    for (int i = first; i < first + leaf; i++) {
        double x = row[feature[t][i]];
        if (isnan(x))
            return value[t][leaf];
        sum += coefficient[t][i] * (x >= -spec.zero && x <= spec.zero ? 0 : x);
    }
    return sum;
}

static void test_linear_leaves__sums_as_its_twin(void **state)
{
    (void)state;
    static const double nasty[] = {NAN,  INFINITY,          -0.0, 1e-3, -1e-3,
                                   1e-4, 0.001000000000001, 1e308};
    static double rows[ROWS][FEATURES], margins[ROWS][GROUPS];
    static int32_t leaves[ROWS][TREES];
    leat_arena arena;
    leat_linear_leaves *linear = new_linear(&arena);
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < FEATURES; i++)
            rows[row][i] = rand() % 3 ? number() : nasty[rand() % 8];
        for (int t = 0; t < TREES; t++)
            leaves[row][t] = rand() % LEAVES;
    }
    leat_linear_leaves_run(linear, *rows, ROWS, *leaves, *margins);
    for (int row = 0; row < ROWS; row++) {
        double expected[GROUPS] = {0};
        for (uint32_t t = 0; t < TREES; t++)
            expected[t % GROUPS] += twin(t, leaves[row][t], rows[row]);
        for (int group = 0; group < GROUPS; group++)
            assert_true(expected[group] == margins[row][group] ||
                        (isnan(expected[group]) && isnan(margins[row][group])));
    }
    leat_arena_fini(&arena);
}

static void test_linear_leaves__nan_among_the_terms_gives_the_value(void **state)
{
    (void)state;
    double row[FEATURES] = {NAN, NAN, NAN, NAN, NAN}, margins[GROUPS];
    const int32_t leaves[TREES] = {0, 3, 1};
    leat_arena arena;
    leat_linear_leaves *linear = new_linear(&arena);
    leat_linear_leaves_run(linear, row, 1, leaves, margins);
    /* A leaf without terms looks at no feature. */
    assert_true(margins[0] == constant[0][0] + value[2][1]);
    assert_true(margins[1] == value[1][3]);
    leat_arena_fini(&arena);
}

static void test_linear_leaves__refuses_a_feature_past_the_row(void **state)
{
    (void)state;
    leat_arena arena;
    leat_linear_leaves *linear;
    leat_error error;
    leat_arena_init(&arena, 4096);
    assert_int_equal(leat_linear_leaves_new(&linear, &arena, &spec, NULL), LEAT_OK);
    leat_linear_tree tree = tree_of(0);
    int32_t spoilt[LEAVES * TERMS] = {0, 1, FEATURES};
    tree.feature = spoilt;
    assert_int_equal(leat_linear_leaves_add(linear, &tree, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg, "leaf 2, term 1: 5, but the model has 5 features");
    spoilt[2] = -1;
    assert_int_equal(leat_linear_leaves_add(linear, &tree, &error), LEAT_E_MODEL);
    leat_arena_fini(&arena);
}

static void test_linear_leaves__no_rows_leave_margins_alone(void **state)
{
    (void)state;
    leat_arena arena;
    double untouched = 7;
    leat_linear_leaves *linear = new_linear(&arena);
    leat_linear_leaves_run(linear, NULL, 0, NULL, &untouched);
    assert_true(untouched == 7);
    leat_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_leaves__sums_as_its_twin),
        cmocka_unit_test(test_linear_leaves__nan_among_the_terms_gives_the_value),
        cmocka_unit_test(test_linear_leaves__refuses_a_feature_past_the_row),
        cmocka_unit_test(test_linear_leaves__no_rows_leave_margins_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
