#include "producers/sink.h"

#include "base/clock.h"
#include "producers/grouping.h"
#include "producers/producer.h"

#include <stdlib.h>

enum {
    MAX_IN_FLIGHT = 50000,
    MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024,
    FLUSH_SLICE_MS = 100,
    ABORT_MS = 5000,
    TRUNCATED_BYTES = 16 * 1024,
};

/* A producer that is opened again has to come as far as this. */
static const uint64_t REOPEN_NS = 60 * LEAT_SEC;

static const char TRUNCATED_HEADER[] = "leat.truncated.size";
static const char TRUNCATED_KEY_HEADER[] = "leat.truncated.key.size";

struct leat_sink {
    leat_producer producer;
    leat_producer_spec producer_spec;
    uint64_t reopened_ns; /* when one that had failed was opened again last; 0: never */
    rd_kafka_resp_err_t reopened_by; /* what that one had failed by */
    uint64_t begun_ns;               /* when its last transaction began */
    bool works; /* since then: a record acknowledged, or a transaction committed */
    rd_kafka_resp_err_t broken_by; /* what ended the producer; 0: it lives */
    leat_sink_spec spec;
    leat_ledger *ledger;
    leat_sink_meters meters;
    rd_kafka_message_t *records; /* [max_events]: the predictions of a batch */
    leat_event **events;         /* [max_events]: whose they are */
    leat_grouping grouping;
    int n_records;
    leat_status
        failed; /* what the producer said: OK, ABORTED (until abort), or an error */
    char why[256];
    leat_log_limit dead_letter_log;
};

/* ---- making one ---- */

