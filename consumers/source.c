#include "consumers/source_internal.h"

#include "base/clock.h"

#include <stdlib.h>

enum { CLOSE_SLICE_MS = 100, NAMES_BLOCK = 1024 };

static const uint64_t KEEP_ALIVE_NS = LEAT_SEC;

static leat_status subscribe(leat_source *source, leat_error *error)
{
    const leat_source_spec *spec = &source->spec;
    rd_kafka_topic_partition_list_t *topics =
        rd_kafka_topic_partition_list_new((int)spec->n_topics);
    for (size_t i = 0; i < spec->n_topics; i++)
        rd_kafka_topic_partition_list_add(topics, spec->topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(source->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (err)
        return leat_error_set(error, LEAT_E_KAFKA, "subscribe: %s",
                              rd_kafka_err2str(err));
    return LEAT_OK;
}

/* What is fetched ahead is bounded by its bytes. Were it bounded by its number, librdkafka
 * 2.0.2 would pause fetching for up to a second each time that it has so many. A partition
 * that is added is found when metadata is asked for again, which is every five minutes unless
 * said. */
static const leat_property preferred[] = {
    {"client.id", "leat"},
    {"fetch.wait.max.ms", "100"},
    {"socket.nagle.disable", "true"},
    {"queued.max.messages.kbytes", "32768"},
    {"queued.min.messages", "1000000"},
    {"topic.metadata.refresh.interval.ms", "10000"},
};

static void hook(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_rebalance_cb(conf, leat_source_on_rebalance);
    leat_source_watch_joins(conf);
}

static leat_status open_consumer(leat_source *source, leat_error *error)
{
    const leat_source_spec *spec = &source->spec;
    const leat_property owned[] = {
        {"group.id", spec->group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"enable.partition.eof", "false"},
        {"auto.offset.reset", "error"}, /* out_of_range.c goes on, if that is wanted */
        {"isolation.level", "read_committed"},
    };
    const leat_properties layers[] = {
        {sizeof preferred / sizeof preferred[0], preferred},
        spec->common,
        spec->consumer,
        {sizeof owned / sizeof owned[0], owned},
    };
    const leat_client_spec client = {.type = RD_KAFKA_CONSUMER,
                                     .part = spec->part,
                                     .owner = source,
                                     .n_layers = sizeof layers / sizeof layers[0],
                                     .layers = layers,
                                     .hook = hook};
    leat_status status = leat_client_open(&source->client, &client, error);
    if (status != LEAT_OK)
        return status;
    source->consumer = source->client.handle;
    rd_kafka_poll_set_consumer(source->consumer);
    source->closing = rd_kafka_queue_new(source->consumer);
    source->commit_answers = rd_kafka_queue_new(source->consumer);
    return subscribe(source, error);
}

leat_status leat_source_new(leat_source **source, const leat_source_spec *spec,
                            leat_error *error)
{
    leat_source *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a source");
    made->spec = *spec;
    leat_arena_init(&made->names, NAMES_BLOCK);
    made->polled_ns = leat_now_ns();
    leat_status status = open_consumer(made, error);
    if (status != LEAT_OK)
        leat_source_free(made);
    else
        *source = made;
    return status;
}

void leat_source_free(leat_source *source)
{
    /* librdkafka 2.0.2 waits without a bound to destroy a consumer that has read a topic which is
     * gone: it goes with the process. */
    if (!source || source->is_topic_gone || source->client.gone[0])
        return;
    leat_source_clear_held(source);
    leat_source_forget(&source->changing);
    leat_source_forget(&source->starting);
    if (source->closing)
        rd_kafka_queue_destroy(source->closing);
    leat_source_forget_group(source);
    if (source->commit_answers)
        rd_kafka_queue_destroy(source->commit_answers);
    /* A consumer that did not close in time would be waited for without a bound. */
    if (source->consumer)
        rd_kafka_destroy_flags(source->consumer,
                               source->closed ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    leat_partition_meters_fini(&source->meters);
    leat_arena_fini(&source->names);
    free(source->slots);
    free(source);
}

/* ---- filling a batch ---- */

static uint64_t size_of(const rd_kafka_message_t *record)
{
    return record->key_len + record->len;
}

static leat_status add_record(leat_source *source, leat_batch *batch,
                              rd_kafka_message_t *record, leat_error *error)
{
    uint32_t slot = leat_source_slot_of(source, record);
    if (slot == UINT32_MAX) {
        rd_kafka_message_destroy(record);
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a partition");
    }
    /* librdkafka 2.0.2 can go back to the beginning that it was assigned with: it asks once more
     * where that is, when a seek has outdated the first answer. */
    if (record->offset < source->slots[slot].taken) {
        rd_kafka_message_destroy(record);
        return LEAT_OK;
    }
    rd_kafka_timestamp_type_t type;
    leat_event *event = leat_batch_add(batch);
    event->topic = source->slots[slot].topic;
    event->slot = slot;
    event->epoch = source->slots[slot].epoch;
    event->partition = record->partition;
    event->offset = record->offset;
    event->timestamp = rd_kafka_message_timestamp(record, &type);
    event->key = (leat_slice){record->key, (uint32_t)record->key_len};
    event->payload = (leat_slice){record->payload, (uint32_t)record->len};
    event->record = record;
    source->slots[slot].taken = record->offset + 1;
    batch->bytes += size_of(record);
    return LEAT_OK;
}

/* What librdkafka would ask for again and again, or pass over: somebody has to look. */
static bool is_unreadable(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
           err == RD_KAFKA_RESP_ERR__BAD_MSG ||
           err == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED ||
           err == RD_KAFKA_RESP_ERR_INVALID_MSG ||
           err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

static bool is_forbidden(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
}

/* The group's offsets go with their topic: what was read is not committed for another one of
 * that name, and a worker that starts again begins where `start` says. */
static void let_topic_go(leat_source *source, const char *name, size_t size)
{
    for (uint32_t i = 0; i < source->n_slots; i++) {
        const char *topic = source->slots[i].topic;
        if (strlen(topic) == size && !memcmp(topic, name, size)) {
            leat_source_drop_topic(source, topic);
            break;
        }
    }
    source->is_topic_gone = true;
}

static leat_status check_client(leat_source *source, leat_error *error)
{
    leat_status status = leat_client_check(&source->client, error);
    const char *gone = source->client.gone; /* "topic [partition]: ..." */
    if (status != LEAT_OK && gone[0])
        let_topic_go(source, gone, strcspn(gone, " "));
    return status;
}

/* What came instead of a record. What librdkafka mends by itself is logged and passed over. */
static leat_status judge_error(leat_source *source, const rd_kafka_message_t *record,
                               leat_error *error)
{
    const char *topic = record->rkt ? rd_kafka_topic_name(record->rkt) : "";
    const char *text = rd_kafka_message_errstr(record);
    if (record->err == RD_KAFKA_RESP_ERR__FATAL) {
        leat_client_end(&source->client, source->consumer, record->err, text);
        return leat_client_check(&source->client, error);
    }
    if (record->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        return leat_source_go_on(source, record, error);
    if (record->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        let_topic_go(source, topic, strlen(topic));
    if (is_unreadable(record->err))
        return leat_error_set(error, LEAT_E_KAFKA,
                              "%s/%d/%lld: the records from here on cannot be read: %s",
                              topic, (int)record->partition, (long long)record->offset,
                              text);
    if (is_forbidden(record->err))
        return leat_error_set(error, LEAT_E_KAFKA, "source %s: %s", topic, text);
    leat_log_limited(&source->client.log_limit, 10 * LEAT_SEC, LEAT_LOG_WARN,
                     source->spec.part, "%s: %s", topic, text);
    return LEAT_OK;
}

static rd_kafka_message_t *poll_once(leat_source *source, int timeout_ms)
{
    source->polled_ns = leat_now_ns();
    return rd_kafka_consumer_poll(source->consumer, timeout_ms);
}

/* One record, or NULL when there is none before `until_ns` or a rebalance came. What is
 * already here is taken without asking for the time. */
static rd_kafka_message_t *next_record(leat_source *source, uint64_t until_ns)
{
    rd_kafka_message_t *record = source->held;
    source->held = NULL;
    if (!record)
        record = rd_kafka_consumer_poll(source->consumer, 0);
    while (!record && source->change == LEAT_CHANGE_NONE) {
        int ms = leat_ms_until(until_ns);
        if (!ms)
            break;
        record = poll_once(source, ms);
    }
    return record;
}

static leat_status fill_window(leat_source *source, leat_batch *batch,
                               const leat_window *window, uint64_t wake_ns,
                               leat_error *error)
{
    uint64_t until_ns = wake_ns;
    leat_status status = LEAT_OK;
    while (status == LEAT_OK && batch->n_events < window->max_events &&
           batch->bytes < window->max_bytes) {
        rd_kafka_message_t *record = next_record(source, until_ns);
        if (!record)
            break;
        if (record->err) {
            status = judge_error(source, record, error);
            rd_kafka_message_destroy(record);
            continue;
        }
        if (batch->n_events && batch->bytes + size_of(record) > window->max_bytes) {
            source->held = record;
            break;
        }
        if (!batch->n_events)
            until_ns = (batch->opened_ns = leat_now_ns()) + window->max_wait_ns;
        status = add_record(source, batch, record, error);
    }
    return status;
}

leat_status leat_source_fill(leat_source *source, leat_batch *batch,
                             const leat_window *window, uint64_t wake_ns,
                             leat_error *error)
{
    leat_status status = check_client(source, error);
    if (status != LEAT_OK)
        return status;
    if (source->change != LEAT_CHANGE_NONE || leat_source_is_left_behind(source))
        return LEAT_REBALANCE;
    leat_source_resume(source);
    if (source->is_astray) {
        status = leat_source_realign(source, error);
        if (status != LEAT_OK)
            return status == LEAT_AGAIN ? LEAT_OK : status;
    }
    if (source->starting) {
        status = leat_source_start_waiting(source, error);
        if (status != LEAT_OK)
            return status;
        if (source->starting && wake_ns > source->start_again_ns)
            wake_ns = source->start_again_ns;
    }
    source->polled_ns = leat_now_ns();
    return fill_window(source, batch, window, wake_ns, error);
}

void leat_source_release(leat_source *source, leat_batch *batch)
{
    (void)source;
    for (uint32_t i = 0; i < batch->n_events; i++) {
        rd_kafka_message_destroy(batch->events[i].record);
        batch->events[i].record = NULL;
    }
    batch->n_events = 0;
}

/* ---- headers ---- */

const rd_kafka_headers_t *leat_source_headers(const leat_event *event)
{
    rd_kafka_headers_t *headers;
    if (!event->record || rd_kafka_message_headers(event->record, &headers))
        return NULL;
    return headers;
}

leat_slice leat_source_header(const leat_event *event, const char *name)
{
    const rd_kafka_headers_t *headers = leat_source_headers(event);
    const void *value;
    size_t size;
    if (!headers || rd_kafka_header_get_last(headers, name, &value, &size))
        return (leat_slice){0};
    return (leat_slice){value, (uint32_t)size};
}

/* ---- membership while the lane waits ---- */

/* A record, and a report that it is out of range, come again once the source is aligned. */
leat_status leat_source_hear(leat_source *source, int timeout_ms, leat_error *error)
{
    rd_kafka_message_t *record = poll_once(source, timeout_ms);
    if (!record)
        return LEAT_OK;
    leat_status status =
        record->err && record->err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET
            ? judge_error(source, record, error)
            : LEAT_OK;
    rd_kafka_message_destroy(record);
    return status;
}

leat_status leat_source_look(leat_source *source, int timeout_ms, leat_error *error)
{
    leat_status status = check_client(source, error);
    if (status != LEAT_OK)
        return status;
    leat_source_pause(source);
    return leat_source_hear(source, timeout_ms, error);
}

leat_status leat_source_keep_alive(leat_source *source, leat_error *error)
{
    if (source->change != LEAT_CHANGE_NONE ||
        leat_now_ns() - source->polled_ns < KEEP_ALIVE_NS)
        return LEAT_OK;
    return leat_source_look(source, 0, error);
}

/* ---- leaving ---- */

/* Once closing, the last revoke comes as an event on the queue. */
static void answer_last_revoke(leat_source *source, rd_kafka_event_t *event)
{
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
        rd_kafka_assign(source->consumer, NULL);
    rd_kafka_event_destroy(event);
}

leat_status leat_source_close(leat_source *source, uint64_t deadline_ns,
                              leat_error *error)
{
    leat_status status = leat_source_decline(source, error);
    if (status != LEAT_OK)
        return status;
    rd_kafka_error_t *failed =
        rd_kafka_consumer_close_queue(source->consumer, source->closing);
    if (failed) {
        leat_error_set(error, LEAT_E_KAFKA, "close: %s", rd_kafka_error_string(failed));
        rd_kafka_error_destroy(failed);
        return LEAT_E_KAFKA;
    }
    while (!rd_kafka_consumer_closed(source->consumer)) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(source->closing, CLOSE_SLICE_MS);
        if (event)
            answer_last_revoke(source, event);
        if (!leat_ms_until(deadline_ns))
            return leat_error_set(error, LEAT_E_TIMEOUT,
                                  "the consumer did not leave the group in time");
    }
    source->closed = true;
    return LEAT_OK;
}
