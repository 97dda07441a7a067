#include "ops/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A walk of one input over axes of these lengths and strides. */
static leat_walk walk_over(uint32_t rank, const size_t *lengths, const ptrdiff_t *strides)
{
    leat_walk walk;
    leat_walk_start(&walk, 1);
    for (uint32_t axis = 0; axis < rank; axis++)
        leat_walk_add_axis(&walk, lengths[axis], &strides[axis]);
    return walk;
}

static void test_walk__axes_that_lie_as_one_are_one(void **state)
{
    (void)state;
    leat_walk walk = walk_over(3, (size_t[]){2, 3, 4}, (ptrdiff_t[]){12, 4, 1});
    assert_int_equal(walk.rank, 1);
    assert_int_equal(walk.length[0], 24);
    assert_int_equal(walk.stride[0][0], 1);
}

static void test_walk__axes_of_one_are_none(void **state)
{
    (void)state;
    leat_walk walk = walk_over(4, (size_t[]){1, 3, 1, 1}, (ptrdiff_t[]){7, 2, 9, 5});
    assert_int_equal(walk.rank, 1);
    assert_int_equal(walk.length[0], 3);
    assert_int_equal(walk.stride[0][0], 2);
    assert_int_equal(walk_over(1, (size_t[]){1}, (ptrdiff_t[]){1}).rank, 0);
}

static void test_walk__a_gap_keeps_axes_apart(void **state)
{
    (void)state;
    assert_int_equal(walk_over(2, (size_t[]){2, 3}, (ptrdiff_t[]){4, 1}).rank, 2);
    assert_int_equal(walk_over(2, (size_t[]){2, 3}, (ptrdiff_t[]){0, 1}).rank, 2);
}

static void test_walk__both_inputs_must_lie_as_one(void **state)
{
    (void)state;
    leat_walk walk;
    leat_walk_start(&walk, 2);
    leat_walk_add_axis(&walk, 2, (ptrdiff_t[]){3, 0});
    leat_walk_add_axis(&walk, 3, (ptrdiff_t[]){1, 1});
    assert_int_equal(walk.rank, 2);
    leat_walk_start(&walk, 2);
    leat_walk_add_axis(&walk, 2, (ptrdiff_t[]){3, 0});
    leat_walk_add_axis(&walk, 3, (ptrdiff_t[]){1, 0});
    assert_int_equal(walk.rank, 1);
}

static size_t runs;

static void count_run(const void *const *in, const ptrdiff_t *step, void *out, size_t n)
{
    const float *from = in[0];
    float *to = out;
    for (size_t i = 0; i < n; i++)
        to[i] = from[(ptrdiff_t)i * *step];
    runs++;
}

static void test_walk__a_kernel_sees_runs_as_long_as_they_can_be(void **state)
{
    (void)state;
    float row[] = {1, 2, 3}, out[6];
    leat_array input = {LEAT_F32, 2, {1, 3}, row}, output = {LEAT_F32, 2, {2, 3}, out};
    const leat_array *inputs[] = {&input};
    runs = 0;
    leat_walk_broadcast(1, inputs, &output, count_run);
    assert_int_equal(runs, 2);
    assert_memory_equal(out, ((float[]){1, 2, 3, 1, 2, 3}), sizeof out);
    inputs[0] = &output;
    runs = 0;
    leat_walk_broadcast(1, inputs, &output, count_run);
    assert_int_equal(runs, 1);
}

static void test_walk__runs_backwards(void **state)
{
    (void)state;
    float in[] = {1, 2, 3, 4, 5, 6}, out[6];
    leat_array input = {LEAT_F32, 2, {2, 3}, in}, output = {LEAT_F32, 2, {2, 3}, out};
    leat_walk walk = walk_over(2, (size_t[]){2, 3}, (ptrdiff_t[]){-3, 1});
    leat_walk_copy(&walk, &input, 3, &output);
    assert_memory_equal(out, ((float[]){4, 5, 6, 1, 2, 3}), sizeof out);
    walk = walk_over(2, (size_t[]){3, 2}, (ptrdiff_t[]){-2, -1});
    assert_int_equal(walk.rank, 1);
    leat_walk_copy(&walk, &input, 5, &output);
    assert_memory_equal(out, ((float[]){6, 5, 4, 3, 2, 1}), sizeof out);
}

static void test_walk__nothing_is_touched_where_an_axis_is_empty(void **state)
{
    (void)state;
    leat_array input = {LEAT_F32, 2, {2, 0}, NULL}, output = {LEAT_F32, 2, {2, 0}, NULL};
    const leat_array *inputs[] = {&input};
    runs = 0;
    leat_walk_broadcast(1, inputs, &output, count_run);
    assert_int_equal(runs, 0);
}

static void test_walk__a_scalar_is_one_run(void **state)
{
    (void)state;
    float in = 7, out = 0;
    leat_array input = {LEAT_F32, 0, {0}, &in}, output = {LEAT_F32, 0, {0}, &out};
    const leat_array *inputs[] = {&input};
    leat_walk_broadcast(1, inputs, &output, count_run);
    assert_float_equal(out, 7, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk__axes_that_lie_as_one_are_one),
        cmocka_unit_test(test_walk__axes_of_one_are_none),
        cmocka_unit_test(test_walk__a_gap_keeps_axes_apart),
        cmocka_unit_test(test_walk__both_inputs_must_lie_as_one),
        cmocka_unit_test(test_walk__a_kernel_sees_runs_as_long_as_they_can_be),
        cmocka_unit_test(test_walk__runs_backwards),
        cmocka_unit_test(test_walk__nothing_is_touched_where_an_axis_is_empty),
        cmocka_unit_test(test_walk__a_scalar_is_one_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
