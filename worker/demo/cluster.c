#include "worker/demo/cluster.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
    N_BROKERS = 3,
    MAX_ARRIVALS = 1024, /* of one receive */
    ANSWER_MS = 5000,
    DRAIN_SECONDS = 20,
};

/* The topics of what comes out, as `next` counts them. */
static const char *output_of(const leat_demo_cluster *cluster, int topic)
{
    return topic == 0 ? cluster->world->predictions : cluster->world->dead_letters;
}

/* ---- opening ---- */

typedef struct setting {
    const char *name;
    const char *value;
} setting;

/* A client of the settings up to {NULL}. Nothing is logged: what fails is returned, and
 * brokers that go away at the end are no news. */
static leat_status open_client(rd_kafka_t **client, rd_kafka_type_t type,
                               const setting *settings, leat_error *error)
{
    char why[160];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_conf_res_t result = RD_KAFKA_CONF_OK;
    for (; settings->name && result == RD_KAFKA_CONF_OK; settings++)
        result =
            rd_kafka_conf_set(conf, settings->name, settings->value, why, sizeof why);
    *client =
        result == RD_KAFKA_CONF_OK ? rd_kafka_new(type, conf, why, sizeof why) : NULL;
    if (*client)
        return LEAT_OK;
    rd_kafka_conf_destroy(conf);
    return leat_error_set(error, LEAT_E_KAFKA, "the demo's Kafka client: %s", why);
}

static leat_status open_mock(leat_demo_cluster *cluster, leat_error *error)
{
    static const setting none[] = {{0}};
    leat_status status = open_client(&cluster->host, RD_KAFKA_PRODUCER, none, error);
    if (status)
        return status;
    cluster->mock = rd_kafka_mock_cluster_new(cluster->host, N_BROKERS);
    if (!cluster->mock)
        return leat_error_set(error, LEAT_E_KAFKA,
                              "librdkafka's mock cluster did not "
                              "start: is loopback there?");
    const leat_world *world = cluster->world;
    const char *const topics[] = {world->events, world->predictions, world->dead_letters};
    for (int i = 0; i < 3; i++) {
        rd_kafka_resp_err_t err =
            rd_kafka_mock_topic_create(cluster->mock, topics[i], LEAT_DEMO_PARTITIONS, 1);
        if (err)
            return leat_error_set(error, LEAT_E_KAFKA, "topic %s: %s", topics[i],
                                  rd_kafka_err2str(err));
    }
    return LEAT_OK;
}

static leat_status open_producer(leat_demo_cluster *cluster, leat_error *error)
{
    char batch_bytes[16];
    snprintf(batch_bytes, sizeof batch_bytes, "%d", LEAT_DEMO_BATCH_BYTES);
    const setting settings[] = {
        {"bootstrap.servers", leat_demo_cluster_brokers(cluster)},
        {"linger.ms", "2"},
        {"batch.size", batch_bytes},
        {"socket.nagle.disable", "true"},
        {0},
    };
    leat_status status =
        open_client(&cluster->producer, RD_KAFKA_PRODUCER, settings, error);
    if (status == LEAT_OK)
        cluster->events =
            rd_kafka_topic_new(cluster->producer, cluster->world->events, NULL);
    return status;
}

static leat_status open_consumer(leat_demo_cluster *cluster, leat_error *error)
{
    const setting settings[] = {
        {"bootstrap.servers", leat_demo_cluster_brokers(cluster)},
        {"group.id",
         cluster->world->group}, /* to ask where it stands: it is never joined */
        {"enable.auto.commit", "false"},
        {"fetch.wait.max.ms", "5"}, /* which the mock always waits if it has nothing */
        {"socket.nagle.disable", "true"},
        {0},
    };
    leat_status status =
        open_client(&cluster->consumer, RD_KAFKA_CONSUMER, settings, error);
    if (status)
        return status;
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(0);
    for (int topic = 0; topic < 2; topic++)
        for (int32_t i = 0; i < LEAT_DEMO_PARTITIONS; i++)
            rd_kafka_topic_partition_list_add(all, output_of(cluster, topic), i)->offset =
                0;
    rd_kafka_resp_err_t err = rd_kafka_assign(cluster->consumer, all);
    rd_kafka_topic_partition_list_destroy(all);
    cluster->arrivals = rd_kafka_queue_get_consumer(cluster->consumer);
    return err ? leat_error_set(error, LEAT_E_KAFKA, "reading what comes out: %s",
                                rd_kafka_err2str(err))
               : LEAT_OK;
}

leat_status leat_demo_cluster_open(leat_demo_cluster *cluster, const leat_world *world,
                                   leat_error *error)
{
    *cluster = (leat_demo_cluster){.world = world};
    leat_status status = open_mock(cluster, error);
    if (status == LEAT_OK)
        status = open_producer(cluster, error);
    if (status == LEAT_OK)
        status = open_consumer(cluster, error);
    return status;
}

