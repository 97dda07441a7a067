#include "twin.h"

#include "base/slice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 3, ROUNDS = 60, MOST = 256 };

static const char *const reductions[] = {"none", "add", "mul", "max", "min"};

static double folded(const char *reduction, double x, double y)
{
    switch (reduction[1]) {
    case 'o':
        return y;
    case 'd':
        return x + y;
    case 'u':
        return x * y;
    case 'a':
        return fmax(x, y);
    default:
        return fmin(x, y);
    }
}

static void random_indexes(one_node *node, uint32_t rank, const int64_t *shape,
                           uint32_t length)
{
    const leat_array *array = &node->in[node->node.n_inputs];
    int64_t *data = one_node_input(node, LEAT_I64, rank, shape);
    for (size_t i = 0; i < leat_array_count(array); i++)
        data[i] = (int64_t)twin_dice(2 * length) - length;
}

static void copy_input(const leat_array *in, double *values)
{
    for (size_t i = 0; i < leat_array_count(in); i++)
        values[i] = twin_get(in, i);
}

static void check_output(const one_node *node, const double *expected)
{
    const leat_array *in = &node->in[0];
    assert_int_equal(node->out[0].dtype, in->dtype);
    assert_true(leat_array_same_shape(&node->out[0], in));
    for (size_t i = 0; i < leat_array_count(in); i++)
        twin_same(node->op->name, i, twin_get(&node->out[0], i), expected[i],
                  in->dtype == LEAT_F32 ? 1e-6 : 1e-12);
}

/* ---- ScatterElements ---- */

static void check_elements(leat_dtype dtype, const char *reduction)
{
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    int64_t shape[RANK], index_shape[RANK];
    double expected[MOST];
    one_node node;
    twin_shape(shape, rank, 4);
    for (uint32_t k = 0; k < rank; k++)
        index_shape[k] = 1 + twin_dice((uint32_t)shape[k]);
    one_node_start(&node, "", "ScatterElements", 18);
    one_node_int(&node, "axis", (int64_t)axis - rank);
    one_node_text(&node, "reduction", reduction);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    random_indexes(&node, rank, index_shape, (uint32_t)shape[axis]);
    twin_input(&node, dtype, rank, index_shape);
    one_node_run(&node);
    copy_input(in, expected);
    for (size_t i = 0; i < leat_array_count(&node.in[1]); i++) {
        uint32_t at[LEAT_ARRAY_RANK];
        twin_index(&node.in[1], i, at);
        const double index = twin_get(&node.in[1], i);
        at[axis] = (uint32_t)(index < 0 ? index + (double)shape[axis] : index);
        double *to = &expected[twin_element(in, at)];
        *to = folded(reduction, *to, twin_get(&node.in[2], i));
    }
    check_output(&node, expected);
    one_node_stop(&node);
}

static void test_scatter__elements_go_to_their_own_lines(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
        for (int r = 0; r < 5; r++)
            for (int round = 0; round < ROUNDS; round++)
                check_elements(dtype, reductions[r]);
    for (int round = 0; round < ROUNDS; round++)
        check_elements(LEAT_BOOL, "none");
}

static void test_scatter__was_the_name_before_opset_11(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Scatter", 9);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    *(int64_t *)one_node_input(&node, LEAT_I64, 1, (int64_t[]){1}) = 1;
    *(float *)one_node_input(&node, LEAT_F32, 1, (int64_t[]){1}) = 5;
    one_node_run(&node);
    check_output(&node, (double[]){0, 5, 0});
    one_node_stop(&node);
    assert_null(leat_operator_find("", "Scatter", 11));
}

static void test_scatter__an_index_of_the_events_outside_spoils_its_line(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "ScatterElements", 13);
    one_node_int(&node, "axis", 1);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    int64_t *at = one_node_input(&node, LEAT_I64, 2, (int64_t[]){2, 1});
    at[0] = 1, at[1] = 3;
    float *update = one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 1});
    update[0] = 4, update[1] = 5;
    one_node_run(&node);
    check_output(&node, (double[]){0, 4, 0, (double)NAN, (double)NAN, (double)NAN});
    one_node_stop(&node);
}

/* ---- ScatterND ---- */

static void check_nd(leat_dtype dtype, const char *reduction)
{
    const uint32_t rank = 1 + twin_dice(RANK), length = 1 + twin_dice(rank);
    int64_t shape[RANK], index_shape[2], update_shape[RANK + 1];
    double expected[MOST];
    one_node node;
    for (uint32_t k = 0; k < rank; k++)
        shape[k] = 3; /* so that the same dice fit all axes */
    index_shape[0] = update_shape[0] = 1 + twin_dice(4);
    index_shape[1] = length;
    memcpy(update_shape + 1, shape + length, (rank - length) * sizeof *shape);
    one_node_start(&node, "", "ScatterND", 18);
    one_node_text(&node, "reduction", reduction);
    const leat_array *in = twin_input(&node, dtype, rank, shape);
    random_indexes(&node, 2, index_shape, 3);
    const leat_array *updates = twin_input(&node, dtype, 1 + rank - length, update_shape);
    one_node_run(&node);
    copy_input(in, expected);
    for (size_t i = 0; i < leat_array_count(updates); i++) {
        uint32_t from[LEAT_ARRAY_RANK], at[LEAT_ARRAY_RANK];
        twin_index(updates, i, from);
        for (uint32_t k = 0; k < length; k++) {
            const double index = twin_get(&node.in[1], from[0] * length + k);
            at[k] = (uint32_t)(index < 0 ? index + 3 : index);
        }
        for (uint32_t k = length; k < rank; k++)
            at[k] = from[k - length + 1];
        double *to = &expected[twin_element(in, at)];
        *to = folded(reduction, *to, twin_get(updates, i));
    }
    check_output(&node, expected);
    one_node_stop(&node);
}

