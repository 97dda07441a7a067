/* What `leat check` wants to know of a Redis. */
#include "features/redis/redis.h"

#include "base/clock.h"

#define WAIT_NS (5 * LEAT_SEC)

static bool contains(leat_slice text, const char *word)
{
    return text.data && memmem(text.data, text.size, word, strlen(word));
}

/* The nodes of a cluster answer PING, and most keys with MOVED. Where INFO is refused to this
 * user, nobody knows. */
static leat_status refuse_cluster(leat_redis *redis, leat_error *error)
{
    static const char command[] = "*2\r\n$4\r\nINFO\r\n$7\r\ncluster\r\n";
    leat_slice piece = {(const uint8_t *)command, sizeof command - 1};
    leat_redis_reset(redis);
    if (leat_redis_ask(redis, &piece, 1, LEAT_REPLY_VALUE, 0) != LEAT_OK)
        return LEAT_OK;
    leat_redis_send(redis, WAIT_NS);
    if (leat_redis_receive(redis) == LEAT_OK &&
        leat_redis_kind(redis, 0) == LEAT_REPLY_VALUE &&
        contains(leat_redis_value(redis, 0, 0), "cluster_enabled:1"))
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "redis: this is a node of a Redis cluster, which is not "
                              "supported; expected a server of its own");
    return LEAT_OK;
}

leat_status leat_redis_check(const leat_redis_spec *spec, leat_error *error)
{
    leat_redis *redis;
    leat_status status = leat_redis_new(&redis, spec, error);
    if (status != LEAT_OK)
        return status;
    status = leat_redis_ping(redis, WAIT_NS);
    if (status != LEAT_OK)
        status = leat_error_set(error, LEAT_E_UNAVAILABLE, "redis: %s",
                                leat_redis_trouble(redis));
    else
        status = refuse_cluster(redis, error);
    leat_redis_free(redis);
    return status;
}
