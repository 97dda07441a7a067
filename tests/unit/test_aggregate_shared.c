/* Entities that several lanes see: each lane has a partition of its own. */
#include "aggregate_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { N_LANES = 3 };

typedef struct shared_bed {
    aggregate_bed *bed;
    aggregate_lane lanes[N_LANES];
} shared_bed;

static int set_up(void **state)
{
    static shared_bed only;
    aggregate_bed_set_up((void **)&only.bed);
    only.bed->card.is_shared = true;
    for (uint32_t i = 0; i < N_LANES; i++) {
        aggregate_lane_open(&only.lanes[i], only.bed);
        only.lanes[i].partition = i;
    }
    *state = &only;
    return 0;
}

static int tear_down(void **state)
{
    shared_bed *bed = *state;
    for (uint32_t i = 0; i < N_LANES; i++)
        aggregate_lane_close(&bed->lanes[i]);
    return aggregate_bed_tear_down((void **)&bed->bed);
}

static void test_aggregate_shared__lanes_count_together(void **state)
{
    shared_bed *bed = *state;
    for (int i = 0; i < 30; i++) {
        aggregate_lane *lane = &bed->lanes[i % N_LANES];
        assert_int_equal(aggregate_lane_see(lane, i / N_LANES, "ann", 100, 2), LEAT_OK);
        aggregate_lane_assert(lane, 0, (float)i, 2 * (float)i);
    }
}

/* Both read, then both write. */
static void test_aggregate_shared__the_slower_lane_applies_again(void **state)
{
    shared_bed *bed = *state;
    aggregate_lane *slow = &bed->lanes[0], *fast = &bed->lanes[1];
    assert_int_equal(aggregate_lane_see(slow, 0, "ann", 100, 1), LEAT_OK);
    assert_int_equal(aggregate_lane_see(fast, 0, "zoe", 100, 1), LEAT_OK);
    aggregate_lane_clear(slow);
    aggregate_lane_add(slow, 1, "ann", 101, 10);
    aggregate_lane_add(slow, 2, "bob", 101, 10);
    aggregate_lane_add(slow, 3, "ann", 101, 10);
    leat_features_send(slow->features, &slow->batch);
    assert_int_equal(aggregate_lane_see(fast, 1, "ann", 101, 100), LEAT_OK);
    aggregate_lane_assert(fast, 0, 1, 1);
    assert_int_equal(leat_features_receive(slow->features, &slow->batch), LEAT_OK);
    aggregate_lane_assert(slow, 0, 2, 101);
    aggregate_lane_assert(slow, 1, 0, 0);
    aggregate_lane_assert(slow, 2, 3, 111);
    assert_int_equal(leat_counter_read(&aggregate_lane_stats(slow)->conflicts), 1);
    assert_int_equal(aggregate_lane_see(fast, 2, "ann", 102, 1), LEAT_OK);
    aggregate_lane_assert(fast, 0, 4, 121);
    assert_int_equal(aggregate_lane_see(fast, 3, "bob", 102, 1), LEAT_OK);
    aggregate_lane_assert(fast, 0, 1, 10);
}

/* Their numbers are read from Redis's answer: some of them have two digits. */
static void test_aggregate_shared__every_overtaken_state_is_found(void **state)
{
    shared_bed *bed = *state;
    aggregate_lane *slow = &bed->lanes[0], *fast = &bed->lanes[1];
    char cards[20][16];
    for (int i = 0; i < 20; i++)
        snprintf(cards[i], sizeof cards[i], "card%d", i);
    for (int64_t round = 0; round < 10; round++) {
        aggregate_lane_clear(slow);
        aggregate_lane_clear(fast);
        for (int64_t i = 0; i < 20; i++) {
            aggregate_lane_add(slow, 20 * round + i, cards[i], 100, 1);
            if (i % 3 == 0)
                aggregate_lane_add(fast, 20 * round + i, cards[i], 100, 1);
        }
        leat_features_send(slow->features, &slow->batch);
        assert_int_equal(aggregate_lane_run(fast), LEAT_OK);
        assert_int_equal(leat_features_receive(slow->features, &slow->batch), LEAT_OK);
        for (uint32_t i = 0; i < 20; i++) {
            float seen = (float)(round * (i % 3 ? 1 : 2) + (i % 3 ? 0 : 1));
            aggregate_lane_assert(slow, i, seen, seen);
        }
    }
}

/* What the slower lane answered the second time is what a redelivery is answered. */
/* Of a batch of two partitions one is somebody else's by now: the batch comes again, and what
 * it counted of the other one was counted before. */
static void test_aggregate_shared__a_lost_partition_takes_no_other_along(void **state)
{
    shared_bed *bed = *state;
    aggregate_lane *zombie = &bed->lanes[0], *owner = &bed->lanes[1];
    assert_int_equal(aggregate_lane_see(zombie, 0, "zoe", 100, 1), LEAT_OK);
    assert_int_equal(aggregate_lane_see(owner, 0, "zoe", 100, 1), LEAT_OK);
    owner->partition = 0;
    assert_int_equal(aggregate_lane_see(owner, 1, "zoe", 100, 1), LEAT_OK);
    for (int round = 0; round < 2; round++) {
        aggregate_lane_clear(zombie);
        zombie->partition = 2;
        aggregate_lane_add(zombie, 0, "ann", 101, 10);
        zombie->partition = 0;
        if (round == 0)
            aggregate_lane_add(zombie, 1, "zoe", 101, 1);
        assert_int_equal(aggregate_lane_run(zombie), round ? LEAT_OK : LEAT_ABORTED);
        aggregate_lane_assert(zombie, 0, 0, 0);
    }
    assert_int_equal(aggregate_lane_see(owner, 2, "ann", 102, 1), LEAT_OK);
    aggregate_lane_assert(owner, 0, 1, 10);
    assert_int_equal(aggregate_lane_see(owner, 3, "zoe", 102, 1), LEAT_OK);
    aggregate_lane_assert(owner, 0, 3, 3);
}

