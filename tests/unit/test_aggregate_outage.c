/* Aggregates without Redis, or without memory. */
#include "aggregate_bed.h"

#include "allocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <unistd.h>

static void see_until_saved(aggregate_lane *lane, int64_t *offset, const char *key)
{
    do {
        lane->committed = *offset;
        assert_int_equal(aggregate_lane_see(lane, (*offset)++, key, 100, 1), LEAT_OK);
    } while (leat_counter_read(&aggregate_lane_stats(lane)->unsaved));
}

/* A Redis that comes back without its memory gets what the owner has. */
static void test_aggregate_outage__memory_outlives_an_outage(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane, next;
    aggregate_lane_open(&lane, bed);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    real_redis_kill(&bed->server);
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 100, 5), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 1, 5);
    assert_int_equal(lane.batch.events[0].quality, LEAT_QUALITY_COMPLETE);
    assert_int_equal(aggregate_lane_see(&lane, 2, "bob", 100, 5), LEAT_OK);
    aggregate_lane_assert(&lane, 0, NAN, NAN);
    assert_int_equal(lane.batch.events[0].quality, LEAT_QUALITY_UNAVAILABLE);
    real_redis_restart(&bed->server);
    int64_t offset = 3;
    see_until_saved(&lane, &offset, "ann");
    aggregate_lane_open(&next, bed);
    assert_int_equal(aggregate_lane_see(&next, offset, "ann", 100, 1), LEAT_OK);
    assert_float_equal(aggregate_lane_row(&next, 0)[COUNT], (float)(offset - 1), 0);
    aggregate_lane_close(&lane);
    aggregate_lane_close(&next);
}

/* Redis sleeps when a write comes; it executes it when it wakes, and a later one, too. */
static void test_aggregate_outage__a_write_that_came_late_counts_once(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane, next;
    bed->redis.timeout_ns = 20000000;
    aggregate_lane_open(&lane, bed);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 1), LEAT_OK);
    real_redis_pause(&bed->server);
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 100, 1), LEAT_OK);
    assert_counter(aggregate_lane_stats(&lane)->unsaved, 1);
    real_redis_wake(&bed->server);
    int64_t offset = 2;
    see_until_saved(&lane, &offset, "ann");
    aggregate_lane_open(&next, bed);
    assert_int_equal(aggregate_lane_see(&next, offset, "ann", 100, 1), LEAT_OK);
    assert_float_equal(aggregate_lane_row(&next, 0)[COUNT], (float)offset, 0);
    aggregate_lane_close(&lane);
    aggregate_lane_close(&next);
}

static void test_aggregate_outage__without_redis_nothing_is_known(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    aggregate_lane_open(&lane, bed);
    real_redis_kill(&bed->server);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    aggregate_lane_assert(&lane, 0, NAN, NAN);
    assert_int_equal(lane.batch.events[0].quality, LEAT_QUALITY_UNAVAILABLE);
    assert_counter(aggregate_lane_stats(&lane)->unavailable, 1);
    assert_counter(aggregate_lane_stats(&lane)->values->unavailable, N_COLUMNS);
    real_redis_restart(&bed->server);
    aggregate_lane_close(&lane);
}

static leat_status receive_until_done(aggregate_lane *lane)
{
    leat_status status;
    while ((status = leat_features_receive(lane->features, &lane->batch)) == LEAT_AGAIN)
        usleep(1000); /* as a lane that serves acknowledgements meanwhile */
    return status;
}

static void expect_waiting(aggregate_lane *lane)
{
    for (int calls = 0; calls < 5; calls++)
        assert_int_equal(leat_features_receive(lane->features, &lane->batch), LEAT_AGAIN);
}

/* For its partition, for a state, and to write. */
static void test_aggregate_outage__a_batch_may_wait_for_redis(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    bed->card.on_unavailable = LEAT_UNAVAILABLE_WAIT;
    aggregate_lane_open(&lane, bed);
    const char *const cards[] = {"ann", "bob", "ann"};
    for (int i = 0; i < 3; i++) {
        aggregate_lane_clear(&lane);
        aggregate_lane_add(&lane, i, cards[i], 100, 5);
        real_redis_kill(&bed->server);
        leat_features_send(lane.features, &lane.batch);
        expect_waiting(&lane);
        real_redis_restart(&bed->server);
        assert_int_equal(receive_until_done(&lane), LEAT_OK);
        aggregate_lane_assert(&lane, 0, i == 2, i == 2 ? 5 : 0);
        assert_int_not_equal(lane.batch.events[0].quality, LEAT_QUALITY_UNAVAILABLE);
        assert_counter(aggregate_lane_stats(&lane)->unsaved, 0);
    }
    aggregate_lane_close(&lane);
}

