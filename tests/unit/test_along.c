#include "twin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 3, ROUNDS = 60, MOST = 64 };

/* The line through an element: its values in order of the axis, and their elements. */
static size_t line_of(const leat_array *array, uint32_t axis, const uint32_t *through,
                      double *values)
{
    uint32_t index[LEAT_ARRAY_RANK];
    memcpy(index, through, sizeof index);
    for (index[axis] = 0; index[axis] < array->shape[axis]; index[axis]++)
        values[index[axis]] = twin_get(array, twin_element(array, index));
    return array->shape[axis];
}

/* ---- ArgMax, ArgMin ---- */

static int64_t best_of(const double *line, size_t n, bool largest, bool last)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (largest ? line[i] > line[best] || (last && line[i] == line[best])
                    : line[i] < line[best] || (last && line[i] == line[best]))
            best = i;
    return (int64_t)best;
}

static void check_arg(leat_dtype dtype)
{
    const bool largest = twin_dice(2), last = twin_dice(2), keepdims = twin_dice(2);
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    int64_t shape[RANK];
    one_node node;
    twin_shape(shape, rank, 6);
    one_node_start(&node, "", largest ? "ArgMax" : "ArgMin", 13);
    one_node_int(&node, "axis", twin_dice(2) ? axis : (int64_t)axis - rank);
    one_node_int(&node, "keepdims", keepdims);
    one_node_int(&node, "select_last_index", last);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    one_node_run(&node);
    leat_array kept = *in;
    kept.shape[axis] = 1;
    assert_int_equal(node.out[0].rank, keepdims ? rank : rank - 1);
    assert_int_equal(leat_array_count(&node.out[0]), leat_array_count(&kept));
    for (size_t i = 0; i < leat_array_count(&kept); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        double line[MOST];
        twin_index(&kept, i, index);
        const size_t n = line_of(in, axis, index, line);
        assert_int_equal(((int64_t *)node.out[0].data)[i],
                         best_of(line, n, largest, last));
    }
    one_node_stop(&node);
}

static void test_along__arg_finds_the_best_of_every_line(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_arg(dtype);
}

static void test_along__arg_max_takes_nan_for_the_largest(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "ArgMax", 13);
    float *x = one_node_input(&node, LEAT_F32, 1, (int64_t[]){4});
    x[0] = 1, x[1] = NAN, x[2] = INFINITY, x[3] = NAN;
    one_node_run(&node);
    assert_int_equal(*(int64_t *)node.out[0].data, 1);
    one_node_stop(&node);
}

static void test_along__arg_of_an_empty_axis_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "ArgMin", 13);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){0, 3});
    twin_refused(&node, LEAT_E_MODEL, "axis 0 is empty");
    one_node_stop(&node);
    one_node_start(&node, "", "ArgMin", 13);
    one_node_int(&node, "axis", 2);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){1, 3});
    twin_refused(&node, LEAT_E_MODEL, "axis 2");
    one_node_stop(&node);
}

/* ---- TopK ---- */

/* Is element a before b, both of a line, where of equals the first one is? */
static bool is_before(const double *line, size_t a, size_t b, bool largest)
{
    if (line[a] == line[b])
        return a < b;
    return largest ? line[a] > line[b] : line[a] < line[b];
}

/* The element that so many others are before. */
static size_t of_place(const double *line, size_t n, size_t place, bool largest)
{
    for (size_t a = 0; a < n; a++) {
        size_t before = 0;
        for (size_t b = 0; b < n; b++)
            before += b != a && is_before(line, b, a, largest);
        if (before == place)
            return a;
    }
    return n;
}

static void check_top_k(leat_dtype dtype)
{
    const bool largest = twin_dice(2);
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    int64_t shape[RANK];
    one_node node;
    twin_shape(shape, rank, 9);
    const int64_t k = twin_dice((uint32_t)shape[axis] + 1);
    one_node_start(&node, "", "TopK", 11);
    one_node_outputs(&node, 2);
    one_node_int(&node, "axis", axis);
    one_node_int(&node, "largest", largest);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    twin_known(&node, &k, 1);
    one_node_run(&node);
    shape[axis] = k;
    for (int o = 0; o < 2; o++)
        twin_same_shape(&node.out[o], rank, shape);
    for (size_t i = 0; i < leat_array_count(&node.out[0]); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        double line[MOST];
        twin_index(&node.out[0], i, index);
        const size_t place = index[axis], n = line_of(in, axis, index, line);
        const size_t expected = of_place(line, n, place, largest);
        assert_int_equal(((int64_t *)node.out[1].data)[i], expected);
        twin_same("TopK", i, twin_get(&node.out[0], i), line[expected], 0);
    }
    one_node_stop(&node);
}

static void test_along__top_k_are_the_first_of_every_sorted_line(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_top_k(dtype);
}

