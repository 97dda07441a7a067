/* Replies without a server: what the reader is fed is what a socket would have brought.
 */
#include "features/redis/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

typedef struct fixture {
    leat_pipeline pipeline;
    redisReader *reader;
} fixture;

static void ask(leat_pipeline *pipeline, const char *command, leat_reply_kind expected,
                uint32_t n_values)
{
    leat_slice piece = {(const uint8_t *)command, (uint32_t)strlen(command)};
    assert_int_equal(leat_pipeline_ask(pipeline, &piece, 1, expected, n_values), LEAT_OK);
}

static int set_up(void **state)
{
    static fixture only;
    leat_pipeline_init(&only.pipeline);
    only.reader = redisReaderCreate();
    leat_pipeline_attach(&only.pipeline, only.reader);
    *state = &only;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    redisReaderFree(f->reader);
    leat_pipeline_fini(&f->pipeline);
    return 0;
}

/* Two questions, of two values and of one. */
static void ask_two(fixture *f)
{
    size_t size;
    ask(&f->pipeline, "a", LEAT_REPLY_VALUES, 2);
    ask(&f->pipeline, "b", LEAT_REPLY_VALUES, 1);
    leat_pipeline_start(&f->pipeline, true, &size);
}

static leat_status feed(fixture *f, const char *bytes)
{
    redisReaderFeed(f->reader, bytes, strlen(bytes));
    return leat_pipeline_take(&f->pipeline, f->reader);
}

static void assert_value(const fixture *f, uint32_t command, uint32_t i, const char *text)
{
    leat_slice value = leat_pipeline_value(&f->pipeline, command, i);
    assert_non_null(value.data);
    assert_int_equal(value.size, strlen(text));
    assert_memory_equal(value.data, text, value.size);
}

static const char two_replies[] = "*2\r\n$1\r\nx\r\n$-1\r\n*1\r\n$0\r\n\r\n";

static void assert_two_replies(const fixture *f)
{
    assert_true(leat_pipeline_done(&f->pipeline));
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_VALUES);
    assert_value(f, 0, 0, "x");
    assert_null(leat_pipeline_value(&f->pipeline, 0, 1).data);
    assert_value(f, 1, 0, "");
}

static void test_pipeline__replies_land_in_their_places(void **state)
{
    fixture *f = *state;
    ask_two(f);
    assert_int_equal(feed(f, two_replies), LEAT_OK);
    assert_two_replies(f);
}

static void test_pipeline__one_byte_at_a_time(void **state)
{
    fixture *f = *state;
    ask_two(f);
    for (const char *at = two_replies; *at; at++) {
        assert_false(leat_pipeline_done(&f->pipeline));
        assert_int_equal(feed(f, (char[]){*at, 0}), LEAT_OK);
    }
    assert_two_replies(f);
}

static void test_pipeline__half_an_answer_is_none(void **state)
{
    fixture *f = *state;
    ask_two(f);
    assert_int_equal(feed(f, "*2\r\n$1\r\nx\r\n"), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_NONE);
}

static void test_pipeline__an_error_belongs_to_its_command(void **state)
{
    fixture *f = *state;
    ask_two(f);
    assert_int_equal(feed(f, "-WRONGTYPE no\r\n*1\r\n$1\r\ny\r\n"), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_ERROR);
    assert_value(f, 0, 0, "WRONGTYPE no");
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 1), LEAT_REPLY_VALUES);
    assert_value(f, 1, 0, "y");
}

