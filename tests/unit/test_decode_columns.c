/* How plain values of an event reach the columns of the model. */
#include "decode_fixture.h"

#include <stdio.h>

static void test_decode_columns__numbers_of_every_type_reach_their_columns(void **state)
{
    (void)state;
    add_three_columns();
    leat_event *event = decode(SLICE("\x83\xa1p\x07\xa1q\xcb\x3f\xf8\0\0\0\0\0\0"
                                     "\xa1r\xc3"));
    expect_cell(event, 0, 7);
    expect_cell(event, 1, 1.5F);
    expect_cell(event, 2, 1);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
    event = decode(SLICE("\x83\xa1p\xe0\xa1q\xca\xbf\xc0\0\0\xa1r\xc2"));
    expect_cell(event, 0, -32);
    expect_cell(event, 1, -1.5F);
    expect_cell(event, 2, 0);
    event = decode(SLICE("\x83\xa1p\xcf\xff\xff\xff\xff\xff\xff\xff\xff"
                         "\xa1q\xd3\x80\0\0\0\0\0\0\0\xa1r\xd1\xff\x00"));
    expect_cell(event, 0, 18446744073709551615.0F);
    expect_cell(event, 1, -9223372036854775808.0F);
    expect_cell(event, 2, -256);
}

/* 2^24 + 1 + 2^-20 rounds up as a double's, but down once it was cut to an integer. */
static void test_decode_columns__numbers_reach_f32_through_double(void **state)
{
    (void)state;
    add_column("event.p");
    leat_event *event = decode(SLICE("\x81\xa1p\xcb\x41\x70\0\0\x10\0\x01\0"));
    expect_cell(event, 0, 16777218.0F);
    event = decode(SLICE("\x81\xa1p\xce\x01\0\0\x01"));
    expect_cell(event, 0, 16777216.0F);
}

static void test_decode_columns__f64_columns_keep_every_bit(void **state)
{
    (void)state;
    add_column("event.p");
    leat_column *wide = add_column("event.q");
    inputs[0].shape[1] = 1;
    wide->tensor = 1;
    wide->element = 0;
    schema.n_inputs = 2;
    leat_event *event = decode(SLICE("\x82\xa1q\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"
                                     "\xa1p\x01"));
    expect_cell(event, 0, 1);
    assert_false(is_missing(event, 1));
    assert_true(((double *)batch.inputs[1].data)[event->first] == 0.1);
}

static void test_decode_columns__nil_and_absent_are_missing(void **state)
{
    (void)state;
    add_three_columns();
    leat_event *event = decode(SLICE("\x82\xa1p\xc0\xa1r\x05"));
    expect_missing(event, 0);
    expect_missing(event, 1);
    expect_cell(event, 2, 5);
}

static void test_decode_columns__nan_is_missing(void **state)
{
    (void)state;
    add_default_column("event.p", 4.5);
    add_default_column("event.q", 2.5);
    add_capture("event.q");
    leat_event *event = decode(
        SLICE("\x82\xa1p\xca\x7f\xc0\x00\x00\xa1q\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"));
    assert_true(value_of(event, 0) == 4.5F);
    assert_true(value_of(event, 1) == 2.5F);
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(leat_batch_missing(&batch, event)[0], 3);
}

static void test_decode_columns__a_missing_value_gets_its_default(void **state)
{
    (void)state;
    add_default_column("event.p", 4.5);
    add_default_column("event.q", -1);
    leat_event *event = decode(SLICE("\x81\xa1q\xc0"));
    assert_true(value_of(event, 0) == 4.5F);
    assert_true(value_of(event, 1) == -1);
    assert_true(is_missing(event, 0) && is_missing(event, 1));
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_decode_columns__one_row_does_not_leak_into_the_next(void **state)
{
    (void)state;
    add_three_columns();
    begin();
    leat_event *full = add_event(SLICE("\x83\xa1p\x01\xa1q\x02\xa1r\x03"));
    leat_event *empty = add_event(SLICE("\x80"));
    leat_decoder_run(decoder, &batch);
    expect_cell(full, 2, 3);
    for (uint32_t i = 0; i < 3; i++)
        expect_missing(empty, i);
}

static void test_decode_columns__columns_of_lookups_are_left_missing(void **state)
{
    (void)state;
    add_column("event.p");
    add_default_column("user.limit", 9);
    leat_event *event = decode(SLICE("\x81\xa1p\x01"));
    expect_cell(event, 0, 1);
    assert_true(value_of(event, 1) == 9);
    assert_true(is_missing(event, 1));
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);
}

static void test_decode_columns__columns_may_come_from_meta(void **state)
{
    (void)state;
    add_column("meta.partition");
    add_column("meta.offset");
    add_column("meta.timestamp");
    leat_event *event = decode(SLICE("\x80"));
    expect_cell(event, 0, 3);
    expect_cell(event, 1, 41);
    expect_cell(event, 2, 1700000000123.0F);
    begin();
    event = add_event(SLICE("\x80"));
    event->timestamp = -1;
    leat_decoder_run(decoder, &batch);
    expect_missing(event, 2);
}

static void test_decode_columns__two_columns_may_read_one_field(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("event.p");
    leat_event *event = decode(SLICE("\x81\xa1p\x06"));
    expect_cell(event, 0, 6);
    expect_cell(event, 1, 6);
}

static void test_decode_columns__more_columns_than_a_word_has_bits(void **state)
{
    (void)state;
    char paths[MAX_COLUMNS][16];
    uint8_t payload[4 + MAX_COLUMNS * 4] = {0xde, 0, MAX_COLUMNS};
    for (int i = 0; i < MAX_COLUMNS; i++) {
        snprintf(paths[i], sizeof paths[i], "event.%02u", (unsigned)i % 100);
        add_column(paths[i]);
        snprintf((char *)payload + 3 + 4 * i, 5, "\xa2%02u%c", (unsigned)i % 100, i + 1);
    }
    leat_event *event = decode((leat_slice){payload, 3 + 4 * MAX_COLUMNS});
    for (uint32_t i = 0; i < MAX_COLUMNS; i++)
        expect_cell(event, i, (float)(i + 1));
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_columns__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_of_every_type_reach_their_columns),
        TEST(numbers_reach_f32_through_double),
        TEST(f64_columns_keep_every_bit),
        TEST(nil_and_absent_are_missing),
        TEST(nan_is_missing),
        TEST(a_missing_value_gets_its_default),
        TEST(one_row_does_not_leak_into_the_next),
        TEST(columns_of_lookups_are_left_missing),
        TEST(columns_may_come_from_meta),
        TEST(two_columns_may_read_one_field),
        TEST(more_columns_than_a_word_has_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
