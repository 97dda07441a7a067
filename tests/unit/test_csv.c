#include "worker/score/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static leat_csv csv;
static leat_error error;

static void open_bytes(const char *bytes, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    rewind(file);
    assert_int_equal(leat_csv_init(&csv, file, "rows.csv"), LEAT_OK);
}

static void open_text(const char *text)
{
    open_bytes(text, strlen(text));
}

static int close_csv(void **state)
{
    (void)state;
    if (csv.file)
        fclose(csv.file);
    leat_csv_fini(&csv);
    return 0;
}

/* The next record's fields, joined by '|'. */
static void assert_record(const char *expected)
{
    char joined[1000] = "";
    assert_int_equal(leat_csv_next(&csv, &error), LEAT_OK);
    for (uint32_t i = 0; i < csv.n_fields; i++) {
        assert_int_equal(strlen(csv.fields[i].text), csv.fields[i].size);
        strncat(joined, i ? "|" : "", sizeof joined - 1);
        strncat(joined, csv.fields[i].text, sizeof joined - 1 - strlen(joined));
    }
    assert_string_equal(joined, expected);
}

static void assert_end(void)
{
    assert_int_equal(leat_csv_next(&csv, &error), LEAT_END);
}

static void assert_refused(const char *message)
{
    assert_int_equal(leat_csv_next(&csv, &error), LEAT_E_FORMAT);
    assert_string_equal(error.msg, message);
}

static void test_csv__records_and_fields(void **state)
{
    (void)state;
    open_text("a,b,c\n1,,3\n");
    assert_record("a|b|c");
    assert_record("1||3");
    assert_int_equal(csv.line, 2);
    assert_end();
}

static void test_csv__empty_file_has_no_record(void **state)
{
    (void)state;
    open_text("");
    assert_end();
}

static void test_csv__last_line_needs_no_newline(void **state)
{
    (void)state;
    open_text("a,b\n1,");
    assert_record("a|b");
    assert_record("1|");
    assert_end();
}

static void test_csv__crlf_ends_a_record(void **state)
{
    (void)state;
    open_text("a,b\r\n\"1\",\"2\"\r\n3,\r\n4,5\r");
    assert_record("a|b");
    assert_record("1|2");
    assert_record("3|");
    assert_record("4|5");
    assert_end();
}

static void test_csv__carriage_return_within_a_field_stays(void **state)
{
    (void)state;
    open_text("a\rb,c\r,d\n");
    assert_record("a\rb|c\r|d");
}

static void test_csv__quotes_hold_commas_breaks_and_doubled_quotes(void **state)
{
    (void)state;
    open_text("\"a,b\",\"say \"\"so\"\"\",\"two\r\nlines\",\"\"\nx,\"\"\"\"\n");
    assert_record("a,b|say \"so\"|two\r\nlines|");
    assert_int_equal(csv.line, 1);
    assert_record("x|\"");
    assert_int_equal(csv.line, 3);
    assert_end();
}

static void test_csv__quote_within_a_plain_field_is_text(void **state)
{
    (void)state;
    open_text("a\"b,5\"\n");
    assert_record("a\"b|5\"");
}

static void test_csv__empty_line_is_one_empty_field(void **state)
{
    (void)state;
    open_text("a\n\n\r\nb");
    assert_record("a");
    assert_record("");
    assert_record("");
    assert_record("b");
    assert_int_equal(csv.line, 4);
    assert_end();
}

static void test_csv__byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    open_text("\xef\xbb\xbf\"a\",b\n\xef\xbb\xbf,c\n");
    assert_record("a|b");
    assert_record("\xef\xbb\xbf|c");
}

static void test_csv__byte_order_mark_alone_is_an_empty_file(void **state)
{
    (void)state;
    open_text("\xef\xbb\xbf");
    assert_end();
}

