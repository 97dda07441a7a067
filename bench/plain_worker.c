/* bench/plain_worker.c: the worker that a good engineer would write in C in a week.
 *
 *   plain_worker BROKERS GROUP SOURCE SINK XGBOOST MODEL VERSION TEXT NUMBER...
 *
 * Consumes batches of 256 in one call, decodes with msgpack-c, predicts a batch in one call
 * of XGBoost's C interface on one thread (XGBOOST is its shared object), encodes with
 * msgpack-c into one buffer, publishes with producev. Nothing is allocated for an event
 * that can be kept. At least once: offsets are committed each second, after everything
 * published before was delivered. The properties of both clients are those that Leat gives
 * its own.
 */
#include "bench/decoder/msgpack_c.h"
#include "bench/scorer/scorer.h"

#include <librdkafka/rdkafka.h>
#include <msgpack.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum { BATCH = 256, WAIT_MS = 100, COMMIT_MS = 1000, LEAVE_MS = 60000 };

typedef struct property {
    const char *name;
    const char *value;
} property;

static const property consumer_properties[] = {
    {"fetch.wait.max.ms", "100"},
    {"socket.nagle.disable", "true"},
    {"queued.max.messages.kbytes", "32768"},
    {"queued.min.messages", "1000000"},
    {"enable.auto.commit", "false"},
    {"auto.offset.reset", "earliest"},
    {0},
};

static const property producer_properties[] = {
    {"socket.nagle.disable", "true"},
    {"linger.ms", "1"},
    {"compression.type", "lz4"},
    {"partitioner", "murmur2_random"},
    {"queue.buffering.max.messages", "1000000"},
    {"queue.buffering.max.kbytes", "524288"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"delivery.report.only.error", "true"},
    {0},
};

typedef struct worker {
    const char *version;
    const char *text_name;
    void *decoder;
    void *booster;
    uint32_t n_features;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue; /* the consumer's */
    rd_kafka_t *producer;
    rd_kafka_topic_t *sink;
    rd_kafka_message_t *records[BATCH];
    bench_text texts[BATCH];
    float *rows; /* [BATCH][n_features] */
    float scores[BATCH];
    msgpack_sbuffer prediction;
    bool uncommitted;
    int64_t commit_ms;
} worker;

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
    (void)signal;
    stopping = 1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- clients ---- */

static void check(const char *what, rd_kafka_resp_err_t err)
{
    if (err)
        bench_give_up(what, rd_kafka_err2str(err));
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *record, void *opaque)
{
    (void)rk;
    (void)opaque;
    check("delivery", record->err);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[200];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        bench_give_up(name, why);
}

static rd_kafka_conf_t *configure(const char *brokers, const property *properties)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", brokers);
    for (; properties->name; properties++)
        set(conf, properties->name, properties->value);
    return conf;
}

static rd_kafka_t *open_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char why[200];
    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
    if (!client)
        bench_give_up("client", why);
    return client; /* conf is its own now */
}

static void open_consumer(worker *self, const char *brokers, const char *group,
                          const char *source)
{
    rd_kafka_conf_t *conf = configure(brokers, consumer_properties);
    set(conf, "group.id", group);
    self->consumer = open_client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(self->consumer);
    self->queue = rd_kafka_queue_get_consumer(self->consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, source, RD_KAFKA_PARTITION_UA);
    check("subscribe", rd_kafka_subscribe(self->consumer, topics));
    rd_kafka_topic_partition_list_destroy(topics);
}

static void open_producer(worker *self, const char *brokers, const char *sink)
{
    rd_kafka_conf_t *conf = configure(brokers, producer_properties);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    self->producer = open_client(RD_KAFKA_PRODUCER, conf);
    self->sink = rd_kafka_topic_new(self->producer, sink, NULL);
    if (!self->sink)
        check(sink, rd_kafka_last_error());
}

/* ---- a batch ---- */

static void pack_text(msgpack_packer *packer, const char *text, size_t size)
{
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, text, size);
}

static void pack_name(msgpack_packer *packer, const char *name)
{
    pack_text(packer, name, strlen(name));
}

