#include "producers/transaction.h"

#include "base/clock.h"
#include "base/fail_point.h"

#include <stdlib.h>

enum { RESTORE_MS = 500, RETRY_MS = 50 };

static const uint64_t REPORT_NS =
    100 * LEAT_MS;                             /* a record's failure is awaited so long */
static const uint64_t LAST_NS = 2 * LEAT_SEC;  /* of a deadline, for EndTxn at least */
static const uint64_t END_NS = 5 * LEAT_SEC;   /* an EndTxn's answer is awaited so long */
static const uint64_t ABORT_NS = 5 * LEAT_SEC; /* that of one that takes back */

typedef enum stage {
    STAGE_UNKNOWN, /* init_transactions() has not returned yet */
    STAGE_READY,
    STAGE_OPEN,
    STAGE_FAILED, /* to be taken back */
    STAGE_BROKEN, /* the producer is done for */
} stage;

struct leat_transaction {
    leat_transaction_spec spec;
    leat_sink *sink;
    stage stage;
    uint64_t due_ns;
    uint64_t give_up_ns; /* on taking it back; 0: not tried yet */
    bool is_forbidden;   /* the last one failed for want of a right */
    uint32_t n_events;
    leat_log_limit waiting_log;
};

leat_status leat_transaction_new(leat_transaction **transaction,
                                 const leat_transaction_spec *spec, leat_sink *sink,
                                 leat_error *error)
{
    leat_transaction *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a transaction");
    made->spec = *spec;
    made->sink = sink;
    *transaction = made;
    return LEAT_OK;
}

void leat_transaction_free(leat_transaction *transaction)
{
    free(transaction);
}

/* ---- what an error means ---- */

typedef enum verdict { VERDICT_OK, VERDICT_RETRY, VERDICT_ABORT, VERDICT_REOPEN } verdict;

static verdict judge(const rd_kafka_error_t *failed)
{
    if (!failed)
        return VERDICT_OK;
    if (rd_kafka_error_is_fatal(failed))
        return VERDICT_REOPEN;
    if (rd_kafka_error_txn_requires_abort(failed))
        return VERDICT_ABORT;
    return rd_kafka_error_is_retriable(failed) ? VERDICT_RETRY : VERDICT_REOPEN;
}

static leat_status must_abort(leat_transaction *self, const char *call, const char *why)
{
    leat_log(LEAT_LOG_WARN, self->spec.part, "%s: %s; those events are scored again",
             call, why);
    self->stage = STAGE_FAILED;
    return LEAT_ABORTED;
}

static leat_status must_reopen(leat_transaction *self, rd_kafka_resp_err_t err,
                               const char *why)
{
    leat_sink_give_up(self->sink, err, why);
    self->stage = STAGE_BROKEN;
    return LEAT_ABORTED;
}

/* Acts on the verdict of a call that was given its last chance. `late` says what becomes of it
 * when it could still be retried: then time has run out, whatever the last answer was. */
