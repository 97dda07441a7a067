/* Events that rank: a row for each candidate. */
#include "decode_fixture.h"

#include "base/reading.h"

#include <math.h>
#include <stdio.h>

/* {p: 5, c: [{a: 1, id: "x"}, {id: "y", a: 2}, {a: 3, id: "z"}]} */
#define THREE                                                                            \
    "\x82\xa1p\x05\xa1"                                                                  \
    "c\x93\x82\xa1"                                                                      \
    "a\x01\xa2id\xa1x\x82\xa2id\xa1y\xa1"                                                \
    "a\x02\x82\xa1"                                                                      \
    "a\x03\xa2id\xa1z"

static leat_slice row_capture(const leat_event *event, uint32_t row, uint32_t capture)
{
    assert_int_equal(event->status, LEAT_OK);
    return leat_batch_row_captures(&batch, event->first + row)[capture];
}

static void expect_rows(const leat_event *event, uint32_t n)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    assert_int_equal(event->n, n);
}

static void test_decode_candidates__each_has_a_row(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("candidate.a");
    add_candidates("event.c", "candidate.id");
    leat_event *event = decode(SLICE(THREE));
    expect_rows(event, 3);
    for (uint32_t row = 0; row < 3; row++) {
        assert_true(value_in(event, row, 0) == 5);
        assert_true(value_in(event, row, 1) == (float)row + 1);
    }
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
    assert_int_equal(*leat_batch_missing(&batch, event), 0);
}

/* Captures of the event are those of all its rows; of a candidate, each row's own. */
static void test_decode_candidates__each_has_its_captures(void **state)
{
    (void)state;
    add_capture("event.p");
    add_candidates("event.c", "candidate.id");
    leat_event *event = decode(SLICE(THREE));
    expect_rows(event, 3);
    for (uint32_t row = 0; row < 3; row++) {
        const uint8_t id[] = {0xa1, (uint8_t)('x' + row)};
        assert_true(leat_slice_equal(row_capture(event, row, 0), SLICE("\x05")));
        assert_true(
            leat_slice_equal(row_capture(event, row, 2), (leat_slice){id, sizeof id}));
    }
    expect_capture(event, 0, SLICE("\x05"));
}

/* The payload says which rows are whose, and the numbers of rows differ. */
static void test_decode_candidates__rows_follow_their_events(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("candidate");
    add_candidates("event.c", "candidate");
    begin();
    leat_event *events[] = {
        add_event(SLICE("\x82\xa1p\x01\xa1"
                        "c\x92\x0a\x0b")),
        add_event(SLICE("\x82\xa1p\x02\xa1"
                        "c\x90")),
        add_event(SLICE("\x82\xa1p\x03\xa1"
                        "c\xa1x")),
        add_event(SLICE("\x82\xa1"
                        "c\x91\x1e\xa1p\x04")),
    };
    leat_decoder_run(decoder, &batch);
    expect_rows(events[0], 2);
    expect_rows(events[1], 0);
    expect_refused(events[2], LEAT_E_TYPE, "");
    expect_rows(events[3], 1);
    assert_int_equal(batch.n_rows, 3);
    assert_int_equal(events[3]->first, 2);
    assert_true(value_in(events[0], 0, 1) == 10 && value_in(events[0], 1, 1) == 11);
    assert_true(value_in(events[3], 0, 0) == 4 && value_in(events[3], 0, 1) == 30);
}

static void test_decode_candidates__may_be_arrays(void **state)
{
    (void)state;
    add_column("candidate[1]");
    add_candidates("event.c", "candidate[0]");
    leat_event *event = decode(SLICE("\x81\xa1"
                                     "c\x92\x92\x07\x08\x93\x09\x0a\x0b"));
    expect_rows(event, 2);
    assert_true(value_in(event, 0, 0) == 8 && value_in(event, 1, 0) == 10);
    assert_true(leat_slice_equal(row_capture(event, 1, 1), SLICE("\x09")));
}

