/* features/redis/redis.h: one connection to Redis that never makes a batch wait too long.
 *
 *   reset -> ask, ask, ask -> send -> ... -> receive -> kind, value -> reset
 *                              ^-- send_again ----'
 *
 * send() takes the connection as far as it goes without waiting and writes what the
 * socket takes; receive() does the rest, up to the deadline. What was answered by then
 * counts.
 *
 * Owns:    the connection, its pipeline, a copy of the spec.
 * Threads: one lane.
 * Fails:   receive: E_TIMEOUT, E_UNAVAILABLE, E_PROTOCOL; the connection is closed by
 *          then, and leat_redis_trouble has the words.
 */
#ifndef LEAT_FEATURES_REDIS_H
#define LEAT_FEATURES_REDIS_H

#include "features/redis/pipeline.h"
#include "features/redis/redis_spec.h"

typedef struct leat_redis leat_redis;

leat_status leat_redis_new(leat_redis **redis, const leat_redis_spec *spec,
                           leat_error *error) LEAT_MUST_CHECK;
void leat_redis_free(leat_redis *redis);

/* Forgets the last batch. An answer that it still owes makes the connection unusable: it
 * is closed. */
void leat_redis_reset(leat_redis *redis);

/* One command, as leat_pipeline_ask. */
leat_status leat_redis_ask(leat_redis *redis, const leat_slice *pieces, uint32_t n_pieces,
                           leat_reply_kind expected, uint32_t n_values) LEAT_MUST_CHECK;

/* The number of the next command of the batch: whoever asks keeps it for its answer. */
uint32_t leat_redis_n_asked(const leat_redis *redis);

/* Whether there is a connection, or one would be tried: otherwise asking is in vain. */
bool leat_redis_may_ask(const leat_redis *redis);

/* Redis has so long to answer, from when the questions are on their way. */
void leat_redis_send(leat_redis *redis, uint64_t timeout_ns);

/* The same questions once more; what was answered is forgotten. */
void leat_redis_send_again(leat_redis *redis, uint64_t timeout_ns);
leat_status leat_redis_receive(leat_redis *redis) LEAT_MUST_CHECK;

leat_reply_kind leat_redis_kind(const leat_redis *redis, uint32_t command);
leat_slice leat_redis_value(const leat_redis *redis, uint32_t command, uint32_t i);

/* A whole round trip that asks for nothing; OK when Redis would answer questions. */
leat_status leat_redis_ping(leat_redis *redis, uint64_t timeout_ns) LEAT_MUST_CHECK;

/* Why Redis does not answer, with the address first. */
const char *leat_redis_trouble(const leat_redis *redis);

/* How often a connection was tried, the first time included. Threads: any. */
uint64_t leat_redis_n_connects(const leat_redis *redis);

#endif
