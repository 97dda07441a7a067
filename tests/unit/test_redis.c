#include "features/redis/redis.h"

#include "base/clock.h"
#include "base/log.h"
#include "features/redis/redis_internal.h"
#include "redis_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static leat_redis *connect_to(leat_redis_spec spec)
{
    leat_redis *redis;
    leat_error error;
    assert_int_equal(leat_redis_new(&redis, &spec, &error), LEAT_OK);
    return redis;
}

/* HMGET key v, answered with one value. */
static void ask(leat_redis *redis, const char *key)
{
    char command[4096];
    int size =
        snprintf(command, sizeof command,
                 "*3\r\n$5\r\nHMGET\r\n$%zu\r\n%s\r\n$1\r\nv\r\n", strlen(key), key);
    leat_slice piece = {(const uint8_t *)command, (uint32_t)size};
    assert_int_equal(leat_redis_ask(redis, &piece, 1, LEAT_REPLY_VALUES, 1), LEAT_OK);
}

static leat_status round_trip(leat_redis *redis, const char *key, uint64_t wait_ns)
{
    leat_redis_reset(redis);
    ask(redis, key);
    leat_redis_send(redis, wait_ns);
    return leat_redis_receive(redis);
}

#define PATIENT (10 * LEAT_SEC) /* a hang guard */

/* Batches until one is answered: the breaker has its pauses. */
static void wait_until_answered(leat_redis *redis, const char *key)
{
    uint64_t give_up_ns = leat_now_ns() + 20 * LEAT_SEC;
    while (round_trip(redis, key, PATIENT) != LEAT_OK) {
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 10);
    }
}

static void assert_value(const leat_redis *redis, const char *text)
{
    assert_int_equal(leat_redis_kind(redis, 0), LEAT_REPLY_VALUES);
    leat_slice value = leat_redis_value(redis, 0, 0);
    assert_int_equal(value.size, strlen(text));
    assert_memory_equal(value.data, text, value.size);
}

/* ---- With a real one ---- */

static void assert_answers(leat_redis_spec spec, const char *key, const char *value)
{
    leat_redis *redis = connect_to(spec);
    if (round_trip(redis, key, PATIENT) != LEAT_OK)
        fail_msg("%s", leat_redis_trouble(redis));
    assert_value(redis, value);
    leat_redis_free(redis);
}

static void assert_refused(leat_redis_spec spec, const char *words)
{
    leat_redis *redis = connect_to(spec);
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_E_UNAVAILABLE);
    assert_int_equal(leat_redis_kind(redis, 0), LEAT_REPLY_NONE);
    if (!strstr(leat_redis_trouble(redis), words))
        fail_msg("\"%s\" does not say \"%s\"", leat_redis_trouble(redis), words);
    leat_redis_free(redis);
}

static void test_redis__tcp_unix_and_database(void **state)
{
    real_redis server;
    (void)state;
    real_redis_start(&server);
    real_redis_do(&server, "HSET k v zero");
    real_redis_do(&server, "SELECT 5");
    real_redis_do(&server, "HSET k v five");
    assert_answers(real_redis_spec(&server), "k", "zero");
    assert_answers(real_redis_unix_spec(&server), "k", "zero");
    leat_redis_spec spec = real_redis_spec(&server);
    spec.database = 5;
    assert_answers(spec, "k", "five");
    real_redis_stop(&server);
}

static void test_redis__password_and_user(void **state)
{
    real_redis server;
    (void)state;
    real_redis_start(&server);
    real_redis_do(&server, "HSET k v secret");
    real_redis_do(&server, "ACL SETUSER reader on >pa:ss ~* +hmget +select");
    real_redis_do(&server, "CONFIG SET requirepass word");
    leat_redis_spec spec = real_redis_spec(&server);
    spec.password = "word";
    assert_answers(spec, "k", "secret");
    spec.user = "reader";
    spec.password = "pa:ss";
    assert_answers(spec, "k", "secret");
    real_redis_stop(&server);
}

static void test_redis__refused_login_gives_no_features(void **state)
{
    real_redis server;
    (void)state;
    real_redis_start(&server);
    real_redis_do(&server, "HSET k v secret");
    leat_redis_spec spec = real_redis_spec(&server);
    spec.database = 99; /* the answers behind a refused SELECT come from database 0 */
    assert_refused(spec, "login refused: ERR DB index is out of range");
    spec.database = 0;
    real_redis_do(&server, "CONFIG SET requirepass word");
    spec.password = "hunter2";
    assert_refused(spec, "login refused: WRONGPASS");
    real_redis_stop(&server);
}

