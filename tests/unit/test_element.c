#include "base/element.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

typedef union element {
    float f32;
    double f64;
    int64_t i64;
    int32_t i32;
    uint8_t boolean;
} element;

#define UNTOUCHED 7

static const leat_dtype integers[] = {LEAT_I64, LEAT_I32, LEAT_BOOL};

static leat_value of_double(double number)
{
    return (leat_value){.type = LEAT_VALUE_DOUBLE, .as.f = number};
}

static leat_value of_uint(uint64_t number)
{
    return (leat_value){.type = LEAT_VALUE_UINT, .as.u = number};
}

static leat_value of_int(int64_t number)
{
    return (leat_value){.type = LEAT_VALUE_INT, .as.i = number};
}

static element put(leat_dtype dtype, leat_value value)
{
    element made = {0};
    assert_int_equal(leat_element_put(&made, dtype, &value), LEAT_OK);
    return made;
}

static void refuse(leat_dtype dtype, leat_value value, leat_status expected)
{
    element made = {.i64 = UNTOUCHED};
    assert_int_equal(leat_element_put(&made, dtype, &value), expected);
    assert_int_equal(made.i64, UNTOUCHED);
}

static leat_slice slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static element parse(leat_dtype dtype, const char *text)
{
    element made = {0};
    if (leat_element_parse(&made, dtype, slice_of(text)) != LEAT_OK)
        fail_msg("\"%s\" was refused", text);
    return made;
}

static void refuse_text(leat_dtype dtype, const char *text, leat_status expected)
{
    element made = {.i64 = UNTOUCHED};
    if (leat_element_parse(&made, dtype, slice_of(text)) != expected)
        fail_msg("\"%s\" as %s was taken otherwise", text, leat_dtype_name(dtype));
    assert_int_equal(made.i64, UNTOUCHED);
}

static void test_element__floats_take_any_number(void **state)
{
    (void)state;
    leat_value yes = {.type = LEAT_VALUE_BOOL, .as.u = 1};
    assert_true(put(LEAT_F32, of_double(0.1)).f32 == 0.1F);
    assert_true(put(LEAT_F64, of_double(0.1)).f64 == 0.1);
    assert_true(put(LEAT_F32, of_double(1e39)).f32 == INFINITY);
    assert_true(put(LEAT_F64, of_int(-3)).f64 == -3);
    assert_true(put(LEAT_F64, of_uint(UINT64_MAX)).f64 == 0x1p64);
    assert_true(put(LEAT_F32, yes).f32 == 1);
    assert_true(signbit(put(LEAT_F64, of_double(-0.0)).f64));
}

static void test_element__integers_keep_every_digit(void **state)
{
    (void)state;
    assert_int_equal(put(LEAT_I64, of_uint(9007199254740993)).i64, 9007199254740993);
    assert_true(put(LEAT_I64, of_uint(INT64_MAX)).i64 == INT64_MAX);
    assert_true(put(LEAT_I64, of_int(INT64_MIN)).i64 == INT64_MIN);
    assert_int_equal(put(LEAT_I32, of_int(INT32_MIN)).i32, INT32_MIN);
    assert_int_equal(put(LEAT_I32, of_uint(INT32_MAX)).i32, INT32_MAX);
}

static void test_element__a_whole_float_is_an_integer(void **state)
{
    (void)state;
    assert_int_equal(put(LEAT_I64, of_double(-3.0)).i64, -3);
    assert_true(put(LEAT_I64, of_double(-0x1p63)).i64 == INT64_MIN);
    assert_int_equal(put(LEAT_I32, of_double(1e9)).i32, 1000000000);
    assert_int_equal(put(LEAT_I32, of_double(-0.0)).i32, 0);
    assert_int_equal(put(LEAT_BOOL, of_double(1.0)).boolean, 1);
}

static void test_element__a_fraction_is_no_integer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        refuse(integers[i], of_double(0.5), LEAT_E_TYPE);
        refuse(integers[i], of_double(-1e-300), LEAT_E_TYPE);
    }
}

static void test_element__integers_out_of_range_are_refused(void **state)
{
    (void)state;
    refuse(LEAT_I64, of_uint(UINT64_C(1) << 63), LEAT_E_RANGE);
    refuse(LEAT_I64, of_double(0x1p63), LEAT_E_RANGE);
    refuse(LEAT_I64, of_double(-INFINITY), LEAT_E_RANGE);
    refuse(LEAT_I32, of_uint(UINT32_MAX), LEAT_E_RANGE);
    refuse(LEAT_I32, of_int(INT32_MIN - INT64_C(1)), LEAT_E_RANGE);
    refuse(LEAT_I32, of_double(0x1p31), LEAT_E_RANGE);
    refuse(LEAT_BOOL, of_uint(2), LEAT_E_RANGE);
    refuse(LEAT_BOOL, of_int(-1), LEAT_E_RANGE);
}

