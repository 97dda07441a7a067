/* What a lane answers, and what it makes of values and states. */
#include "aggregate_bed.h"

#include "allocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

static void test_aggregate__an_event_is_answered_from_those_before_it(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    aggregate_lane_add(&lane, 0, "ann", 100, 5);
    aggregate_lane_add(&lane, 1, "bob", 100, 7);
    aggregate_lane_add(&lane, 2, "ann", 101, 2);
    aggregate_lane_add(&lane, 3, "ann", 101, 1);
    assert_int_equal(aggregate_lane_run(&lane), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 0, 0);
    aggregate_lane_assert(&lane, 1, 0, 0);
    aggregate_lane_assert(&lane, 2, 1, 5);
    aggregate_lane_assert(&lane, 3, 2, 7);
    assert_true(isnan(aggregate_lane_row(&lane, 0)[GAP]));
    assert_float_equal(aggregate_lane_row(&lane, 2)[GAP], 1, 0);
    assert_int_equal(lane.batch.events[0].quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(lane.batch.events[2].quality, LEAT_QUALITY_COMPLETE);
    aggregate_lane_close(&lane);
}

static void test_aggregate__a_window_ends(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 159, 1), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 1, 5);
    assert_int_equal(aggregate_lane_see(&lane, 2, "ann", 160, 1), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 1, 1);
    aggregate_lane_close(&lane);
}

static void test_aggregate__a_date_far_ahead_expires_nothing(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    aggregate_lane_clear(&lane);
    aggregate_lane_add(&lane, 1, "ann", 101, 1)->time.seconds = INT64_MAX;
    assert_int_equal(aggregate_lane_run(&lane), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 1, 5);
    assert_int_equal(aggregate_lane_see(&lane, 2, "ann", 102, 1), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 2, 6);
    aggregate_lane_close(&lane);
}

static void test_aggregate__values_are_counted(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    const leat_feed_stats *values = aggregate_lane_stats(&lane)->values;
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    assert_int_equal(*leat_batch_missing(&lane.batch, lane.batch.events), 1 << GAP);
    assert_int_equal(lane.batch.events[0].quality, LEAT_QUALITY_DEFAULTED);
    assert_counter(values->hits, 2);
    assert_counter(values->missing, 1);
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 101, 5), LEAT_OK);
    assert_int_equal(*leat_batch_missing(&lane.batch, lane.batch.events), 0);
    assert_counter(values->hits, 5);
    assert_counter(values->missing, 1);
    aggregate_lane_close(&lane);
}

static void test_aggregate__an_event_without_an_entity_has_no_answer(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    assert_int_equal(aggregate_lane_see(&lane, 0, NULL, 100, 5), LEAT_OK);
    aggregate_lane_assert(&lane, 0, NAN, NAN);
    assert_int_equal(lane.batch.events[0].status, LEAT_OK);
    assert_int_equal(lane.batch.events[0].quality, LEAT_QUALITY_DEFAULTED);
    aggregate_lane_close(&lane);
}

/* A batch of two events, whose first spends "six". */
static leat_event *see_text(aggregate_lane *lane)
{
    static const uint8_t text[] = "\xa3"
                                  "six";
    leat_event *bad = aggregate_lane_add(lane, 0, "ann", 100, 5);
    leat_batch_captures(&lane->batch, bad)[0] = (leat_slice){text, 4};
    aggregate_lane_add(lane, 1, "ann", 100, 7);
    assert_int_equal(aggregate_lane_run(lane), LEAT_OK);
    return bad;
}

static void test_aggregate__a_value_of_a_wrong_type_marks_the_event(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    const leat_event *bad = see_text(&lane);
    assert_int_equal(bad->status, LEAT_E_TYPE);
    assert_string_equal(bad->reason, "aggregate card_1m.spent: event.amount is a string, "
                                     "expected a number");
    aggregate_lane_assert(&lane, 1, 0, 0);
    aggregate_lane_close(&lane);
}

/* What is a dead letter does not become a prediction when it comes again, behind others
 * that were applied. */
