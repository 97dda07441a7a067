#include "twin.h"

#include "base/slice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 3, ROUNDS = 60 };

/* The next input: indexes into that many elements, counted from either end; one of eight
 * lies outside when `wild`. */
static void random_indexes(one_node *node, leat_dtype dtype, uint32_t rank,
                           const int64_t *shape, uint32_t length, bool wild)
{
    const leat_array *array = &node->in[node->node.n_inputs];
    void *data = one_node_input(node, dtype, rank, shape);
    for (size_t i = 0; i < leat_array_count(array); i++) {
        double index = (double)twin_dice(2 * length) - length;
        if (wild && !twin_dice(8))
            index = twin_dice(2) ? length : -(double)length - 1;
        twin_put(array, data, i, index);
    }
}

/* Where an index points; below 0 when outside. */
static int64_t resolved(double index, uint32_t length)
{
    const double at = index < 0 ? index + length : index;
    return at < 0 || at >= length ? -1 : (int64_t)at;
}

/* What stands for an index outside. */
static double nonsense(leat_dtype dtype)
{
    return dtype <= LEAT_F64 ? (double)NAN : 0;
}

/* ---- Gather ---- */

static void check_gather(leat_dtype dtype, bool wild)
{
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    const uint32_t n_index_axes = twin_dice(3);
    int64_t shape[RANK], index_shape[2];
    one_node node;
    twin_shape(shape, rank, 4);
    twin_shape(index_shape, n_index_axes, 4);
    one_node_start(&node, "", "Gather", 13);
    one_node_int(&node, "axis", twin_dice(2) ? axis : (int64_t)axis - rank);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    random_indexes(&node, twin_dice(2) ? LEAT_I64 : LEAT_I32, n_index_axes, index_shape,
                   (uint32_t)shape[axis], wild);
    one_node_run(&node);
    const leat_array *out = &node.out[0], *indexes = &node.in[1];
    assert_int_equal(out->rank, rank - 1 + n_index_axes);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t at[LEAT_ARRAY_RANK], from[LEAT_ARRAY_RANK];
        twin_index(out, i, at);
        memcpy(from, at, axis * sizeof *at);
        for (uint32_t k = axis + 1; k < rank; k++)
            from[k] = at[k - 1 + n_index_axes];
        const int64_t found = resolved(
            twin_get(indexes, twin_element(indexes, at + axis)), (uint32_t)shape[axis]);
        from[axis] = (uint32_t)found;
        twin_same("Gather", i, twin_get(out, i),
                  found < 0 ? nonsense(dtype) : twin_get(in, twin_element(in, from)), 0);
    }
    one_node_stop(&node);
}

static void test_gather__fetches_slices_along_any_axis(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_gather(dtype, false);
}

static void test_gather__an_index_of_the_events_outside_gives_nan(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_gather(dtype, true);
}

static void test_gather__the_furthest_indexes_and_empty_tables_give_nan(void **state)
{
    (void)state;
    for (int64_t length = 0; length < 2; length++) {
        one_node node;
        one_node_start(&node, "", "Gather", 13);
        one_node_input(&node, LEAT_F32, 2, (int64_t[]){length, 3});
        int64_t *at = one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
        at[0] = INT64_MAX, at[1] = INT64_MIN;
        one_node_run(&node);
        for (size_t i = 0; i < 6; i++)
            assert_true(isnan(twin_get(&node.out[0], i)));
        one_node_stop(&node);
    }
}

static void test_gather__a_known_index_outside_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"Gather", "GatherElements", "GatherND"};
    for (size_t f = 0; f < 3; f++) {
        one_node node;
        one_node_start(&node, "", names[f], 13);
        one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
        twin_known(&node, (int64_t[]){3}, 1);
        twin_refused(&node, LEAT_E_MODEL, "index 3 into 3 elements");
        one_node_stop(&node);
    }
}

static void test_gather__strings_are_fetched_and_absent_where_there_are_none(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Gather", 13);
    leat_slice *x = one_node_input(&node, LEAT_STRING, 1, (int64_t[]){2});
    x[0] = (leat_slice){(const uint8_t *)"DE", 2};
    x[1] = (leat_slice){(const uint8_t *)"FR", 2};
    int64_t *at = one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    at[0] = -1, at[1] = 2;
    one_node_run(&node);
    const leat_slice *y = node.out[0].data;
    assert_true(leat_slice_equal(y[0], x[1]));
    assert_null(y[1].data);
    one_node_stop(&node);
}

static void test_gather__indexes_must_be_integers(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Gather", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1: f32");
    one_node_stop(&node);
    one_node_start(&node, "", "Gather", 13);
    one_node_int(&node, "axis", 1);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_MODEL, "axis 1");
    one_node_stop(&node);
}

static void test_gather__more_axes_than_there_are_is_refused(void **state)
{
    (void)state;
    const int64_t ones[] = {1, 1, 1, 1, 1, 1};
    one_node node;
    one_node_start(&node, "", "Gather", 13);
    one_node_input(&node, LEAT_F32, 5, ones);
    one_node_input(&node, LEAT_I64, 6, ones);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "10 axes");
    one_node_stop(&node);
}

/* ---- GatherElements ---- */

