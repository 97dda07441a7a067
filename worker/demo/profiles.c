#include "worker/demo/profiles.h"

#include "base/clock.h"

#include <hiredis/hiredis.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { START_SECONDS = 10, MAX_ARGUMENTS = 2 + 2 * LEAT_PROFILE_FIELDS };

static redisContext *dial(const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/redis.sock", folder);
    redisContext *redis = redisConnectUnix(path);
    if (redis && redis->err) {
        redisFree(redis);
        return NULL;
    }
    return redis;
}

static leat_status await(leat_child *redis, const char *folder, leat_error *error)
{
    uint64_t deadline_ns = leat_now_ns() + START_SECONDS * LEAT_SEC;
    while (leat_child_is_running(redis) && leat_ms_until(deadline_ns)) {
        redisContext *connection = dial(folder);
        if (connection) {
            redisFree(connection);
            return LEAT_OK;
        }
        usleep(10000);
    }
    if (redis->exit_code == LEAT_CHILD_NOT_FOUND)
        return leat_error_set(error, LEAT_E_UNAVAILABLE, "redis-server is not installed");
    return leat_error_set(error, LEAT_E_UNAVAILABLE, "redis-server did not come up");
}

leat_status leat_profiles_start(leat_child *redis, const char *folder, leat_error *error)
{
    char socket[PATH_MAX], log[PATH_MAX];
    snprintf(socket, sizeof socket, "%s/redis.sock", folder);
    snprintf(log, sizeof log, "%s/redis.log", folder);
    const char *const argv[] = {"redis-server", "--port", "0",    "--unixsocket",
                                socket,         "--save", "",     "--appendonly",
                                "no",           "--dir",  folder, NULL};
    leat_status status = leat_child_start(redis, argv, log, error);
    return status ? status : await(redis, folder, error);
}

static void append(redisContext *redis, const leat_profile *profile)
{
    char values[LEAT_PROFILE_FIELDS][32];
    const char *argv[MAX_ARGUMENTS] = {"HSET", profile->key};
    int n = 2;
    for (uint32_t i = 0; i < profile->n_fields; i++) {
        snprintf(values[i], sizeof values[i], "%.2f", profile->fields[i].value);
        argv[n++] = profile->fields[i].name;
        argv[n++] = values[i];
    }
    redisAppendCommandArgv(redis, n, argv, NULL);
}

/* All in one pipeline; returns how many hashes there are. */
static uint32_t append_all(redisContext *redis, const leat_stream_ops *ops,
                           const void *stream)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ops->n_profiles; i++) {
        leat_profile profile;
        ops->profile(stream, i, &profile);
        if (!profile.n_fields)
            continue;
        append(redis, &profile);
        n++;
    }
    return n;
}

/* Reads the answer to one HSET. */
static bool is_written(redisContext *redis)
{
    redisReply *reply;
    if (redisGetReply(redis, (void **)&reply) != REDIS_OK)
        return false;
    bool written = reply->type == REDIS_REPLY_INTEGER;
    freeReplyObject(reply);
    return written;
}

leat_status leat_profiles_write(const char *folder, const leat_stream_ops *ops,
                                const void *stream, leat_error *error)
{
    redisContext *redis = dial(folder);
    if (!redis)
        return leat_error_set(error, LEAT_E_UNAVAILABLE, "redis-server went away");
    uint32_t left = append_all(redis, ops, stream);
    while (left && is_written(redis))
        left--;
    redisFree(redis);
    return left ? leat_error_set(error, LEAT_E_UNAVAILABLE, "Redis refused a profile")
                : LEAT_OK;
}
