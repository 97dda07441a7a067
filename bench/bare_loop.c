/* bench/bare_loop.c: what consuming and producing costs, and nothing else.
 *
 *   bare_loop BROKERS GROUP SOURCE SINK BYTES
 *
 * Takes every record of the topic SOURCE from its beginning and publishes a record of
 * BYTES bytes under the same key for each, until SIGTERM. The properties of both clients
 * and the calls of librdkafka are those of consumers/source.c and producers/sink.c, and
 * so are the size of a batch and the order within it (producers/grouping.c); there is no
 * decoding and no model. It is a yardstick, not a worker: it stores the offsets of what it
 * took, whether that was delivered or not.
 */
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum {
    MAX_EVENTS = 256,
    MAX_PARTITIONS = 64,
    MAX_WAIT_MS = 2,
    IDLE_MS = 100,
    STORE_MS = 50,
    LEAVE_MS = 10000,
};

typedef struct property {
    const char *name;
    const char *value;
} property;

static const property consumer_properties[] = {
    {"client.id", "leat"},
    {"fetch.wait.max.ms", "100"},
    {"socket.nagle.disable", "true"},
    {"queued.max.messages.kbytes", "32768"},
    {"queued.min.messages", "1000000"},
    {"enable.auto.commit", "true"},
    {"auto.commit.interval.ms", "1000"},
    {"enable.auto.offset.store", "false"},
    {"enable.partition.eof", "false"},
    {"auto.offset.reset", "earliest"},
    {0},
};

static const property producer_properties[] = {
    {"client.id", "leat"},
    {"socket.nagle.disable", "true"},
    {"linger.ms", "1"},
    {"compression.type", "lz4"},
    {"message.timeout.ms", "0"},
    {"partitioner", "murmur2_random"},
    {"queue.buffering.max.messages", "1000000"},
    {"queue.buffering.max.kbytes", "524288"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"delivery.report.only.error", "false"},
    {0},
};

typedef struct loop {
    const char *source;
    rd_kafka_t *consumer;
    rd_kafka_t *producer;
    rd_kafka_topic_t *sink;
    int n;
    rd_kafka_message_t *taken[MAX_EVENTS];
    rd_kafka_message_t records[MAX_EVENTS];
    rd_kafka_message_t grouped[MAX_EVENTS]; /* the records, partition by partition */
    int32_t n_partitions;                   /* of the sink, as far as seen */
    char *payload;
    size_t size;
    int64_t next[MAX_PARTITIONS]; /* 0: nothing taken yet */
    int64_t store_ms;
} loop;

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
    (void)signal;
    stopping = 1;
}

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bare_loop: %s: %s\n", what, why);
    exit(EX_SOFTWARE);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- clients ---- */

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *record, void *opaque)
{
    (void)rk;
    loop *self = opaque;
    if (record->err)
        give_up("delivery", rd_kafka_err2str(record->err));
    if (record->partition >= self->n_partitions && record->partition < MAX_PARTITIONS)
        self->n_partitions = record->partition + 1;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[200];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        give_up(name, why);
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
        give_up("client", why);
    return client; /* conf is its own now */
}