/* By a replica, when the partition is acquired; by a full server, when a state is written. */
static void test_aggregate_outage__a_batch_waits_as_long_as_it_is_refused(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    bed->card.on_unavailable = LEAT_UNAVAILABLE_WAIT;
    aggregate_lane_open(&lane, bed);
    real_redis_do(&bed->server, "REPLICAOF 127.0.0.1 1");
    aggregate_lane_add(&lane, 0, "ann", 100, 5);
    leat_features_send(lane.features, &lane.batch);
    expect_waiting(&lane);
    real_redis_do(&bed->server, "REPLICAOF NO ONE");
    assert_int_equal(receive_until_done(&lane), LEAT_OK);
    real_redis_do(&bed->server, "CONFIG SET maxmemory 1");
    aggregate_lane_clear(&lane);
    aggregate_lane_add(&lane, 1, "ann", 100, 5);
    leat_features_send(lane.features, &lane.batch);
    expect_waiting(&lane);
    assert_counter(aggregate_lane_stats(&lane)->unsaved, 1);
    real_redis_do(&bed->server, "CONFIG SET maxmemory 0");
    assert_int_equal(receive_until_done(&lane), LEAT_OK);
    assert_counter(aggregate_lane_stats(&lane)->unsaved, 0);
    aggregate_lane_assert(&lane, 0, 1, 5);
    aggregate_lane_close(&lane);
}

static void test_aggregate_outage__an_event_may_fail_without_redis(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    bed->card.on_unavailable = LEAT_UNAVAILABLE_DEAD_LETTER;
    aggregate_lane_open(&lane, bed);
    real_redis_kill(&bed->server);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    assert_int_equal(lane.batch.events[0].status, LEAT_E_UNANSWERED);
    assert_string_equal(lane.batch.events[0].reason,
                        "aggregate card_1m.count is unavailable: Redis did not answer");
    real_redis_restart(&bed->server);
    aggregate_lane_close(&lane);
}

static void test_aggregate_outage__an_event_that_ranks_nothing_needs_no_answer(
    void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    bed->card.on_unavailable = LEAT_UNAVAILABLE_DEAD_LETTER;
    aggregate_lane_open(&lane, bed);
    real_redis_kill(&bed->server);
    leat_event *event = aggregate_lane_add(&lane, 0, "ann", 100, 5);
    leat_batch_drop_rows(&lane.batch, event);
    assert_int_equal(aggregate_lane_run(&lane), LEAT_OK);
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
    real_redis_restart(&bed->server);
    aggregate_lane_close(&lane);
}

/* Neither is what there is no memory for known: defaults must not pass for values. */
static void test_aggregate_outage__without_memory_nothing_is_known(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    const leat_event *event = aggregate_lane_add(&lane, 0, "ann", 100, 5);
    allocated.fails = true;
    while (leat_arena_alloc(&lane.batch.arena, 1))
        continue;
    leat_status status = aggregate_lane_run(&lane);
    allocated.fails = false;
    assert_int_equal(status, LEAT_OK);
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(event->quality, LEAT_QUALITY_UNAVAILABLE);
    aggregate_lane_close(&lane);
}

/* Nor an entity whose state there is no memory for; the batch has enough. */
static void test_aggregate_outage__without_memory_for_a_state_it_is_unknown(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    aggregate_lane_clear(&lane);
    aggregate_lane_add(&lane, 1, "ann", 101, 5);
    aggregate_lane_add(&lane, 2, "bob", 102, 5);
    allocated.fails = true;
    leat_status status = aggregate_lane_run(&lane);
    allocated.fails = false;
    assert_int_equal(status, LEAT_OK);
    aggregate_lane_assert(&lane, 0, 1, 5);
    assert_int_equal(lane.batch.events[0].quality, LEAT_QUALITY_COMPLETE);
    assert_int_equal(lane.batch.events[1].quality, LEAT_QUALITY_UNAVAILABLE);
    aggregate_lane_close(&lane);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_aggregate_outage__##name, aggregate_bed_set_up, \
                                    aggregate_bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_outlives_an_outage),
        TEST(a_write_that_came_late_counts_once),
        TEST(without_redis_nothing_is_known),
        TEST(a_batch_may_wait_for_redis),
        TEST(a_batch_waits_as_long_as_it_is_refused),
        TEST(an_event_may_fail_without_redis),
        TEST(an_event_that_ranks_nothing_needs_no_answer),
        TEST(without_memory_nothing_is_known),
        TEST(without_memory_for_a_state_it_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
