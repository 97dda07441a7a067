/* base/pack.h: msgpack, written straight into memory that is known to be large
 * enough.
 *
 * Each function writes one value (or the head of one) at `at` in its shortest form and
 * returns the end of it. Who calls has computed a bound first: a head is at most
 * LEAT_PACK_HEAD bytes, and nothing else grows.
 *
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_BASE_PACK_H
#define LEAT_BASE_PACK_H

#include "base/msgpack.h"

enum {
    LEAT_PACK_HEAD = 5,  /* at most: of a map, an array, a string or bytes */
    LEAT_PACK_F32 = 5,   /* exactly */
    LEAT_PACK_F64 = 9,   /* exactly */
    LEAT_PACK_UINT = 9,  /* at most */
    LEAT_PACK_INT = 9,   /* at most */
    LEAT_PACK_TIME = 15, /* at most */
};

/* The `size` low bytes of `value`, the highest first. */
static inline uint8_t *leat_pack_be(uint8_t *at, uint64_t value, unsigned size)
{
    value = __builtin_bswap64(value << (64 - 8 * size));
    memcpy(at, &value, size);
    return at + size;
}

/* How a container or string of n elements begins: n within the first byte, or behind it.
 */
typedef struct leat_pack_form {
    uint8_t fixed; /* | n, up to fixed_max */
    uint8_t fixed_max;
    uint8_t wide8; /* followed by one byte; 0: this type has no such form */
    uint8_t wide16;
    uint8_t wide32;
} leat_pack_form;

static inline uint8_t *leat_pack_head(uint8_t *at, leat_pack_form form, uint32_t n)
{
    if (n <= form.fixed_max)
        return leat_pack_be(at, form.fixed | n, 1);
    if (n <= UINT8_MAX && form.wide8)
        return leat_pack_be(leat_pack_be(at, form.wide8, 1), n, 1);
    if (n <= UINT16_MAX)
        return leat_pack_be(leat_pack_be(at, form.wide16, 1), n, 2);
    return leat_pack_be(leat_pack_be(at, form.wide32, 1), n, 4);
}

static inline uint8_t *leat_pack_map(uint8_t *at, uint32_t n)
{
    return leat_pack_head(at, (leat_pack_form){0x80, 15, 0, 0xde, 0xdf}, n);
}

static inline uint8_t *leat_pack_array(uint8_t *at, uint32_t n)
{
    return leat_pack_head(at, (leat_pack_form){0x90, 15, 0, 0xdc, 0xdd}, n);
}

static inline uint8_t *leat_pack_str_head(uint8_t *at, uint32_t n)
{
    return leat_pack_head(at, (leat_pack_form){0xa0, 31, 0xd9, 0xda, 0xdb}, n);
}

static inline uint8_t *leat_pack_bin_head(uint8_t *at, uint32_t n)
{
    if (n <= UINT8_MAX)
        return leat_pack_be(leat_pack_be(at, 0xc4, 1), n, 1);
    if (n <= UINT16_MAX)
        return leat_pack_be(leat_pack_be(at, 0xc5, 1), n, 2);
    return leat_pack_be(leat_pack_be(at, 0xc6, 1), n, 4);
}

static inline uint8_t *leat_pack_nil(uint8_t *at)
{
    return leat_pack_be(at, 0xc0, 1);
}

static inline uint8_t *leat_pack_bool(uint8_t *at, bool value)
{
    return leat_pack_be(at, value ? 0xc3 : 0xc2, 1);
}

static inline uint8_t *leat_pack_raw(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static inline uint8_t *leat_pack_str(uint8_t *at, const char *text)
{
    size_t size = strlen(text);
    return leat_pack_raw(leat_pack_str_head(at, (uint32_t)size), text, size);
}

/* A text that may be any bytes: a str, or bin where it is not UTF-8. */
static inline uint8_t *leat_pack_text(uint8_t *at, leat_slice text)
{
    at = leat_utf8_valid(text.data, text.size) ? leat_pack_str_head(at, text.size)
                                               : leat_pack_bin_head(at, text.size);
    return leat_pack_raw(at, text.data, text.size);
}

static inline uint8_t *leat_pack_uint(uint8_t *at, uint64_t value)
{
    if (value < 0x80)
        return leat_pack_be(at, value, 1);
    if (value <= UINT8_MAX)
        return leat_pack_be(leat_pack_be(at, 0xcc, 1), value, 1);
    if (value <= UINT16_MAX)
        return leat_pack_be(leat_pack_be(at, 0xcd, 1), value, 2);
    if (value <= UINT32_MAX)
        return leat_pack_be(leat_pack_be(at, 0xce, 1), value, 4);
    return leat_pack_be(leat_pack_be(at, 0xcf, 1), value, 8);
}

static inline uint8_t *leat_pack_int(uint8_t *at, int64_t value)
{
    uint64_t bits = (uint64_t)value;
    if (value >= 0)
        return leat_pack_uint(at, bits);
    if (value >= -32)
        return leat_pack_be(at, bits, 1);
    if (value >= INT8_MIN)
        return leat_pack_be(leat_pack_be(at, 0xd0, 1), bits, 1);
    if (value >= INT16_MIN)
        return leat_pack_be(leat_pack_be(at, 0xd1, 1), bits, 2);
    if (value >= INT32_MIN)
        return leat_pack_be(leat_pack_be(at, 0xd2, 1), bits, 4);
    return leat_pack_be(leat_pack_be(at, 0xd3, 1), bits, 8);
}

static inline uint8_t *leat_pack_f32(uint8_t *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return leat_pack_be(leat_pack_be(at, 0xca, 1), bits, 4);
}

static inline uint8_t *leat_pack_f64(uint8_t *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return leat_pack_be(leat_pack_be(at, 0xcb, 1), bits, 8);
}

/* A timestamp, ext -1, in the shortest of its three forms. */
static inline uint8_t *leat_pack_time(uint8_t *at, int64_t seconds, uint32_t nanoseconds)
{
    uint64_t unsigned_seconds = (uint64_t)seconds;
    if (unsigned_seconds >> 34) {
        at = leat_pack_raw(at, "\xc7\x0c\xff", 3);
        return leat_pack_be(leat_pack_be(at, nanoseconds, 4), unsigned_seconds, 8);
    }
    if (nanoseconds || unsigned_seconds > UINT32_MAX) {
        at = leat_pack_raw(at, "\xd7\xff", 2);
        return leat_pack_be(at, (uint64_t)nanoseconds << 34 | unsigned_seconds, 8);
    }
    return leat_pack_be(leat_pack_raw(at, "\xd6\xff", 2), unsigned_seconds, 4);
}

#endif
