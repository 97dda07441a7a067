#include "redis_trips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

leat_redis *connect_to(leat_redis_spec spec)
{
    leat_redis *redis;
    leat_error error;
    assert_int_equal(leat_redis_new(&redis, &spec, &error), LEAT_OK);
    return redis;
}

void ask(leat_redis *redis, const char *key)
{
    char command[4096];
    int size =
        snprintf(command, sizeof command,
                 "*3\r\n$5\r\nHMGET\r\n$%zu\r\n%s\r\n$1\r\nv\r\n", strlen(key), key);
    leat_slice piece = {(const uint8_t *)command, (uint32_t)size};
    assert_int_equal(leat_redis_ask(redis, &piece, 1, LEAT_REPLY_VALUES, 1), LEAT_OK);
}

leat_status round_trip(leat_redis *redis, const char *key, uint64_t wait_ns)
{
    leat_redis_reset(redis);
    ask(redis, key);
    leat_redis_send(redis, wait_ns);
    return leat_redis_receive(redis);
}

void wait_until_answered(leat_redis *redis, const char *key)
{
    uint64_t give_up_ns = leat_now_ns() + 20 * LEAT_SEC;
    while (round_trip(redis, key, PATIENT) != LEAT_OK) {
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 10);
    }
}

void assert_value(const leat_redis *redis, const char *text)
{
    assert_int_equal(leat_redis_kind(redis, 0), LEAT_REPLY_VALUES);
    leat_slice value = leat_redis_value(redis, 0, 0);
    assert_int_equal(value.size, strlen(text));
    assert_memory_equal(value.data, text, value.size);
}

void linger(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0)
        ;
}

void serve_by_name(int fd, int n, void *context)
{
    char key[64];
    (void)n, (void)context;
    while (fake_read(fd, 1, key))
        fake_write(fd, "*1\r\n$%zu\r\n%s\r\n", strlen(key), key);
}
