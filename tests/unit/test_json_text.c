#include "worker/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#define SLICE(text) ((leat_slice){(const uint8_t *)(text), sizeof(text) - 1})

static leat_status write_json(leat_slice bytes, char *json, size_t size, size_t *passed)
{
    leat_cursor cursor = leat_cursor_over(bytes);
    FILE *out = fmemopen(json, size, "w");
    leat_status status = leat_json_write(out, &cursor);
    fclose(out);
    *passed = (size_t)(cursor.at - cursor.start);
    return status;
}

static void expect_json(leat_slice bytes, const char *expected)
{
    char json[512] = "";
    size_t passed;
    assert_int_equal(write_json(bytes, json, sizeof json, &passed), LEAT_OK);
    assert_string_equal(json, expected);
    assert_int_equal(passed, bytes.size);
}

static void expect_refusal(leat_slice bytes, leat_status status, size_t at)
{
    char json[512] = "";
    size_t passed;
    assert_int_equal(write_json(bytes, json, sizeof json, &passed), status);
    assert_int_equal(passed, at);
}

static void test_json_text__scalars(void **state)
{
    (void)state;
    expect_json(SLICE("\xc0"), "null");
    expect_json(SLICE("\xc2"), "false");
    expect_json(SLICE("\xc3"), "true");
    expect_json(SLICE("\x07"), "7");
    expect_json(SLICE("\xff"), "-1");
    expect_json(SLICE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
    expect_json(SLICE("\xd3\x80\0\0\0\0\0\0\0"), "-9223372036854775808");
}

static void test_json_text__floats_stay_floats(void **state)
{
    (void)state;
    expect_json(SLICE("\xcb\x3f\xf0\0\0\0\0\0\0"), "1.0");
    expect_json(SLICE("\xcb\x80\0\0\0\0\0\0\0"), "-0.0");
    expect_json(SLICE("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1");
    expect_json(SLICE("\xca\x3d\xcc\xcc\xcd"), "0.10000000149011612");
    expect_json(SLICE("\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c"), "1e+300");
}

static void test_json_text__doubles_come_back_bit_for_bit(void **state)
{
    (void)state;
    uint64_t bits = 0x3fb999999999999a;
    for (int i = 0; i < 20000; i++) {
        bits = bits * 6364136223846793005U + 1442695040888963407U;
        uint8_t bytes[9] = {0xcb};
        for (int k = 0; k < 8; k++)
            bytes[1 + k] = (uint8_t)(bits >> (56 - 8 * k));
        double number, back;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            continue;
        char json[64] = "";
        size_t passed;
        assert_int_equal(write_json((leat_slice){bytes, 9}, json, sizeof json, &passed),
                         LEAT_OK);
        back = strtod(json, NULL);
        assert_memory_equal(&back, &number, sizeof back);
    }
}

static void test_json_text__what_json_lacks_is_tagged(void **state)
{
    (void)state;
    expect_json(SLICE("\xcb\x7f\xf8\0\0\0\0\0\0"), "{\"$float\":\"nan\"}");
    expect_json(SLICE("\xca\x7f\x80\0\0"), "{\"$float\":\"inf\"}");
    expect_json(SLICE("\xca\xff\x80\0\0"), "{\"$float\":\"-inf\"}");
    expect_json(SLICE("\xd6\xff\0\0\0\x05"), "{\"$time\":[5,0]}");
    expect_json(SLICE("\xc7\x0c\xff\0\0\0\x07\xff\xff\xff\xff\xff\xff\xff\xff"),
                "{\"$time\":[-1,7]}");
    expect_json(SLICE("\xd4\x72\x40"), "{\"$ext\":114,\"data\":\"QA==\"}");
    expect_json(SLICE("\xd4\xfe\x40"), "{\"$ext\":-2,\"data\":\"QA==\"}");
}

static void test_json_text__bytes_are_base64(void **state)
{
    (void)state;
    expect_json(SLICE("\xc4\x00"), "{\"$bin\":\"\"}");
    expect_json(SLICE("\xc4\x01M"), "{\"$bin\":\"TQ==\"}");
    expect_json(SLICE("\xc4\x02Ma"), "{\"$bin\":\"TWE=\"}");
    expect_json(SLICE("\xc4\x03Man"), "{\"$bin\":\"TWFu\"}");
    expect_json(SLICE("\xc4\x04\xff\xfe\xfd\xfc"), "{\"$bin\":\"//79/A==\"}");
}

static void test_json_text__text_is_escaped(void **state)
{
    (void)state;
    expect_json(SLICE("\xa8\"\\\n\x01\x7f\xc3\xa4x"),
                "\"\\\"\\\\\\n\\u0001\\u007f\xc3\xa4x\"");
    expect_json(SLICE("\xa1\0"), "\"\\u0000\"");
}

static void test_json_text__containers(void **state)
{
    (void)state;
    expect_json(SLICE("\x80"), "{}");
    expect_json(SLICE("\x90"), "[]");
    expect_json(SLICE("\x82\xa1k\x93\x01\x90\x80\xa1m\x81\xa1n\xc0"),
                "{\"k\":[1,[],{}],\"m\":{\"n\":null}}");
}

static void test_json_text__a_map_that_is_no_object_is_a_list_of_pairs(void **state)
{
    (void)state;
    expect_json(SLICE("\x82\xa1k\x01\x02\x03"), "{\"$map\":[[\"k\",1],[2,3]]}");
    expect_json(SLICE("\x81\xc4\x01k\x81\xc0\x01"),
                "{\"$map\":[[{\"$bin\":\"aw==\"},{\"$map\":[[null,1]]}]]}");
}

static void test_json_text__an_object_cannot_be_taken_for_a_tag(void **state)
{
    (void)state;
    expect_json(SLICE("\x81\xa4$bin\x01"), "{\"$map\":[[\"$bin\",1]]}");
    expect_json(SLICE("\x81\xa4$oid\x01"), "{\"$oid\":1}");
}

static void test_json_text__a_refusal_leaves_the_cursor_there(void **state)
{
    (void)state;
    expect_refusal(SLICE("\x92\x01\xc1"), LEAT_E_FORMAT, 2);
    expect_refusal(SLICE("\x81\xa1k\xa1\xff"), LEAT_E_UTF8, 3);
    expect_refusal(SLICE("\x81\xa1\xff\x01"), LEAT_E_UTF8, 1);
    uint8_t deep[LEAT_MSGPACK_MAX_DEPTH + 2];
    memset(deep, 0x91, sizeof deep);
    deep[sizeof deep - 1] = 1;
    expect_refusal((leat_slice){deep, sizeof deep}, LEAT_E_DEPTH, LEAT_MSGPACK_MAX_DEPTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_text__scalars),
        cmocka_unit_test(test_json_text__floats_stay_floats),
        cmocka_unit_test(test_json_text__doubles_come_back_bit_for_bit),
        cmocka_unit_test(test_json_text__what_json_lacks_is_tagged),
        cmocka_unit_test(test_json_text__bytes_are_base64),
        cmocka_unit_test(test_json_text__text_is_escaped),
        cmocka_unit_test(test_json_text__containers),
        cmocka_unit_test(test_json_text__a_map_that_is_no_object_is_a_list_of_pairs),
        cmocka_unit_test(test_json_text__an_object_cannot_be_taken_for_a_tag),
        cmocka_unit_test(test_json_text__a_refusal_leaves_the_cursor_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
