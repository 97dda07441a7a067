/* How a cell ends for a lane: what calls leat_transaction is what worker/settle.c is to it. */
#include "cell.h"

static void inject_other(fixture *self, api_key key, rd_kafka_resp_err_t err)
{
    rd_kafka_mock_push_request_errors(self->mock.cluster, (int16_t)key, 1, err);
}

/* One step of restore(). An error that persists while it waits for init_transactions() is
 * taken away after a while, and one that it met while taking back once that has ended. */
static leat_status restore_step(fixture *self, const matrix_cell *cell, int *n_late,
                                leat_error *error)
{
    uint64_t reopened = n_reopened(self);
    leat_status status = leat_transaction_restore(self->transaction, error);
    bool is_late = status == LEAT_AGAIN && n_reopened(self) == reopened &&
                   !leat_sink_is_broken(self->sink);
    if (n_reopened(self) != reopened)
        *n_late = 0;
    if (cell_takes_back(cell) ? n_reopened(self) != reopened
                              : is_late && ++*n_late == LATE_STEPS)
        cell_clear(cell, &self->mock);
    return status;
}

static leat_status restore_in(fixture *self, const matrix_cell *cell, leat_error *error)
{
    int n_late = 0;
    leat_status status;
    leat_ledger_clear(self->ledger);
    do
        status = restore_step(self, cell, &n_late, error);
    while (status == LEAT_AGAIN);
    return status;
}

/* ---- to where the cell is played ---- */

static void end_fatally(fixture *self)
{
    leat_error error;
    inject_other(self, API_END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    assert_true(leat_sink_is_broken(self->sink));
}

static void end_unknown(fixture *self)
{
    leat_error error;
    rd_kafka_mock_broker_push_request_error_rtts(self->mock.cluster, 1, API_END_TXN,
                                                 (size_t)1, 0, 600000);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(commit_within(self, CALL_NS, &error), LEAT_ABORTED);
    assert_true(leat_sink_is_broken(self->sink));
}

/* A transaction that is to be taken back. */
static void open_one(fixture *self, cell_place place)
{
    leat_error error;
    if (place == PLACE_IN_FLIGHT)
        return;
    if (place == PLACE_BUMP)
        inject_other(self, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID);
    if (place == PLACE_FAILED)
        inject_other(self, API_ADD_OFFSETS, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), place == PLACE_BUMP ? LEAT_ABORTED : LEAT_OK);
    if (place == PLACE_FAILED)
        assert_int_equal(commit_within(self, HANG_NS, &error), LEAT_ABORTED);
}

static void arrive(fixture *self, const matrix_cell *cell)
{
    leat_error error;
    cell_place place = cell->place;
    if (place == PLACE_START)
        return;
    assert_int_equal(restore(self, &error), LEAT_OK);
    if (place == PLACE_FIRST || place == PLACE_AMID)
        return;
    assert_int_equal(run_transaction(self, &error), LEAT_OK);
    if (place == PLACE_NEW || place == PLACE_FIRST_OF_NEW)
        end_fatally(self);
    if (place == PLACE_NEW_UNKNOWN)
        end_unknown(self);
    if (place == PLACE_FIRST_OF_NEW)
        assert_int_equal(restore(self, &error), LEAT_OK);
    if (place == PLACE_NEW || place == PLACE_NEW_UNKNOWN) {
        leat_ledger_clear(self->ledger);
        assert_int_equal(leat_transaction_restore(self->transaction, &error), LEAT_AGAIN);
    }
    if (cell_takes_back(cell))
        open_one(self, place);
}

/* ---- the cell ---- */

static leat_status meet(fixture *self, const matrix_cell *cell, leat_error *error)
{
    if (cell->place == PLACE_IN_FLIGHT) {
        assert_int_equal(publish_within(self, error), LEAT_OK);
        cell_await_asked(cell, &self->mock, leat_sink_producer(self->sink));
    }
    if (!cell_is_transaction(cell))
        return LEAT_ABORTED;
    leat_status status = publish_within(self, error);
    if (status == LEAT_OK && cell->place == PLACE_AMID) {
        cell_await_asked(cell, &self->mock, leat_sink_producer(self->sink));
        status = publish_within(self, error);
    }
    if (status == LEAT_OK)
        status = commit_within(self, CALL_NS, error);
    cell_clear(cell, &self->mock);
    return status == LEAT_REFUSED ? LEAT_ABORTED : status; /* as the lane takes it */
}

/* Whatever it was, it is over: a transaction can be committed, if not at once (what librdkafka
 * purges after an error may be of the next one), or the lane ends after all (a topic that was
 * refused stays so for a while). */
static cell_ending play_on(fixture *self, cell_ending ending)
{
    leat_error error = {0};
    leat_status status = LEAT_ABORTED;
    for (int i = 0; i < ROUNDS && status == LEAT_ABORTED; i++) {
        status = run_transaction(self, &error);
        if (status != LEAT_OK)
            print_message("lane: afterwards: %s\n",
                          status < 0 ? error.msg : leat_status_text(status));
        leat_status restored = status == LEAT_ABORTED ? restore(self, &error) : LEAT_OK;
        if (restored != LEAT_OK)
            status = restored;
    }
    return status == LEAT_OK        ? ending
           : status == LEAT_ABORTED ? ENDING_UNCLEAN
                                    : ENDING_LANE_ENDED;
}

static cell_ending play(fixture *self, const matrix_cell *cell)
{
    leat_error error = {0};
    open_transactions(self, N_MATRIX_PROPERTIES);
    arrive(self, cell);
    uint64_t reopened = n_reopened(self);
    cell_inject(cell, &self->mock, leat_sink_producer(self->sink));
    leat_status met = meet(self, cell, &error);
    leat_status status = met == LEAT_ABORTED ? restore_in(self, cell, &error) : met;
    cell_clear(cell, &self->mock);
    if (!cell_was_asked(cell, &self->mock))
        return ENDING_NOT_ASKED;
    if (status < 0) {
        print_message("lane: %s\n", error.msg);
        return ENDING_LANE_ENDED;
    }
    cell_ending ending =
        n_reopened(self) != reopened ? ENDING_NEW_PRODUCER
        : met == LEAT_ABORTED && (cell_is_transaction(cell) || cell_takes_back(cell))
            ? ENDING_TAKEN_BACK
            : ENDING_WENT_THROUGH;
    return play_on(self, ending);
}

cell_ending lane_play(const matrix_cell *cell)
{
    void *state;
    set_up(&state);
    fixture *self = state;
    for (int i = 1; i < N_MATRIX_PROPERTIES; i++)
        self->properties[i] = matrix_properties[i];
    cell_prepare(&self->mock);
    cell_ending ending = play(self, cell);
    tear_down(&state);
    return ending;
}
