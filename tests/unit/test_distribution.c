#include "base/distribution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The place of the one count that stands in it. */
static uint32_t place_of(const leat_bounds *bounds, uint64_t value)
{
    leat_distribution distribution = {0};
    leat_distribution_add(&distribution, bounds, value);
    uint32_t at = 0;
    while (!leat_counter_read(&distribution.counts[at]))
        at++;
    return at;
}

static void test_distribution__a_bound_belongs_to_what_lies_below(void **state)
{
    (void)state;
    assert_int_equal(place_of(&leat_bounds_events, 256), 8);
    assert_int_equal(place_of(&leat_bounds_events, 257), 9);
    assert_int_equal(place_of(&leat_bounds_events, 0), 0);
}

static void test_distribution__above_the_last_bound_is_counted(void **state)
{
    (void)state;
    assert_int_equal(place_of(&leat_bounds_end_to_end, UINT64_MAX),
                     leat_bounds_end_to_end.n);
}

static void test_distribution__the_sum_is_exact(void **state)
{
    (void)state;
    leat_distribution distribution = {0};
    leat_distribution_add(&distribution, &leat_bounds_stage, 1);
    leat_distribution_add(&distribution, &leat_bounds_stage, UINT64_C(3000000000));
    assert_int_equal(leat_counter_read(&distribution.sum), UINT64_C(3000000001));
}

static void test_distribution__bounds_ascend(void **state)
{
    (void)state;
    const leat_bounds *all[] = {&leat_bounds_stage, &leat_bounds_end_to_end,
                                &leat_bounds_events};
    for (int i = 0; i < 3; i++)
        for (uint32_t at = 1; at < all[i]->n; at++)
            assert_true(all[i]->at[at - 1] < all[i]->at[at]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distribution__a_bound_belongs_to_what_lies_below),
        cmocka_unit_test(test_distribution__above_the_last_bound_is_counted),
        cmocka_unit_test(test_distribution__the_sum_is_exact),
        cmocka_unit_test(test_distribution__bounds_ascend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
