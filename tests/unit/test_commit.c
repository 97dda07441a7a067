/* How the group learns of what is done. */
#include "consumers/source_internal.h"
#include "source_fixture.h"

static leat_mark mark(leat_source *source, int32_t partition, int64_t next)
{
    return (leat_mark){leat_source_slot(source, "in", partition), next};
}

static void test_commit__a_stored_offset_is_committed_on_the_way_out(void **state)
{
    fixture *self = *state;
    produce(self, 20);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 20);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 6), mark(source, 1, 6)}, 2);
    leat_error error;
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_OK);
    crash(self, source);
    source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 12, 20);
    leave(self, source);
}

/* What the coordinator has, as a client of its own sees it. */
static int64_t committed_offset(fixture *self, int32_t partition)
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
    while (rd_kafka_committed(reader, list, 1000))
        assert_true(leat_now_ns() < deadline_ns);
    int64_t offset = at->offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);
    return offset;
}

/* The answer to the commit is then on its way, or there. */
static void await_committed(fixture *self, int32_t partition, int64_t offset)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (committed_offset(self, partition) != offset)
        assert_true(leat_now_ns() < deadline_ns);
}

static void test_commit__a_late_commit_answer_is_not_the_next_ones(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    expect_events(self, source, 0, 10);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 1)}, 1);
    leat_error error;
    rd_kafka_mock_broker_set_rtt(self->mock.cluster, 1, 300);
    assert_int_equal(leat_source_commit(source, leat_now_ns(), &error), LEAT_E_TIMEOUT);
    await_committed(self, 0, 1);
    rd_kafka_mock_broker_set_rtt(self->mock.cluster, 1, 0);
    rd_kafka_mock_push_request_errors(self->mock.cluster, 8 /* OffsetCommit */, 3,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 2)}, 1);
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_E_KAFKA);
    leave(self, source);
}

static void read_all_of_ten(fixture *self, leat_source *source)
{
    produce(self, 10);
    expect_events(self, source, 0, 10);
}

/* As a lane does: stores nothing new, again and again. */
static void await_commit(fixture *self, leat_source *source, int32_t partition,
                         int64_t offset)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (committed_offset(self, partition) != offset) {
        leat_source_store(source, NULL, 0);
        fill(self, source, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    }
}

static void test_commit__what_was_stored_is_committed_unasked(void **state)
{
    fixture *self = *state;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    read_all_of_ten(self, source);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 3), mark(source, 1, 4)}, 2);
    await_commit(self, source, 0, 3);
    await_commit(self, source, 1, 4);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 5)}, 1);
    await_commit(self, source, 0, 5);
    leave(self, source);
}

static void test_commit__a_refused_commit_is_sent_again(void **state)
{
    fixture *self = *state;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    read_all_of_ten(self, source);
    rd_kafka_mock_push_request_errors(self->mock.cluster, 8 /* OffsetCommit */, 1,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 3)}, 1);
    await_commit(self, source, 0, 3);
    leave(self, source);
}

/* What was stored and not committed goes with the partition: its next owner decides. */
static void test_commit__leaving_commits_nothing_by_itself(void **state)
{
    fixture *self = *state;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    read_all_of_ten(self, source);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 1)}, 1);
    await_commit(self, source, 0, 1);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 5)}, 1);
    leave(self, source);
    assert_int_equal(committed_offset(self, 0), 1);
}

/* What a transaction would have done (the mock cluster does not), or another member. */
static void commit_by_hand(leat_source *source, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int32_t partition = 0; partition < PARTITIONS; partition++)
        rd_kafka_topic_partition_list_add(list, "in", partition)->offset = offset;
    leat_error error;
    assert_int_equal(
        leat_source_commit_list(source, list, leat_now_ns() + HANG_NS, &error), LEAT_OK);
    rd_kafka_topic_partition_list_destroy(list);
}

static void expect_committed(leat_source *source, int32_t partition, int64_t expected)
{
    int64_t committed;
    uint32_t slot = leat_source_slot(source, "in", partition);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (leat_source_ask_committed(source, slot, &committed) != LEAT_OK)
        assert_true(leat_now_ns() < deadline_ns);
    assert_int_equal(committed, expected);
}

/* It is asked of partition 0 alone. */
static void test_commit__where_another_has_committed_it_goes_on_from_there(void **state)
{
    fixture *self = *state;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    read_all_of_ten(self, source);
    leat_source_release(source, &self->batch);
    expect_committed(source, 0, -1);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    expect_events(self, source, 0, 10);
    leat_source_release(source, &self->batch);
    commit_by_hand(source, 5);
    expect_committed(source, 0, 5);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    for (uint32_t n = 0; n < 5;) {
        n += fill_some(self, source, &any_window);
        for (uint32_t i = 0; i < self->batch.n_events; i++)
            assert_int_equal(self->batch.events[i].partition, 1);
        leat_source_release(source, &self->batch);
    }
    leave(self, source);
}

/* ---- with transactions ---- */

static void test_commit__a_transactional_source_commits_nothing(void **state)
{
    fixture *self = *state;
    leat_source *source = open_transactional_source(self);
    read_all_of_ten(self, source);
    leat_source_store(source, (leat_mark[]){mark(source, 0, 3)}, 1);
    leat_error error;
    assert_int_equal(leat_source_commit(source, leat_now_ns() + HANG_NS, &error),
                     LEAT_OK);
    assert_int_equal(committed_offset(self, 0), RD_KAFKA_OFFSET_INVALID);
    leave(self, source);
}

static void test_commit__it_rewinds_to_what_the_group_knows(void **state)
{
    fixture *self = *state;
    leat_source *source = open_transactional_source(self);
    read_all_of_ten(self, source);
    leat_source_release(source, &self->batch);
    commit_by_hand(source, 2);
    assert_int_equal(leat_source_rewind(source), LEAT_OK);
    expect_events(self, source, 4, 10);
    leave(self, source);
}

static void test_commit__the_membership_is_there_with_the_partitions(void **state)
{
    fixture *self = *state;
    leat_source *source = open_transactional_source(self);
    assert_null(leat_source_group(source));
    await_assignment(self, source, PARTITIONS);
    assert_non_null(leat_source_group(source));
    rd_kafka_topic_partition_list_t *offsets =
        leat_source_offsets(source, (leat_mark[]){mark(source, 1, 7)}, 1);
    assert_int_equal(offsets->cnt, 1);
    assert_int_equal(offsets->elems[0].offset, 7);
    rd_kafka_topic_partition_list_destroy(offsets);
    leave(self, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_commit__a_stored_offset_is_committed_on_the_way_out),
        SOURCE_TEST(test_commit__a_late_commit_answer_is_not_the_next_ones),
        SOURCE_TEST(test_commit__what_was_stored_is_committed_unasked),
        SOURCE_TEST(test_commit__a_refused_commit_is_sent_again),
        SOURCE_TEST(test_commit__leaving_commits_nothing_by_itself),
        SOURCE_TEST(test_commit__where_another_has_committed_it_goes_on_from_there),
        SOURCE_TEST(test_commit__a_transactional_source_commits_nothing),
        SOURCE_TEST(test_commit__it_rewinds_to_what_the_group_knows),
        SOURCE_TEST(test_commit__the_membership_is_there_with_the_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
