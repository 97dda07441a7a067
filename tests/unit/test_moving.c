#include "twin.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 4, ROUNDS = 60 };

/* ---- Concat ---- */

/* Element i of the output is in the input on whose part of the axis it falls. */
static double concatenated(const one_node *node, uint32_t n, uint32_t axis, size_t i)
{
    uint32_t index[LEAT_ARRAY_RANK];
    twin_index(&node->out[0], i, index);
    for (uint32_t k = 0; k < n; k++) {
        if (index[axis] < node->in[k].shape[axis])
            return twin_get(&node->in[k], twin_element(&node->in[k], index));
        index[axis] -= node->in[k].shape[axis];
    }
    return -1000;
}

static void check_concat(leat_dtype dtype)
{
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    const uint32_t n = 1 + twin_dice(4);
    int64_t shape[RANK], sum = 0;
    one_node node;
    twin_shape(shape, rank, 4);
    one_node_start(&node, "", "Concat", 13);
    one_node_int(&node, "axis", twin_dice(2) ? axis : (int64_t)axis - rank);
    for (uint32_t k = 0; k < n; k++) {
        shape[axis] = twin_dice(4); /* an empty one, too */
        sum += shape[axis];
        twin_input(&node, dtype, rank, shape);
    }
    one_node_run(&node);
    shape[axis] = sum;
    twin_same_shape(&node.out[0], rank, shape);
    for (size_t i = 0; i < leat_array_count(&node.out[0]); i++)
        twin_same("Concat", i, twin_get(&node.out[0], i), concatenated(&node, n, axis, i),
                  0);
    one_node_stop(&node);
}

static void test_moving__concat_joins_any_number_of_arrays(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_concat(dtype);
}

static void test_moving__concat_of_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Concat", 13);
    one_node_int(&node, "axis", 0);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 4});
    twin_refused(&node, LEAT_E_MODEL, "input 1: f32[2,4] beside f32[2,3] on axis 0");
    one_node_stop(&node);
    one_node_start(&node, "", "Concat", 13);
    one_node_int(&node, "axis", 0);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1: i64");
    one_node_stop(&node);
    one_node_start(&node, "", "Concat", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    twin_refused(&node, LEAT_E_MODEL, "attribute axis is missing");
    one_node_stop(&node);
}

/* ---- Split ---- */

static void check_parts(const one_node *node, uint32_t axis, uint32_t n)
{
    uint32_t from = 0;
    for (uint32_t k = 0; k < n; k++) {
        const leat_array *out = &node->out[k];
        for (size_t i = 0; i < leat_array_count(out); i++) {
            uint32_t index[LEAT_ARRAY_RANK];
            twin_index(out, i, index);
            index[axis] += from;
            twin_same("Split", i, twin_get(out, i),
                      twin_get(&node->in[0], twin_element(&node->in[0], index)), 0);
        }
        from += out->shape[axis];
    }
    assert_int_equal(from, node->in[0].shape[axis]);
}

static void check_split(leat_dtype dtype, uint32_t version)
{
    const uint32_t rank = 1 + twin_dice(RANK), axis = twin_dice(rank);
    const uint32_t n = 1 + twin_dice(4);
    int64_t shape[RANK], parts[4];
    one_node node;
    twin_shape(shape, rank, 4);
    shape[axis] = 0;
    for (uint32_t k = 0; k < n; k++)
        shape[axis] += parts[k] = twin_dice(4);
    one_node_start(&node, "", "Split", version);
    one_node_outputs(&node, n);
    one_node_int(&node, "axis", (int64_t)axis - rank);
    twin_input(&node, dtype, rank, shape);
    if (version < 13)
        one_node_ints(&node, "split", parts, n);
    else
        twin_known(&node, parts, n);
    one_node_run(&node);
    for (uint32_t k = 0; k < n; k++)
        assert_int_equal(node.out[k].shape[axis], parts[k]);
    check_parts(&node, axis, n);
    one_node_stop(&node);
}

static void test_moving__split_cuts_into_the_parts_that_are_given(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++) {
            check_split(dtype, 11);
            check_split(dtype, 13);
        }
}

static void test_moving__split_cuts_equally_where_nothing_is_given(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Split", 13);
    one_node_outputs(&node, 3);
    twin_input(&node, LEAT_F32, 2, (int64_t[]){6, 2});
    one_node_run(&node);
    check_parts(&node, 0, 3);
    assert_int_equal(node.out[2].shape[0], 2);
    one_node_stop(&node);
    one_node_start(&node, "", "Split", 18);
    one_node_outputs(&node, 3);
    one_node_int(&node, "num_outputs", 3);
    twin_input(&node, LEAT_F32, 2, (int64_t[]){7, 2});
    one_node_run(&node);
    check_parts(&node, 0, 3);
    assert_int_equal(node.out[0].shape[0], 3);
    assert_int_equal(node.out[2].shape[0], 1);
    one_node_stop(&node);
}

