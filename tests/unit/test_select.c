#include "twin.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 3, ROUNDS = 60 };

/* ---- OneHot ---- */

static void check_one_hot(leat_dtype index_dtype, leat_dtype dtype)
{
    const uint32_t rank = twin_dice(RANK), axis = twin_dice(rank + 1);
    const int64_t depth = 1 + twin_dice(6);
    int64_t shape[RANK];
    one_node node;
    twin_shape(shape, rank, 4);
    one_node_start(&node, "", "OneHot", 11);
    one_node_int(&node, "axis", (int64_t)axis - rank - 1);
    const leat_array *indexes = twin_input(&node, index_dtype, rank, shape);
    twin_known(&node, &depth, 1);
    void *values = one_node_input(&node, dtype, 1, (int64_t[]){2});
    twin_put(&node.in[2], values, 0, 0), twin_put(&node.in[2], values, 1, 3);
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    assert_int_equal(out->dtype, dtype);
    assert_int_equal(out->rank, rank + 1);
    assert_int_equal(out->shape[axis], depth);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t at[LEAT_ARRAY_RANK], from[LEAT_ARRAY_RANK];
        twin_index(out, i, at);
        for (uint32_t k = 0; k < rank; k++)
            from[k] = at[k < axis ? k : k + 1];
        const double index = trunc(twin_get(indexes, twin_element(indexes, from)));
        const bool hot = index == at[axis] || index + (double)depth == at[axis];
        const double on = dtype == LEAT_BOOL ? 1 : 3;
        twin_same("OneHot", i, twin_get(out, i), hot ? on : 0, 0);
    }
    one_node_stop(&node);
}

static void test_select__one_hot_is_on_at_its_index_alone(void **state)
{
    (void)state;
    for (leat_dtype index = LEAT_F32; index <= LEAT_I32; index++)
        for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
            for (int round = 0; round < ROUNDS; round++)
                check_one_hot(index, dtype);
}

static void test_select__one_hot_outside_is_nowhere_on(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "OneHot", 11);
    float *x = one_node_input(&node, LEAT_F32, 1, (int64_t[]){4});
    x[0] = 3, x[1] = -4, x[2] = INFINITY, x[3] = 1e30f;
    twin_known(&node, (int64_t[]){3}, 1);
    float *values = one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    values[1] = 1;
    one_node_run(&node);
    for (size_t i = 0; i < 12; i++)
        assert_true(twin_get(&node.out[0], i) == 0);
    one_node_stop(&node);
}

static void refuse_one_hot(const int64_t *depth, uint32_t n, int64_t n_values,
                           const char *words)
{
    one_node node;
    one_node_start(&node, "", "OneHot", 11);
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    twin_known(&node, depth, n);
    one_node_input(&node, LEAT_F32, 1, &n_values);
    twin_refused(&node, LEAT_E_MODEL, words);
    one_node_stop(&node);
}

static void test_select__one_hot_refuses_odd_depths_and_values(void **state)
{
    (void)state;
    refuse_one_hot((int64_t[]){-1}, 1, 2, "length -1");
    refuse_one_hot((int64_t[]){3, 4}, 2, 2, "input 1 must be one number");
    refuse_one_hot((int64_t[]){3}, 1, 3, "input 2 must be two values");
    one_node node;
    one_node_start(&node, "", "OneHot", 11);
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    one_node_input(&node, LEAT_I64, 0, NULL);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1 decides about shapes");
    one_node_stop(&node);
}

/* ---- Compress ---- */

