/* The source against librdkafka's in-process cluster: windows, rewinding, where reading
 * starts, rebalances in the loop. Real Kafka has the last word in tests/integration. */
#include "consumers/source.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mock_cluster.h"

enum { PARTITIONS = 2, MAX_EVENTS = 64 };

static const uint64_t HANG_NS = 60 * LEAT_SEC; /* a guard, never waited out */
static const char *const topics[] = {"in"};
static const leat_schema no_schema = {.n_inputs = 0};
static const leat_tensor_spec no_output = {.name = "score", .rank = 2, .shape = {0, 1}};
static const leat_window any_window = {MAX_EVENTS, LEAT_MS, 1 << 20};

typedef struct fixture {
    mock_cluster mock;
    leat_property properties[3];
    leat_batch batch;
    int n_produced;
} fixture;

static int set_up(void **state)
{
    static fixture self;
    self = (fixture){.mock = mock_cluster_start()};
    rd_kafka_mock_topic_create(self.mock.cluster, "in", PARTITIONS, 1);
    self.properties[0] = (leat_property){
        "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(self.mock.cluster)};
    self.properties[1] = (leat_property){"session.timeout.ms", "6000"};
    self.properties[2] = (leat_property){"heartbeat.interval.ms", "500"};
    assert_int_equal(leat_batch_init(&self.batch, MAX_EVENTS), LEAT_OK);
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    fixture *self = *state;
    leat_batch_fini(&self->batch);
    mock_cluster_stop(&self->mock);
    return 0;
}

static void produce(fixture *self, int n)
{
    for (int i = 0; i < n; i++) {
        char payload[16];
        int size = snprintf(payload, sizeof payload, "%d", self->n_produced);
        mock_cluster_produce(&self->mock, "in", self->n_produced++ % PARTITIONS, "k",
                             payload, (size_t)size);
    }
}

static leat_source *open_source(fixture *self, leat_start_at start)
{
    const leat_source_spec spec = {
        .n_topics = 1,
        .topics = topics,
        .group = "g",
        .start = start,
        .out_of_range = "error",
        .common = {3, self->properties},
        .part = "test",
        .max_events = MAX_EVENTS,
    };
    leat_source *source;
    leat_error error;
    assert_int_equal(leat_source_new(&source, &spec, &error), LEAT_OK);
    return source;
}

/* One fill, with rebalances answered; events stay in the batch. */
static uint32_t fill(fixture *self, leat_source *source, const leat_window *window)
{
    leat_error error;
    leat_source_release(source, &self->batch);
    assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &no_output), LEAT_OK);
    leat_status status = leat_source_fill(source, &self->batch, window,
                                          leat_now_ns() + 20 * LEAT_MS, &error);
    if (status == LEAT_REBALANCE)
        status = leat_source_rebalance(source, &error);
    if (status < 0)
        print_error("%s\n", error.msg);
    assert_int_equal(status, LEAT_OK);
    return self->batch.n_events;
}

static uint32_t fill_some(fixture *self, leat_source *source, const leat_window *window)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (!fill(self, source, window))
        assert_true(leat_now_ns() < deadline_ns);
    return self->batch.n_events;
}

static void await_assignment(fixture *self, leat_source *source, uint32_t n)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (leat_source_n_assigned(source) != n) {
        assert_int_equal(fill(self, source, &any_window), 0);
        assert_true(leat_now_ns() < deadline_ns);
    }
}

/* Reads until every event in [first, last) was seen; none outside may come. */
static void expect_events(fixture *self, leat_source *source, int first, int last)
{
    bool seen[1000] = {false};
    for (int n = 0; n < last - first;) {
        fill_some(self, source, &any_window);
        for (uint32_t i = 0; i < self->batch.n_events; i++) {
            const leat_event *event = &self->batch.events[i];
            int id = (int)event->offset * PARTITIONS + event->partition;
            assert_in_range(id, first, last - 1);
            n += !seen[id];
            seen[id] = true;
        }
    }
}

/* Stores everything up to and with the batch's events. */
static void store_batch(fixture *self, leat_source *source)
{
    for (uint32_t i = 0; i < self->batch.n_events; i++) {
        const leat_event *event = &self->batch.events[i];
        leat_source_store(source, &(leat_mark){event->slot, event->offset + 1}, 1);
    }
}