static void test_decode_candidates__as_a_whole(void **state)
{
    (void)state;
    add_candidates("event.c", "candidate");
    leat_event *event = decode(SLICE("\x81\xa1"
                                     "c\x91\x81\xa1k\x93\1\2\3"));
    expect_rows(event, 1);
    assert_true(leat_slice_equal(row_capture(event, 0, 1), SLICE("\x81\xa1k\x93\1\2\3")));
}

static void test_decode_candidates__deep_in_the_event(void **state)
{
    (void)state;
    add_column("candidate");
    add_candidates("event.page.slots[1]", "candidate");
    leat_event *event = decode(SLICE("\x81\xa4page\x81\xa5slots\x92\x90\x92\x01\x02"));
    expect_rows(event, 2);
    assert_true(value_in(event, 1, 0) == 2);
}

static void test_decode_candidates__of_json(void **state)
{
    (void)state;
    schema.format = LEAT_PAYLOAD_JSON;
    add_column("candidate.a");
    add_candidates("event.c", "candidate.id");
    leat_event *event =
        decode(SLICE("{\"c\": [{\"id\": \"x\", \"a\": 1.5}, {\"a\": 2, \"id\": 7}]}"));
    expect_rows(event, 2);
    assert_true(value_in(event, 0, 0) == 1.5F && value_in(event, 1, 0) == 2);
    assert_true(leat_slice_equal(row_capture(event, 0, 1), SLICE("\xa1x")));
    assert_true(leat_slice_equal(row_capture(event, 1, 1), SLICE("\x07")));
}

/* ---- readings ---- */

static void test_decode_candidates__are_read_like_events(void **state)
{
    (void)state;
    static const leat_reading since = {.kind = LEAT_READING_SECONDS_SINCE};
    leat_column *age = add_column("candidate.at");
    age->reading = &since;
    age->capture = 0;
    add_capture("candidate.at");
    add_capture("event.at");
    schema.time_capture = 1;
    add_candidates("event.c", "candidate.at");
    leat_event *event = decode(SLICE("\x82\xa1"
                                     "c\x92\x81\xa2"
                                     "at\x0a\x81\xa2"
                                     "at\x14\xa2"
                                     "at\x64"));
    expect_rows(event, 2);
    assert_true(value_in(event, 0, 0) == 90 && value_in(event, 1, 0) == 80);
}

/* ---- what is missing ---- */