/* Time heals these; the rest stands until somebody mends it. */
static int is_passing(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ||
           err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
           err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

/* What is wrong with the record itself. Others of the topic may pass. */
static int is_of_record(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
           err == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
           err == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
           err == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *record, void *opaque)
{
    (void)rk;
    leat_sink *sink = ((leat_client *)opaque)->owner;
    uint64_t sequence = (uint64_t)(uintptr_t)record->_private;
    if (!record->err) {
        leat_ledger_acknowledge(sink->ledger, sequence);
        leat_grouping_learn(&sink->grouping, record);
        sink->works = sink->works || !sink->spec.transactional_id;
        return;
    }
    /* The refusal of one fails the others of its transaction. */
    if (!leat_ledger_knows(sink->ledger, sequence) || sink->failed < 0 ||
        sink->failed == LEAT_REFUSED)
        return;
    sink->failed = is_passing(record->err)     ? LEAT_ABORTED
                   : is_of_record(record->err) ? LEAT_REFUSED
                                               : LEAT_E_DELIVERY;
    snprintf(sink->why, sizeof sink->why, "%s: %s", rd_kafka_topic_name(record->rkt),
             rd_kafka_err2str(record->err));
}

static void hook(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

static leat_status open_producer(leat_sink *sink, leat_error *error)
{
    sink->producer_spec =
        (leat_producer_spec){.topic = sink->spec.topic,
                             .transactional_id = sink->spec.transactional_id,
                             .common = sink->spec.common,
                             .producer = sink->spec.producer,
                             .part = sink->spec.part,
                             .owner = sink,
                             .hook = hook};
    leat_status status = leat_producer_open(&sink->producer, &sink->producer_spec, error);
    sink->grouping.topic = sink->producer.topic;
    return status;
}

leat_status leat_sink_new(leat_sink **sink, const leat_sink_spec *spec,
                          leat_ledger *ledger, leat_error *error)
{
    leat_sink *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a sink");
    made->spec = *spec;
    made->ledger = ledger;
    made->records = calloc(spec->max_events, sizeof *made->records);
    made->events = calloc(spec->max_events, sizeof(leat_event *));
    made->grouping.of = calloc(spec->max_events, sizeof *made->grouping.of);
    leat_status status =
        made->records && made->events && made->grouping.of
            ? open_producer(made, error)
            : leat_error_set(error, LEAT_E_MEMORY, "no memory for a sink");
    if (status != LEAT_OK)
        leat_sink_free(made);
    else
        *sink = made;
    return status;
}

void leat_sink_free(leat_sink *sink)
{
    if (!sink)
        return;
    leat_producer_close(&sink->producer);
    free(sink->records);
    free(sink->events);
    free(sink->grouping.of);
    free(sink);
}

/* ---- publishing ---- */

static leat_status refuse_to_go_on(const leat_event *event, leat_error *error)
{
    return leat_error_set(
        error, event->status,
        "%s/%d/%lld: %s: %s; with dead_letter.topic such events go there "
        "and the others go on",
        event->topic, (int)event->partition, (long long)event->offset,
        leat_stage_name(event->stage), event->reason);
}

/* Lays out the predictions of the batch; events that fail while they are encoded are
 * marked like those that failed before. */
static leat_status encode(leat_sink *sink, const leat_prediction_spec *prediction,
                          leat_batch *batch, leat_error *error)
{
    uint32_t n = leat_grouping_apply(&sink->grouping, batch, sink->events);
    sink->n_records = 0;
    for (uint32_t i = 0; i < n; i++) {
        leat_event *event = sink->events[i];
        leat_slice bytes = leat_encode_prediction(prediction, batch, event);
        if (!bytes.data && event->status == LEAT_OK)
            return leat_error_set(error, LEAT_E_MEMORY, "no memory for a prediction");
        if (!bytes.data)
            continue;
        sink->events[sink->n_records] = event;
        sink->records[sink->n_records++] = (rd_kafka_message_t){
            .err = RD_KAFKA_RESP_ERR__QUEUE_FULL, /* until it is produced */
            .payload = (void *)bytes.data,
            .len = bytes.size,
            .key = (void *)event->key.data,
            .key_len = event->key.size,
        };
    }
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
    for (int i = 0; i < sink->n_records; i++) {
        rd_kafka_message_t *record = &sink->records[i];
        const leat_event *event = sink->events[i];
        leat_slice value = {record->payload, (uint32_t)record->len};
        record->err = produce_one(sink, sink->spec.topic, event->key, value, 0,
                                  passing_headers(sink, event), sequence);
        if (record->err && record->err != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
            break;
    }
}

static void produce_in_one_call(leat_sink *sink, uint64_t sequence)
{
    for (int i = 0; i < sink->n_records; i++)
        sink->records[i]._private = (void *)(uintptr_t)sequence;
    rd_kafka_produce_batch(sink->producer.topic, RD_KAFKA_PARTITION_UA,
                           RD_KAFKA_MSG_F_COPY, sink->records, sink->n_records);
}

/* A fatal error ends the producer, not the lane: the next one may do better. Its records fail
 * with it, and may say so first. */
static void note_fatal(leat_sink *sink)
{
    char why[200];
    rd_kafka_resp_err_t fatal =
        rd_kafka_fatal_error(sink->producer.handle, why, sizeof why);
    if (fatal)
        leat_sink_give_up(sink, fatal, why);
}

/* A producer that takes nothing since its transaction or itself has failed says so with
 * STATE or FATAL; the reason is in the reports. */
static leat_status refused(leat_sink *sink, const char *topic, rd_kafka_resp_err_t err,
                           leat_error *error)
{
    if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return LEAT_ABORTED;
    if (err == RD_KAFKA_RESP_ERR__FATAL)
        note_fatal(sink);
    else if (err != RD_KAFKA_RESP_ERR__STATE)
        return leat_error_set(error, LEAT_E_DELIVERY, "%s: %s", topic,
                              rd_kafka_err2str(err));
    leat_status status = leat_sink_serve(sink, 0, error);
    return status == LEAT_OK ? LEAT_ABORTED : status;
}

static leat_status produce_predictions(leat_sink *sink, leat_batch *batch,
                                       leat_ticket *ticket, leat_error *error)
{
    if (!sink->n_records)
        return LEAT_OK;
    if (sink->spec.n_headers)
        produce_with_headers(sink, ticket->sequence);
    else
        produce_in_one_call(sink, ticket->sequence);
    leat_status status = LEAT_OK;
    uint64_t published = 0;
    for (int i = 0; i < sink->n_records; i++) {
        const rd_kafka_message_t *record = &sink->records[i];
        if (!record->err) {
            leat_ledger_expect(sink->ledger, ticket, record->len + record->key_len);
            published++;
        } else if (record->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
            leat_batch_fail(batch, sink->events[i], LEAT_STAGE_PUBLISH, LEAT_E_TOO_LARGE,
                            "the prediction has %zu bytes, more than message.max.bytes "
                            "allows",
                            record->len);
        } else if (status == LEAT_OK) {
            status = refused(sink, sink->spec.topic, record->err, error);
        }
    }
    leat_counter_add(&sink->meters.predictions, published);
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
    status = produce_predictions(sink, batch, ticket, error);
    for (uint32_t i = 0; status == LEAT_OK && i < batch->n_events; i++)
        if (batch->events[i].status != LEAT_OK)
            status = produce_dead_letter(sink, &batch->events[i], ticket, error);
    /* A ticket that was not published whole stays open: it must never settle. */
    if (status == LEAT_OK)
        leat_ticket_seal(ticket);
    return status;
}

/* ---- acknowledgements ---- */

static leat_status report(leat_sink *sink, leat_error *error)
{
    leat_status status = leat_client_check(&sink->producer.client, error);
    if ((status != LEAT_OK || sink->failed < 0) && !sink->broken_by)
        note_fatal(sink);
    if (sink->broken_by)
        return LEAT_ABORTED;
    if (status == LEAT_OK && sink->failed < 0)
        leat_error_set(error, sink->failed, "%s", sink->why);
    return status == LEAT_OK ? sink->failed : status;
}

leat_status leat_sink_check(const leat_sink *sink, leat_error *error)
{
    return leat_client_check(&sink->producer.client, error);
}

leat_status leat_sink_serve(leat_sink *sink, int timeout_ms, leat_error *error)
{
    if (sink->producer.handle)
        rd_kafka_poll(sink->producer.handle, timeout_ms);
    else
        leat_sleep_ms(timeout_ms); /* none could be opened again */
    return report(sink, error);
}

leat_status leat_sink_flush(leat_sink *sink, uint64_t deadline_ns, leat_error *error)
{
    leat_status status = report(sink, error);
    while (status == LEAT_OK && leat_ledger_in_flight(sink->ledger)) {
        int ms = leat_ms_until(deadline_ns);
        if (!ms)
            return leat_error_set(
                error, LEAT_E_TIMEOUT, "%llu records were not acknowledged in time",
                (unsigned long long)leat_ledger_in_flight(sink->ledger));
        rd_kafka_flush(sink->producer.handle, ms < FLUSH_SLICE_MS ? ms : FLUSH_SLICE_MS);
        status = report(sink, error);
    }
    return status;
}

/* ---- starting again ---- */

static bool is_fenced(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__FENCED || err == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           err == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* Brokers fence the producer of a transaction that has outlived its time-out, too: that of a
 * worker that stood still. Nobody else is to blame for that. */
static bool has_outlived(const leat_sink *sink)
{
    return sink->begun_ns &&
           leat_now_ns() - sink->begun_ns > sink->producer.max_transaction_ns;
}

void leat_sink_give_up(leat_sink *sink, rd_kafka_resp_err_t err, const char *why)
{
    sink->broken_by =
        is_fenced(err) && has_outlived(sink) ? RD_KAFKA_RESP_ERR__TIMED_OUT : err;
    sink->failed = LEAT_ABORTED;
    snprintf(sink->why, sizeof sink->why, "%s (%s)", why, rd_kafka_err2name(err));
}

bool leat_sink_is_broken(const leat_sink *sink)
{
    return sink->broken_by != RD_KAFKA_RESP_ERR_NO_ERROR;
}

void leat_sink_note_begin(leat_sink *sink)
{
    sink->begun_ns = leat_now_ns();
}

void leat_sink_note_commit(leat_sink *sink)
{
    sink->works = true;
}

/* Once may be an accident. Twice in a minute, somebody else is at work under the same
 * transactional id, or what ended the producer ends every one. An outcome that is unknown says
 * nothing about the producer, and is no time. */
static leat_status may_reopen(const leat_sink *sink, leat_error *error)
{
    if (!sink->reopened_ns || leat_now_ns() - sink->reopened_ns > REOPEN_NS ||
        sink->broken_by == RD_KAFKA_RESP_ERR__TIMED_OUT)
        return LEAT_OK;
    if (is_fenced(sink->broken_by) && is_fenced(sink->reopened_by))
        return leat_error_set(error, LEAT_E_KAFKA,
                              "fenced twice in a minute: another worker uses the "
                              "transactional id %s; give each a transaction.id_prefix of "
                              "its own",
                              sink->spec.transactional_id);
    if (!sink->works)
        return leat_error_set(error, LEAT_E_KAFKA, "the producer failed again: %s",
                              sink->why);
    return LEAT_OK;
}

static void note_reopened(leat_sink *sink)
{
    if (sink->broken_by != RD_KAFKA_RESP_ERR__TIMED_OUT) {
        sink->reopened_ns = leat_now_ns();
        sink->reopened_by = sink->broken_by;
        sink->works = false;
    }
    sink->begun_ns = leat_now_ns(); /* the old transaction explains nothing any more */
    sink->broken_by = RD_KAFKA_RESP_ERR_NO_ERROR;
    sink->failed = LEAT_OK;
    leat_counter_add(&sink->meters.producers_reopened, 1);
}

static leat_status reopen(leat_sink *sink, leat_error *error)
{
    leat_status status = may_reopen(sink, error);
    if (status != LEAT_OK)
        return status;
    leat_log(LEAT_LOG_WARN, sink->spec.part, "a new producer, since: %s", sink->why);
    leat_producer_close(&sink->producer);
    status = open_producer(sink, error);
    if (status == LEAT_OK)
        note_reopened(sink);
    return status;
}

leat_status leat_sink_abort(leat_sink *sink, leat_error *error)
{
    if (sink->broken_by)
        return reopen(sink, error);
    if (sink->failed)
        leat_log(LEAT_LOG_WARN, sink->spec.part, "not delivered, going back: %s",
                 sink->why);
    sink->failed = LEAT_OK;
    if (sink->spec.transactional_id)
        return LEAT_OK; /* the transaction takes back its own */
    rd_kafka_purge(sink->producer.handle,
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(sink->producer.handle, ABORT_MS);
    sink->failed = LEAT_OK; /* reports of what was purged */
    return LEAT_OK;
}

const char *leat_sink_why(const leat_sink *sink)
{
    return sink->why;
}

rd_kafka_t *leat_sink_producer(const leat_sink *sink)
{
    return sink->producer.handle;
}

const leat_sink_meters *leat_sink_read(const leat_sink *sink)
{
    return &sink->meters;
}
