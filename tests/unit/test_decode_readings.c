/* Columns that are more than a number of the payload: what the walk captures for them is
 * read when it is over. */
#include "decode_fixture.h"

#include "base/categories.h"
#include "base/reading.h"

#include <math.h>

static leat_reading reading;

/* A column of inputs[0] that is read like that; it takes `n` elements. */
static leat_column *add_reading(const char *path, leat_reading_kind kind, uint32_t n)
{
    leat_column *column = add_column(path);
    reading = (leat_reading){.kind = kind, .length = n, .pad = -1};
    column->reading = &reading;
    column->n = n;
    column->capture = schema.n_captures;
    inputs[0].shape[1] += n - 1;
    add_capture(path);
    return column;
}

static void test_decode_readings__a_category_reaches_its_column(void **state)
{
    (void)state;
    static const char *const names[] = {"DE", "FR"};
    add_column("event.q");
    add_reading("event.p", LEAT_READING_CATEGORY, 1);
    assert_int_equal(leat_categories_new(&reading.categories, &arena, names, 2), LEAT_OK);
    leat_event *event = decode(SLICE("\x82\xa1p\xa2"
                                     "FR\xa1q\x07"));
    expect_cell(event, 0, 7);
    expect_cell(event, 1, 1);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
    expect_missing(decode(SLICE("\x82\xa1p\xa2XX\xa1q\x07")), 1);
    expect_missing(decode(SLICE("\x81\xa1q\x07")), 1);
    expect_missing(decode(SLICE("\x82\xa1p\xc0\xa1q\x07")), 1);
}

static void test_decode_readings__a_missing_one_gets_its_default(void **state)
{
    (void)state;
    leat_column *column = add_reading("event.p", LEAT_READING_HOUR, 1);
    column->has_default = true;
    column->default_value = 12;
    leat_event *event = decode(SLICE("\x80"));
    assert_true(value_of(event, 0) == 12);
    assert_true(is_missing(event, 0));
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
    expect_cell(decode(SLICE("\x81\xa1p\xcd\x0e\x10")), 0, 1);
}

static void test_decode_readings__a_required_one_is_refused_when_missing(void **state)
{
    (void)state;
    add_reading("event.p", LEAT_READING_HOUR, 1);
    inputs[0].dtype = LEAT_I64;
    expect_refused(decode(SLICE("\x80")), LEAT_E_MISSING,
                   "event.p: missing; i64 has no NaN, and the feature no default");
    assert_int_equal(batch.n_rows, 0);
}

static void test_decode_readings__seconds_count_to_the_events_time(void **state)
{
    (void)state;
    add_reading("event.p", LEAT_READING_SECONDS_SINCE, 1);
    add_capture("event.at");
    schema.time_capture = 1;
    expect_cell(decode(SLICE("\x82\xa1p\x05\xa2"
                             "at\x07")),
                0, 2);
    expect_cell(decode(SLICE("\x82\xa1p\xcb\x40\x1e\0\0\0\0\0\0\xa2"
                             "at\x07")),
                0, -0.5F);
}

static void expect_row(const leat_event *event, const float *expected)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    const leat_tensor *x = &batch.inputs[0];
    assert_memory_equal((float *)x->data + event->first * x->row_size, expected,
                        x->row_size * sizeof *expected);
}

static void test_decode_readings__a_sequence_stands_between_its_neighbours(void **state)
{
    (void)state;
    leat_column *ids = add_reading("event.p", LEAT_READING_IDS, 3);
    leat_column *last = add_column("event.q");
    inputs[0].shape[1] = 4;
    last->element = 3;
    assert_int_equal(ids->element, 0);
    expect_row(decode(SLICE("\x82\xa1p\x94\x01\x02\x03\x04\xa1q\x09")),
               (float[]){2, 3, 4, 9});
    expect_row(decode(SLICE("\x82\xa1q\x09\xa1p\x91\x05")), (float[]){5, -1, -1, 9});
}

static void test_decode_readings__a_missing_sequence_is_all_pad(void **state)
{
    (void)state;
    add_reading("event.p", LEAT_READING_IDS, 2);
    inputs[0].dtype = LEAT_I64;
    leat_event *event = decode(SLICE("\x80"));
    assert_int_equal(event->status, LEAT_OK);
    assert_true(is_missing(event, 0));
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
    assert_memory_equal(batch.inputs[0].data, ((int64_t[]){-1, -1}), 16);
    event = decode(SLICE("\x81\xa1p\x90"));
    assert_false(is_missing(event, 0));
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

static leat_slice text_of(const leat_event *event)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    return ((leat_slice *)batch.inputs[0].data)[event->first];
}

static void test_decode_readings__text_is_the_events_own(void **state)
{
    (void)state;
    leat_column *column = add_reading("event.p", LEAT_READING_TEXT, 1);
    inputs[0].dtype = LEAT_STRING;
    assert_true(leat_slice_equal(text_of(decode(SLICE("\x81\xa1p\xa2hi"))), SLICE("hi")));
    expect_refused(decode(SLICE("\x80")), LEAT_E_MISSING, "event.p: missing; string has");
    expect_refused(decode(SLICE("\x81\xa1p\x07")), LEAT_E_TYPE,
                   "event.p: expected a string, found an integer");
    column->has_default = true;
    column->default_text = SLICE("none");
    leat_decoder_free(decoder);
    decoder = NULL;
    leat_event *event = decode(SLICE("\x80"));
    assert_true(leat_slice_equal(text_of(event), SLICE("none")));
    assert_true(is_missing(event, 0));
}

