#include "twin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 4, ROUNDS = 120 };

/* ---- Slice ---- */

/* The positions that Python's slice(start, end, step) gives of a list, one by one. */
static size_t positions(int64_t length, int64_t start, int64_t end, int64_t step,
                        uint32_t *found)
{
    size_t n = 0;
    start += start < 0 ? length : 0;
    end += end < 0 ? length : 0;
    if (step > 0) {
        for (int64_t at = start < 0 ? 0 : start; at < length && at < end; at += step)
            found[n++] = (uint32_t)at;
    } else {
        for (int64_t at = start >= length ? length - 1 : start; at >= 0 && at > end;
             at += step)
            found[n++] = (uint32_t)at;
    }
    return n;
}

/* Start, end and step of one axis, some of them far outside. */
static void random_cut(int64_t *cut)
{
    static const int64_t far[] = {INT32_MAX, -INT32_MAX, 100, -100};
    for (int i = 0; i < 2; i++)
        cut[i] = twin_dice(6) ? (int64_t)twin_dice(13) - 6 : far[twin_dice(4)];
    cut[2] = (int64_t)twin_dice(3) + 1;
    cut[2] *= twin_dice(2) ? 1 : -1;
}

static void check_slice(leat_dtype dtype)
{
    int64_t shape[RANK], starts[RANK], ends[RANK], steps[RANK], axes[RANK];
    uint32_t found[RANK][8], n = 0;
    const uint32_t rank = 1 + twin_dice(RANK);
    one_node node;
    twin_shape(shape, rank, 6);
    one_node_start(&node, "", "Slice", 13);
    twin_input(&node, dtype, rank, shape);
    int64_t expected[RANK];
    for (uint32_t axis = rank; axis-- > 0;) {
        int64_t cut[3] = {0, INT64_MAX, 1};
        if (twin_dice(3)) {
            random_cut(cut);
            starts[n] = cut[0], ends[n] = cut[1], steps[n] = cut[2];
            axes[n++] = twin_dice(2) ? axis : (int64_t)axis - rank;
        }
        expected[axis] =
            (int64_t)positions(shape[axis], cut[0], cut[1], cut[2], found[axis]);
    }
    twin_known(&node, starts, n);
    twin_known(&node, ends, n);
    twin_known(&node, axes, n);
    twin_known(&node, steps, n);
    one_node_run(&node);
    twin_same_shape(&node.out[0], rank, expected);
    for (size_t i = 0; i < leat_array_count(&node.out[0]); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        twin_index(&node.out[0], i, index);
        for (uint32_t axis = 0; axis < rank; axis++)
            index[axis] = found[axis][index[axis]];
        twin_same("Slice", i, twin_get(&node.out[0], i),
                  twin_get(&node.in[0], twin_element(&node.in[0], index)), 0);
    }
    one_node_stop(&node);
}

static void test_slice__cuts_as_python_does(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_slice(dtype);
}

static void cut_five(one_node *node, int64_t start, int64_t end, int64_t step)
{
    one_node_start(node, "", "Slice", 13);
    memcpy(one_node_input(node, LEAT_I64, 1, (int64_t[]){5}), (int64_t[]){0, 1, 2, 3, 4},
           5 * sizeof(int64_t));
    twin_known(node, &start, 1);
    twin_known(node, &end, 1);
    twin_known(node, (int64_t[]){0}, 1);
    twin_known(node, &step, 1);
    one_node_run(node);
}

static void test_slice__steps_may_be_as_long_as_they_like(void **state)
{
    (void)state;
    static const struct {
        int64_t start, end, step, n, expected[5];
    } cases[] = {
        {0, INT64_MAX, INT64_MAX, 1, {0}},
        {INT64_MAX, INT64_MIN, INT64_MIN, 1, {4}},
        {-1, INT64_MIN, -1, 5, {4, 3, 2, 1, 0}},
        {INT64_MIN, INT64_MAX, 2, 3, {0, 2, 4}},
        {3, 3, 1, 0, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_node node;
        cut_five(&node, cases[i].start, cases[i].end, cases[i].step);
        twin_same_shape(&node.out[0], 1, &cases[i].n);
        assert_memory_equal(node.out[0].data, cases[i].expected,
                            (size_t)cases[i].n * sizeof(int64_t));
        one_node_stop(&node);
    }
}

static void test_slice__had_attributes_before_opset_10(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Slice", 9);
    const leat_array *in = twin_input(&node, LEAT_F32, 2, (int64_t[]){4, 3});
    one_node_ints(&node, "starts", (int64_t[]){1, -1}, 2);
    one_node_ints(&node, "ends", (int64_t[]){3, 1000}, 2);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 2, (int64_t[]){2, 1});
    assert_true(twin_get(&node.out[0], 0) == twin_get(in, 5));
    assert_true(twin_get(&node.out[0], 1) == twin_get(in, 8));
    one_node_stop(&node);
}