static void check_gather_elements(leat_dtype dtype)
{
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    int64_t shape[RANK], index_shape[RANK];
    one_node node;
    twin_shape(shape, rank, 4);
    for (uint32_t k = 0; k < rank; k++)
        index_shape[k] = 1 + twin_dice(k == axis ? 6 : (uint32_t)shape[k]);
    one_node_start(&node, "", "GatherElements", 13);
    one_node_int(&node, "axis", axis);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    random_indexes(&node, LEAT_I64, rank, index_shape, (uint32_t)shape[axis], true);
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    twin_same_shape(out, rank, index_shape);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t at[LEAT_ARRAY_RANK];
        twin_index(out, i, at);
        const int64_t found = resolved(twin_get(&node.in[1], i), (uint32_t)shape[axis]);
        at[axis] = (uint32_t)found;
        twin_same("GatherElements", i, twin_get(out, i),
                  found < 0 ? nonsense(dtype) : twin_get(in, twin_element(in, at)), 0);
    }
    one_node_stop(&node);
}

static void test_gather__elements_are_fetched_from_their_own_lines(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_gather_elements(dtype);
}

static void test_gather__lines_that_are_not_there_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "GatherElements", 13);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_input(&node, LEAT_I64, 2, (int64_t[]){2, 4});
    twin_refused(&node, LEAT_E_MODEL, "indexes i64[2,4] into f32[2,3]");
    one_node_stop(&node);
    one_node_start(&node, "", "GatherElements", 13);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_MODEL, "indexes i64[2] into f32[2,3]");
    one_node_stop(&node);
}

/* ---- GatherND ---- */

static void check_gather_nd(leat_dtype dtype)
{
    const uint32_t rank = 1 + twin_dice(RANK), batch = twin_dice(rank);
    const uint32_t length = 1 + twin_dice(rank - batch);
    int64_t shape[RANK], index_shape[RANK + 2];
    one_node node;
    twin_shape(shape, rank, 3);
    memcpy(index_shape, shape, batch * sizeof *shape);
    index_shape[batch] = 1 + twin_dice(4);
    index_shape[batch + 1] = length;
    one_node_start(&node, "", "GatherND", 13);
    one_node_int(&node, "batch_dims", batch);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    random_indexes(&node, LEAT_I64, batch + 2, index_shape, 3, false);
    one_node_run(&node);
    const leat_array *out = &node.out[0], *indexes = &node.in[1];
    assert_int_equal(out->rank, batch + 1 + rank - batch - length);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t at[LEAT_ARRAY_RANK], tuple[LEAT_ARRAY_RANK], from[LEAT_ARRAY_RANK];
        bool inside = true;
        twin_index(out, i, at);
        memcpy(from, at, batch * sizeof *at);
        memcpy(tuple, at, (batch + 1) * sizeof *at);
        for (uint32_t k = 0; k < length; k++) {
            tuple[batch + 1] = k;
            const int64_t found = resolved(
                twin_get(indexes, twin_element(indexes, tuple)), in->shape[batch + k]);
            inside &= found >= 0;
            from[batch + k] = (uint32_t)found;
        }
        for (uint32_t k = batch + length; k < rank; k++)
            from[k] = at[k - length + 1];
        twin_same("GatherND", i, twin_get(out, i),
                  inside ? twin_get(in, twin_element(in, from)) : nonsense(dtype), 0);
    }
    one_node_stop(&node);
}

static void test_gather__tuples_fetch_slices(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_gather_nd(dtype);
}

static void refuse_tuples(int64_t batch, const int64_t *shape, const char *words)
{
    one_node node;
    one_node_start(&node, "", "GatherND", 13);
    one_node_int(&node, "batch_dims", batch);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_input(&node, LEAT_I64, 2, shape);
    twin_refused(&node, LEAT_E_MODEL, words);
    one_node_stop(&node);
}

static void test_gather__tuples_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    refuse_tuples(0, (int64_t[]){4, 3}, "indexes i64[4,3] into f32[2,3]");
    refuse_tuples(0, (int64_t[]){4, 0}, "indexes i64[4,0] into f32[2,3]");
    refuse_tuples(1, (int64_t[]){4, 1}, "indexes i64[4,1] into f32[2,3]");
    refuse_tuples(2, (int64_t[]){2, 3}, "indexes i64[2,3] into f32[2,3]");
    refuse_tuples(-1, (int64_t[]){2, 1}, "batch_dims is -1");
    refuse_tuples(INT64_MAX, (int64_t[]){2, 1}, "batch_dims is 92");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather__fetches_slices_along_any_axis),
        cmocka_unit_test(test_gather__an_index_of_the_events_outside_gives_nan),
        cmocka_unit_test(test_gather__the_furthest_indexes_and_empty_tables_give_nan),
        cmocka_unit_test(test_gather__a_known_index_outside_is_refused),
        cmocka_unit_test(
            test_gather__strings_are_fetched_and_absent_where_there_are_none),
        cmocka_unit_test(test_gather__indexes_must_be_integers),
        cmocka_unit_test(test_gather__more_axes_than_there_are_is_refused),
        cmocka_unit_test(test_gather__elements_are_fetched_from_their_own_lines),
        cmocka_unit_test(test_gather__lines_that_are_not_there_are_refused),
        cmocka_unit_test(test_gather__tuples_fetch_slices),
        cmocka_unit_test(test_gather__tuples_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
