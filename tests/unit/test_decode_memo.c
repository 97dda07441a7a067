/* The decoder remembers which keys came, in which order and form: events that differ from
 * those before are decoded no differently. */
#include "decode_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void test_decode_memo__keys_in_any_order_find_their_columns(void **state)
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
static void test_decode_memo__fields_that_come_and_go_find_their_columns(void **state)
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
static void test_decode_memo__keys_alike_are_told_apart(void **state)
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

static void test_decode_memo__a_value_may_take_any_form_after_any_other(void **state)
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
static void test_decode_memo__text_may_follow_a_number_under_one_key(void **state)
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

static void test_decode_memo__more_fields_than_the_memo_holds(void **state)
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

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_memo__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_in_any_order_find_their_columns),
        TEST(fields_that_come_and_go_find_their_columns),
        TEST(keys_alike_are_told_apart),
        TEST(a_value_may_take_any_form_after_any_other),
        TEST(text_may_follow_a_number_under_one_key),
        TEST(more_fields_than_the_memo_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
