/* Partitions that come and go, and leaving. */
#include "consumers/source_internal.h"
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
        leat_source_release(source, &self->batch);
        assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &no_output), LEAT_OK);
        status = leat_source_fill(source, &self->batch, &any_window,
                                  leat_now_ns() + 20 * LEAT_MS, &error);
    } while (status == LEAT_OK);
    if (status != LEAT_REBALANCE)
        fail_msg("%s", status < 0 ? error.msg : leat_status_text(status));
}

/* Under the cooperative protocol every member is told something whenever another one comes. */
static leat_source *await_another_member(fixture *self, leat_source *source)
{
    rd_kafka_mock_topic_create(self->mock.cluster, "other", PARTITIONS, 1);
    self->topics[0] = "other";
    leat_source *other = open_source(self, LEAT_START_AT_BEGINNING);
    await_rebalance(self, source, other);
    assert_int_equal(leat_source_pending(source), LEAT_CHANGE_ASSIGN);
    return other;
}

/* librdkafka below 2.3 aborts when a cooperative member goes before it was ever assigned
 * something (its 4312), and the other one may be slower than the test. */
static void leave_once_assigned(fixture *self, leat_source *other, leat_source *source)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (leat_source_n_assigned(other) != PARTITIONS) {
        fill(self, other, &any_window);
        fill(self, source, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    }
    leave(self, other);
}

/* The group speaks of what is new alone, and mostly that is nothing. */
static void test_rebalance__what_waits_for_its_start_outlives_the_next_one(void **state)
{
    fixture *self = *state;
    leat_error error;
    self->properties[3].value = "cooperative-sticky";
    leat_source *source = open_source(self, LEAT_START_AT_END);
    await_rebalance(self, source, NULL);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "in",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    leat_source *other = await_another_member(self, source);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    rd_kafka_mock_topic_set_error(self->mock.cluster, "in", RD_KAFKA_RESP_ERR_NO_ERROR);
    await_assignment(self, source, PARTITIONS);
    produce(self, 10);
    expect_events(self, source, 0, 10);
    leave_once_assigned(self, other, source);
    leave(self, source);
}

static leat_source *open_cooperative_transactional(fixture *self)
{
    self->properties[3].value = "cooperative-sticky";
    produce(self, 10);
    leat_source *source = open_transactional_source(self);
    expect_events(self, source, 0, 10);
    leat_source_release(source, &self->batch);
    return source;
}

static void test_rebalance__who_keeps_its_name_reads_on(void **state)
{
    fixture *self = *state;
    leat_error error;
    leat_source *source = open_cooperative_transactional(self);
    leat_source *other = await_another_member(self, source);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    assert_false(leat_source_has_lapsed(source));
    leave_once_assigned(self, other, source);
    leave(self, source);
}

static void test_rebalance__who_came_back_under_another_name_has_to_go_back(void **state)
{
    fixture *self = *state;
    leat_error error;
    leat_source *source = open_cooperative_transactional(self);
    leat_source *other = await_another_member(self, source);
    source->member[0] ^= 1; /* as if the name of now were a new one */
    const rd_kafka_consumer_group_metadata_t *old = leat_source_group(source);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    assert_ptr_equal(leat_source_group(source), old);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    assert_true(leat_source_has_lapsed(source));
    assert_ptr_not_equal(leat_source_group(source), old);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    assert_false(leat_source_has_lapsed(source));
    expect_events(self, source, 0, 10);
    leave_once_assigned(self, other, source);
    leave(self, source);
}

/* ---- a JoinGroup that nobody was told of ---- */

/* As librdkafka does when it finds that a topic has changed. */
static void join_unasked(leat_source *source)
{
    atomic_fetch_add(&source->join.n_sent, 1);
}

static void test_rebalance__an_assignment_from_before_the_last_join_is_dropped(
    void **state)
{
    fixture *self = *state;
    leat_error error;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    await_rebalance(self, source, NULL);
    assert_int_equal(leat_source_pending(source), LEAT_CHANGE_ASSIGN);
    join_unasked(source);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    assert_int_equal(leat_source_n_assigned(source), 0);
    crash(self, source);
}

static void test_rebalance__who_is_left_behind_has_lost_all(void **state)
{
    fixture *self = *state;
    leat_error error;
    produce(self, 10);
    leat_source *source = open_transactional_source(self);
    expect_events(self, source, 0, 10);
    assert_non_null(leat_source_group(source));
    source->slots[0].commit = LEAT_COMMIT_OWED;
    join_unasked(source);
    assert_null(leat_source_group(source));
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_E_KAFKA);
    await_rebalance(self, source, NULL);
    assert_int_equal(leat_source_pending(source), LEAT_CHANGE_LOST);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    assert_int_equal(leat_source_n_assigned(source), 0);
    crash(self, source);
}

/* Of partition 1, as from librdkafka. */
static void call_back(leat_source *source, rd_kafka_resp_err_t what, leat_change expected)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, "in", 1);
    leat_source_on_rebalance(source->consumer, what, one, &source->client);
    rd_kafka_topic_partition_list_destroy(one);
    assert_int_equal(leat_source_pending(source), expected);
}

static void test_rebalance__a_cooperative_revoke_that_is_overtaken_ends_it(void **state)
{
    fixture *self = *state;
    leat_error error;
    self->properties[3].value = "cooperative-sticky";
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, source, PARTITIONS);
    call_back(source, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, LEAT_CHANGE_REVOKE);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    call_back(source, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, LEAT_CHANGE_REVOKE);
    join_unasked(source);
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_E_KAFKA);
    crash(self, source);
}

static void test_rebalance__a_second_assignment_replaces_the_first(void **state)
{
    fixture *self = *state;
    leat_error error;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
    call_back(source, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, LEAT_CHANGE_REPLACE);
    assert_true(leat_source_has_rejoined(source)); /* nothing is committed any more */
    assert_int_equal(leat_source_rebalance(source, &error), LEAT_OK);
    assert_int_equal(leat_source_n_assigned(source), 1);
    for (int n = 0; n < 5; n += (int)self->batch.n_events) {
        fill_some(self, source, &any_window);
        for (uint32_t i = 0; i < self->batch.n_events; i++)
            assert_int_equal(self->batch.events[i].partition, 1);
    }
    leave(self, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_rebalance__two_members_share_and_the_last_one_takes_over),
        SOURCE_TEST(test_rebalance__what_was_paused_goes_on_when_it_comes_back),
        SOURCE_TEST(test_rebalance__what_waits_for_its_start_outlives_the_next_one),
        SOURCE_TEST(test_rebalance__who_keeps_its_name_reads_on),
        SOURCE_TEST(test_rebalance__who_came_back_under_another_name_has_to_go_back),
        SOURCE_TEST(test_rebalance__an_assignment_from_before_the_last_join_is_dropped),
        SOURCE_TEST(test_rebalance__who_is_left_behind_has_lost_all),
        SOURCE_TEST(test_rebalance__a_cooperative_revoke_that_is_overtaken_ends_it),
        SOURCE_TEST(test_rebalance__a_second_assignment_replaces_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
