/* The texts are those of JSONTestSuite's three kinds: what every parser must take, what
 * none may, and what RFC 8259 leaves open, where this says what we do. */
#include "json_pack_fixture.h"

/* A row's text and its bytes. */
#define ROW(text) text, sizeof(text) - 1

static void test_json_pack_grammar__takes_what_is_json(void **state)
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

static void test_json_pack_grammar__refuses_structure_that_is_no_json(void **state)
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

static void test_json_pack_grammar__refuses_words_and_numbers_that_are_none(void **state)
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

static void test_json_pack_grammar__refuses_strings_that_are_none(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_pack_grammar__takes_what_is_json),
        cmocka_unit_test(test_json_pack_grammar__refuses_structure_that_is_no_json),
        cmocka_unit_test(test_json_pack_grammar__refuses_words_and_numbers_that_are_none),
        cmocka_unit_test(test_json_pack_grammar__refuses_strings_that_are_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
