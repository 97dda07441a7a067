#include "twin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    RANK = 4,
    ROUNDS = 60,
    MOST = 512,
    FLOATS = 3,
    NUMBERS = 15,
    TRUTHS = 1 << LEAT_BOOL
};

/* ---- the specification's formulas, of n elements ---- */

static double sum(const double *x, size_t n)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += x[i];
    return all;
}

static double mean(const double *x, size_t n)
{
    return sum(x, n) / (double)n;
}

static double l1(const double *x, size_t n)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += fabs(x[i]);
    return all;
}

static double squares(const double *x, size_t n)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += x[i] * x[i];
    return all;
}

static double l2(const double *x, size_t n)
{
    return sqrt(squares(x, n));
}

static double log_sum(const double *x, size_t n)
{
    return log(sum(x, n));
}

static double log_sum_exp(const double *x, size_t n)
{
    double all = 0;
    for (size_t i = 0; i < n; i++)
        all += exp(x[i]);
    return log(all);
}

static double product(const double *x, size_t n)
{
    double all = 1;
    for (size_t i = 0; i < n; i++)
        all *= x[i];
    return all;
}

static double largest(const double *x, size_t n)
{
    double all = (double)-INFINITY;
    for (size_t i = 0; i < n; i++)
        all = x[i] > all ? x[i] : all;
    return all;
}

static double smallest(const double *x, size_t n)
{
    double all = (double)INFINITY;
    for (size_t i = 0; i < n; i++)
        all = x[i] < all ? x[i] : all;
    return all;
}

static const struct {
    const char *name;
    double (*exact)(const double *x, size_t n);
    uint32_t dtypes;
    uint32_t input_since; /* opset from which axes are an input */
} functions[] = {
    {"ReduceSum", sum, NUMBERS, 13},
    {"ReduceMean", mean, NUMBERS, 18},
    {"ReduceL1", l1, NUMBERS, 18},
    {"ReduceL2", l2, FLOATS, 18},
    {"ReduceSumSquare", squares, NUMBERS, 18},
    {"ReduceLogSum", log_sum, FLOATS, 18},
    {"ReduceLogSumExp", log_sum_exp, FLOATS, 18},
    {"ReduceProd", product, FLOATS, 18},
    {"ReduceMax", largest, NUMBERS | TRUTHS, 18},
    {"ReduceMin", smallest, NUMBERS | TRUTHS, 18},
};

enum { N_FUNCTIONS = sizeof functions / sizeof *functions };

/* Of all elements of the input, those that fall on element `out` of the output when the
 * axes of `set` are 1. */
static double reduced(const leat_array *in, uint32_t set, size_t out,
                      double (*exact)(const double *, size_t))
{
    leat_array kept = *in;
    double found[MOST];
    size_t n = 0;
    for (uint32_t axis = 0; axis < in->rank; axis++)
        if (set >> axis & 1)
            kept.shape[axis] = 1;
    for (size_t i = 0; i < leat_array_count(in); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(in, i, index);
        for (uint32_t axis = 0; axis < in->rank; axis++)
            if (set >> axis & 1)
                index[axis] = 0;
        if (twin_element(&kept, index) == out)
            found[n++] = twin_get(in, i);
    }
    return exact(found, n);
}

/* A node that reduces the axes of `set`, some of them counted from the end. */
static void start(one_node *node, size_t f, leat_dtype dtype, bool axes_as_input,
                  uint32_t rank, uint32_t set, bool keepdims)
{
    int64_t shape[RANK], axes[RANK];
    uint32_t n = 0;
    twin_shape(shape, rank, 4);
    for (uint32_t axis = rank; axis-- > 0;)
        if (set >> axis & 1)
            axes[n++] = twin_dice(2) ? axis : (int64_t)axis - rank;
    one_node_start(node, "", functions[f].name,
                   functions[f].input_since - (axes_as_input ? 0 : 1));
    one_node_int(node, "keepdims", keepdims);
    twin_input(node, dtype, rank, shape);
    if (axes_as_input)
        twin_known(node, axes, n);
    else
        one_node_ints(node, "axes", axes, n);
}

static void check_random_axes(size_t f, leat_dtype dtype)
{
    const uint32_t rank = 1 + twin_dice(RANK), all = (1u << rank) - 1;
    const uint32_t set = 1 + twin_dice(all);
    const bool keepdims = twin_dice(2);
    one_node node;
    start(&node, f, dtype, twin_dice(2), rank, set, keepdims);
    one_node_run(&node);
    const leat_array *in = &node.in[0], *out = &node.out[0];
    assert_int_equal(out->dtype, dtype);
    assert_int_equal(out->rank,
                     keepdims ? rank : rank - (uint32_t)__builtin_popcount(set));
    for (size_t i = 0; i < leat_array_count(out); i++) {
        double expected = reduced(in, set, i, functions[f].exact);
        if (dtype >= LEAT_I64)
            expected = trunc(expected);
        twin_same(functions[f].name, i, twin_get(out, i), expected,
                  dtype == LEAT_F32 ? 1e-6 : 1e-12);
    }
    one_node_stop(&node);
}

