#include "producers/sink_internal.h"

#include "base/clock.h"

#include <stdlib.h>

enum { FLUSH_SLICE_MS = 100, ABORT_MS = 5000 };

/* A producer that is opened again has to come as far as this. */
static const uint64_t REOPEN_NS = 60 * LEAT_SEC;

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
    sink->producer_spec = (leat_producer_spec){
        .topics = {[LEAT_OUTLET_PREDICTIONS] = sink->spec.topic,
                   [LEAT_OUTLET_FEATURES] = sink->spec.features_topic},
        .transactional_id = sink->spec.transactional_id,
        .common = sink->spec.common,
        .producer = sink->spec.producer,
        .part = sink->spec.part,
        .owner = sink,
        .hook = hook};
    leat_status status = leat_producer_open(&sink->producer, &sink->producer_spec, error);
    sink->grouping.topic = sink->producer.topics[LEAT_OUTLET_PREDICTIONS];
    return status;
}

static bool make_room(leat_sink *sink)
{
    uint32_t n = sink->spec.max_events;
    sink->events = calloc(n, sizeof(leat_event *));
    sink->grouping.of = calloc(n, sizeof *sink->grouping.of);
    bool has_room = sink->events && sink->grouping.of;
    for (int i = 0; i < LEAT_N_OUTLETS; i++) {
        sink->records[i] = calloc(n, sizeof *sink->records[i]);
        has_room = has_room && sink->records[i];
    }
    return has_room;
}

leat_status leat_sink_new(leat_sink **sink, const leat_sink_spec *spec,
                          leat_ledger *ledger, leat_error *error)
{
    leat_sink *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a sink");
    made->spec = *spec;
    made->ledger = ledger;
    leat_status status =
        make_room(made) ? open_producer(made, error)
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
    for (int i = 0; i < LEAT_N_OUTLETS; i++)
        free(sink->records[i]);
    free(sink->events);
    free(sink->grouping.of);
    free(sink);
}

/* ---- acknowledgements ---- */

void leat_sink_note_fatal(leat_sink *sink)
{
    char why[200];
    rd_kafka_resp_err_t fatal =
        rd_kafka_fatal_error(sink->producer.handle, why, sizeof why);
    if (fatal)
        leat_sink_give_up(sink, fatal, why);
}

static leat_status report(leat_sink *sink, leat_error *error)
{
    leat_status status = leat_client_check(&sink->producer.client, error);
    if ((status != LEAT_OK || sink->failed < 0) && !sink->broken_by)
        leat_sink_note_fatal(sink);
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
