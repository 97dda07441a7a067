/* bench/open_loop.c: events at a steady rate, and how late their predictions arrive.
 *
 *   open_loop BROKERS SOURCE SINK RATE SECONDS ISOLATION PAYLOADS
 *
 * Publishes RATE events a second to the topic SOURCE, whoever keeps up with that or not: each
 * carries the time at which it was to be sent as its record's timestamp, so that being late
 * here counts as well. PAYLOADS is a file of them: a 4-byte size in the machine's order, then
 * the bytes. Reads the predictions at the end of SINK as a consumer with that isolation level
 * does; a prediction's `time` is its event's timestamp, in milliseconds, which makes it look
 * up to one millisecond late. The first two seconds are left out. Prints as JSON:
 *   {"events": n, "p50_ms": x, "p99_ms": x, "p999_ms": x, "max_ms": x}
 */
#include <arpa/inet.h>
#include <endian.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum {
    PARTITIONS = 8,
    BUCKET_US = 50, /* of the histogram */
    BUCKETS = 60 * 1000 * 1000 / BUCKET_US,
    PATIENCE_S = 60,
    WARM_UP_S = 2,
};

typedef struct open_loop {
    const char *brokers, *source, *sink, *isolation;
    long rate, seconds;
    size_t n_payloads;
    char **payloads;
    uint32_t *sizes;
    int64_t counted_from_ms;
    uint64_t n_sent;
    uint64_t n_arrived;
    uint64_t n_counted;
    uint64_t max_us;
    atomic_bool ready;
    uint64_t histogram[BUCKETS];
} open_loop;

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "open_loop: %s: %s\n", what, why);
    exit(EX_SOFTWARE);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void read_payloads(open_loop *self, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        give_up(path, "cannot open");
    for (uint32_t size; fread(&size, sizeof size, 1, file) == 1; self->n_payloads++) {
        self->payloads =
            realloc(self->payloads, (self->n_payloads + 1) * sizeof *self->payloads);
        self->sizes = realloc(self->sizes, (self->n_payloads + 1) * sizeof *self->sizes);
        char *payload = malloc(size);
        if (fread(payload, 1, size, file) != size)
            give_up(path, "ends within a payload");
        self->payloads[self->n_payloads] = payload;
        self->sizes[self->n_payloads] = size;
    }
    fclose(file);
    if (!self->n_payloads)
        give_up(path, "is empty");
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[200];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
        give_up(name, why);
}

static rd_kafka_t *open_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char why[200];
    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
    if (!client)
        give_up("client", why);
    return client;
}

/* ---- predictions ---- */

/* "time" of a prediction: msgpack's timestamp of 32 or 64 bits. -1: none. */
static int64_t event_time_us(const rd_kafka_message_t *record)
{
    static const char name[] = "\xa4time";
    const unsigned char *at = memmem(record->payload, record->len, name, 5);
    const unsigned char *end = (const unsigned char *)record->payload + record->len;
    if (!at || end - at < 5 + 10)
        return -1;
    at += 5;
    if (at[0] == 0xd6 && at[1] == 0xff) {
        uint32_t seconds;
        memcpy(&seconds, at + 2, 4);
        return (int64_t)ntohl(seconds) * 1000000;
    }
    if (at[0] != 0xd7 || at[1] != 0xff)
        return -1;
    uint64_t both;
    memcpy(&both, at + 2, 8);
    both = be64toh(both);
    return (int64_t)(both & 0x3ffffffff) * 1000000 + (int64_t)(both >> 34) / 1000;
}

static void count(open_loop *self, const rd_kafka_message_t *record, int64_t arrived_us)
{
    int64_t sent_us = event_time_us(record);
    if (sent_us < 0)
        give_up("prediction", "has no time");
    self->n_arrived++;
    if (sent_us < self->counted_from_ms * 1000)
        return;
    uint64_t late_us = (uint64_t)(arrived_us > sent_us ? arrived_us - sent_us : 0);
    uint64_t bucket = late_us / BUCKET_US;
    self->histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    self->n_counted++;
    if (late_us > self->max_us)
        self->max_us = late_us;
}

