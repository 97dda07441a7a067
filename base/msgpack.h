/* base/msgpack.h: a bounded walk over one msgpack value.
 *
 * A payload is somebody else's bytes. This reader trusts no count and no depth: a
 * container that declares more elements than the remaining bytes could hold is refused
 * before anything is read of it, and skipping a nested value takes no stack and no memory
 * of its own beyond LEAT_MSGPACK_MAX_DEPTH. It allocates nothing.
 *
 * What the first byte of a value means is data (leat_msgpack_heads), so reading a head is
 * one load, one shift and one switch.
 *
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * Owns:    nothing; values point into the payload.
 * Threads: any.
 * Fails:   E_TRUNCATED, E_COUNT, E_DEPTH, E_FORMAT (0xc1, an ext -1 that is no
 *          timestamp), E_UTF8; the cursor stays on the value that was refused, so
 *          `cursor->at - cursor->start` is where it went wrong.
 */
#ifndef LEAT_BASE_MSGPACK_H
#define LEAT_BASE_MSGPACK_H

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { LEAT_MSGPACK_MAX_DEPTH = 64 };

#define LEAT_ALWAYS_INLINE static inline __attribute__((always_inline))

typedef struct leat_cursor {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
} leat_cursor;

typedef enum leat_value_type {
    LEAT_VALUE_NIL,
    LEAT_VALUE_BOOL,   /* as.u: 0 or 1 */
    LEAT_VALUE_INT,    /* as.i: negative */
    LEAT_VALUE_UINT,   /* as.u: zero or positive */
    LEAT_VALUE_FLOAT,  /* as.f: from float32 */
    LEAT_VALUE_DOUBLE, /* as.f */
    LEAT_VALUE_STR,    /* as.bytes, size */
    LEAT_VALUE_BIN,    /* as.bytes, size */
    LEAT_VALUE_TIME,   /* as.time: seconds since 1970 and nanoseconds (ext -1) */
    LEAT_VALUE_EXT,    /* as.bytes, size, ext_type */
    LEAT_VALUE_ARRAY,  /* size elements follow */
    LEAT_VALUE_MAP,    /* size pairs follow */
    LEAT_VALUE_NONE,   /* 0xc1, which begins nothing; never read */
} leat_value_type;

typedef struct leat_value {
    leat_value_type type;
    uint32_t size; /* bytes of STR, BIN, EXT; elements of ARRAY; pairs of MAP */
    int8_t ext_type;
    union {
        uint64_t u;
        int64_t i;
        double f;
        const uint8_t *bytes;
        struct {
            int64_t seconds;
            uint32_t nanoseconds; /* below 1e9 */
        } time;
    } as;
} leat_value;

/* What a first byte means. The value's number (an integer, the bits of a float, a count)
 * is in the `width` bytes behind it, big-endian, in its own `embedded` bits, or `fixed`.
 * First bytes that differ in nothing but `embedded` bits mean the same. */
typedef struct leat_head {
    uint8_t type;
    uint8_t width;
    uint8_t embedded;
    uint8_t fixed;
} leat_head;

extern const leat_head leat_msgpack_heads[256];

static inline leat_cursor leat_cursor_over(leat_slice slice)
{
    const uint8_t *end = slice.size ? slice.data + slice.size : slice.data;
    return (leat_cursor){slice.data, slice.data, end}; /* nothing may be added to NULL */
}

/* A big-endian number of `width` (at most 8) bytes; `left` bytes may be read. */
static inline uint64_t leat_msgpack_number(const uint8_t *at, unsigned width, size_t left)
{
    uint64_t number = 0;
    if (left >= sizeof number) {
        memcpy(&number, at, sizeof number);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        number = __builtin_bswap64(number);
#endif
        return width ? number >> (64 - 8 * width) : 0; /* no shift by 64 */
    }
    for (unsigned i = 0; i < width; i++)
        number = number << 8 | at[i];
    return number;
}