static void check_compress(leat_dtype dtype)
{
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    int64_t shape[RANK], n = 0;
    uint32_t kept[8];
    one_node node;
    twin_shape(shape, rank, 5);
    one_node_start(&node, "", "Compress", 11);
    one_node_int(&node, "axis", axis);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    const int64_t n_conditions = 1 + twin_dice((uint32_t)shape[axis]);
    uint8_t *condition = one_node_constant(&node, LEAT_BOOL, 1, &n_conditions);
    for (uint32_t i = 0; i < n_conditions; i++)
        if ((condition[i] = twin_dice(2) != 0))
            kept[n++] = i;
    one_node_run(&node);
    shape[axis] = n;
    twin_same_shape(&node.out[0], rank, shape);
    for (size_t i = 0; i < leat_array_count(&node.out[0]); i++) {
        uint32_t at[LEAT_ARRAY_RANK];
        twin_index(&node.out[0], i, at);
        at[axis] = kept[at[axis]];
        twin_same("Compress", i, twin_get(&node.out[0], i),
                  twin_get(in, twin_element(in, at)), 0);
    }
    one_node_stop(&node);
}

static void test_select__compress_keeps_what_is_true(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_compress(dtype);
}

static void test_select__compress_without_an_axis_is_of_all_elements(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Compress", 9);
    const leat_array *in = twin_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    memcpy(one_node_constant(&node, LEAT_BOOL, 1, (int64_t[]){5}),
           (uint8_t[]){0, 1, 0, 0, 1}, 5);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 1, (int64_t[]){2});
    assert_true(twin_get(&node.out[0], 0) == twin_get(in, 1));
    assert_true(twin_get(&node.out[0], 1) == twin_get(in, 4));
    one_node_stop(&node);
}

static void test_select__compress_refuses_conditions_of_events_or_too_many(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Compress", 9);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    one_node_input(&node, LEAT_BOOL, 1, (int64_t[]){3});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1 decides about shapes");
    one_node_stop(&node);
    one_node_start(&node, "", "Compress", 9);
    one_node_int(&node, "axis", 0);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    one_node_constant(&node, LEAT_BOOL, 1, (int64_t[]){4});
    twin_refused(&node, LEAT_E_MODEL, "4 conditions on 3 elements");
    one_node_stop(&node);
}

/* ---- NonZero ---- */

static void check_non_zero(leat_dtype dtype)
{
    const uint32_t rank = 1 + twin_dice(RANK);
    int64_t shape[RANK];
    size_t n = 0;
    one_node node;
    twin_shape(shape, rank, 4);
    one_node_start(&node, "", "NonZero", 13);
    void *x = one_node_constant(&node, dtype, rank, shape);
    for (size_t i = 0; i < leat_array_count(&node.in[0]); i++) {
        const uint32_t value = twin_dice(3);
        twin_put(&node.in[0], x, i, value);
        n += value != 0;
    }
    one_node_run(&node);
    twin_same_shape(&node.out[0], 2, (int64_t[]){rank, (int64_t)n});
    size_t found = 0;
    for (size_t i = 0; i < leat_array_count(&node.in[0]); i++) {
        uint32_t at[LEAT_ARRAY_RANK];
        twin_index(&node.in[0], i, at);
        if (twin_get(&node.in[0], i) == 0)
            continue;
        for (uint32_t axis = 0; axis < rank; axis++)
            assert_int_equal(((int64_t *)node.out[0].data)[axis * n + found], at[axis]);
        found++;
    }
    one_node_stop(&node);
}

static void test_select__non_zero_tells_where_it_is_not(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_non_zero(dtype);
}

static void test_select__non_zero_of_the_events_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "NonZero", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0 decides about shapes");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select__one_hot_is_on_at_its_index_alone),
        cmocka_unit_test(test_select__one_hot_outside_is_nowhere_on),
        cmocka_unit_test(test_select__one_hot_refuses_odd_depths_and_values),
        cmocka_unit_test(test_select__compress_keeps_what_is_true),
        cmocka_unit_test(test_select__compress_without_an_axis_is_of_all_elements),
        cmocka_unit_test(test_select__compress_refuses_conditions_of_events_or_too_many),
        cmocka_unit_test(test_select__non_zero_tells_where_it_is_not),
        cmocka_unit_test(test_select__non_zero_of_the_events_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