static void open_consumer(loop *self, const char *brokers, const char *group)
{
    rd_kafka_conf_t *conf = configure(brokers, consumer_properties);
    set(conf, "group.id", group);
    self->consumer = open_client(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(self->consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, self->source, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(self->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (err)
        give_up("subscribe", rd_kafka_err2str(err));
}

static void open_producer(loop *self, const char *brokers, const char *sink)
{
    rd_kafka_conf_t *conf = configure(brokers, producer_properties);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, self);
    self->producer = open_client(RD_KAFKA_PRODUCER, conf);
    self->sink = rd_kafka_topic_new(self->producer, sink, NULL);
}

/* ---- one batch ---- */

static rd_kafka_message_t *next_record(loop *self, int64_t until_ms)
{
    rd_kafka_message_t *record = rd_kafka_consumer_poll(self->consumer, 0);
    for (int64_t left; !record && !stopping && (left = until_ms - now_ms()) > 0;)
        record = rd_kafka_consumer_poll(self->consumer, (int)left);
    return record;
}

static void take(loop *self, rd_kafka_message_t *record)
{
    if (record->err)
        give_up("consume", rd_kafka_message_errstr(record));
    if (record->partition >= MAX_PARTITIONS)
        give_up(self->source, "too many partitions");
    self->next[record->partition] = record->offset + 1;
    self->records[self->n] = (rd_kafka_message_t){
        .payload = self->payload,
        .len = self->size,
        .key = record->key,
        .key_len = record->key_len,
    };
    self->taken[self->n++] = record;
}

static void fill(loop *self)
{
    int64_t until_ms = now_ms() + IDLE_MS;
    self->n = 0;
    while (self->n < MAX_EVENTS) {
        rd_kafka_message_t *record = next_record(self, until_ms);
        if (!record)
            return;
        if (!self->n)
            until_ms = now_ms() + MAX_WAIT_MS;
        take(self, record);
    }
}

static void group(loop *self)
{
    int32_t n_groups = self->n_partitions ? self->n_partitions : 1;
    int32_t of[MAX_EVENTS];
    int next[MAX_PARTITIONS + 1] = {0};
    for (int i = 0; i < self->n; i++) {
        of[i] = rd_kafka_msg_partitioner_murmur2(self->sink, self->records[i].key,
                                                 self->records[i].key_len, n_groups, NULL,
                                                 NULL);
        next[of[i] + 1]++;
    }
    for (int32_t p = 0; p < n_groups; p++)
        next[p + 1] += next[p];
    for (int i = 0; i < self->n; i++)
        self->grouped[next[of[i]]++] = self->records[i];
}

static void publish(loop *self)
{
    group(self);
    int n = rd_kafka_produce_batch(self->sink, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                   self->grouped, self->n);
    if (n != self->n)
        give_up("produce", "a record was refused");
    for (int i = 0; i < self->n; i++)
        rd_kafka_message_destroy(self->taken[i]);
}

static void store_when_due(loop *self)
{
    if (now_ms() < self->store_ms)
        return;
    self->store_ms = now_ms() + STORE_MS;
    rd_kafka_topic_partition_list_t *offsets =
        rd_kafka_topic_partition_list_new(MAX_PARTITIONS);
    for (int32_t i = 0; i < MAX_PARTITIONS; i++)
        if (self->next[i])
            rd_kafka_topic_partition_list_add(offsets, self->source, i)->offset =
                self->next[i];
    if (offsets->cnt && rd_kafka_offsets_store(self->consumer, offsets))
        give_up("store", "offsets were refused");
    rd_kafka_topic_partition_list_destroy(offsets);
}

static void run(loop *self)
{
    while (!stopping) {
        fill(self);
        if (self->n)
            publish(self);
        rd_kafka_poll(self->producer, 0);
        store_when_due(self);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: bare_loop BROKERS GROUP SOURCE SINK BYTES\n", stderr);
        return EX_USAGE;
    }
    static loop self;
    self.source = argv[3];
    self.size = strtoul(argv[5], NULL, 10);
    self.payload = calloc(1, self.size + 1);
    if (!self.payload)
        give_up("payload", "no memory");
    signal(SIGTERM, stop);
    open_producer(&self, argv[1], argv[4]);
    open_consumer(&self, argv[1], argv[2]);
    run(&self);
    rd_kafka_flush(self.producer, LEAVE_MS);
    rd_kafka_consumer_close(self.consumer);
    rd_kafka_topic_destroy(self.sink);
    rd_kafka_destroy(self.producer);
    rd_kafka_destroy(self.consumer);
    free(self.payload);
    return EX_OK;
}
