/* The sink against librdkafka's in-process cluster: the branches that a healthy broker
 * never takes. */
#include "sink_fixture.h"

static void test_sink__an_acknowledged_batch_settles(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    reset(self);
    add_event(self, 0.5F);
    add_event(self, 0.6F);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(leat_ledger_in_flight(self->ledger), 2);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(n_settled(self), 1);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->predictions), 2);
}

static void test_sink__a_failed_event_becomes_a_dead_letter(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, "dead", 1);
    reset(self);
    add_event(self, 0.5F);
    leat_batch_fail(&self->batch, add_event(self, 0.5F), LEAT_STAGE_DECODE, LEAT_E_TYPE,
                    "wrong");
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(n_settled(self), 1);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->predictions), 1);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->dead_letters), 1);
}

static void test_sink__without_a_dead_letter_topic_a_bad_event_stops(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    reset(self);
    add_event(self, 0.5F);
    leat_batch_fail(&self->batch, add_event(self, 0.5F), LEAT_STAGE_DECODE, LEAT_E_TYPE,
                    "amount is a string");
    assert_int_equal(publish(self, &error), LEAT_E_TYPE);
    assert_non_null(strstr(error.msg, "in/0/1: decode: amount is a string"));
    assert_int_equal(leat_ledger_in_flight(self->ledger), 0);
    assert_int_equal(n_settled(self), 0);
}

static void test_sink__a_score_that_is_not_finite_is_a_dead_letter(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, "dead", 1);
    reset(self);
    add_event(self, 1.0F / 0.0F);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->dead_letters), 1);
}

static void test_sink__an_event_that_was_refused_becomes_a_truncated_dead_letter(
    void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, "dead", 1);
    reset(self);
    leat_batch_fail(&self->batch, add_event(self, 0.5F), LEAT_STAGE_PUBLISH,
                    LEAT_E_REFUSED, "too large");
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->dead_letters), 1);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->predictions), 0);
    assert_int_equal(n_settled(self), 1);
}

/* Which leaves no room for a dead letter of any kind that carries it. */
static void test_sink__a_key_of_the_largest_size_is_truncated_as_well(void **state)
{
    enum { SIZE = 1000 * 1000 };
    fixture *self = *state;
    leat_error error;
    open_sink(self, "dead", 1);
    reset(self);
    leat_event *event = add_event(self, 0.5F);
    uint8_t *key = test_malloc(SIZE);
    memset(key, 'k', SIZE);
    event->key = (leat_slice){key, SIZE};
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->dead_letters), 1);
    assert_int_equal(n_settled(self), 1);
    test_free(key);
}

static void test_sink__a_refused_record_is_an_error_and_never_settles(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    rd_kafka_mock_push_request_errors(self->mock.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    reset(self);
    add_event(self, 0.5F);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_E_DELIVERY);
    assert_non_null(strstr(error.msg, "out: "));
    assert_int_equal(n_settled(self), 0);
}

static void test_sink__a_passing_error_is_waited_out(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    rd_kafka_mock_push_request_errors(self->mock.cluster, API_PRODUCE, 2,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    reset(self);
    add_event(self, 0.5F);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(n_settled(self), 1);
}

static void test_sink__a_timed_out_record_aborts_and_can_be_published_again(void **state)
{
    fixture *self = *state;
    leat_error error;
    self->properties[1] = (leat_property){"message.timeout.ms", "500"};
    open_sink(self, NULL, 2);
    rd_kafka_mock_broker_set_down(self->mock.cluster, 1);
    reset(self);
    add_event(self, 0.5F);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_ABORTED);
    assert_int_equal(n_settled(self), 0);
    leat_ledger_clear(self->ledger);
    assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_OK);
    rd_kafka_mock_broker_set_up(self->mock.cluster, 1);
    leat_status status = LEAT_ABORTED;
    for (uint64_t deadline_ns = leat_now_ns() + HANG_NS;
         status == LEAT_ABORTED && leat_now_ns() < deadline_ns;) {
        leat_ledger_clear(self->ledger);
        assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_OK);
        assert_int_equal(publish(self, &error), LEAT_OK);
        status = flush(self, &error);
    }
    assert_int_equal(status, LEAT_OK);
    assert_int_equal(n_settled(self), 1);
}

