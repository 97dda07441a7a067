/* Oracle: msgpack-c's unpacker, on random values and on random bytes. */
#include "base/msgpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

#define SLICE(text) ((leat_slice){(const uint8_t *)(text), sizeof(text) - 1})

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static leat_status read_one(leat_slice bytes, leat_value *value)
{
    leat_cursor cursor = leat_cursor_over(bytes);
    return leat_msgpack_read(&cursor, value);
}

static leat_status skip_one(leat_slice bytes, size_t *refused_at)
{
    leat_cursor cursor = leat_cursor_over(bytes);
    leat_status status = leat_msgpack_skip(&cursor, 0);
    *refused_at = (size_t)(cursor.at - cursor.start);
    return status;
}

static leat_status check_one(leat_slice bytes)
{
    leat_cursor cursor = leat_cursor_over(bytes);
    return leat_msgpack_check(&cursor, 0);
}

/* ---- scalars ---- */

static void expect_number(leat_slice bytes, leat_value_type type, double expected)
{
    leat_value value;
    double number;
    assert_int_equal(read_one(bytes, &value), LEAT_OK);
    assert_int_equal(value.type, type);
    assert_int_equal(leat_value_number(&value, &number), LEAT_OK);
    assert_true(number == expected);
}

static void test_msgpack__reads_every_form_of_integer(void **state)
{
    (void)state;
    expect_number(SLICE("\x00"), LEAT_VALUE_UINT, 0);
    expect_number(SLICE("\x7f"), LEAT_VALUE_UINT, 127);
    expect_number(SLICE("\xe0"), LEAT_VALUE_INT, -32);
    expect_number(SLICE("\xff"), LEAT_VALUE_INT, -1);
    expect_number(SLICE("\xcc\xff"), LEAT_VALUE_UINT, 255);
    expect_number(SLICE("\xcd\xff\xfe"), LEAT_VALUE_UINT, 65534);
    expect_number(SLICE("\xce\xff\xff\xff\xff"), LEAT_VALUE_UINT, 4294967295.0);
    expect_number(SLICE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), LEAT_VALUE_UINT,
                  18446744073709551615.0);
    expect_number(SLICE("\xd0\x80"), LEAT_VALUE_INT, -128);
    expect_number(SLICE("\xd1\x80\x00"), LEAT_VALUE_INT, -32768);
    expect_number(SLICE("\xd2\x80\x00\x00\x00"), LEAT_VALUE_INT, -2147483648.0);
    expect_number(SLICE("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), LEAT_VALUE_INT,
                  -9223372036854775808.0);
}

static void test_msgpack__a_positive_signed_integer_is_unsigned(void **state)
{
    (void)state;
    expect_number(SLICE("\xd0\x7f"), LEAT_VALUE_UINT, 127);
    expect_number(SLICE("\xd1\x01\x00"), LEAT_VALUE_UINT, 256);
    expect_number(SLICE("\xd3\x00\x00\x00\x00\x00\x00\x00\x00"), LEAT_VALUE_UINT, 0);
}

static void test_msgpack__reads_floats_and_booleans(void **state)
{
    (void)state;
    expect_number(SLICE("\xca\x3f\xc0\x00\x00"), LEAT_VALUE_FLOAT, 1.5);
    expect_number(SLICE("\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00"), LEAT_VALUE_DOUBLE, -1.5);
    expect_number(SLICE("\xc2"), LEAT_VALUE_BOOL, 0);
    expect_number(SLICE("\xc3"), LEAT_VALUE_BOOL, 1);
    expect_number(SLICE("\xca\x7f\x80\x00\x00"), LEAT_VALUE_FLOAT, INFINITY);
}

/* The number is loaded eight bytes at once where there are as many. */
static void test_msgpack__what_follows_a_number_is_not_part_of_it(void **state)
{
    (void)state;
    expect_number(SLICE("\xcd\x01\x02\xff\xff\xff\xff\xff\xff\xff"), LEAT_VALUE_UINT,
                  258);
    expect_number(SLICE("\x05\xff\xff\xff\xff\xff\xff\xff\xff"), LEAT_VALUE_UINT, 5);
}

