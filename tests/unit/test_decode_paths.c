/* Where in an event a column or a capture finds its value. */
#include "decode_fixture.h"

static void test_decode_paths__nested_maps_and_arrays(void **state)
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

static void test_decode_paths__what_an_array_or_map_lacks_is_missing(void **state)
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

static void test_decode_paths__keys_may_be_bytes(void **state)
{
    (void)state;
    add_column("event.pqr");
    expect_cell(decode(SLICE("\x81\xc4\x03pqr\x08")), 0, 8);
    expect_cell(decode(SLICE("\x81\xd9\x03pqr\x09")), 0, 9);
}

static void test_decode_paths__other_keys_are_passed_over(void **state)
{
    (void)state;
    add_column("event.p");
    leat_event *event = decode(SLICE("\x86\x01\x02\xc0\x03\xcb\0\0\0\0\0\0\0\0\x04"
                                     "\x92\x01\x02\x05\xc3\xa1p\xa1p\x06"));
    expect_cell(event, 0, 6);
}

static void test_decode_paths__of_equal_keys_the_last_one_counts(void **state)
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

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_decode_paths__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nested_maps_and_arrays),
        TEST(what_an_array_or_map_lacks_is_missing),
        TEST(keys_may_be_bytes),
        TEST(other_keys_are_passed_over),
        TEST(of_equal_keys_the_last_one_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
