/* base/client/client.h: what the source's consumer and the sink's producer share.
 *
 * A client is configured in three layers: what Leat prefers, what the user says, what
 * Leat owns. Log lines and errors of librdkafka come out through base/log. A fatal error
 * is kept and asked for by the lane, since librdkafka reports it from a callback.
 *
 * Owns:    leat_client is the caller's storage and outlives the librdkafka handle.
 * Threads: configure: main. The callbacks run in librdkafka's and the lane's threads;
 *          `fatal` may be read by any.
 * Fails:   E_CONFIG, with librdkafka's words.
 */
#ifndef LEAT_BASE_CLIENT_CLIENT_H
#define LEAT_BASE_CLIENT_CLIENT_H

#include "base/error.h"
#include "base/log.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stddef.h>

typedef struct leat_property {
    const char *name;
    const char *value;
} leat_property;

typedef struct leat_properties {
    size_t n;
    const leat_property *at;
} leat_properties;

typedef struct leat_client {
    const char *part; /* who speaks in the log: "lane 0 consumer" */
    atomic_int fatal; /* the rd_kafka_resp_err_t that ended it, 0 while it lives */
    leat_log_limit log_limit;
} leat_client;

/* Sets the properties in order; a later one wins. */
leat_status leat_client_set(rd_kafka_conf_t *conf, leat_properties properties,
                            leat_error *error) LEAT_MUST_CHECK;

/* Wires logs, errors and the opaque (which callbacks get back) to the client. */
void leat_client_wire(rd_kafka_conf_t *conf, leat_client *client, void *opaque,
                      void (*on_error)(rd_kafka_t *rk, int err, const char *reason,
                                       void *opaque));

/* What an error callback does for every client: logs, and keeps what is fatal. */
void leat_client_on_error(leat_client *client, rd_kafka_t *rk, int err,
                          const char *reason);

/* OK while the client lives, else the error that ended it: E_KAFKA. */
leat_status leat_client_check(leat_client *client, rd_kafka_t *rk,
                              leat_error *error) LEAT_MUST_CHECK;

#endif
