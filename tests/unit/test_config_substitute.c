#include "worker/config/config_substitute.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static leat_arena arena;
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    setenv("NAME", "value", 1);
    setenv("_N9", "nine", 1);
    setenv("EMPTY", "", 1);
    setenv("NESTED", "${NAME}$$", 1);
    unsetenv("ABSENT");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static const char *replace(const char *text)
{
    const char *result;
    leat_status status =
        leat_config_substitute(&result, &arena, text, "leat.yaml", &error);
    return status ? error.msg : result;
}

static void test_substitute__references(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"", ""},
        {"${NAME}", "value"},
        {"${env:NAME}", "value"},
        {"a ${NAME} b ${_N9}c", "a value b ninec"},
        {"${ABSENT:-x y}", "x y"},
        {"${ABSENT:-}", ""},
        {"${EMPTY:-full}", "full"},
        {"${EMPTY}", ""},
        {"${NAME:-x}", "value"},
        {"${env:ABSENT:-host:9092}", "host:9092"},
        {"${ABSENT:-${NAME}", "${NAME"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(replace(cases[i][0]), cases[i][1]);
}

static void test_substitute__dollars(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"$$", "$"},
        {"$", "$"},
        {"a$b", "a$b"},
        {"$${NAME}", "${NAME}"},
        {"$$${NAME}", "$value"},
        {"$$$${NAME}", "$${NAME}"},
        {"$NAME", "$NAME"},
        {"5$ ", "5$ "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(replace(cases[i][0]), cases[i][1]);
}

static void test_substitute__what_is_brought_is_not_read_again(void **state)
{
    (void)state;
    assert_string_equal(replace("${NESTED}"), "${NAME}$$");
}

static void test_substitute__text_without_a_dollar_is_not_copied(void **state)
{
    (void)state;
    static const char text[] = "plain";
    assert_ptr_equal(replace(text), text);
}

static void test_substitute__refuses_bad_references(void **state)
{
    (void)state;
    static const char *const texts[] = {"${}",      "${9A}",      "${A-B}",
                                        "${A:?x}",  "${env:}",    "${A:x}",
                                        "${ NAME}", "${other:A}", "${NAME}}${"};
    const char *result;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(leat_config_substitute(&result, &arena, texts[i], "f", &error),
                         LEAT_E_CONFIG);
    assert_string_equal(error.msg, "${: the reference has no closing brace");
}

static void test_substitute__an_undefined_variable_is_named(void **state)
{
    (void)state;
    assert_string_equal(replace("a${ABSENT}"),
                        "the environment variable ABSENT is not set; set it, or write "
                        "${ABSENT:-default}");
}

/* Writes `text` beside a configuration and gives what a reference to it becomes. */
static const char *replace_secret(const char *text, size_t size)
{
    char folder[] = "/tmp/leat-secret-XXXXXX", path[64], base[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/secret", folder);
    snprintf(base, sizeof base, "%s/leat.yaml", folder);
    FILE *file = fopen(path, "w");
    fwrite(text, 1, size, file);
    fclose(file);
    const char *result;
    leat_status status =
        leat_config_substitute(&result, &arena, "<${file:secret}>", base, &error);
    unlink(path);
    rmdir(folder);
    return status ? error.msg : result;
}

static void test_substitute__a_secret_loses_its_newline(void **state)
{
    (void)state;
    assert_string_equal(replace_secret("hunter2\n", 8), "<hunter2>");
    assert_string_equal(replace_secret("hunter2\r\n", 9), "<hunter2>");
    assert_string_equal(replace_secret("a\n\n", 3), "<a\n>");
    assert_string_equal(replace_secret("", 0), "<>");
    assert_string_equal(replace_secret("${NAME}", 7), "<${NAME}>");
}

static void test_substitute__a_secret_is_bounded(void **state)
{
    (void)state;
    char *text = calloc(1, 65537);
    memset(text, 'x', 65537);
    assert_int_equal(strlen(replace_secret(text, 65536)), 65538);
    assert_string_equal(replace_secret(text, 65537),
                        "${file:secret}: the file is larger than 64 KiB");
    free(text);
}

static void test_substitute__a_secret_must_be_text(void **state)
{
    (void)state;
    assert_string_equal(replace_secret("a\0b", 3),
                        "${file:secret}: the file holds a NUL character");
}

static void test_substitute__a_pipe_is_no_secret(void **state)
{
    (void)state;
    char folder[] = "/tmp/leat-secret-XXXXXX", path[64], text[96], expected[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pipe", folder);
    snprintf(text, sizeof text, "${file:%s}", path);
    snprintf(expected, sizeof expected, "%s: not a regular file", text);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_string_equal(replace(text), expected);
    unlink(path);
    rmdir(folder);
}

static void test_beside__relative_paths_start_at_the_file(void **state)
{
    (void)state;
    assert_string_equal(leat_config_beside(&arena, "etc/leat.yaml", "m.ubj"),
                        "etc/m.ubj");
    assert_string_equal(leat_config_beside(&arena, "/etc/leat.yaml", "a/b"), "/etc/a/b");
    assert_string_equal(leat_config_beside(&arena, "/leat.yaml", "m"), "/m");
    assert_string_equal(leat_config_beside(&arena, "leat.yaml", "m.ubj"), "m.ubj");
    assert_string_equal(leat_config_beside(&arena, "etc/leat.yaml", "/m"), "/m");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_substitute__references),
        TEST(test_substitute__dollars),
        TEST(test_substitute__what_is_brought_is_not_read_again),
        TEST(test_substitute__text_without_a_dollar_is_not_copied),
        TEST(test_substitute__refuses_bad_references),
        TEST(test_substitute__an_undefined_variable_is_named),
        TEST(test_substitute__a_secret_loses_its_newline),
        TEST(test_substitute__a_secret_is_bounded),
        TEST(test_substitute__a_secret_must_be_text),
        TEST(test_substitute__a_pipe_is_no_secret),
        TEST(test_beside__relative_paths_start_at_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
