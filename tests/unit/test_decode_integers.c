/* Columns of integers and bools: nothing is rounded, and nothing is NaN. */
#include "decode_fixture.h"

static int64_t integer_of(const leat_event *event, uint32_t column)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    const leat_tensor *tensor = &batch.inputs[0];
    return ((int64_t *)tensor->data)[event->first * tensor->row_size + column];
}

static void add_integer_columns(void)
{
    add_column("event.p");
    add_default_column("event.q", -5);
    inputs[0].dtype = LEAT_I64;
}

static void test_decode_integers__integers_keep_every_digit(void **state)
{
    (void)state;
    add_integer_columns();
    leat_event *event = decode(SLICE("\x82\xa1p\xcf\0\x20\0\0\0\0\0\x01"
                                     "\xa1q\xd3\x80\0\0\0\0\0\0\0"));
    assert_int_equal(integer_of(event, 0), 9007199254740993);
    assert_true(integer_of(event, 1) == INT64_MIN);
    assert_int_equal(leat_batch_missing(&batch, event)[0], 0);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

/* Each as its own tensor wants it. */
static void test_decode_integers__one_field_may_feed_columns_of_several_types(
    void **state)
{
    (void)state;
    add_column("event.p");
    leat_column *wide = add_column("event.p");
    inputs[0] = (leat_tensor_spec){"i", LEAT_I32, 2, {0, 1}};
    wide->tensor = 1;
    wide->element = 0;
    schema.n_inputs = 2;
    leat_event *event = decode(SLICE("\x81\xa1p\xcb\x40\x14\0\0\0\0\0\0"));
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(((int32_t *)batch.inputs[0].data)[event->first], 5);
    assert_true(((double *)batch.inputs[1].data)[event->first] == 5);
}

static void test_decode_integers__integers_come_from_meta(void **state)
{
    (void)state;
    add_column("meta.offset");
    add_column("meta.timestamp");
    inputs[0].dtype = LEAT_I64;
    begin();
    leat_event *event = add_event(SLICE("\x80"));
    event->offset = 9007199254740993;
    leat_decoder_run(decoder, &batch);
    assert_int_equal(integer_of(event, 0), 9007199254740993);
    begin();
    event = add_event(SLICE("\x80"));
    event->timestamp = -1;
    leat_decoder_run(decoder, &batch);
    expect_refused(event, LEAT_E_MISSING, "meta.timestamp: missing");
}

static void test_decode_integers__bools_are_bytes(void **state)
{
    (void)state;
    add_three_columns();
    inputs[0].dtype = LEAT_BOOL;
    leat_event *event = decode(SLICE("\x83\xa1p\xc3\xa1q\0\xa1r\x01"));
    assert_int_equal(event->status, LEAT_OK);
    assert_memory_equal(batch.inputs[0].data, "\1\0\1", 3);
}

static void test_decode_integers__a_fraction_is_no_integer(void **state)
{
    (void)state;
    add_integer_columns();
    expect_refused(decode(SLICE("\x82\xa1q\x01\xa1p\xca\x3f\0\0\0")), LEAT_E_TYPE,
                   "event.p: expected an integer, found a float");
    expect_refused(decode(SLICE("\x81\xa1p\xa1"
                                "5")),
                   LEAT_E_TYPE, "event.p: expected an integer, found a string");
}

static void test_decode_integers__an_integer_out_of_range_is_refused(void **state)
{
    (void)state;
    add_integer_columns();
    expect_refused(decode(SLICE("\x81\xa1p\xcf\x80\0\0\0\0\0\0\0")), LEAT_E_RANGE,
                   "event.p: the number is out of the range of i64");
}

static void test_decode_integers__a_missing_integer_without_default_is_refused(
    void **state)
{
    (void)state;
    add_integer_columns();
    static const char reason[] =
        "event.p: missing; i64 has no NaN, and the feature no default";
    expect_refused(decode(SLICE("\x81\xa1q\x01")), LEAT_E_MISSING, reason);
    expect_refused(decode(SLICE("\x81\xa1p\xc0")), LEAT_E_MISSING, reason);
    expect_refused(decode(SLICE("\x81\xa1p\xca\x7f\xc0\0\0")), LEAT_E_MISSING, reason);
}

static void test_decode_integers__a_missing_integer_gets_its_default(void **state)
{
    (void)state;
    add_integer_columns();
    leat_event *event = decode(SLICE("\x82\xa1p\x01\xa1q\xc0"));
    assert_int_equal(integer_of(event, 1), -5);
    assert_true(is_missing(event, 1));
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_decode_integers__of_equal_keys_with_integers_the_last_one_counts(
    void **state)
{
    (void)state;
    add_integer_columns();
    leat_event *event = decode(SLICE("\x84\xa1p\x01\xa1q\x02\xa1p\x03\xa1q\xc0"));
    assert_int_equal(integer_of(event, 0), 3);
    assert_int_equal(integer_of(event, 1), -5);
    assert_true(is_missing(event, 1));
}

static void test_decode_integers__an_integer_of_a_lookup_may_be_missing_yet(void **state)
{
    (void)state;
    add_column("user.visits");
    inputs[0].dtype = LEAT_I64;
    leat_event *event = decode(SLICE("\x80"));
    assert_int_equal(integer_of(event, 0), 0);
    assert_true(is_missing(event, 0));
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_integers__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers_keep_every_digit),
        TEST(one_field_may_feed_columns_of_several_types),
        TEST(integers_come_from_meta),
        TEST(bools_are_bytes),
        TEST(a_fraction_is_no_integer),
        TEST(an_integer_out_of_range_is_refused),
        TEST(a_missing_integer_without_default_is_refused),
        TEST(a_missing_integer_gets_its_default),
        TEST(of_equal_keys_with_integers_the_last_one_counts),
        TEST(an_integer_of_a_lookup_may_be_missing_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
