#include "ops/tree_ensemble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

static leat_set members(leat_arena *arena, leat_dtype dtype, double *values, size_t n)
{
    leat_set set;
    leat_error error;
    leat_arena_init(arena, 1 << 12);
    assert_int_equal(leat_tree_members(&set, arena, dtype, values, n, &error), LEAT_OK);
    return set;
}

static void expect(leat_set set, const double *bounds, uint32_t n)
{
    assert_int_equal(set.n, n);
    for (uint32_t i = 0; i < n; i++)
        if (set.bounds[i] != bounds[i])
            fail_msg("[%u] is %.17g, expected %.17g", i, set.bounds[i], bounds[i]);
}

static double after(double x)
{
    return (double)nextafterf((float)x, INFINITY);
}

static void test_tree_ensemble__members_are_intervals_of_one_number(void **state)
{
    (void)state;
    leat_arena arena;
    double values[] = {3, -2};
    expect(members(&arena, LEAT_F32, values, 2), (double[]){-2, after(-2), 3, after(3)},
           4);
    leat_arena_fini(&arena);
}

static void test_tree_ensemble__members_that_touch_join(void **state)
{
    (void)state;
    leat_arena arena;
    double values[] = {after(1), 5, 1};
    expect(members(&arena, LEAT_F32, values, 3),
           (double[]){1, after(after(1)), 5, after(5)}, 4);
    leat_arena_fini(&arena);
}

static void test_tree_ensemble__equal_members_count_once(void **state)
{
    (void)state;
    leat_arena arena;
    double values[] = {0, 4, -0.0, 4, 4};
    expect(members(&arena, LEAT_F32, values, 5), (double[]){0, after(0), 4, after(4)}, 4);
    leat_arena_fini(&arena);
}

static void test_tree_ensemble__infinity_has_no_end(void **state)
{
    (void)state;
    leat_arena arena;
    double values[] = {(double)INFINITY, 1};
    expect(members(&arena, LEAT_F64, values, 2),
           (double[]){1, nextafter(1, (double)INFINITY), (double)INFINITY}, 3);
    leat_arena_fini(&arena);
}

static void test_tree_ensemble__the_empty_set_is_one(void **state)
{
    (void)state;
    leat_arena arena;
    double nothing = 0;
    leat_set set = members(&arena, LEAT_F32, &nothing, 0);
    assert_int_equal(set.n, 0);
    assert_non_null(set.bounds);
    leat_arena_fini(&arena);
}

/* One root a thousand times over, each a tree for each of its targets. */
static void test_tree_ensemble__too_many_nodes_are_refused(void **state)
{
    (void)state;
    enum { TREES = 1 << 12, TARGETS = 1 << 16 };
    static uint32_t roots[TREES];
    static leat_leaf_weight weights[TARGETS];
    leat_grove grove;
    leat_error error;
    leat_arena arena;
    const leat_tree_node leaf = {.mode = LEAT_TREE_LEAF, .no = TARGETS};
    for (uint32_t i = 0; i < TARGETS; i++)
        weights[i].target = i;
    const leat_tree_ensemble ensemble = {
        .dtype = LEAT_F32,
        .n_features = 1,
        .n_targets = TARGETS,
        .n_nodes = 1,
        .n_trees = TREES,
        .n_weights = TARGETS,
        .nodes = &leaf,
        .roots = roots,
        .weights = weights,
    };
    leat_arena_init(&arena, 1 << 12);
    assert_int_equal(leat_tree_ensemble_plant(&grove, &arena, &ensemble, &arena, &error),
                     LEAT_E_UNSUPPORTED);
    leat_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_ensemble__members_are_intervals_of_one_number),
        cmocka_unit_test(test_tree_ensemble__members_that_touch_join),
        cmocka_unit_test(test_tree_ensemble__equal_members_count_once),
        cmocka_unit_test(test_tree_ensemble__infinity_has_no_end),
        cmocka_unit_test(test_tree_ensemble__the_empty_set_is_one),
        cmocka_unit_test(test_tree_ensemble__too_many_nodes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