static void leave(fixture *self, leat_source *source)
{
    leat_error error;
    leat_source_release(source, &self->batch);
    assert_int_equal(leat_source_close(source, leat_now_ns() + HANG_NS, &error), LEAT_OK);
    leat_source_free(source);
}

/* As a crash would have it: nothing is committed on the way out. */
static void crash(fixture *self, leat_source *source)
{
    leat_source_release(source, &self->batch);
    leat_source_free(source);
}

static void test_source__window_closes_at_max_events(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window three = {3, 10 * LEAT_SEC, 1 << 20};
    assert_int_equal(fill_some(self, source, &three), 3);
    leave(self, source);
}

static void test_source__window_closes_at_max_bytes(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window four_bytes = {MAX_EVENTS, 10 * LEAT_SEC, 4}; /* "k" and one digit */
    assert_int_equal(fill_some(self, source, &four_bytes), 2);
    leave(self, source);
}

static void test_source__an_oversize_event_is_a_batch_of_its_own(void **state)
{
    fixture *self = *state;
    char large[100] = "";
    produce(self, 2);
    mock_cluster_produce(&self->mock, "in", 0, "k", large, sizeof large);
    mock_cluster_produce(&self->mock, "in", 0, "k", "x", 1);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window small = {MAX_EVENTS, 200 * LEAT_MS, 50};
    uint32_t n_large = 0, n_events = 0;
    while (n_events < 4) {
        n_events += fill_some(self, source, &small);
        for (uint32_t i = 0; i < self->batch.n_events; i++)
            if (self->batch.events[i].payload.size == sizeof large) {
                n_large++;
                assert_int_equal(self->batch.n_events, 1);
            }
    }
    assert_int_equal(n_large, 1);
    leave(self, source);
}

static void test_source__window_closes_at_max_wait(void **state)
{
    fixture *self = *state;
    produce(self, 1);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    assert_int_equal(fill_some(self, source, &any_window), 1);
    leave(self, source);
}

static void test_source__rewind_reads_again_what_was_not_stored(void **state)
{
    fixture *self = *state;
    produce(self, 20);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 20);
    leat_error error;
    leat_source_release(source, &self->batch);
    leat_source_store(source, (leat_mark[]){{0, 4}, {1, 4}}, 2);
    assert_int_equal(leat_source_rewind(source, &error), LEAT_OK);
    expect_events(self, source, 8, 20);
    leave(self, source);
}

static void test_source__a_stored_offset_is_committed_on_the_way_out(void **state)
{
    fixture *self = *state;
    produce(self, 20);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 20);
    leat_source_store(source, (leat_mark[]){{0, 6}, {1, 6}}, 2);
    leat_error error;
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_OK);
    crash(self, source);
    source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 12, 20);
    leave(self, source);
}

static void test_source__latest_skips_what_was_there_before(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_END);
    await_assignment(self, source, PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 10, 20);
    leave(self, source);
}

static void test_source__latest_survives_a_crash_before_the_first_commit(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_END);
    await_assignment(self, source, PARTITIONS);
    crash(self, source);
    produce(self, 10);
    source = open_source(self, LEAT_START_AT_END);
    expect_events(self, source, 10, 20);
    leave(self, source);
}

static void test_source__an_event_keeps_its_coordinates_and_key(void **state)
{
    fixture *self = *state;
    produce(self, 2);
    mock_cluster_produce(&self->mock, "in", 1, "card-7", "payload", 7);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    bool found = false;
    while (!found) {
        fill_some(self, source, &any_window);
        for (uint32_t i = 0; i < self->batch.n_events; i++) {
            const leat_event *event = &self->batch.events[i];
            if (event->partition != 1 || event->offset != 1)
                continue;
            found = true;
            assert_string_equal(event->topic, "in");
            assert_memory_equal(event->key.data, "card-7", 6);
            assert_memory_equal(event->payload.data, "payload", 7);
            assert_true(event->timestamp > 0);
        }
    }
    leave(self, source);
}

