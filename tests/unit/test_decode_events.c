/* What becomes of an event as a whole: when it happened, and whether it is scored. */
#include "decode_fixture.h"

static void expect_time(const leat_event *event, int64_t seconds, uint32_t nanoseconds)
{
    assert_int_equal(event->status, LEAT_OK);
    assert_true(event->has_time);
    assert_int_equal(event->time.seconds, seconds);
    assert_int_equal(event->time.nanoseconds, nanoseconds);
}

static void test_decode_events__time_is_the_records(void **state)
{
    (void)state;
    add_capture("event.at");
    expect_time(decode(SLICE("\x81\xa2"
                             "at\x05")),
                1700000000, 123000000);
}

static void test_decode_events__time_comes_from_its_capture(void **state)
{
    (void)state;
    add_capture("event.p");
    add_capture("event.at");
    schema.time_capture = 1;
    expect_time(decode(SLICE("\x82\xa2"
                             "at\x05\xa1p\x07")),
                5, 0);
    expect_time(decode(SLICE("\x81\xa1p\x07")), 1700000000, 123000000);
}

static void test_decode_events__there_may_be_no_time(void **state)
{
    (void)state;
    begin();
    leat_event *event = add_event(SLICE("\x80"));
    event->timestamp = -1;
    leat_decoder_run(decoder, &batch);
    assert_int_equal(event->n, 1);
    assert_false(event->has_time);
}

static void test_decode_events__a_tombstone_is_skipped(void **state)
{
    (void)state;
    add_column("event.p");
    leat_event *event = decode((leat_slice){0});
    assert_true(event->is_skipped);
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(event->n, 0);
    assert_int_equal(batch.n_rows, 0);
}

static void test_decode_events__what_is_scored_or_refused_is_not_skipped(void **state)
{
    (void)state;
    add_column("event.p");
    assert_false(decode(SLICE("\x80"))->is_skipped);
    assert_false(decode(SLICE("\x81"))->is_skipped);
}

/* ---- a filter ---- */

/* Events whose event.kind is "buy" or 7. */
static void add_filter(void)
{
    static leat_filter_value wanted[2];
    static leat_condition condition;
    wanted[0] = leat_filter_value_of(SLICE("buy"));
    wanted[1] = leat_filter_value_of(SLICE("7"));
    condition = (leat_condition){.capture = schema.n_captures, .n = 2, .wanted = wanted};
    schema.filter = (leat_filter){1, &condition};
    add_capture("event.kind");
}

static void expect_skipped(const leat_event *event)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    assert_true(event->is_skipped);
    assert_int_equal(event->n, 0);
    assert_int_equal(batch.n_rows, 0);
    assert_null(event->reason);
}

#define BUY                                                                              \
    "\xa4kind\xa3"                                                                       \
    "buy"
#define SELL "\xa4kind\xa4sell"

static void test_decode_events__what_matches_is_scored(void **state)
{
    (void)state;
    add_column("event.p");
    add_filter();
    expect_cell(decode(SLICE("\x82\xa1p\x05" BUY)), 0, 5);
    expect_cell(decode(SLICE("\x82\xa4kind\x07\xa1p\x05")), 0, 5);
    assert_false(batch.events[0].is_skipped);
}

static void test_decode_events__what_does_not_match_is_skipped(void **state)
{
    (void)state;
    add_column("event.p");
    add_filter();
    expect_skipped(decode(SLICE("\x82\xa1p\x05" SELL)));
    expect_skipped(decode(SLICE("\x81\xa1p\x05")));
    expect_skipped(decode(SLICE("\x81\xa4kind\xc0")));
    expect_skipped(decode((leat_slice){0}));
}