static void test_aggregate__what_was_refused_is_refused_again(void **state)
{
    aggregate_lane lane;
    for (int life = 0; life < 2; life++) {
        aggregate_lane_open(&lane, *state);
        assert_int_equal(see_text(&lane)->status, LEAT_E_TYPE);
        aggregate_lane_assert(&lane, 1, 0, 0);
        assert_counter(aggregate_lane_stats(&lane)->unanswered, 0);
        aggregate_lane_close(&lane);
    }
}

static void test_aggregate__bytes_that_are_no_state_begin_afresh(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    real_redis_do(&bed->server, "SET leat:test:1:card:ann garbage");
    aggregate_lane_open(&lane, bed);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 0, 0);
    assert_int_equal(aggregate_lane_see(&lane, 1, "ann", 100, 5), LEAT_OK);
    aggregate_lane_assert(&lane, 0, 1, 5);
    aggregate_lane_close(&lane);
}

static void test_aggregate__a_state_expires(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    aggregate_lane_open(&lane, bed);
    assert_int_equal(aggregate_lane_see(&lane, 0, "ann", 100, 5), LEAT_OK);
    long long left_ms = real_redis_integer(&bed->server, "PTTL leat:test:1:card:ann");
    assert_true(left_ms > 3500000 && left_ms <= 3600000);
    aggregate_lane_close(&lane);
}

static void test_aggregate__what_does_not_fit_memory_is_read_again(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    bed->spec.max_bytes = 4096;
    aggregate_lane_open(&lane, bed);
    for (int i = 0; i < 1000; i++) {
        char card[16];
        snprintf(card, sizeof card, "card%d", i % 100);
        assert_int_equal(aggregate_lane_see(&lane, i, card, 100, 1), LEAT_OK);
        aggregate_lane_assert(&lane, 0, (float)(i / 100), (float)(i / 100));
    }
    assert_true(leat_counter_read(&aggregate_lane_stats(&lane)->reads) > 500);
    assert_counter(aggregate_lane_stats(&lane)->lost, 0);
    aggregate_lane_close(&lane);
}

static void test_aggregate__alone_it_needs_no_redis(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    leat_error error;
    const leat_features_spec spec = {
        .redis = bed->redis, .aggregates = &bed->spec, .is_alone = true};
    lane = (aggregate_lane){.epoch = 1};
    assert_int_equal(leat_batch_init(&lane.batch, 4), LEAT_OK);
    aggregate_lane_clear(&lane);
    assert_int_equal(leat_features_new(&lane.features, &spec, &error), LEAT_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(aggregate_lane_see(&lane, i, "ann", 100, 5), LEAT_OK);
        aggregate_lane_assert(&lane, 0, (float)i, 5 * (float)i);
    }
    assert_int_equal(real_redis_integer(&bed->server, "DBSIZE"), 0);
    aggregate_lane_close(&lane);
}

static void test_aggregate__once_warm_the_heap_is_left_alone(void **state)
{
    aggregate_lane lane;
    aggregate_lane_open(&lane, *state);
    int64_t offset = 0;
    size_t before = 0;
    for (int round = 0; round < 200; round++) {
        if (round == 100)
            before = allocated.calls;
        lane.committed = offset;
        aggregate_lane_clear(&lane);
        for (int i = 0; i < 32; i++, offset++)
            aggregate_lane_add(&lane, offset, i % 2 ? "ann" : "bob", 100 + round, 1);
        assert_int_equal(aggregate_lane_run(&lane), LEAT_OK);
    }
    assert_int_equal(allocated.calls - before, 0);
    aggregate_lane_close(&lane);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_aggregate__##name, aggregate_bed_set_up,        \
                                    aggregate_bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_answered_from_those_before_it),
        TEST(a_window_ends),
        TEST(a_date_far_ahead_expires_nothing),
        TEST(values_are_counted),
        TEST(an_event_without_an_entity_has_no_answer),
        TEST(a_value_of_a_wrong_type_marks_the_event),
        TEST(what_was_refused_is_refused_again),
        TEST(bytes_that_are_no_state_begin_afresh),
        TEST(a_state_expires),
        TEST(what_does_not_fit_memory_is_read_again),
        TEST(alone_it_needs_no_redis),
        TEST(once_warm_the_heap_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
