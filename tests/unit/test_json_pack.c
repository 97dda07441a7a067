/* What becomes of each value, how deep, at what cost, and the words for what is no JSON. */
#include "json_pack_fixture.h"

#include "allocations.h"

#include <stdio.h>
#include <stdlib.h>

static void expect_packed(leat_slice text, leat_slice expected)
{
    leat_slice packed;
    leat_status status = pack(text, &packed);
    if (status != LEAT_OK)
        fail_msg("%.*s: refused at byte %u", (int)text.size, text.data, fault.at);
    if (!leat_slice_equal(packed, expected))
        fail_msg("%.*s: is something else", (int)text.size, text.data);
}

#define EXPECT(text, msgpack) expect_packed(TEXT(text), TEXT(msgpack))

/* ---- what each value becomes ---- */

static void test_json_pack__integers_are_kept_to_the_last_digit(void **state)
{
    (void)state;
    EXPECT("0", "\0");
    EXPECT("-0", "\0");
    EXPECT("127", "\x7f");
    EXPECT("-32", "\xe0");
    EXPECT("-33", "\xd0\xdf");
    EXPECT("9007199254740993", "\xcf\0\x20\0\0\0\0\0\1");
    EXPECT("9223372036854775807", "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff");
    EXPECT("-9223372036854775808", "\xd3\x80\0\0\0\0\0\0\0");
    EXPECT("9999999999999999999", "\xcf\x8a\xc7\x23\x04\x89\xe7\xff\xff");
    EXPECT("10000000000000000000", "\xcf\x8a\xc7\x23\x04\x89\xe8\0\0");
    EXPECT("18446744073709551615", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
}

static void test_json_pack__other_numbers_are_doubles(void **state)
{
    (void)state;
    EXPECT("1.0", "\xcb\x3f\xf0\0\0\0\0\0\0");
    EXPECT("-0.0", "\xcb\x80\0\0\0\0\0\0\0");
    EXPECT("1e1", "\xcb\x40\x24\0\0\0\0\0\0");
    EXPECT("1E+1", "\xcb\x40\x24\0\0\0\0\0\0");
    EXPECT("0.1", "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a");
    EXPECT("18446744073709551616", "\xcb\x43\xf0\0\0\0\0\0\0");
    EXPECT("19999999999999999999", "\xcb\x43\xf1\x58\xe4\x60\x91\x3d\0");
    EXPECT("-9223372036854775809", "\xcb\xc3\xe0\0\0\0\0\0\0");
    EXPECT("-18446744073709551615", "\xcb\xc3\xf0\0\0\0\0\0\0");
    EXPECT("1.7976931348623157e308", "\xcb\x7f\xef\xff\xff\xff\xff\xff\xff");
    EXPECT("5e-324", "\xcb\0\0\0\0\0\0\0\1");
    EXPECT("1e-400", "\xcb\0\0\0\0\0\0\0\0");
    EXPECT("0e99999999999999999999", "\xcb\0\0\0\0\0\0\0\0");
    EXPECT("123e-10000000000000000000", "\xcb\0\0\0\0\0\0\0\0");
}

static void test_json_pack__containers_have_long_heads(void **state)
{
    (void)state;
    EXPECT(" [ ] ", "\xdd\0\0\0\0");
    EXPECT("{}", "\xdf\0\0\0\0");
    EXPECT("[1,[2,{}],\"x\"]", "\xdd\0\0\0\3\1\xdd\0\0\0\2\2\xdf\0\0\0\0\xa1x");
    EXPECT("{\"a\":{\"b\":[]},\"c\":null}", "\xdf\0\0\0\2\xa1"
                                            "a\xdf\0\0\0\1\xa1"
                                            "b\xdd\0\0\0\0\xa1"
                                            "c\xc0");
    EXPECT("\t[true\r\n,\nfalse ,null]", "\xdd\0\0\0\3\xc3\xc2\xc0");
}

static void test_json_pack__equal_keys_pass_on_as_they_are(void **state)
{
    (void)state;
    EXPECT("{\"a\":1,\"a\":2}", "\xdf\0\0\0\2\xa1"
                                "a\1\xa1"
                                "a\2");
}

static void test_json_pack__strings_have_the_shortest_head(void **state)
{
    static const uint32_t sizes[] = {0, 1, 7, 8, 9, 31, 32, 33, 255, 256, 65535, 65536};
    static const uint32_t heads[] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 5};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t n = sizes[i];
        uint8_t *text = malloc(n + 2);
        assert_non_null(text);
        memset(text, 'x', n + 2);
        text[0] = text[n + 1] = '"';
        leat_slice packed;
        assert_int_equal(pack((leat_slice){text, n + 2}, &packed), LEAT_OK);
        assert_int_equal(packed.size, heads[i] + n);
        assert_memory_equal(packed.data + heads[i], text + 1, n);
        expect_agreement((leat_slice){text, n + 2});
        free(text);
    }
}

static void test_json_pack__escapes_are_what_they_mean(void **state)
{
    (void)state;
    EXPECT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\xa8\"\\/\b\f\n\r\t");
    EXPECT("\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"",
           "\xaa"
           "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT("\"a\\u0000b\"", "\xa3"
                            "a\0b");
    EXPECT("{\"\\u006b\":1}", "\xdf\0\0\0\1\xa1k\1");
    EXPECT("\"1234567\\n12345678\\n\"", "\xb1"
                                        "1234567\n12345678\n");
}