static void test_slice__cuts_of_the_events_or_without_sense_are_refused(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Slice", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){4});
    one_node_input(&node, LEAT_I64, 1, (int64_t[]){1});
    twin_known(&node, (int64_t[]){1}, 1);
    twin_refused(&node, LEAT_E_UNSUPPORTED, "input 1 decides about shapes");
    one_node_stop(&node);
    static const struct {
        int64_t axis, step;
        const char *words;
    } cases[] = {{0, 0, "a step of 0"}, {1, 1, "axis 1"}, {-2, 1, "axis -2"}};
    for (size_t i = 0; i < 3; i++) {
        one_node_start(&node, "", "Slice", 13);
        one_node_input(&node, LEAT_F32, 1, (int64_t[]){4});
        twin_known(&node, (int64_t[]){0}, 1);
        twin_known(&node, (int64_t[]){1}, 1);
        twin_known(&node, &cases[i].axis, 1);
        twin_known(&node, &cases[i].step, 1);
        twin_refused(&node, LEAT_E_MODEL, cases[i].words);
        one_node_stop(&node);
    }
    one_node_start(&node, "", "Slice", 13);
    one_node_input(&node, LEAT_F32, 1, (int64_t[]){4});
    twin_known(&node, (int64_t[]){0}, 1);
    twin_known(&node, (int64_t[]){1, 2}, 2);
    twin_refused(&node, LEAT_E_MODEL, "differ in number");
    one_node_stop(&node);
}

/* ---- Pad ---- */

static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};

/* The position of the input for one that may lie outside, found step by step: -1 where
 * the constant stands. */
static int64_t source(const char *mode, int64_t at, int64_t length)
{
    if (!strcmp(mode, "constant"))
        return at >= 0 && at < length ? at : -1;
    while (!strcmp(mode, "wrap") && (at < 0 || at >= length))
        at += at < 0 ? length : -length;
    while (!strcmp(mode, "edge") && (at < 0 || at >= length))
        at += at < 0 ? 1 : -1;
    if (at < 0)
        at = -at;
    return at < length ? at : length - 1 - (at - (length - 1));
}

static void check_pad(leat_dtype dtype, const char *mode)
{
    int64_t shape[RANK], pads[2 * RANK];
    const uint32_t rank = 1 + twin_dice(RANK - 1);
    one_node node;
    for (uint32_t axis = 0; axis < rank; axis++)
        shape[axis] = 2 + twin_dice(3);
    one_node_start(&node, "", "Pad", 19);
    one_node_text(&node, "mode", mode);
    twin_input(&node, dtype, rank, shape);
    for (uint32_t i = 0; i < 2 * rank; i++)
        pads[i] = (int64_t)twin_dice(3) - (i < rank ? 1 : 0);
    for (uint32_t i = 0; i < 2 * rank; i++)
        if (pads[i] >= shape[i % rank])
            pads[i] = shape[i % rank] - 1;
    twin_known(&node, pads, 2 * rank);
    twin_put(&node.in[2], one_node_input(&node, dtype, 0, NULL), 0, 7);
    one_node_run(&node);
    const leat_array *in = &node.in[0], *out = &node.out[0];
    for (uint32_t axis = 0; axis < rank; axis++)
        assert_int_equal(out->shape[axis], shape[axis] + pads[axis] + pads[rank + axis]);
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t index[LEAT_ARRAY_RANK];
        bool outside = false;
        twin_index(out, i, index);
        for (uint32_t axis = 0; axis < rank; axis++) {
            const int64_t from =
                source(mode, (int64_t)index[axis] - pads[axis], shape[axis]);
            outside |= from < 0;
            index[axis] = from < 0 ? 0 : (uint32_t)from;
        }
        const double constant = dtype == LEAT_BOOL ? 1 : 7;
        twin_same(mode, i, twin_get(out, i),
                  outside ? constant : twin_get(in, twin_element(in, index)), 0);
    }
    one_node_stop(&node);
}

