/* Twin: the C library's timegm and gmtime. */
#include "base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <time.h>

static int64_t days_of_library(int year, int month, int day)
{
    struct tm date = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return timegm(&date) / LEAT_DAY_SECONDS;
}

static void test_calendar__every_day_is_the_librarys(void **state)
{
    (void)state;
    for (int year = 0; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            int64_t first = leat_days_since_1970(year, month, 1);
            int n = leat_days_in_month(year, month);
            assert_int_equal(first, days_of_library(year, month, 1));
            assert_int_equal(first + n, days_of_library(year, month + 1, 1));
            assert_int_equal(leat_days_since_1970(year, month, n), first + n - 1);
        }
}

static void test_calendar__weekdays_are_the_librarys(void **state)
{
    (void)state;
    for (int64_t day = -1000000; day < 1000000; day += 37) {
        time_t at = day * LEAT_DAY_SECONDS;
        struct tm date;
        assert_non_null(gmtime_r(&at, &date));
        assert_int_equal((leat_weekday(day) + 1) % 7, date.tm_wday);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar__every_day_is_the_librarys),
        cmocka_unit_test(test_calendar__weekdays_are_the_librarys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
