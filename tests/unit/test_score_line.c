#include "worker/score/score_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The last one of two rows of n values. */
static void assert_output(leat_line_form form, uint64_t row, leat_dtype dtype, uint32_t n,
                          const void *values, const char *expected)
{
    char two[2 * 3 * sizeof(double)] = {0};
    size_t row_size = n * leat_dtype_size(dtype);
    const leat_tensor_spec spec = {"y", dtype, 2, {0, n}};
    const leat_tensor output = {&spec, n, two};
    memcpy(two + row_size, values, row_size);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    bool is_score = leat_line_print(out, form, row, &output, 1);
    fclose(out);
    assert_string_equal(text, expected);
    assert_int_equal(is_score, !strstr(text, "error"));
    free(text);
}

static void assert_line(leat_line_form form, uint64_t row, const float *values,
                        uint32_t n, const char *expected)
{
    assert_output(form, row, LEAT_F32, n, values, expected);
}

static void test_score_line__score(void **state)
{
    (void)state;
    assert_line(LEAT_LINE_SCORE, 0, (float[]){0.97f}, 1, "{\"row\":0,\"score\":0.97}\n");
}

static void test_score_line__scores_and_their_label(void **state)
{
    (void)state;
    assert_line(LEAT_LINE_SCORES, 7, (float[]){0.25f, 0.5f, 0.25f}, 3,
                "{\"row\":7,\"scores\":[0.25,0.5,0.25],\"label\":1}\n");
}

static void test_score_line__label(void **state)
{
    (void)state;
    assert_line(LEAT_LINE_LABEL, 1, (float[]){2}, 1, "{\"row\":1,\"label\":2}\n");
}

static void test_score_line__leaves(void **state)
{
    (void)state;
    assert_output(LEAT_LINE_LEAVES, 1, LEAT_I32, 3, (int32_t[]){12, -3, INT32_MAX},
                  "{\"row\":1,\"leaves\":[12,-3,2147483647]}\n");
}

static void test_score_line__what_is_not_finite_is_an_error(void **state)
{
    (void)state;
    assert_line(LEAT_LINE_SCORE, 0, (float[]){NAN}, 1,
                "{\"row\":0,\"error\":\"score is NaN\"}\n");
    assert_line(LEAT_LINE_SCORES, 3, (float[]){1, -INFINITY}, 2,
                "{\"row\":3,\"error\":\"score is -infinity\"}\n");
    assert_line(LEAT_LINE_LABEL, 3, (float[]){INFINITY}, 1,
                "{\"row\":3,\"error\":\"score is infinity\"}\n");
}

static void test_score_line__an_error_is_json_whatever_it_quotes(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    leat_line_print_error(out, 5, "column 'a\"b': '\n\xff' is not an integer");
    fclose(out);
    assert_string_equal(text, "{\"row\":5,\"error\":\"column 'a\\\"b': "
                              "'\\n\xef\xbf\xbd' is not an integer\"}\n");
    free(text);
}

static void test_score_line__doubles_keep_their_digits(void **state)
{
    (void)state;
    const double values[] = {0.1 + 0.2, 0.5, -(double)INFINITY};
    assert_output(LEAT_LINE_SCORES, 1, LEAT_F64, 2, values,
                  "{\"row\":1,\"scores\":[0.30000000000000004,0.5],\"label\":1}\n");
    assert_output(LEAT_LINE_SCORE, 2, LEAT_F64, 1, values,
                  "{\"row\":2,\"score\":0.30000000000000004}\n");
    assert_output(LEAT_LINE_SCORES, 3, LEAT_F64, 3, values,
                  "{\"row\":3,\"error\":\"score is -infinity\"}\n");
}

static void assert_float_text(float value, const char *expected)
{
    char text[LEAT_SCORE_TEXT];
    leat_score_text(text, LEAT_F32, (double)value);
    assert_string_equal(text, expected);
}

static void assert_double_text(double value, const char *expected)
{
    char text[LEAT_SCORE_TEXT];
    leat_score_text(text, LEAT_F64, value);
    assert_string_equal(text, expected);
}

static void test_score_line__double_is_as_short_as_it_can_be(void **state)
{
    (void)state;
    assert_double_text(0.0, "0.0");
    assert_double_text(0.1, "0.1");
    assert_double_text(1.0 / 3, "0.3333333333333333");
    assert_double_text(0.1 + 0.2, "0.30000000000000004");
    assert_double_text(-DBL_MAX, "-1.7976931348623157e+308");
    assert_double_text(-0x1.fffffffffffffp-1022, "-4.4501477170144023e-308");
    assert_double_text(0x1p-1074, "4.94065645841247e-324");
}

/* An odd stride again, over the bits of doubles. */
static void test_score_line__double_reads_back_as_it_was(void **state)
{
    (void)state;
    uint64_t bits = 1;
    for (int i = 0; i < 100000; i++, bits += UINT64_C(184467440737095517)) {
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        char text[LEAT_SCORE_TEXT];
        leat_score_text(text, LEAT_F64, value);
        double back = strtod(text, NULL);
        assert_memory_equal(&back, &value, sizeof value);
    }
}

static void test_score_line__float_is_as_short_as_it_can_be(void **state)
{
    (void)state;
    assert_float_text(0.0f, "0.0");
    assert_float_text(-0.0f, "-0.0");
    assert_float_text(0.1f, "0.1");
    assert_float_text(1e-5f, "1e-05");
    assert_float_text(16777216.0f, "16777216.0");
    assert_float_text(FLT_MAX, "3.4028235e+38");
    assert_float_text(-FLT_MIN, "-1.1754944e-38");
    assert_float_text(0x1p-149f, "1.4013e-45");
}

/* A stride that is odd visits every exponent with ever other fractions. */
static void test_score_line__float_reads_back_as_it_was(void **state)
{
    (void)state;
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 104729) {
        float value;
        memcpy(&value, &(uint32_t){(uint32_t)bits}, sizeof value);
        if (!isfinite(value))
            continue;
        char text[LEAT_SCORE_TEXT];
        leat_score_text(text, LEAT_F32, (double)value);
        float back = strtof(text, NULL);
        assert_memory_equal(&back, &value, sizeof value);
    }
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_score_line__score),
        TEST(test_score_line__scores_and_their_label),
        TEST(test_score_line__label),
        TEST(test_score_line__leaves),
        TEST(test_score_line__what_is_not_finite_is_an_error),
        TEST(test_score_line__an_error_is_json_whatever_it_quotes),
        TEST(test_score_line__doubles_keep_their_digits),
        TEST(test_score_line__double_is_as_short_as_it_can_be),
        TEST(test_score_line__double_reads_back_as_it_was),
        TEST(test_score_line__float_is_as_short_as_it_can_be),
        TEST(test_score_line__float_reads_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
