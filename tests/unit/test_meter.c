#include "base/meter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t quantile_of_one(uint64_t value)
{
    leat_histogram histogram = {0};
    uint64_t counts[LEAT_HISTOGRAM_BUCKETS] = {0};
    leat_histogram_add(&histogram, value, 1);
    leat_histogram_read(&histogram, counts);
    return leat_histogram_quantile(counts, 0.5);
}

static void test_meter__a_quantile_is_off_by_an_eighth_at_most(void **state)
{
    (void)state;
    for (uint64_t value = 1; value < UINT64_C(1) << 36; value = value * 9 / 8 + 1) {
        uint64_t found = quantile_of_one(value);
        assert_in_range(found, value, value + value / 8);
    }
}

static void test_meter__quantiles_find_their_rank(void **state)
{
    (void)state;
    leat_histogram histogram = {0};
    leat_histogram_add(&histogram, 1, 98);
    leat_histogram_add(&histogram, 5, 1);
    leat_histogram_add(&histogram, 7, 1);
    uint64_t counts[LEAT_HISTOGRAM_BUCKETS] = {0};
    leat_histogram_read(&histogram, counts);
    assert_int_equal(leat_histogram_quantile(counts, 0.5), 1);
    assert_int_equal(leat_histogram_quantile(counts, 0.99), 5);
    assert_int_equal(leat_histogram_quantile(counts, 1.0), 7);
}

static void test_meter__nothing_counted_is_zero(void **state)
{
    (void)state;
    const uint64_t counts[LEAT_HISTOGRAM_BUCKETS] = {0};
    assert_int_equal(leat_histogram_quantile(counts, 0.99), 0);
}

static void test_meter__the_largest_value_has_a_bucket(void **state)
{
    (void)state;
    assert_true(quantile_of_one(UINT64_MAX) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meter__a_quantile_is_off_by_an_eighth_at_most),
        cmocka_unit_test(test_meter__quantiles_find_their_rank),
        cmocka_unit_test(test_meter__nothing_counted_is_zero),
        cmocka_unit_test(test_meter__the_largest_value_has_a_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
