/* Events of JSON, through the decoder. What JSON is, test_json_pack_grammar.c says. */
#include "decode_fixture.h"

#include <math.h>
#include <stdio.h>

static int set_up_json(void **state)
{
    int failed = set_up(state);
    schema.format = LEAT_PAYLOAD_JSON;
    return failed;
}

static void test_decode_json__values_reach_their_columns(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("event.user.age");
    add_column("event.items[1].price");
    add_column("event.on");
    leat_event *event =
        decode(SLICE("{\"p\": 12, \"on\": true, \"user\": {\"age\": 31.5},"
                     " \"items\": [1, {\"price\": -3e2}]}"));
    expect_cell(event, 0, 12);
    expect_cell(event, 1, 31.5F);
    expect_cell(event, 2, -300);
    expect_cell(event, 3, 1);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

static void test_decode_json__null_and_absent_are_missing(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("event.q");
    leat_event *event = decode(SLICE("{\"p\": null}"));
    expect_missing(event, 0);
    expect_missing(event, 1);
}

static void test_decode_json__the_last_of_equal_keys_counts(void **state)
{
    (void)state;
    add_column("event.p");
    expect_cell(decode(SLICE("{\"p\": 1, \"\\u0070\": 2}")), 0, 2);
}

static void test_decode_json__captures_are_msgpack(void **state)
{
    (void)state;
    add_capture("event.id");
    add_capture("event.tags");
    add_capture("event.n");
    add_capture("event.none");
    leat_event *event =
        decode(SLICE("{\"id\":\"x\\u00e9\",\"tags\":[1,null],\"n\":9007199254740993}"));
    expect_capture(event, 0, SLICE("\xa3x\xc3\xa9"));
    expect_capture(event, 1, SLICE("\xdd\0\0\0\2\1\xc0"));
    expect_capture(event, 2, SLICE("\xcf\0\x20\0\0\0\0\0\1"));
    expect_capture(event, 3, (leat_slice){0});
}

static void test_decode_json__the_payload_stays_as_it_came(void **state)
{
    (void)state;
    add_column("event.p");
    leat_slice payload = SLICE("{\"p\":1}");
    leat_event *event = decode(payload);
    expect_cell(event, 0, 1);
    assert_ptr_equal(event->payload.data, payload.data);
    assert_int_equal(event->payload.size, payload.size);
}

static void test_decode_json__reasons_name_the_byte_of_the_text(void **state)
{
    (void)state;
    add_column("event.p");
    expect_refused(decode(SLICE("{\"p\": 1,}")), LEAT_E_FORMAT,
                   "found '}' at byte 8, expected a key in quotes");
    expect_refused(decode(SLICE("{\"p\": 1")), LEAT_E_TRUNCATED,
                   "the JSON ends at byte 7, expected ',' or '}'");
    expect_refused(decode(SLICE("{\"p\": 1} x")), LEAT_E_TRAILING, "at byte 9 of 10");
    expect_refused(decode(SLICE("{\"p\": 1e999}")), LEAT_E_RANGE, "at byte 6 is beyond");
    expect_refused(decode(SLICE("")), LEAT_E_TRUNCATED, "ends at byte 0");
    assert_int_equal(batch.n_rows, 0);
}

static void test_decode_json__reasons_name_the_path(void **state)
{
    (void)state;
    add_column("event.p");
    leat_event *event = decode(SLICE("{\"p\": \"12\"}"));
    expect_refused(event, LEAT_E_TYPE, "event.p: expected a number, found a string");
    assert_null(strstr(event->reason, "looks like"));
    expect_refused(decode(SLICE("[1]")), LEAT_E_TYPE,
                   "event: expected a map, found an array");
}

static void test_decode_json__msgpack_is_told(void **state)
{
    (void)state;
    add_column("event.p");
    expect_refused(decode(SLICE("\x81\xa1p\x01")), LEAT_E_FORMAT,
                   "(the payload looks like msgpack)");
}

static void test_decode_json__a_refused_event_leaves_its_neighbours_alone(void **state)
{
    (void)state;
    add_column("event.p");
    begin();
    const leat_event *first = add_event(SLICE("{\"p\":1}"));
    const leat_event *bad = add_event(SLICE("{\"p\":}"));
    const leat_event *none = add_event((leat_slice){0});
    const leat_event *last = add_event(SLICE("{\"p\":2}"));
    leat_decoder_run(decoder, &batch);
    expect_cell(first, 0, 1);
    expect_refused(bad, LEAT_E_FORMAT, "found '}' at byte 5");
    assert_true(none->is_skipped);
    expect_cell(last, 0, 2);
    assert_int_equal(batch.n_rows, 2);
}

static void test_decode_json__a_warm_batch_asks_the_heap_for_nothing(void **state)
{
    (void)state;
    add_column("event.p");
    add_capture("event.id");
    size_t calls = 0;
    for (int round = 0; round < 3; round++) {
        begin();
        calls = allocated.calls;
        for (int i = 0; i < MAX_EVENTS; i++)
            add_event(
                SLICE("{\"p\": 1.25, \"id\": \"0123456789012345678901234567890123\"}"));
        leat_decoder_run(decoder, &batch);
    }
    assert_int_equal(batch.n_rows, MAX_EVENTS);
    assert_int_equal(allocated.calls, calls);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_json__##name, set_up_json, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_reach_their_columns),
        TEST(null_and_absent_are_missing),
        TEST(the_last_of_equal_keys_counts),
        TEST(captures_are_msgpack),
        TEST(the_payload_stays_as_it_came),
        TEST(reasons_name_the_byte_of_the_text),
        TEST(reasons_name_the_path),
        TEST(msgpack_is_told),
        TEST(a_refused_event_leaves_its_neighbours_alone),
        TEST(a_warm_batch_asks_the_heap_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