static void test_msgpack__what_is_no_number_says_so(void **state)
{
    (void)state;
    leat_slice others[] = {SLICE("\xc0"),     SLICE("\xa1x"),
                           SLICE("\xc4\x00"), SLICE("\x90"),
                           SLICE("\x80"),     SLICE("\xd6\xff\x00\x00\x00\x01")};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        leat_value value;
        double number;
        assert_int_equal(read_one(others[i], &value), LEAT_OK);
        assert_int_equal(leat_value_number(&value, &number), LEAT_E_TYPE);
    }
}

static void expect_time(leat_slice bytes, int64_t seconds, uint32_t nanoseconds)
{
    leat_value value;
    assert_int_equal(read_one(bytes, &value), LEAT_OK);
    assert_int_equal(value.type, LEAT_VALUE_TIME);
    assert_int_equal(value.as.time.seconds, seconds);
    assert_int_equal(value.as.time.nanoseconds, nanoseconds);
}

static void test_msgpack__reads_the_three_forms_of_a_timestamp(void **state)
{
    (void)state;
    expect_time(SLICE("\xd6\xff\x65\x53\xf1\x00"), 1700000000, 0);
    expect_time(SLICE("\xd7\xff\xee\x6b\x27\xfc\x65\x53\xf1\x00"), 1700000000, 999999999);
    expect_time(SLICE("\xd7\xff\x00\x00\x00\x03\xff\xff\xff\xff"), 17179869183, 0);
    expect_time(SLICE("\xc7\x0c\xff\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff"), -1,
                1);
}

