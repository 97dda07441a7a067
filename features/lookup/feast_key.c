#include "features/lookup/feast.h"

#include "base/element.h"
#include "base/msgpack.h"

#include <inttypes.h>
#include <stdio.h>

const char *leat_feast_type_text(leat_feast_type type)
{
    switch (type) {
    case LEAT_FEAST_BYTES:
        return "bytes or a string";
    case LEAT_FEAST_STRING:
        return "a string or an integer";
    case LEAT_FEAST_INT32:
        return "an integer of 32 bits";
    case LEAT_FEAST_INT64:
        return "an integer of 64 bits";
    case LEAT_FEAST_UNIX_TIMESTAMP:
        return "a timestamp or seconds since 1970";
    case LEAT_FEAST_BY_VALUE:
    default:
        return "a string, bytes, an integer or a timestamp";
    }
}

/* ---- murmur3 ---- */

static uint32_t rotate(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

static uint32_t mix(uint32_t block)
{
    return rotate(block * 0xcc9e2d51u, 15) * 0x1b873593u;
}

uint32_t leat_murmur3_32(leat_slice bytes, uint32_t seed)
{
    uint32_t hash = seed, tail = 0, i = 0;
    for (; i + 4 <= bytes.size; i += 4) {
        uint32_t block = (uint32_t)bytes.data[i] | (uint32_t)bytes.data[i + 1] << 8 |
                         (uint32_t)bytes.data[i + 2] << 16 |
                         (uint32_t)bytes.data[i + 3] << 24;
        hash = rotate(hash ^ mix(block), 13) * 5 + 0xe6546b64u;
    }
    for (uint32_t left = bytes.size - i; left > 0; left--)
        tail = tail << 8 | bytes.data[i + left - 1];
    if (i < bytes.size)
        hash ^= mix(tail);
    hash ^= bytes.size;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

/* ---- values of join keys ---- */

/* A value as it stands in a key. Texts are bytes of the event, numbers those of `number`. */
typedef struct part {
    leat_feast_type type;
    leat_slice bytes;
    uint8_t number[24];
} part;

static void put_little(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static leat_feast_type type_of(const leat_value *value)
{
    switch (value->type) {
    case LEAT_VALUE_STR:
        return LEAT_FEAST_STRING;
    case LEAT_VALUE_BIN:
        return LEAT_FEAST_BYTES;
    case LEAT_VALUE_TIME:
        return LEAT_FEAST_UNIX_TIMESTAMP;
    case LEAT_VALUE_INT:
    case LEAT_VALUE_UINT:
        return LEAT_FEAST_INT64;
    default:
        return LEAT_FEAST_BY_VALUE;
    }
}

static bool is_integer(const leat_value *value)
{
    return value->type == LEAT_VALUE_INT || value->type == LEAT_VALUE_UINT;
}

static bool is_text(const leat_value *value)
{
    return value->type == LEAT_VALUE_STR || value->type == LEAT_VALUE_BIN;
}

/* A whole number; a text may spell it, since a record's key is always text. */
static leat_status take_integer(const leat_value *value, leat_dtype dtype,
                                int64_t *integer)
{
    int64_t wide = 0;
    int32_t narrow = 0;
    leat_slice text = {value->as.bytes, value->size};
    void *at = dtype == LEAT_I32 ? (void *)&narrow : (void *)&wide;
    leat_status status = is_text(value)      ? leat_element_parse(at, dtype, text)
                         : is_integer(value) ? leat_element_put(at, dtype, value)
                                             : LEAT_E_TYPE;
    *integer = dtype == LEAT_I32 ? narrow : wide;
    return status;
}

static leat_status take_number(part *made, const leat_value *value)
{
    bool is_narrow = made->type == LEAT_FEAST_INT32;
    int64_t integer = value->as.time.seconds;
    leat_status status = LEAT_OK;
    if (made->type != LEAT_FEAST_UNIX_TIMESTAMP || value->type != LEAT_VALUE_TIME)
        status = take_integer(value, is_narrow ? LEAT_I32 : LEAT_I64, &integer);
    put_little(made->number, (uint64_t)integer, 8);
    made->bytes = (leat_slice){made->number, is_narrow ? 4 : 8};
    return status;
}

static leat_status take_text(part *made, const leat_value *value)
{
    made->bytes = (leat_slice){value->as.bytes, value->size};
    if (is_text(value))
        return LEAT_OK;
    if (made->type != LEAT_FEAST_STRING || !is_integer(value))
        return LEAT_E_TYPE;
    char *text = (char *)made->number;
    int n = value->type == LEAT_VALUE_INT
                ? snprintf(text, sizeof made->number, "%" PRId64, value->as.i)
                : snprintf(text, sizeof made->number, "%" PRIu64, value->as.u);
    made->bytes = (leat_slice){made->number, (uint32_t)n};
    return LEAT_OK;
}

static leat_status take_value(part *made, leat_feast_type wanted, leat_slice capture)
{
    leat_cursor cursor = leat_cursor_over(capture);
    leat_value value;
    if (!capture.data || leat_msgpack_read(&cursor, &value) != LEAT_OK ||
        value.type == LEAT_VALUE_NIL)
        return LEAT_E_MISSING;
    made->type = wanted == LEAT_FEAST_BY_VALUE ? type_of(&value) : wanted;
    switch (made->type) {
    case LEAT_FEAST_BYTES:
    case LEAT_FEAST_STRING:
        return take_text(made, &value);
    case LEAT_FEAST_INT32:
    case LEAT_FEAST_INT64:
    case LEAT_FEAST_UNIX_TIMESTAMP:
        return take_number(made, &value);
    case LEAT_FEAST_BY_VALUE:
    default:
        return LEAT_E_TYPE;
    }
}

/* ---- the key ---- */

static uint8_t *write_u32(uint8_t *at, uint64_t value)
{
    put_little(at, value, 4);
    return at + 4;
}

static uint8_t *write_bytes(uint8_t *at, const void *bytes, size_t size)
{
    if (size)
        memcpy(at, bytes, size);
    return at + size;
}

static uint8_t *write_names(uint8_t *at, uint32_t version, const leat_feast_join *joins,
                            uint32_t n)
{
    bool has_sizes = version > 2;
    if (has_sizes)
        at = write_u32(at, n);
    for (uint32_t i = 0; i < n; i++) {
        size_t size = strlen(joins[i].name);
        at = write_u32(at, LEAT_FEAST_STRING);
        if (has_sizes)
            at = write_u32(at, size);
        at = write_bytes(at, joins[i].name, size);
    }
    return at;
}

leat_status leat_feast_key(leat_arena *arena, const char *project, uint32_t version,
                           const leat_feast_join *joins, const leat_slice *values,
                           uint32_t n, leat_slice *key, uint32_t *at_fault)
{
    part *parts = leat_arena_alloc(arena, n * sizeof *parts);
    size_t size = 4 + strlen(project);
    if (!parts)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        leat_status status = take_value(&parts[i], joins[i].type, values[i]);
        *at_fault = i;
        if (status != LEAT_OK)
            return status;
        size += 16 + strlen(joins[i].name) + parts[i].bytes.size;
    }
    uint8_t *start = size <= UINT32_MAX ? leat_arena_alloc(arena, size) : NULL;
    if (!start)
        return LEAT_E_MEMORY;
    uint8_t *at = write_names(start, version, joins, n);
    for (uint32_t i = 0; i < n; i++) {
        at = write_u32(at, parts[i].type);
        at = write_u32(at, parts[i].bytes.size);
        at = write_bytes(at, parts[i].bytes.data, parts[i].bytes.size);
    }
    at = write_bytes(at, project, strlen(project));
    *key = (leat_slice){start, (uint32_t)(at - start)};
    return LEAT_OK;
}
