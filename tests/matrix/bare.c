/* What a cell has to end with. It is played with a client of its own and no line of what it
 * judges: the flags are those of the errors that librdkafka's calls return, and the policy for
 * flags is written down here once more, from librdkafka's examples/transactions.c and from
 * what producers/transaction.h and producers/sink.h promise.
 *
 *   no error      it went through
 *   retriable     the same call again, to its deadline. Later than that: offsets are taken
 *                 back, an EndTxn gets a new producer (its outcome is unknown), and
 *                 init_transactions() goes on
 *   needs abort   it is taken back; a taking back that says so itself is tried again, to its
 *                 deadline
 *   fatal, none   a new producer, unless the last one ended like that too and nothing was
 *                 committed between: then the lane ends
 *   records       of those that failed, the ones that timed out, were purged, or are at fault
 *                 themselves (too large, invalid) are taken back; when the producer has ended: as
 *                 fatal; else the lane ends
 *
 * Only the configuration is the product's: leat_producer_open().
 */
#include "cell.h"

#include "producers/producer.h"

enum { PAUSE_MS = 70 };

typedef enum verdict { FINE, LATE, NEEDS_ABORT, ENDED, REFUSED } verdict;

typedef struct bare_lane {
    const matrix_cell *cell;
    mock_cluster *mock;
    leat_property properties[N_MATRIX_PROPERTIES];
    leat_producer producer;
    rd_kafka_topic_partition_list_t *offsets;
    rd_kafka_consumer_group_metadata_t *group;
    bool has_failed; /* a producer has, and nothing was committed since */
    int n_reports;
    rd_kafka_resp_err_t report;
} bare_lane;

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *record, void *opaque)
{
    (void)rk;
    bare_lane *self = ((leat_client *)opaque)->owner;
    self->n_reports++;
    if (record->err)
        self->report = record->err;
}

static void hook(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
}

static void open_client(bare_lane *self)
{
    const leat_producer_spec spec = {.topics = {"out"},
                                     .transactional_id = "leat-0",
                                     .common = {N_MATRIX_PROPERTIES, self->properties},
                                     .part = "bare",
                                     .owner = self,
                                     .hook = hook};
    leat_error error;
    assert_int_equal(leat_producer_open(&self->producer, &spec, &error), LEAT_OK);
}

/* ---- calls, and the flags of their errors ---- */

static verdict flag_of(const char *call, rd_kafka_error_t *error)
{
    if (!error)
        return FINE;
    verdict flag = rd_kafka_error_is_fatal(error)             ? ENDED
                   : rd_kafka_error_txn_requires_abort(error) ? NEEDS_ABORT
                   : rd_kafka_error_is_retriable(error)       ? LATE
                                                              : ENDED;
    print_message("bare: %s: %s (%s%s%s)\n", call, rd_kafka_error_string(error),
                  rd_kafka_error_is_fatal(error) ? "fatal " : "",
                  rd_kafka_error_txn_requires_abort(error) ? "abort " : "",
                  rd_kafka_error_is_retriable(error) ? "retriable" : "");
    rd_kafka_error_destroy(error);
    return flag;
}

static verdict init(bare_lane *self)
{
    return flag_of("init", rd_kafka_init_transactions(self->producer.handle, STEP_MS));
}

static rd_kafka_resp_err_t hand_over(bare_lane *self)
{
    return rd_kafka_produce(self->producer.topics[LEAT_OUTLET_PREDICTIONS],
                            RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, "p", 1, NULL, 0,
                            NULL)
               ? rd_kafka_last_error()
               : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The record's report, or that its producer has ended. */
static verdict report_of(bare_lane *self, int n_records, uint64_t deadline_ns)
{
    rd_kafka_t *handle = self->producer.handle;
    char why[200];
    while (self->n_reports < n_records &&
           !rd_kafka_fatal_error(handle, why, sizeof why) && leat_ms_until(deadline_ns))
        rd_kafka_poll(handle, PAUSE_MS);
    if (rd_kafka_fatal_error(handle, why, sizeof why))
        return ENDED;
    if (self->report)
        print_message("bare: report: %s\n", rd_kafka_err2str(self->report));
    switch ((int)self->report) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return self->n_reports < n_records ? LATE : FINE;
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
        return LATE;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
        return NEEDS_ABORT; /* the record's own fault: it is searched for */
    default:
        return REFUSED;
    }
}

