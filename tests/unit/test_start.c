/* Where reading starts. */
#include "source_fixture.h"

static void test_start__latest_skips_what_was_there_before(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_END);
    await_assignment(self, source, PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 10, 20);
    leave(self, source);
}

static void test_start__latest_survives_a_crash_before_the_first_commit(void **state)
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

/* The first assignment, answered while brokers do not know `topic`. */
static void assign_without(fixture *self, leat_source *source, const char *topic)
{
    leat_error error;
    leat_status status = LEAT_OK;
    while (status == LEAT_OK) {
        assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &no_output), LEAT_OK);
        status = leat_source_fill(source, &self->batch, &any_window,
                                  leat_now_ns() + 20 * LEAT_MS, &error);
    }
    assert_int_equal(status, LEAT_REBALANCE);
    rd_kafka_mock_topic_set_error(self->mock.cluster, topic,
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
}

static void test_start__a_topic_that_a_broker_does_not_know_is_no_start(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_END);
    assign_without(self, source, "in");
    assert_int_equal(leat_source_n_assigned(source), 0);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "in", RD_KAFKA_RESP_ERR_NO_ERROR);
    await_assignment(self, source, PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 10, 20);
    leave(self, source);
}

/* "early" comes first wherever topics are sorted. */
static void let_the_other_topic_start(fixture *self)
{
    self->topics[1] = "early";
    rd_kafka_mock_topic_create(self->mock.cluster, "early", PARTITIONS, 1);
    leat_source *source = open_source(self, LEAT_START_AT_END);
    assign_without(self, source, "early");
    assert_int_equal(leat_source_n_assigned(source), PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 0, 10);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "early",
                                  RD_KAFKA_RESP_ERR_NO_ERROR);
    await_assignment(self, source, 2 * PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 10, 20);
    mock_cluster_produce(&self->mock, "early", 1, "k", "20", 2);
    assert_int_equal(fill_some(self, source, &any_window), 1);
    assert_string_equal(self->batch.events[0].topic, "early");
    leave(self, source);
}

static void test_start__a_topic_that_has_none_does_not_hold_up_the_others(void **state)
{
    let_the_other_topic_start(*state);
}

static void test_start__nor_where_members_keep_their_partitions(void **state)
{
    fixture *self = *state;
    self->properties[3].value = "cooperative-sticky";
    let_the_other_topic_start(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_start__latest_skips_what_was_there_before),
        SOURCE_TEST(test_start__latest_survives_a_crash_before_the_first_commit),
        SOURCE_TEST(test_start__a_topic_that_a_broker_does_not_know_is_no_start),
        SOURCE_TEST(test_start__a_topic_that_has_none_does_not_hold_up_the_others),
        SOURCE_TEST(test_start__nor_where_members_keep_their_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
