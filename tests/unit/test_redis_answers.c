/* With a false one: answers that are late, cut, out of step or none. */
#include "redis_trips.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The gate opens when the test says so: "late" without a clock. */
typedef struct gate {
    int ends[2];
} gate;

static void serve_late(int fd, int n, void *context)
{
    char key[64], byte;
    gate *late = context;
    if (n > 0) {
        serve_by_name(fd, n, NULL);
        return;
    }
    if (!fake_read(fd, 1, key) || read(late->ends[0], &byte, 1) != 1)
        return;
    fake_write(fd, "*1\r\n$%zu\r\n%s\r\n", strlen(key), key);
    linger(fd);
}

static void test_redis_answers__a_late_answer_never_answers_the_next_question(
    void **state)
{
    gate late;
    fake_redis server;
    (void)state;
    assert_return_code(pipe(late.ends), 0);
    fake_redis_start(&server, serve_late, &late);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "first", 20 * LEAT_MS), LEAT_E_TIMEOUT);
    assert_int_equal(leat_redis_kind(redis, 0), LEAT_REPLY_NONE);
    leat_redis_reset(redis);
    ask(redis, "second");
    leat_redis_send(redis, PATIENT);
    assert_int_equal(write(late.ends[1], "", 1), 1);
    if (leat_redis_receive(redis) != LEAT_OK)
        wait_until_answered(redis, "second");
    assert_value(redis, "second");
    leat_redis_free(redis);
    fake_redis_stop(&server);
    close(late.ends[0]);
    close(late.ends[1]);
}

static void test_redis_answers__what_has_arrived_by_the_deadline_counts(void **state)
{
    fake_redis server;
    (void)state;
    fake_redis_start(&server, serve_by_name, NULL);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "warm", PATIENT), LEAT_OK);
    leat_redis_reset(redis);
    ask(redis, "early");
    leat_redis_send(redis, 100 * LEAT_MS);
    uint64_t deadline_ns = leat_now_ns() + 100 * LEAT_MS;
    while (leat_now_ns() < deadline_ns) /* the lane was held up elsewhere */
        poll(NULL, 0, 10);
    assert_int_equal(leat_redis_receive(redis), LEAT_OK);
    assert_value(redis, "early");
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

/* In place of hiredis's, by the linker: the lane is held up before it writes. */
static int held_up_ms;
int __real_redisBufferWrite(redisContext *context, int *is_done);
int __wrap_redisBufferWrite(redisContext *context, int *is_done);

int __wrap_redisBufferWrite(redisContext *context, int *is_done)
{
    poll(NULL, 0, held_up_ms);
    return __real_redisBufferWrite(context, is_done);
}

static void test_redis_answers__the_time_out_begins_when_the_questions_have_left(
    void **state)
{
    enum { TIMEOUT_MS = 300 };
    fake_redis server;
    (void)state;
    fake_redis_start(&server, serve_by_name, NULL);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "warm", PATIENT), LEAT_OK);
    held_up_ms = 2 * TIMEOUT_MS;
    leat_status status = round_trip(redis, "held up", TIMEOUT_MS * LEAT_MS);
    held_up_ms = 0;
    assert_int_equal(status, LEAT_OK);
    assert_value(redis, "held up");
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

static void serve_one_of_two(int fd, int n, void *context)
{
    (void)n, (void)context;
    fake_read(fd, 2, NULL);
    fake_write(fd, "*1\r\n$1\r\nx\r\n*1\r\n$5\r\nhal");
}

static void test_redis_answers__a_connection_cut_in_a_reply_keeps_the_whole_ones(
    void **state)
{
    fake_redis server;
    (void)state;
    fake_redis_start(&server, serve_one_of_two, NULL);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    leat_redis_reset(redis);
    ask(redis, "a");
    ask(redis, "b");
    leat_redis_send(redis, PATIENT);
    assert_int_equal(leat_redis_receive(redis), LEAT_E_UNAVAILABLE);
    assert_value(redis, "x");
    assert_int_equal(leat_redis_kind(redis, 1), LEAT_REPLY_NONE);
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

static void serve_bytes(int fd, int n, void *context)
{
    (void)n, (void)context;
    while (fake_read(fd, 1, NULL))
        for (const char *at = "*1\r\n$6\r\nslowly\r\n"; *at; at++)
            assert_int_equal(send(fd, at, 1, MSG_NOSIGNAL), 1);
}

static void test_redis_answers__one_byte_at_a_time(void **state)
{
    fake_redis server;
    (void)state;
    fake_redis_start(&server, serve_bytes, NULL);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_OK);
    assert_value(redis, "slowly");
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

static void serve_words(int fd, int n, void *context)
{
    (void)n;
    fake_read(fd, 1, NULL);
    fake_write(fd, "%s", (const char *)context);
    linger(fd);
}

static void assert_closed_after(const char *reply)
{
    fake_redis server;
    fake_redis_start(&server, serve_words, (void *)(uintptr_t)reply);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_E_PROTOCOL);
    assert_non_null(strstr(leat_redis_trouble(redis), "not Redis's language"));
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_E_UNAVAILABLE);
    assert_int_equal(leat_redis_n_connects(redis), 1);
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

