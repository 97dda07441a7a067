/* Who may answer for a partition: its owner, the next one, and those that were one. */
#include "aggregate_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_aggregate_owner__the_next_owner_goes_on(void **state)
{
    aggregate_lane first, second;
    aggregate_lane_open(&first, *state);
    assert_int_equal(aggregate_lane_see(&first, 0, "ann", 100, 5), LEAT_OK);
    aggregate_lane_close(&first);
    aggregate_lane_open(&second, *state);
    assert_int_equal(aggregate_lane_see(&second, 1, "ann", 101, 1), LEAT_OK);
    aggregate_lane_assert(&second, 0, 1, 5);
    aggregate_lane_close(&second);
}

/* In the same life from memory, in the next one from Redis. */
static void test_aggregate_owner__a_redelivery_is_answered_as_before(void **state)
{
    aggregate_lane lane;
    for (int life = 0; life < 2; life++) {
        aggregate_lane_open(&lane, *state);
        for (int round = 0; round < 2; round++)
            for (int i = 0; i < 10; i++) {
                assert_int_equal(aggregate_lane_see(&lane, i, "ann", 100 + i, 1),
                                 LEAT_OK);
                aggregate_lane_assert(&lane, 0, (float)i, (float)i);
            }
        assert_counter(aggregate_lane_stats(&lane)->repeated, life ? 20 : 10);
        assert_counter(aggregate_lane_stats(&lane)->unanswered, 0);
        aggregate_lane_close(&lane);
    }
    aggregate_lane_open(&lane, *state);
    assert_int_equal(aggregate_lane_see(&lane, 10, "ann", 110, 1), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 10, 10);
    aggregate_lane_close(&lane);
}

static void test_aggregate_owner__answers_go_when_their_offsets_are_committed(
    void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    aggregate_lane_open(&lane, bed);
    for (int i = 0; i < 10; i++) {
        lane.committed = i;
        assert_int_equal(aggregate_lane_see(&lane, i, "ann", 100, 1), LEAT_OK);
    }
    assert_int_equal(
        real_redis_integer(&bed->server, "ZCARD leat:test:1:journal:transactions/0"), 1);
    assert_int_equal(aggregate_lane_see(&lane, 3, "ann", 100, 1), LEAT_OK);
    assert_counter(aggregate_lane_stats(&lane)->unanswered, 1);
    aggregate_lane_close(&lane);
}

/* Two lanes of one partition, whose first event the older one has seen. */
static void open_two(aggregate_lane *older, aggregate_lane *newer, aggregate_bed *bed)
{
    aggregate_lane_open(older, bed);
    aggregate_lane_open(newer, bed);
    assert_int_equal(aggregate_lane_see(older, 0, "ann", 100, 5), LEAT_OK);
}

/* The owner has seen the second one, and the zombie was told so when it saw another. */
static void open_fenced(aggregate_lane *zombie, aggregate_lane *owner, aggregate_bed *bed)
{
    open_two(zombie, owner, bed);
    assert_int_equal(aggregate_lane_see(owner, 1, "ann", 101, 1), LEAT_OK);
    assert_int_equal(aggregate_lane_see(zombie, 1, "ann", 101, 100), LEAT_ABORTED);
}

static void test_aggregate_owner__a_zombie_writes_nothing(void **state)
{
    aggregate_lane zombie, owner;
    open_fenced(&zombie, &owner, *state);
    assert_int_equal(aggregate_lane_see(&owner, 2, "ann", 102, 1), LEAT_OK);
    aggregate_lane_assert(&owner, 0, 2, 6);
    assert_counter(aggregate_lane_stats(&zombie)->fenced, 1);
    aggregate_lane_close(&zombie);
    aggregate_lane_close(&owner);
}

static void test_aggregate_owner__a_fenced_lane_begins_anew(void **state)
{
    aggregate_lane zombie, owner;
    open_fenced(&zombie, &owner, *state);
    zombie.epoch++;
    assert_int_equal(aggregate_lane_see(&zombie, 1, "ann", 101, 1), LEAT_OK);
    aggregate_lane_assert(&zombie, 0, 1, 5);
    assert_int_equal(aggregate_lane_see(&zombie, 2, "ann", 102, 1), LEAT_OK);
    aggregate_lane_assert(&zombie, 0, 2, 6);
    aggregate_lane_close(&zombie);
    aggregate_lane_close(&owner);
}

