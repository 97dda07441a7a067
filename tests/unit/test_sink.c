/* The sink against librdkafka's in-process cluster: the branches that a healthy broker
 * never takes. */
#include "producers/sink.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mock_cluster.h"

enum { MAX_EVENTS = 8, MAX_TICKETS = 4, MAX_PROPERTIES = 4 };

static const uint64_t HANG_NS = 60 * LEAT_SEC;
static const leat_schema no_schema = {.n_inputs = 0};
static const leat_tensor_spec one_score = {.name = "score", .rank = 2, .shape = {0, 1}};
static const leat_prediction_spec prediction = {.id_prefix = "",
                                                .model = "m",
                                                .version = "0123456789ab",
                                                .shape = LEAT_SHAPE_SCORE,
                                                .time_capture = LEAT_NO_CAPTURE};

typedef struct fixture {
    mock_cluster mock;
    leat_property properties[MAX_PROPERTIES];
    leat_ledger *ledger;
    leat_sink *sink;
    leat_batch batch;
    int64_t n_events;
} fixture;

static const rd_kafka_headers_t *no_headers(const leat_event *event)
{
    (void)event;
    return NULL;
}

static int set_up(void **state)
{
    static fixture self;
    self = (fixture){.mock = mock_cluster_start()};
    self.properties[0] = (leat_property){
        "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(self.mock.cluster)};
    assert_int_equal(leat_batch_init(&self.batch, MAX_EVENTS), LEAT_OK);
    assert_int_equal(leat_ledger_new(&self.ledger, MAX_TICKETS), LEAT_OK);
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    fixture *self = *state;
    leat_sink_free(self->sink);
    leat_ledger_free(self->ledger);
    leat_batch_fini(&self->batch);
    mock_cluster_stop(&self->mock);
    return 0;
}

static void open_sink(fixture *self, const char *dead_letter_topic, size_t n_properties)
{
    const leat_sink_spec spec = {
        .topic = "out",
        .dead_letter_topic = dead_letter_topic,
        .headers_of = no_headers,
        .dead_letter = {.connector = "leat:g", .task = "0"},
        .common = {n_properties, self->properties},
        .part = "test",
        .max_events = MAX_EVENTS,
    };
    leat_error error;
    assert_int_equal(leat_sink_new(&self->sink, &spec, self->ledger, &error), LEAT_OK);
}

static void reset(fixture *self)
{
    assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &one_score), LEAT_OK);
}

static leat_event *add_event(fixture *self, float score)
{
    leat_event *event = leat_batch_add(&self->batch);
    event->topic = "in";
    event->offset = self->n_events++;
    event->timestamp = 1700000000000;
    event->payload = (leat_slice){(const uint8_t *)"\x80", 1};
    uint32_t row = leat_batch_add_row(&self->batch, event);
    ((float *)self->batch.output.data)[row] = score;
    return event;
}

static leat_status publish(fixture *self, leat_error *error)
{
    return leat_sink_publish(self->sink, &prediction, &self->batch, error);
}

static leat_status flush(fixture *self, leat_error *error)
{
    return leat_sink_flush(self->sink, leat_now_ns() + HANG_NS, error);
}

static uint32_t n_settled(fixture *self)
{
    const leat_mark *marks;
    return leat_ledger_settled(self->ledger, &marks, NULL, NULL);
}

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

static void test_sink__a_refused_record_is_an_error_and_never_settles(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    rd_kafka_mock_push_request_errors(self->mock.cluster, 0 /* Produce */, 1,
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
    rd_kafka_mock_push_request_errors(self->mock.cluster, 0 /* Produce */, 2,
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
    leat_batch_add(&self->batch)->topic = "in";
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(leat_ledger_in_flight(self->ledger), 0);
    assert_int_equal(n_settled(self), 1);
}

int main(void)
{
#define SINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SINK_TEST(test_sink__an_acknowledged_batch_settles),
        SINK_TEST(test_sink__a_failed_event_becomes_a_dead_letter),
        SINK_TEST(test_sink__without_a_dead_letter_topic_a_bad_event_stops),
        SINK_TEST(test_sink__a_score_that_is_not_finite_is_a_dead_letter),
        SINK_TEST(test_sink__a_refused_record_is_an_error_and_never_settles),
        SINK_TEST(test_sink__a_passing_error_is_waited_out),
        SINK_TEST(test_sink__a_timed_out_record_aborts_and_can_be_published_again),
        SINK_TEST(test_sink__a_full_ledger_says_again_and_publishes_nothing),
        SINK_TEST(test_sink__a_prediction_that_is_too_large_is_a_dead_letter),
        SINK_TEST(test_sink__a_skipped_event_settles_without_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