static void test_sink__a_full_ledger_says_again_and_publishes_nothing(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    for (int i = 0; i < MAX_TICKETS; i++) {
        reset(self);
        add_event(self, 0.5F);
        assert_int_equal(publish(self, &error), LEAT_OK);
    }
    reset(self);
    add_event(self, 0.5F);
    assert_int_equal(publish(self, &error), LEAT_AGAIN);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->predictions),
                     MAX_TICKETS);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(n_settled(self), 1);
    assert_int_equal(publish(self, &error), LEAT_OK);
}

static void test_sink__a_prediction_that_is_too_large_is_a_dead_letter(void **state)
{
    fixture *self = *state;
    leat_error error;
    static char long_name[4000];
    memset(long_name, 'x', sizeof long_name - 1);
    self->properties[1] = (leat_property){"message.max.bytes", "3000"};
    open_sink(self, "dead", 2);
    reset(self);
    add_event(self, 0.5F);
    leat_prediction_spec large = prediction;
    large.model = long_name;
    assert_int_equal(leat_sink_publish(self->sink, &large, &self->batch, &error),
                     LEAT_OK);
    assert_int_equal(self->batch.events[0].status, LEAT_E_TOO_LARGE);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(leat_counter_read(&leat_sink_read(self->sink)->dead_letters), 1);
    assert_int_equal(n_settled(self), 1);
}

static void test_sink__a_skipped_event_settles_without_a_record(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    reset(self);
    leat_event *event = leat_batch_add(&self->batch);
    event->topic = "in";
    event->is_skipped = true;
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(leat_ledger_in_flight(self->ledger), 0);
    assert_int_equal(n_settled(self), 1);
}

static void give_keys(fixture *self)
{
    static char keys[MAX_EVENTS][16];
    for (uint32_t i = 0; i < self->batch.n_events; i++) {
        snprintf(keys[i], sizeof keys[i], "card-%u", i);
        self->batch.events[i].key = (leat_slice){(const uint8_t *)keys[i], 6};
    }
}

static void expect_in_order(const rd_kafka_message_t *record, void *opaque)
{
    int *n = opaque;
    char key[16];
    snprintf(key, sizeof key, "card-%d", (*n)++);
    assert_int_equal(record->key_len, 6);
    assert_memory_equal(record->key, key, 6);
}

/* Dead letters on many partitions say nothing about the one of the predictions. */
static void test_sink__dead_letters_leave_the_order_of_predictions_alone(void **state)
{
    fixture *self = *state;
    leat_error error;
    rd_kafka_mock_topic_create(self->mock.cluster, "out", 1, 1);
    rd_kafka_mock_topic_create(self->mock.cluster, "dead", 16, 1);
    open_sink(self, "dead", 1);
    reset(self);
    for (int i = 0; i < MAX_EVENTS; i++)
        leat_batch_fail(&self->batch, add_event(self, 0.5F), LEAT_STAGE_DECODE,
                        LEAT_E_TYPE, "wrong");
    give_keys(self);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    reset(self);
    for (int i = 0; i < MAX_EVENTS; i++)
        add_event(self, 0.5F);
    give_keys(self);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    int n = 0;
    read_topic(self, "out", MAX_EVENTS, expect_in_order, &n);
}

/* ---- a producer that ends ---- */