static void test_moving__split_leaves_out_what_nobody_reads(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Split", 13);
    one_node_outputs(&node, 2);
    node.outputs[0] = NULL;
    float *x = one_node_input(&node, LEAT_F32, 1, (int64_t[]){2});
    x[0] = 1, x[1] = 2;
    size_t scratch = 0;
    assert_int_equal(node.op->load(&node.node), LEAT_OK);
    leat_call call = {.state = node.node.state,
                      .n_inputs = 1,
                      .inputs = node.inputs,
                      .n_outputs = 2,
                      .outputs = node.outputs};
    assert_int_equal(node.op->shape(&call, &scratch, &node.error), LEAT_OK);
    float y = 0;
    node.in[0].data = x;
    node.out[1].data = &y;
    node.op->run(&call);
    assert_float_equal(y, 2, 0);
    one_node_stop(&node);
}

static void refuse_split(uint32_t version, int64_t length, const int64_t *parts,
                         uint32_t n, const char *words)
{
    one_node node;
    one_node_start(&node, "", "Split", version);
    one_node_outputs(&node, 2);
    one_node_input(&node, LEAT_F32, 1, &length);
    if (parts)
        twin_known(&node, parts, n);
    twin_refused(&node, LEAT_E_MODEL, words);
    one_node_stop(&node);
}

static void test_moving__parts_that_are_not_the_whole_are_refused(void **state)
{
    (void)state;
    refuse_split(13, 5, NULL, 0, "5 does not split into 2 equal parts");
    refuse_split(13, 5, (int64_t[]){2, 2}, 2, "the parts of an axis of 5 are 4");
    refuse_split(13, 5, (int64_t[]){2, 4}, 2, "part 1 has the length 4");
    refuse_split(13, 5, (int64_t[]){6, -1}, 2, "part 0 has the length 6");
    refuse_split(13, 5, (int64_t[]){-1, 6}, 2, "part 0 has the length -1");
    refuse_split(13, 5, (int64_t[]){5, INT64_MAX}, 2, "part 1");
    refuse_split(13, 5, (int64_t[]){5}, 1, "2 outputs");
}

/* ---- Expand and Tile ---- */

static void check_expand(leat_dtype dtype)
{
    int64_t full[RANK], shape[RANK], wanted[RANK];
    const uint32_t rank = 1 + twin_dice(RANK);
    one_node node;
    twin_shape(full, rank, 4);
    one_node_start(&node, "", "Expand", 13);
    const uint32_t own = twin_part_of(full, rank, shape);
    twin_input(&node, dtype, own, shape);
    const uint32_t n = twin_part_of(full, rank, wanted);
    twin_known(&node, wanted, n);
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    assert_int_equal(out->rank, own > n ? own : n);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(out, i, index);
        twin_same("Expand", i, twin_get(out, i),
                  twin_broadcast(&node.in[0], out->rank, index), 0);
    }
    one_node_stop(&node);
}

static void test_moving__expand_repeats_what_broadcasts(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_expand(dtype);
}

static void check_tile(leat_dtype dtype)
{
    int64_t shape[RANK], repeats[RANK];
    const uint32_t rank = twin_dice(RANK + 1);
    one_node node;
    twin_shape(shape, rank, 4);
    one_node_start(&node, "", "Tile", 13);
    twin_input(&node, dtype, rank, shape);
    for (uint32_t axis = 0; axis < rank; axis++)
        repeats[axis] = twin_dice(4);
    twin_known(&node, repeats, rank);
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    for (uint32_t axis = 0; axis < rank; axis++)
        assert_int_equal(out->shape[axis], shape[axis] * repeats[axis]);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(out, i, index);
        for (uint32_t axis = 0; axis < rank; axis++)
            index[axis] %= (uint32_t)shape[axis];
        twin_same("Tile", i, twin_get(out, i),
                  twin_get(&node.in[0], twin_element(&node.in[0], index)), 0);
    }
    one_node_stop(&node);
}

static void test_moving__tile_repeats_along_every_axis(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_tile(dtype);
}

static void refuse(const char *name, const int64_t *known, uint32_t n, const char *words)
{
    one_node node;
    one_node_start(&node, "", name, 13);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    twin_known(&node, known, n);
    twin_refused(&node, LEAT_E_MODEL, words);
    one_node_stop(&node);
}