static void test_pipeline__what_was_not_asked_for_is_no_answer(void **state)
{
    static const char *const replies[] = {
        "*1\r\n$1\r\nx\r\n",                  /* too few */
        "*3\r\n$1\r\nx\r\n$1\r\n",            /* too many */
        "*2147483647\r\n",                    /* a bomb */
        "*0\r\n",                             /* none */
        "*-1\r\n",                            /* nil for the whole */
        "$-1\r\n",                            /* and again */
        "$1\r\nx\r\n",                        /* a text */
        "+OK\r\n",                            /* a status */
        ":1\r\n",                             /* an integer */
        "*2\r\n:1\r\n:2\r\n",                 /* integers inside */
        "*2\r\n+a\r\n+b\r\n",                 /* statuses inside */
        "*2\r\n-ERR a\r\n$-1\r\n",            /* an error inside */
        "*2\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n", /* an array inside */
        "*2\r\n*0\r\n*0\r\n",                 /* empty ones */
        "*99999999999999\r\n",                /* more than an int */
        "*x\r\n",                             /* no number */
        "*2\r\n$-5\r\n",                      /* a length that cannot be */
        "HTTP/1.1 400 Bad Request\r\n",       /* another protocol */
        "\r\n",                               /* nothing */
        "%1\r\n$1\r\na\r\n$1\r\nb\r\n",       /* RESP3 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        void *own = NULL;
        set_up(&own);
        fixture *f = own;
        ask_two(f);
        if (feed(f, replies[i]) != LEAT_E_PROTOCOL)
            fail_msg("taken: %s", replies[i]);
        assert_string_not_equal(f->pipeline.complaint, "");
        tear_down(&own);
    }
}

static void test_pipeline__a_false_answer_takes_the_earlier_ones_with_it(void **state)
{
    fixture *f = *state;
    ask_two(f);
    assert_int_equal(feed(f, "*2\r\n$1\r\nx\r\n$1\r\ny\r\n:1\r\n"), LEAT_E_PROTOCOL);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_NONE);
}

static void test_pipeline__bytes_behind_the_last_answer_are_refused(void **state)
{
    fixture *f = *state;
    ask_two(f);
    redisReaderFeed(f->reader, two_replies, strlen(two_replies));
    assert_int_equal(feed(f, "+"), LEAT_E_PROTOCOL);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_NONE);
}

static leat_status ask_and_feed(fixture *f, leat_reply_kind expected, const char *bytes)
{
    size_t size;
    leat_pipeline_reset(&f->pipeline);
    ask(&f->pipeline, "c", expected, 0);
    leat_pipeline_start(&f->pipeline, true, &size);
    return feed(f, bytes);
}

static void test_pipeline__a_value_may_stand_by_itself(void **state)
{
    fixture *f = *state;
    assert_int_equal(ask_and_feed(f, LEAT_REPLY_VALUE, "$3\r\nx"), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_NONE);
    redisReaderFeed(f->reader, "\0y\r\n", 4);
    assert_int_equal(leat_pipeline_take(&f->pipeline, f->reader), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_VALUE);
    assert_int_equal(leat_pipeline_value(&f->pipeline, 0, 0).size, 3);
    assert_memory_equal(leat_pipeline_value(&f->pipeline, 0, 0).data, "x\0y", 3);

    assert_int_equal(ask_and_feed(f, LEAT_REPLY_VALUE, "$-1\r\n"), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_VALUE);
    assert_null(leat_pipeline_value(&f->pipeline, 0, 0).data);

    assert_int_equal(ask_and_feed(f, LEAT_REPLY_VALUE, "-ERR no\r\n"), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_ERROR);
}

static void test_pipeline__a_status_has_its_text(void **state)
{
    fixture *f = *state;
    assert_int_equal(ask_and_feed(f, LEAT_REPLY_TEXT, "+PONG\r\n"), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_TEXT);
    assert_value(f, 0, 0, "PONG");
}

static void test_pipeline__each_kind_refuses_the_others(void **state)
{
    static const struct {
        leat_reply_kind expected;
        const char *reply;
    } cases[] = {
        {LEAT_REPLY_VALUE, "+OK\r\n"},
        {LEAT_REPLY_VALUE, ":1\r\n"},
        {LEAT_REPLY_VALUE, "*1\r\n$1\r\nx\r\n"},
        {LEAT_REPLY_TEXT, "$1\r\nx\r\n"},
        {LEAT_REPLY_TEXT, "$-1\r\n"},
        {LEAT_REPLY_TEXT, ":1\r\n"},
        {LEAT_REPLY_TEXT, "*0\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *own = NULL;
        set_up(&own);
        if (ask_and_feed(own, cases[i].expected, cases[i].reply) != LEAT_E_PROTOCOL)
            fail_msg("taken: %s", cases[i].reply);
        tear_down(&own);
    }
}

static void test_pipeline__kept_commands_go_first_on_a_new_connection_only(void **state)
{
    fixture *f = *state;
    size_t size;
    ask(&f->pipeline, "AUTH", LEAT_REPLY_TEXT, 0);
    leat_pipeline_keep(&f->pipeline);
    leat_pipeline_reset(&f->pipeline);
    ask(&f->pipeline, "HMGET", LEAT_REPLY_VALUES, 1);
    assert_memory_equal(leat_pipeline_start(&f->pipeline, true, &size), "AUTHHMGET", 9);
    assert_int_equal(size, 9);
    assert_int_equal(feed(f, "+OK\r\n*1\r\n$1\r\nx\r\n"), LEAT_OK);
    assert_int_equal(leat_pipeline_kind(&f->pipeline, 0), LEAT_REPLY_TEXT);
    assert_value(f, 1, 0, "x");

    leat_pipeline_reset(&f->pipeline);
    assert_true(leat_pipeline_done(&f->pipeline));
    ask(&f->pipeline, "MGET", LEAT_REPLY_VALUES, 1);
    assert_memory_equal(leat_pipeline_start(&f->pipeline, false, &size), "MGET", 4);
    assert_int_equal(size, 4);
    assert_int_equal(feed(f, "*1\r\n$1\r\ny\r\n"), LEAT_OK);
    assert_value(f, 1, 0, "y");
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(test_pipeline__replies_land_in_their_places),
        FRESH(test_pipeline__one_byte_at_a_time),
        FRESH(test_pipeline__half_an_answer_is_none),
        FRESH(test_pipeline__an_error_belongs_to_its_command),
        cmocka_unit_test(test_pipeline__what_was_not_asked_for_is_no_answer),
        FRESH(test_pipeline__a_false_answer_takes_the_earlier_ones_with_it),
        FRESH(test_pipeline__bytes_behind_the_last_answer_are_refused),
        FRESH(test_pipeline__a_value_may_stand_by_itself),
        FRESH(test_pipeline__a_status_has_its_text),
        cmocka_unit_test(test_pipeline__each_kind_refuses_the_others),
        FRESH(test_pipeline__kept_commands_go_first_on_a_new_connection_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
