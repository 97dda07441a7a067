/* features/redis/redis_spec.h: where Redis is, and how to get in.
 *
 * Owns:    nothing; the strings live in the arena that they were parsed into.
 * Threads: any.
 * Fails:   parse: E_CONFIG says which part is wrong; E_UNSUPPORTED for clusters, and for
 *          rediss:// in a build without TLS. Never quotes a password. check: E_UNAVAILABLE with Redis's words.
 */
#ifndef LEAT_FEATURES_REDIS_SPEC_H
#define LEAT_FEATURES_REDIS_SPEC_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct leat_redis_spec {
    const char *host;
    uint16_t port;
    const char *unix_path; /* instead of host and port, or NULL */
    const char *user;      /* or NULL */
    const char *password;  /* or NULL */
    uint32_t database;
    bool has_tls;         /* rediss:// */
    const char *tls_ca;   /* a file; NULL: what the system trusts */
    const char *tls_cert; /* of ours, with its key; or NULL */
    const char *tls_key;
    uint64_t timeout_ns; /* for one batch, connection included */
} leat_redis_spec;

/* redis://[user[:password]@]host[:port][/db], rediss:// for TLS, unix:///path?db=N. Leaves
 * the time-out. */
leat_status leat_redis_parse_url(leat_redis_spec *spec, leat_arena *arena,
                                 const char *url, leat_error *error) LEAT_MUST_CHECK;

/* One PING on a fresh connection, for `leat check`. A node of a cluster is
 * E_UNSUPPORTED. */
leat_status leat_redis_check(const leat_redis_spec *spec,
                             leat_error *error) LEAT_MUST_CHECK;

#endif