static void assign_ends(const open_loop *self, rd_kafka_t *consumer)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int32_t i = 0; i < PARTITIONS; i++) {
        int64_t low, high;
        rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
            consumer, self->sink, i, &low, &high, PATIENCE_S * 1000);
        if (err)
            give_up(self->sink, rd_kafka_err2str(err));
        rd_kafka_topic_partition_list_add(list, self->sink, i)->offset = high;
    }
    rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static void *read_predictions(void *opaque)
{
    open_loop *self = opaque;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", self->brokers);
    set(conf, "group.id", "open_loop");
    set(conf, "enable.auto.commit", "false");
    set(conf, "isolation.level", self->isolation);
    set(conf, "socket.nagle.disable", "true");
    rd_kafka_t *consumer = open_client(RD_KAFKA_CONSUMER, conf);
    assign_ends(self, consumer);
    atomic_store(&self->ready, true);
    uint64_t wanted = (uint64_t)self->rate * (uint64_t)self->seconds;
    while (self->n_arrived < wanted) {
        rd_kafka_message_t *record = rd_kafka_consumer_poll(consumer, PATIENCE_S * 1000);
        if (!record)
            give_up(self->sink, "nothing comes any more");
        if (record->err)
            give_up(self->sink, rd_kafka_message_errstr(record));
        count(self, record, now_us());
        rd_kafka_message_destroy(record);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return NULL;
}

/* ---- events ---- */

static void sleep_until(int64_t us)
{
    int64_t left = us - now_us();
    if (left <= 0)
        return;
    const struct timespec time = {.tv_sec = left / 1000000,
                                  .tv_nsec = left % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static void send_event(open_loop *self, rd_kafka_t *producer, uint64_t i, int64_t due_us)
{
    char key[16];
    size_t payload = i % self->n_payloads;
    int size = snprintf(key, sizeof key, "card-%05u", (unsigned)(i * 7919 % 50000));
    rd_kafka_resp_err_t err = __extension__ rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(self->source), RD_KAFKA_V_KEY(key, (size_t)size),
        RD_KAFKA_V_VALUE(self->payloads[payload], self->sizes[payload]),
        RD_KAFKA_V_TIMESTAMP(due_us / 1000), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_END);
    if (err)
        give_up("produce", rd_kafka_err2str(err));
}

static void send_events(open_loop *self)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", self->brokers);
    set(conf, "linger.ms", "5"); /* what Java's producers wait since Kafka 4 */
    set(conf, "acks", "1");
    /* As Java's producers do. Without a bound, librdkafka hands over a record a request as fast as
     * they come, and they wait in the broker instead of travelling together. */
    set(conf, "max.in.flight.requests.per.connection", "5");
    set(conf, "socket.nagle.disable", "true");
    set(conf, "queue.buffering.max.messages", "1000000");
    rd_kafka_t *producer = open_client(RD_KAFKA_PRODUCER, conf);
    int64_t began_us = now_us() + 100000;
    self->counted_from_ms = began_us / 1000 + WARM_UP_S * 1000;
    uint64_t wanted = (uint64_t)self->rate * (uint64_t)self->seconds;
    for (uint64_t i = 0; i < wanted; i++) {
        int64_t due_us = began_us + (int64_t)(i * 1000000 / (uint64_t)self->rate);
        sleep_until(due_us);
        send_event(self, producer, i, due_us);
        if (i % 64 == 0)
            rd_kafka_poll(producer, 0);
    }
    if (rd_kafka_flush(producer, PATIENCE_S * 1000))
        give_up("produce", "not delivered");
    rd_kafka_destroy(producer);
}

/* ---- the verdict ---- */

static double quantile_ms(const open_loop *self, double q)
{
    uint64_t below = 0;
    for (uint64_t i = 0; i < BUCKETS; i++) {
        below += self->histogram[i];
        if ((double)below >= q * (double)self->n_counted)
            return (double)(i + 1) * BUCKET_US / 1000.0;
    }
    return (double)self->max_us / 1000.0;
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fputs("usage: open_loop BROKERS SOURCE SINK RATE SECONDS ISOLATION PAYLOADS\n",
              stderr);
        return EX_USAGE;
    }
    static open_loop self;
    self.brokers = argv[1];
    self.source = argv[2];
    self.sink = argv[3];
    self.rate = strtol(argv[4], NULL, 10);
    self.seconds = strtol(argv[5], NULL, 10);
    self.isolation = argv[6];
    read_payloads(&self, argv[7]);
    self.counted_from_ms = INT64_MAX / 1000;
    pthread_t reader;
    if (pthread_create(&reader, NULL, read_predictions, &self))
        give_up("thread", "cannot start");
    while (!atomic_load(&self.ready))
        sleep_until(now_us() + 1000);
    send_events(&self);
    pthread_join(reader, NULL);
    printf("{\"events\": %llu, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"p999_ms\": %.2f, "
           "\"max_ms\": %.2f}\n",
           (unsigned long long)self.n_counted, quantile_ms(&self, 0.5),
           quantile_ms(&self, 0.99), quantile_ms(&self, 0.999),
           (double)self.max_us / 1000.0);
    return EX_OK;
}