static void test_redis__check_tells_redis_own_words(void **state)
{
    real_redis server;
    leat_error error;
    (void)state;
    real_redis_start(&server);
    leat_redis_spec spec = real_redis_spec(&server);
    assert_int_equal(leat_redis_check(&spec, &error), LEAT_OK);
    real_redis_do(&server, "CONFIG SET requirepass word");
    assert_int_equal(leat_redis_check(&spec, &error), LEAT_E_UNAVAILABLE);
    assert_non_null(strstr(error.msg, "NOAUTH Authentication required"));
    real_redis_stop(&server);
}

/* The least that lookups need. */
static void test_redis__check_needs_no_right_to_ping(void **state)
{
    real_redis server;
    leat_error error;
    (void)state;
    real_redis_start(&server);
    real_redis_do(&server, "ACL SETUSER reader on >word ~user:* +hmget");
    leat_redis_spec spec = real_redis_spec(&server);
    spec.user = "reader";
    spec.password = "word";
    assert_int_equal(leat_redis_check(&spec, &error), LEAT_OK);
    real_redis_stop(&server);
}

static void test_redis__check_refuses_a_cluster_by_name(void **state)
{
    real_redis server;
    leat_error error;
    (void)state;
    real_redis_start_cluster_node(&server);
    leat_redis_spec spec = real_redis_spec(&server);
    assert_int_equal(leat_redis_check(&spec, &error), LEAT_E_UNSUPPORTED);
    assert_non_null(strstr(error.msg, "Redis cluster, which is not supported"));
    real_redis_stop(&server);
}

static void test_redis__comes_back_after_a_restart(void **state)
{
    real_redis server;
    (void)state;
    real_redis_start(&server);
    leat_redis *redis = connect_to(real_redis_spec(&server));
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_OK);
    real_redis_kill(&server);
    real_redis_restart(&server);
    real_redis_do(&server, "HSET k v again");
    wait_until_answered(redis, "k");
    assert_value(redis, "again");
    assert_int_equal(leat_redis_n_connects(redis), 2);
    leat_redis_free(redis);
    real_redis_stop(&server);
}

/* ---- With a false one ---- */

/* Waits until the client hangs up. */
static void linger(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0)
        ;
}

static void serve_by_name(int fd, int n, void *context)
{
    char key[64];
    (void)n, (void)context;
    while (fake_read(fd, 1, key))
        fake_write(fd, "*1\r\n$%zu\r\n%s\r\n", strlen(key), key);
}

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

static void test_redis__a_late_answer_never_answers_the_next_question(void **state)
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

static void test_redis__what_has_arrived_by_the_deadline_counts(void **state)
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

static void test_redis__the_time_out_begins_when_the_questions_have_left(void **state)
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

static void test_redis__a_connection_cut_in_a_reply_keeps_the_whole_ones(void **state)
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

static void test_redis__one_byte_at_a_time(void **state)
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

static void test_redis__what_is_not_an_answer_closes_and_opens_the_breaker(void **state)
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

static void test_redis__a_refused_command_leaves_the_connection_in_step(void **state)
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

static void test_redis__a_stray_reply_never_answers_the_next_question(void **state)
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

static void test_redis__a_flood_ends_at_the_deadline(void **state)
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

static void test_redis__a_pipeline_larger_than_both_sockets_hold(void **state)
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

static void test_redis__nobody_listens(void **state)
{
    fake_redis server;
    (void)state;
    fake_redis_start(&server, serve_by_name, NULL);
    leat_redis_spec spec = fake_redis_spec(&server);
    fake_redis_stop(&server);
    leat_redis *redis = connect_to(spec);
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_E_UNAVAILABLE);
    assert_non_null(
        strstr(leat_redis_trouble(redis), "cannot connect: Connection refused"));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_E_UNAVAILABLE);
    assert_true(leat_redis_n_connects(redis) <= 2); /* 2: a machine that took a second */
    leat_redis_free(redis);
}

