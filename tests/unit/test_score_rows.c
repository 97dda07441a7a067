#include "worker/score/score_rows.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 3 };

/* A model of each type, and one of several inputs. */
static const leat_tensor_spec one_float = {"x", LEAT_F32, 2, {0, 1}};
static const leat_tensor_spec one_double = {"x", LEAT_F64, 2, {0, 1}};
static const leat_tensor_spec one_integer = {"x", LEAT_I32, 2, {0, 1}};
static const leat_tensor_spec several[] = {{"age", LEAT_I64, 2, {0, 1}},
                                           {"embedding", LEAT_F32, 3, {0, 1, 2}},
                                           {"country", LEAT_STRING, 1, {0}}};
static leat_rows rows;

static int teardown(void **state)
{
    (void)state;
    leat_rows_fini(&rows);
    return 0;
}

static void begin(const leat_tensor_spec *inputs, uint32_t n_inputs)
{
    assert_int_equal(leat_rows_init(&rows, inputs, n_inputs, NULL, MAX_ROWS), LEAT_OK);
}

static leat_status put(uint32_t feature, const char *text)
{
    return leat_rows_put(&rows, feature, (leat_csv_field){text, strlen(text)}, "c");
}

/* ---- floats ---- */

static float float_of(const char *text)
{
    leat_rows_fini(&rows);
    begin(&one_float, 1);
    assert_int_equal(put(0, text), LEAT_OK);
    assert_null(rows.errors[0]);
    return *(float *)rows.inputs[0].data;
}

static void assert_no_number(const char *text, size_t size)
{
    leat_rows_fini(&rows);
    begin(&one_float, 1);
    assert_int_equal(leat_rows_put(&rows, 0, (leat_csv_field){text, size}, "c"),
                     LEAT_E_TYPE);
}

static void test_score_rows__empty_field_is_missing(void **state)
{
    (void)state;
    assert_true(isnan(float_of("")));
    assert_true(isnan(float_of("  \t")));
}

static void test_score_rows__nan_and_infinity_as_python_spells_them(void **state)
{
    (void)state;
    assert_true(isnan(float_of("nan")));
    assert_true(isnan(float_of("NaN")));
    assert_true(float_of("inf") == INFINITY);
    assert_true(float_of("-Infinity") == -INFINITY);
}

static void test_score_rows__spaces_around_a_number_do_not_count(void **state)
{
    (void)state;
    assert_true(float_of(" 1.5\r") == 1.5f);
}

static void test_score_rows__minus_zero_stays(void **state)
{
    (void)state;
    assert_true(signbit(float_of("-0.0")));
}

/* 1 + 2^-24 + 2^-60 lies just above the middle of two floats: read as a float at once it
 * rounds up, read as a double it becomes the middle and then rounds to even, down. */
static void test_score_rows__float_is_rounded_through_a_double(void **state)
{
    (void)state;
    static const char text[] =
        "1.000000059604644776257986737988403547205962240695953369140625";
    assert_true(strtof(text, NULL) > 1.0f);
    assert_true(float_of(text) == 1.0f);
}

static void test_score_rows__beyond_float32_is_infinite(void **state)
{
    (void)state;
    assert_true(float_of("1e39") == INFINITY);
    assert_true(float_of("-1e999") == -INFINITY);
    assert_true(float_of("1e-50") == 0);
}

static void test_score_rows__text_is_no_number(void **state)
{
    (void)state;
    assert_no_number("abc", 3);
    assert_no_number("1.5x", 4);
    assert_no_number("1 2", 3);
    assert_no_number("0x10", 4);
    assert_no_number("1,5", 3);
    assert_no_number("1\0002", 3);
}

static void test_score_rows__doubles_keep_every_bit(void **state)
{
    (void)state;
    begin(&one_double, 1);
    assert_int_equal(put(0, "0.1"), LEAT_OK);
    assert_true(*(double *)rows.inputs[0].data == 0.1);
}

/* ---- integers ---- */

static void expect_error(const char *text, const char *expected)
{
    leat_rows_fini(&rows);
    begin(&one_integer, 1);
    assert_int_equal(put(0, text), LEAT_OK);
    assert_string_equal(rows.errors[0], expected);
    assert_int_equal(*(int32_t *)rows.inputs[0].data, 0);
}

static void test_score_rows__a_row_without_its_integer_cannot_be_scored(void **state)
{
    (void)state;
    expect_error("", "column 'c' is missing, and i32 has no NaN");
    expect_error("nan", "column 'c' is missing, and i32 has no NaN");
    expect_error(" 2.5 ", "column 'c': '2.5' is not an integer");
    expect_error("abc", "column 'c': 'abc' is not an integer");
    expect_error("3000000000", "column 'c': '3000000000' is out of the range of i32");
}

