/* Where the source stands: stored, committed, rewound, out of range. */
#include "source_fixture.h"

static void test_position__rewind_reads_again_what_was_not_stored(void **state)
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

static void test_position__a_stored_offset_is_committed_on_the_way_out(void **state)
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

static void test_position__an_offset_out_of_range_stops_with_its_coordinates(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
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

/* Waits until the coordinator has the offset, as a client of its own sees it: the answer to
 * the commit is then on its way, or there. */
static void await_committed(fixture *self, int32_t partition, int64_t offset)
{
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", self->properties[0].value, why,
                      sizeof why);
    rd_kafka_conf_set(conf, "group.id", "g", why, sizeof why);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *at =
        rd_kafka_topic_partition_list_add(list, "in", partition);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (rd_kafka_committed(reader, list, 1000) || at->offset != offset)
        assert_true(leat_now_ns() < deadline_ns);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);
}

static void test_position__a_late_commit_answer_is_not_the_next_ones(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
    leat_source_store(source, (leat_mark[]){{0, 1}}, 1);
    leat_error error;
    rd_kafka_mock_broker_set_rtt(self->mock.cluster, 1, 300);
    assert_int_equal(leat_source_commit(source, leat_now_ns(), &error), LEAT_E_TIMEOUT);
    await_committed(self, 0, 1);
    rd_kafka_mock_broker_set_rtt(self->mock.cluster, 1, 0);
    rd_kafka_mock_push_request_errors(self->mock.cluster, 8 /* OffsetCommit */, 3,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    leat_source_store(source, (leat_mark[]){{0, 2}}, 1);
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_E_KAFKA);
    leave(self, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_position__rewind_reads_again_what_was_not_stored),
        SOURCE_TEST(test_position__a_stored_offset_is_committed_on_the_way_out),
        SOURCE_TEST(test_position__an_offset_out_of_range_stops_with_its_coordinates),
        SOURCE_TEST(test_position__a_late_commit_answer_is_not_the_next_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
