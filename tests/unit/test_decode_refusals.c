/* Payloads that are refused: what is said of them, and what they cost. */
#include "decode_fixture.h"
#include "tests/malformed_payloads.h"

#include <stdio.h>
#include <stdlib.h>

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

static void test_decode_refusals__forty_kinds_are_refused_between_good_ones(void **state)
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

static void test_decode_refusals__every_kind_allocates_at_most_its_size_and_64_kib(
    void **state)
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

static void test_decode_refusals__nothing_is_allocated_once_warm(void **state)
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
static void test_decode_refusals__depth_counts_from_the_top(void **state)
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

static void test_decode_refusals__the_reason_names_path_and_type(void **state)
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

static void test_decode_refusals__the_reason_names_the_byte(void **state)
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

static void test_decode_refusals__a_malformed_value_is_found_whoever_wants_it(
    void **state)
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
static void test_decode_refusals__truncated_anywhere_and_flipped_anywhere(void **state)
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

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_refusals__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(forty_kinds_are_refused_between_good_ones),
        TEST(every_kind_allocates_at_most_its_size_and_64_kib),
        TEST(nothing_is_allocated_once_warm),
        TEST(depth_counts_from_the_top),
        TEST(the_reason_names_path_and_type),
        TEST(the_reason_names_the_byte),
        TEST(a_malformed_value_is_found_whoever_wants_it),
        TEST(truncated_anywhere_and_flipped_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
