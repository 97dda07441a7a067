#include "runtime/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static void apply_f32(leat_link_kind kind, const float *margins, uint32_t n_rows,
                      uint32_t n_groups, float *scores)
{
    leat_link link = {.kind = kind};
    leat_link_apply(&link, LEAT_F32, margins, n_rows, n_groups, scores);
}

static void apply_f64(leat_link link, const double *margins, uint32_t n_rows,
                      uint32_t n_groups, double *scores)
{
    leat_link_apply(&link, LEAT_F64, margins, n_rows, n_groups, scores);
}

static void test_link__sigmoid_stays_within_0_and_1(void **state)
{
    (void)state;
    const float margins[] = {0, -INFINITY, INFINITY, -1000, 1000, NAN};
    float scores[6];
    apply_f32(LEAT_LINK_SIGMOID, margins, 6, 1, scores);
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
    apply_f32(LEAT_LINK_SOFTMAX, margins, 2, 4, scores);
    for (int i = 0; i < 4; i++)
        assert_float_equal(scores[i], 0.25f, 0);
    assert_float_equal(scores[4], 1, 0);
    assert_float_equal(scores[5], 0, 0);
}

static void test_link__argmax_takes_the_first_of_equals(void **state)
{
    (void)state;
    const leat_link link = {.kind = LEAT_LINK_ARGMAX};
    const float margins[] = {0, 2, 2, 5, 5, 5, -1, -2, 0};
    float labels[3];
    assert_int_equal(leat_link_width(&link, 3), 1);
    apply_f32(LEAT_LINK_ARGMAX, margins, 3, 3, labels);
    assert_float_equal(labels[0], 1, 0);
    assert_float_equal(labels[1], 0, 0);
    assert_float_equal(labels[2], 2, 0);
}

static void test_link__step_exp_and_identity(void **state)
{
    (void)state;
    const float margins[] = {0, -1, 1e-45f};
    float scores[3];
    apply_f32(LEAT_LINK_STEP, margins, 3, 1, scores);
    assert_memory_equal(scores, ((const float[]){0, 0, 1}), sizeof scores);
    apply_f32(LEAT_LINK_EXP, margins, 3, 1, scores);
    assert_memory_equal(scores, ((const float[]){1, expf(-1), 1}), sizeof scores);
    apply_f32(LEAT_LINK_IDENTITY, margins, 1, 3, scores);
    assert_memory_equal(scores, margins, sizeof scores);
}

static void test_link__sort_puts_each_row_in_order(void **state)
{
    (void)state;
    const float margins[] = {3, 1, 2, 1, 2, 3, 0, -0.0f, -1};
    float scores[9];
    apply_f32(LEAT_LINK_SORT, margins, 3, 3, scores);
    const float sorted[] = {1, 2, 3, 1, 2, 3, -1, 0, -0.0f};
    assert_memory_equal(scores, sorted, sizeof scores);
}

static void test_link__cumulate_adds_what_is_above_zero(void **state)
{
    (void)state;
    const float margins[] = {-5, 0, 100, -1000, 1, -1000};
    float scores[6];
    apply_f32(LEAT_LINK_CUMULATE, margins, 2, 3, scores);
    assert_float_equal(scores[0], -5, 0);
    assert_float_equal(scores[1], -5 + (1e-6f + log1pf(1)), 0);
    assert_float_equal(scores[2], scores[1] + (1e-6f + 100), 0);
    assert_float_equal(scores[3], -1000, 0);
    assert_float_equal(scores[5], scores[4] + 1e-6f, 0);
}

static void test_link__slope_is_of_the_sigmoid(void **state)
{
    (void)state;
    const double margins[] = {0, 1, -1000, 1000, NAN};
    double scores[5];
    apply_f64((leat_link){LEAT_LINK_SIGMOID, 1, 0.7}, margins, 5, 1, scores);
    assert_true(scores[0] == 0.5 && scores[1] == 1 / (1 + exp(-0.7)));
    assert_true(scores[2] >= 0 && scores[2] < 1e-300 && scores[3] == 1);
    assert_true(isnan(scores[4]));
}

static void test_link__divides_before_it_links(void **state)
{
    (void)state;
    const double margins[] = {6, -3};
    double scores[2];
    apply_f64((leat_link){LEAT_LINK_EXP, 3, 1}, margins, 2, 1, scores);
    assert_true(scores[0] == exp(2) && scores[1] == exp(-1));
    apply_f64((leat_link){LEAT_LINK_IDENTITY, 3, 1}, margins, 2, 1, scores);
    assert_true(scores[0] == 2 && scores[1] == -1);
}

static void test_link__softmax_square_and_softplus_in_float64(void **state)
{
    (void)state;
    const double margins[] = {2, 2, -3, 0, 800, -800};
    double scores[6];
    apply_f64((leat_link){LEAT_LINK_SOFTMAX, 1, 1}, margins, 3, 2, scores);
    assert_true(scores[0] == 0.5 && scores[1] == 0.5);
    assert_true(scores[2] == exp(-3) / (exp(-3) + 1) && scores[4] == 1);
    apply_f64((leat_link){LEAT_LINK_SQUARE, 1, 1}, margins, 6, 1, scores);
    assert_true(scores[0] == 4 && scores[2] == -9 && scores[3] == 0);
    apply_f64((leat_link){LEAT_LINK_SOFTPLUS, 1, 1}, margins, 6, 1, scores);
    assert_true(scores[0] == log1p(exp(2)) && isinf(scores[4]) && scores[5] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link__sigmoid_stays_within_0_and_1),
        cmocka_unit_test(test_link__softmax_is_taken_over_each_row),
        cmocka_unit_test(test_link__argmax_takes_the_first_of_equals),
        cmocka_unit_test(test_link__step_exp_and_identity),
        cmocka_unit_test(test_link__sort_puts_each_row_in_order),
        cmocka_unit_test(test_link__cumulate_adds_what_is_above_zero),
        cmocka_unit_test(test_link__slope_is_of_the_sigmoid),
        cmocka_unit_test(test_link__divides_before_it_links),
        cmocka_unit_test(test_link__softmax_square_and_softplus_in_float64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
