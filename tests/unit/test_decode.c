#include "allocations.h"
#include "decode_fixture.h"
#include "tests/malformed_payloads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- columns ---- */

static void test_decode__numbers_of_every_type_reach_their_columns(void **state)
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
static void test_decode__numbers_reach_f32_through_double(void **state)
{
    (void)state;
    add_column("event.p");
    leat_event *event = decode(SLICE("\x81\xa1p\xcb\x41\x70\0\0\x10\0\x01\0"));
    expect_cell(event, 0, 16777218.0F);
    event = decode(SLICE("\x81\xa1p\xce\x01\0\0\x01"));
    expect_cell(event, 0, 16777216.0F);
}

static void test_decode__f64_columns_keep_every_bit(void **state)
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

/* ---- columns of integers ---- */

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

static void test_decode__integers_keep_every_digit(void **state)
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
static void test_decode__one_field_may_feed_columns_of_several_types(void **state)
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

static void test_decode__integers_come_from_meta(void **state)
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

static void test_decode__bools_are_bytes(void **state)
{
    (void)state;
    add_three_columns();
    inputs[0].dtype = LEAT_BOOL;
    leat_event *event = decode(SLICE("\x83\xa1p\xc3\xa1q\0\xa1r\x01"));
    assert_int_equal(event->status, LEAT_OK);
    assert_memory_equal(batch.inputs[0].data, "\1\0\1", 3);
}

static void test_decode__a_fraction_is_no_integer(void **state)
{
    (void)state;
    add_integer_columns();
    expect_refused(decode(SLICE("\x82\xa1q\x01\xa1p\xca\x3f\0\0\0")), LEAT_E_TYPE,
                   "event.p: expected an integer, found a float");
    expect_refused(decode(SLICE("\x81\xa1p\xa1"
                                "5")),
                   LEAT_E_TYPE, "event.p: expected an integer, found a string");
}

static void test_decode__an_integer_out_of_range_is_refused(void **state)
{
    (void)state;
    add_integer_columns();
    expect_refused(decode(SLICE("\x81\xa1p\xcf\x80\0\0\0\0\0\0\0")), LEAT_E_RANGE,
                   "event.p: the number is out of the range of i64");
}

static void test_decode__a_missing_integer_without_default_is_refused(void **state)
{
    (void)state;
    add_integer_columns();
    static const char reason[] =
        "event.p: missing; i64 has no NaN, and the feature no default";
    expect_refused(decode(SLICE("\x81\xa1q\x01")), LEAT_E_MISSING, reason);
    expect_refused(decode(SLICE("\x81\xa1p\xc0")), LEAT_E_MISSING, reason);
    expect_refused(decode(SLICE("\x81\xa1p\xca\x7f\xc0\0\0")), LEAT_E_MISSING, reason);
}

