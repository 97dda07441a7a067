#include "base/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SLICE(text) ((leat_slice){(const uint8_t *)(text), sizeof(text) - 1})

static leat_slice slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

/* Whether the one value matches a filter that wants the one text. */
static bool matches(const char *text, leat_slice value)
{
    leat_filter_value wanted = leat_filter_value_of(slice_of(text));
    leat_condition condition = {.n = 1, .wanted = &wanted};
    leat_filter filter = {1, &condition};
    return leat_filter_matches(&filter, &value);
}

static void test_filter__a_string_is_the_text(void **state)
{
    (void)state;
    assert_true(matches("buy", SLICE("\xa3"
                                     "buy")));
    assert_true(matches("5", SLICE("\xa1"
                                   "5")));
    assert_true(matches("", SLICE("\xa0")));
    assert_false(matches("buy", SLICE("\xa3"
                                      "Buy")));
    assert_false(matches("buy", SLICE("\xa4"
                                      "buys")));
    assert_false(matches("5", SLICE("\xa2"
                                    "05")));
}

static void test_filter__a_number_is_what_the_text_spells(void **state)
{
    (void)state;
    assert_true(matches("5", SLICE("\x05")));
    assert_true(matches("5", SLICE("\xcb\x40\x14\0\0\0\0\0\0")));
    assert_true(matches("5.0", SLICE("\x05")));
    assert_true(matches("-1", SLICE("\xff")));
    assert_true(matches("0.5", SLICE("\xca\x3f\0\0\0")));
    assert_true(matches("1e3", SLICE("\xcd\x03\xe8")));
    assert_false(matches("5", SLICE("\x06")));
    assert_false(matches("-1", SLICE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")));
    assert_false(matches("five", SLICE("\x05")));
    assert_false(matches("", SLICE("\x00")));
}

static void test_filter__an_integer_is_compared_to_the_last_digit(void **state)
{
    (void)state;
    assert_true(matches("9007199254740993", SLICE("\xcf\0\x20\0\0\0\0\0\x01")));
    assert_false(matches("9007199254740993", SLICE("\xcf\0\x20\0\0\0\0\0\0")));
    assert_true(
        matches("9223372036854775807", SLICE("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff")));
}

static void test_filter__a_bool_is_a_word(void **state)
{
    (void)state;
    assert_true(matches("true", SLICE("\xc3")));
    assert_true(matches("false", SLICE("\xc2")));
    assert_false(matches("1", SLICE("\xc3")));
    assert_false(matches("true", SLICE("\x01")));
    assert_false(matches("false", SLICE("\xc3")));
}

static void test_filter__nothing_else_matches(void **state)
{
    (void)state;
    assert_false(matches("", (leat_slice){0}));
    assert_false(matches("null", SLICE("\xc0")));
    assert_false(matches("nan", SLICE("\xca\x7f\xc0\0\0")));
    assert_false(matches("0", SLICE("\x90")));
    assert_false(matches("x", SLICE("\xc4\x01x")));
}

static void test_filter__any_of_the_wanted_and_all_of_the_conditions(void **state)
{
    (void)state;
    leat_filter_value kinds[] = {leat_filter_value_of(slice_of("a")),
                                 leat_filter_value_of(slice_of("b"))};
    leat_filter_value one = leat_filter_value_of(slice_of("1"));
    leat_condition conditions[] = {{2, 2, kinds}, {0, 1, &one}};
    leat_filter filter = {2, conditions};
    leat_slice captures[] = {SLICE("\x01"),
                             {0},
                             SLICE("\xa1"
                                   "b")};
    assert_true(leat_filter_matches(&filter, captures));
    captures[0] = SLICE("\x02");
    assert_false(leat_filter_matches(&filter, captures));
    captures[0] = SLICE("\x01");
    captures[2] = SLICE("\xa1"
                        "c");
    assert_false(leat_filter_matches(&filter, captures));
    filter.n = 0;
    assert_true(leat_filter_matches(&filter, captures));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter__a_string_is_the_text),
        cmocka_unit_test(test_filter__a_number_is_what_the_text_spells),
        cmocka_unit_test(test_filter__an_integer_is_compared_to_the_last_digit),
        cmocka_unit_test(test_filter__a_bool_is_a_word),
        cmocka_unit_test(test_filter__nothing_else_matches),
        cmocka_unit_test(test_filter__any_of_the_wanted_and_all_of_the_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