/* Lanes lose a Redis that is killed within milliseconds of one another. */
static void test_redis__who_loses_it_together_comes_back_apart(void **state)
{
    leat_redis_spec spec = {.unix_path = "/nonexistent/redis.sock"};
    uint64_t shortest = UINT64_MAX, longest = 0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        leat_redis *redis = connect_to(spec);
        assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_E_UNAVAILABLE);
        uint64_t pause = redis->next_try_ns - redis->last_try_ns;
        shortest = pause < shortest ? pause : shortest;
        longest = pause > longest ? pause : longest;
        leat_redis_free(redis);
    }
    assert_in_range(shortest, 1100 * LEAT_MS, 1200 * LEAT_MS);
    assert_in_range(longest, 1550 * LEAT_MS, 1650 * LEAT_MS);
}

static void test_redis__a_name_without_address(void **state)
{
    leat_error error;
    (void)state;
    leat_redis_spec spec = {.host = "no-such-host.invalid", .port = 1, .timeout_ns = 1};
    assert_int_equal(leat_redis_check(&spec, &error), LEAT_E_UNAVAILABLE);
    assert_non_null(strstr(error.msg, "no-such-host.invalid:1: "));
}

static void test_redis__no_such_socket(void **state)
{
    leat_error error;
    (void)state;
    leat_redis_spec spec = {.unix_path = "/nonexistent/redis.sock"};
    assert_int_equal(leat_redis_check(&spec, &error), LEAT_E_UNAVAILABLE);
    assert_non_null(
        strstr(error.msg, "/nonexistent/redis.sock: cannot connect: No such"));
}

/* A try that outlives its batch serves a later one: else a server that is farther away
 * than a batch may wait would never be reached. A full backlog makes the kernel slow. */
static void test_redis__a_slow_connect_goes_on_beside_the_batches(void **state)
{
    redisContext *crowd[3];
    fake_redis server;
    (void)state;
    fake_redis_listen(&server, 0);
    for (int i = 0; i < 3; i++)
        crowd[i] = redisConnectNonBlock("127.0.0.1", server.port);
    leat_redis *redis = connect_to(fake_redis_spec(&server));
    assert_int_equal(round_trip(redis, "k", 20 * LEAT_MS), LEAT_E_TIMEOUT);
    assert_non_null(strstr(leat_redis_trouble(redis), "timed out connecting"));
    assert_int_equal(round_trip(redis, "k", PATIENT), LEAT_E_UNAVAILABLE);
    for (int i = 0; i < 3; i++)
        redisFree(crowd[i]);
    fake_redis_serve(&server, serve_by_name, NULL);
    wait_until_answered(redis, "k");
    assert_value(redis, "k");
    assert_int_equal(leat_redis_n_connects(redis), 1);
    leat_redis_free(redis);
    fake_redis_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redis__tcp_unix_and_database),
        cmocka_unit_test(test_redis__password_and_user),
        cmocka_unit_test(test_redis__refused_login_gives_no_features),
        cmocka_unit_test(test_redis__check_tells_redis_own_words),
        cmocka_unit_test(test_redis__check_needs_no_right_to_ping),
        cmocka_unit_test(test_redis__check_refuses_a_cluster_by_name),
        cmocka_unit_test(test_redis__comes_back_after_a_restart),
        cmocka_unit_test(test_redis__a_late_answer_never_answers_the_next_question),
        cmocka_unit_test(test_redis__what_has_arrived_by_the_deadline_counts),
        cmocka_unit_test(test_redis__the_time_out_begins_when_the_questions_have_left),
        cmocka_unit_test(test_redis__a_connection_cut_in_a_reply_keeps_the_whole_ones),
        cmocka_unit_test(test_redis__one_byte_at_a_time),
        cmocka_unit_test(test_redis__what_is_not_an_answer_closes_and_opens_the_breaker),
        cmocka_unit_test(test_redis__a_refused_command_leaves_the_connection_in_step),
        cmocka_unit_test(test_redis__a_stray_reply_never_answers_the_next_question),
        cmocka_unit_test(test_redis__a_flood_ends_at_the_deadline),
        cmocka_unit_test(test_redis__a_pipeline_larger_than_both_sockets_hold),
        cmocka_unit_test(test_redis__nobody_listens),
        cmocka_unit_test(test_redis__who_loses_it_together_comes_back_apart),
        cmocka_unit_test(test_redis__a_name_without_address),
        cmocka_unit_test(test_redis__no_such_socket),
        cmocka_unit_test(test_redis__a_slow_connect_goes_on_beside_the_batches),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
