/* How a batch is published: every record is laid out and measured before any is produced, so
 * that a scored event has a record in each outlet, or, where one of them is too large, in
 * none. */
#include "producers/sink_internal.h"

#include "base/clock.h"
#include "producers/encode_features.h"

enum {
    MAX_IN_FLIGHT = 50000,
    MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024,
    TRUNCATED_BYTES = 16 * 1024,

    /* What a record takes beside its key, value and headers: 36 bytes by librdkafka's count,
     * and a margin, since it must never refuse what fits by ours. */
    RECORD_BYTES = 64,
    HEADER_BYTES = 10, /* the lengths of its name and of its value, at most */
};

static const char TRUNCATED_HEADER[] = "leat.truncated.size";
static const char TRUNCATED_KEY_HEADER[] = "leat.truncated.key.size";

static leat_status refuse_to_go_on(const leat_event *event, leat_error *error)
{
    return leat_error_set(
        error, event->status,
        "%s/%d/%lld: %s: %s; with dead_letter.topic such events go there "
        "and the others go on",
        event->topic, (int)event->partition, (long long)event->offset,
        leat_stage_name(event->stage), event->reason);
}

static rd_kafka_message_t record_of(const leat_event *event, leat_slice bytes)
{
    return (rd_kafka_message_t){
        .err = RD_KAFKA_RESP_ERR__QUEUE_FULL, /* until it is produced */
        .payload = (void *)bytes.data,
        .len = bytes.size,
        .key = (void *)event->key.data,
        .key_len = event->key.size,
    };
}

/* What the named headers of the event take in its prediction. */
static size_t passing_bytes(const leat_sink *sink, const leat_event *event)
{
    const rd_kafka_headers_t *all = sink->spec.headers_of(event);
    size_t bytes = 0;
    for (size_t i = 0; all && i < sink->spec.n_headers; i++) {
        const char *name = sink->spec.headers[i];
        const void *value;
        size_t size;
        if (!rd_kafka_header_get_last(all, name, &value, &size))
            bytes += HEADER_BYTES + strlen(name) + size;
    }
    return bytes;
}

/* False: the event is marked. */
static bool check_size(const leat_sink *sink, leat_batch *batch, leat_event *event,
                       const char *what, size_t bytes)
{
    bytes += RECORD_BYTES + event->key.size;
    if (bytes <= sink->producer.max_record_bytes)
        return true;
    leat_batch_fail(batch, event, LEAT_STAGE_PUBLISH, LEAT_E_TOO_LARGE,
                    "the %s takes %zu bytes with its key and headers, and "
                    "message.max.bytes is %zu",
                    what, bytes, sink->producer.max_record_bytes);
    return false;
}

/* Lays out the records of one event, which have the same place for each outlet. An event
 * that fails while it is encoded is marked like those that failed before. */
static leat_status encode_event(leat_sink *sink, const leat_prediction_spec *spec,
                                leat_batch *batch, leat_event *event)
{
    leat_slice prediction = leat_encode_prediction(spec, batch, event), features = {0};
    if (event->status != LEAT_OK)
        return LEAT_OK;
    if (prediction.data && sink->spec.features_topic)
        features = leat_encode_features(spec, batch, event);
    if (!prediction.data || (sink->spec.features_topic && !features.data))
        return LEAT_E_MEMORY;
    size_t headers = sink->spec.n_headers ? passing_bytes(sink, event) : 0;
    if (!check_size(sink, batch, event, "prediction", prediction.size + headers) ||
        !check_size(sink, batch, event, "feature record", features.size))
        return LEAT_OK;
    int place = sink->n_records++;
    sink->events[place] = event;
    sink->records[LEAT_OUTLET_PREDICTIONS][place] = record_of(event, prediction);
    sink->records[LEAT_OUTLET_FEATURES][place] = record_of(event, features);
    return LEAT_OK;
}

static leat_status encode(leat_sink *sink, const leat_prediction_spec *spec,
                          leat_batch *batch, leat_error *error)
{
    uint32_t n = leat_grouping_apply(&sink->grouping, batch, sink->events);
    sink->n_records = 0;
    for (uint32_t i = 0; i < n; i++)
        if (encode_event(sink, spec, batch, sink->events[i]) != LEAT_OK)
            return leat_error_set(error, LEAT_E_MEMORY, "no memory for a prediction");
    return LEAT_OK;
}

/* Whether every event can go where it has to, before any goes. */
static leat_status check_events(const leat_sink *sink, const leat_batch *batch,
                                leat_error *error)
{
    if (sink->spec.dead_letter_topic)
        return LEAT_OK;
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (batch->events[i].status != LEAT_OK)
            return refuse_to_go_on(&batch->events[i], error);
    return LEAT_OK;
}

