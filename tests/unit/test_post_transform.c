#include "ops/post_transform.h"

#include "floats.h"

static void test_post_transform__softmax_is_stable(void **state)
{
    (void)state;
    float scores[] = {1000, 1001, 0, 0, -1000, -1000};
    leat_post_transform_run(LEAT_POST_SOFTMAX, scores, 3, 2);
    const float low = 1 / (1 + expf(1));
    floats_expect(scores, (float[]){low, 1 - low, 0.5f, 0.5f, 0.5f, 0.5f}, 6, 1e-6);
}

static void test_post_transform__softmax_zero_leaves_zeros(void **state)
{
    (void)state;
    float scores[] = {1, 0, 2};
    leat_post_transform_run(LEAT_POST_SOFTMAX_ZERO, scores, 1, 3);
    const float low = 1 / (1 + expf(1));
    floats_expect(scores, (float[]){low, 0, 1 - low}, 3, 1e-6);
}

static void test_post_transform__logistic_never_overflows(void **state)
{
    (void)state;
    float scores[] = {0, 1e30f, -1e30f, NAN, 2, -2};
    leat_post_transform_run(LEAT_POST_LOGISTIC, scores, 3, 2);
    const float two = 1 / (1 + expf(-2));
    floats_expect(scores, (float[]){0.5f, 1, 0, NAN, two, 1 - two}, 6, 1e-6);
}

static void test_post_transform__probit_inverts_the_normal_distribution(void **state)
{
    (void)state;
    float scores[] = {0.5f, 0.975f, 0.025f};
    leat_post_transform_run(LEAT_POST_PROBIT, scores, 3, 1);
    floats_expect(scores, (float[]){0, 1.96f, -1.96f}, 3, 3e-3);
}

static void test_post_transform__a_single_score_stays(void **state)
{
    (void)state;
    float scores[] = {3, -4};
    leat_post_transform_run(LEAT_POST_LOGISTIC, scores, 2, 1);
    leat_post_transform_run(LEAT_POST_SOFTMAX, scores, 2, 1);
    floats_expect(scores, (float[]){3, -4}, 2, 0);
}

static void test_post_transform__pairs(void **state)
{
    (void)state;
    float pair[2];
    leat_post_transform_pair(LEAT_POST_SOFTMAX, true, 0.25, pair);
    floats_expect(pair, (float[]){0.75f, 0.25f}, 2, 0);
    leat_post_transform_pair(LEAT_POST_NONE, false, 0.25, pair);
    floats_expect(pair, (float[]){-0.25f, 0.25f}, 2, 0);
    const float two = 1 / (1 + expf(-2));
    for (int probability = 0; probability < 2; probability++) {
        leat_post_transform_pair(LEAT_POST_LOGISTIC, probability, 2, pair);
        floats_expect(pair, (float[]){1 - two, two}, 2, 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_post_transform__softmax_is_stable),
        cmocka_unit_test(test_post_transform__softmax_zero_leaves_zeros),
        cmocka_unit_test(test_post_transform__logistic_never_overflows),
        cmocka_unit_test(test_post_transform__probit_inverts_the_normal_distribution),
        cmocka_unit_test(test_post_transform__a_single_score_stays),
        cmocka_unit_test(test_post_transform__pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