static void encode(worker *self, const rd_kafka_message_t *record, bench_text text,
                   float score)
{
    char id[300];
    int size = snprintf(id, sizeof id, "%s/%d/%lld", rd_kafka_topic_name(record->rkt),
                        (int)record->partition, (long long)record->offset);
    msgpack_packer packer;
    msgpack_sbuffer_clear(&self->prediction);
    msgpack_packer_init(&packer, &self->prediction, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, 5);
    pack_name(&packer, "id");
    pack_text(&packer, id, (size_t)size);
    pack_name(&packer, "model");
    pack_name(&packer, "fraud");
    pack_name(&packer, "version");
    pack_name(&packer, self->version);
    pack_name(&packer, "score");
    msgpack_pack_float(&packer, score);
    pack_name(&packer, "event");
    msgpack_pack_map(&packer, 1);
    pack_name(&packer, self->text_name);
    pack_text(&packer, text.data, text.size);
}

static void publish(worker *self, const rd_kafka_message_t *record)
{
    check("produce", __extension__ rd_kafka_producev(
                         self->producer, RD_KAFKA_V_RKT(self->sink),
                         RD_KAFKA_V_KEY(record->key, record->key_len),
                         RD_KAFKA_V_VALUE(self->prediction.data, self->prediction.size),
                         RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END));
}

static void decode(worker *self, uint32_t i)
{
    const rd_kafka_message_t *record = self->records[i];
    check("consume", record->err);
    bench_payload payload = {record->payload, (uint32_t)record->len};
    decoder_msgpack_c.decode(self->decoder, &payload, 1,
                             self->rows + i * self->n_features);
    self->texts[i] = decoder_msgpack_c_text(self->decoder);
}

static void take_batch(worker *self)
{
    ssize_t got =
        rd_kafka_consume_batch_queue(self->queue, WAIT_MS, self->records, BATCH);
    uint32_t n = got > 0 ? (uint32_t)got : 0;
    if (!n)
        return;
    for (uint32_t i = 0; i < n; i++)
        decode(self, i);
    scorer_xgboost.score(self->booster, self->rows, n, self->scores);
    for (uint32_t i = 0; i < n; i++) {
        encode(self, self->records[i], self->texts[i], self->scores[i]);
        publish(self, self->records[i]);
        rd_kafka_message_destroy(self->records[i]);
    }
    self->uncommitted = true;
}

static void commit(worker *self, bool is_last)
{
    check("flush", rd_kafka_flush(self->producer, LEAVE_MS));
    if (self->uncommitted)
        check("commit", rd_kafka_commit(self->consumer, NULL, !is_last));
    self->uncommitted = false;
    self->commit_ms = now_ms() + COMMIT_MS;
}

static void run(worker *self)
{
    self->commit_ms = now_ms() + COMMIT_MS;
    while (!stopping) {
        take_batch(self);
        rd_kafka_poll(self->producer, 0);
        if (self->uncommitted && now_ms() >= self->commit_ms)
            commit(self, false);
    }
    commit(self, true);
}

int main(int argc, char **argv)
{
    if (argc < 10) {
        fputs("usage: plain_worker BROKERS GROUP SOURCE SINK XGBOOST MODEL VERSION TEXT "
              "NUMBER...\n",
              stderr);
        return EX_USAGE;
    }
    static worker self;
    uint32_t n_names = (uint32_t)argc - 8;
    self.version = argv[7];
    self.text_name = argv[8];
    self.n_features = n_names - 1;
    self.rows = calloc((size_t)BATCH * self.n_features, sizeof *self.rows);
    if (!self.rows)
        bench_give_up("rows", "no memory");
    self.decoder = decoder_msgpack_c.open((const char *const *)(argv + 8), n_names);
    self.booster = scorer_xgboost.open(argv[5], argv[6], self.n_features);
    msgpack_sbuffer_init(&self.prediction);
    signal(SIGTERM, stop);
    open_producer(&self, argv[1], argv[4]);
    open_consumer(&self, argv[1], argv[2], argv[3]);
    run(&self);
    rd_kafka_consumer_close(self.consumer);
    rd_kafka_queue_destroy(self.queue);
    rd_kafka_topic_destroy(self.sink);
    rd_kafka_destroy(self.producer);
    rd_kafka_destroy(self.consumer);
    msgpack_sbuffer_destroy(&self.prediction);
    free(self.rows);
    return EX_OK;
}