static void test_msgpack__refuses_a_false_timestamp(void **state)
{
    (void)state;
    leat_slice others[] = {
        SLICE("\xd4\xff\x00"),
        SLICE("\xd7\xff\xee\x6b\x28\x00\x00\x00\x00\x00"),
        SLICE("\xc7\x00\xff"),
        SLICE("\xc7\x0c\xff\x3b\x9a\xca\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
    };
    leat_value value;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(read_one(others[i], &value), LEAT_E_FORMAT);
}

static void test_msgpack__reads_strings_bytes_and_ext(void **state)
{
    (void)state;
    leat_value value;
    assert_int_equal(read_one(SLICE("\xd9\x03"
                                    "abc"),
                              &value),
                     LEAT_OK);
    assert_int_equal(value.type, LEAT_VALUE_STR);
    assert_int_equal(value.size, 3);
    assert_memory_equal(value.as.bytes, "abc", 3);
    assert_int_equal(read_one(SLICE("\xc5\x00\x02"
                                    "ab"),
                              &value),
                     LEAT_OK);
    assert_int_equal(value.type, LEAT_VALUE_BIN);
    assert_int_equal(read_one(SLICE("\xd5\xfe"
                                    "ab"),
                              &value),
                     LEAT_OK);
    assert_int_equal(value.type, LEAT_VALUE_EXT);
    assert_int_equal(value.ext_type, -2);
    assert_int_equal(value.size, 2);
    assert_memory_equal(value.as.bytes, "ab", 2);
}

/* ---- refusals ---- */

static void expect_refusal(leat_slice bytes, leat_status status, size_t at)
{
    size_t refused_at;
    assert_int_equal(skip_one(bytes, &refused_at), status);
    assert_int_equal(refused_at, at);
}

static void test_msgpack__a_refusal_names_the_byte(void **state)
{
    (void)state;
    expect_refusal(SLICE(""), LEAT_E_TRUNCATED, 0);
    expect_refusal(SLICE("\x92\x01"), LEAT_E_COUNT, 0);
    expect_refusal(SLICE("\x92\x01\xcd\x01"), LEAT_E_TRUNCATED, 2);
    expect_refusal(SLICE("\x93\x01\x92\x01\xc1"), LEAT_E_FORMAT, 4);
    expect_refusal(SLICE("\x81\xa1k\xa5x"), LEAT_E_TRUNCATED, 3);
}

static void test_msgpack__counts_beyond_the_payload_are_refused_at_once(void **state)
{
    (void)state;
    expect_refusal(SLICE("\xdd\xff\xff\xff\xff"), LEAT_E_COUNT, 0);
    expect_refusal(SLICE("\xdf\x80\x00\x00\x00"), LEAT_E_COUNT, 0);
    expect_refusal(SLICE("\x92\x01\xdc\x00\x02\x01"), LEAT_E_COUNT, 2);
    expect_refusal(SLICE("\x82\x01\x01\x01"), LEAT_E_COUNT, 0);
}

static leat_slice nest(uint8_t *bytes, size_t depth)
{
    memset(bytes, 0x91, depth);
    bytes[depth] = 1;
    return (leat_slice){bytes, (uint32_t)depth + 1};
}

static void test_msgpack__depth_is_bounded(void **state)
{
    (void)state;
    uint8_t bytes[LEAT_MSGPACK_MAX_DEPTH + 2];
    size_t at;
    leat_slice deepest = nest(bytes, LEAT_MSGPACK_MAX_DEPTH);
    assert_int_equal(skip_one(deepest, &at), LEAT_OK);
    leat_cursor inside = leat_cursor_over(deepest);
    assert_int_equal(leat_msgpack_skip(&inside, 1), LEAT_E_DEPTH);
    expect_refusal(nest(bytes, LEAT_MSGPACK_MAX_DEPTH + 1), LEAT_E_DEPTH,
                   LEAT_MSGPACK_MAX_DEPTH);
}

static void test_msgpack__check_wants_utf8_and_skip_does_not(void **state)
{
    (void)state;
    size_t at;
    leat_slice bytes = SLICE("\x92\xa2\xc3\xa4\xa2\xc3\x28");
    assert_int_equal(skip_one(bytes, &at), LEAT_OK);
    assert_int_equal(check_one(bytes), LEAT_E_UTF8);
    assert_int_equal(check_one(SLICE("\xa2\xc3\xa4")), LEAT_OK);
    assert_int_equal(check_one(SLICE("\xc4\x01\xff")), LEAT_OK);
}

static void test_msgpack__check_takes_no_ext_but_timestamps(void **state)
{
    (void)state;
    size_t at;
    leat_slice ext = SLICE("\x91\xd4\x05\x00");
    assert_int_equal(skip_one(ext, &at), LEAT_OK);
    assert_int_equal(check_one(ext), LEAT_E_FORMAT);
    assert_int_equal(check_one(SLICE("\x91\xd6\xff\x00\x00\x00\x01")), LEAT_OK);
}

static void expect_words(leat_slice bytes, const char *words)
{
    leat_cursor cursor = leat_cursor_over(bytes);
    leat_error error;
    leat_status status = leat_msgpack_check(&cursor, 0);
    assert_int_equal(leat_msgpack_explain(&cursor, 100, status, &error), status);
    if (!strstr(error.msg, words))
        fail_msg("'%s' does not hold '%s'", error.msg, words);
}

static void test_msgpack__explains_what_is_wrong_and_where(void **state)
{
    (void)state;
    expect_words(SLICE("\x92\x01\xcd\x01"), "payload is truncated at byte 102 of 104");
    expect_words(SLICE("\x91\xc1"), "byte 101 is 0xc1");
    expect_words(SLICE("\x91\xd4\x72\x40"), "useRecords: false");
    expect_words(SLICE("\x91\xd4\x05\x40"), "ext type 5 at byte 101");
    expect_words(SLICE("\x91\xd4\xff\x40"), "timestamp at byte 101");
    expect_words(SLICE("\x91\xa1\xff"), "string at byte 101 is not valid UTF-8");
    expect_words(SLICE("\xdd\xff\xff\xff\xff"), "more elements than it has bytes");
    uint8_t bytes[LEAT_MSGPACK_MAX_DEPTH + 2];
    expect_words(nest(bytes, LEAT_MSGPACK_MAX_DEPTH + 1),
                 "more than 64 deep at byte 164");
}

static void test_msgpack__every_type_has_a_text(void **state)
{
    (void)state;
    for (int type = LEAT_VALUE_NIL; type <= LEAT_VALUE_NONE; type++)
        assert_non_null(leat_value_type_text((leat_value_type)type));
}

/* ---- UTF-8 ---- */

/* RFC 3629's table, the slow way. */
static bool is_utf8_plainly(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint32_t code = text[i], n = code < 0x80   ? 0
                                     : code < 0xe0 ? 1
                                     : code < 0xf0 ? 2
                                                   : 3;
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if ((code >= 0x80 && code < 0xc0) || code > 0xf7 || n >= size - i)
            return false;
        code &= n ? 0x3fU >> n : 0x7f;
        for (uint32_t k = 1; k <= n; k++) {
            if ((text[i + k] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (text[i + k] & 0x3f);
        }
        if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
        i += n + 1;
    }
    return true;
}

/* Every start of a character with its second byte, alone and behind a word of ASCII. */
static void test_msgpack__utf8_is_as_in_rfc3629(void **state)
{
    (void)state;
    uint8_t text[] = "12345678????";
    static const uint8_t rests[][2] = {
        {0x80, 0x80}, {0xbf, 0xbf}, {0x7f, 0x80}, {'a', 'b'}};
    for (unsigned both = 0; both < 0x10000; both++) {
        text[8] = (uint8_t)(both >> 8);
        text[9] = (uint8_t)both;
        for (int rest = 0; rest < 4; rest++) {
            memcpy(text + 10, rests[rest], 2);
            for (size_t size = 9; size <= 12; size++) {
                bool valid = is_utf8_plainly(text, size);
                assert_int_equal(leat_utf8_valid(text, size), valid);
                assert_int_equal(leat_utf8_valid(text + 8, size - 8), valid);
            }
        }
    }
}

/* ---- against msgpack-c ---- */

static void pack_random(msgpack_packer *packer, uint32_t *seed, int depth)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog, twice a day";
    uint32_t choice = next_random(seed) % (depth ? 11 : 9);
    uint32_t bits = next_random(seed) >> next_random(seed) % 32;
    uint32_t size = bits % (uint32_t)sizeof text;
    switch (choice) {
    case 0:
        msgpack_pack_nil(packer);
        break;
    case 1:
        bits & 1 ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
        break;
    case 2:
        msgpack_pack_uint64(packer, (uint64_t)bits << bits % 33);
        break;
    case 3:
        msgpack_pack_int64(packer, -(int64_t)((uint64_t)bits << bits % 32));
        break;
    case 4:
        msgpack_pack_float(packer, (float)bits / 7);
        break;
    case 5:
        msgpack_pack_double(packer, bits / 7.0);
        break;
    case 6:
        msgpack_pack_str_with_body(packer, text, size);
        break;
    case 7:
        msgpack_pack_bin_with_body(packer, text, size);
        break;
    case 8:
        msgpack_pack_ext_with_body(packer, text, size, (int8_t)(bits % 100));
        break;
    case 9:
        msgpack_pack_array(packer, bits % 20);
        for (uint32_t i = 0; i < bits % 20; i++)
            pack_random(packer, seed, depth - 1);
        break;
    default:
        msgpack_pack_map(packer, bits % 20);
        for (uint32_t i = 0; i < 2 * (bits % 20); i++)
            pack_random(packer, seed, depth - 1);
    }
}

static void expect_same(leat_cursor *cursor, const msgpack_object *object);

static void expect_same_elements(leat_cursor *cursor, const leat_value *value,
                                 const msgpack_object *object)
{
    if (value->type == LEAT_VALUE_ARRAY) {
        assert_int_equal(object->type, MSGPACK_OBJECT_ARRAY);
        assert_int_equal(value->size, object->via.array.size);
        for (uint32_t i = 0; i < value->size; i++)
            expect_same(cursor, &object->via.array.ptr[i]);
        return;
    }
    assert_int_equal(object->type, MSGPACK_OBJECT_MAP);
    assert_int_equal(value->size, object->via.map.size);
    for (uint32_t i = 0; i < value->size; i++) {
        expect_same(cursor, &object->via.map.ptr[i].key);
        expect_same(cursor, &object->via.map.ptr[i].val);
    }
}

static void expect_same_bytes(const leat_value *value, const char *bytes, uint32_t size)
{
    assert_int_equal(value->size, size);
    assert_memory_equal(value->as.bytes, bytes, size);
}

static void expect_same(leat_cursor *cursor, const msgpack_object *object)
{
    leat_value value;
    assert_int_equal(leat_msgpack_read(cursor, &value), LEAT_OK);
    switch (value.type) {
    case LEAT_VALUE_NIL:
        assert_int_equal(object->type, MSGPACK_OBJECT_NIL);
        break;
    case LEAT_VALUE_BOOL:
        assert_int_equal(object->type, MSGPACK_OBJECT_BOOLEAN);
        assert_int_equal(value.as.u, object->via.boolean);
        break;
    case LEAT_VALUE_INT:
        assert_int_equal(object->type, MSGPACK_OBJECT_NEGATIVE_INTEGER);
        assert_int_equal(value.as.i, object->via.i64);
        break;
    case LEAT_VALUE_UINT:
        assert_int_equal(object->type, MSGPACK_OBJECT_POSITIVE_INTEGER);
        assert_int_equal(value.as.u, object->via.u64);
        break;
    case LEAT_VALUE_FLOAT:
    case LEAT_VALUE_DOUBLE:
        assert_int_equal(object->type, value.type == LEAT_VALUE_FLOAT
                                           ? MSGPACK_OBJECT_FLOAT32
                                           : MSGPACK_OBJECT_FLOAT64);
        assert_memory_equal(&value.as.f, &object->via.f64, sizeof value.as.f);
        break;
    case LEAT_VALUE_STR:
        assert_int_equal(object->type, MSGPACK_OBJECT_STR);
        expect_same_bytes(&value, object->via.str.ptr, object->via.str.size);
        break;
    case LEAT_VALUE_BIN:
        assert_int_equal(object->type, MSGPACK_OBJECT_BIN);
        expect_same_bytes(&value, object->via.bin.ptr, object->via.bin.size);
        break;
    case LEAT_VALUE_EXT:
        assert_int_equal(object->type, MSGPACK_OBJECT_EXT);
        assert_int_equal(value.ext_type, object->via.ext.type);
        expect_same_bytes(&value, object->via.ext.ptr, object->via.ext.size);
        break;
    case LEAT_VALUE_TIME:
        assert_int_equal(object->type, MSGPACK_OBJECT_EXT);
        break;
    default:
        expect_same_elements(cursor, &value, object);
    }
}

static void test_msgpack__random_values_are_read_as_msgpack_c_reads_them(void **state)
{
    (void)state;
    uint32_t seed = 20260709;
    for (int i = 0; i < 2000; i++) {
        msgpack_sbuffer buffer;
        msgpack_packer packer;
        msgpack_sbuffer_init(&buffer);
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        pack_random(&packer, &seed, 4);
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, buffer.data, buffer.size, NULL),
                         MSGPACK_UNPACK_SUCCESS);
        leat_slice bytes = {(const uint8_t *)buffer.data, (uint32_t)buffer.size};
        leat_cursor cursor = leat_cursor_over(bytes);
        expect_same(&cursor, &unpacked.data);
        assert_ptr_equal(cursor.at, cursor.end);
        cursor = leat_cursor_over(bytes);
        assert_int_equal(leat_msgpack_skip(&cursor, 0), LEAT_OK);
        assert_ptr_equal(cursor.at, cursor.end);
        msgpack_unpacked_destroy(&unpacked);
        msgpack_sbuffer_destroy(&buffer);
    }
}

