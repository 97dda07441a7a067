/* How a connection is lost, awaited and made again. */
#include "redis_trips.h"

#include "base/log.h"
#include "features/redis/redis_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static void test_redis_connect__comes_back_after_a_restart(void **state)
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

static void test_redis_connect__nobody_listens(void **state)
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
static void test_redis_connect__who_loses_it_together_comes_back_apart(void **state)
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

/* A try that outlives its batch serves a later one: else a server that is farther away
 * than a batch may wait would never be reached. A full backlog makes the kernel slow. */
static void test_redis_connect__a_slow_connect_goes_on_beside_the_batches(void **state)
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
        cmocka_unit_test(test_redis_connect__comes_back_after_a_restart),
        cmocka_unit_test(test_redis_connect__nobody_listens),
        cmocka_unit_test(test_redis_connect__who_loses_it_together_comes_back_apart),
        cmocka_unit_test(test_redis_connect__a_slow_connect_goes_on_beside_the_batches),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