/* Whichever it is, the column counts as missing. */
static void test_decode_candidates__one_that_lacks_a_value(void **state)
{
    (void)state;
    add_column("candidate.a");
    add_default_column("candidate.b", 9);
    add_column("event.p");
    add_candidates("event.c", "candidate");
    leat_event *event = decode(SLICE("\x82\xa1p\x01\xa1"
                                     "c\x92\x82\xa1"
                                     "a\x01\xa1"
                                     "b\x02\x81\xa1"
                                     "a\x03"));
    expect_rows(event, 2);
    assert_false(is_missing(event, 0));
    assert_true(is_missing(event, 1));
    assert_false(is_missing(event, 2));
    assert_true(value_in(event, 0, 1) == 2 && value_in(event, 1, 1) == 9);
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_decode_candidates__the_first_that_lacks_a_value(void **state)
{
    (void)state;
    add_column("candidate.a");
    add_column("candidate.b");
    add_column("event.p");
    add_candidates("event.c", "candidate");
    leat_event *event = decode(SLICE("\x81\xa1"
                                     "c\x92\x81\xa1"
                                     "a\x03\x82\xa1"
                                     "a\x01\xa1"
                                     "b\x02"));
    expect_rows(event, 2);
    assert_false(is_missing(event, 0));
    assert_true(is_missing(event, 1));
    assert_true(is_missing(event, 2));
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

/* What one candidate had does not stand in for another one, in this event or the next. */
static void test_decode_candidates__start_from_defaults(void **state)
{
    (void)state;
    add_column("candidate.a");
    add_column("event.p");
    add_candidates("event.c", "candidate");
    for (int i = 0; i < 2; i++) {
        leat_event *event = decode(SLICE("\x81\xa1"
                                         "c\x92\x81\xa1"
                                         "a\x01\x80"));
        expect_rows(event, 2);
        assert_true(isnan(value_in(event, 1, 0)));
        assert_true(isnan(value_in(event, 1, 1)));
        decode(SLICE(THREE));
    }
}

static void test_decode_candidates__none_lack_nothing(void **state)
{
    (void)state;
    add_column("candidate.a");
    add_column("user.average");
    add_column("event.p");
    add_candidates("event.c", "candidate");
    leat_event *event = decode(SLICE("\x82\xa1p\x05\xa1"
                                     "c\x90"));
    expect_rows(event, 0);
    assert_false(event->is_skipped);
    assert_true(leat_event_is_scored(event));
    assert_int_equal(*leat_batch_missing(&batch, event), 0);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

static void test_decode_candidates__nil_is_an_empty_list(void **state)
{
    (void)state;
    add_candidates("event.c", "candidate");
    leat_event *event = decode(SLICE("\x81\xa1"
                                     "c\xc0"));
    expect_rows(event, 0);
    assert_true(leat_event_is_scored(event));
}

/* ---- what is refused ---- */

static void test_decode_candidates__an_absent_list(void **state)
{
    (void)state;
    add_candidates("event.c", "candidate");
    expect_refused(decode(SLICE("\x81\xa1p\x01")), LEAT_E_MISSING,
                   "event.c: missing; expected an array of candidates");
}

static void test_decode_candidates__no_list(void **state)
{
    (void)state;
    add_candidates("event.c", "candidate");
    expect_refused(decode(SLICE("\x81\xa1"
                                "c\x81\x01\x02")),
                   LEAT_E_TYPE, "event.c: expected an array of candidates, found a map");
}

static void test_decode_candidates__more_than_are_allowed(void **state)
{
    (void)state;
    add_column("candidate");
    add_candidates("event.c", "candidate");
    expect_rows(decode(SLICE("\x81\xa1"
                             "c\x94\1\2\3\4")),
                4);
    expect_refused(decode(SLICE("\x81\xa1"
                                "c\x95\1\2\3\4\5")),
                   LEAT_E_RANGE, "event.c: 5 candidates; at most 4 are allowed");
}

static void test_decode_candidates__a_reason_names_the_candidate(void **state)
{
    (void)state;
    add_column("candidate.a");
    add_candidates("event.c", "candidate.id");
    expect_refused(decode(SLICE("\x81\xa1"
                                "c\x92\x82\xa2id\1\xa1"
                                "a\1\x82\xa2id\2\xa1"
                                "a\xa1x")),
                   LEAT_E_TYPE,
                   "event.c[1]: candidate.a: expected a number, found a string");
    expect_refused(decode(SLICE("\x81\xa1"
                                "c\x92\x82\xa2id\1\xa1"
                                "a\1\x07")),
                   LEAT_E_TYPE, "event.c[1]: candidate: expected a map, found an int");
    expect_refused(decode(SLICE("\x81\xa1"
                                "c\x91\x81\xa1"
                                "a\1")),
                   LEAT_E_MISSING,
                   "event.c[0]: candidate.id: missing; it names the candidate");
    expect_refused(decode(SLICE("\x81\xa1"
                                "c\x91\x82\xa1"
                                "a\1\xa2id\xc0")),
                   LEAT_E_MISSING,
                   "event.c[0]: candidate.id: missing; it names the candidate");
}

static void test_decode_candidates__integers_need_a_value(void **state)
{
    (void)state;
    inputs[0].dtype = LEAT_I64;
    add_column("candidate.a");
    add_candidates("event.c", "candidate");
    expect_refused(decode(SLICE("\x81\xa1"
                                "c\x92\x81\xa1"
                                "a\1\x80")),
                   LEAT_E_MISSING, "event.c[1]: candidate.a: missing; i64 has no NaN");
}

/* A failure gives all rows back, and says nothing of the next event. */
static void test_decode_candidates__a_refusal_leaves_neighbours_alone(void **state)
{
    (void)state;
    add_column("candidate");
    add_candidates("event.c", "candidate");
    begin();
    leat_event *bad = add_event(SLICE("\x81\xa1"
                                      "c\x93\1\2\xa1x"));
    leat_event *good = add_event(SLICE("\x81\xa1"
                                       "c\x92\7\x08"));
    leat_event *malformed = add_event(SLICE("\x81"));
    leat_decoder_run(decoder, &batch);
    expect_refused(bad, LEAT_E_TYPE, "event.c[2]");
    expect_rows(good, 2);
    assert_int_equal(good->first, 0);
    assert_true(value_in(good, 1, 0) == 8);
    expect_refused(malformed, LEAT_E_COUNT, "byte");
    assert_null(strstr(malformed->reason, "event.c"));
    assert_int_equal(batch.n_rows, 2);
}

/* Of two equal keys the last one counts, of candidates too. */
static void test_decode_candidates__the_last_list_counts(void **state)
{
    (void)state;
    add_column("candidate.a");
    add_candidates("event.c", "candidate");
    leat_event *event = decode(SLICE("\x82\xa1"
                                     "c\x92\x80\x80\xa1"
                                     "c\x91\x82\xa1"
                                     "a\1\xa1"
                                     "a\2"));
    expect_rows(event, 1);
    assert_true(value_in(event, 0, 0) == 2);
}

static void test_decode_candidates__of_events_that_are_left_out(void **state)
{
    (void)state;
    static const leat_filter_value wanted[] = {{.text = {(const uint8_t *)"rank", 4}}};
    static const leat_condition condition = {.capture = 0, .n = 1, .wanted = wanted};
    add_capture("event.type");
    add_candidates("event.c", "candidate");
    schema.filter = (leat_filter){.n = 1, .conditions = &condition};
    leat_event *event = decode(SLICE("\x81\xa4type\xa4view"));
    assert_true(event->is_skipped);
    assert_int_equal(event->status, LEAT_OK);
    expect_rows(decode(SLICE("\x82\xa4type\xa4rank\xa1"
                             "c\x91\x01")),
                1);
}

/* More rows than events, from the first batch on; then nothing more is taken. */
static void test_decode_candidates__nothing_is_allocated_once_warm(void **state)
{
    (void)state;
    add_column("candidate.a");
    add_candidates("event.c", "candidate.id");
    for (int round = 0; round < 100; round++) {
        begin();
        size_t before = allocated.bytes;
        for (int i = 0; i < MAX_EVENTS; i++)
            add_event(SLICE(THREE));
        leat_decoder_run(decoder, &batch);
        assert_int_equal(batch.n_rows, 3 * MAX_EVENTS);
        assert_true(!round || allocated.bytes == before);
    }
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_candidates__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_has_a_row),
        TEST(each_has_its_captures),
        TEST(rows_follow_their_events),
        TEST(may_be_arrays),
        TEST(as_a_whole),
        TEST(deep_in_the_event),
        TEST(of_json),
        TEST(are_read_like_events),
        TEST(one_that_lacks_a_value),
        TEST(the_first_that_lacks_a_value),
        TEST(start_from_defaults),
        TEST(none_lack_nothing),
        TEST(nil_is_an_empty_list),
        TEST(an_absent_list),
        TEST(no_list),
        TEST(more_than_are_allowed),
        TEST(a_reason_names_the_candidate),
        TEST(integers_need_a_value),
        TEST(a_refusal_leaves_neighbours_alone),
        TEST(the_last_list_counts),
        TEST(of_events_that_are_left_out),
        TEST(nothing_is_allocated_once_warm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
