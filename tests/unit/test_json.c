#include "runtime/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

struct reading {
    leat_arena arena;
    const leat_doc *root;
    leat_status status;
    leat_error error;
};

static void start(struct reading *reading, const char *text)
{
    *reading = (struct reading){0};
    leat_arena_init(&reading->arena, 4096);
    reading->status =
        leat_json_read(&reading->root, &reading->arena, (const uint8_t *)text,
                       strlen(text), &reading->error);
}

static void stop(struct reading *reading)
{
    leat_arena_fini(&reading->arena);
}

static void expect_refused(const char *text, const char *msg)
{
    struct reading reading;
    start(&reading, text);
    assert_int_equal(reading.status, LEAT_E_MODEL);
    assert_string_equal(reading.error.msg, msg);
    stop(&reading);
}

static void expect_text(const char *text, const char *expected)
{
    struct reading reading;
    start(&reading, text);
    assert_int_equal(reading.status, LEAT_OK);
    assert_int_equal(reading.root->kind, LEAT_DOC_STRING);
    assert_int_equal(reading.root->count, strlen(expected));
    assert_memory_equal(reading.root->text, expected, strlen(expected));
    stop(&reading);
}

static void expect_number(const char *text, double expected)
{
    struct reading reading;
    start(&reading, text);
    assert_int_equal(reading.status, LEAT_OK);
    assert_int_equal(reading.root->kind, LEAT_DOC_NUMBER);
    assert_memory_equal(&reading.root->number, &expected, sizeof expected);
    stop(&reading);
}

static void test_json__reads_every_kind_of_value(void **state)
{
    (void)state;
    struct reading reading;
    start(&reading, " {\"a\": null, \"b\":[true , false,{}],\r\n\"c\":\t[1,2.5,-3e2],"
                    "\"d\":[],\"e\":\"x\"} \n");
    assert_int_equal(reading.status, LEAT_OK);
    const leat_doc *list = leat_doc_member(reading.root, "b");
    const leat_doc *numbers = leat_doc_member(reading.root, "c");
    double number;
    assert_int_equal(leat_doc_member(reading.root, "a")->kind, LEAT_DOC_NULL);
    assert_int_equal(list->count, 3);
    assert_true(leat_doc_number_at(list, 0, &number) && number == 1);
    assert_true(leat_doc_number_at(list, 1, &number) && number == 0);
    assert_false(leat_doc_number_at(list, 2, &number));
    assert_int_equal(numbers->kind, LEAT_DOC_PACKED);
    assert_true(leat_doc_number_at(numbers, 2, &number) && number == -300);
    assert_int_equal(leat_doc_member(reading.root, "d")->count, 0);
    assert_int_equal(leat_doc_member(reading.root, "e")->kind, LEAT_DOC_STRING);
    assert_null(leat_doc_member(reading.root, "f"));
    stop(&reading);
}

static void test_json__rounds_a_fraction_once_to_float32(void **state)
{
    (void)state;
    expect_number("0.1", (double)0.1f);
    expect_number("1E-45", (double)1e-45f);
    expect_number("-0.0", -0.0);
    expect_number("1e99", INFINITY);
    /* just above the middle of two float32; rounded to double first it would be the
     * middle */
    expect_number("1.00000005960464477540000000", (double)nextafterf(1, 2));
    expect_number("9007199254740991", 9007199254740991.0);
}

static void test_json__reads_what_xgboost_writes_beyond_json(void **state)
{
    (void)state;
    expect_number("Infinity", INFINITY);
    expect_number("-Infinity", -INFINITY);
    struct reading reading;
    double number;
    start(&reading, "[NaN, -Infinity,1]");
    assert_int_equal(reading.root->kind, LEAT_DOC_PACKED);
    assert_true(leat_doc_number_at(reading.root, 0, &number) && isnan(number));
    stop(&reading);
    expect_text("\"c:\\users\"", "c:\\users");
}

static void test_json__decodes_escapes(void **state)
{
    (void)state;
    expect_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    expect_text("\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac");
    expect_text("\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!");
    expect_text("\"\\ud83dx\\ude00\\ud83d\\u0041\"",
                "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"
                "A");
    expect_text("\"\\u12\"", "\\u12");
}

static void test_json__names_the_byte_where_it_goes_wrong(void **state)
{
    (void)state;
    expect_refused("", "byte 0: the file ends, expected a number");
    expect_refused("[1,x]", "byte 3: found 'x', expected a number");
    expect_refused("[1,{}", "byte 5: the file ends, expected ',' or the closing bracket");
    expect_refused("[1 2]", "byte 3: found '2', expected ',' or ']'");
    expect_refused("[[] []]", "byte 4: found '[', expected ',' or the closing bracket");
    expect_refused("[[],]", "byte 4: found ']', expected a number");
    expect_refused("{\"a\" 1}", "byte 5: found '1', expected ':'");
    expect_refused("{a:1}", "byte 1: found 'a', expected a string");
    expect_refused("{\"a", "byte 3: the file ends, expected the end of a string");
    expect_refused("\"\\x\"", "byte 2: found 'x', expected one of \"\\/bfnrtu after a "
                              "backslash");
    expect_refused("{} {}", "byte 3: found '{', expected the end of the file");
    expect_refused("\x01", "byte 0: found 0x01, expected a number");
    expect_refused("[1.2.3]", "byte 1: found '1', expected a number");
}

static void test_json__refuses_a_key_that_stands_twice(void **state)
{
    (void)state;
    expect_refused("{\"ab\":1,\"b\":2,\"a\":3,\"ab\":4}",
                   "the key \"ab\" stands twice in one object");
    expect_refused("{\"a\":1,\"\\u0061\":2}", "the key \"a\" stands twice in one object");
}

static void test_json__refuses_deep_nesting(void **state)
{
    (void)state;
    char text[1 << 16];
    memset(text, '[', sizeof text);
    text[sizeof text - 1] = 0;
    expect_refused(text, "byte 32: nests deeper than 32 levels");
}

static void test_json__refuses_a_number_without_end(void **state)
{
    (void)state;
    char text[2048];
    memset(text, '7', sizeof text);
    text[sizeof text - 1] = 0;
    expect_refused(text, "byte 512: found '7', expected the end of the file");
}

static void test_json__memory_stays_in_proportion(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct reading reading;
    for (size_t i = 0; i + 4 < sizeof text; i += 3)
        memcpy(text + i, i ? ",[]" : " []", 3);
    text[0] = '[';
    text[1] = ' ';
    text[2] = '1';
    text[(sizeof text - 2) / 3 * 3] = ']';
    start(&reading, text);
    assert_int_equal(reading.status, LEAT_OK);
    assert_true(leat_arena_footprint(&reading.arena) < 32 * sizeof text);
    stop(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__reads_every_kind_of_value),
        cmocka_unit_test(test_json__rounds_a_fraction_once_to_float32),
        cmocka_unit_test(test_json__reads_what_xgboost_writes_beyond_json),
        cmocka_unit_test(test_json__decodes_escapes),
        cmocka_unit_test(test_json__names_the_byte_where_it_goes_wrong),
        cmocka_unit_test(test_json__refuses_a_key_that_stands_twice),
        cmocka_unit_test(test_json__refuses_deep_nesting),
        cmocka_unit_test(test_json__refuses_a_number_without_end),
        cmocka_unit_test(test_json__memory_stays_in_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
