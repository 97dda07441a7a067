/* worker/demo/cluster.h: Kafka for the demo, in this process.
 *
 * librdkafka's mock cluster speaks Kafka's protocol over loopback, so the worker, a
 * process of its own, is the one that runs against real brokers. Beside it stand the
 * demo's own two ends: a producer of events, and a consumer of everything that
 * comes out, which belongs to no group and reads every partition from its beginning.
 *
 * The cluster keeps the newest 5 MiB of a partition (rdkafka_mock.c) and forgets older
 * records, read or not. So no more than LEAT_DEMO_MAX_AHEAD events may be on their way:
 * they fit even when all of them are in one partition.
 *
 * Owns:    the cluster and the two clients.
 * Threads: main.
 * Fails:   E_KAFKA with librdkafka's words.
 */
#ifndef LEAT_WORKER_DEMO_CLUSTER_H
#define LEAT_WORKER_DEMO_CLUSTER_H

#include "base/error.h"
#include "worker/demo/count.h"
#include "worker/demo/payload.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum {
    LEAT_DEMO_PARTITIONS = 8,
    LEAT_DEMO_MAX_AHEAD = 4096,
    LEAT_DEMO_BATCH_BYTES = 256 * 1024, /* the cluster forgets whole batches */
    LEAT_DEMO_RECORD_BYTES = LEAT_DEMO_MAX_EVENT + 64, /* with key and framing */
};

_Static_assert(LEAT_DEMO_MAX_AHEAD *LEAT_DEMO_RECORD_BYTES + LEAT_DEMO_BATCH_BYTES <
                   5 * 1024 * 1024,
               "what is on its way must fit into one partition of the mock cluster");

typedef struct leat_demo_cluster {
    const leat_world *world;
    rd_kafka_t *host; /* lends the mock cluster its threads */
    rd_kafka_mock_cluster_t *mock;
    rd_kafka_t *producer;
    rd_kafka_topic_t *events; /* the producer's */
    rd_kafka_t *consumer;
    rd_kafka_queue_t *arrivals;            /* of the consumer */
    int64_t next[2][LEAT_DEMO_PARTITIONS]; /* to read: of predictions, of dead letters */
} leat_demo_cluster;

leat_status leat_demo_cluster_open(leat_demo_cluster *cluster, const leat_world *world,
                                   leat_error *error) LEAT_MUST_CHECK;

/* Also one that was never opened, or failed to. */
void leat_demo_cluster_close(leat_demo_cluster *cluster);

/* "127.0.0.1:33445,...": bootstrap.servers. */
const char *leat_demo_cluster_brokers(const leat_demo_cluster *cluster);

/* OK once the worker's group has a starting position in every partition, AGAIN before. */
leat_status leat_demo_cluster_await_group(leat_demo_cluster *cluster) LEAT_MUST_CHECK;

leat_status leat_demo_cluster_send(leat_demo_cluster *cluster,
                                   const leat_world_event *event,
                                   leat_error *error) LEAT_MUST_CHECK;

/* Counts what has come out, waiting up to `timeout_ms` for the first record. Returns how
 * many there were. */
size_t leat_demo_cluster_receive(leat_demo_cluster *cluster, leat_count *count,
                                 int timeout_ms);

/* Counts everything up to the ends of the topics: nobody writes any more. */
leat_status leat_demo_cluster_drain(leat_demo_cluster *cluster, leat_count *count,
                                    leat_error *error) LEAT_MUST_CHECK;

#endif