/* ---- how deep ---- */

static leat_slice nested(char *text, uint32_t depth, const char *open, const char *inside,
                         const char *close)
{
    size_t size = 0;
    for (uint32_t i = 0; i < depth; i++)
        size += (size_t)sprintf(text + size, "%s", open);
    size += (size_t)sprintf(text + size, "%s", inside);
    for (uint32_t i = 0; i < depth; i++)
        size += (size_t)sprintf(text + size, "%s", close);
    return (leat_slice){(const uint8_t *)text, (uint32_t)size};
}

static void test_json_pack__nests_as_deep_as_msgpack(void **state)
{
    static char text[8 * 1000];
    leat_slice packed;
    (void)state;
    expect_agreement(nested(text, 64, "[", "1e1", "]"));
    assert_int_equal(pack(nested(text, 64, "[", "1e1", "]"), &packed), LEAT_OK);
    assert_int_equal(pack(nested(text, 65, "[", "", "]"), &packed), LEAT_E_DEPTH);
    assert_int_equal(fault.at, 64);
    assert_int_equal(pack(nested(text, 1000, "[", "", ""), &packed), LEAT_E_DEPTH);
    assert_int_equal(pack(nested(text, 64, "[", "", ""), &packed), LEAT_E_TRUNCATED);
    expect_agreement(nested(text, 64, "{\"\":", "1", "}"));
    assert_int_equal(pack(nested(text, 64, "{\"\":", "1", "}"), &packed), LEAT_OK);
    assert_int_equal(pack(nested(text, 65, "{\"\":", "1", "}"), &packed), LEAT_E_DEPTH);
    assert_int_equal(fault.at, 64 * 4);
}

/* ---- what it costs ---- */

static void test_json_pack__output_stays_within_what_was_reserved(void **state)
{
    static char text[8 * 1000];
    (void)state;
    for (uint32_t depth = 0; depth <= 64; depth++)
        expect_agreement(nested(text, depth, "[", "1e1,1e1,[],[],0e0", "]"));
}

static void test_json_pack__a_warm_arena_asks_the_heap_for_nothing(void **state)
{
    (void)state;
    leat_slice text = TEXT("{\"a\":[1,2.5,\"x\\n\",\"\xc3\xa9\"],\"b\":null}"), packed;
    assert_int_equal(leat_json_pack(text, &arena, &packed, &fault), LEAT_OK);
    leat_arena_reset(&arena);
    size_t calls = allocated.calls;
    assert_int_equal(leat_json_pack(text, &arena, &packed, &fault), LEAT_OK);
    assert_int_equal(allocated.calls, calls);
}

/* ---- in words ---- */

static void expect_words(leat_slice text, uint64_t origin, const char *words)
{
    leat_slice packed;
    leat_error error;
    leat_status status = pack(text, &packed);
    assert_int_equal(leat_json_explain(text, &fault, origin, status, &error), status);
    assert_string_equal(error.msg, words);
}

static void test_json_pack__says_where_and_what_was_expected(void **state)
{
    (void)state;
    expect_words(TEXT("[1 2]"), 0, "found '2' at byte 3, expected ',' or ']'");
    expect_words(TEXT("{\"a\":1;"), 0, "found ';' at byte 6, expected ',' or '}'");
    expect_words(TEXT("{\"a\":NaN}"), 0, "found 'N' at byte 5, expected a value");
    expect_words(TEXT("{a:1}"), 100, "found 'a' at byte 101, expected a key in quotes");
    expect_words(TEXT("[\"a\nb\"]"), 0, "found 0x0a at byte 3, expected text or '\"'");
    expect_words(TEXT("{\"a\":"), 0, "the JSON ends at byte 5, expected a value");
    expect_words(TEXT(""), 0, "the JSON ends at byte 0, expected a value");
    expect_words(TEXT("[1e999]"), 10, "the number at byte 11 is beyond a double");
    expect_words(TEXT("[\"\xff\"]"), 0, "the string at byte 1 is not valid UTF-8");
    expect_words(TEXT("{} {}"), 0, "payload has trailing bytes at byte 3 of 5");
    expect_words(
        TEXT("\x81\xa1p\1"), 0,
        "found 0x81 at byte 0, expected a value (the payload looks like msgpack)");
    expect_words(
        TEXT("\xde\0\x10"), 0,
        "found 0xde at byte 0, expected a value (the payload looks like msgpack)");
    expect_words(TEXT("\xef\xbb\xbf{}"), 0,
                 "found 0xef at byte 0, expected a value (a byte order mark?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_pack__integers_are_kept_to_the_last_digit),
        cmocka_unit_test(test_json_pack__other_numbers_are_doubles),
        cmocka_unit_test(test_json_pack__containers_have_long_heads),
        cmocka_unit_test(test_json_pack__equal_keys_pass_on_as_they_are),
        cmocka_unit_test(test_json_pack__strings_have_the_shortest_head),
        cmocka_unit_test(test_json_pack__escapes_are_what_they_mean),
        cmocka_unit_test(test_json_pack__nests_as_deep_as_msgpack),
        cmocka_unit_test(test_json_pack__output_stays_within_what_was_reserved),
        cmocka_unit_test(test_json_pack__a_warm_arena_asks_the_heap_for_nothing),
        cmocka_unit_test(test_json_pack__says_where_and_what_was_expected),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
