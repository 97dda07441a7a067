#include "base/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static leat_scan over(const char *text)
{
    return leat_scan_over((leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)});
}

static void test_scan__takes_what_is_expected(void **state)
{
    (void)state;
    leat_scan in = over("a12b");
    assert_int_equal(leat_scan_take(&in, "xa"), 'a');
    assert_int_equal(leat_scan_number(&in, 1, 3, 0, 99), 12);
    assert_int_equal(leat_scan_accept(&in, "x"), 0);
    assert_false(leat_scan_is_done(&in));
    assert_int_equal(leat_scan_accept(&in, "b"), 'b');
    assert_true(leat_scan_is_done(&in));
}

static void test_scan__a_number_ends_at_its_most_digits(void **state)
{
    (void)state;
    leat_scan in = over("123");
    assert_int_equal(leat_scan_number(&in, 2, 2, 0, 99), 12);
    assert_int_equal(leat_scan_number(&in, 2, 2, 7, 99), 7);
    assert_null(in.at);
}

static void test_scan__a_number_out_of_bounds_ends_it(void **state)
{
    (void)state;
    leat_scan in = over("13:00");
    assert_int_equal(leat_scan_number(&in, 2, 2, 1, 12), 1);
    assert_null(in.at);
}

static void test_scan__what_failed_stays_so(void **state)
{
    (void)state;
    leat_scan in = over("ab");
    assert_int_equal(leat_scan_take(&in, "b"), 0);
    assert_int_equal(leat_scan_take(&in, "a"), 0);
    assert_int_equal(leat_scan_accept(&in, "a"), 0);
    assert_int_equal(leat_scan_number(&in, 0, 1, 0, 9), 0);
    assert_false(leat_scan_is_next(&in, "a"));
    assert_false(leat_scan_is_done(&in));
}

/* strchr finds a string's end too. */
static void test_scan__a_zero_byte_is_nothing(void **state)
{
    (void)state;
    leat_scan in = leat_scan_over((leat_slice){(const uint8_t *)"\0", 1});
    assert_false(leat_scan_is_next(&in, "a"));
    assert_int_equal(leat_scan_take(&in, "a"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan__takes_what_is_expected),
        cmocka_unit_test(test_scan__a_number_ends_at_its_most_digits),
        cmocka_unit_test(test_scan__a_number_out_of_bounds_ends_it),
        cmocka_unit_test(test_scan__what_failed_stays_so),
        cmocka_unit_test(test_scan__a_zero_byte_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
