/* The texts are those of JSONTestSuite's three kinds: what every parser must take, what
 * none may, and what RFC 8259 leaves open, where this says what we do. jansson is the
 * second opinion (tests/json_twin.h). */
#include "base/json_pack.h"

#include "allocations.h"
#include "base/msgpack.h"
#include "tests/json_twin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static leat_arena arena;
static leat_json_fault fault;
static leat_error error;

#define TEXT(text) ((leat_slice){(const uint8_t *)(text), sizeof(text) - 1})
/* A row's text and its bytes. */
#define ROW(text) text, sizeof(text) - 1

static int setup(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

/* From memory that ends with the text, so that a sanitizer sees who reads on. */
static leat_status pack(leat_slice text, leat_slice *packed)
{
    uint8_t *copy = malloc(text.size ? text.size : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.size);
    *packed = (leat_slice){0};
    leat_arena_reset(&arena);
    leat_status status =
        leat_json_pack((leat_slice){copy, text.size}, &arena, packed, &fault);
    free(copy);
    return status;
}

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

static void expect_agreement(leat_slice text)
{
    leat_slice packed;
    leat_status status = pack(text, &packed);
    if (!json_twin_agrees(text, status, packed))
        fail_msg("%.*s: jansson does not agree", (int)text.size, text.data);
    leat_cursor cursor = leat_cursor_over(packed);
    if (status == LEAT_OK && (leat_msgpack_check(&cursor, 0) || cursor.at != cursor.end))
        fail_msg("%.*s: is no valid msgpack", (int)text.size, text.data);
}

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

/* ---- what is taken ---- */

static void test_json_pack__takes_what_is_json(void **state)
{
    static const struct {
        const char *text;
        uint32_t size;
    } rows[] = {
        {ROW("[[]   ]")},
        {ROW("[\"\"]")},
        {ROW("[]")},
        {ROW("[\"a\"]")},
        {ROW("[false]")},
        {ROW("[null, 1, \"1\", {}]")},
        {ROW("[null]")},
        {ROW("[1\n]")},
        {ROW(" [1]")},
        {ROW("[1,null,null,null,2]")},
        {ROW("[2] ")},
        {ROW("[123e65]")},
        {ROW("[0e+1]")},
        {ROW("[0e1]")},
        {ROW("[ 4]")},
        {ROW(
            "[-0.000000000000000000000000000000000000000000000000000000000000000000000000"
            "000001]\n")},
        {ROW("[20e1]")},
        {ROW("[-0]")},
        {ROW("[-123]")},
        {ROW("[-1]")},
        {ROW("[1E22]")},
        {ROW("[1E-2]")},
        {ROW("[1E+2]")},
        {ROW("[123e45]")},
        {ROW("[123.456e78]")},
        {ROW("[1e-2]")},
        {ROW("[1e+2]")},
        {ROW("[123]")},
        {ROW("[123.456789]")},
        {ROW("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}")},
        {ROW("{\"asd\":\"sdf\"}")},
        {ROW("{\"a\":\"b\",\"a\":\"c\"}")},
        {ROW("{\"a\":\"b\",\"a\":\"b\"}")},
        {ROW("{\"\":0}")},
        {ROW("{\"foo\\u0000bar\": 42}")},
        {ROW("{ \"min\": -1.0e+28, \"max\": 1.0e+28 }")},
        {ROW("{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": "
             "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}")},
        {ROW("{\"a\":[]}")},
        {ROW("{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\" }")},
        {ROW("{\n\"a\": \"b\"\n}")},
        {ROW("[\"\\u0060\\u012a\\u12AB\"]")},
        {ROW("[\"\\uD801\\udc37\"]")},
        {ROW("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]")},
        {ROW("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]")},
        {ROW("[\"\\\\u0000\"]")},
        {ROW("[\"\\\"\"]")},
        {ROW("[\"a/*b*/c/*d//e\"]")},
        {ROW("[\"\\\\a\"]")},
        {ROW("[\"\\\\n\"]")},
        {ROW("[\"\\u0012\"]")},
        {ROW("[\"\\uFFFF\"]")},
        {ROW("[\"asd\"]")},
        {ROW("[ \"asd\"]")},
        {ROW("[\"\\uDBFF\\uDFFF\"]")},
        {ROW("[\"new\\u00A0line\"]")},
        {ROW("[\"\xf4\x8f\xbf\xbf\"]")},
        {ROW("[\"\xef\xbf\xbf\"]")},
        {ROW("[\"\\u0000\"]")},
        {ROW("[\"\\u002c\"]")},
        {ROW("[\"\xcf\x80\"]")},
        {ROW("[\"asd \"]")},
        {ROW("\" \"")},
        {ROW("[\"\\uD834\\uDd1e\"]")},
        {ROW("[\"\\u0821\"]")},
        {ROW("[\"\xe2\x80\xa8\"]")},
        {ROW("[\"\xe2\x80\xa9\"]")},
        {ROW("[\"\\u0061\\u30af\\u30EA\\u30b9\"]")},
        {ROW("[\"\x7f\"]")},
        {ROW("[\"\\u200B\"]")},
        {ROW("[\"\\uFDD0\"]")},
        {ROW("[\"\\u0022\"]")},
        {ROW("[\"\xe2\x82\xac\xf0\x9d\x84\x9e\"]")},
        {ROW("[\"a\x7f"
             "a\"]")},
        {ROW("false")},
        {ROW("42")},
        {ROW("-0.1")},
        {ROW("null")},
        {ROW("\"asd\"")},
        {ROW("true")},
        {ROW("\"\"")},
        {ROW("[\"a\"]\n")},
        {ROW("[true]")},
        {ROW(" [] ")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        leat_slice text = {(const uint8_t *)rows[i].text, rows[i].size}, packed;
        if (pack(text, &packed) != LEAT_OK)
            fail_msg("%s: refused at byte %u", rows[i].text, fault.at);
        expect_agreement(text);
    }
}

/* ---- what is refused ---- */

typedef struct refused {
    const char *text;
    uint32_t size;
    leat_status status;
    uint32_t at;
} refused;

static void expect_refused(const refused *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        leat_slice text = {(const uint8_t *)rows[i].text, rows[i].size}, packed;
        leat_status status = pack(text, &packed);
        if (status != rows[i].status || fault.at != rows[i].at)
            fail_msg("%s: %s at byte %u, expected %s at %u", rows[i].text,
                     leat_status_name(status), fault.at, leat_status_name(rows[i].status),
                     rows[i].at);
        expect_agreement(text);
    }
}

#define EXPECT_REFUSED(rows) expect_refused(rows, sizeof(rows) / sizeof(rows)[0])
#define FORMAT(text, at)                                                                 \
    {                                                                                    \
        ROW(text), LEAT_E_FORMAT, at                                                     \
    }
#define ENDS(text)                                                                       \
    {                                                                                    \
        ROW(text), LEAT_E_TRUNCATED, sizeof(text) - 1                                    \
    }

static void test_json_pack__refuses_structure_that_is_no_json(void **state)
{
    static const refused rows[] = {
        ENDS(""),
        ENDS(" "),
        ENDS("["),
        ENDS("{"),
        ENDS("[1"),
        ENDS("[1,"),
        ENDS("[\"a\","),
        ENDS("[1,1\n,1"),
        ENDS("[{}"),
        ENDS("[\"a\",\n4\n,1,"),
        ENDS("[{\"\":[{\"\":"),
        ENDS("{\"a\""),
        ENDS("{\"a\":"),
        ENDS("{\"a\":\"b\""),
        ENDS("{\"a\":1,"),
        ENDS("{ \"foo\" : \"bar\", \"a\""),
        FORMAT("[1,]", 3),
        FORMAT("[1,,2]", 3),
        FORMAT("[,1]", 1),
        FORMAT("[,]", 1),
        FORMAT("[1 true]", 3),
        FORMAT("[\"x\", truth]", 9),
        FORMAT("[3[4]]", 2),
        FORMAT("[a]", 1),
        FORMAT("[\"\": 1]", 3),
        FORMAT("[1:2]", 2),
        FORMAT("[1}", 2),
        FORMAT("[}", 1),
        FORMAT("]", 0),
        FORMAT("}", 0),
        FORMAT("{]", 1),
        FORMAT("{\"a\":1]", 6),
        FORMAT("{,}", 1),
        FORMAT("{\"a\":1,}", 7),
        FORMAT("{\"a\":1,,\"b\":2}", 7),
        FORMAT("{\"a\" 1}", 5),
        FORMAT("{\"a\":}", 5),
        FORMAT("{\"a\"::1}", 5),
        FORMAT("{\"a\",1}", 4),
        FORMAT("{\"a\":1 \"b\":2}", 7),
        FORMAT("{\"a\":1 2}", 7),
        FORMAT("{1:1}", 1),
        FORMAT("{1}", 1),
        FORMAT("{null:1}", 1),
        FORMAT("{a:1}", 1),
        FORMAT("{'a':1}", 1),
        FORMAT("{[]:1}", 1),
        FORMAT("{\"a\":b}", 5),
        FORMAT("*", 0),
        FORMAT("[*]", 1),
        FORMAT("[//c\n1]", 1),
        FORMAT("[1/*c*/]", 2),
        FORMAT("#c\n1", 0),
        FORMAT("[\f]", 1),
        FORMAT("[\v]", 1),
        FORMAT("[\0]", 1),
        FORMAT("[1\0]", 2),
        FORMAT("\0", 0),
        FORMAT("[\xc2\xa0]", 1),
        FORMAT("[\xe2\x81\xa0]", 1),
        FORMAT("\xef\xbb\xbf{}", 0),
        FORMAT("<null>", 0),
        FORMAT("\xe5", 0),
        FORMAT("\x81\xa1p\x01", 0),
        {ROW("[]]"), LEAT_E_TRAILING, 2},
        {ROW("[] x"), LEAT_E_TRAILING, 3},
        {ROW("{}{}"), LEAT_E_TRAILING, 2},
        {ROW("{}#"), LEAT_E_TRAILING, 2},
        {ROW("{\"a\":1}/**/"), LEAT_E_TRAILING, 7},
        {ROW("1 2"), LEAT_E_TRAILING, 2},
        {ROW("\"a\"\"b\""), LEAT_E_TRAILING, 3},
        {ROW("{}\0"), LEAT_E_TRAILING, 2},
        {ROW("nullx"), LEAT_E_TRAILING, 4},
        {ROW("{} ,"), LEAT_E_TRAILING, 3},
    };
    (void)state;
    EXPECT_REFUSED(rows);
}

static void test_json_pack__refuses_words_and_numbers_that_are_none(void **state)
{
    static const refused rows[] = {
        ENDS("nul"),
        ENDS("tru"),
        ENDS("fals"),
        ENDS("-"),
        ENDS("1."),
        ENDS("0e"),
        ENDS("1e+"),
        FORMAT("[nul]", 4),
        FORMAT("[nulL]", 4),
        FORMAT("[tru]", 4),
        FORMAT("[fals]", 5),
        FORMAT("[True]", 1),
        FORMAT("[TRUE]", 1),
        FORMAT("[NaN]", 1),
        FORMAT("[nan]", 2),
        FORMAT("[Infinity]", 1),
        FORMAT("[-Infinity]", 2),
        FORMAT("[-NaN]", 2),
        FORMAT("[undefined]", 1),
        FORMAT("[-]", 2),
        FORMAT("[--1]", 2),
        FORMAT("[- 1]", 2),
        FORMAT("[-a]", 2),
        FORMAT("[+1]", 1),
        FORMAT("[++1]", 1),
        FORMAT("[.5]", 1),
        FORMAT("[-.5]", 2),
        FORMAT("[1.]", 3),
        FORMAT("[-2.]", 4),
        FORMAT("[0.e1]", 3),
        FORMAT("[2.e+3]", 3),
        FORMAT("[01]", 2),
        FORMAT("[-01]", 3),
        FORMAT("[012]", 2),
        FORMAT("[00]", 2),
        FORMAT("[0x1]", 2),
        FORMAT("[0x42]", 2),
        FORMAT("[0e]", 3),
        FORMAT("[0E+]", 4),
        FORMAT("[1.0e-]", 6),
        FORMAT("[1ea]", 3),
        FORMAT("[1e1.5]", 4),
        FORMAT("[1e1e1]", 4),
        FORMAT("[1.2.3]", 4),
        FORMAT("[1_000]", 2),
        FORMAT("[1 000]", 3),
        FORMAT("[1a]", 2),
        FORMAT("[1+2]", 2),
        FORMAT("[\xef\xbc\x91]", 1),
        {ROW("012"), LEAT_E_TRAILING, 1},
        {ROW("[1e400]"), LEAT_E_RANGE, 1},
        {ROW("[0,-1e309]"), LEAT_E_RANGE, 3},
        {ROW("1e99999999999999999999"), LEAT_E_RANGE, 0},
    };
    (void)state;
    EXPECT_REFUSED(rows);
}

static void test_json_pack__refuses_strings_that_are_none(void **state)
{
    static const refused rows[] = {
        ENDS("\""),
        ENDS("\"abcdefgh"),
        ENDS("\"a\\"),
        ENDS("[\"\\\"]"),
        FORMAT("['a']", 1),
        FORMAT("[\"a\nb\"]", 3),
        FORMAT("[\"\t\"]", 2),
        FORMAT("[\"a\0b\"]", 3),
        FORMAT("[\"12345678\x1f\"]", 10),
        FORMAT("[\"\\a\"]", 3),
        FORMAT("[\"\\x00\"]", 3),
        FORMAT("[\"\\\t\"]", 3),
        FORMAT("[\"\\\0\"]", 3),
        FORMAT("[\"\\'\"]", 3),
        FORMAT("[\"\\\xf0\x9f\x8c\x80\"]", 3),
        FORMAT("[\"\\U0041\"]", 3),
        FORMAT("[\"\\u\"]", 2),
        FORMAT("[\"\\u00A\"]", 2),
        FORMAT("[\"\\u00Gx\"]", 2),
        FORMAT("[\"\\u 041\"]", 2),
        FORMAT("[\"\\ud800\"]", 2),
        FORMAT("[\"\\udc00\"]", 2),
        FORMAT("[\"\\uD800\\\"]", 2),
        FORMAT("[\"\\uD800\\u\"]", 2),
        FORMAT("[\"\\uD800\\u1x\"]", 2),
        FORMAT("[\"\\uD800\\uD800\"]", 2),
        FORMAT("[\"\\uDc00\\uD800\"]", 2),
        FORMAT("[\"ab\\ud834x\"]", 4),
        FORMAT("[\"\\ud800\\n\"]", 2),
        {ROW("[\"a\xff\"]"), LEAT_E_UTF8, 1},
        {ROW("[1,\"\xc0\x80\"]"), LEAT_E_UTF8, 3},
        {ROW("[\"\xed\xa0\x80\"]"), LEAT_E_UTF8, 1},
        {ROW("[\"\xf4\x90\x80\x80\"]"), LEAT_E_UTF8, 1},
        {ROW("[\"\xe0\xff\"]"), LEAT_E_UTF8, 1},
        {ROW("[\"\x81\"]"), LEAT_E_UTF8, 1},
        {ROW("[\"\xe9\"]"), LEAT_E_UTF8, 1},
        {ROW("[\"123456789\xc3\\u00e9\"]"), LEAT_E_UTF8, 1},
        {ROW("{\"\xb9\":0}"), LEAT_E_UTF8, 1},
    };
    (void)state;
    EXPECT_REFUSED(rows);
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

/* ---- documents by chance ---- */

struct writer {
    char *at;
    unsigned depth;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *writer,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    writer->at += vsprintf(writer->at, format, args);
    va_end(args);
}

static void put_space(struct writer *writer)
{
    static const char *const spaces[] = {"", "", "", " ", "\n", "\t \r\n"};
    put(writer, "%s", spaces[rand() % 6]);
}

static void put_string(struct writer *writer)
{
    static const char *const parts[] = {"a",
                                        "key",
                                        "0123456789",
                                        "\\n",
                                        "\\u00e9",
                                        "\\\\",
                                        "\xc3\xa9",
                                        "\xf0\x9f\x98\x80",
                                        "\\ud83d\\ude00",
                                        "\\\"",
                                        "/",
                                        " "};
    put(writer, "\"");
    for (int n = rand() % 6; n; n--)
        put(writer, "%s", parts[rand() % 12]);
    put(writer, "\"");
}

static void put_number(struct writer *writer)
{
    long long integer = ((long long)rand() << 32 ^ rand()) >> rand() % 62;
    switch (rand() % 4) {
    case 0:
        put(writer, "%lld", rand() % 2 ? integer : -integer);
        break;
    case 1:
        put(writer, "%.*f", rand() % 8, (double)rand() / 7 - 1e8);
        break;
    case 2:
        put(writer, "%.17g", (double)integer / 3e9);
        break;
    default:
        put(writer, "%d.%de%d", rand() % 10, rand(), rand() % 600 - 300);
    }
}

static void put_value(struct writer *writer);

static void put_container(struct writer *writer, bool is_object)
{
    writer->depth++;
    put(writer, is_object ? "{" : "[");
    put_space(writer);
    for (int i = 0, n = rand() % 5; i < n; i++) {
        if (i)
            put(writer, ",");
        put_space(writer);
        if (is_object) {
            put_string(writer);
            put_space(writer);
            put(writer, ":");
            put_space(writer);
        }
        put_value(writer);
        put_space(writer);
    }
    put(writer, is_object ? "}" : "]");
    writer->depth--;
}

static void put_value(struct writer *writer)
{
    static const char *const words[] = {"true", "false", "null"};
    int kind = rand() % (writer->depth < 5 ? 7 : 4);
    if (kind >= 4)
        put_container(writer, kind > 4);
    else if (kind == 3)
        put_string(writer);
    else if (kind == 2)
        put(writer, "%s", words[rand() % 3]);
    else
        put_number(writer);
}

/* Whole ones, and each with one byte changed. */
static void test_json_pack__agrees_with_jansson_on_generated_documents(void **state)
{
    static const char changes[] = "\"\\,:[]{}019e.-+ \x80\xc3u\n"; /* and a zero */
    static char text[1 << 20];
    (void)state;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        struct writer writer = {text, 0};
        put_container(&writer, i % 2);
        leat_slice whole = {(const uint8_t *)text, (uint32_t)(writer.at - text)}, packed;
        assert_int_equal(pack(whole, &packed), LEAT_OK);
        expect_agreement(whole);
        text[(uint32_t)rand() % whole.size] = changes[(size_t)rand() % sizeof changes];
        expect_agreement(whole);
    }
}

/* ---- in words ---- */

static void expect_words(leat_slice text, uint64_t origin, const char *words)
{
    leat_slice packed;
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
        cmocka_unit_test(test_json_pack__takes_what_is_json),
        cmocka_unit_test(test_json_pack__refuses_structure_that_is_no_json),
        cmocka_unit_test(test_json_pack__refuses_words_and_numbers_that_are_none),
        cmocka_unit_test(test_json_pack__refuses_strings_that_are_none),
        cmocka_unit_test(test_json_pack__nests_as_deep_as_msgpack),
        cmocka_unit_test(test_json_pack__output_stays_within_what_was_reserved),
        cmocka_unit_test(test_json_pack__a_warm_arena_asks_the_heap_for_nothing),
        cmocka_unit_test(test_json_pack__agrees_with_jansson_on_generated_documents),
        cmocka_unit_test(test_json_pack__says_where_and_what_was_expected),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