/* As after a sequence that the brokers do not follow. */
static void end_producer(fixture *self)
{
    leat_error error;
    rd_kafka_test_fatal_error(leat_sink_producer(self->sink),
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                              "out of step");
    leat_status status = LEAT_OK;
    for (uint64_t hang_ns = leat_now_ns() + HANG_NS;
         status == LEAT_OK && leat_now_ns() < hang_ns;)
        status = leat_sink_serve(self->sink, 100, &error);
    assert_int_equal(status, LEAT_ABORTED);
    assert_true(leat_sink_is_broken(self->sink));
    leat_ledger_clear(self->ledger);
}

static void publish_one(fixture *self)
{
    leat_error error;
    reset(self);
    add_event(self, 0.5F);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(n_settled(self), 1);
}

static void test_sink__a_fatal_error_gets_a_new_producer(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    end_producer(self);
    assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_OK);
    assert_false(leat_sink_is_broken(self->sink));
    assert_int_equal(n_reopened(self), 1);
    publish_one(self);
}

static void test_sink__a_fatal_error_after_an_acknowledgement_gets_another(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    for (uint64_t n = 1; n <= 3; n++) {
        end_producer(self);
        assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_OK);
        assert_int_equal(n_reopened(self), n);
        publish_one(self);
    }
}

static void test_sink__a_new_producer_that_fails_at_once_is_an_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    end_producer(self);
    assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_OK);
    end_producer(self);
    assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_E_KAFKA);
    assert_non_null(strstr(error.msg, "the producer failed again: "));
    assert_non_null(strstr(error.msg, "out of step"));
    assert_int_equal(n_reopened(self), 1);
}

/* Records of a producer that has ended fail with it, and may say so before it does. */
static void test_sink__records_that_fail_with_the_producer_are_no_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    rd_kafka_mock_push_request_errors(self->mock.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    reset(self);
    add_event(self, 0.5F);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_ABORTED);
    leat_ledger_clear(self->ledger);
    assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), 1);
    publish_one(self);
}

static void test_sink__a_batch_for_a_producer_that_ended_is_no_error(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    rd_kafka_test_fatal_error(leat_sink_producer(self->sink),
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                              "out of step");
    reset(self);
    add_event(self, 0.5F);
    assert_int_equal(publish(self, &error), LEAT_ABORTED);
    leat_ledger_clear(self->ledger);
    assert_int_equal(leat_sink_abort(self->sink, &error), LEAT_OK);
    assert_int_equal(n_reopened(self), 1);
    publish_one(self);
}

int main(void)
{
#define SINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SINK_TEST(test_sink__an_acknowledged_batch_settles),
        SINK_TEST(test_sink__a_failed_event_becomes_a_dead_letter),
        SINK_TEST(test_sink__without_a_dead_letter_topic_a_bad_event_stops),
        SINK_TEST(test_sink__a_score_that_is_not_finite_is_a_dead_letter),
        SINK_TEST(test_sink__an_event_that_was_refused_becomes_a_truncated_dead_letter),
        SINK_TEST(test_sink__a_key_of_the_largest_size_is_truncated_as_well),
        SINK_TEST(test_sink__a_refused_record_is_an_error_and_never_settles),
        SINK_TEST(test_sink__a_passing_error_is_waited_out),
        SINK_TEST(test_sink__a_timed_out_record_aborts_and_can_be_published_again),
        SINK_TEST(test_sink__a_full_ledger_says_again_and_publishes_nothing),
        SINK_TEST(test_sink__a_prediction_that_is_too_large_is_a_dead_letter),
        SINK_TEST(test_sink__a_skipped_event_settles_without_a_record),
        SINK_TEST(test_sink__dead_letters_leave_the_order_of_predictions_alone),
        SINK_TEST(test_sink__a_fatal_error_gets_a_new_producer),
        SINK_TEST(test_sink__a_fatal_error_after_an_acknowledgement_gets_another),
        SINK_TEST(test_sink__a_new_producer_that_fails_at_once_is_an_error),
        SINK_TEST(test_sink__records_that_fail_with_the_producer_are_no_error),
        SINK_TEST(test_sink__a_batch_for_a_producer_that_ended_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