static void test_decode_events__what_is_skipped_may_lack_anything(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("event.q.r");
    inputs[0].dtype = LEAT_I64;
    add_filter();
    expect_skipped(decode(SLICE("\x81" SELL)));
    expect_skipped(decode(SLICE("\x83\xa1p\xa1x\xa1q\x05" SELL)));
    expect_refused(decode(SLICE("\x81" BUY)), LEAT_E_MISSING, "event.p: missing");
    expect_refused(decode(SLICE("\x83\xa1p\xa1x\xa1q\x05" BUY)), LEAT_E_TYPE,
                   "event.p: expected an integer, found a string");
    expect_refused(decode(SLICE("\x83\xa1p\x05\xa1q\x05" BUY)), LEAT_E_TYPE,
                   "event.q: expected a map, found an integer");
}

static void test_decode_events__a_malformed_payload_is_refused_and_not_skipped(
    void **state)
{
    (void)state;
    add_column("event.p");
    add_filter();
    leat_event *event = decode(SLICE("\x82" SELL "\xa1p"));
    expect_refused(event, LEAT_E_TRUNCATED, "");
    assert_false(event->is_skipped);
    expect_refused(decode(SLICE("\x81" SELL "\x05")), LEAT_E_TRAILING, "");
    expect_refused(decode(SLICE("\xa4sell")), LEAT_E_TYPE, "expected a map");
}

static void test_decode_events__a_record_may_be_filtered_by_its_topic(void **state)
{
    (void)state;
    add_column("event.p");
    add_filter();
    captures[0] = (leat_path){.root = LEAT_ROOT_META, .meta = LEAT_META_TOPIC};
    expect_skipped(decode(SLICE("\x81" BUY)));
    leat_filter_value in = leat_filter_value_of(SLICE("in"));
    leat_condition condition = {.n = 1, .wanted = &in};
    schema.filter.conditions = &condition;
    expect_cell(decode(SLICE("\x81\xa1p\x05")), 0, 5);
}

/* A row that was given back is the next event's. */
static void test_decode_events__rows_stand_behind_one_another(void **state)
{
    (void)state;
    add_column("event.p");
    add_filter();
    begin();
    for (int i = 0; i < 3; i++) {
        add_event(SLICE("\x82\xa1p\x01" BUY));
        add_event(SLICE("\x82\xa1p\x02" SELL));
    }
    leat_decoder_run(decoder, &batch);
    assert_int_equal(batch.n_rows, 3);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(batch.events[i].is_skipped, i % 2);
        assert_int_equal(batch.events[i].n, 1 - i % 2);
        if (i % 2 == 0)
            assert_int_equal(batch.events[i].first, i / 2);
    }
    leat_decoder_run(decoder, &batch);
    assert_int_equal(batch.n_rows, 3);
}

static void test_decode_events__an_event_that_was_marked_or_decoded_is_left_alone(
    void **state)
{
    (void)state;
    add_column("event.p");
    begin();
    leat_event *event = add_event(SLICE("\x81\xa1p\x01"));
    leat_event *marked = add_event(SLICE("\x81\xa1p\x02"));
    leat_batch_fail(&batch, marked, LEAT_STAGE_FEATURES, LEAT_E_TYPE, "before");
    leat_decoder_run(decoder, &batch);
    leat_decoder_run(decoder, &batch);
    assert_int_equal(batch.n_rows, 1);
    expect_cell(event, 0, 1);
    assert_string_equal(marked->reason, "before");
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_events__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(time_is_the_records),
        TEST(time_comes_from_its_capture),
        TEST(there_may_be_no_time),
        TEST(a_tombstone_is_skipped),
        TEST(what_is_scored_or_refused_is_not_skipped),
        TEST(what_matches_is_scored),
        TEST(what_does_not_match_is_skipped),
        TEST(what_is_skipped_may_lack_anything),
        TEST(a_malformed_payload_is_refused_and_not_skipped),
        TEST(a_record_may_be_filtered_by_its_topic),
        TEST(rows_stand_behind_one_another),
        TEST(an_event_that_was_marked_or_decoded_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