void leat_demo_cluster_close(leat_demo_cluster *cluster)
{
    if (cluster->arrivals)
        rd_kafka_queue_destroy(cluster->arrivals);
    if (cluster->consumer)
        rd_kafka_destroy(cluster->consumer);
    if (cluster->events)
        rd_kafka_topic_destroy(cluster->events);
    if (cluster->producer)
        rd_kafka_destroy(cluster->producer);
    if (cluster->mock)
        rd_kafka_mock_cluster_destroy(cluster->mock);
    if (cluster->host)
        rd_kafka_destroy(cluster->host);
    *cluster = (leat_demo_cluster){0};
}

const char *leat_demo_cluster_brokers(const leat_demo_cluster *cluster)
{
    return rd_kafka_mock_cluster_bootstraps(cluster->mock);
}

/* ---- at work ---- */

leat_status leat_demo_cluster_await_group(leat_demo_cluster *cluster)
{
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(0);
    rd_kafka_topic_partition_list_add_range(all, cluster->world->events, 0,
                                            LEAT_DEMO_PARTITIONS - 1);
    rd_kafka_resp_err_t err = rd_kafka_committed(cluster->consumer, all, ANSWER_MS);
    leat_status status = err ? LEAT_AGAIN : LEAT_OK;
    for (int i = 0; i < all->cnt; i++)
        if (all->elems[i].offset < 0)
            status = LEAT_AGAIN;
    rd_kafka_topic_partition_list_destroy(all);
    return status;
}

/* The record is as old as its event: aggregates take an event that is ahead of its record
 * for a mistake, and so the demo does not hang on the clock of the machine. */
leat_status leat_demo_cluster_send(leat_demo_cluster *cluster,
                                   const leat_world_event *event, leat_error *error)
{
    rd_kafka_resp_err_t err = __extension__ rd_kafka_producev(
        cluster->producer, RD_KAFKA_V_RKT(cluster->events),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(event->key.data, event->key.size),
        RD_KAFKA_V_VALUE((void *)event->payload.data, event->payload.size),
        RD_KAFKA_V_TIMESTAMP(event->time_ms), RD_KAFKA_V_END);
    rd_kafka_poll(cluster->producer, 0);
    return err ? leat_error_set(error, LEAT_E_KAFKA, "sending an event: %s",
                                rd_kafka_err2str(err))
               : LEAT_OK;
}

static void count_record(leat_demo_cluster *cluster, leat_count *count,
                         const rd_kafka_message_t *record, uint64_t now_ns)
{
    if (record->err)
        return; /* news of the client; it goes on by itself */
    int topic = strcmp(rd_kafka_topic_name(record->rkt), output_of(cluster, 0)) != 0;
    leat_slice value = {record->payload, (uint32_t)record->len};
    cluster->next[topic][record->partition] = record->offset + 1;
    if (topic == 0)
        leat_count_prediction(count, value, now_ns);
    else
        leat_count_dead_letter(count, value);
}

size_t leat_demo_cluster_receive(leat_demo_cluster *cluster, leat_count *count,
                                 int timeout_ms)
{
    rd_kafka_message_t *records[MAX_ARRIVALS];
    ssize_t n = rd_kafka_consume_batch_queue(cluster->arrivals, timeout_ms, records,
                                             MAX_ARRIVALS);
    uint64_t now_ns = leat_now_ns();
    for (ssize_t i = 0; i < n; i++) {
        count_record(cluster, count, records[i], now_ns);
        rd_kafka_message_destroy(records[i]);
    }
    return n > 0 ? (size_t)n : 0;
}

/* True when every partition has been read up to its end. */
static bool is_drained(leat_demo_cluster *cluster, int64_t ends[2][LEAT_DEMO_PARTITIONS])
{
    for (int topic = 0; topic < 2; topic++)
        for (int i = 0; i < LEAT_DEMO_PARTITIONS; i++)
            if (cluster->next[topic][i] < ends[topic][i])
                return false;
    return true;
}

leat_status leat_demo_cluster_drain(leat_demo_cluster *cluster, leat_count *count,
                                    leat_error *error)
{
    int64_t ends[2][LEAT_DEMO_PARTITIONS], low;
    for (int topic = 0; topic < 2; topic++)
        for (int32_t i = 0; i < LEAT_DEMO_PARTITIONS; i++) {
            rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
                cluster->consumer, output_of(cluster, topic), i, &low, &ends[topic][i],
                ANSWER_MS);
            if (err)
                return leat_error_set(error, LEAT_E_KAFKA, "the end of %s: %s",
                                      output_of(cluster, topic), rd_kafka_err2str(err));
        }
    uint64_t deadline_ns = leat_now_ns() + DRAIN_SECONDS * LEAT_SEC;
    while (!is_drained(cluster, ends)) {
        if (!leat_ms_until(deadline_ns))
            return leat_error_set(error, LEAT_E_TIMEOUT,
                                  "what came out could not be read to its end");
        leat_demo_cluster_receive(cluster, count, 10);
    }
    return LEAT_OK;
}