static void test_along__top_k_takes_nan_for_the_largest(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "TopK", 11);
    one_node_outputs(&node, 2);
    float *x = one_node_input(&node, LEAT_F32, 1, (int64_t[]){5});
    x[0] = 1, x[1] = NAN, x[2] = INFINITY, x[3] = NAN, x[4] = -INFINITY;
    twin_known(&node, (int64_t[]){5}, 1);
    one_node_run(&node);
    assert_memory_equal(node.out[1].data, ((int64_t[]){1, 3, 2, 0, 4}),
                        5 * sizeof(int64_t));
    one_node_stop(&node);
}

static void test_along__top_k_had_an_attribute_before_opset_10(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "TopK", 9);
    one_node_outputs(&node, 2);
    one_node_int(&node, "k", 2);
    float *x = one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    x[0] = 1, x[1] = 3, x[2] = 2;
    one_node_run(&node);
    assert_memory_equal(node.out[1].data, ((int64_t[]){1, 2}), 2 * sizeof(int64_t));
    one_node_stop(&node);
}

static void test_along__outputs_that_nobody_reads_are_left_out(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "TopK", 11);
    float *x = one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    x[0] = 1, x[1] = 3, x[2] = 2;
    twin_known(&node, (int64_t[]){1}, 1);
    one_node_run(&node);
    assert_float_equal(*(float *)node.out[0].data, 3, 0);
    one_node_stop(&node);
}

static void test_along__a_k_that_is_too_large_or_unknown_is_refused(void **state)
{
    (void)state;
    static const int64_t ks[] = {4, -1, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        one_node node;
        one_node_start(&node, "", "TopK", 11);
        one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
        twin_known(&node, &ks[i], 1);
        twin_refused(&node, LEAT_E_MODEL, "of 3");
        one_node_stop(&node);
    }
    one_node node;
    one_node_start(&node, "", "TopK", 11);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1 decides about shapes");
    one_node_stop(&node);
}

/* ---- CumSum ---- */

static void check_cum_sum(leat_dtype dtype)
{
    const bool exclusive = twin_dice(2), reverse = twin_dice(2);
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    int64_t shape[RANK];
    one_node node;
    twin_shape(shape, rank, 6);
    one_node_start(&node, "", "CumSum", 14);
    one_node_int(&node, "exclusive", exclusive);
    one_node_int(&node, "reverse", reverse);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    twin_known(&node, &(int64_t){(int64_t)axis - (twin_dice(2) ? rank : 0)}, 1);
    one_node_run(&node);
    twin_same_shape(&node.out[0], rank, shape);
    for (size_t i = 0; i < leat_array_count(in); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        double line[MOST], sum = 0;
        twin_index(in, i, index);
        const size_t at = index[axis], n = line_of(in, axis, index, line);
        for (size_t k = 0; k < n; k++)
            if ((reverse ? k > at : k < at) || (k == at && !exclusive))
                sum += line[k];
        twin_same("CumSum", i, twin_get(&node.out[0], i), sum, 0);
    }
    one_node_stop(&node);
}

static void test_along__cum_sum_adds_what_is_before(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_cum_sum(dtype);
}

static void test_along__cum_sum_of_nothing_is_nothing(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "CumSum", 14);
    one_node_int(&node, "reverse", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){3, 0});
    twin_known(&node, (int64_t[]){1}, 1);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 2, (int64_t[]){3, 0});
    one_node_stop(&node);
}

static void test_along__cum_sum_needs_a_known_axis(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "CumSum", 14);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    one_node_input(&node, LEAT_I64, 0, NULL);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1 decides about shapes");
    one_node_stop(&node);
    one_node_start(&node, "", "CumSum", 14);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    twin_known(&node, (int64_t[]){1}, 1);
    twin_refused(&node, LEAT_E_MODEL, "axis 1");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_along__arg_finds_the_best_of_every_line),
        cmocka_unit_test(test_along__arg_max_takes_nan_for_the_largest),
        cmocka_unit_test(test_along__arg_of_an_empty_axis_is_refused),
        cmocka_unit_test(test_along__top_k_are_the_first_of_every_sorted_line),
        cmocka_unit_test(test_along__top_k_takes_nan_for_the_largest),
        cmocka_unit_test(test_along__top_k_had_an_attribute_before_opset_10),
        cmocka_unit_test(test_along__outputs_that_nobody_reads_are_left_out),
        cmocka_unit_test(test_along__a_k_that_is_too_large_or_unknown_is_refused),
        cmocka_unit_test(test_along__cum_sum_adds_what_is_before),
        cmocka_unit_test(test_along__cum_sum_of_nothing_is_nothing),
        cmocka_unit_test(test_along__cum_sum_needs_a_known_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