static void test_reduce__any_axes_of_any_shape_are_folded(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++)
        for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
            for (int round = 0; round < ROUNDS && functions[f].dtypes >> dtype & 1;
                 round++)
                check_random_axes(f, dtype);
}

static void test_reduce__without_axes_all_elements_are_folded(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        one_node node;
        one_node_start(&node, "", functions[f].name, 20);
        const leat_array *in = twin_input(&node, LEAT_F32, 3, (int64_t[]){3, 1, 7});
        one_node_run(&node);
        twin_same_shape(&node.out[0], 3, (int64_t[]){1, 1, 1});
        twin_same(functions[f].name, 0, twin_get(&node.out[0], 0),
                  reduced(in, 7, 0, functions[f].exact), 1e-6);
        one_node_stop(&node);
    }
}

static void test_reduce__no_axes_may_mean_each_element_alone(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++) {
        one_node node;
        one_node_start(&node, "", functions[f].name, 20);
        one_node_int(&node, "noop_with_empty_axes", 1);
        const leat_array *in = twin_input(&node, LEAT_F64, 2, (int64_t[]){3, 5});
        twin_known(&node, NULL, 0);
        one_node_run(&node);
        twin_same_shape(&node.out[0], 2, (int64_t[]){3, 5});
        for (size_t i = 0; i < 15; i++)
            twin_same(functions[f].name, i, twin_get(&node.out[0], i),
                      functions[f].exact(&((const double *)in->data)[i], 1), 1e-12);
        one_node_stop(&node);
    }
}

static void reduce_floats(one_node *node, const char *name, const float *x, size_t n)
{
    one_node_start(node, "", name, 13);
    memcpy(one_node_input(node, LEAT_F32, 1, &(int64_t){(int64_t)n}), x, n * sizeof *x);
    one_node_run(node);
}

static void test_reduce__a_nan_passes_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t f = 0; f < N_FUNCTIONS; f++)
        for (size_t at = 0; at < 11; at++) {
            float x[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
            one_node node;
            x[at] = NAN;
            reduce_floats(&node, functions[f].name, x, 11);
            assert_true(isnan(twin_get(&node.out[0], 0)));
            one_node_stop(&node);
        }
}

static void test_reduce__a_nan_stays_in_its_own_column(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "ReduceMax", 13);
    one_node_ints(&node, "axes", (int64_t[]){0}, 1);
    float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){3, 2});
    memcpy(x, (float[]){1, NAN, 3, 4, 2, 6}, 6 * sizeof *x);
    one_node_run(&node);
    assert_true(twin_get(&node.out[0], 0) == 3);
    assert_true(isnan(twin_get(&node.out[0], 1)));
    one_node_stop(&node);
}

static void test_reduce__exponentials_neither_overflow_nor_vanish(void **state)
{
    (void)state;
    static const struct {
        float x[3];
        double expected;
    } cases[] = {
        {{1000, 1000, 1000}, 1001.0986122886682},
        {{-1000, -1000, -1000}, -998.9013877113318},
        {{-INFINITY, -INFINITY, -INFINITY}, (double)-INFINITY},
        {{0, INFINITY, 0}, (double)INFINITY},
        {{0, -INFINITY, -INFINITY}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_node node;
        reduce_floats(&node, "ReduceLogSumExp", cases[i].x, 3);
        twin_same("ReduceLogSumExp", i, twin_get(&node.out[0], 0), cases[i].expected,
                  1e-7);
        one_node_stop(&node);
    }
}

static void test_reduce__long_sums_lose_nothing(void **state)
{
    (void)state;
    one_node node;
    const int64_t n = 1000003;
    one_node_start(&node, "", "ReduceSum", 13);
    float *x = one_node_input(&node, LEAT_F32, 1, &n);
    for (int64_t i = 0; i < n; i++)
        x[i] = i ? 0.1f : 1e6f;
    one_node_run(&node);
    twin_same("ReduceSum", 0, twin_get(&node.out[0], 0),
              1e6 + (double)0.1f * (double)(n - 1), 1e-7);
    one_node_stop(&node);
}

static void test_reduce__folding_nothing_gives_what_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double floats, wide, narrow;
    } cases[] = {
        {"ReduceSum", 0, 0, 0},
        {"ReduceProd", 1, 1, 1},
        {"ReduceMax", (double)-INFINITY, (double)INT64_MIN, INT32_MIN},
        {"ReduceMin", (double)INFINITY, (double)INT64_MAX, INT32_MAX},
        {"ReduceMean", (double)NAN, 0, 0},
    };
    for (size_t f = 0; f < sizeof cases / sizeof *cases; f++)
        for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++) {
            one_node node;
            one_node_start(&node, "", cases[f].name, 20);
            one_node_input(&node, dtype, 2, (int64_t[]){3, 0});
            twin_known(&node, (int64_t[]){1}, 1);
            one_node_run(&node);
            twin_same_shape(&node.out[0], 2, (int64_t[]){3, 1});
            const double expected = dtype <= LEAT_F64   ? cases[f].floats
                                    : dtype == LEAT_I64 ? cases[f].wide
                                                        : cases[f].narrow;
            twin_same(cases[f].name, 2, twin_get(&node.out[0], 2), expected, 0);
            one_node_stop(&node);
        }
}