static void test_csv__nul_is_a_byte_of_the_field(void **state)
{
    (void)state;
    open_bytes("1\0002,3\n", 6);
    assert_int_equal(leat_csv_next(&csv, &error), LEAT_OK);
    assert_int_equal(csv.n_fields, 2);
    assert_int_equal(csv.fields[0].size, 3);
    assert_memory_equal(csv.fields[0].text, "1\0002", 4);
    assert_string_equal(csv.fields[1].text, "3");
}

static void test_csv__open_quote_names_where_it_opened(void **state)
{
    (void)state;
    open_text("a,b\n1,\"2\n3,4\n");
    assert_record("a|b");
    assert_refused("rows.csv:2: column 2: the quote that opens here is never closed");
}

static void test_csv__text_behind_a_closing_quote_is_refused(void **state)
{
    (void)state;
    open_text("\"a\"b,c\n");
    assert_refused("rows.csv:1: column 1: there is text behind the closing quote");
}

static void test_csv__carriage_return_alone_does_not_close_a_quoted_field(void **state)
{
    (void)state;
    open_text("\"a\"\rb\n");
    assert_refused("rows.csv:1: column 1: there is text behind the closing quote");
}

/* Every position of the block's edge within a record. */
static void test_csv__records_that_straddle_blocks_are_whole(void **state)
{
    (void)state;
    enum { N = 20000 };
    char *text = malloc(N * 20);
    size_t size = 0;
    for (int i = 0; i < N; i++)
        size += (size_t)sprintf(text + size, "%d,\"q\"\"%d\"\r\n", i, i);
    open_bytes(text, size);
    free(text);
    for (int i = 0; i < N; i++) {
        char expected[40];
        snprintf(expected, sizeof expected, "%d|q\"%d", i, i);
        assert_record(expected);
    }
    assert_end();
    assert_int_equal(csv.bytes, size);
}

static void test_csv__wide_record_grows_its_room(void **state)
{
    (void)state;
    enum { N = 10000 };
    char *text = malloc(N * 8);
    size_t size = 0;
    for (int i = 0; i < N; i++)
        size += (size_t)sprintf(text + size, i ? ",%d" : "%d", i);
    open_bytes(text, size);
    free(text);
    assert_int_equal(leat_csv_next(&csv, &error), LEAT_OK);
    assert_int_equal(csv.n_fields, N);
    assert_string_equal(csv.fields[0].text, "0");
    assert_string_equal(csv.fields[N - 1].text, "9999");
}

static void test_csv__file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    FILE *directory = fopen("/", "r");
    assert_non_null(directory);
    assert_int_equal(leat_csv_init(&csv, directory, "rows.csv"), LEAT_OK);
    assert_int_equal(leat_csv_next(&csv, &error), LEAT_E_IO);
    assert_string_equal(error.msg, "rows.csv: Is a directory");
}

#define TEST(name) cmocka_unit_test_teardown(name, close_csv)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_csv__records_and_fields),
        TEST(test_csv__empty_file_has_no_record),
        TEST(test_csv__last_line_needs_no_newline),
        TEST(test_csv__crlf_ends_a_record),
        TEST(test_csv__carriage_return_within_a_field_stays),
        TEST(test_csv__quotes_hold_commas_breaks_and_doubled_quotes),
        TEST(test_csv__quote_within_a_plain_field_is_text),
        TEST(test_csv__empty_line_is_one_empty_field),
        TEST(test_csv__byte_order_mark_is_passed_over),
        TEST(test_csv__byte_order_mark_alone_is_an_empty_file),
        TEST(test_csv__nul_is_a_byte_of_the_field),
        TEST(test_csv__open_quote_names_where_it_opened),
        TEST(test_csv__text_behind_a_closing_quote_is_refused),
        TEST(test_csv__carriage_return_alone_does_not_close_a_quoted_field),
        TEST(test_csv__records_that_straddle_blocks_are_whole),
        TEST(test_csv__wide_record_grows_its_room),
        TEST(test_csv__file_that_cannot_be_read_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
