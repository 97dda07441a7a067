/* Transactions against librdkafka's in-process cluster: one error a test. The matrix
 * (tests/matrix) has all of them. */
#include "sink_fixture.h"

static const uint64_t HASTY_NS = 4 * LEAT_SEC; /* where no answer will come */

static void inject(fixture *self, api_key request, rd_kafka_resp_err_t err)
{
    rd_kafka_mock_push_request_errors(self->mock.cluster, (int16_t)request, 1, err);
}

/* A lane that has just started. */
static void start(fixture *self)
{
    leat_error error;
    open_transactions(self, 1);
    assert_int_equal(restore(self, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), 0);
}

/* What was taken back can be done again. */
static void expect_restored(fixture *self, uint64_t reopened)
{
    leat_error error;
    assert_int_equal(restore(self, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), reopened);
    assert_int_equal(run_transaction(self, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), reopened);
}

/* Publishes until the error has come to where publish() meets it. No offsets are on their way
 * by then: those of a producer that ends meanwhile are never freed by librdkafka. */
static leat_status publish_until(fixture *self, api_key request, rd_kafka_resp_err_t err)
{
    leat_error error;
    inject(self, request, err);
    leat_status status = LEAT_OK;
    for (int i = 0; i < MAX_TICKETS && status == LEAT_OK; i++) {
        status = publish_within(self, &error);
        leat_sleep_ms(100);
    }
    return status;
}

/* ---- when a transaction is due ---- */

static void test_transaction__none_is_open_at_first(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    assert_false(leat_transaction_is_due(self->transaction));
    assert_true(leat_transaction_due_ns(self->transaction) == UINT64_MAX);
    assert_int_equal(commit_within(self, HANG_NS, &error), LEAT_OK);
}

static void test_transaction__begin_is_nothing_while_one_is_open(void **state)
{
    fixture *self = *state;
    start(self);
    assert_int_equal(leat_transaction_begin(self->transaction, 1), LEAT_OK);
    uint64_t due_ns = leat_transaction_due_ns(self->transaction);
    assert_int_equal(leat_transaction_begin(self->transaction, 1), LEAT_OK);
    assert_true(leat_transaction_due_ns(self->transaction) == due_ns);
}

static void test_transaction__is_due_by_time(void **state)
{
    fixture *self = *state;
    self->spec.max_wait_ns = 50 * LEAT_MS;
    start(self);
    assert_int_equal(leat_transaction_begin(self->transaction, 1), LEAT_OK);
    uint64_t due_ns = leat_transaction_due_ns(self->transaction);
    bool is_due = leat_transaction_is_due(self->transaction);
    assert_true(!is_due || leat_now_ns() >= due_ns);
    while (leat_now_ns() < due_ns)
        leat_sleep_ms(1);
    assert_true(leat_transaction_is_due(self->transaction));
}

static void test_transaction__is_due_by_count(void **state)
{
    fixture *self = *state;
    self->spec.max_events = 10;
    start(self);
    assert_int_equal(leat_transaction_begin(self->transaction, 9), LEAT_OK);
    assert_false(leat_transaction_is_due(self->transaction));
    assert_int_equal(leat_transaction_begin(self->transaction, 1), LEAT_OK);
    assert_true(leat_transaction_is_due(self->transaction));
}

static void test_transaction__the_next_one_counts_from_nought(void **state)
{
    fixture *self = *state;
    leat_error error;
    self->spec.max_events = 2;
    start(self);
    assert_int_equal(run_transaction(self, &error), LEAT_OK);
    assert_int_equal(leat_transaction_begin(self->transaction, 1), LEAT_OK);
    assert_false(leat_transaction_is_due(self->transaction));
}

static void test_transaction__is_due_when_the_sink_has_no_room(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    for (int i = 0; i < MAX_TICKETS; i++) {
        assert_false(leat_transaction_is_due(self->transaction));
        assert_int_equal(publish_within(self, &error), LEAT_OK);
    }
    assert_true(leat_transaction_is_due(self->transaction));
    assert_int_equal(commit_within(self, HANG_NS, &error), LEAT_OK);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    /* librdkafka 2.0.2 does not survive being destroyed while it adds a partition. */
    assert_int_equal(flush(self, &error), LEAT_OK);
}

/* ---- the same producer goes on ---- */

static void test_transaction__one_after_another(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    for (int i = 0; i < 3; i++)
        assert_int_equal(run_transaction(self, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), 0);
}

