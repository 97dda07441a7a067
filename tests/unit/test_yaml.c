#include "worker/config/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static leat_arena arena;
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static leat_yaml parse(const char *text)
{
    leat_yaml root;
    assert_int_equal(leat_yaml_parse(&root, &arena, "f", text, strlen(text), &error), 0);
    return root;
}

static void test_yaml__keeps_the_order_and_place_of_entries(void **state)
{
    (void)state;
    leat_yaml root = parse("b: 1\na:\n  - x\n  -   y\n");
    assert_int_equal(root.type, LEAT_YAML_MAP);
    assert_int_equal(root.n, 2);
    assert_string_equal(root.entries[0].key, "b");
    const leat_yaml *list = &root.entries[1].value;
    assert_int_equal(list->type, LEAT_YAML_LIST);
    assert_int_equal(list->n, 2);
    assert_string_equal(list->entries[1].value.text, "y");
    assert_int_equal(list->entries[1].value.place.line, 4);
    assert_int_equal(list->entries[1].value.place.column, 7);
}

static void test_yaml__counts_columns_in_characters(void **state)
{
    (void)state;
    leat_yaml root = parse("{\"\xc3\xa9\xc3\xa9\": 1, b: 2}");
    assert_int_equal(root.entries[1].place.column, 11);
}

static void test_yaml__an_empty_document_is_an_empty_map(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "# nothing\n", "---\n", "null\n", "{}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        leat_yaml root = parse(texts[i]);
        assert_int_equal(root.type, LEAT_YAML_MAP);
        assert_int_equal(root.n, 0);
    }
}

static void test_yaml__only_a_plain_null_is_null(void **state)
{
    (void)state;
    leat_yaml root = parse("[null, ~, 'null', \"\", 0, nil, Null]");
    static const bool nulls[] = {true, true, false, false, false, false, true};
    assert_int_equal(root.n, 7);
    for (uint32_t i = 0; i < root.n; i++)
        assert_int_equal(leat_yaml_is_null(&root.entries[i].value), nulls[i]);
}

static void test_yaml__a_byte_order_mark_and_carriage_returns_are_passed_over(
    void **state)
{
    (void)state;
    leat_yaml root = parse("\xef\xbb\xbf"
                           "a: 1\r\nb: 2\r\n");
    assert_string_equal(root.entries[0].key, "a");
    assert_string_equal(root.entries[0].value.text, "1");
    assert_int_equal(root.entries[1].place.line, 2);
}

static void test_yaml__finds_keys(void **state)
{
    (void)state;
    leat_yaml root = parse("a: 1\nb: 2\n");
    assert_string_equal(leat_yaml_find(&root, "b")->value.text, "2");
    assert_null(leat_yaml_find(&root, "c"));
    assert_null(leat_yaml_find(&root.entries[0].value, "c"));
}

static void test_yaml__describes_what_was_found(void **state)
{
    (void)state;
    char buffer[64];
    leat_yaml root = parse("[[], {}, null, \"a\\tb\", "
                           "0123456789012345678901234567890123456789!]");
    assert_string_equal(leat_yaml_describe(&root.entries[0].value, buffer), "a list");
    assert_string_equal(leat_yaml_describe(&root.entries[1].value, buffer), "a map");
    assert_string_equal(leat_yaml_describe(&root.entries[2].value, buffer), "nothing");
    assert_string_equal(leat_yaml_describe(&root.entries[3].value, buffer), "'a?b'");
    assert_string_equal(leat_yaml_describe(&root.entries[4].value, buffer),
                        "'0123456789012345678901234567890123456789...'");
}

static void test_yaml__refuses_a_double_among_many_keys(void **state)
{
    (void)state;
    enum { N = 100000 };
    char *text = malloc(16 * (N + 1)), *at = text;
    for (int i = 0; i < N; i++)
        at += sprintf(at, "k%d: 1\n", i);
    sprintf(at, "k777: 2\n");
    leat_yaml root;
    leat_status status = leat_yaml_parse(&root, &arena, "f", text, strlen(text), &error);
    free(text);
    assert_int_equal(status, LEAT_E_CONFIG);
    assert_string_equal(error.msg, "f:100001:1: 'k777' stands twice, first on line 778");
}

/* Nine levels of nine aliases would be 387 million nodes. */
static void test_yaml__a_billion_laughs_stay_small(void **state)
{
    (void)state;
    char text[1024] = "a: &a [x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c < 'j'; c++)
        sprintf(text + strlen(text), "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n",
                c, c, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    leat_yaml root;
    assert_int_equal(leat_yaml_parse(&root, &arena, "f", text, strlen(text), &error),
                     LEAT_E_CONFIG);
    assert_true(leat_arena_footprint(&arena) < 64 * 1024);
}

static void test_yaml__a_million_brackets_are_refused(void **state)
{
    (void)state;
    enum { N = 1000000 };
    char *text = malloc(N);
    memset(text, '[', N);
    leat_yaml root;
    leat_status status = leat_yaml_parse(&root, &arena, "f", text, N, &error);
    free(text);
    assert_int_equal(status, LEAT_E_CONFIG);
    assert_string_equal(error.msg, "f:1:33: nests too deep");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_yaml__keeps_the_order_and_place_of_entries),
        TEST(test_yaml__counts_columns_in_characters),
        TEST(test_yaml__an_empty_document_is_an_empty_map),
        TEST(test_yaml__only_a_plain_null_is_null),
        TEST(test_yaml__a_byte_order_mark_and_carriage_returns_are_passed_over),
        TEST(test_yaml__finds_keys),
        TEST(test_yaml__describes_what_was_found),
        TEST(test_yaml__refuses_a_double_among_many_keys),
        TEST(test_yaml__a_billion_laughs_stay_small),
        TEST(test_yaml__a_million_brackets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
