/* producers/producer.h: the librdkafka producer behind a sink.
 *
 * A producer can fail for good (fenced, a sequence that the brokers do not follow) while the
 * brokers are well: it is closed and opened again then, under the same transactional id, which
 * is what fences whatever of the old one is still on its way.
 *
 * Owns:    leat_producer is the caller's storage.
 * Threads: one lane; the first open: main.
 * Fails:   E_CONFIG, E_KAFKA.
 */
#ifndef LEAT_PRODUCERS_PRODUCER_H
#define LEAT_PRODUCERS_PRODUCER_H

#include "base/client/client.h"

/* The topics that whole batches go to. */
typedef enum leat_outlet {
    LEAT_OUTLET_PREDICTIONS,
    LEAT_OUTLET_FEATURES,
    LEAT_N_OUTLETS,
} leat_outlet;

typedef struct leat_producer_spec {
    const char *topics[LEAT_N_OUTLETS];  /* NULL: none */
    const char *transactional_id;        /* NULL: no transactions */
    leat_properties common;              /* of every client */
    leat_properties producer;            /* of the producer alone */
    const char *part;                    /* who speaks in the log */
    void *owner;                         /* of the leat_client that callbacks are given */
    void (*hook)(rd_kafka_conf_t *conf); /* sets them */
} leat_producer_spec;

typedef struct leat_producer {
    rd_kafka_t *handle;
    rd_kafka_topic_t *topics[LEAT_N_OUTLETS]; /* NULL: none */
    size_t max_record_bytes;                  /* the producer refuses a larger one */
    uint64_t max_transaction_ns; /* brokers abort one that is open for longer */
    leat_client client;
} leat_producer;

leat_status leat_producer_open(leat_producer *producer, const leat_producer_spec *spec,
                               leat_error *error) LEAT_MUST_CHECK;

/* Drops what was not delivered, and takes back the transaction that is open, for which it waits
 * for 0.5 s at most. A closed one may be closed again. */
void leat_producer_close(leat_producer *producer);

#endif