static void test_moving__repeats_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    refuse("Expand", (int64_t[]){2, 4}, 2, "do not broadcast");
    refuse("Expand", (int64_t[]){-1, 3}, 2, "length -1");
    refuse("Tile", (int64_t[]){2}, 1, "1 repeats of 2 axes");
    refuse("Tile", (int64_t[]){-1, 2}, 2, "repeated -1 times");
    refuse("Tile", (int64_t[]){1, INT64_MAX}, 2, "repeated 9223372036854775807 times");
    refuse("Tile", (int64_t[]){INT32_MAX, INT32_MAX}, 2, "length");
}

/* ---- Trilu ---- */

static void check_trilu(leat_dtype dtype, bool upper, int64_t shift)
{
    one_node node;
    one_node_start(&node, "", "Trilu", 14);
    one_node_int(&node, "upper", upper);
    const leat_array *in = twin_input(&node, dtype, 3, (int64_t[]){2, 3, 5});
    *(int64_t *)one_node_input(&node, LEAT_I64, 0, NULL) = shift;
    one_node_run(&node);
    for (size_t i = 0; i < 30; i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(in, i, index);
        const int64_t right = (int64_t)index[2] - index[1];
        const bool kept = upper ? right >= shift : right <= shift;
        twin_same("Trilu", i, twin_get(&node.out[0], i), kept ? twin_get(in, i) : 0, 0);
    }
    one_node_stop(&node);
}

static void test_moving__trilu_keeps_one_side_of_a_diagonal(void **state)
{
    (void)state;
    static const int64_t shifts[] = {0, 1, -1, 4, -3, 100, -100, INT64_MAX, INT64_MIN};
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (size_t i = 0; i < 9; i++) {
            check_trilu(dtype, true, shifts[i]);
            check_trilu(dtype, false, shifts[i]);
        }
}

static void test_moving__trilu_of_a_vector_is_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Trilu", 14);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){3});
    twin_refused(&node, LEAT_E_MODEL, "1 axes, expected two or more");
    one_node_stop(&node);
}

static void test_moving__strings_move_like_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t known[2], n_known;
        size_t n, expected[6];
    } cases[] = {{"Tile", {1, 2}, 2, 6, {0, 1, 2, 0, 1, 2}},
                 {"Expand", {2, 3}, 2, 6, {0, 1, 2, 0, 1, 2}},
                 {"Transpose", {0}, 0, 3, {0, 1, 2}},
                 {"Gather", {0, 0}, 2, 6, {0, 1, 2, 0, 1, 2}}};
    static const leat_slice texts[] = {
        {(const uint8_t *)"a", 1}, {(const uint8_t *)"bc", 2}, {(const uint8_t *)"", 0}};
    for (size_t f = 0; f < sizeof cases / sizeof *cases; f++) {
        one_node node;
        one_node_start(&node, "", cases[f].name, 13);
        memcpy(one_node_input(&node, LEAT_STRING, 2, (int64_t[]){1, 3}), texts,
               sizeof texts);
        if (cases[f].n_known)
            twin_known(&node, cases[f].known, (uint32_t)cases[f].n_known);
        one_node_run(&node);
        const leat_slice *out = node.out[0].data;
        assert_int_equal(leat_array_count(&node.out[0]), cases[f].n);
        for (size_t i = 0; i < cases[f].n; i++)
            assert_true(out[i].data == texts[cases[f].expected[i]].data);
        one_node_stop(&node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving__concat_joins_any_number_of_arrays),
        cmocka_unit_test(test_moving__concat_of_what_does_not_fit_is_refused),
        cmocka_unit_test(test_moving__split_cuts_into_the_parts_that_are_given),
        cmocka_unit_test(test_moving__split_cuts_equally_where_nothing_is_given),
        cmocka_unit_test(test_moving__split_leaves_out_what_nobody_reads),
        cmocka_unit_test(test_moving__parts_that_are_not_the_whole_are_refused),
        cmocka_unit_test(test_moving__expand_repeats_what_broadcasts),
        cmocka_unit_test(test_moving__tile_repeats_along_every_axis),
        cmocka_unit_test(test_moving__repeats_that_make_no_sense_are_refused),
        cmocka_unit_test(test_moving__strings_move_like_numbers),
        cmocka_unit_test(test_moving__trilu_keeps_one_side_of_a_diagonal),
        cmocka_unit_test(test_moving__trilu_of_a_vector_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
