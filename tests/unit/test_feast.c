/* Against bytes that Feast 0.67 made; tests/conformance/feast asks the real one. */
#include "features/lookup/feast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static leat_arena arena;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static leat_slice from_hex(const char *hex)
{
    uint32_t size = (uint32_t)strlen(hex) / 2;
    uint8_t *bytes = leat_arena_alloc(&arena, size);
    for (uint32_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return (leat_slice){bytes, size};
}

static const char *to_hex(leat_slice slice)
{
    char *hex = leat_arena_calloc(&arena, 2, slice.size + 1);
    for (uint32_t i = 0; i < slice.size; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", slice.data[i]);
    return hex;
}

static leat_slice slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

/* ---- keys ---- */

static void test_feast__murmur3_is_the_known_one(void **state)
{
    (void)state;
    assert_int_equal(leat_murmur3_32(slice_of(""), 0), 0);
    assert_int_equal(leat_murmur3_32(slice_of(""), 1), 0x514e28b7);
    assert_int_equal(leat_murmur3_32(slice_of("hello"), 0), 0x248bfa47);
    assert_int_equal(leat_murmur3_32(slice_of("hello, world"), 0), 0x149bbb7f);
    assert_int_equal(leat_murmur3_32(slice_of("driver_hourly_stats:conv_rate"), 0),
                     0xdae36061);
    assert_int_equal(leat_murmur3_32(slice_of("v:a"), 0), 0x197d6756);
    assert_int_equal(leat_murmur3_32(slice_of("v:ab"), 0), 0xa05f7f5d);
    assert_int_equal(leat_murmur3_32(slice_of("v:abc"), 0), 0x412ee5a8);
}

typedef struct key_case {
    const char *project;
    uint32_t version;
    uint32_t n;
    leat_feast_join joins[3];
    const char *values[3]; /* msgpack, in hex; NULL: absent */
    leat_status status;
    const char *key;
} key_case;

static void check_key(const key_case *asked)
{
    leat_slice values[3] = {{0}}, key = {0};
    uint32_t at_fault = 9;
    for (uint32_t i = 0; i < asked->n; i++)
        if (asked->values[i])
            values[i] = from_hex(asked->values[i]);
    leat_status status = leat_feast_key(&arena, asked->project, asked->version,
                                        asked->joins, values, asked->n, &key, &at_fault);
    if (status != asked->status)
        fail_msg("%s: %s", asked->values[0], leat_status_name(status));
    if (status == LEAT_OK)
        assert_string_equal(to_hex(key), asked->key);
    else
        assert_int_equal(at_fault, asked->n - 1);
}

static void test_feast__keys_are_feasts(void **state)
{
    static const key_case cases[] = {
        {"my_project",
         3,
         1,
         {{.name = "driver_id"}},
         {"cd03e9"},
         LEAT_OK,
         "0100000002000000090000006472697665725f69640400000008000000e903000000000000"
         "6d795f70726f6a656374"},
        {"my_project",
         2,
         1,
         {{.name = "driver_id"}},
         {"cd03e9"},
         LEAT_OK,
         "020000006472697665725f69640400000008000000e9030000000000006d795f70726f6a65637"
         "4"},
        {"p",
         3,
         3,
         {{"a", 0, LEAT_FEAST_INT32}, {.name = "b"}, {.name = "c"}},
         {"fe", "a178", "c40200ff"},
         LEAT_OK,
         "030000000200000001000000610200000001000000620200000001000000630300000004000000"
         "feffffff020000000100000078010000000200000000ff70"},
        {"p",
         2,
         3,
         {{"a", 0, LEAT_FEAST_INT32}, {.name = "b"}, {.name = "c"}},
         {"fe", "a178", "c40200ff"},
         LEAT_OK,
         "0200000061020000006202000000630300000004000000feffffff020000000100000078"
         "010000000200000000ff70"},
        {"p",
         3,
         1,
         {{.name = "t"}},
         {"d6ff6553f100"},
         LEAT_OK,
         "01000000020000000100000074080000000800000000f153650000000070"},
        {"p",
         3,
         1,
         {{"t", 0, LEAT_FEAST_UNIX_TIMESTAMP}},
         {"ce6553f100"},
         LEAT_OK,
         "01000000020000000100000074080000000800000000f153650000000070"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_key(&cases[i]);
}

static void test_feast__a_type_may_be_asked_for(void **state)
{
    static const char one[] = "0100000002000000010000006b04000000080000000100000000000000"
                              "70";
    static const key_case cases[] = {
        {"p", 3, 1, {{"k", 0, LEAT_FEAST_INT64}}, {"a131"}, LEAT_OK, one}, /* "1" */
        {"p", 3, 1, {{"k", 0, LEAT_FEAST_INT64}}, {"01"}, LEAT_OK, one},
        {"p",
         3,
         1,
         {{"k", 0, LEAT_FEAST_STRING}},
         {"d0f6"},
         LEAT_OK, /* -10 */
         "0100000002000000010000006b02000000030000002d313070"},
        {"p",
         3,
         1,
         {{"k", 0, LEAT_FEAST_BYTES}},
         {"a178"},
         LEAT_OK,
         "0100000002000000010000006b01000000010000007870"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_key(&cases[i]);
}

static void test_feast__what_a_join_key_cannot_be(void **state)
{
    static const key_case cases[] = {
        {"p", 3, 1, {{.name = "k"}}, {NULL}, LEAT_E_MISSING, NULL},
        {"p", 3, 1, {{.name = "k"}}, {"c0"}, LEAT_E_MISSING, NULL},
        {"p", 3, 1, {{.name = "k"}}, {"c3"}, LEAT_E_TYPE, NULL},
        {"p", 3, 1, {{.name = "k"}}, {"ca3f800000"}, LEAT_E_TYPE, NULL},
        {"p", 3, 1, {{.name = "k"}}, {"90"}, LEAT_E_TYPE, NULL},
        {"p", 3, 1, {{.name = "k"}}, {"cfffffffffffffffff"}, LEAT_E_RANGE, NULL},
        {"p", 3, 1, {{"k", 0, LEAT_FEAST_INT32}}, {"ce80000000"}, LEAT_E_RANGE, NULL},
        {"p", 3, 1, {{"k", 0, LEAT_FEAST_INT64}}, {"a178"}, LEAT_E_TYPE, NULL},
        {"p", 3, 1, {{"k", 0, LEAT_FEAST_BYTES}}, {"01"}, LEAT_E_TYPE, NULL},
        {"p", 3, 2, {{.name = "a"}, {.name = "k"}}, {"01", "c2"}, LEAT_E_TYPE, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_key(&cases[i]);
}

/* ---- values ---- */

static void test_feast__values_become_msgpack(void **state)
{
    static const char *const cases[][2] = {
        {"", "c0"},                       /* nothing */
        {"980100", "c0"},                 /* null */
        {"350000003f", "ca3f000000"},     /* float 0.5 */
        {"209601", "cc96"},               /* int64 150 */
        {"20ffffffffffffffffff01", "ff"}, /* int64 -1 */
        {"18fbffffffffffffffff01", "fb"}, /* int32 -5 */
        {"299a9999999999b93f", "cb3fb999999999999a"},
        {"3801", "c3"},
        {"3800", "c2"},
        {"120368c3a9", "a368c3a9"},     /* a string */
        {"0a020102", "c4020102"},       /* bytes */
        {"4080e2cfaa06", "ce6553f100"}, /* a time */
        {"720f0a0d01ac02ffffffffffffffffff01", "9301cd012cff"},
        {"82010a0a080000003f0000803f", "92ca3f000000ca3f800000"},
        {"7a0a0a089a9999999999b93f", "91cb3fb999999999999a"},
        {"62050a01610a00", "92a161a0"},
        {"8a01040a020100", "92c3c2"},
        {"6a00", "90"}, /* an empty list */
        {"5a030a017a", "91c4017a"},
        {"ca01030a0107", "9107"},       /* a set */
        {"720408010802", "920102"},     /* a list that is not packed */
        {"72060a01010a0102", "920102"}, /* packed in two parts */
        {"72020a00", "90"},             /* a part of nothing */
        {"20011803", "03"},             /* the last of two counts */
        {"8202027b7d", "a27b7d"},       /* json */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        leat_slice packed;
        leat_error error;
        if (leat_feast_value(from_hex(cases[i][0]), &arena, &packed, &error) != LEAT_OK)
            fail_msg("%s: %s", cases[i][0], error.msg);
        assert_string_equal(to_hex(packed), cases[i][1]);
    }
}

static void test_feast__what_is_no_value_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        leat_status status;
    } cases[] = {
        {"20", LEAT_E_FORMAT},                       /* no number behind the tag */
        {"2096", LEAT_E_FORMAT},                     /* half a number */
        {"20ffffffffffffffffffff01", LEAT_E_FORMAT}, /* 11 bytes of a number */
        {"0a05", LEAT_E_FORMAT},                     /* fewer bytes than said */
        {"3500", LEAT_E_FORMAT},                     /* half a float */
        {"00", LEAT_E_FORMAT},                       /* field 0 */
        {"23", LEAT_E_FORMAT},                       /* a group */
        {"22020102", LEAT_E_FORMAT},                 /* an int64 as bytes */
        {"7001", LEAT_E_FORMAT},                     /* a list as a number */
        {"72020896", LEAT_E_FORMAT},                 /* half an element */
        {"72021001", LEAT_E_FORMAT},                 /* a list's field 2 */
        {"72030a0196", LEAT_E_FORMAT},               /* half a packed one */
        {"1201ff", LEAT_E_UTF8},                     /* not UTF-8 */
        {"62030a01ff", LEAT_E_UTF8},                 /* in a list */
        {"a20100", LEAT_E_TYPE},                     /* a map */
        {"800101", LEAT_E_FORMAT},                   /* field 16 as a number */
        {"f8ffffff0f01", LEAT_E_TYPE},               /* a very large field */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        leat_slice packed;
        leat_error error;
        leat_status status =
            leat_feast_value(from_hex(cases[i].bytes), &arena, &packed, &error);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].bytes, leat_status_name(status));
    }
}

static void test_feast__times(void **state)
{
    leat_event_time time;
    leat_error error;
    (void)state;
    assert_int_equal(leat_feast_time(from_hex("0880e2cfaa0610959aef3a"), &time, &error),
                     LEAT_OK);
    assert_int_equal(time.seconds, 1700000000);
    assert_int_equal(time.nanoseconds, 123456789);
    assert_int_equal(leat_feast_time(from_hex(""), &time, &error), LEAT_OK);
    assert_int_equal(time.seconds, 0);
    assert_int_equal(leat_feast_time(from_hex("08"), &time, &error), LEAT_E_FORMAT);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(test_feast__murmur3_is_the_known_one),
        FRESH(test_feast__keys_are_feasts),
        FRESH(test_feast__a_type_may_be_asked_for),
        FRESH(test_feast__what_a_join_key_cannot_be),
        FRESH(test_feast__values_become_msgpack),
        FRESH(test_feast__what_is_no_value_is_refused),
        FRESH(test_feast__times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
