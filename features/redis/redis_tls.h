/* features/redis/redis_tls.h: TLS to Redis, where hiredis brings it.
 *
 * Needs hiredis_ssl (hiredis 1.0 and newer) and OpenSSL when Leat is built. The server's
 * certificate has to be signed by the CA, be of the host that is named, and be valid today;
 * hiredis alone would not look at the host.
 *
 * Owns:    an OpenSSL context.
 * Threads: one lane.
 * Fails:   new: E_UNSUPPORTED in a build without, E_NO_INPUT or E_CONFIG for files that
 *          cannot be used. start: E_UNAVAILABLE, with the words in the connection.
 */
#ifndef LEAT_FEATURES_REDIS_TLS_H
#define LEAT_FEATURES_REDIS_TLS_H

#include "features/redis/redis_spec.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>

typedef struct leat_redis_tls leat_redis_tls;

/* Whether this build has it. */
bool leat_redis_has_tls(void);

leat_status leat_redis_tls_new(leat_redis_tls **tls, const leat_redis_spec *spec,
                               leat_error *error) LEAT_MUST_CHECK;
void leat_redis_tls_free(leat_redis_tls *tls);

/* Begins the handshake on a connection that has just been made; it goes on while one reads
 * and writes. */
leat_status leat_redis_tls_start(leat_redis_tls *tls,
                                 redisContext *context) LEAT_MUST_CHECK;

/* Why that connection failed, as long as it is there: hiredis keeps OpenSSL's words only of
 * the first step. NULL: TLS has no part in it. */
const char *leat_redis_tls_trouble(leat_redis_tls *tls);

#endif