static void test_reduce__integers_wrap(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t x[2], expected;
    } cases[] = {{"ReduceSum", {INT64_MAX, 1}, INT64_MIN},
                 {"ReduceProd", {INT64_MAX, 2}, -2},
                 {"ReduceProd", {-3, 7}, -21},
                 {"ReduceL1", {INT64_MIN, 0}, INT64_MIN},
                 {"ReduceSumSquare", {1ll << 32, 3}, 9}};
    for (size_t f = 0; f < sizeof cases / sizeof *cases; f++) {
        one_node node;
        one_node_start(&node, "", cases[f].name, 12);
        memcpy(one_node_input(&node, LEAT_I64, 1, (int64_t[]){2}), cases[f].x,
               sizeof cases[f].x);
        one_node_run(&node);
        assert_int_equal(*(int64_t *)node.out[0].data, cases[f].expected);
        one_node_stop(&node);
    }
}

static void test_reduce__axes_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t axes[2];
        const char *words;
    } cases[] = {{{0, 2}, "axis 2 of an array with 2 axes"},
                 {{0, -3}, "axis -3"},
                 {{1, -1}, "axis 1 is given twice"}};
    for (size_t i = 0; i < 3; i++) {
        one_node node;
        one_node_start(&node, "", "ReduceMean", 18);
        one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
        twin_known(&node, cases[i].axes, 2);
        twin_refused(&node, LEAT_E_MODEL, cases[i].words);
        one_node_stop(&node);
    }
}

static void test_reduce__axes_of_the_events_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "ReduceMean", 18);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 2});
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1 decides about shapes");
    one_node_stop(&node);
}

static void test_reduce__axes_are_where_the_opset_has_them(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "ReduceSum", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    one_node_ints(&node, "axes", (int64_t[]){0}, 1);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "attribute axes");
    one_node_stop(&node);
    assert_int_equal(leat_operator_find("", "ReduceSum", 12)->max_inputs, 1);
    assert_int_equal(leat_operator_find("", "ReduceSum", 13)->max_inputs, 2);
}

static void test_reduce__roots_and_logarithms_are_of_floats(void **state)
{
    (void)state;
    static const char *const names[] = {"ReduceL2", "ReduceLogSum", "ReduceLogSumExp"};
    for (size_t f = 0; f < 3; f++) {
        one_node node;
        one_node_start(&node, "", names[f], 13);
        one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
        twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0: i64");
        one_node_stop(&node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce__any_axes_of_any_shape_are_folded),
        cmocka_unit_test(test_reduce__without_axes_all_elements_are_folded),
        cmocka_unit_test(test_reduce__no_axes_may_mean_each_element_alone),
        cmocka_unit_test(test_reduce__a_nan_passes_wherever_it_stands),
        cmocka_unit_test(test_reduce__a_nan_stays_in_its_own_column),
        cmocka_unit_test(test_reduce__exponentials_neither_overflow_nor_vanish),
        cmocka_unit_test(test_reduce__long_sums_lose_nothing),
        cmocka_unit_test(test_reduce__folding_nothing_gives_what_changes_nothing),
        cmocka_unit_test(test_reduce__integers_wrap),
        cmocka_unit_test(test_reduce__axes_that_make_no_sense_are_refused),
        cmocka_unit_test(test_reduce__axes_of_the_events_are_refused),
        cmocka_unit_test(test_reduce__axes_are_where_the_opset_has_them),
        cmocka_unit_test(test_reduce__roots_and_logarithms_are_of_floats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
