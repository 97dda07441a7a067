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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