static void test_scatter__slices_go_where_tuples_say(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_I32; dtype++)
        for (int r = 0; r < 5; r++)
            for (int round = 0; round < ROUNDS; round++)
                check_nd(dtype, reductions[r]);
    for (int round = 0; round < ROUNDS; round++)
        check_nd(LEAT_BOOL, "none");
}

static void test_scatter__a_tuple_outside_spoils_what_its_first_indexes_mean(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "ScatterND", 13);
    one_node_input(&node, LEAT_F64, 2, (int64_t[]){2, 2});
    int64_t *at = one_node_input(&node, LEAT_I64, 2, (int64_t[]){1, 2});
    at[0] = 1, at[1] = INT64_MAX;
    one_node_input(&node, LEAT_F64, 1, (int64_t[]){1});
    one_node_run(&node);
    check_output(&node, (double[]){0, 0, (double)NAN, (double)NAN});
    one_node_stop(&node);
}

/* The same in both operators: a good update behind a bad one changes nothing about it. */
static void test_scatter__what_is_spoilt_stays_spoilt(void **state)
{
    (void)state;
    for (uint32_t is_nd = 0; is_nd < 2; is_nd++) {
        one_node node;
        one_node_start(&node, "", is_nd ? "ScatterND" : "ScatterElements", 18);
        one_node_input(&node, LEAT_F32, 1, (int64_t[]){1});
        int64_t *at = one_node_input(&node, LEAT_I64, 1 + is_nd, (int64_t[]){2, 1});
        at[0] = 1, at[1] = 0;
        one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
        one_node_run(&node);
        check_output(&node, (double[]){(double)NAN});
        one_node_stop(&node);
    }
}

static void test_scatter__strings_are_put_and_not_added(void **state)
{
    (void)state;
    one_node node;
    leat_slice yes = {(const uint8_t *)"yes", 3};
    one_node_start(&node, "", "ScatterND", 13);
    one_node_input(&node, LEAT_STRING, 1, (int64_t[]){2});
    *(int64_t *)one_node_input(&node, LEAT_I64, 2, (int64_t[]){1, 1}) = 1;
    *(leat_slice *)one_node_input(&node, LEAT_STRING, 1, (int64_t[]){1}) = yes;
    one_node_run(&node);
    assert_true(leat_slice_equal(((leat_slice *)node.out[0].data)[1], yes));
    one_node_stop(&node);
    one_node_start(&node, "", "ScatterND", 16);
    one_node_text(&node, "reduction", "add");
    one_node_input(&node, LEAT_STRING, 1, (int64_t[]){2});
    one_node_input(&node, LEAT_I64, 2, (int64_t[]){1, 1});
    one_node_input(&node, LEAT_STRING, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 0: string");
    one_node_stop(&node);
}

static void refuse(const char *name, const int64_t *at, uint32_t n,
                   const int64_t *updates, const char *words)
{
    one_node node;
    one_node_start(&node, "", name, 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    memcpy(one_node_constant(&node, LEAT_I64, n, (int64_t[]){1, 1}), at, sizeof *at);
    one_node_input(&node, LEAT_F32, 1, updates);
    twin_refused(&node, LEAT_E_MODEL, words);
    one_node_stop(&node);
}

static void test_scatter__known_indexes_outside_and_odd_updates_are_refused(void **state)
{
    (void)state;
    refuse("ScatterElements", (int64_t[]){-4}, 1, (int64_t[]){1}, "index -4 into 3");
    refuse("ScatterElements", (int64_t[]){1}, 1, (int64_t[]){2},
           "updates f32[2] for indexes i64[1]");
    refuse("ScatterND", (int64_t[]){3}, 2, (int64_t[]){1}, "index 3 into 3");
    refuse("ScatterND", (int64_t[]){1}, 2, (int64_t[]){2},
           "updates f32[2] for indexes i64[1,1]");
    one_node node;
    one_node_start(&node, "", "ScatterND", 16);
    one_node_text(&node, "reduction", "xor");
    for (int i = 0; i < 3; i++)
        one_node_input(&node, i == 1 ? LEAT_I64 : LEAT_F32, 1, (int64_t[]){1});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "\"xor\"");
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scatter__elements_go_to_their_own_lines),
        cmocka_unit_test(test_scatter__was_the_name_before_opset_11),
        cmocka_unit_test(test_scatter__an_index_of_the_events_outside_spoils_its_line),
        cmocka_unit_test(test_scatter__slices_go_where_tuples_say),
        cmocka_unit_test(
            test_scatter__a_tuple_outside_spoils_what_its_first_indexes_mean),
        cmocka_unit_test(test_scatter__what_is_spoilt_stays_spoilt),
        cmocka_unit_test(test_scatter__strings_are_put_and_not_added),
        cmocka_unit_test(test_scatter__known_indexes_outside_and_odd_updates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