static leat_event *decode_with_key(leat_slice key)
{
    begin();
    leat_event *event = add_event(SLICE("\x80"));
    event->key = key;
    leat_decoder_run(decoder, &batch);
    return event;
}

static void test_decode_readings__a_key_is_read_as_text(void **state)
{
    (void)state;
    add_reading("key", LEAT_READING_NUMBER, 1);
    expect_cell(decode_with_key(SLICE("12.5")), 0, 12.5F);
    expect_missing(decode_with_key((leat_slice){0}), 0);
    expect_refused(decode_with_key(SLICE("x")), LEAT_E_TYPE,
                   "key: expected a number, found a string");
    expect_refused(decode_with_key(SLICE("\xff")), LEAT_E_TYPE,
                   "key: expected a number, found bytes");
}

static void test_decode_readings__a_header_is_read_as_text(void **state)
{
    (void)state;
    static const char *const names[] = {"t-0", "t-1"};
    add_reading("headers.trace", LEAT_READING_CATEGORY, 1);
    assert_int_equal(leat_categories_new(&reading.categories, &arena, names, 2), LEAT_OK);
    expect_cell(decode(SLICE("\x80")), 0, 1);
}

static void test_decode_readings__the_records_timestamp_has_an_hour(void **state)
{
    (void)state;
    add_reading("meta.timestamp", LEAT_READING_HOUR, 1);
    expect_cell(decode(SLICE("\x80")), 0, 22);
}

static void test_decode_readings__what_is_wrong_is_named(void **state)
{
    (void)state;
    add_reading("event.p", LEAT_READING_HOUR, 1);
    expect_refused(decode(SLICE("\x81\xa1p\xa3now")), LEAT_E_TYPE,
                   "event.p: expected a time, found a string");
    expect_refused(decode(SLICE("\x81\xa1p\xa4"
                                "3600")),
                   LEAT_E_TYPE, "event.p: expected a time, found a string");
    expect_refused(decode(SLICE("\x81\xa1p\xcb\x7f\xf0\0\0\0\0\0\0")), LEAT_E_RANGE,
                   "event.p: the number is out of the range of times");
    reading.kind = LEAT_READING_IDS;
    expect_refused(decode(SLICE("\x81\xa1p\x07")), LEAT_E_TYPE,
                   "event.p: expected an array of integers, found an integer");
    expect_refused(decode(SLICE("\x81\xa1p\x91\xa1x")), LEAT_E_TYPE,
                   "event.p: expected an array of integers, found an array with "
                   "something else in it");
    expect_refused(decode(SLICE("\x81\xa1p\x91\xce\x01\0\0\x01")), LEAT_E_RANGE,
                   "event.p: the number is out of the range of f32");
}

static void test_decode_readings__of_two_mistakes_the_first_one_is_named(void **state)
{
    (void)state;
    add_column("event.q");
    add_reading("event.p", LEAT_READING_HOUR, 1);
    expect_refused(decode(SLICE("\x82\xa1p\xa3now\xa1q\xa1x")), LEAT_E_TYPE,
                   "event.q: expected a number, found a string");
}

static void test_decode_readings__a_malformed_payload_is_the_worst_mistake(void **state)
{
    (void)state;
    add_column("event.q");
    expect_refused(decode(SLICE("\x82\xa1q\xa1x\xa1p\xc1")), LEAT_E_FORMAT, "byte 7");
    expect_refused(decode(SLICE("\x82\xa1q\xa1x\xa1p")), LEAT_E_TRUNCATED, "");
}

static void test_decode_readings__of_equal_keys_the_last_one_counts(void **state)
{
    (void)state;
    add_reading("event.p", LEAT_READING_IDS, 2);
    expect_row(decode(SLICE("\x82\xa1p\x92\x01\x02\xa1p\x91\x03")), (float[]){3, -1});
    expect_row(decode(SLICE("\x82\xa1p\x92\x01\x02\xa1p\xc0")), (float[]){-1, -1});
}

static void test_decode_readings__nothing_is_asked_of_the_heap_once_warm(void **state)
{
    (void)state;
    add_reading("event.p", LEAT_READING_IDS, 4);
    decode(SLICE("\x81\xa1p\x92\x01\x02"));
    size_t calls = allocated.calls;
    decode(SLICE("\x81\xa1p\x94\x01\x02\x03\x04"));
    assert_int_equal(allocated.calls, calls);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_readings__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_category_reaches_its_column),
        TEST(a_missing_one_gets_its_default),
        TEST(a_required_one_is_refused_when_missing),
        TEST(seconds_count_to_the_events_time),
        TEST(a_sequence_stands_between_its_neighbours),
        TEST(a_missing_sequence_is_all_pad),
        TEST(text_is_the_events_own),
        TEST(a_key_is_read_as_text),
        TEST(a_header_is_read_as_text),
        TEST(the_records_timestamp_has_an_hour),
        TEST(what_is_wrong_is_named),
        TEST(of_two_mistakes_the_first_one_is_named),
        TEST(a_malformed_payload_is_the_worst_mistake),
        TEST(of_equal_keys_the_last_one_counts),
        TEST(nothing_is_asked_of_the_heap_once_warm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