static void test_decode__a_missing_integer_gets_its_default(void **state)
{
    (void)state;
    add_integer_columns();
    leat_event *event = decode(SLICE("\x82\xa1p\x01\xa1q\xc0"));
    assert_int_equal(integer_of(event, 1), -5);
    assert_true(is_missing(event, 1));
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_decode__of_equal_keys_with_integers_the_last_one_counts(void **state)
{
    (void)state;
    add_integer_columns();
    leat_event *event = decode(SLICE("\x84\xa1p\x01\xa1q\x02\xa1p\x03\xa1q\xc0"));
    assert_int_equal(integer_of(event, 0), 3);
    assert_int_equal(integer_of(event, 1), -5);
    assert_true(is_missing(event, 1));
}

static void test_decode__an_integer_of_a_lookup_may_be_missing_yet(void **state)
{
    (void)state;
    add_column("user.visits");
    inputs[0].dtype = LEAT_I64;
    leat_event *event = decode(SLICE("\x80"));
    assert_int_equal(integer_of(event, 0), 0);
    assert_true(is_missing(event, 0));
}

static void test_decode__nil_and_absent_are_missing(void **state)
{
    (void)state;
    add_three_columns();
    leat_event *event = decode(SLICE("\x82\xa1p\xc0\xa1r\x05"));
    expect_missing(event, 0);
    expect_missing(event, 1);
    expect_cell(event, 2, 5);
}

static void test_decode__nan_is_missing(void **state)
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

static void test_decode__a_missing_value_gets_its_default(void **state)
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

static void test_decode__one_row_does_not_leak_into_the_next(void **state)
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

static void test_decode__columns_of_lookups_are_left_missing(void **state)
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

static void test_decode__columns_may_come_from_meta(void **state)
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

static void test_decode__two_columns_may_read_one_field(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("event.p");
    leat_event *event = decode(SLICE("\x81\xa1p\x06"));
    expect_cell(event, 0, 6);
    expect_cell(event, 1, 6);
}

static void test_decode__more_columns_than_a_word_has_bits(void **state)
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

/* ---- paths ---- */

static void test_decode__nested_maps_and_arrays(void **state)
{
    (void)state;
    add_column("event.p.q.r");
    add_column("event.list[0]");
    add_column("event.list[2].x");
    add_column("event.\"p.q\"");
    leat_event *event = decode(SLICE("\x83\xa1p\x82\xa1z\x09\xa1q\x81\xa1r\x01"
                                     "\xa4list\x94\x02\x93\x01\x02\x03\x81\xa1x\x03\xc0"
                                     "\xa3p.q\x04"));
    for (uint32_t i = 0; i < 4; i++)
        expect_cell(event, i, (float)(i + 1));
}

static void test_decode__what_an_array_or_map_lacks_is_missing(void **state)
{
    (void)state;
    add_column("event.list[2]");
    add_column("event.map.x");
    leat_event *event = decode(SLICE("\x82\xa4list\x92\x01\x02\xa3map\x80"));
    expect_missing(event, 0);
    expect_missing(event, 1);
    event = decode(SLICE("\x82\xa4list\xc0\xa3map\xc0"));
    expect_missing(event, 0);
    expect_missing(event, 1);
}

static void test_decode__keys_may_be_bytes(void **state)
{
    (void)state;
    add_column("event.pqr");
    expect_cell(decode(SLICE("\x81\xc4\x03pqr\x08")), 0, 8);
    expect_cell(decode(SLICE("\x81\xd9\x03pqr\x09")), 0, 9);
}

static void test_decode__other_keys_are_passed_over(void **state)
{
    (void)state;
    add_column("event.p");
    leat_event *event = decode(SLICE("\x86\x01\x02\xc0\x03\xcb\0\0\0\0\0\0\0\0\x04"
                                     "\x92\x01\x02\x05\xc3\xa1p\xa1p\x06"));
    expect_cell(event, 0, 6);
}

static void test_decode__of_equal_keys_the_last_one_counts(void **state)
{
    (void)state;
    add_column("event.p");
    add_column("event.m.x");
    add_column("event.m.y");
    add_capture("event.m");
    expect_cell(decode(SLICE("\x82\xa1p\x01\xa1p\x02")), 0, 2);
    expect_missing(decode(SLICE("\x82\xa1p\x01\xa1p\xc0")), 0);
    leat_event *event =
        decode(SLICE("\x82\xa1m\x82\xa1x\x01\xa1y\x02\xa1m\x81\xa1x\x03"));
    expect_cell(event, 1, 3);
    expect_missing(event, 2);
    expect_capture(event, 0, SLICE("\x81\xa1x\x03"));
}

/* ---- the memo ---- */

static void test_decode__keys_in_any_order_find_their_columns(void **state)
{
    (void)state;
    add_three_columns();
    static const char orders[][4] = {"pqr", "pqr", "rqp", "qrp",
                                     "prq", "pqr", "qpr", "rpq"};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        uint8_t payload[] = "\x83\xa1k\x01\xa1k\x01\xa1k\x01";
        for (int k = 0; k < 3; k++) {
            payload[2 + 3 * k] = (uint8_t)orders[i][k];
            payload[3 + 3 * k] = (uint8_t)(orders[i][k] - 'p' + 10);
        }
        leat_event *event = decode((leat_slice){payload, 10});
        for (uint32_t column = 0; column < 3; column++)
            expect_cell(event, column, (float)(column + 10));
    }
}