static leat_status act(leat_transaction *self, const char *call, rd_kafka_error_t *failed,
                       verdict late)
{
    verdict what = judge(failed);
    if (what == VERDICT_OK)
        return LEAT_OK;
    rd_kafka_resp_err_t err = rd_kafka_error_code(failed);
    if (what == VERDICT_RETRY) {
        what = late;
        err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    const char *why = rd_kafka_error_string(failed);
    leat_status status =
        what == VERDICT_ABORT ? must_abort(self, call, why) : must_reopen(self, err, why);
    rd_kafka_error_destroy(failed);
    return status;
}

static void pause_a_while(const leat_transaction *self)
{
    rd_kafka_poll(leat_sink_producer(self->sink),
                  RETRY_MS + (int)(leat_now_ns() % RETRY_MS));
}

/* Whether the call is to be made again, after a while; frees the error then. */
static bool is_retried(leat_transaction *self, rd_kafka_error_t *failed,
                       uint64_t deadline_ns)
{
    if (judge(failed) != VERDICT_RETRY || !leat_ms_until(deadline_ns))
        return false;
    rd_kafka_error_destroy(failed);
    pause_a_while(self);
    return true;
}

/* ---- one transaction ---- */

leat_status leat_transaction_begin(leat_transaction *self, uint32_t n_events)
{
    self->n_events += n_events;
    if (self->stage == STAGE_OPEN)
        return LEAT_OK;
    rd_kafka_error_t *failed = rd_kafka_begin_transaction(leat_sink_producer(self->sink));
    leat_status status = act(self, "begin_transaction", failed, VERDICT_REOPEN);
    if (status != LEAT_OK)
        return status;
    leat_sink_note_begin(self->sink);
    self->stage = STAGE_OPEN;
    self->n_events = n_events;
    self->due_ns = leat_now_ns() + self->spec.max_wait_ns;
    return LEAT_OK;
}

bool leat_transaction_is_due(const leat_transaction *self)
{
    return self->stage == STAGE_OPEN &&
           (self->n_events >= self->spec.max_events || !leat_sink_has_room(self->sink) ||
            leat_now_ns() >= self->due_ns);
}

uint64_t leat_transaction_due_ns(const leat_transaction *self)
{
    return self->stage == STAGE_OPEN ? self->due_ns : UINT64_MAX;
}

static leat_status send_offsets(leat_transaction *self,
                                const rd_kafka_topic_partition_list_t *offsets,
                                const rd_kafka_consumer_group_metadata_t *group,
                                uint64_t deadline_ns)
{
    if (!group)
        return must_abort(self, "commit", "the lane is no member of its group any more");
    rd_kafka_error_t *failed;
    do
        failed = rd_kafka_send_offsets_to_transaction(
            leat_sink_producer(self->sink), offsets, group, leat_ms_until(deadline_ns));
    while (is_retried(self, failed, deadline_ns));
    return act(self, "send_offsets_to_transaction", failed, VERDICT_ABORT);
}

static leat_status flush(leat_transaction *self, uint64_t deadline_ns, leat_error *error)
{
    leat_status status = leat_sink_flush(self->sink, deadline_ns, error);
    if (status == LEAT_E_TIMEOUT)
        return must_abort(self, "commit", error->msg);
    if (status == LEAT_ABORTED || status == LEAT_REFUSED)
        self->stage = STAGE_FAILED;
    return status;
}

/* It may be a record that made the transaction fail: its report follows at once. */
static leat_status ask_records(leat_transaction *self, leat_error *error)
{
    leat_status status = leat_sink_flush(self->sink, leat_now_ns() + REPORT_NS, error);
    return status == LEAT_OK || status == LEAT_E_TIMEOUT ? LEAT_ABORTED : status;
}

/* Past the deadline its outcome is unknown. */
static leat_status end(leat_transaction *self, uint64_t deadline_ns)
{
    uint64_t latest_ns = leat_now_ns() + END_NS;
    if (deadline_ns > latest_ns)
        deadline_ns = latest_ns;
    rd_kafka_error_t *failed;
    do
        failed = rd_kafka_commit_transaction(leat_sink_producer(self->sink),
                                             leat_ms_until(deadline_ns));
    while (is_retried(self, failed, deadline_ns));
    leat_status status = act(self, "commit_transaction", failed, VERDICT_REOPEN);
    if (status != LEAT_OK)
        return status;
    self->stage = STAGE_READY;
    self->is_forbidden = false;
    leat_sink_note_commit(self->sink);
    return LEAT_OK;
}

/* The offsets go first: the brokers take them while the last records are on their way. */
leat_status leat_transaction_commit(leat_transaction *self,
                                    const rd_kafka_topic_partition_list_t *offsets,
                                    const rd_kafka_consumer_group_metadata_t *group,
                                    uint64_t deadline_ns, leat_error *error)
{
    if (self->stage != STAGE_OPEN)
        return LEAT_OK;
    uint64_t before_end_ns = deadline_ns - LAST_NS;
    leat_status status = send_offsets(self, offsets, group, before_end_ns);
    if (status == LEAT_OK)
        LEAT_FAIL_POINT("after_offsets");
    if (status == LEAT_ABORTED)
        status = ask_records(self, error);
    if (status == LEAT_OK)
        status = flush(self, before_end_ns, error);
    if (status != LEAT_OK)
        return status;
    LEAT_FAIL_POINT("before_commit");
    status = end(self, deadline_ns);
    if (status == LEAT_OK)
        LEAT_FAIL_POINT("after_commit");
    return status;
}

/* ---- starting again ---- */

static void try_again_later(leat_transaction *self, const char *call,
                            rd_kafka_error_t *failed)
{
    leat_log_limited(&self->waiting_log, 10 * LEAT_SEC, LEAT_LOG_WARN, self->spec.part,
                     "%s: %s; trying again", call, rd_kafka_error_string(failed));
    rd_kafka_error_destroy(failed);
    pause_a_while(self);
}

static bool is_of_rights(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

/* A right that is missing makes each transaction fail, and its records say only that they were
 * purged. librdkafka answers a call that comes at a wrong time with what made the transaction fail.
 * The second time without a commit in between, somebody has to look. */
static leat_status look_for_rights(leat_transaction *self, leat_error *error)
{
    rd_kafka_error_t *failed = rd_kafka_begin_transaction(leat_sink_producer(self->sink));
    if (!failed) {
        must_reopen(self, RD_KAFKA_RESP_ERR__STATE, "there was no transaction");
        return LEAT_AGAIN;
    }
    bool was_forbidden = self->is_forbidden;
    self->is_forbidden = is_of_rights(rd_kafka_error_code(failed));
    leat_status status = self->is_forbidden && was_forbidden
                             ? leat_error_set(error, LEAT_E_KAFKA, "transaction: %s",
                                              rd_kafka_error_string(failed))
                             : LEAT_OK;
    rd_kafka_error_destroy(failed);
    return status;
}

/* Also an abort that says that it needs one is tried again: librdkafka keeps it to be done. */
static leat_status take_back(leat_transaction *self, leat_error *error)
{
    if (!self->give_up_ns) {
        leat_status status = look_for_rights(self, error);
        if (status != LEAT_OK)
            return status;
        self->give_up_ns = leat_now_ns() + ABORT_NS;
    }
    rd_kafka_error_t *failed =
        rd_kafka_abort_transaction(leat_sink_producer(self->sink), RESTORE_MS);
    verdict what = judge(failed);
    if (failed && what != VERDICT_REOPEN && leat_ms_until(self->give_up_ns)) {
        try_again_later(self, "abort_transaction", failed);
        return LEAT_AGAIN;
    }
    self->give_up_ns = 0;
    if (failed) {
        must_reopen(self,
                    what == VERDICT_REOPEN ? rd_kafka_error_code(failed)
                                           : RD_KAFKA_RESP_ERR__TIMED_OUT,
                    rd_kafka_error_string(failed));
        rd_kafka_error_destroy(failed);
        return LEAT_AGAIN;
    }
    self->stage = STAGE_READY;
    return leat_sink_abort(self->sink, error);
}

/* Of a new producer, or the first one. */
static leat_status initialise(leat_transaction *self)
{
    rd_kafka_error_t *failed =
        rd_kafka_init_transactions(leat_sink_producer(self->sink), RESTORE_MS);
    if (judge(failed) == VERDICT_RETRY) {
        try_again_later(self, "init_transactions", failed);
        return LEAT_AGAIN;
    }
    leat_status status = act(self, "init_transactions", failed, VERDICT_REOPEN);
    if (status == LEAT_OK)
        self->stage = STAGE_READY;
    return status == LEAT_ABORTED ? LEAT_AGAIN : status;
}

leat_status leat_transaction_restore(leat_transaction *self, leat_error *error)
{
    if (leat_sink_check(self->sink, error) == LEAT_E_CONFIG)
        return LEAT_E_CONFIG; /* a new producer has no other credentials */
    if (leat_sink_is_broken(self->sink))
        self->stage = STAGE_BROKEN;
    switch (self->stage) {
    case STAGE_OPEN:
    case STAGE_FAILED:
        return take_back(self, error);
    case STAGE_BROKEN:
        self->stage = STAGE_UNKNOWN;
        self->give_up_ns = 0;
        leat_status status = leat_sink_abort(self->sink, error);
        return status == LEAT_OK ? LEAT_AGAIN : status;
    case STAGE_UNKNOWN:
        return initialise(self);
    case STAGE_READY:
        break;
    }
    return LEAT_OK;
}