static void test_slice__pad_reaches_beyond_in_every_mode(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int mode = 0; mode < 4; mode++)
            for (int round = 0; round < ROUNDS / 4; round++)
                check_pad(dtype, modes[mode]);
}

static void test_slice__pad_had_attributes_before_opset_11(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_F64; dtype++) {
        one_node node;
        one_node_start(&node, "", "Pad", 2);
        one_node_ints(&node, "pads", (int64_t[]){1, 0}, 2);
        one_node_float(&node, "value", 2.5f);
        const leat_array *in = twin_input(&node, dtype, 1, (int64_t[]){2});
        one_node_run(&node);
        assert_true(twin_get(&node.out[0], 0) == 2.5);
        assert_true(twin_get(&node.out[0], 2) == twin_get(in, 1));
        one_node_stop(&node);
    }
}

static void test_slice__pad_may_name_its_axes(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Pad", 18);
    twin_input(&node, LEAT_F32, 3, (int64_t[]){2, 3, 4});
    twin_known(&node, (int64_t[]){1, 2, 3, 4}, 4);
    one_node_no_input(&node);
    twin_known(&node, (int64_t[]){-1, 0}, 2);
    one_node_run(&node);
    twin_same_shape(&node.out[0], 3, (int64_t[]){8, 3, 8});
    assert_true(twin_get(&node.out[0], 0) == 0);
    one_node_stop(&node);
}

static void test_slice__pad_needs_no_memory_beside_an_empty_axis(void **state)
{
    (void)state;
    one_node node;
    size_t scratch = 1;
    one_node_start(&node, "", "Pad", 19);
    one_node_input(&node, LEAT_F32, 2, (int64_t[]){0, 1});
    twin_known(&node, (int64_t[]){0, UINT32_MAX - 1, 0, 0}, 4);
    assert_int_equal(node.op->load(&node.node), LEAT_OK);
    leat_call call = {.state = node.node.state,
                      .n_inputs = node.node.n_inputs,
                      .inputs = node.inputs,
                      .n_outputs = 1,
                      .outputs = node.outputs};
    assert_int_equal(node.op->shape(&call, &scratch, &node.error), LEAT_OK);
    assert_int_equal(scratch, 0);
    one_node_stop(&node);
}

static void refuse_pad(const char *mode, int64_t length, const int64_t *pads, uint32_t n,
                       const char *words)
{
    one_node node;
    one_node_start(&node, "", "Pad", 19);
    one_node_text(&node, "mode", mode);
    one_node_input(&node, LEAT_F32, 1, &length);
    twin_known(&node, pads, n);
    twin_refused(&node, LEAT_E_MODEL, words);
    one_node_stop(&node);
}

static void test_slice__pads_without_a_source_are_refused(void **state)
{
    (void)state;
    refuse_pad("constant", 3, (int64_t[]){1}, 1, "1 pads of 1 axes");
    refuse_pad("reflect", 3, (int64_t[]){3, 0}, 2, "padded by 3 and 0");
    refuse_pad("edge", 0, (int64_t[]){0, 1}, 2, "of length 0 is padded");
    refuse_pad("wrap", 0, (int64_t[]){1, 0}, 2, "of length 0 is padded");
    refuse_pad("constant", 3, (int64_t[]){-2, -2}, 2, "length -1");
    refuse_pad("constant", 3, (int64_t[]){INT64_MAX, 1}, 2, "padded by 92");
    refuse_pad("constant", 3, (int64_t[]){INT64_MIN, 1}, 2, "padded by -92");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice__cuts_as_python_does),
        cmocka_unit_test(test_slice__steps_may_be_as_long_as_they_like),
        cmocka_unit_test(test_slice__had_attributes_before_opset_10),
        cmocka_unit_test(test_slice__cuts_of_the_events_or_without_sense_are_refused),
        cmocka_unit_test(test_slice__pad_reaches_beyond_in_every_mode),
        cmocka_unit_test(test_slice__pad_had_attributes_before_opset_11),
        cmocka_unit_test(test_slice__pad_may_name_its_axes),
        cmocka_unit_test(test_slice__pad_needs_no_memory_beside_an_empty_axis),
        cmocka_unit_test(test_slice__pads_without_a_source_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
