/* With a real one: addresses, logins and checks. */
#include "redis_trips.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redis__tcp_unix_and_database),
        cmocka_unit_test(test_redis__password_and_user),
        cmocka_unit_test(test_redis__refused_login_gives_no_features),
        cmocka_unit_test(test_redis__check_tells_redis_own_words),
        cmocka_unit_test(test_redis__check_needs_no_right_to_ping),
        cmocka_unit_test(test_redis__check_refuses_a_cluster_by_name),
        cmocka_unit_test(test_redis__a_name_without_address),
        cmocka_unit_test(test_redis__no_such_socket),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
