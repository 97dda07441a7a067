#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static leat_slice slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static double parse(const char *text)
{
    double number = -1;
    if (leat_number_parse(slice_of(text), &number) != LEAT_OK)
        fail_msg("\"%s\" was refused", text);
    return number;
}

static void assert_same_bits(double a, double b, const char *text)
{
    if (memcmp(&a, &b, sizeof a))
        fail_msg("\"%s\": %a is not %a", text, a, b);
}

static void test_number__is_what_strtod_reads(void **state)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "12",
                                        "+3",
                                        "12.5",
                                        "-0.1",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        "1E-3",
                                        "0.3",
                                        "2.675",
                                        "1e-320",
                                        "1e400",
                                        "-1e400",
                                        "007",
                                        "1e22",
                                        "123456789012345",
                                        "0.000000000000001",
                                        "9007199254740993",
                                        "179769313486231570000000000000000000000000.25"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_same_bits(parse(texts[i]), strtod(texts[i], NULL), texts[i]);
}

static void test_number__plain_decimals_are_correctly_rounded(void **state)
{
    (void)state;
    srand(1);
    for (int i = 0; i < 200000; i++) {
        char text[32];
        int digits = 1 + rand() % 19, point = rand() % (digits + 1);
        for (int d = 0; d < digits; d++)
            text[d + (d >= point)] = (char)('0' + rand() % 10);
        text[point] = '.';
        text[digits + 1] = 0;
        assert_same_bits(parse(text), strtod(text, NULL), text);
    }
}

static uint64_t random_bits(void)
{
    uint64_t bits = 0;
    for (int i = 0; i < 5; i++)
        bits = bits << 15 ^ (uint64_t)rand();
    return bits;
}

/* Digits of every length, and quotients that lie close to the middle of two doubles. */
static void test_number__decimals_are_rounded_once(void **state)
{
    (void)state;
    srand(2);
    for (int i = 0; i < 400000; i++) {
        uint64_t digits = random_bits() >> rand() % 64;
        if (i % 4 == 0)
            digits = (digits >> 11 | 1) << rand() % 11;
        int exponent = rand() % 42 - 19;
        char text[64];
        double number;
        snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
        bool can = exponent <= 0 || digits <= UINT64_C(1) << 53;
        assert_int_equal(leat_number_decimal(digits, exponent, &number), can);
        if (can)
            assert_same_bits(number, strtod(text, NULL), text);
    }
    double number;
    assert_false(leat_number_decimal(UINT64_MAX, -20, &number));
    assert_false(leat_number_decimal(1, 23, &number));
    assert_false(leat_number_decimal(1, -23, &number));
}

static void test_number__prefix_reads_any_length(void **state)
{
    char text[2003] = "0.";
    (void)state;
    for (size_t i = 2; i < 2001; i++)
        text[i] = (char)('1' + i % 7);
    text[2001] = '}';
    assert_same_bits(leat_number_prefix(text), strtod(text, NULL), text);
    assert_true(isinf(leat_number_prefix("1e400,")));
}

static void test_number__nan_and_infinity_are_numbers(void **state)
{
    (void)state;
    assert_true(isnan(parse("nan")));
    assert_true(isnan(parse("NaN")));
    assert_true(isinf(parse("inf")));
    assert_true(parse("-Infinity") < 0);
}

static void test_number__refuses_what_is_no_decimal(void **state)
{
    static const char *const texts[] = {
        "",   ".",      "-",     "-.",  " 1",    "1 ",  "1,5", "0x10", "0X1p3",   "1e",
        "e5", "nan(1)", "1_000", "--1", "1.2.3", "one", "1\n", "infx", "\xc2\xb2"};
    double number;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (leat_number_parse(slice_of(texts[i]), &number) != LEAT_E_TYPE)
            fail_msg("\"%s\" was taken for %g", texts[i], number);
}

static void test_number__refuses_bytes_behind_a_nul(void **state)
{
    double number;
    (void)state;
    assert_int_equal(leat_number_parse((leat_slice){(const uint8_t *)"1\0", 2}, &number),
                     LEAT_E_TYPE);
}

static void test_number__refuses_a_text_that_is_too_long(void **state)
{
    char text[1000];
    double number;
    (void)state;
    memset(text, '1', sizeof text);
    assert_int_equal(
        leat_number_parse((leat_slice){(const uint8_t *)text, sizeof text}, &number),
        LEAT_E_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number__is_what_strtod_reads),
        cmocka_unit_test(test_number__plain_decimals_are_correctly_rounded),
        cmocka_unit_test(test_number__decimals_are_rounded_once),
        cmocka_unit_test(test_number__prefix_reads_any_length),
        cmocka_unit_test(test_number__nan_and_infinity_are_numbers),
        cmocka_unit_test(test_number__refuses_what_is_no_decimal),
        cmocka_unit_test(test_number__refuses_bytes_behind_a_nul),
        cmocka_unit_test(test_number__refuses_a_text_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
