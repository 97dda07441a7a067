/* From a spec to a connection that is yet to be made. */
#include "features/redis/redis_internal.h"

#include "base/clock.h"
#include "features/redis/refusal.h"

#include <stdio.h>
#include <stdlib.h>

/* A command that opens a connection, such as {"AUTH", "user", "password"}. */
static leat_status keep_command(leat_redis *redis, const char *const *words, int n)
{
    leat_slice pieces[1 + 3];
    char *head = leat_arena_printf(&redis->arena, "*%d\r\n", n);
    if (!head)
        return LEAT_E_MEMORY;
    pieces[0] = (leat_slice){(const uint8_t *)head, (uint32_t)strlen(head)};
    for (int i = 0; i < n; i++) {
        char *word = leat_arena_printf(&redis->arena, "$%zu\r\n%s\r\n", strlen(words[i]),
                                       words[i]);
        if (!word)
            return LEAT_E_MEMORY;
        pieces[1 + i] = (leat_slice){(const uint8_t *)word, (uint32_t)strlen(word)};
    }
    return leat_pipeline_ask(&redis->pipeline, pieces, 1 + (uint32_t)n, LEAT_REPLY_TEXT,
                             0);
}

static leat_status keep_opening(leat_redis *redis)
{
    const leat_redis_spec *spec = &redis->spec;
    const char *password = spec->password ? spec->password : "";
    leat_status status = LEAT_OK;
    if (spec->user)
        status = keep_command(redis, (const char *[]){"AUTH", spec->user, password}, 3);
    else if (spec->password)
        status = keep_command(redis, (const char *[]){"AUTH", password}, 2);
    if (status == LEAT_OK && spec->database) {
        char number[16];
        snprintf(number, sizeof number, "%u", spec->database);
        status = keep_command(redis, (const char *[]){"SELECT", number}, 2);
    }
    leat_pipeline_keep(&redis->pipeline);
    return status;
}

static const char *keep_text(leat_redis *redis, const char *text)
{
    return text ? leat_arena_strndup(&redis->arena, text, strlen(text)) : NULL;
}

static leat_status keep_spec(leat_redis *redis, const leat_redis_spec *spec)
{
    redis->spec = *spec;
    redis->spec.host = keep_text(redis, spec->host);
    redis->spec.unix_path = keep_text(redis, spec->unix_path);
    redis->spec.user = keep_text(redis, spec->user);
    redis->spec.password = keep_text(redis, spec->password);
    redis->spec.tls_ca = keep_text(redis, spec->tls_ca);
    redis->spec.tls_cert = keep_text(redis, spec->tls_cert);
    redis->spec.tls_key = keep_text(redis, spec->tls_key);
    redis->address =
        spec->unix_path
            ? redis->spec.unix_path
            : leat_arena_printf(&redis->arena, "%s:%u", spec->host, (unsigned)spec->port);
    bool is_kept = redis->address && (!spec->host || redis->spec.host) &&
                   (!spec->user || redis->spec.user) &&
                   (!spec->password || redis->spec.password) &&
                   (!spec->tls_ca || redis->spec.tls_ca) &&
                   (!spec->tls_cert || redis->spec.tls_cert) &&
                   (!spec->tls_key || redis->spec.tls_key);
    return is_kept ? LEAT_OK : LEAT_E_MEMORY;
}

leat_status leat_redis_new(leat_redis **redis, const leat_redis_spec *spec,
                           leat_error *error)
{
    leat_redis *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "redis: out of memory");
    leat_arena_init(&made->arena, 1024);
    leat_pipeline_init(&made->pipeline);
    if (keep_spec(made, spec) != LEAT_OK || keep_opening(made) != LEAT_OK) {
        leat_redis_free(made);
        return leat_error_set(error, LEAT_E_MEMORY, "redis: out of memory");
    }
    if (spec->has_tls) {
        leat_status status = leat_redis_tls_new(&made->tls, &made->spec, error);
        if (status != LEAT_OK) {
            leat_redis_free(made);
            return status;
        }
    }
    *redis = made;
    return LEAT_OK;
}

void leat_redis_free(leat_redis *redis)
{
    if (!redis)
        return;
    leat_redis_disconnect(redis);
    leat_redis_tls_free(redis->tls);
    leat_pipeline_fini(&redis->pipeline);
    leat_arena_fini(&redis->arena);
    free(redis);
}

leat_status leat_redis_ping(leat_redis *redis, uint64_t timeout_ns)
{
    static const char command[] = "*1\r\n$4\r\nPING\r\n";
    leat_slice piece = {(const uint8_t *)command, sizeof command - 1};
    leat_redis_reset(redis);
    if (leat_redis_ask(redis, &piece, 1, LEAT_REPLY_TEXT, 0) != LEAT_OK) {
        leat_redis_blame(redis, LEAT_E_MEMORY, "out of memory");
        return redis->status;
    }
    leat_redis_send(redis, timeout_ns);
    leat_slice reply = {0};
    if (leat_redis_receive(redis) == LEAT_OK &&
        leat_redis_kind(redis, 0) == LEAT_REPLY_ERROR)
        reply = leat_redis_value(redis, 0, 0);
    /* A user may be allowed HMGET and nothing else. */
    if (reply.data && leat_refusal_of(reply) != LEAT_REFUSAL_NOPERM) {
        char words[200];
        snprintf(words, sizeof words, "%.*s", (int)reply.size, (const char *)reply.data);
        leat_redis_blame(redis, LEAT_E_UNAVAILABLE, words);
    }
    return redis->status;
}
