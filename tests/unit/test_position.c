/* Where the source stands: rewound, out of range. */
#include "consumers/source_internal.h"
#include "source_fixture.h"

static void test_position__rewind_reads_again_what_was_not_stored(void **state)
{
    fixture *self = *state;
    produce(self, 20);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 20);
    leat_source_release(source, &self->batch);
    leat_source_store(source, (leat_mark[]){{0, 4}, {1, 4}}, 2);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    expect_events(self, source, 8, 20);
    leave(self, source);
}

/* librdkafka below 2.1.0 gives up a thousandth of the time that it is given. */
static void test_position__a_rewind_of_many_partitions_may_take_a_while(void **state)
{
    enum { MANY = 3000 };
    fixture *self = *state;
    rd_kafka_mock_topic_create(self->mock.cluster, "wide", MANY, 1);
    self->topics[0] = "wide";
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, source, MANY);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    fill(self, source, &any_window);
    assert_false(source->is_astray);
    leave(self, source);
}

/* Ten events are there, and the group is at 5000 in the first `n` partitions. */
static leat_source *open_n_out_of_range(fixture *self, uint32_t n,
                                        const char *out_of_range)
{
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
    leat_error error;
    leat_source_store(source, (leat_mark[]){{0, 5000}, {1, n < 2 ? 5 : 5000}}, 2);
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_OK);
    leave(self, source);
    self->out_of_range = out_of_range;
    return open_source(self, LEAT_START_AT_BEGINNING);
}

static leat_source *open_out_of_range(fixture *self, const char *out_of_range)
{
    return open_n_out_of_range(self, PARTITIONS, out_of_range);
}

