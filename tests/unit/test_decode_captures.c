/* The values that are kept as bytes. */
#include "decode_fixture.h"

#include <stdlib.h>

static void test_decode_captures__captures_are_the_bytes_of_their_values(void **state)
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

static void test_decode_captures__a_capture_below_a_scalar_is_absent(void **state)
{
    (void)state;
    add_capture("event.m.x");
    expect_capture(decode(SLICE("\x81\xa1m\x05")), 0, (leat_slice){0});
}

static void test_decode_captures__captures_of_the_last_batch_are_forgotten(void **state)
{
    (void)state;
    add_capture("event.s");
    expect_capture(decode(SLICE("\x81\xa1s\x01")), 0, SLICE("\x01"));
    expect_capture(decode(SLICE("\x80")), 0, (leat_slice){0});
}

static void test_decode_captures__key_headers_and_meta_are_packed(void **state)
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

static void test_decode_captures__a_key_of_any_size_or_bytes_is_packed(void **state)
{
    (void)state;
    add_capture("key");
    expect_packed_key("k", 0, "\xa0", 1);
    expect_packed_key("k", 40, "\xd9\x28", 2);
    expect_packed_key("k", 300, "\xda\x01\x2c", 3);
    expect_packed_key("k", 70000, "\xdb\x00\x01\x11\x70", 5);
    expect_packed_key("\xff", 2, "\xc4\x02", 2);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_captures__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(captures_are_the_bytes_of_their_values),
        TEST(a_capture_below_a_scalar_is_absent),
        TEST(captures_of_the_last_batch_are_forgotten),
        TEST(key_headers_and_meta_are_packed),
        TEST(a_key_of_any_size_or_bytes_is_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