static void test_source__two_members_share_and_the_last_one_takes_over(void **state)
{
    fixture *self = *state;
    leat_source *first = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, first, PARTITIONS);
    leat_source *second = open_source(self, LEAT_START_AT_BEGINNING);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (leat_source_n_assigned(first) != 1 || leat_source_n_assigned(second) != 1) {
        fill(self, first, &any_window);
        fill(self, second, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    }
    leave(self, first);
    await_assignment(self, second, PARTITIONS);
    produce(self, 10);
    expect_events(self, second, 0, 10);
    leave(self, second);
}

static void test_source__an_offset_out_of_range_stops_with_its_coordinates(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
    store_batch(self, source);
    leat_error error;
    leat_source_store(source, (leat_mark[]){{0, 5000}, {1, 5000}}, 2);
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_OK);
    crash(self, source);
    source = open_source(self, LEAT_START_AT_BEGINNING);
    leat_status status = LEAT_OK;
    while (status >= 0) {
        assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &no_output), LEAT_OK);
        status = leat_source_fill(source, &self->batch, &any_window,
                                  leat_now_ns() + 20 * LEAT_MS, &error);
        if (status == LEAT_REBALANCE)
            assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    }
    assert_int_equal(status, LEAT_E_KAFKA);
    assert_non_null(strstr(error.msg, "in/"));
    assert_non_null(strstr(error.msg, "source.out_of_range"));
    crash(self, source);
}

static void test_source__a_late_commit_answer_is_not_the_next_ones(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
    leat_source_store(source, (leat_mark[]){{0, 1}}, 1);
    leat_error error;
    assert_int_equal(leat_source_commit(source, leat_now_ns(), &error), LEAT_E_TIMEOUT);
    rd_kafka_mock_push_request_errors(self->mock.cluster, 8 /* OffsetCommit */, 3,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    leat_source_store(source, (leat_mark[]){{0, 2}}, 1);
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_E_KAFKA);
    leave(self, source);
}

static void test_source__closing_past_its_deadline_can_be_freed(void **state)
{
    fixture *self = *state;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, source, PARTITIONS);
    leat_error error;
    leat_status status = leat_source_close(source, leat_now_ns(), &error);
    assert_true(status == LEAT_OK || status == LEAT_E_TIMEOUT);
    leat_source_free(source); /* hangs where the last revoke was not answered */
}

static void test_source__a_topic_that_a_broker_does_not_know_is_no_start(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_END);
    leat_error error;
    leat_status status = LEAT_OK;
    while (status == LEAT_OK) {
        assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &no_output), LEAT_OK);
        status = leat_source_fill(source, &self->batch, &any_window,
                                  leat_now_ns() + 20 * LEAT_MS, &error);
    }
    assert_int_equal(status, LEAT_REBALANCE);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "in",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    assert_int_equal(leat_source_n_assigned(source), 0);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "in", RD_KAFKA_RESP_ERR_NO_ERROR);
    await_assignment(self, source, PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 10, 20);
    leave(self, source);
}

int main(void)
{
#define SOURCE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_source__window_closes_at_max_events),
        SOURCE_TEST(test_source__window_closes_at_max_bytes),
        SOURCE_TEST(test_source__an_oversize_event_is_a_batch_of_its_own),
        SOURCE_TEST(test_source__window_closes_at_max_wait),
        SOURCE_TEST(test_source__rewind_reads_again_what_was_not_stored),
        SOURCE_TEST(test_source__a_stored_offset_is_committed_on_the_way_out),
        SOURCE_TEST(test_source__latest_skips_what_was_there_before),
        SOURCE_TEST(test_source__latest_survives_a_crash_before_the_first_commit),
        SOURCE_TEST(test_source__an_event_keeps_its_coordinates_and_key),
        SOURCE_TEST(test_source__two_members_share_and_the_last_one_takes_over),
        SOURCE_TEST(test_source__an_offset_out_of_range_stops_with_its_coordinates),
        SOURCE_TEST(test_source__a_late_commit_answer_is_not_the_next_ones),
        SOURCE_TEST(test_source__closing_past_its_deadline_can_be_freed),
        SOURCE_TEST(test_source__a_topic_that_a_broker_does_not_know_is_no_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
