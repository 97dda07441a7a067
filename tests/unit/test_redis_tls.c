/* What a build with TLS has to do, and one without to say. */
#include "features/redis/redis_tls.h"

#include "base/clock.h"
#include "base/log.h"
#include "features/redis/redis.h"
#include "redis_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENT (10 * LEAT_SEC)

static real_redis server;
static char ca[96], cert[96], key[96];

static int set_up(void **state)
{
    (void)state;
    if (!leat_redis_has_tls())
        return 0;
    real_redis_start_tls(&server);
    snprintf(ca, sizeof ca, "%s/ca.pem", server.folder);
    snprintf(cert, sizeof cert, "%s/server.pem", server.folder);
    snprintf(key, sizeof key, "%s/server.key", server.folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (leat_redis_has_tls())
        real_redis_stop(&server);
    return 0;
}

static leat_redis_spec tls_spec(void)
{
    return (leat_redis_spec){.host = "localhost",
                             .port = server.tls_port,
                             .has_tls = true,
                             .tls_ca = ca,
                             .tls_cert = cert,
                             .tls_key = key,
                             .timeout_ns = PATIENT};
}

static void assert_refused(leat_redis_spec spec, const char *words)
{
    leat_redis *redis;
    leat_error error;
    assert_int_equal(leat_redis_new(&redis, &spec, &error), LEAT_OK);
    assert_int_not_equal(leat_redis_ping(redis, PATIENT), LEAT_OK);
    if (!strstr(leat_redis_trouble(redis), words))
        fail_msg("\"%s\" is not in \"%s\"", words, leat_redis_trouble(redis));
    leat_redis_free(redis);
}

static void test_redis_tls__a_build_without_it_says_so(void **state)
{
    leat_redis *redis;
    leat_error error;
    (void)state;
    if (leat_redis_has_tls())
        skip();
    leat_redis_spec spec = tls_spec();
    assert_int_equal(leat_redis_new(&redis, &spec, &error), LEAT_E_UNSUPPORTED);
    assert_non_null(strstr(error.msg, "hiredis_ssl"));
}

static void test_redis_tls__many_and_large_commands_pass(void **state)
{
    enum { N = 500, SIZE = 4000 };
    static char command[SIZE + 100];
    leat_redis *redis;
    leat_error error;
    (void)state;
    if (!leat_redis_has_tls())
        skip();
    leat_redis_spec spec = tls_spec();
    assert_int_equal(leat_redis_new(&redis, &spec, &error), LEAT_OK);
    for (int round = 0; round < 3; round++) {
        leat_redis_reset(redis);
        for (int i = 0; i < N; i++) {
            int head =
                snprintf(command, sizeof command, "*2\r\n$4\r\nECHO\r\n$%d\r\n", SIZE);
            memset(command + head, 'a' + i % 26, SIZE);
            memcpy(command + head + SIZE, "\r\n", 2);
            leat_slice piece = {(const uint8_t *)command, (uint32_t)(head + SIZE + 2)};
            assert_int_equal(leat_redis_ask(redis, &piece, 1, LEAT_REPLY_VALUE, 0),
                             LEAT_OK);
        }
        leat_redis_send(redis, PATIENT);
        assert_int_equal(leat_redis_receive(redis), LEAT_OK);
        for (uint32_t i = 0; i < N; i++) {
            leat_slice value = leat_redis_value(redis, i, 0);
            assert_int_equal(value.size, SIZE);
            assert_int_equal(value.data[SIZE - 1], 'a' + i % 26);
        }
    }
    assert_int_equal(leat_redis_n_connects(redis), 1);
    leat_redis_free(redis);
}

static void test_redis_tls__who_is_not_the_host_is_refused(void **state)
{
    (void)state;
    if (!leat_redis_has_tls())
        skip();
    leat_redis_spec spec = tls_spec();
    spec.host = "127.0.0.1"; /* the certificate is of localhost */
    assert_refused(spec, "certificate verify failed");
}

static void test_redis_tls__who_is_signed_by_others_is_refused(void **state)
{
    (void)state;
    if (!leat_redis_has_tls())
        skip();
    leat_redis_spec spec = tls_spec();
    spec.tls_ca = NULL; /* what the system trusts */
    assert_refused(spec, "certificate verify failed");
}

static void test_redis_tls__a_client_without_certificate_is_refused(void **state)
{
    (void)state;
    if (!leat_redis_has_tls())
        skip();
    leat_redis_spec spec = tls_spec();
    spec.tls_cert = spec.tls_key = NULL;
    assert_refused(spec, "");
}

static void test_redis_tls__a_server_without_tls_is_refused(void **state)
{
    (void)state;
    if (!leat_redis_has_tls())
        skip();
    leat_redis_spec spec = tls_spec();
    spec.port = server.port;
    assert_refused(spec, "");
}

static void test_redis_tls__files_that_are_none_are_named(void **state)
{
    leat_redis *redis;
    leat_error error;
    (void)state;
    if (!leat_redis_has_tls())
        skip();
    leat_redis_spec spec = tls_spec();
    spec.tls_ca = "/nowhere/ca.pem";
    assert_int_equal(leat_redis_new(&redis, &spec, &error), LEAT_E_CONFIG);
    assert_non_null(strstr(error.msg, "redis.tls.ca: /nowhere/ca.pem: "));
}

int main(void)
{
#define BESIDE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redis_tls__a_build_without_it_says_so),
        BESIDE(test_redis_tls__many_and_large_commands_pass),
        BESIDE(test_redis_tls__who_is_not_the_host_is_refused),
        BESIDE(test_redis_tls__who_is_signed_by_others_is_refused),
        BESIDE(test_redis_tls__a_client_without_certificate_is_refused),
        BESIDE(test_redis_tls__a_server_without_tls_is_refused),
        BESIDE(test_redis_tls__files_that_are_none_are_named),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
