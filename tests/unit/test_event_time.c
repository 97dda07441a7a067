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

/* ---- text ---- */

static leat_slice slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static leat_event_time time_of_text(const char *text)
{
    leat_event_time time;
    if (leat_event_time_parse(&time, slice_of(text)))
        fail_msg("refused: %s", text);
    return time;
}

static void test_event_time__rfc_3339(void **state)
{
    (void)state;
    assert_time(time_of_text("1970-01-01T00:00:00Z"), 0, 0);
    assert_time(time_of_text("2026-01-31T12:30:05z"), 1769862605, 0);
    assert_time(time_of_text("2026-01-31 12:30:05+01:00"), 1769859005, 0);
    assert_time(time_of_text("2026-01-31t12:30:05-00:30"), 1769864405, 0);
    assert_time(time_of_text("2024-02-29T00:00:00.5Z"), 1709164800, 500000000);
    assert_time(time_of_text("1969-12-31T23:59:59.123456789999Z"), -1, 123456789);
    assert_time(time_of_text("0000-01-01T00:00:00Z"), -62167219200, 0);
    assert_time(time_of_text("9999-12-31T23:59:60Z"), 253402300800, 0);
}

static void test_event_time__what_is_no_rfc_3339(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "now",
        "2026-01-31",
        "2026-01-31T12:30:05",
        "2026-02-29T12:30:05Z",
        "2026-13-01T12:30:05Z",
        "2026-00-01T12:30:05Z",
        "2026-01-32T12:30:05Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:30:61Z",
        "2026-01-31T12:30:05.Z",
        "2026-01-31T12:30:05+0100",
        "2026-01-31T12:30:05Z ",
        " 2026-01-31T12:30:05Z",
        "26-01-31T12:30:05Z",
        "20260131T123005Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        leat_event_time time = {7, 8};
        if (leat_event_time_parse(&time, slice_of(texts[i])) != LEAT_E_TYPE)
            fail_msg("not refused: '%s'", texts[i]);
        assert_time(time, 7, 8);
    }
}

static void test_event_time__a_string_of_a_payload_is_a_time(void **state)
{
    (void)state;
    assert_time(TIME_OF("\xb4"
                        "1970-01-01T00:00:05Z"),
                5, 0);
}

static void test_event_time__text_may_spell_a_number(void **state)
{
    (void)state;
    assert_time(time_of_text("1700000000"), 1700000000, 0);
    assert_time(time_of_text("1700000000123"), 1700000000, 123000000);
    assert_time(time_of_text("-0.25"), -1, 750000000);
    assert_time(time_of_text("9007199254740993"), 9007199254740, 993000000);
}

static void test_event_time__why_there_is_none(void **state)
{
    (void)state;
    leat_event_time time = {7, 8};
    assert_int_equal(leat_event_time_parse(&time, slice_of("nan")), LEAT_E_MISSING);
    assert_int_equal(leat_event_time_parse(&time, slice_of("inf")), LEAT_E_RANGE);
    assert_int_equal(leat_event_time_parse(&time, slice_of("1e300")), LEAT_E_RANGE);
    leat_value value = {.type = LEAT_VALUE_NIL};
    assert_int_equal(leat_event_time_read(&time, &value), LEAT_E_MISSING);
    value = (leat_value){.type = LEAT_VALUE_UINT, .as.u = UINT64_MAX};
    assert_int_equal(leat_event_time_read(&time, &value), LEAT_E_RANGE);
    value.type = LEAT_VALUE_BOOL;
    assert_int_equal(leat_event_time_read(&time, &value), LEAT_E_TYPE);
    assert_time(time, 7, 8);
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
        cmocka_unit_test(test_event_time__rfc_3339),
        cmocka_unit_test(test_event_time__what_is_no_rfc_3339),
        cmocka_unit_test(test_event_time__a_string_of_a_payload_is_a_time),
        cmocka_unit_test(test_event_time__text_may_spell_a_number),
        cmocka_unit_test(test_event_time__why_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