/* Where the rules are the same: not for timestamps, which msgpack-c does not look into,
 * nor where it stops at its own depth. It allocates by the declared count, so counts of
 * 32 bits are kept from it. */
static bool is_for_the_oracle(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == 0xdd || bytes[i] == 0xdf || bytes[i] == 0xff)
            return false;
    return true;
}

static void test_msgpack__random_bytes_are_accepted_as_msgpack_c_accepts_them(
    void **state)
{
    (void)state;
    static const uint8_t heads[] = {0x81, 0x82, 0x91, 0x92, 0x93, 0xa1, 0xa2, 0xc0, 0xc1,
                                    0xc4, 0xc5, 0xc7, 0xca, 0xcb, 0xcc, 0xcd, 0xd1, 0xd4,
                                    0xd6, 0xd9, 0xda, 0xdc, 0xde, 0x01, 0x02, 0xe0};
    uint32_t seed = 7, n_accepted = 0, n_refused = 0;
    for (int round = 0; round < 30000; round++) {
        uint8_t bytes[24];
        size_t size = 1 + next_random(&seed) % (sizeof bytes - 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = next_random(&seed) % 4 ? heads[next_random(&seed) % sizeof heads]
                                              : (uint8_t)next_random(&seed);
        if (!is_for_the_oracle(bytes, size))
            continue;
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        size_t end = 0;
        msgpack_unpack_return expected =
            msgpack_unpack_next(&unpacked, (const char *)bytes, size, &end);
        msgpack_unpacked_destroy(&unpacked);
        size_t at;
        leat_status status = skip_one((leat_slice){bytes, (uint32_t)size}, &at);
        bool accepts = expected == MSGPACK_UNPACK_SUCCESS;
        assert_int_equal(status == LEAT_OK, accepts);
        if (accepts)
            assert_int_equal(at, end);
        accepts ? n_accepted++ : n_refused++;
    }
    assert_true(n_accepted > 1000 && n_refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_msgpack__reads_every_form_of_integer),
        cmocka_unit_test(test_msgpack__a_positive_signed_integer_is_unsigned),
        cmocka_unit_test(test_msgpack__reads_floats_and_booleans),
        cmocka_unit_test(test_msgpack__what_follows_a_number_is_not_part_of_it),
        cmocka_unit_test(test_msgpack__what_is_no_number_says_so),
        cmocka_unit_test(test_msgpack__reads_the_three_forms_of_a_timestamp),
        cmocka_unit_test(test_msgpack__refuses_a_false_timestamp),
        cmocka_unit_test(test_msgpack__reads_strings_bytes_and_ext),
        cmocka_unit_test(test_msgpack__a_refusal_names_the_byte),
        cmocka_unit_test(test_msgpack__counts_beyond_the_payload_are_refused_at_once),
        cmocka_unit_test(test_msgpack__depth_is_bounded),
        cmocka_unit_test(test_msgpack__check_wants_utf8_and_skip_does_not),
        cmocka_unit_test(test_msgpack__check_takes_no_ext_but_timestamps),
        cmocka_unit_test(test_msgpack__explains_what_is_wrong_and_where),
        cmocka_unit_test(test_msgpack__every_type_has_a_text),
        cmocka_unit_test(test_msgpack__utf8_is_as_in_rfc3629),
        cmocka_unit_test(test_msgpack__random_values_are_read_as_msgpack_c_reads_them),
        cmocka_unit_test(
            test_msgpack__random_bytes_are_accepted_as_msgpack_c_accepts_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
