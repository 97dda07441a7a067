/* Partitions that come and go, and leaving. */
#include "source_fixture.h"

static void test_rebalance__two_members_share_and_the_last_one_takes_over(void **state)
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

/* As a lane that waits for its brokers: it only keeps its membership. */
static void wait_for_revoke(fixture *self, leat_source *waiting, leat_source *joining)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    leat_error error;
    while (leat_source_pending(waiting) != LEAT_CHANGE_REVOKE) {
        assert_int_equal(leat_source_keep_alive(waiting, &error), LEAT_OK);
        fill(self, joining, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    }
}

static void test_rebalance__what_was_paused_goes_on_when_it_comes_back(void **state)
{
    fixture *self = *state;
    leat_source *first = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, first, PARTITIONS);
    leat_source *second = open_source(self, LEAT_START_AT_BEGINNING);
    wait_for_revoke(self, first, second);
    leave(self, second);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    do {
        fill(self, first, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    } while (leat_source_n_assigned(first) != PARTITIONS);
    await_assignment(self, first, PARTITIONS);
    produce(self, 10);
    expect_events(self, first, 0, 10);
    leave(self, first);
}

static void await_rebalance(fixture *self, leat_source *source, leat_source *other)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    leat_error error;
    leat_status status;
    do {
        assert_true(leat_now_ns() < deadline_ns);
        if (other)
            fill(self, other, &any_window);
        assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &no_output), LEAT_OK);
        status = leat_source_fill(source, &self->batch, &any_window,
                                  leat_now_ns() + 20 * LEAT_MS, &error);
    } while (status == LEAT_OK);
    assert_int_equal(status, LEAT_REBALANCE);
}

/* Under the cooperative protocol the group speaks of what is new alone, and mostly that is
 * nothing. */
static void test_rebalance__what_waits_for_its_start_outlives_the_next_one(void **state)
{
    fixture *self = *state;
    leat_error error;
    self->properties[3].value = "cooperative-sticky";
    rd_kafka_mock_topic_create(self->mock.cluster, "other", PARTITIONS, 1);
    leat_source *source = open_source(self, LEAT_START_AT_END);
    await_rebalance(self, source, NULL);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "in",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    self->topic = "other";
    leat_source *other = open_source(self, LEAT_START_AT_BEGINNING);
    await_rebalance(self, source, other);
    assert_int_equal(leat_source_pending(source), LEAT_CHANGE_ASSIGN);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "in", RD_KAFKA_RESP_ERR_NO_ERROR);
    await_assignment(self, source, PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 0, 10);
    leave(self, other);
    leave(self, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_rebalance__two_members_share_and_the_last_one_takes_over),
        SOURCE_TEST(test_rebalance__what_was_paused_goes_on_when_it_comes_back),
        SOURCE_TEST(test_rebalance__what_waits_for_its_start_outlives_the_next_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