static void expect_stop(fixture *self, leat_source *source)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    leat_error error;
    leat_status status = LEAT_OK;
    while (status >= 0) {
        assert_true(leat_now_ns() < deadline_ns);
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

static void test_position__an_offset_out_of_range_stops_with_its_coordinates(void **state)
{
    fixture *self = *state;
    expect_stop(self, open_out_of_range(self, "error"));
}

/* The report, which librdkafka makes once, has been dropped. */
static leat_source *open_unheard(fixture *self)
{
    leat_source *source = open_n_out_of_range(self, 1, "error");
    leat_error error;
    leat_status status;
    do
        status = leat_source_fill(source, &self->batch, &any_window,
                                  leat_now_ns() + 20 * LEAT_MS, &error);
    while (status == LEAT_OK);
    assert_int_equal(status, LEAT_REBALANCE);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    rd_kafka_message_t *report =
        rd_kafka_consumer_poll(source->consumer, (int)(HANG_NS / LEAT_MS));
    assert_non_null(report);
    assert_int_equal(report->err, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    rd_kafka_message_destroy(report);
    return source;
}

static void test_position__out_of_range_is_heard_of_after_a_pause(void **state)
{
    fixture *self = *state;
    leat_source *source = open_unheard(self);
    leat_source_pause(source);
    expect_stop(self, source);
}

static void test_position__out_of_range_is_heard_of_after_a_rewind(void **state)
{
    fixture *self = *state;
    leat_source *source = open_unheard(self);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    expect_stop(self, source);
}

/* As librdkafka does by itself, when the answer to where the beginning is comes late. */
static void test_position__what_was_taken_does_not_come_again(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
    rd_kafka_topic_partition_list_t *back = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(back, "in", 0)->offset = 0;
    rd_kafka_error_destroy(rd_kafka_seek_partitions(source->consumer, back, 10000000));
    rd_kafka_topic_partition_list_destroy(back);
    produce(self, 10);
    expect_events(self, source, 10, 20);
    leave(self, source);
}

static void test_position__what_waited_is_read_on_where_it_was(void **state)
{
    fixture *self = *state;
    produce(self, 20);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window six_bytes = {MAX_EVENTS, LEAT_MS, 6}; /* holds one back */
    int64_t next[PARTITIONS] = {0};
    leat_error error;
    while (next[0] + next[1] < 20) {
        fill_some(self, source, &six_bytes);
        for (uint32_t i = 0; i < self->batch.n_events; i++) {
            const leat_event *event = &self->batch.events[i];
            assert_int_equal(event->offset, next[event->partition]++);
        }
        assert_int_equal(leat_source_look(source, 1, &error), LEAT_OK);
    }
    leave(self, source);
}

static void test_position__out_of_range_it_goes_on_at_the_beginning(void **state)
{
    fixture *self = *state;
    leat_source *source = open_out_of_range(self, "earliest");
    expect_events(self, source, 0, 10);
    produce(self, 4);
    expect_events(self, source, 10, 14);
    leave(self, source);
}

/* What was read before the partition went on elsewhere settles later, and moves nothing. */
static void test_position__out_of_range_what_was_before_counts_no_more(void **state)
{
    fixture *self = *state;
    leat_source *source = open_out_of_range(self, "earliest");
    expect_events(self, source, 0, 10);
    leat_source_release(source, &self->batch);
    leat_source_store(source, (leat_mark[]){{0, 5001}, {1, 5001}}, 2);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    expect_events(self, source, 0, 10);
    leave(self, source);
}

/* Records so large that the cluster keeps the last ten or so. */
static void produce_large(fixture *self, int n)
{
    enum { LARGE = 500000 };
    static const char payload[LARGE];
    for (int i = 0; i < n; i++)
        mock_cluster_produce(&self->mock, "in", 0, "k", payload, LARGE);
}

static void read_to(fixture *self, leat_source *source, int64_t last)
{
    for (int64_t at = -1; at < last;
         at = self->batch.events[self->batch.n_events - 1].offset)
        fill_some(self, source, &any_window);
}

/* What was taken before the rewind must not pass for where reading goes on: what lies between
 * would be skipped. */
static void test_position__out_of_range_after_a_rewind_skips_nothing(void **state)
{
    fixture *self = *state;
    self->out_of_range = "earliest";
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, source, PARTITIONS);
    produce_large(self, 8);
    read_to(self, source, 7);
    uint32_t slot = self->batch.events[0].slot;
    leat_source_release(source, &self->batch);
    leat_source_store(source, &(leat_mark){slot, 1}, 1);
    produce_large(self, 5);
    int64_t low, high;
    rd_kafka_query_watermark_offsets(self->mock.host, "in", 0, &low, &high, 10000);
    assert_in_range(low, 2, 7);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    fill_some(self, source, &any_window);
    assert_int_equal(self->batch.events[0].offset, low);
    leave(self, source);
}

static void test_position__out_of_range_it_goes_on_at_the_end(void **state)
{
    fixture *self = *state;
    leat_source *source = open_out_of_range(self, "latest");
    await_assignment(self, source, PARTITIONS);
    for (int i = 0; i < 50; i++) /* a second for what must not come */
        assert_int_equal(fill(self, source, &any_window), 0);
    leave(self, source);
    produce(self, 4);
    source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 10, 14); /* the end was committed */
    leave(self, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_position__rewind_reads_again_what_was_not_stored),
        SOURCE_TEST(test_position__a_rewind_of_many_partitions_may_take_a_while),
        SOURCE_TEST(test_position__an_offset_out_of_range_stops_with_its_coordinates),
        SOURCE_TEST(test_position__out_of_range_is_heard_of_after_a_pause),
        SOURCE_TEST(test_position__out_of_range_is_heard_of_after_a_rewind),
        SOURCE_TEST(test_position__what_was_taken_does_not_come_again),
        SOURCE_TEST(test_position__what_waited_is_read_on_where_it_was),
        SOURCE_TEST(test_position__out_of_range_it_goes_on_at_the_beginning),
        SOURCE_TEST(test_position__out_of_range_what_was_before_counts_no_more),
        SOURCE_TEST(test_position__out_of_range_after_a_rewind_skips_nothing),
        SOURCE_TEST(test_position__out_of_range_it_goes_on_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
