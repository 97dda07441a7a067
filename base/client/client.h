/* base/client/client.h: what the source's consumer and the sink's producer share.
 *
 * A client is configured in three layers: what Leat prefers, what the user says, what
 * Leat owns. Log lines and errors of librdkafka come out through base/log. A fatal error
 * is kept and asked for by the lane, since librdkafka reports it from a callback.
 *
 * Owns:    leat_client is the caller's storage and outlives the librdkafka handle.
 * Threads: open: main. The callbacks run in librdkafka's and the lane's threads;
 *          `fatal` may be read by any.
 * Fails:   open, set: E_CONFIG, with librdkafka's words.
 */
#ifndef LEAT_BASE_CLIENT_CLIENT_H
#define LEAT_BASE_CLIENT_CLIENT_H

#include "base/error.h"
#include "base/log.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
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
    rd_kafka_t *handle;  /* the owner's, who destroys it */
    const char *part;    /* who speaks in the log: "lane 0 consumer" */
    void *owner;         /* what the callbacks of the owner find: a callback's opaque is
                           its leat_client */
    bool is_intercepted; /* the owner's on_new() has run */
    atomic_int fatal;    /* the rd_kafka_resp_err_t that ended it, 0 while it lives */
    char gone[256];      /* with _UNKNOWN_PARTITION: which one; for the lane's thread */
    leat_log_limit log_limit;
} leat_client;

typedef struct leat_client_spec {
    rd_kafka_type_t type;
    const char *part;
    void *owner;
    size_t n_layers;
    const leat_properties *layers;       /* in order; a later property wins */
    void (*hook)(rd_kafka_conf_t *conf); /* sets the owner's callbacks */
} leat_client_spec;

leat_status leat_client_open(leat_client *client, const leat_client_spec *spec,
                             leat_error *error) LEAT_MUST_CHECK;

/* Sets the properties, for clients that are opened otherwise. */
leat_status leat_client_set(rd_kafka_conf_t *conf, leat_properties properties,
                            leat_error *error) LEAT_MUST_CHECK;

/* The client is at its end, by `err` and in these words; FATAL stands for what librdkafka keeps
 * of it. A consumer hears of that with its records, not by a callback. */
void leat_client_end(leat_client *client, const rd_kafka_t *rk, int err,
                     const char *reason);

/* OK while the client lives, else the error that ended it: E_KAFKA, also where a partition that
 * a consumer reads is gone, or E_CONFIG where the brokers refuse the credentials. */
leat_status leat_client_check(const leat_client *client,
                              leat_error *error) LEAT_MUST_CHECK;

#endif
