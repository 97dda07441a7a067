#include "worker/health/failure_rate.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static leat_failure_rate rate;
static leat_tally total;

/* So many more events, so many of them failed, at that second. */
static bool at(uint64_t second, uint64_t events, uint64_t failed)
{
    total.events += events;
    total.failed += failed;
    return leat_failure_rate_is_exceeded(&rate, second * LEAT_SEC, total);
}

static void begin(double max_rate, uint64_t second)
{
    total = (leat_tally){0};
    leat_failure_rate_init(&rate, max_rate, second * LEAT_SEC);
}

static void test_failure_rate__half_is_not_more_than_half(void **state)
{
    (void)state;
    begin(0.5, 7);
    assert_false(at(7, 200, 100));
    assert_true(at(7, 1, 1));
}

static void test_failure_rate__fewer_than_a_hundred_say_nothing(void **state)
{
    (void)state;
    begin(0.5, 7);
    assert_false(at(7, 99, 99));
    assert_true(at(8, 1, 0));
}

static void test_failure_rate__seconds_of_a_minute_add_up(void **state)
{
    (void)state;
    begin(0.5, 7);
    for (uint64_t second = 7; second < 56; second++)
        assert_false(at(second, 2, 2));
    assert_true(at(66, 2, 2));
}

static void test_failure_rate__a_minute_later_it_is_forgotten(void **state)
{
    (void)state;
    begin(0.5, 7);
    assert_false(at(7, 99, 99));
    assert_false(at(67, 1, 1));
    assert_int_equal(rate.minute.events, 1);
    assert_false(at(127, 0, 0)); /* and once is enough */
    assert_int_equal(rate.minute.events, 0);
}

static void test_failure_rate__hours_of_silence_empty_every_bucket(void **state)
{
    (void)state;
    begin(0.5, 7);
    for (uint64_t second = 7; second < 67; second++)
        at(second, 10, 1);
    assert_false(at(100000, 0, 0));
    assert_int_equal(rate.minute.events + rate.minute.failed, 0);
}

static void test_failure_rate__many_good_ones_outweigh(void **state)
{
    (void)state;
    begin(0.01, 7);
    assert_false(at(7, 100000, 1000));
    assert_false(at(30, 100000, 0));
    assert_true(at(40, 1000, 1100));
}

static void test_failure_rate__zero_bears_none_and_one_bears_all(void **state)
{
    (void)state;
    begin(0, 7);
    assert_false(at(7, 100, 0));
    assert_true(at(7, 1, 1));
    begin(1, 7);
    assert_false(at(7, 1000, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_rate__half_is_not_more_than_half),
        cmocka_unit_test(test_failure_rate__fewer_than_a_hundred_say_nothing),
        cmocka_unit_test(test_failure_rate__seconds_of_a_minute_add_up),
        cmocka_unit_test(test_failure_rate__a_minute_later_it_is_forgotten),
        cmocka_unit_test(test_failure_rate__hours_of_silence_empty_every_bucket),
        cmocka_unit_test(test_failure_rate__many_good_ones_outweigh),
        cmocka_unit_test(test_failure_rate__zero_bears_none_and_one_bears_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
