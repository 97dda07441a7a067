#include "runtime/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static void test_link__sigmoid_stays_within_0_and_1(void **state)
{
    (void)state;
    const float margins[] = {0, -INFINITY, INFINITY, -1000, 1000, NAN};
    float scores[6];
    leat_link_apply(LEAT_LINK_SIGMOID, margins, 6, 1, scores);
    assert_float_equal(scores[0], 0.5f, 0);
    assert_true(scores[1] > 0 && scores[1] < 1e-37f); /* held at exp(88.7) */
    assert_float_equal(scores[2], 1, 0);
    assert_float_equal(scores[3], scores[1], 0);
    assert_float_equal(scores[4], 1, 0);
    assert_true(isnan(scores[5]));
}

static void test_link__softmax_is_taken_over_each_row(void **state)
{
    (void)state;
    const float margins[] = {1, 1, 1, 1, 500, -500, 0, 0};
    float scores[8];
    leat_link_apply(LEAT_LINK_SOFTMAX, margins, 2, 4, scores);
    for (int i = 0; i < 4; i++)
        assert_float_equal(scores[i], 0.25f, 0);
    assert_float_equal(scores[4], 1, 0);
    assert_float_equal(scores[5], 0, 0);
}

static void test_link__argmax_takes_the_first_of_equals(void **state)
{
    (void)state;
    const float margins[] = {0, 2, 2, 5, 5, 5, -1, -2, 0};
    float labels[3];
    assert_int_equal(leat_link_width(LEAT_LINK_ARGMAX, 3), 1);
    leat_link_apply(LEAT_LINK_ARGMAX, margins, 3, 3, labels);
    assert_float_equal(labels[0], 1, 0);
    assert_float_equal(labels[1], 0, 0);
    assert_float_equal(labels[2], 2, 0);
}

static void test_link__step_exp_and_identity(void **state)
{
    (void)state;
    const float margins[] = {0, -1, 1e-45f};
    float scores[3];
    leat_link_apply(LEAT_LINK_STEP, margins, 3, 1, scores);
    assert_memory_equal(scores, ((const float[]){0, 0, 1}), sizeof scores);
    leat_link_apply(LEAT_LINK_EXP, margins, 3, 1, scores);
    assert_memory_equal(scores, ((const float[]){1, expf(-1), 1}), sizeof scores);
    leat_link_apply(LEAT_LINK_IDENTITY, margins, 1, 3, scores);
    assert_memory_equal(scores, margins, sizeof scores);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link__sigmoid_stays_within_0_and_1),
        cmocka_unit_test(test_link__softmax_is_taken_over_each_row),
        cmocka_unit_test(test_link__argmax_takes_the_first_of_equals),
        cmocka_unit_test(test_link__step_exp_and_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
