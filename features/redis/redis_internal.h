/* features/redis/redis_internal.h: what the rooms of a connection share. redis.c talks,
 * redis_new.c makes it from a spec. */
#ifndef LEAT_FEATURES_REDIS_INTERNAL_H
#define LEAT_FEATURES_REDIS_INTERNAL_H

#include "base/log.h"
#include "base/meter.h"
#include "features/redis/redis.h"
#include "features/redis/redis_tls.h"
#include "features/redis/resolve.h"

typedef enum leat_redis_state {
    LEAT_REDIS_DOWN,
    LEAT_REDIS_RESOLVING,
    LEAT_REDIS_CONNECTING,
    LEAT_REDIS_UP,
} leat_redis_state;

struct leat_redis {
    leat_redis_spec spec;
    leat_arena arena; /* the spec's strings */
    const char *address;
    leat_pipeline pipeline;

    leat_redis_state state;
    leat_resolve *resolve; /* RESOLVING */
    leat_addresses addresses;
    uint32_t next_address;
    leat_redis_tls *tls;   /* NULL: none */
    redisContext *context; /* CONNECTING and UP */
    bool has_spoken;       /* something was written on it: no handshake is in the way */
    bool is_written;       /* all of the pipeline is on its way */

    leat_status status; /* of the batch */
    uint64_t deadline_ns;

    uint64_t last_try_ns;
    uint64_t next_try_ns;
    uint32_t n_failures; /* connects since a batch was answered */
    leat_error trouble;
    bool is_lost; /* said so in the log */
    leat_log_limit lost, found;
    leat_counter n_connects;
};

/* Lets go of the socket, whatever is under way on it. */
void leat_redis_disconnect(leat_redis *redis);

/* The one way in which a batch fails. */
void leat_redis_blame(leat_redis *redis, leat_status status, const char *words);

#endif