/* A record, or two of them; in a transaction that has failed meanwhile, the second is not taken
 * (STATE), and what became of the first says what to do. */
static verdict produce(bare_lane *self, bool twice, uint64_t deadline_ns)
{
    self->n_reports = 0;
    self->report = RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = hand_over(self);
    int n_records = !err;
    if (!err && twice) {
        cell_await_asked(self->cell, self->mock, self->producer.handle);
        err = hand_over(self);
        n_records += !err;
    }
    if (err)
        print_message("bare: produce: %s\n", rd_kafka_err2str(err));
    verdict flag = report_of(self, n_records, deadline_ns);
    if (flag != FINE || !err)
        return flag;
    return err == RD_KAFKA_RESP_ERR__STATE   ? NEEDS_ABORT
           : err == RD_KAFKA_RESP_ERR__FATAL ? ENDED
                                             : REFUSED;
}

static verdict send_offsets(bare_lane *self, uint64_t deadline_ns)
{
    verdict flag;
    do
        flag = flag_of("send_offsets", rd_kafka_send_offsets_to_transaction(
                                           self->producer.handle, self->offsets,
                                           self->group, leat_ms_until(deadline_ns)));
    while (flag == LATE && leat_ms_until(deadline_ns) &&
           rd_kafka_poll(self->producer.handle, PAUSE_MS) >= 0);
    return flag;
}

static verdict commit(bare_lane *self, uint64_t deadline_ns)
{
    verdict flag;
    do
        flag = flag_of("commit", rd_kafka_commit_transaction(self->producer.handle,
                                                             leat_ms_until(deadline_ns)));
    while (flag == LATE && leat_ms_until(deadline_ns) &&
           rd_kafka_poll(self->producer.handle, PAUSE_MS) >= 0);
    return flag;
}

static verdict take_back(bare_lane *self)
{
    uint64_t deadline_ns = leat_now_ns() + TAKE_BACK_NS;
    verdict flag;
    do
        flag =
            flag_of("abort", rd_kafka_abort_transaction(self->producer.handle, STEP_MS));
    while ((flag == LATE || flag == NEEDS_ABORT) && leat_ms_until(deadline_ns) &&
           rd_kafka_poll(self->producer.handle, PAUSE_MS) >= 0);
    return flag;
}

/* ---- the policy ---- */

/* init_transactions() of the client there is, and of another one where that ends. An error
 * that persists is taken away once it has been waited for. */
static cell_ending start(bare_lane *self, cell_ending when_fine)
{
    for (int n_late = 0;;) {
        verdict flag = init(self);
        if (flag == FINE)
            return when_fine;
        if (flag == LATE) {
            if (++n_late == LATE_STEPS)
                cell_clear(self->cell, self->mock);
            continue;
        }
        if (self->has_failed)
            return ENDING_LANE_ENDED;
        self->has_failed = true;
        when_fine = ENDING_NEW_PRODUCER;
        n_late = 0;
        leat_producer_close(&self->producer);
        open_client(self);
    }
}

static cell_ending get_another(bare_lane *self, verdict why)
{
    cell_clear(self->cell, self->mock);
    if (why == ENDED && self->has_failed)
        return ENDING_LANE_ENDED;
    if (why == ENDED)
        self->has_failed = true;
    leat_producer_close(&self->producer);
    open_client(self);
    return start(self, ENDING_NEW_PRODUCER);
}

static cell_ending go_back(bare_lane *self)
{
    verdict flag = take_back(self);
    return flag == FINE ? ENDING_TAKEN_BACK : get_another(self, flag);
}

static cell_ending run_one(bare_lane *self, uint64_t within_ns)
{
    uint64_t deadline_ns = leat_now_ns() + within_ns;
    uint64_t before_end_ns = deadline_ns - 2 * LEAT_SEC;
    if (flag_of("begin", rd_kafka_begin_transaction(self->producer.handle)) != FINE)
        return get_another(self, ENDED);
    bool twice = self->cell->place == PLACE_AMID && within_ns == CALL_NS;
    verdict flag = produce(self, twice, before_end_ns);
    if (flag == REFUSED)
        return ENDING_LANE_ENDED;
    bool may_be_late = true;
    if (flag == FINE)
        flag = send_offsets(self, before_end_ns);
    if (flag == FINE) {
        flag = commit(self, deadline_ns);
        may_be_late = false;
    }
    cell_clear(self->cell, self->mock);
    if (flag == FINE) {
        self->has_failed = false;
        return ENDING_WENT_THROUGH;
    }
    return flag == NEEDS_ABORT || (flag == LATE && may_be_late) ? go_back(self)
                                                                : get_another(self, flag);
}