/* The named headers of the event, in a list of their own; NULL when it has none. */
static rd_kafka_headers_t *passing_headers(const leat_sink *sink, const leat_event *event)
{
    const rd_kafka_headers_t *all = sink->spec.headers_of(event);
    rd_kafka_headers_t *passing = NULL;
    for (size_t i = 0; all && i < sink->spec.n_headers; i++) {
        const char *name = sink->spec.headers[i];
        const void *value;
        size_t size;
        if (rd_kafka_header_get_last(all, name, &value, &size))
            continue;
        if (!passing)
            passing = rd_kafka_headers_new(sink->spec.n_headers);
        rd_kafka_header_add(passing, name, -1, value, (ssize_t)size);
    }
    return passing;
}

/* One record with headers, which are librdkafka's afterwards, whatever comes of it. */
static rd_kafka_resp_err_t produce_one(leat_sink *sink, const char *topic, leat_slice key,
                                       leat_slice value, int64_t timestamp,
                                       rd_kafka_headers_t *headers, uint64_t sequence)
{
    const rd_kafka_vu_t record[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)key.data, key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)value.data, value.size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = timestamp > 0 ? timestamp : 0},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)sequence},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *failed = rd_kafka_produceva(
        sink->producer.handle, record, sizeof record / sizeof record[0] - !headers);
    if (!failed)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = rd_kafka_error_code(failed);
    rd_kafka_error_destroy(failed);
    if (headers)
        rd_kafka_headers_destroy(headers);
    return err;
}

static void produce_with_headers(leat_sink *sink, uint64_t sequence)
{
    rd_kafka_message_t *records = sink->records[LEAT_OUTLET_PREDICTIONS];
    for (int i = 0; i < sink->n_records; i++) {
        const leat_event *event = sink->events[i];
        leat_slice value = {records[i].payload, (uint32_t)records[i].len};
        records[i].err = produce_one(sink, sink->spec.topic, event->key, value, 0,
                                     passing_headers(sink, event), sequence);
        if (records[i].err)
            break;
    }
}

static void produce_in_one_call(leat_sink *sink, leat_outlet outlet, uint64_t sequence)
{
    rd_kafka_message_t *records = sink->records[outlet];
    for (int i = 0; i < sink->n_records; i++)
        records[i]._private = (void *)(uintptr_t)sequence;
    rd_kafka_produce_batch(sink->producer.topics[outlet], RD_KAFKA_PARTITION_UA,
                           RD_KAFKA_MSG_F_COPY, records, sink->n_records);
}

/* A producer that takes nothing since its transaction or itself has failed says so with
 * STATE or FATAL; the reason is in the reports. */
static leat_status refused(leat_sink *sink, const char *topic, rd_kafka_resp_err_t err,
                           leat_error *error)
{
    if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return LEAT_ABORTED;
    if (err == RD_KAFKA_RESP_ERR__FATAL)
        leat_sink_note_fatal(sink);
    else if (err != RD_KAFKA_RESP_ERR__STATE)
        return leat_error_set(error, LEAT_E_DELIVERY, "%s: %s", topic,
                              rd_kafka_err2str(err));
    leat_status status = leat_sink_serve(sink, 0, error);
    return status == LEAT_OK ? LEAT_ABORTED : status;
}

/* Takes down what became of the records that were produced. */
static leat_status account(leat_sink *sink, leat_outlet outlet, leat_ticket *ticket,
                           leat_error *error)
{
    leat_counter *const published[] = {
        [LEAT_OUTLET_PREDICTIONS] = &sink->meters.predictions,
        [LEAT_OUTLET_FEATURES] = &sink->meters.feature_records,
    };
    leat_status status = LEAT_OK;
    uint64_t n_published = 0;
    for (int i = 0; i < sink->n_records; i++) {
        const rd_kafka_message_t *record = &sink->records[outlet][i];
        if (!record->err) {
            leat_ledger_expect(sink->ledger, ticket, record->len + record->key_len);
            n_published++;
        } else if (status == LEAT_OK) {
            status = refused(sink, rd_kafka_topic_name(sink->producer.topics[outlet]),
                             record->err, error);
        }
    }
    leat_counter_add(published[outlet], n_published);
    return status;
}

static leat_status produce(leat_sink *sink, leat_outlet outlet, leat_ticket *ticket,
                           leat_error *error)
{
    if (outlet == LEAT_OUTLET_PREDICTIONS && sink->spec.n_headers)
        produce_with_headers(sink, ticket->sequence);
    else
        produce_in_one_call(sink, outlet, ticket->sequence);
    return account(sink, outlet, ticket, error);
}

