#include "aggregate_bed.h"

#include "allocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define assert_counter(counter, expected)                                                \
    assert_int_equal(leat_counter_read(&(counter)), expected)

static long long ask_integer(aggregate_bed *bed, const char *command)
{
    redisReply *reply = redisCommand(bed->server.admin, command);
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long number = reply->integer;
    freeReplyObject(reply);
    return number;
}

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

static void test_aggregate__the_next_owner_goes_on(void **state)
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
static void test_aggregate__a_redelivery_is_answered_as_before(void **state)
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

static void test_aggregate__answers_go_when_their_offsets_are_committed(void **state)
{
    aggregate_bed *bed = *state;
    aggregate_lane lane;
    aggregate_lane_open(&lane, bed);
    for (int i = 0; i < 10; i++) {
        lane.committed = i;
        assert_int_equal(aggregate_lane_see(&lane, i, "ann", 100, 1), LEAT_OK);
    }
    assert_int_equal(ask_integer(bed, "ZCARD leat:test:1:journal:transactions/0"), 1);
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

static void test_aggregate__a_zombie_writes_nothing(void **state)
{
    aggregate_lane zombie, owner;
    open_fenced(&zombie, &owner, *state);
    assert_int_equal(aggregate_lane_see(&owner, 2, "ann", 102, 1), LEAT_OK);
    aggregate_lane_assert(&owner, 0, 2, 6);
    assert_counter(aggregate_lane_stats(&zombie)->fenced, 1);
    aggregate_lane_close(&zombie);
    aggregate_lane_close(&owner);
}

static void test_aggregate__a_fenced_lane_begins_anew(void **state)
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
static void test_aggregate__a_zombie_answers_nothing_that_was_committed(void **state)
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
static void test_aggregate__a_zombie_that_just_woke_answers_nothing_either(void **state)
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

static void test_aggregate__offsets_that_were_set_back_are_answered_from_now(void **state)
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

static void test_aggregate__assigned_again_it_needs_no_reading(void **state)
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
static void test_aggregate__what_another_counted_is_read(void **state)
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

static void see_until_saved(aggregate_lane *lane, int64_t *offset, const char *key)
{
    do {
        lane->committed = *offset;
        assert_int_equal(aggregate_lane_see(lane, (*offset)++, key, 100, 1), LEAT_OK);
    } while (leat_counter_read(&aggregate_lane_stats(lane)->unsaved));
}

/* A Redis that comes back without its memory gets what the owner has. */
static void test_aggregate__memory_outlives_an_outage(void **state)
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

static void test_aggregate__without_redis_nothing_is_known(void **state)
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
static void test_aggregate__a_batch_may_wait_for_redis(void **state)
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
static void test_aggregate__a_batch_waits_as_long_as_it_is_refused(void **state)
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

static void test_aggregate__an_event_may_fail_without_redis(void **state)
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

static void test_aggregate__an_event_that_ranks_nothing_needs_no_answer(void **state)
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
static void test_aggregate__without_memory_nothing_is_known(void **state)
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
static void test_aggregate__without_memory_for_a_state_it_is_unknown(void **state)
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

/* Redis sleeps when a write comes; it executes it when it wakes, and a later one, too. */
static void test_aggregate__a_write_that_came_late_counts_once(void **state)
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
    long long left_ms = ask_integer(bed, "PTTL leat:test:1:card:ann");
    assert_true(left_ms > 3500000 && left_ms <= 3600000);
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
    assert_int_equal(ask_integer(bed, "DBSIZE"), 0);
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
        TEST(memory_outlives_an_outage),
        TEST(without_redis_nothing_is_known),
        TEST(a_batch_may_wait_for_redis),
        TEST(a_batch_waits_as_long_as_it_is_refused),
        TEST(an_event_may_fail_without_redis),
        TEST(an_event_that_ranks_nothing_needs_no_answer),
        TEST(without_memory_nothing_is_known),
        TEST(without_memory_for_a_state_it_is_unknown),
        TEST(values_are_counted),
        TEST(a_write_that_came_late_counts_once),
        TEST(what_does_not_fit_memory_is_read_again),
        TEST(a_date_far_ahead_expires_nothing),
        TEST(an_event_without_an_entity_has_no_answer),
        TEST(a_value_of_a_wrong_type_marks_the_event),
        TEST(what_was_refused_is_refused_again),
        TEST(bytes_that_are_no_state_begin_afresh),
        TEST(a_state_expires),
        TEST(alone_it_needs_no_redis),
        TEST(once_warm_the_heap_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