static void test_score_rows__an_error_is_its_own_rows(void **state)
{
    (void)state;
    begin(&one_integer, 1);
    static const char *const texts[] = {"7", "x", "-8"};
    for (int i = 0; i < MAX_ROWS; i++) {
        assert_int_equal(put(0, texts[i]), LEAT_OK);
        leat_rows_add(&rows);
    }
    assert_int_equal(rows.n_rows, 3);
    assert_null(rows.errors[0]);
    assert_non_null(rows.errors[1]);
    assert_null(rows.errors[2]);
    assert_int_equal(((int32_t *)rows.inputs[0].data)[2], -8);
    leat_rows_reset(&rows);
    assert_int_equal(rows.n_rows, 0);
    assert_null(rows.errors[1]);
}

/* ---- several inputs ---- */

static void test_score_rows__features_are_the_elements_of_all_inputs(void **state)
{
    (void)state;
    static const char *const expected[] = {"age", "embedding[0]", "embedding[1]",
                                           "country"};
    begin(several, 3);
    assert_int_equal(rows.n_features, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_string_equal(rows.names[i], expected[i]);
}

static void test_score_rows__the_models_own_names_win(void **state)
{
    (void)state;
    static const char *const own[] = {"amount"};
    assert_int_equal(leat_rows_init(&rows, &one_float, 1, own, MAX_ROWS), LEAT_OK);
    assert_ptr_equal(rows.names, own);
}

static void test_score_rows__a_single_input_has_no_names(void **state)
{
    (void)state;
    begin(&several[1], 1);
    assert_int_equal(rows.n_features, 2);
    assert_null(rows.names);
}

static void test_score_rows__each_field_reaches_its_element(void **state)
{
    (void)state;
    begin(several, 3);
    static const char *const texts[2][4] = {{"9007199254740993", "0.5", "", " DE "},
                                            {"-1", "2", "3", ""}};
    for (int row = 0; row < 2; row++) {
        for (uint32_t i = 0; i < 4; i++)
            assert_int_equal(put(i, texts[row][i]), LEAT_OK);
        leat_rows_add(&rows);
    }
    const int64_t *age = rows.inputs[0].data;
    const float *embedding = rows.inputs[1].data;
    const leat_slice *country = rows.inputs[2].data;
    assert_int_equal(age[0], 9007199254740993);
    assert_int_equal(age[1], -1);
    assert_true(embedding[0] == 0.5f && isnan(embedding[1]));
    assert_true(embedding[2] == 2 && embedding[3] == 3);
    assert_int_equal(country[0].size, 4);
    assert_memory_equal(country[0].data, " DE ", 4);
    assert_int_equal(country[1].size, 0);
    assert_non_null(country[1].data);
}

/* ---- categories ---- */

static float category_of(const char *const *names, uint32_t n, const char *text)
{
    leat_rows_fini(&rows);
    begin(&one_float, 1);
    assert_int_equal(leat_rows_categorize(&rows, 0, names, n), LEAT_OK);
    assert_int_equal(put(0, text), LEAT_OK);
    assert_null(rows.errors[0]);
    return *(float *)rows.inputs[0].data;
}

static void test_score_rows__a_category_is_its_code(void **state)
{
    (void)state;
    static const char *const names[] = {"DE", "FR"};
    assert_true(category_of(names, 2, "FR") == 1);
    assert_true(category_of(names, 2, " DE ") == 0);
    assert_true(category_of(names, 2, "1") == 1);
    assert_true(isnan(category_of(names, 2, "XX")));
    assert_true(isnan(category_of(names, 2, "")));
}

static void test_score_rows__a_number_may_be_a_category(void **state)
{
    (void)state;
    static const char *const names[] = {"5411", "1"};
    assert_true(category_of(names, 2, "5411") == 0);
    assert_true(category_of(names, 2, "1") == 1);
    assert_true(isnan(category_of(names, 2, "0")));
}

#define TEST(name) cmocka_unit_test_teardown(test_score_rows__##name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_field_is_missing),
        TEST(nan_and_infinity_as_python_spells_them),
        TEST(spaces_around_a_number_do_not_count),
        TEST(minus_zero_stays),
        TEST(float_is_rounded_through_a_double),
        TEST(beyond_float32_is_infinite),
        TEST(text_is_no_number),
        TEST(doubles_keep_every_bit),
        TEST(a_row_without_its_integer_cannot_be_scored),
        TEST(an_error_is_its_own_rows),
        TEST(features_are_the_elements_of_all_inputs),
        TEST(the_models_own_names_win),
        TEST(a_single_input_has_no_names),
        TEST(each_field_reaches_its_element),
        TEST(a_category_is_its_code),
        TEST(a_number_may_be_a_category),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
