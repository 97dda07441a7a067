#include "worker/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- scalars ---- */

static void write_double(FILE *out, double number)
{
    if (!isfinite(number)) {
        const char *name = isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
        fprintf(out, "{\"$float\":\"%s\"}", name);
        return;
    }
    char text[40];
    int precision = 15; /* digits that any double can keep; 17 are always enough */
    do
        snprintf(text, sizeof text, "%.*g", precision, number);
    while (strtod(text, NULL) != number && ++precision <= 17);
    fprintf(out, strpbrk(text, ".e") ? "%s" : "%s.0", text);
}

static void write_text(FILE *out, const uint8_t *text, size_t size)
{
    putc('"', out);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\')
            fprintf(out, "\\%c", text[i]);
        else if (text[i] == '\n')
            fputs("\\n", out);
        else if (text[i] < 0x20 || text[i] == 0x7f)
            fprintf(out, "\\u%04x", text[i]);
        else
            putc(text[i], out);
    }
    putc('"', out);
}

static void write_base64(FILE *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    putc('"', out);
    for (size_t i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? bytes[i + k] : 0);
        for (size_t k = 0; k < 4; k++, bits <<= 6)
            putc(k <= n ? digits[bits >> 18 & 63] : '=', out);
    }
    putc('"', out);
}

/* ---- containers ---- */

static leat_status write_value(FILE *out, leat_cursor *cursor, uint32_t depth);

static leat_status write_array(FILE *out, leat_cursor *cursor, uint32_t n, uint32_t depth)
{
    leat_status status = LEAT_OK;
    putc('[', out);
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++) {
        if (i)
            putc(',', out);
        status = write_value(out, cursor, depth);
    }
    putc(']', out);
    return status;
}

static bool is_tag(const leat_value *key)
{
    static const char *const tags[] = {"$bin", "$time", "$float", "$ext", "$map"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (key->size == strlen(tags[i]) && !memcmp(key->as.bytes, tags[i], key->size))
            return true;
    return false;
}

/* Looks ahead over all keys. What is wrong further on is found when it is written. */
static bool is_object(leat_cursor cursor, uint32_t n, uint32_t depth)
{
    for (uint32_t i = 0; i < n; i++) {
        leat_value key;
        if (leat_msgpack_read(&cursor, &key) != LEAT_OK || key.type != LEAT_VALUE_STR)
            return false;
        if (i == 0 && is_tag(&key))
            return false;
        if (leat_msgpack_skip(&cursor, depth) != LEAT_OK)
            return false;
    }
    return true;
}

static leat_status write_pairs(FILE *out, leat_cursor *cursor, uint32_t n, uint32_t depth)
{
    leat_status status = LEAT_OK;
    fputs("{\"$map\":[", out);
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++) {
        if (i)
            putc(',', out);
        status = write_array(out, cursor, 2, depth);
    }
    fputs("]}", out);
    return status;
}

static leat_status write_map(FILE *out, leat_cursor *cursor, uint32_t n, uint32_t depth)
{
    if (!is_object(*cursor, n, depth))
        return write_pairs(out, cursor, n, depth);
    leat_status status = LEAT_OK;
    putc('{', out);
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++) {
        if (i)
            putc(',', out);
        status = write_value(out, cursor, depth);
        putc(':', out);
        if (status == LEAT_OK)
            status = write_value(out, cursor, depth);
    }
    putc('}', out);
    return status;
}

static void write_bytes(FILE *out, const leat_value *value)
{
    if (value->type == LEAT_VALUE_BIN)
        fputs("{\"$bin\":", out);
    else
        fprintf(out, "{\"$ext\":%d,\"data\":", value->ext_type);
    write_base64(out, value->as.bytes, value->size);
    putc('}', out);
}

static leat_status write_value(FILE *out, leat_cursor *cursor, uint32_t depth)
{
    leat_cursor start = *cursor;
    leat_value value;
    leat_status status = leat_msgpack_read(cursor, &value);
    if (status != LEAT_OK)
        return status;
    bool is_container = value.type == LEAT_VALUE_ARRAY || value.type == LEAT_VALUE_MAP;
    if (is_container && depth == LEAT_MSGPACK_MAX_DEPTH)
        status = LEAT_E_DEPTH;
    if (value.type == LEAT_VALUE_STR && !leat_utf8_valid(value.as.bytes, value.size))
        status = LEAT_E_UTF8;
    if (status != LEAT_OK) {
        *cursor = start;
        return status;
    }
    switch (value.type) {
    case LEAT_VALUE_BOOL:
        fputs(value.as.u ? "true" : "false", out);
        break;
    case LEAT_VALUE_INT:
        fprintf(out, "%" PRId64, value.as.i);
        break;
    case LEAT_VALUE_UINT:
        fprintf(out, "%" PRIu64, value.as.u);
        break;
    case LEAT_VALUE_FLOAT:
    case LEAT_VALUE_DOUBLE:
        write_double(out, value.as.f);
        break;
    case LEAT_VALUE_STR:
        write_text(out, value.as.bytes, value.size);
        break;
    case LEAT_VALUE_BIN:
    case LEAT_VALUE_EXT:
        write_bytes(out, &value);
        break;
    case LEAT_VALUE_TIME:
        fprintf(out, "{\"$time\":[%" PRId64 ",%" PRIu32 "]}", value.as.time.seconds,
                value.as.time.nanoseconds);
        break;
    case LEAT_VALUE_ARRAY:
        return write_array(out, cursor, value.size, depth + 1);
    case LEAT_VALUE_MAP:
        return write_map(out, cursor, value.size, depth + 1);
    case LEAT_VALUE_NIL:
    case LEAT_VALUE_NONE:
    default:
        fputs("null", out);
    }
    return LEAT_OK;
}

leat_status leat_json_write(FILE *out, leat_cursor *cursor)
{
    return write_value(out, cursor, 0);
}
