#include "base/event_time.h"
#include "base/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define RECORD_MS 1234567

/* Finds the time of one packed value in a record of RECORD_MS. */
static leat_event_time time_of(const void *bytes, size_t size)
{
    leat_event_time time = {-1, 999};
    assert_true(leat_event_time_find(
        &time, (leat_slice){(const uint8_t *)bytes, (uint32_t)size}, RECORD_MS));
    return time;
}

#define TIME_OF(text) time_of(text, sizeof text - 1)

static leat_event_time time_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint8_t packed[9];
    leat_pack_be(leat_pack_be(packed, 0xcb, 1), bits, 8);
    return time_of(packed, sizeof packed);
}

static leat_event_time time_of_uint(uint64_t value)
{
    uint8_t packed[LEAT_PACK_UINT];
    return time_of(packed, (size_t)(leat_pack_uint(packed, value) - packed));
}

static void assert_time(leat_event_time time, int64_t seconds, uint32_t nanoseconds)
{
    assert_int_equal(time.seconds, seconds);
    assert_int_equal(time.nanoseconds, nanoseconds);
}

static void assert_record_time(leat_event_time time)
{
    assert_time(time, RECORD_MS / 1000, RECORD_MS % 1000 * 1000000);
}

static void test_event_time__timestamp_is_taken_as_it_is(void **state)
{
    (void)state;
    assert_time(TIME_OF("\xd6\xff\x65\x53\xf1\x00"), 1700000000, 0);
    uint8_t packed[LEAT_PACK_TIME];
    uint8_t *end = leat_pack_time(packed, -5, 999999999);
    assert_time(time_of(packed, (size_t)(end - packed)), -5, 999999999);
}

static void test_event_time__small_integer_counts_seconds(void **state)
{
    (void)state;
    assert_time(time_of_uint(0), 0, 0);
    assert_time(time_of_uint(1700000000), 1700000000, 0);
    assert_time(time_of_uint(99999999999), 99999999999, 0);
}

static void test_event_time__large_integer_counts_milliseconds(void **state)
{
    (void)state;
    assert_time(time_of_uint(100000000000), 100000000, 0);
    assert_time(time_of_uint(1700000000123), 1700000000, 123000000);
    assert_time(time_of_uint(INT64_MAX), INT64_MAX / 1000, 807000000);
}

static void test_event_time__before_1970_rounds_down(void **state)
{
    (void)state;
    assert_time(TIME_OF("\xff"), -1, 0);
    assert_time(TIME_OF("\xd3\xff\xff\xff\xe8\xb7\x89\x17\xff"), -100000001, 999000000);
    assert_time(time_of_double(-0.25), -1, 750000000);
}

static void test_event_time__float_keeps_its_fraction(void **state)
{
    (void)state;
    assert_time(time_of_double(1700000000.123), 1700000000, 123000000);
    assert_time(time_of_double(1700000000123.5), 1700000000, 123500000);
    assert_time(TIME_OF("\xca\x3f\x00\x00\x00"), 0, 500000000);
}

static void test_event_time__float_that_is_no_time_gives_the_records(void **state)
{
    (void)state;
    assert_record_time(time_of_double(0.0 / 0.0));
    assert_record_time(time_of_double(1.0 / 0.0));
    assert_record_time(time_of_double(-1e300));
    assert_record_time(time_of_double(9e15));
}

static void test_event_time__integer_beyond_int64_gives_the_records(void **state)
{
    (void)state;
    assert_record_time(time_of_uint((uint64_t)INT64_MAX + 1));
}

static void test_event_time__other_types_give_the_records(void **state)
{
    (void)state;
    assert_record_time(TIME_OF("\xc0"));
    assert_record_time(TIME_OF("\xc3"));
    assert_record_time(TIME_OF("\xa3now"));
    assert_record_time(TIME_OF("\x81\x01\x02"));
}

static void test_event_time__absent_gives_the_records(void **state)
{
    (void)state;
    leat_event_time time;
    assert_true(leat_event_time_find(&time, (leat_slice){0}, RECORD_MS));
    assert_record_time(time);
}

static void test_event_time__none_at_all(void **state)
{
    (void)state;
    leat_event_time time;
    assert_false(leat_event_time_find(&time, (leat_slice){0}, -1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_time__timestamp_is_taken_as_it_is),
        cmocka_unit_test(test_event_time__small_integer_counts_seconds),
        cmocka_unit_test(test_event_time__large_integer_counts_milliseconds),
        cmocka_unit_test(test_event_time__before_1970_rounds_down),
        cmocka_unit_test(test_event_time__float_keeps_its_fraction),
        cmocka_unit_test(test_event_time__float_that_is_no_time_gives_the_records),
        cmocka_unit_test(test_event_time__integer_beyond_int64_gives_the_records),
        cmocka_unit_test(test_event_time__other_types_give_the_records),
        cmocka_unit_test(test_event_time__absent_gives_the_records),
        cmocka_unit_test(test_event_time__none_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
