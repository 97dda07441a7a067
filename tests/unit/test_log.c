/* Each test takes standard error away for a moment and looks at what was written there.
 */
#include "base/log.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int own_stderr;
static int reader;

static int capture(void **state)
{
    int ends[2];
    (void)state;
    own_stderr = dup(STDERR_FILENO);
    if (pipe(ends))
        return -1;
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
    fcntl(reader, F_SETFL, O_NONBLOCK);
    return 0;
}

static int release(void **state)
{
    (void)state;
    dup2(own_stderr, STDERR_FILENO);
    close(own_stderr);
    close(reader);
    return 0;
}

/* What was written since the last look, at most 64 KiB. */
static const char *look(void)
{
    static char text[65537];
    ssize_t size = read(reader, text, sizeof text - 1);
    text[size > 0 ? size : 0] = 0;
    return text;
}

static void assert_ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), n = strlen(end);
    if (size < n || strcmp(text + size - n, end))
        fail_msg("\"%s\" does not end with \"%s\"", text, end);
}

static void test_log__text_is_for_eyes(void **state)
{
    (void)state;
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_INFO);
    leat_log(LEAT_LOG_WARN, "lane 0", "n=%d", 7);
    assert_ends_with(look(), " warn  lane 0: n=7\n");
}

static void test_log__json_outside_of_a_terminal(void **state)
{
    (void)state;
    leat_log_open(LEAT_LOG_AUTO, LEAT_LOG_INFO);
    leat_log(LEAT_LOG_INFO, "redis", "up");
    const char *line = look();
    assert_int_equal(strncmp(line, "{\"time\":\"20", 11), 0);
    assert_ends_with(line,
                     "Z\",\"level\":\"info\",\"part\":\"redis\",\"message\":\"up\"}\n");
}

static void test_log__json_escapes(void **state)
{
    (void)state;
    leat_log_open(LEAT_LOG_JSON, LEAT_LOG_INFO);
    leat_log(LEAT_LOG_INFO, "a\"b", "q\" b\\ n\n t\t e\x1b d\x7f u\xc3\xbc");
    assert_ends_with(look(),
                     "\"part\":\"a\\\"b\",\"message\":\"q\\\" b\\\\ n\\u000a t\\u0009 "
                     "e\\u001b d\\u007f u\xc3\xbc\"}\n");
}

static void test_log__what_is_no_utf8_cannot_break_the_json(void **state)
{
    (void)state;
    leat_log_open(LEAT_LOG_JSON, LEAT_LOG_INFO);
    leat_log(LEAT_LOG_INFO, "p", "a\xff\xc3");
    assert_ends_with(look(), "\"message\":\"a??\"}\n");
}

static void test_log__text_cannot_forge_a_line_or_move_the_cursor(void **state)
{
    (void)state;
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_INFO);
    leat_log(LEAT_LOG_INFO, "p", "a\nb\x1b[2J");
    assert_ends_with(look(), "p: a\\x0ab\\x1b[2J\n");
}

static void test_log__levels_below_the_least_are_silent(void **state)
{
    (void)state;
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_WARN);
    leat_log(LEAT_LOG_DEBUG, "p", "no");
    leat_log(LEAT_LOG_INFO, "p", "no");
    assert_string_equal(look(), "");
    leat_log(LEAT_LOG_ERROR, "p", "yes");
    assert_ends_with(look(), " error p: yes\n");
}

static void test_log__a_long_message_is_cut_and_stays_one_line(void **state)
{
    char message[8000];
    (void)state;
    memset(message, '\x01', sizeof message - 1);
    message[sizeof message - 1] = 0;
    leat_log_open(LEAT_LOG_JSON, LEAT_LOG_INFO);
    leat_log(LEAT_LOG_INFO, "p", "%s", message);
    const char *line = look();
    assert_true(strlen(line) <= 4096);
    assert_ends_with(line, "\\u0001\"}\n");
}

static void test_log__limit_holds_back_and_counts(void **state)
{
    leat_log_limit limit = {0};
    (void)state;
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_INFO);
    leat_log_limited(&limit, 3600 * LEAT_SEC, LEAT_LOG_WARN, "p", "down");
    assert_ends_with(look(), "p: down\n");
    for (int i = 0; i < 3; i++)
        leat_log_limited(&limit, 3600 * LEAT_SEC, LEAT_LOG_WARN, "p", "down");
    assert_string_equal(look(), "");
    limit.next_ns = 0; /* the period is over */
    leat_log_limited(&limit, 3600 * LEAT_SEC, LEAT_LOG_WARN, "p", "down");
    assert_ends_with(look(), "p: down (3 more held back)\n");
    assert_int_equal(limit.held, 0);
}

static void test_log__a_reader_that_sleeps_never_blocks_and_is_told(void **state)
{
    enum { LINES = 2000 }; /* many times what a pipe holds */
    char padding[200];
    int n_read = 0;
    (void)state;
    memset(padding, 'x', sizeof padding - 1);
    padding[sizeof padding - 1] = 0;
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_INFO);
    for (int i = 0; i < LINES; i++)
        leat_log(LEAT_LOG_INFO, "p", "%s", padding);
    for (const char *text = look(); *text; text = look())
        for (const char *at = text; (at = strchr(at, '\n')); at++)
            n_read++;
    assert_true(n_read > 0 && n_read < LINES);

    char told[64];
    snprintf(told, sizeof told, "%d lines were dropped", LINES - n_read);
    leat_log(LEAT_LOG_INFO, "p", "again");
    const char *text = look();
    assert_non_null(strstr(text, told));
    assert_ends_with(text, "p: again\n");
}

int main(void)
{
#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, capture, release)
    const struct CMUnitTest tests[] = {
        CAPTURED(test_log__text_is_for_eyes),
        CAPTURED(test_log__json_outside_of_a_terminal),
        CAPTURED(test_log__json_escapes),
        CAPTURED(test_log__what_is_no_utf8_cannot_break_the_json),
        CAPTURED(test_log__text_cannot_forge_a_line_or_move_the_cursor),
        CAPTURED(test_log__levels_below_the_least_are_silent),
        CAPTURED(test_log__a_long_message_is_cut_and_stays_one_line),
        CAPTURED(test_log__limit_holds_back_and_counts),
        CAPTURED(test_log__a_reader_that_sleeps_never_blocks_and_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