/* Sees events [first, last], and commits those before the last. */
static void see_and_commit(aggregate_bed *bed, aggregate_lane *lane, int first, int last)
{
    for (int i = first; i <= last; i++) {
        lane->committed = bed->committed = i;
        assert_int_equal(aggregate_lane_see(lane, i, "ann", 101, 1), LEAT_OK);
    }
}

/* What its successor has committed is in no journal any more; what it has not, is. */
static void test_aggregate_owner__a_zombie_answers_nothing_that_was_committed(
    void **state)
{
    aggregate_lane zombie, owner;
    open_two(&zombie, &owner, *state);
    see_and_commit(*state, &owner, 1, 4);
    for (int i = 0; i < 3; i++)
        assert_int_equal(aggregate_lane_see(&zombie, 1, "ann", 101, 1), LEAT_ABORTED);
    assert_counter(aggregate_lane_stats(&zombie)->unanswered, 0);
    assert_int_equal(aggregate_lane_see(&owner, 5, "ann", 101, 1), LEAT_ABORTED);
    assert_int_equal(aggregate_lane_see(&owner, 5, "ann", 101, 1), LEAT_OK);
    aggregate_lane_assert(&owner, 0, 5, 9);
    aggregate_lane_close(&zombie);
    aggregate_lane_close(&owner);
}

/* It stood still between its assignment and its first batch: nobody has ever fenced it. */
static void test_aggregate_owner__a_zombie_that_just_woke_answers_nothing_either(
    void **state)
{
    aggregate_lane zombie, owner;
    aggregate_lane_open(&zombie, *state);
    aggregate_lane_open(&owner, *state);
    see_and_commit(*state, &owner, 0, 4);
    for (int i = 0; i < 3; i++)
        assert_int_equal(aggregate_lane_see(&zombie, 1, "ann", 101, 1), LEAT_ABORTED);
    assert_counter(aggregate_lane_stats(&zombie)->unanswered, 0);
    assert_counter(aggregate_lane_stats(&zombie)->fenced, 3);
    assert_int_equal(aggregate_lane_see(&zombie, 4, "ann", 101, 1), LEAT_OK);
    aggregate_lane_assert(&zombie, 0, 4, 4);
    aggregate_lane_close(&zombie);
    aggregate_lane_close(&owner);
}

static void test_aggregate_owner__offsets_that_were_set_back_are_answered_from_now(
    void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    aggregate_lane_open(&lane, bed);
    see_and_commit(bed, &lane, 0, 4);
    bed->committed = -2;
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 101, 1), LEAT_ABORTED);
    bed->committed = 1;
    for (int i = 1; i < 4;
         i++, bed->committed = 4) /* what is committed then is its own */
        assert_int_equal(aggregate_lane_see(&lane, i, "ann", 101, 1), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 5, 5);
    assert_counter(aggregate_lane_stats(&lane)->unanswered, 3);
    aggregate_lane_close(&lane);
}

static void test_aggregate_owner__assigned_again_it_needs_no_reading(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    lane.epoch++;
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 100, 5), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 1, 5);
    assert_counter(aggregate_lane_stats(&lane)->reads, 1);
    aggregate_lane_close(&lane);
}

/* The old owner comes back; meanwhile another one has counted. */
static void test_aggregate_owner__what_another_counted_is_read(void **state)
{
    aggregate_lane first, second;
    open_two(&first, &second, *state);
    assert_int_equal(aggregate_lane_see(&second, 1, "ann", 100, 5), LEAT_OK);
    first.epoch++;
    assert_int_equal(aggregate_lane_see(&first, 2, "ann", 100, 5), LEAT_OK);
    aggregate_lane_assert(&first, 0, 2, 10);
    aggregate_lane_close(&first);
    aggregate_lane_close(&second);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_aggregate_owner__##name, aggregate_bed_set_up,  \
                                    aggregate_bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_next_owner_goes_on),
        TEST(a_redelivery_is_answered_as_before),
        TEST(answers_go_when_their_offsets_are_committed),
        TEST(a_zombie_writes_nothing),
        TEST(a_fenced_lane_begins_anew),
        TEST(a_zombie_answers_nothing_that_was_committed),
        TEST(a_zombie_that_just_woke_answers_nothing_either),
        TEST(offsets_that_were_set_back_are_answered_from_now),
        TEST(assigned_again_it_needs_no_reading),
        TEST(what_another_counted_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