static inline double leat_msgpack_float(uint64_t number)
{
    uint32_t bits = (uint32_t)number;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static inline double leat_msgpack_double(uint64_t number)
{
    double value;
    memcpy(&value, &number, sizeof value);
    return value;
}

/* As leat_msgpack_read, but any ext is left as bytes. It is inline, and takes two
 * pointers instead of a cursor, so that all of it can live in registers. */
LEAT_ALWAYS_INLINE leat_status leat_msgpack_read_at(const uint8_t **start,
                                                    const uint8_t *end, leat_value *value)
{
    const uint8_t *at = *start;
    size_t left = (size_t)(end - at);
    if (!left)
        return LEAT_E_TRUNCATED;
    leat_head head = leat_msgpack_heads[*at];
    if (left <= head.width)
        return LEAT_E_TRUNCATED;
    uint64_t number = leat_msgpack_number(at + 1, head.width, left - 1) |
                      (*at & head.embedded) | head.fixed;
    at += 1 + head.width;
    left -= 1U + head.width;
    value->type = (leat_value_type)head.type;
    value->size = (uint32_t)number;
    value->as.u = number;
    switch (value->type) {
    case LEAT_VALUE_NIL:
    case LEAT_VALUE_BOOL:
    case LEAT_VALUE_UINT:
        break;
    case LEAT_VALUE_INT: {
        unsigned unused = 64 - 8U * (head.width ? head.width : 1);
        value->as.i = (int64_t)(number << unused) >> unused;
        if (value->as.i >= 0)
            value->type = LEAT_VALUE_UINT;
        break;
    }
    case LEAT_VALUE_FLOAT:
        value->as.f = leat_msgpack_float(number);
        break;
    case LEAT_VALUE_DOUBLE:
        value->as.f = leat_msgpack_double(number);
        break;
    case LEAT_VALUE_STR:
    case LEAT_VALUE_BIN:
        if (number > left)
            return LEAT_E_TRUNCATED;
        value->as.bytes = at;
        at += number;
        break;
    case LEAT_VALUE_ARRAY:
        if (number > left)
            return LEAT_E_COUNT;
        break;
    case LEAT_VALUE_MAP:
        if (number > left / 2)
            return LEAT_E_COUNT;
        break;
    case LEAT_VALUE_TIME:
    case LEAT_VALUE_EXT:
        if (number >= left)
            return LEAT_E_TRUNCATED;
        value->ext_type = (int8_t)*at;
        value->as.bytes = at + 1;
        at += 1 + number;
        break;
    case LEAT_VALUE_NONE:
    default:
        return LEAT_E_FORMAT;
    }
    *start = at;
    return LEAT_OK;
}

/* Reads the head of the next value: all of a scalar, string or ext; of a container its
 * count, with the cursor left on its first element. Text is not checked for UTF-8. */
leat_status leat_msgpack_read(leat_cursor *cursor, leat_value *value) LEAT_MUST_CHECK;

/* Passes over one whole value and checks its structure: counts, depth, timestamps.
 * `depth` is how many containers are already open around it. */
leat_status leat_msgpack_skip(leat_cursor *cursor, uint32_t depth) LEAT_MUST_CHECK;

/* The same by the rules for events: every str must be UTF-8, and no ext but timestamps is
 * taken (E_FORMAT), since nobody here could say what it means. */
leat_status leat_msgpack_check(leat_cursor *cursor, uint32_t depth) LEAT_MUST_CHECK;

/* Fills `error` with what is wrong at the cursor, and at which byte, after one of these
 * functions failed with `status`; returns it. `origin` is where the cursor's start lies in
 * what the reader knows: 0 for a payload. */
leat_status leat_msgpack_explain(const leat_cursor *cursor, uint64_t origin,
                                 leat_status status, leat_error *error);

/* What a value is, for people: "a string", "a map", ... */
const char *leat_value_type_text(leat_value_type type);

/* A number as a double: BOOL, INT, UINT, FLOAT, DOUBLE; E_TYPE for the others. */
static inline leat_status leat_value_number(const leat_value *value, double *number)
{
    switch (value->type) {
    case LEAT_VALUE_BOOL:
    case LEAT_VALUE_UINT:
        *number = (double)value->as.u;
        return LEAT_OK;
    case LEAT_VALUE_INT:
        *number = (double)value->as.i;
        return LEAT_OK;
    case LEAT_VALUE_FLOAT:
    case LEAT_VALUE_DOUBLE:
        *number = value->as.f;
        return LEAT_OK;
    default:
        return LEAT_E_TYPE;
    }
}

/* True when the bytes are valid UTF-8 (RFC 3629: no surrogates, nothing overlong). */
bool leat_utf8_valid(const uint8_t *text, size_t size);

#endif