/* ---- a cell ---- */

static void inject_other(bare_lane *self, api_key key, rd_kafka_resp_err_t err)
{
    rd_kafka_mock_push_request_errors(self->mock->cluster, (int16_t)key, 1, err);
}

/* To where the cell is played. */
static void arrive(bare_lane *self)
{
    cell_place place = self->cell->place;
    if (place == PLACE_START)
        return;
    assert_int_equal(start(self, ENDING_WENT_THROUGH), ENDING_WENT_THROUGH);
    if (place == PLACE_FIRST || place == PLACE_AMID)
        return;
    assert_int_equal(run_one(self, HANG_NS), ENDING_WENT_THROUGH);
    if (place == PLACE_NEW || place == PLACE_NEW_UNKNOWN || place == PLACE_FIRST_OF_NEW) {
        leat_producer_close(&self->producer);
        open_client(self);
        self->has_failed = place != PLACE_NEW_UNKNOWN;
    }
    if (place == PLACE_FIRST_OF_NEW)
        assert_int_equal(start(self, ENDING_WENT_THROUGH), ENDING_WENT_THROUGH);
    if (!cell_takes_back(self->cell))
        return;
    assert_null(rd_kafka_begin_transaction(self->producer.handle));
    if (place == PLACE_BUMP)
        inject_other(self, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID);
    if (place == PLACE_IN_FLIGHT)
        return;
    verdict flag = produce(self, false, leat_now_ns() + HANG_NS);
    assert_int_equal(flag, place == PLACE_BUMP ? LATE : FINE);
    if (place == PLACE_FAILED) {
        inject_other(self, API_ADD_OFFSETS, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
        assert_int_equal(send_offsets(self, leat_now_ns() + HANG_NS), NEEDS_ABORT);
    }
}

static cell_ending meet(bare_lane *self)
{
    if (cell_is_transaction(self->cell))
        return run_one(self, CALL_NS);
    if (!cell_takes_back(self->cell))
        return start(self, ENDING_WENT_THROUGH);
    if (self->cell->place == PLACE_IN_FLIGHT) {
        hand_over(self);
        cell_await_asked(self->cell, self->mock, self->producer.handle);
    }
    return go_back(self);
}

/* See played.c. */
static cell_ending play_on(bare_lane *self, cell_ending ending)
{
    for (int i = 0; i < ROUNDS; i++) {
        cell_ending afterwards = run_one(self, HANG_NS);
        if (afterwards == ENDING_WENT_THROUGH)
            return ending;
        if (afterwards == ENDING_LANE_ENDED)
            return afterwards;
    }
    return ENDING_UNCLEAN;
}

static cell_ending play(bare_lane *self)
{
    open_client(self);
    arrive(self);
    cell_inject(self->cell, self->mock, self->producer.handle);
    cell_ending ending = meet(self);
    cell_clear(self->cell, self->mock);
    if (!cell_was_asked(self->cell, self->mock))
        return ENDING_NOT_ASKED;
    return ending == ENDING_LANE_ENDED ? ending : play_on(self, ending);
}

cell_ending bare_play(const matrix_cell *cell)
{
    mock_cluster mock = mock_cluster_start();
    bare_lane self = {.cell = cell,
                      .mock = &mock,
                      .offsets = rd_kafka_topic_partition_list_new(1),
                      .group = rd_kafka_consumer_group_metadata_new("g")};
    memcpy(self.properties, matrix_properties, sizeof self.properties);
    self.properties[0] = (leat_property){"bootstrap.servers",
                                         rd_kafka_mock_cluster_bootstraps(mock.cluster)};
    rd_kafka_topic_partition_list_add(self.offsets, "in", 0)->offset = 1;
    cell_prepare(&mock);
    cell_ending ending = play(&self);
    leat_producer_close(&self.producer);
    rd_kafka_topic_partition_list_destroy(self.offsets);
    rd_kafka_consumer_group_metadata_destroy(self.group);
    mock_cluster_stop(&mock);
    return ending;
}