static leat_status produce_scored(leat_sink *sink, leat_ticket *ticket, leat_error *error)
{
    leat_status status = LEAT_OK;
    for (int outlet = 0; outlet < LEAT_N_OUTLETS && status == LEAT_OK; outlet++)
        if (sink->n_records && sink->producer.topics[outlet])
            status = produce(sink, (leat_outlet)outlet, ticket, error);
    return status;
}

static rd_kafka_resp_err_t produce_whole(leat_sink *sink, const leat_event *event,
                                         uint64_t sequence)
{
    rd_kafka_headers_t *headers = leat_dead_letter_headers(&sink->spec.dead_letter, event,
                                                           sink->spec.headers_of(event));
    return produce_one(sink, sink->spec.dead_letter_topic, event->key, event->payload,
                       event->timestamp, headers, sequence);
}

static void add_size(rd_kafka_headers_t *headers, const char *name, uint32_t size)
{
    char text[16];
    snprintf(text, sizeof text, "%u", size);
    if (headers)
        rd_kafka_header_add(headers, name, -1, text, -1);
}

static void cut(leat_slice *bytes)
{
    if (bytes->size > TRUNCATED_BYTES)
        bytes->size = TRUNCATED_BYTES;
}

/* An event of the largest size that a topic takes has no room left for the headers of its
 * dead letter: the beginning and the true size have to do. Nor may it be its timestamp that the
 * brokers refused. */
static rd_kafka_resp_err_t produce_truncated(leat_sink *sink, const leat_event *event,
                                             leat_slice *key, leat_slice *value,
                                             uint64_t sequence)
{
    rd_kafka_headers_t *headers =
        leat_dead_letter_headers(&sink->spec.dead_letter, event, NULL);
    add_size(headers, TRUNCATED_HEADER, value->size);
    if (key->size > TRUNCATED_BYTES)
        add_size(headers, TRUNCATED_KEY_HEADER, key->size);
    cut(key);
    cut(value);
    return produce_one(sink, sink->spec.dead_letter_topic, *key, *value, 0, headers,
                       sequence);
}

static leat_status produce_dead_letter(leat_sink *sink, const leat_event *event,
                                       leat_ticket *ticket, leat_error *error)
{
    if (!sink->spec.dead_letter_topic)
        return refuse_to_go_on(event, error);
    leat_log_limited(&sink->dead_letter_log, 10 * LEAT_SEC, LEAT_LOG_WARN,
                     sink->spec.part, "dead letter: %s/%d/%lld: %s: %s", event->topic,
                     (int)event->partition, (long long)event->offset,
                     leat_stage_name(event->stage), event->reason);
    leat_slice key = event->key, value = event->payload;
    rd_kafka_resp_err_t err = event->status == LEAT_E_REFUSED
                                  ? RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
                                  : produce_whole(sink, event, ticket->sequence);
    if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        err = produce_truncated(sink, event, &key, &value, ticket->sequence);
    if (err)
        return refused(sink, sink->spec.dead_letter_topic, err, error);
    leat_ledger_expect(sink->ledger, ticket, value.size + key.size);
    leat_counter_add(&sink->meters.dead_letters, 1);
    return LEAT_OK;
}

bool leat_sink_has_room(const leat_sink *sink)
{
    return leat_ledger_in_flight(sink->ledger) < MAX_IN_FLIGHT &&
           leat_ledger_bytes(sink->ledger) < MAX_BYTES_IN_FLIGHT &&
           !leat_ledger_is_full(sink->ledger);
}

leat_status leat_sink_publish(leat_sink *sink, const leat_prediction_spec *prediction,
                              leat_batch *batch, leat_error *error)
{
    if (!leat_sink_has_room(sink))
        return LEAT_AGAIN;
    leat_status status = encode(sink, prediction, batch, error);
    if (status == LEAT_OK)
        status = check_events(sink, batch, error);
    if (status != LEAT_OK)
        return status;
    leat_ticket *ticket;
    status = leat_ledger_open(sink->ledger, batch, &ticket);
    if (status != LEAT_OK)
        return status;
    status = produce_scored(sink, ticket, error);
    for (uint32_t i = 0; status == LEAT_OK && i < batch->n_events; i++)
        if (batch->events[i].status != LEAT_OK)
            status = produce_dead_letter(sink, &batch->events[i], ticket, error);
    /* A ticket that was not published whole stays open: it must never settle. */
    if (status == LEAT_OK)
        leat_ticket_seal(ticket);
    return status;
}