static void test_redis_answers__what_is_not_an_answer_closes_and_opens_the_breaker(
    void **state)
{
    (void)state;
    assert_closed_after("HTTP/1.1 400 Bad Request\r\n");
    assert_closed_after("*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    assert_closed_after("*1\r\n$1\r\na\r\n+and more\r\n");
}

static void serve_loading(int fd, int n, void *context)
{
    (void)n, (void)context;
    for (int i = 0; fake_read(fd, 1, NULL); i++)
        fake_write(fd, i ? "*1\r\n$1\r\nx\r\n" : "-LOADING Redis is loading\r\n");
}

static void test_redis_answers__a_refused_command_leaves_the_connection_in_step(
    void **state)
{
    fake_redis server;
    (void)state;
    fake_redis_start(&server, serve_loading, NULL);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_OK);
    assert_int_equal(leat_redis_kind(redis, 0), LEAT_REPLY_ERROR);
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_OK);
    assert_value(redis, "x");
    assert_int_equal(leat_redis_n_connects(redis), 1);
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

/* Answers, and then says something that nobody asked for. */
static void serve_stray(int fd, int n, void *context)
{
    gate *said = context;
    if (n > 0) {
        serve_by_name(fd, n, NULL);
        return;
    }
    fake_read(fd, 1, NULL);
    fake_write(fd, "*1\r\n$1\r\nx\r\n");
    char byte;
    if (read(said->ends[0], &byte, 1) == 1)
        fake_write(fd, "*1\r\n$5\r\nstray\r\n");
    assert_int_equal(write(said->ends[1], "", 1), 1);
    linger(fd);
}

static void test_redis_answers__a_stray_reply_never_answers_the_next_question(
    void **state)
{
    gate said, back;
    fake_redis server;
    char byte;
    (void)state;
    assert_return_code(pipe(said.ends), 0);
    assert_return_code(pipe(back.ends), 0);
    gate seen_by_server = {{said.ends[0], back.ends[1]}};
    fake_redis_start(&server, serve_stray, &seen_by_server);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_OK);
    assert_int_equal(write(said.ends[1], "", 1), 1);
    assert_int_equal(read(back.ends[0], &byte, 1), 1);
    wait_until_answered(redis, "mine");
    assert_value(redis, "mine");
    leat_redis_free(redis);
    fake_redis_stop(&server);
    for (int i = 0; i < 2; i++) {
        close(said.ends[i]);
        close(back.ends[i]);
    }
}

static void serve_flood(int fd, int n, void *context)
{
    char bytes[4096];
    (void)n, (void)context;
    fake_read(fd, 1, NULL);
    fake_write(fd, "*1\r\n$1000000000\r\n");
    memset(bytes, 'x', sizeof bytes);
    while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
        ;
}

static void test_redis_answers__a_flood_ends_at_the_deadline(void **state)
{
    fake_redis server;
    (void)state;
    fake_redis_start(&server, serve_flood, NULL);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "k", 50 * LEAT_MS), LEAT_E_TIMEOUT);
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

enum { MANY = 10000, LONG = 2000, LINES_A_COMMAND = 7 };

/* Answers each command before it reads on, so that it stands still while nobody reads. */
static void serve_in_step(int fd, int n, void *context)
{
    static char bytes[16384], value[LONG + 1];
    (void)n, (void)context;
    memset(value, 'x', LONG);
    ssize_t size;
    for (int n_lines = 0; (size = read(fd, bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < size; i++)
            if (bytes[i] == '\n' && ++n_lines % LINES_A_COMMAND == 0)
                fake_write(fd, "*1\r\n$%d\r\n%s\r\n", LONG, value);
}

static void test_redis_answers__a_pipeline_larger_than_both_sockets_hold(void **state)
{
    char key[LONG + 1];
    fake_redis server;
    (void)state;
    memset(key, 'k', LONG);
    key[LONG] = 0;
    fake_redis_start(&server, serve_in_step, NULL);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    leat_redis_reset(redis);
    for (int i = 0; i < MANY; i++)
        ask(redis, key);
    leat_redis_send(redis, PATIENT);
    if (leat_redis_receive(redis) != LEAT_OK)
        fail_msg("%s", leat_redis_trouble(redis));
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(leat_redis_value(redis, i, 0).size, LONG);
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_redis_answers__a_late_answer_never_answers_the_next_question),
        cmocka_unit_test(test_redis_answers__what_has_arrived_by_the_deadline_counts),
        cmocka_unit_test(
            test_redis_answers__the_time_out_begins_when_the_questions_have_left),
        cmocka_unit_test(
            test_redis_answers__a_connection_cut_in_a_reply_keeps_the_whole_ones),
        cmocka_unit_test(test_redis_answers__one_byte_at_a_time),
        cmocka_unit_test(
            test_redis_answers__what_is_not_an_answer_closes_and_opens_the_breaker),
        cmocka_unit_test(
            test_redis_answers__a_refused_command_leaves_the_connection_in_step),
        cmocka_unit_test(
            test_redis_answers__a_stray_reply_never_answers_the_next_question),
        cmocka_unit_test(test_redis_answers__a_flood_ends_at_the_deadline),
        cmocka_unit_test(test_redis_answers__a_pipeline_larger_than_both_sockets_hold),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
