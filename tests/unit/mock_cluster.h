/* tests/unit/mock_cluster.h: librdkafka's in-process cluster, for branches that a real
 * broker cannot be made to take. What is promised is tested on real Kafka. */
#ifndef LEAT_TESTS_MOCK_CLUSTER_H
#define LEAT_TESTS_MOCK_CLUSTER_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

typedef struct mock_cluster {
    rd_kafka_t *host; /* the client that the cluster lives in; also produces */
    rd_kafka_mock_cluster_t *cluster;
} mock_cluster;

static inline mock_cluster mock_cluster_start(void)
{
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof why);
    rd_kafka_conf_set(conf, "linger.ms", "0", why, sizeof why);
    rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(host);
    return (mock_cluster){host, cluster};
}

static inline void mock_cluster_stop(mock_cluster *mock)
{
    rd_kafka_destroy(mock->host);
}

/* Produces one record and waits until it is there. */
static inline void mock_cluster_produce(mock_cluster *mock, const char *topic,
                                        int32_t partition, const char *key,
                                        const void *payload, size_t size)
{
    const rd_kafka_vu_t record[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)key, strlen(key)}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)payload, size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
    };
    rd_kafka_error_t *failed = rd_kafka_produceva(mock->host, record, 5);
    assert_null(failed);
    rd_kafka_flush(mock->host, 10000);
}

#endif
