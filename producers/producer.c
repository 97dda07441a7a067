#include "producers/producer.h"

#include "base/clock.h"

#include <stdlib.h>

enum { TAKE_BACK_MS = 500 };

/* murmur2: a key goes to the partition that Java's producers would choose. */
static const leat_property preferred[] = {
    {"client.id", "leat"},       {"socket.nagle.disable", "true"},  {"linger.ms", "1"},
    {"compression.type", "lz4"}, {"partitioner", "murmur2_random"},
};

/* No time-out of messages: an event waits for its brokers, it is not given up. */
static const leat_property preferred_alone[] = {{"message.timeout.ms", "0"}};

/* Within a transaction a message must not outlive it. What a dead worker left open keeps the
 * readers of its partitions waiting for so long. */
static const leat_property preferred_transactional[] = {
    {"transaction.timeout.ms", "10000"},
    {"message.timeout.ms", "8000"},
};

/* The queue is larger than what may be in flight, so that it never refuses; gapless would
 * make a purge fatal. */
static const leat_property owned[] = {
    {"queue.buffering.max.messages", "1000000"},
    {"queue.buffering.max.kbytes", "524288"},
    {"enable.gapless.guarantee", "false"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"delivery.report.only.error", "false"},
};

#define LAYER(array)                                                                     \
    (leat_properties)                                                                    \
    {                                                                                    \
        sizeof(array) / sizeof *(array), array                                           \
    }

/* A property that is a number, as all layers together have it. */
static uint64_t number_of(rd_kafka_t *handle, const char *property)
{
    char text[16];
    size_t size = sizeof text;
    if (rd_kafka_conf_get(rd_kafka_conf(handle), property, text, &size))
        return UINT64_MAX;
    return strtoull(text, NULL, 10);
}

static leat_status open_topics(leat_producer *producer, const leat_producer_spec *spec,
                               leat_error *error)
{
    for (int i = 0; i < LEAT_N_OUTLETS; i++) {
        if (!spec->topics[i])
            continue;
        producer->topics[i] = rd_kafka_topic_new(producer->handle, spec->topics[i], NULL);
        if (!producer->topics[i])
            return leat_error_set(error, LEAT_E_KAFKA, "topic %s: %s", spec->topics[i],
                                  rd_kafka_err2str(rd_kafka_last_error()));
    }
    return LEAT_OK;
}

leat_status leat_producer_open(leat_producer *producer, const leat_producer_spec *spec,
                               leat_error *error)
{
    const leat_property id = {"transactional.id", spec->transactional_id};
    const leat_properties layers[] = {
        LAYER(preferred),
        spec->transactional_id ? LAYER(preferred_transactional) : LAYER(preferred_alone),
        spec->common,
        spec->producer,
        LAYER(owned),
        {spec->transactional_id ? 1 : 0, &id},
    };
    const leat_client_spec client = {.type = RD_KAFKA_PRODUCER,
                                     .part = spec->part,
                                     .owner = spec->owner,
                                     .n_layers = sizeof layers / sizeof layers[0],
                                     .layers = layers,
                                     .hook = spec->hook};
    *producer = (leat_producer){0};
    leat_status status = leat_client_open(&producer->client, &client, error);
    if (status != LEAT_OK)
        return status;
    producer->handle = producer->client.handle;
    producer->max_record_bytes = number_of(producer->handle, "message.max.bytes");
    producer->max_transaction_ns =
        number_of(producer->handle, "transaction.timeout.ms") * LEAT_MS;
    status = open_topics(producer, spec, error);
    if (status != LEAT_OK)
        leat_producer_close(producer);
    return status;
}

/* librdkafka goes on registering the partitions of an open transaction until its last moment,
 * and an assertion of its own ends the process when the coordinator's thread is gone by then.
 * For one that is being taken back it registers nothing; and whoever reads the topic need not
 * wait until it has timed out. Where none is open, and after a fatal error, this fails at
 * once. */
static void take_back(rd_kafka_t *handle)
{
    rd_kafka_error_t *failed = rd_kafka_abort_transaction(handle, TAKE_BACK_MS);
    if (failed)
        rd_kafka_error_destroy(failed);
}

void leat_producer_close(leat_producer *producer)
{
    if (!producer->handle)
        return;
    take_back(producer->handle);
    rd_kafka_purge(producer->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (int i = 0; i < LEAT_N_OUTLETS; i++)
        if (producer->topics[i])
            rd_kafka_topic_destroy(producer->topics[i]);
    rd_kafka_destroy(producer->handle);
    *producer = (leat_producer){0};
}
