/* The oracle is msgpack-c's own packer: every form, on both sides of each boundary. */
#include "base/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <msgpack.h>

static msgpack_sbuffer expected;
static msgpack_packer packer;

static int setup(void **state)
{
    (void)state;
    msgpack_sbuffer_init(&expected);
    msgpack_packer_init(&packer, &expected, msgpack_sbuffer_write);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    msgpack_sbuffer_destroy(&expected);
    return 0;
}

static void assert_packed(const uint8_t *start, const uint8_t *end)
{
    assert_int_equal(end - start, expected.size);
    assert_memory_equal(start, expected.data, expected.size);
    msgpack_sbuffer_clear(&expected);
}

static const uint32_t counts[] = {0,   1,   15,    16,    17,       31,        32,
                                  255, 256, 257,   65535, 65536,    65537,     1u << 20,
                                  127, 128, 32767, 32768, 1u << 31, UINT32_MAX};
enum { N_COUNTS = sizeof counts / sizeof counts[0] };

static void test_pack__map_heads_are_msgpack_cs(void **state)
{
    (void)state;
    uint8_t out[LEAT_PACK_HEAD];
    for (int i = 0; i < N_COUNTS; i++) {
        msgpack_pack_map(&packer, counts[i]);
        assert_packed(out, leat_pack_map(out, counts[i]));
    }
}

static void test_pack__array_heads_are_msgpack_cs(void **state)
{
    (void)state;
    uint8_t out[LEAT_PACK_HEAD];
    for (int i = 0; i < N_COUNTS; i++) {
        msgpack_pack_array(&packer, counts[i]);
        assert_packed(out, leat_pack_array(out, counts[i]));
    }
}

static void test_pack__string_heads_are_msgpack_cs(void **state)
{
    (void)state;
    uint8_t out[LEAT_PACK_HEAD];
    for (int i = 0; i < N_COUNTS; i++) {
        msgpack_pack_str(&packer, counts[i]);
        assert_packed(out, leat_pack_str_head(out, counts[i]));
    }
}

static void test_pack__heads_of_bytes_are_msgpack_cs(void **state)
{
    (void)state;
    uint8_t out[LEAT_PACK_HEAD];
    for (int i = 0; i < N_COUNTS; i++) {
        msgpack_pack_bin(&packer, counts[i]);
        assert_packed(out, leat_pack_bin_head(out, counts[i]));
    }
}

static void test_pack__text_is_a_str_where_it_can_be(void **state)
{
    (void)state;
    uint8_t out[LEAT_PACK_HEAD + 4];
    static const uint8_t text[] = "\xc3\xa4\xff";
    for (uint32_t n = 0; n <= 3; n += n ? 1 : 2) {
        if (n < 3)
            msgpack_pack_str_with_body(&packer, text, n);
        else
            msgpack_pack_bin_with_body(&packer, text, n);
        assert_packed(out, leat_pack_text(out, (leat_slice){text, n}));
    }
}

static void test_pack__unsigned_integers_are_msgpack_cs(void **state)
{
    (void)state;
    uint8_t out[LEAT_PACK_UINT];
    for (unsigned bit = 0; bit < 64; bit++)
        for (int off = -1; off <= 1; off++) {
            uint64_t value = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
            msgpack_pack_uint64(&packer, value);
            assert_packed(out, leat_pack_uint(out, value));
        }
}

static void test_pack__signed_integers_are_msgpack_cs(void **state)
{
    (void)state;
    uint8_t out[LEAT_PACK_INT];
    for (unsigned bit = 0; bit < 63; bit++)
        for (int off = -1; off <= 1; off++)
            for (int sign = -1; sign <= 1; sign += 2) {
                int64_t value = sign * ((INT64_C(1) << bit) + off);
                msgpack_pack_int64(&packer, value);
                assert_packed(out, leat_pack_int(out, value));
            }
    msgpack_pack_int64(&packer, INT64_MIN);
    assert_packed(out, leat_pack_int(out, INT64_MIN));
}

static void test_pack__floats_are_msgpack_cs(void **state)
{
    (void)state;
    static const float values[] = {0.0f, -0.0f, 1.0f, -1.5f, 0.1f, 1e-45f, 3.4e38f};
    uint8_t out[LEAT_PACK_F32];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        msgpack_pack_float(&packer, values[i]);
        assert_packed(out, leat_pack_f32(out, values[i]));
    }
}

static void test_pack__doubles_are_msgpack_cs(void **state)
{
    (void)state;
    static const double values[] = {0.0, -0.0, 1.0, 0.1, 5e-324, 1.7e308};
    uint8_t out[LEAT_PACK_F64];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        msgpack_pack_double(&packer, values[i]);
        assert_packed(out, leat_pack_f64(out, values[i]));
    }
}

static void test_pack__times_are_msgpack_cs(void **state)
{
    (void)state;
    static const int64_t seconds[] = {0,
                                      1,
                                      1700000000,
                                      UINT32_MAX,
                                      INT64_C(1) << 32,
                                      (INT64_C(1) << 34) - 1,
                                      INT64_C(1) << 34,
                                      INT64_MAX,
                                      -1,
                                      -1700000000,
                                      INT64_MIN};
    static const uint32_t nanoseconds[] = {0, 1, 123000000, 999999999};
    uint8_t out[LEAT_PACK_TIME];
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++)
        for (size_t j = 0; j < sizeof nanoseconds / sizeof nanoseconds[0]; j++) {
            msgpack_timestamp time = {.tv_sec = seconds[i], .tv_nsec = nanoseconds[j]};
            msgpack_pack_timestamp(&packer, &time);
            assert_packed(out, leat_pack_time(out, seconds[i], nanoseconds[j]));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack__map_heads_are_msgpack_cs),
        cmocka_unit_test(test_pack__array_heads_are_msgpack_cs),
        cmocka_unit_test(test_pack__string_heads_are_msgpack_cs),
        cmocka_unit_test(test_pack__heads_of_bytes_are_msgpack_cs),
        cmocka_unit_test(test_pack__text_is_a_str_where_it_can_be),
        cmocka_unit_test(test_pack__unsigned_integers_are_msgpack_cs),
        cmocka_unit_test(test_pack__signed_integers_are_msgpack_cs),
        cmocka_unit_test(test_pack__floats_are_msgpack_cs),
        cmocka_unit_test(test_pack__doubles_are_msgpack_cs),
        cmocka_unit_test(test_pack__times_are_msgpack_cs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