static void test_transaction__without_a_group_nothing_is_committed(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(leat_transaction_commit(self->transaction, self->offsets, NULL,
                                             leat_now_ns() + HANG_NS, &error),
                     LEAT_ABORTED);
    expect_restored(self, 0);
}

static void test_transaction__what_is_open_can_be_taken_back(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    expect_restored(self, 0);
}

static void test_transaction__an_abortable_error_keeps_the_producer(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    inject(self, API_ADD_OFFSETS, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    expect_restored(self, 0);
}

/* The group has moved on: a zombie commits nothing. */
static void test_transaction__the_offsets_of_a_zombie_are_taken_back(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    inject(self, API_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    expect_restored(self, 0);
}

static void test_transaction__a_passing_error_is_waited_out(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    inject(self, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    inject(self, API_ADD_OFFSETS, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    inject(self, API_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    assert_int_equal(run_transaction(self, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), 0);
}

static void test_transaction__records_that_are_not_acknowledged_in_time(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    for (int i = 0; i < 3; i++)
        rd_kafka_mock_broker_push_request_error_rtts(self->mock.cluster, 1, API_PRODUCE,
                                                     (size_t)1, 0, 4000);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(commit_within(self, 2500 * LEAT_MS, &error), LEAT_ABORTED);
    assert_int_equal(restore(self, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), 0);
}

/* ---- a new producer ---- */

static void test_transaction__a_fatal_error_gets_a_new_producer(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    expect_restored(self, 1);
}

static void test_transaction__a_fatal_error_of_an_abort_gets_a_new_producer(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    assert_int_equal(run_transaction(self, &error), LEAT_OK);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    expect_restored(self, 1);
}

static void test_transaction__a_fatal_error_between_two_gets_a_new_producer(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    rd_kafka_test_fatal_error(leat_sink_producer(self->sink),
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                              "out of step");
    leat_status status = LEAT_OK;
    for (uint64_t hang_ns = leat_now_ns() + HANG_NS;
         status == LEAT_OK && leat_now_ns() < hang_ns;)
        status = leat_sink_serve(self->sink, 100, &error);
    assert_int_equal(status, LEAT_ABORTED);
    expect_restored(self, 1);
}

/* An abort that is refused, but not for good, is tried again; not for ever. */
static void test_transaction__an_abort_refused_for_long_gets_a_new_producer(void **state)
{
    fixture *self = *state;
    leat_error error;
    enum { MANY = 100000 };
    static rd_kafka_resp_err_t refusals[MANY];
    for (int i = 0; i < MANY; i++)
        refusals[i] = RD_KAFKA_RESP_ERR_UNKNOWN;
    start(self);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    rd_kafka_mock_push_request_errors_array(self->mock.cluster, API_END_TXN, MANY,
                                            refusals);
    assert_int_equal(restore(self, &error), LEAT_OK);
    rd_kafka_mock_clear_request_errors(self->mock.cluster, API_END_TXN);
    expect_restored(self, 1);
}

static void test_transaction__an_abort_refused_once_is_tried_again(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_UNKNOWN);
    expect_restored(self, 0);
}

/* Nobody knows whether such a transaction is committed. */
static void leave_unanswered(fixture *self)
{
    leat_error error;
    rd_kafka_mock_broker_push_request_error_rtts(self->mock.cluster, 1, API_END_TXN,
                                                 (size_t)1, 0, 60000);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    assert_int_equal(commit_within(self, HASTY_NS, &error), LEAT_ABORTED);
    assert_true(leat_sink_is_broken(self->sink));
}

static void test_transaction__an_end_without_an_answer_gets_a_new_producer(void **state)
{
    fixture *self = *state;
    start(self);
    leave_unanswered(self);
    expect_restored(self, 1);
}

/* It says nothing about the producer: neither is the next failure the second one, nor is it
 * itself. */
static void test_transaction__an_unknown_outcome_is_no_failure(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    leave_unanswered(self);
    assert_int_equal(restore(self, &error), LEAT_OK);
    assert_int_equal(
        publish_until(self, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_PRODUCER_FENCED),
        LEAT_ABORTED);
    assert_int_equal(restore(self, &error), LEAT_OK);
    leave_unanswered(self);
    expect_restored(self, 3);
}

static void test_transaction__restore_waits_for_brokers_that_are_away(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    leave_unanswered(self);
    rd_kafka_mock_broker_set_down(self->mock.cluster, 1);
    leat_ledger_clear(self->ledger);
    for (int i = 0; i < 4; i++)
        assert_int_equal(leat_transaction_restore(self->transaction, &error), LEAT_AGAIN);
    rd_kafka_mock_broker_set_up(self->mock.cluster, 1);
    expect_restored(self, 1);
}

/* ---- an error between two batches ---- */

static leat_status publish_into(fixture *self, api_key request, rd_kafka_resp_err_t err)
{
    start(self);
    return publish_until(self, request, err);
}

static void test_transaction__a_batch_after_an_abortable_error(void **state)
{
    fixture *self = *state;
    assert_int_equal(publish_into(self, API_ADD_PARTITIONS,
                                  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED),
                     LEAT_ABORTED);
    expect_restored(self, 0);
}

static void test_transaction__a_batch_after_a_fatal_error(void **state)
{
    fixture *self = *state;
    assert_int_equal(
        publish_into(self, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE),
        LEAT_ABORTED);
    expect_restored(self, 1);
}

static void test_transaction__a_batch_after_a_refused_record(void **state)
{
    fixture *self = *state;
    assert_int_equal(
        publish_into(self, API_PRODUCE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE),
        LEAT_REFUSED);
}

/* ---- errors of the lane ---- */

static void test_transaction__a_refused_record_is_an_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    inject(self, API_PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(run_transaction(self, &error), LEAT_E_DELIVERY);
    assert_non_null(strstr(error.msg, "out: "));
}

/* Its records are acknowledged every time, and that is not enough. */
static void test_transaction__a_producer_that_never_commits_is_an_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    assert_int_equal(restore(self, &error), LEAT_OK);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    assert_int_equal(restore(self, &error), LEAT_E_KAFKA);
    assert_non_null(strstr(error.msg, "the producer failed again: "));
}

static void test_transaction__a_failure_after_a_commit_is_a_first_one(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    for (uint64_t n = 1; n <= 3; n++) {
        inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
        assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
        expect_restored(self, n);
    }
}

/* The in-process cluster fences nobody, so the refusals that a real one has for the older of
 * two are injected. */
static void test_transaction__two_workers_with_one_id(void **state)
{
    fixture *self = *state, other = *self;
    leat_error error;
    start(self);
    assert_int_equal(leat_ledger_new(&other.ledger, MAX_TICKETS), LEAT_OK);
    assert_int_equal(leat_batch_init(&other.batch, MAX_EVENTS), LEAT_OK);
    start(&other);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    expect_restored(self, 1);
    assert_int_equal(run_transaction(&other, &error), LEAT_OK);
    assert_int_equal(
        publish_until(self, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_PRODUCER_FENCED),
        LEAT_ABORTED);
    assert_int_equal(restore(self, &error), LEAT_E_KAFKA);
    assert_non_null(strstr(error.msg, "fenced twice in a minute"));
    assert_non_null(strstr(error.msg, "leat-0"));
    assert_int_equal(n_reopened(self), 1);
    leat_transaction_free(other.transaction);
    leat_sink_free(other.sink);
    leat_ledger_free(other.ledger);
    leat_batch_fini(&other.batch);
}

/* As of a worker that stands still for longer than its transaction may last, twice. */
static void test_transaction__fenced_since_it_took_too_long(void **state)
{
    fixture *self = *state;
    leat_error error;
    self->properties[1] = (leat_property){"transaction.timeout.ms", "1000"};
    self->properties[2] = (leat_property){"message.timeout.ms", "1000"};
    open_transactions(self, 3);
    assert_int_equal(restore(self, &error), LEAT_OK);
    for (uint64_t n = 1; n <= 2; n++) {
        assert_int_equal(publish_within(self, &error), LEAT_OK);
        leat_sleep_ms(1001);
        inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
        assert_int_equal(commit_within(self, HANG_NS, &error), LEAT_ABORTED);
        expect_restored(self, n);
    }
}

/* ---- what no new producer mends ---- */

static void test_transaction__a_producer_that_cannot_be_opened_is_an_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    self->properties[1] = (leat_property){"linger.ms", "1"};
    open_transactions(self, 2);
    assert_int_equal(restore(self, &error), LEAT_OK);
    inject(self, API_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
    self->properties[1].value = "gone bad";
    assert_int_equal(restore(self, &error), LEAT_E_CONFIG);
    assert_int_equal(restore(self, &error), LEAT_E_CONFIG); /* as a lane does that ends */
    assert_int_equal(leat_sink_serve(self->sink, 0, &error), LEAT_ABORTED);
    self->properties[1].value = "1";
    expect_restored(self, 1);
}

static void fail_for_want_of_a_right(fixture *self)
{
    leat_error error;
    inject(self, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(run_transaction(self, &error), LEAT_ABORTED);
}

static void test_transaction__a_right_that_stays_missing_is_an_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    for (int i = 0; i < 2; i++) { /* with a commit in between, no matter how often */
        fail_for_want_of_a_right(self);
        expect_restored(self, 0);
    }
    fail_for_want_of_a_right(self);
    assert_int_equal(restore(self, &error), LEAT_OK);
    fail_for_want_of_a_right(self);
    assert_int_equal(restore(self, &error), LEAT_E_KAFKA);
    assert_non_null(strstr(error.msg, "authorization failed"));
}

static void test_transaction__refused_credentials_are_an_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    start(self);
    assert_int_equal(publish_within(self, &error), LEAT_OK);
    rd_kafka_t *producer = leat_sink_producer(self->sink);
    leat_client_end(rd_kafka_opaque(producer), producer,
                    RD_KAFKA_RESP_ERR__AUTHENTICATION, "as from librdkafka");
    assert_int_equal(restore(self, &error), LEAT_E_CONFIG);
    assert_non_null(strstr(error.msg, "credentials"));
    assert_int_equal(flush(self, &error), LEAT_E_CONFIG);
}

/* ---- an end with a transaction that is still open ---- */

/* The partition is registered with the coordinator at a moment of librdkafka's own; each round
 * ends a little later. */
static void test_transaction__its_producer_closes_at_any_moment(void **state)
{
    fixture *self = *state;
    for (int round = 0; round < 200; round++) {
        leat_error error;
        start(self);
        assert_int_equal(publish_within(self, &error), LEAT_OK);
        uint64_t end_ns = leat_now_ns() + (uint64_t)round * 10000;
        while (leat_now_ns() < end_ns)
            ;
        leat_transaction_free(self->transaction);
        leat_sink_free(self->sink);
        self->transaction = NULL;
        self->sink = NULL;
    }
}

int main(void)
{
#define TXN_TEST(name)                                                                   \
    cmocka_unit_test_setup_teardown(test_transaction__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TXN_TEST(none_is_open_at_first),
        TXN_TEST(begin_is_nothing_while_one_is_open),
        TXN_TEST(is_due_by_time),
        TXN_TEST(is_due_by_count),
        TXN_TEST(the_next_one_counts_from_nought),
        TXN_TEST(is_due_when_the_sink_has_no_room),
        TXN_TEST(one_after_another),
        TXN_TEST(without_a_group_nothing_is_committed),
        TXN_TEST(what_is_open_can_be_taken_back),
        TXN_TEST(an_abortable_error_keeps_the_producer),
        TXN_TEST(the_offsets_of_a_zombie_are_taken_back),
        TXN_TEST(a_passing_error_is_waited_out),
        TXN_TEST(records_that_are_not_acknowledged_in_time),
        TXN_TEST(a_fatal_error_gets_a_new_producer),
        TXN_TEST(a_fatal_error_of_an_abort_gets_a_new_producer),
        TXN_TEST(a_fatal_error_between_two_gets_a_new_producer),
        TXN_TEST(an_abort_refused_for_long_gets_a_new_producer),
        TXN_TEST(an_abort_refused_once_is_tried_again),
        TXN_TEST(an_end_without_an_answer_gets_a_new_producer),
        TXN_TEST(an_unknown_outcome_is_no_failure),
        TXN_TEST(restore_waits_for_brokers_that_are_away),
        TXN_TEST(a_batch_after_an_abortable_error),
        TXN_TEST(a_batch_after_a_fatal_error),
        TXN_TEST(a_batch_after_a_refused_record),
        TXN_TEST(a_refused_record_is_an_error),
        TXN_TEST(a_producer_that_never_commits_is_an_error),
        TXN_TEST(fenced_since_it_took_too_long),
        TXN_TEST(a_failure_after_a_commit_is_a_first_one),
        TXN_TEST(a_producer_that_cannot_be_opened_is_an_error),
        TXN_TEST(a_right_that_stays_missing_is_an_error),
        TXN_TEST(refused_credentials_are_an_error),
        TXN_TEST(two_workers_with_one_id),
        TXN_TEST(its_producer_closes_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
