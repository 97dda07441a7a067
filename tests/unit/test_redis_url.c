#include "features/redis/redis_tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static leat_arena arena;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static leat_redis_spec parse(const char *url)
{
    leat_redis_spec spec = {.timeout_ns = 7};
    leat_error error = {.msg = ""};
    if (leat_redis_parse_url(&spec, &arena, url, &error) != LEAT_OK)
        fail_msg("%s: %s", url, error.msg);
    return spec;
}

static leat_error refuse(const char *url)
{
    leat_redis_spec spec = {0};
    leat_error error = {.msg = ""};
    if (leat_redis_parse_url(&spec, &arena, url, &error) == LEAT_OK)
        fail_msg("%s was taken", url);
    return error;
}

static void test_redis_url__host_alone_has_the_usual_port(void **state)
{
    (void)state;
    leat_redis_spec spec = parse("redis://cache");
    assert_string_equal(spec.host, "cache");
    assert_int_equal(spec.port, 6379);
    assert_int_equal(spec.database, 0);
    assert_null(spec.user);
    assert_null(spec.password);
    assert_null(spec.unix_path);
    assert_int_equal(spec.timeout_ns, 7);
}

static void test_redis_url__all_parts(void **state)
{
    (void)state;
    leat_redis_spec spec = parse("redis://me:s%40cr%2Fet@10.0.0.1:7000/12");
    assert_string_equal(spec.user, "me");
    assert_string_equal(spec.password, "s@cr/et");
    assert_string_equal(spec.host, "10.0.0.1");
    assert_int_equal(spec.port, 7000);
    assert_int_equal(spec.database, 12);
}

static void test_redis_url__password_without_user(void **state)
{
    (void)state;
    leat_redis_spec spec = parse("redis://:secret@localhost/");
    assert_null(spec.user);
    assert_string_equal(spec.password, "secret");
    assert_string_equal(spec.host, "localhost");
}

static void test_redis_url__last_at_sign_ends_the_password(void **state)
{
    (void)state;
    assert_string_equal(parse("redis://:a@b@localhost").password, "a@b");
}

static void test_redis_url__ipv6(void **state)
{
    (void)state;
    leat_redis_spec spec = parse("redis://[::1]:6380/1");
    assert_string_equal(spec.host, "::1");
    assert_int_equal(spec.port, 6380);
    assert_int_equal(parse("redis://[fe80::1]").port, 6379);
}

static void test_redis_url__unix_socket(void **state)
{
    (void)state;
    leat_redis_spec spec = parse("unix:///run/redis.sock?db=3");
    assert_string_equal(spec.unix_path, "/run/redis.sock");
    assert_int_equal(spec.database, 3);
    assert_null(spec.host);
    assert_int_equal(parse("unix:///run/redis.sock").database, 0);
}

static void test_redis_url__refuses_what_it_cannot_read(void **state)
{
    static const char *const urls[] = {"",
                                       "localhost",
                                       "localhost:6379",
                                       "http://localhost",
                                       "redis://",
                                       "redis://:6379",
                                       "redis://host:",
                                       "redis://host:0",
                                       "redis://host:65536",
                                       "redis://host:6379x",
                                       "redis://host/one",
                                       "redis://host/-1",
                                       "redis://host/99999999999999999999",
                                       "redis://[::1",
                                       "redis://[::1]6379",
                                       "redis://u:%zz@host",
                                       "redis://u:%4",
                                       "redis://u:%00@host",
                                       "unix://run/redis.sock",
                                       "unix:///run/redis.sock?database=1"};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        leat_error error = refuse(urls[i]);
        assert_int_equal(error.code, LEAT_E_CONFIG);
        assert_int_equal(strncmp(error.msg, "redis.url: ", 11), 0);
    }
}

static void test_redis_url__refuses_a_socket_path_that_would_be_cut(void **state)
{
    char url[256];
    (void)state;
    snprintf(url, sizeof url, "unix:///%0150d", 1);
    assert_non_null(strstr(refuse(url).msg, "107 bytes"));
}

static void test_redis_url__tls_where_there_is_any(void **state)
{
    (void)state;
    if (!leat_redis_has_tls()) {
        assert_int_equal(refuse("rediss://host").code, LEAT_E_UNSUPPORTED);
        assert_non_null(strstr(refuse("rediss://host").msg, "hiredis_ssl"));
        return;
    }
    leat_redis_spec spec = parse("rediss://me:word@host:7000/2");
    assert_true(spec.has_tls);
    assert_string_equal(spec.host, "host");
    assert_int_equal(spec.database, 2);
}

static void test_redis_url__says_what_is_not_supported(void **state)
{
    (void)state;
    assert_int_equal(refuse("redis-cluster://host").code, LEAT_E_UNSUPPORTED);
    assert_int_equal(refuse("redis://a:1,b:2").code, LEAT_E_UNSUPPORTED);
}

static void test_redis_url__never_quotes_a_password(void **state)
{
    static const char *const urls[] = {"redis://u:hunter2@host:port",
                                       "redis://u:hunter2/@host",
                                       "redis://u:hunter2%@host",
                                       "redis:/u:hunter2@host",
                                       "hunter2://host",
                                       "redis://hunter2:x:y@,",
                                       "redis://u:hunter2",
                                       "redis://u:pw@host/hunter2"};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_null(strstr(refuse(urls[i]).msg, "hunter2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redis_url__host_alone_has_the_usual_port),
        cmocka_unit_test(test_redis_url__all_parts),
        cmocka_unit_test(test_redis_url__password_without_user),
        cmocka_unit_test(test_redis_url__last_at_sign_ends_the_password),
        cmocka_unit_test(test_redis_url__ipv6),
        cmocka_unit_test(test_redis_url__unix_socket),
        cmocka_unit_test(test_redis_url__refuses_what_it_cannot_read),
        cmocka_unit_test(test_redis_url__refuses_a_socket_path_that_would_be_cut),
        cmocka_unit_test(test_redis_url__tls_where_there_is_any),
        cmocka_unit_test(test_redis_url__says_what_is_not_supported),
        cmocka_unit_test(test_redis_url__never_quotes_a_password),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
