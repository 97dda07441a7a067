/* Questions to one of the two servers, each in a trip of its own.
 *
 * Threads: the test's; serve_by_name and linger run in the false server's.
 */
#ifndef LEAT_TESTS_REDIS_TRIPS_H
#define LEAT_TESTS_REDIS_TRIPS_H

#include "base/clock.h"
#include "features/redis/redis.h"
#include "redis_bed.h"

#define PATIENT (10 * LEAT_SEC) /* a hang guard */

leat_redis *connect_to(leat_redis_spec spec);

/* HMGET key v, answered with one value. */
void ask(leat_redis *redis, const char *key);
leat_status round_trip(leat_redis *redis, const char *key, uint64_t wait_ns);

/* Batches until one is answered: the breaker has its pauses. */
void wait_until_answered(leat_redis *redis, const char *key);
void assert_value(const leat_redis *redis, const char *text);

/* A false server that answers with the key itself. */
void serve_by_name(int fd, int n, void *context);

/* Waits until the client hangs up. */
void linger(int fd);

#endif