/* Every subset of six fields, after every other one. */
static void test_decode__fields_that_come_and_go_find_their_columns(void **state)
{
    (void)state;
    static const char *const paths[] = {"event.a", "event.c", "event.e"};
    for (int i = 0; i < 3; i++)
        add_column(paths[i]);
    for (unsigned both = 0; both < 64 * 64; both++) {
        for (unsigned turn = 0; turn < 2; turn++) {
            unsigned present = turn ? both / 64 : both % 64;
            uint8_t payload[32] = {(uint8_t)(0x80 + __builtin_popcount(present))};
            uint32_t size = 1;
            for (unsigned field = 0; field < 6; field++) {
                if (!(present >> field & 1))
                    continue;
                payload[size++] = 0xa1;
                payload[size++] = (uint8_t)('a' + field);
                payload[size++] = (uint8_t)(field + turn);
            }
            leat_event *event = decode((leat_slice){payload, size});
            for (uint32_t column = 0; column < 3; column++) {
                if (present >> 2 * column & 1)
                    expect_cell(event, column, (float)(2 * column + turn));
                else
                    expect_missing(event, column);
            }
        }
    }
}

/* The name of one key is the beginning of the other; a key is longer than the memo keeps.
 */
static void test_decode__keys_alike_are_told_apart(void **state)
{
    (void)state;
    add_column("event.price");
    add_column("event.price_of_everything_that_was_ever_paid");
    add_column("event.price_of_everything_that_was_ever_lent");
    for (int turn = 0; turn < 3; turn++) {
        leat_event *event =
            decode(SLICE("\x83\xd9\x28price_of_everything_that_was_ever_paid??\x02"
                         "\xa5price\x01"
                         "\xd9\x26price_of_everything_that_was_ever_lent\x03"));
        expect_cell(event, 0, 1);
        expect_missing(event, 1);
        expect_cell(event, 2, 3);
    }
}

#define FORM(text)                                                                       \
    {                                                                                    \
        (const uint8_t *)(text), sizeof(text) - 1                                        \
    }

