#include "worker/score/score_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static float number_of(const char *text)
{
    float number = -12345;
    assert_int_equal(leat_csv_number((leat_csv_field){text, strlen(text)}, &number),
                     LEAT_OK);
    return number;
}

static void assert_no_number(const char *text, size_t size)
{
    float number;
    assert_int_equal(leat_csv_number((leat_csv_field){text, size}, &number), LEAT_E_TYPE);
}

static void test_score_csv__empty_field_is_missing(void **state)
{
    (void)state;
    assert_true(isnan(number_of("")));
    assert_true(isnan(number_of("  \t")));
}

static void test_score_csv__nan_and_infinity_as_python_spells_them(void **state)
{
    (void)state;
    assert_true(isnan(number_of("nan")));
    assert_true(isnan(number_of("NaN")));
    assert_true(number_of("inf") == INFINITY);
    assert_true(number_of("-Infinity") == -INFINITY);
}

static void test_score_csv__spaces_around_a_number_do_not_count(void **state)
{
    (void)state;
    assert_true(number_of(" 1.5\r") == 1.5f);
}

static void test_score_csv__minus_zero_stays(void **state)
{
    (void)state;
    assert_true(signbit(number_of("-0.0")));
}

/* 1 + 2^-24 + 2^-60 lies just above the middle of two floats: read as a float at once it
 * rounds up, read as a double it becomes the middle and then rounds to even, down. */
static void test_score_csv__number_is_rounded_through_a_double(void **state)
{
    (void)state;
    static const char text[] =
        "1.000000059604644776257986737988403547205962240695953369140625";
    assert_true(strtof(text, NULL) > 1.0f);
    assert_true(number_of(text) == 1.0f);
}

static void test_score_csv__beyond_float32_is_infinite(void **state)
{
    (void)state;
    assert_true(number_of("1e39") == INFINITY);
    assert_true(number_of("-1e999") == -INFINITY);
    assert_true(number_of("1e-50") == 0);
}

static void test_score_csv__text_is_no_number(void **state)
{
    (void)state;
    assert_no_number("abc", 3);
    assert_no_number("1.5x", 4);
    assert_no_number("1 2", 3);
    assert_no_number("0x10", 4);
    assert_no_number("1,5", 3);
    assert_no_number("1\0002", 3);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_score_csv__empty_field_is_missing),
        TEST(test_score_csv__nan_and_infinity_as_python_spells_them),
        TEST(test_score_csv__spaces_around_a_number_do_not_count),
        TEST(test_score_csv__minus_zero_stays),
        TEST(test_score_csv__number_is_rounded_through_a_double),
        TEST(test_score_csv__beyond_float32_is_infinite),
        TEST(test_score_csv__text_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