static void test_element__nil_and_nan_are_missing(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++) {
        refuse(dtype, (leat_value){.type = LEAT_VALUE_NIL}, LEAT_E_MISSING);
        refuse(dtype, of_double((double)NAN), LEAT_E_MISSING);
        refuse_text(dtype, "nan", LEAT_E_MISSING);
    }
}

static void test_element__what_is_no_number_is_refused(void **state)
{
    (void)state;
    leat_value text = {
        .type = LEAT_VALUE_STR, .size = 1, .as.bytes = (const uint8_t *)"1"};
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_STRING; dtype++)
        refuse(dtype, text, LEAT_E_TYPE);
    refuse(LEAT_STRING, of_uint(1), LEAT_E_TYPE);
}

static void test_element__texts_of_integers_keep_every_digit(void **state)
{
    (void)state;
    assert_int_equal(parse(LEAT_I64, "9007199254740993").i64, 9007199254740993);
    assert_true(parse(LEAT_I64, "9223372036854775807").i64 == INT64_MAX);
    assert_true(parse(LEAT_I64, "-9223372036854775808").i64 == INT64_MIN);
    assert_int_equal(parse(LEAT_I64, "007").i64, 7);
    assert_int_equal(parse(LEAT_I64, "-0").i64, 0);
    assert_int_equal(parse(LEAT_I64, "12.0").i64, 12);
    assert_int_equal(parse(LEAT_I32, "1e3").i32, 1000);
    refuse_text(LEAT_I64, "9223372036854775808", LEAT_E_RANGE);
    refuse_text(LEAT_I64, "-9223372036854775809", LEAT_E_RANGE);
    refuse_text(LEAT_I64, "99999999999999999999", LEAT_E_RANGE);
    refuse_text(LEAT_I64, "9007199254740993.0", LEAT_E_RANGE);
    refuse_text(LEAT_I32, "2147483648", LEAT_E_RANGE);
    refuse_text(LEAT_I32, "1.5", LEAT_E_TYPE);
    refuse_text(LEAT_I32, "-", LEAT_E_TYPE);
    refuse_text(LEAT_I32, "", LEAT_E_TYPE);
    refuse_text(LEAT_I32, "inf", LEAT_E_RANGE);
}

static void test_element__texts_of_floats_are_numbers_as_ever(void **state)
{
    (void)state;
    assert_true(parse(LEAT_F64, "0.1").f64 == 0.1);
    assert_true(parse(LEAT_F32, "0.1").f32 == 0.1F);
    assert_true(signbit(parse(LEAT_F64, "-0").f64));
    refuse_text(LEAT_F32, "true", LEAT_E_TYPE);
}

static void test_element__bools_may_be_spelled(void **state)
{
    (void)state;
    assert_int_equal(parse(LEAT_BOOL, "True").boolean, 1);
    assert_int_equal(parse(LEAT_BOOL, "false").boolean, 0);
    assert_int_equal(parse(LEAT_BOOL, "1").boolean, 1);
    refuse_text(LEAT_BOOL, "2", LEAT_E_RANGE);
    refuse_text(LEAT_BOOL, "yes", LEAT_E_TYPE);
    refuse_text(LEAT_BOOL, "tru", LEAT_E_TYPE);
    refuse_text(LEAT_I64, "true", LEAT_E_TYPE);
}

static void test_element__cleared_floats_are_nan_and_the_others_nothing(void **state)
{
    (void)state;
    element made = {.i64 = UNTOUCHED};
    leat_element_clear(&made, LEAT_F32);
    assert_true(isnan(made.f32));
    leat_element_clear(&made, LEAT_F64);
    assert_true(isnan(made.f64));
    leat_element_clear(&made, LEAT_I64);
    assert_int_equal(made.i64, 0);
    leat_slice text = slice_of("x");
    leat_element_clear(&text, LEAT_STRING);
    assert_null(text.data);
    assert_int_equal(text.size, 0);
}

#define TEST(name) cmocka_unit_test(test_element__##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(floats_take_any_number),
        TEST(integers_keep_every_digit),
        TEST(a_whole_float_is_an_integer),
        TEST(a_fraction_is_no_integer),
        TEST(integers_out_of_range_are_refused),
        TEST(nil_and_nan_are_missing),
        TEST(what_is_no_number_is_refused),
        TEST(texts_of_integers_keep_every_digit),
        TEST(texts_of_floats_are_numbers_as_ever),
        TEST(bools_may_be_spelled),
        TEST(cleared_floats_are_nan_and_the_others_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