static void test_aggregate_shared__a_redelivery_is_answered_as_before(void **state)
{
    shared_bed *bed = *state;
    aggregate_lane *slow = &bed->lanes[0], *fast = &bed->lanes[1];
    assert_int_equal(aggregate_lane_see(slow, 0, "zoe", 100, 1), LEAT_OK);
    aggregate_lane_clear(slow);
    aggregate_lane_add(slow, 1, "ann", 101, 10);
    leat_features_send(slow->features, &slow->batch);
    assert_int_equal(aggregate_lane_see(fast, 0, "ann", 101, 100), LEAT_OK);
    assert_int_equal(leat_features_receive(slow->features, &slow->batch), LEAT_OK);
    aggregate_lane_assert(slow, 0, 1, 100);
    aggregate_lane_close(slow);
    aggregate_lane_open(slow, bed->bed);
    assert_int_equal(aggregate_lane_see(slow, 1, "ann", 101, 10), LEAT_OK);
    aggregate_lane_assert(slow, 0, 1, 100);
    assert_int_equal(leat_counter_read(&aggregate_lane_stats(slow)->unanswered), 0);
}

/* The lane died between writing the state and the rest: the state knows the event. */
static void test_aggregate_shared__a_state_counts_an_event_once(void **state)
{
    shared_bed *bed = *state;
    aggregate_lane *lane = &bed->lanes[0];
    assert_int_equal(aggregate_lane_see(lane, 0, "ann", 100, 1), LEAT_OK);
    real_redis_do(&bed->bed->server, "DEL leat:test:1:partition:transactions/0 "
                                     "leat:test:1:journal:transactions/0");
    aggregate_lane_close(lane);
    aggregate_lane_open(lane, bed->bed);
    assert_int_equal(aggregate_lane_see(lane, 0, "ann", 100, 1), LEAT_OK);
    assert_int_equal(aggregate_lane_see(lane, 1, "ann", 100, 1), LEAT_OK);
    aggregate_lane_assert(lane, 0, 1, 1);
}

/* Redis sleeps when the state is written: nobody knows whether it was. */
static void test_aggregate_shared__a_write_that_came_late_counts_once(void **state)
{
    shared_bed *bed = *state;
    aggregate_lane *lane = &bed->lanes[0], *other = &bed->lanes[1];
    aggregate_lane_close(lane);
    bed->bed->redis.timeout_ns = 20000000;
    bed->bed->card.on_unavailable = LEAT_UNAVAILABLE_WAIT;
    aggregate_lane_open(lane, bed->bed);
    assert_int_equal(aggregate_lane_see(lane, 0, "ann", 100, 1), LEAT_OK);
    aggregate_lane_clear(lane);
    aggregate_lane_add(lane, 1, "ann", 100, 10);
    leat_features_send(lane->features, &lane->batch);
    for (int round = 0; round < 2;
         round++) /* what it was asked before is answered then */
        real_redis_do(&bed->bed->server, "PING");
    real_redis_pause(&bed->bed->server);
    assert_int_equal(leat_features_receive(lane->features, &lane->batch), LEAT_AGAIN);
    real_redis_wake(&bed->bed->server);
    leat_status status;
    while ((status = leat_features_receive(lane->features, &lane->batch)) == LEAT_AGAIN)
        usleep(1000);
    assert_int_equal(status, LEAT_OK);
    aggregate_lane_assert(lane, 0, 1, 1);
    assert_int_equal(aggregate_lane_see(other, 0, "ann", 100, 1), LEAT_OK);
    aggregate_lane_assert(other, 0, 2, 11);
}

static void test_aggregate_shared__without_redis_nothing_is_known(void **state)
{
    shared_bed *bed = *state;
    aggregate_lane *lane = &bed->lanes[0];
    assert_int_equal(aggregate_lane_see(lane, 0, "ann", 100, 1), LEAT_OK);
    real_redis_kill(&bed->bed->server);
    assert_int_equal(aggregate_lane_see(lane, 1, "ann", 100, 1), LEAT_OK);
    aggregate_lane_assert(lane, 0, NAN, NAN);
    assert_int_equal(lane->batch.events[0].quality, LEAT_QUALITY_UNAVAILABLE);
    real_redis_restart(&bed->bed->server);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_aggregate_shared__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lanes_count_together),
        TEST(the_slower_lane_applies_again),
        TEST(a_lost_partition_takes_no_other_along),
        TEST(every_overtaken_state_is_found),
        TEST(a_redelivery_is_answered_as_before),
        TEST(a_state_counts_an_event_once),
        TEST(a_write_that_came_late_counts_once),
        TEST(without_redis_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