/* A value of each form, and what a column makes of it. */
static const struct {
    leat_slice bytes;
    float value; /* NaN: missing */
} forms[] = {
    {FORM("\x05"), 5},
    {FORM("\x7f"), 127},
    {FORM("\xff"), -1},
    {FORM("\xe0"), -32},
    {FORM("\xc2"), 0},
    {FORM("\xc3"), 1},
    {FORM("\xcc\xff"), 255},
    {FORM("\xcd\x01\x02"), 258},
    {FORM("\xce\xff\x00\x00\x00"), 4278190080},
    {FORM("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), 9223372036854775808.0F},
    {FORM("\xd0\x80"), -128},
    {FORM("\xd1\xff\xfe"), -2},
    {FORM("\xd2\x80\x00\x00\x00"), -2147483648.0F},
    {FORM("\xd3\xff\xff\xff\xff\xff\xff\xff\xfc"), -4},
    {FORM("\xca\x3f\xc0\x00\x00"), 1.5F},
    {FORM("\xcb\x40\x04\x00\x00\x00\x00\x00\x00"), 2.5F},
    {FORM("\xca\x7f\xc0\x00\x00"), NAN},
    {FORM("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), NAN},
    {FORM("\xc0"), NAN},
};
enum { N_FORMS = sizeof forms / sizeof *forms };

/* {key: value, "z": value}, in memory that ends with it. */
static leat_slice twice(const char *key, leat_slice value, uint8_t **memory)
{
    size_t size = strlen(key);
    uint8_t *at = *memory = malloc(5 + size + 2 * value.size);
    *at++ = 0x82;
    *at++ = (uint8_t)(0xa0 + size);
    memcpy(at, key, size);
    memcpy(at += size, value.data, value.size);
    memcpy(at += value.size, "\xa1z", 2);
    memcpy(at += 2, value.data, value.size);
    return (leat_slice){*memory, (uint32_t)(at - *memory) + value.size};
}

static void expect_form(const char *key, uint32_t column, int form)
{
    uint8_t *memory;
    leat_event *event = decode(twice(key, forms[form].bytes, &memory));
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t at = i ? 0 : column;
        if (isnan(forms[form].value))
            expect_missing(event, at);
        else
            expect_cell(event, at, forms[form].value);
    }
    free(memory);
}

static void test_decode__a_value_may_take_any_form_after_any_other(void **state)
{
    (void)state;
    static const char *const keys[] = {"k",
                                       "key_of",
                                       "key_of_",
                                       "key_of_8",
                                       "key_of_15_bytes",
                                       "key_of_16_bytes_",
                                       "key_of_as_many_as_22_b",
                                       "key_of_23_bytes_in_all_",
                                       "key_of_more_than_fits_in"};
    enum { N_KEYS = sizeof keys / sizeof *keys };
    char paths[N_KEYS][40];
    add_column("event.z");
    for (int i = 0; i < N_KEYS; i++) {
        snprintf(paths[i], sizeof paths[i], "event.%s", keys[i]);
        add_column(paths[i]);
    }
    for (uint32_t key = 0; key < N_KEYS; key++)
        for (int both = 0; both < N_FORMS * N_FORMS; both++) {
            expect_form(keys[key], key + 1, both / N_FORMS);
            expect_form(keys[key], key + 1, both % N_FORMS);
        }
}

/* A capture, and a value that nobody wants. */
static void test_decode__text_may_follow_a_number_under_one_key(void **state)
{
    (void)state;
    add_capture("event.id");
    for (int turn = 0; turn < 3; turn++) {
        expect_capture(decode(SLICE("\x82\xa2id\x07\xa1n\x01")), 0, SLICE("\x07"));
        expect_capture(decode(SLICE("\x82\xa2id\xa2tx\xa1n\xa1t")), 0, SLICE("\xa2tx"));
        expect_refused(decode(SLICE("\x82\xa2id\xa2t\xff\xa1n\xa1t")), LEAT_E_UTF8,
                       "at byte 4");
    }
}

static void test_decode__more_fields_than_the_memo_holds(void **state)
{
    (void)state;
    enum { N = 300 };
    add_column("event.001");
    add_column("event.299");
    uint8_t payload[3 + N * 7 + 1] = {0xde, N >> 8, N & 0xff};
    for (int i = 0; i < N; i++)
        snprintf((char *)payload + 3 + 7 * i, 8, "\xa3%03u\xcd%c%c", (unsigned)i % 1000,
                 1 + i / 255, 1 + i % 255);
    for (int turn = 0; turn < 3; turn++) {
        leat_event *event = decode((leat_slice){payload, 3 + 7 * N});
        expect_cell(event, 0, 0x102);
        expect_cell(event, 1, 0x22d);
    }
}

/* ---- refusals ---- */

static leat_slice build(const malformed_payload *kind, uint8_t **memory)
{
    size_t size =
        kind->head_size + kind->n_repeats * kind->repeated_size + kind->tail_size;
    uint8_t *at = *memory = malloc(size + 1);
    memcpy(at, kind->head, kind->head_size);
    at += kind->head_size;
    for (size_t i = 0; i < kind->n_repeats; i++, at += kind->repeated_size)
        memcpy(at, kind->repeated, kind->repeated_size);
    memcpy(at, kind->tail, kind->tail_size);
    return (leat_slice){*memory, (uint32_t)size};
}

static void test_decode__forty_kinds_are_refused_between_good_ones(void **state)
{
    (void)state;
    assert_int_equal(N_MALFORMED, 40);
    add_column("event.price");
    begin();
    for (int i = 0; i < N_MALFORMED; i++) {
        uint8_t *memory;
        leat_slice payload = build(&malformed_payloads[i], &memory);
        assert_int_equal(leat_batch_reset(&batch, &schema, &output), LEAT_OK);
        leat_event *before = add_event(SLICE(VALID));
        leat_event *bad = add_event(payload);
        leat_event *after = add_event(SLICE("\x81\xa5price\x02"));
        leat_decoder_run(decoder, &batch);
        if (bad->status != malformed_payloads[i].status)
            fail_msg("%s: %s (%s)", malformed_payloads[i].name,
                     leat_status_name(bad->status), bad->reason);
        assert_int_equal(bad->n, 0);
        assert_int_equal(batch.n_rows, 2);
        expect_cell(before, 0, 1.5F);
        expect_cell(after, 0, 2);
        free(memory);
    }
}

static void test_decode__every_kind_allocates_at_most_its_size_and_64_kib(void **state)
{
    (void)state;
    add_column("event.price");
    add_capture("event.other");
    add_capture("key");
    decode(SLICE(VALID));
    for (int i = 0; i < N_MALFORMED; i++) {
        uint8_t *memory;
        leat_slice payload = build(&malformed_payloads[i], &memory);
        size_t before = allocated.bytes;
        decode(payload);
        assert_true(allocated.bytes - before <= payload.size + 64 * 1024);
        free(memory);
    }
}

static void test_decode__nothing_is_allocated_once_warm(void **state)
{
    (void)state;
    add_column("event.price");
    add_capture("event.user");
    add_capture("headers.trace");
    decode(SLICE(VALID));
    size_t before = allocated.bytes;
    for (int i = 0; i < 1000; i++)
        decode(SLICE(VALID));
    assert_int_equal(allocated.bytes, before);
}

/* The map at the top is the first level. */
static void test_decode__depth_counts_from_the_top(void **state)
{
    (void)state;
    add_column("event.price");
    uint8_t payload[3 + 64] = "\x81\xa1x";
    memset(payload + 3, 0x91, 63);
    payload[3 + 63] = 1;
    assert_int_equal(decode((leat_slice){payload, sizeof payload})->status, LEAT_OK);
    payload[3 + 63] = 0x90;
    expect_refused(decode((leat_slice){payload, sizeof payload}), LEAT_E_DEPTH,
                   "more than 64 deep at byte 66");
}

static void test_decode__the_reason_names_path_and_type(void **state)
{
    (void)state;
    add_column("event.price");
    add_column("event.p.list[1].x");
    expect_refused(decode(SLICE("\x81\xa5price\xa1x")), LEAT_E_TYPE,
                   "event.price: expected a number, found a string");
    expect_refused(decode(SLICE("\x81\xa1p\x05")), LEAT_E_TYPE,
                   "event.p: expected a map, found an integer");
    expect_refused(decode(SLICE("\x81\xa1p\x81\xa4list\x80")), LEAT_E_TYPE,
                   "event.p.list: expected an array, found a map");
    expect_refused(decode(SLICE("\x81\xa1p\x81\xa4list\x92\x01\x90")), LEAT_E_TYPE,
                   "event.p.list[1]: expected a map, found an array");
    expect_refused(decode(SLICE("\x81\xa5price\xd6\xff\0\0\0\x01")), LEAT_E_TYPE,
                   "event.price: expected a number, found a timestamp");
    expect_refused(
        decode(SLICE("{\"price\":1}")), LEAT_E_TYPE,
        "event: expected a map, found an integer (the payload looks like JSON)");
}

static void test_decode__the_reason_names_the_byte(void **state)
{
    (void)state;
    add_column("event.price");
    expect_refused(decode(SLICE("\x82\xa5price\x01\xa1x\xcd\x01")), LEAT_E_TRUNCATED,
                   "payload is truncated at byte 10 of 12");
    expect_refused(decode(SLICE("\x81\xa5price\x01\xc0")), LEAT_E_TRAILING,
                   "payload has trailing bytes at byte 8 of 9");
    expect_refused(decode(SLICE("\x81\xa1x\xd4\x72\x40")), LEAT_E_FORMAT,
                   "useRecords: false");
    expect_refused(decode(SLICE("\x81\xa1x\x92\x01\xa1\xff")), LEAT_E_UTF8,
                   "byte 5 is not valid UTF-8");
}

static void test_decode__a_malformed_value_is_found_whoever_wants_it(void **state)
{
    (void)state;
    add_column("event.price");
    add_capture("event.user");
    expect_refused(decode(SLICE("\x81\xa5price\xc1")), LEAT_E_FORMAT, "0xc1");
    expect_refused(decode(SLICE("\x81\xa5price\xd4\x05\0")), LEAT_E_FORMAT, "ext type 5");
    expect_refused(decode(SLICE("\x81\xa4user\xa1\xff")), LEAT_E_UTF8, "byte 6");
    expect_refused(decode(SLICE("\x81\xa4user\x91\xa1\xff")), LEAT_E_UTF8, "byte 7");
    expect_refused(decode(SLICE("\x81\xa4user\xd4\xff\0")), LEAT_E_FORMAT, "timestamp");
}

/* Nothing is read behind the end: each copy is exactly as large as it says. */
static void test_decode__truncated_anywhere_and_flipped_anywhere(void **state)
{
    (void)state;
    add_column("event.price");
    add_column("event.m.x");
    add_column("event.l[1]");
    add_capture("event.m");
    for (unsigned seed = 0; seed < 100; seed++) {
        char text[128];
        int size = snprintf(
            text, sizeof text,
            "\x85\xa5price\xcb\x40%c%c%c%c%c%c%c\xa1m\x82\xa1x%c\xa1y\xa3%03u"
            "\xa1l\x92%c\xcd\x01%c\xa1z\xd9\x05sch\xc3\xb6\xa1t\xd6\xff\x65\x53\xf1%c",
            1 + seed, 1 + seed, 2, 3, 4, 5, 6, 1 + seed, seed, 1 + seed, 1 + seed,
            1 + seed);
        expect_cell(decode((leat_slice){(uint8_t *)text, (uint32_t)size}), 1,
                    (float)(1 + seed));
        for (int cut = 0; cut < size; cut++) {
            uint8_t *copy = malloc((size_t)cut + 1);
            memcpy(copy + 1, text, (size_t)cut);
            leat_event *event = decode((leat_slice){copy + 1, (uint32_t)cut});
            assert_true(event->status == LEAT_E_TRUNCATED ||
                        event->status == LEAT_E_COUNT);
            free(copy);
        }
        for (int bit = 0; bit < 8 * size; bit++) {
            uint8_t *copy = malloc((size_t)size);
            memcpy(copy, text, (size_t)size);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            leat_event *event = decode((leat_slice){copy, (uint32_t)size});
            assert_int_equal(event->n, event->status == LEAT_OK);
            assert_int_equal(batch.n_rows, event->n);
            free(copy);
        }
    }
}

/* ---- captures ---- */

static void test_decode__captures_are_the_bytes_of_their_values(void **state)
{
    (void)state;
    add_capture("event.s");
    add_capture("event.m");
    add_capture("event.m.x");
    add_capture("event.l[1]");
    add_capture("event.t");
    add_capture("event.absent");
    add_column("event.m.x");
    leat_event *event = decode(SLICE("\x84\xa1s\xa2hi\xa1m\x81\xa1x\x07\xa1l\x92\x01\xc0"
                                     "\xa1t\xd6\xff\0\0\0\x01"));
    expect_capture(event, 0, SLICE("\xa2hi"));
    expect_capture(event, 1, SLICE("\x81\xa1x\x07"));
    expect_capture(event, 2, SLICE("\x07"));
    expect_capture(event, 3, SLICE("\xc0"));
    expect_capture(event, 4, SLICE("\xd6\xff\0\0\0\x01"));
    expect_capture(event, 5, (leat_slice){0});
    expect_cell(event, 0, 7);
}

static void test_decode__a_capture_below_a_scalar_is_absent(void **state)
{
    (void)state;
    add_capture("event.m.x");
    expect_capture(decode(SLICE("\x81\xa1m\x05")), 0, (leat_slice){0});
}

static void test_decode__captures_of_the_last_batch_are_forgotten(void **state)
{
    (void)state;
    add_capture("event.s");
    expect_capture(decode(SLICE("\x81\xa1s\x01")), 0, SLICE("\x01"));
    expect_capture(decode(SLICE("\x80")), 0, (leat_slice){0});
}

static void test_decode__key_headers_and_meta_are_packed(void **state)
{
    (void)state;
    add_capture("key");
    add_capture("headers.trace");
    add_capture("headers.other");
    add_capture("meta.topic");
    add_capture("meta.partition");
    add_capture("meta.timestamp");
    begin();
    leat_event *event = add_event(SLICE("\x80"));
    event->key = SLICE("u\xc3\xa4");
    leat_event *bare = add_event(SLICE("\x80"));
    bare->timestamp = -1;
    leat_decoder_run(decoder, &batch);
    expect_capture(event, 0, SLICE("\xa3u\xc3\xa4"));
    expect_capture(event, 1, SLICE("\xa3t-1"));
    expect_capture(event, 2, (leat_slice){0});
    expect_capture(event, 3, SLICE("\xa2in"));
    expect_capture(event, 4, SLICE("\x03"));
    expect_capture(event, 5, SLICE("\xcf\0\0\x01\x8b\xcf\xe5\x68\x7b"));
    expect_capture(bare, 0, (leat_slice){0});
    expect_capture(bare, 5, (leat_slice){0});
}

static void expect_packed_key(const char *fill, uint32_t size, const char *head,
                              uint32_t head_size)
{
    uint8_t *key = malloc(size + 1);
    memset(key, *fill, size);
    begin();
    leat_event *event = add_event(SLICE("\x80"));
    event->key = (leat_slice){key, size};
    leat_decoder_run(decoder, &batch);
    leat_slice packed = leat_batch_captures(&batch, event)[0];
    assert_int_equal(packed.size, head_size + size);
    assert_memory_equal(packed.data, head, head_size);
    assert_memory_equal(packed.data + head_size, key, size);
    free(key);
}

static void test_decode__a_key_of_any_size_or_bytes_is_packed(void **state)
{
    (void)state;
    add_capture("key");
    expect_packed_key("k", 0, "\xa0", 1);
    expect_packed_key("k", 40, "\xd9\x28", 2);
    expect_packed_key("k", 300, "\xda\x01\x2c", 3);
    expect_packed_key("k", 70000, "\xdb\x00\x01\x11\x70", 5);
    expect_packed_key("\xff", 2, "\xc4\x02", 2);
}

/* ---- events ---- */

static void test_decode__an_event_that_was_marked_or_decoded_is_left_alone(void **state)
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

/* ---- schemas ---- */

static void test_decode__strings_want_a_reading(void **state)
{
    (void)state;
    add_column("event.p");
    inputs[0].dtype = LEAT_STRING;
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg, "column 'event.p': its input takes strings, and it "
                                   "has no reading");
}

static void test_decode__a_default_must_fit_its_column(void **state)
{
    (void)state;
    add_default_column("event.p", 2.5);
    inputs[0].dtype = LEAT_I64;
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg, "column 'event.p': its default is no i64");
}

static void test_decode__text_is_no_column(void **state)
{
    (void)state;
    add_column("headers.trace");
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_non_null(strstr(error.msg, "headers.trace is text"));
}

static void test_decode__a_place_cannot_be_map_and_array(void **state)
{
    (void)state;
    add_column("event.p.q");
    add_column("event.p[0]");
    assert_int_equal(leat_decoder_new(&decoder, &schema, NULL, &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg,
                        "'event.p.q' takes event.p for a map, and 'event.p[0]' "
                        "takes it for an array");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_decode__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_of_every_type_reach_their_columns),
        TEST(numbers_reach_f32_through_double),
        TEST(f64_columns_keep_every_bit),
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
        TEST(nil_and_absent_are_missing),
        TEST(nan_is_missing),
        TEST(a_missing_value_gets_its_default),
        TEST(one_row_does_not_leak_into_the_next),
        TEST(columns_of_lookups_are_left_missing),
        TEST(columns_may_come_from_meta),
        TEST(two_columns_may_read_one_field),
        TEST(more_columns_than_a_word_has_bits),
        TEST(nested_maps_and_arrays),
        TEST(what_an_array_or_map_lacks_is_missing),
        TEST(keys_may_be_bytes),
        TEST(other_keys_are_passed_over),
        TEST(of_equal_keys_the_last_one_counts),
        TEST(keys_in_any_order_find_their_columns),
        TEST(fields_that_come_and_go_find_their_columns),
        TEST(keys_alike_are_told_apart),
        TEST(a_value_may_take_any_form_after_any_other),
        TEST(text_may_follow_a_number_under_one_key),
        TEST(more_fields_than_the_memo_holds),
        TEST(forty_kinds_are_refused_between_good_ones),
        TEST(every_kind_allocates_at_most_its_size_and_64_kib),
        TEST(nothing_is_allocated_once_warm),
        TEST(depth_counts_from_the_top),
        TEST(the_reason_names_path_and_type),
        TEST(the_reason_names_the_byte),
        TEST(a_malformed_value_is_found_whoever_wants_it),
        TEST(truncated_anywhere_and_flipped_anywhere),
        TEST(captures_are_the_bytes_of_their_values),
        TEST(a_capture_below_a_scalar_is_absent),
        TEST(captures_of_the_last_batch_are_forgotten),
        TEST(key_headers_and_meta_are_packed),
        TEST(a_key_of_any_size_or_bytes_is_packed),
        TEST(an_event_that_was_marked_or_decoded_is_left_alone),
        TEST(strings_want_a_reading),
        TEST(a_default_must_fit_its_column),
        TEST(text_is_no_column),
        TEST(a_place_cannot_be_map_and_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
