#include "runtime/document_build.h"

#include "base/json_escape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* JSON as XGBoost writes it: NaN and Infinity stand for themselves, and a \u that no four
 * hex digits follow is two plain characters. Numbers are what strtof takes in the C
 * locale. */
enum { MAX_NUMBER = 512 }; /* characters; old XGBoost wrote long mantissas */

struct reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    unsigned depth;
    leat_arena *arena;
    leat_doc_stack stack;
    leat_error *error;
};

static leat_status out_of_memory(struct reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "out of memory");
}

static leat_status unexpected(struct reader *reader, const char *expected)
{
    if (reader->at >= reader->size)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "byte %zu: the file ends, expected %s", reader->at,
                              expected);
    uint8_t found = reader->bytes[reader->at];
    if (found < 0x20 || found > 0x7e)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "byte %zu: found 0x%02x, expected %s", reader->at, found,
                              expected);
    return leat_error_set(reader->error, LEAT_E_MODEL,
                          "byte %zu: found '%c', expected %s", reader->at, found,
                          expected);
}

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->size && reader->bytes[reader->at] &&
           strchr(" \t\r\n", reader->bytes[reader->at]))
        reader->at++;
}

/* The next byte that is no space; 0 at the end. */
static uint8_t peek(struct reader *reader)
{
    skip_space(reader);
    return reader->at < reader->size ? reader->bytes[reader->at] : 0;
}

static bool accept(struct reader *reader, const char *word)
{
    size_t size = strlen(word);
    if (size > reader->size - reader->at ||
        memcmp(reader->bytes + reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static bool belongs_to_number(uint8_t byte)
{
    return byte && strchr("+-.0123456789Ee", byte);
}

static leat_status read_digits(struct reader *reader, double *number)
{
    char text[MAX_NUMBER + 1];
    size_t size = 0;
    bool fraction = false;
    while (size < MAX_NUMBER && reader->at + size < reader->size &&
           belongs_to_number(reader->bytes[reader->at + size])) {
        text[size] = (char)reader->bytes[reader->at + size];
        fraction |= strchr(".Ee", text[size]) != NULL;
        size++;
    }
    text[size] = 0;
    char *end;
    *number = fraction ? (double)strtof(text, &end) : strtod(text, &end);
    if (!size || *end)
        return unexpected(reader, "a number");
    reader->at += size;
    return LEAT_OK;
}

static leat_status read_number(struct reader *reader, double *number)
{
    if (accept(reader, "NaN"))
        *number = (double)NAN;
    else if (accept(reader, "Infinity"))
        *number = (double)INFINITY;
    else if (accept(reader, "-Infinity"))
        *number = (double)-INFINITY;
    else
        return read_digits(reader, number);
    return LEAT_OK;
}

/* Four hex digits, or -1. */
static int32_t read_hex(struct reader *reader)
{
    if (reader->size - reader->at < 4)
        return -1;
    int32_t code = leat_json_hex(reader->bytes + reader->at);
    reader->at += code < 0 ? 0 : 4;
    return code;
}

/* A second half of a surrogate pair joins the first; a half alone becomes U+FFFD. */
static uint32_t read_code(struct reader *reader, int32_t code)
{
    if (code < 0xd800 || code > 0xdfff)
        return (uint32_t)code;
    size_t start = reader->at;
    uint32_t joined =
        accept(reader, "\\u") ? leat_json_surrogates(code, read_hex(reader)) : 0;
    if (joined)
        return joined;
    reader->at = start;
    return 0xfffd;
}

/* What follows a backslash. A name never grows: two or six bytes become at most four. */
static uint8_t *read_escape(struct reader *reader, uint8_t *to)
{
    uint8_t byte = reader->bytes[reader->at];
    uint8_t plain = leat_json_escape(byte);
    if (!plain && byte != 'u')
        return NULL;
    reader->at++;
    int32_t code = plain ? plain : read_hex(reader);
    if (code >= 0)
        return leat_utf8_put(to, plain ? plain : read_code(reader, code));
    *to++ = '\\';
    *to++ = 'u';
    return to;
}

/* The index of the quote that closes a string, or the size. */
static size_t find_quote(const struct reader *reader)
{
    size_t at = reader->at;
    while (at < reader->size && reader->bytes[at] != '"')
        at += reader->bytes[at] == '\\' ? 2 : 1;
    return at < reader->size ? at : reader->size;
}

static leat_status read_string(struct reader *reader, const char **text, size_t *size)
{
    if (peek(reader) != '"')
        return unexpected(reader, "a string");
    reader->at++;
    size_t end = find_quote(reader);
    if (end == reader->size) {
        reader->at = end;
        return unexpected(reader, "the end of a string");
    }
    uint8_t *copy = leat_arena_alloc(reader->arena, end - reader->at);
    if (!copy)
        return out_of_memory(reader);
    uint8_t *to = copy;
    while (reader->at < end) {
        uint8_t byte = reader->bytes[reader->at++];
        if (byte != '\\')
            *to++ = byte;
        else if (!(to = read_escape(reader, to)))
            return unexpected(reader, "one of \"\\/bfnrtu after a backslash");
    }
    reader->at++;
    *text = (const char *)copy;
    *size = (size_t)(to - copy);
    return LEAT_OK;
}

static leat_status read_value(struct reader *reader, leat_doc *value);

static leat_status read_member(struct reader *reader, leat_doc *value)
{
    const char *name;
    size_t name_size;
    leat_status status = read_string(reader, &name, &name_size);
    if (status)
        return status;
    if (peek(reader) != ':')
        return unexpected(reader, "':'");
    reader->at++;
    status = read_value(reader, value);
    value->name = name;
    value->name_size = name_size;
    return status;
}

static leat_status read_item(struct reader *reader, leat_doc_kind kind)
{
    leat_doc item = {0};
    leat_status status =
        kind == LEAT_DOC_OBJECT ? read_member(reader, &item) : read_value(reader, &item);
    if (status)
        return status;
    return leat_doc_push(&reader->stack, &item) ? out_of_memory(reader) : LEAT_OK;
}

/* An array or object, behind its opening bracket. */
static leat_status read_items(struct reader *reader, leat_doc *value, uint8_t close)
{
    size_t base = reader->stack.n;
    while (peek(reader) != close || reader->stack.n > base) {
        leat_status status = read_item(reader, value->kind);
        if (status)
            return status;
        if (peek(reader) == close)
            break;
        if (peek(reader) != ',')
            return unexpected(reader, "',' or the closing bracket");
        reader->at++;
    }
    reader->at++;
    return leat_doc_gather(&reader->stack, base, value, reader->error);
}

/* How many numbers stand up to the closing bracket; 0 when anything else does. */
static size_t count_numbers(const struct reader *reader)
{
    size_t count = 1;
    for (size_t at = reader->at; at < reader->size; at++) {
        uint8_t byte = reader->bytes[at];
        if (byte == ']')
            return count;
        if (!byte || !strchr("0123456789.,+-Ee \t\r\nNaInfity", byte))
            return 0;
        count += byte == ',';
    }
    return 0;
}

static leat_status read_packed(struct reader *reader, leat_doc *value)
{
    double *numbers = leat_arena_calloc(reader->arena, value->count, sizeof *numbers);
    if (!numbers)
        return out_of_memory(reader);
    for (size_t i = 0; i < value->count; i++) {
        skip_space(reader);
        leat_status status = read_number(reader, &numbers[i]);
        if (status)
            return status;
        if (peek(reader) != (i + 1 < value->count ? ',' : ']'))
            return unexpected(reader, "',' or ']'");
        reader->at++;
    }
    value->kind = LEAT_DOC_PACKED;
    value->packing = LEAT_PACKED_HOST_F64;
    value->packed = (const uint8_t *)numbers;
    return LEAT_OK;
}

static leat_status read_array(struct reader *reader, leat_doc *value)
{
    reader->at++;
    value->kind = LEAT_DOC_ARRAY;
    value->count = peek(reader) == ']' ? 0 : count_numbers(reader);
    return value->count ? read_packed(reader, value) : read_items(reader, value, ']');
}

static leat_status read_object(struct reader *reader, leat_doc *value)
{
    reader->at++;
    value->kind = LEAT_DOC_OBJECT;
    return read_items(reader, value, '}');
}

static leat_status read_nested(struct reader *reader, leat_doc *value)
{
    if (reader->depth == LEAT_DOC_MAX_DEPTH)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "byte %zu: nests deeper than %d levels", reader->at,
                              LEAT_DOC_MAX_DEPTH);
    reader->depth++;
    leat_status status = reader->bytes[reader->at] == '{' ? read_object(reader, value)
                                                          : read_array(reader, value);
    reader->depth--;
    return status;
}

static leat_status read_value(struct reader *reader, leat_doc *value)
{
    switch (peek(reader)) {
    case '{':
    case '[':
        return read_nested(reader, value);
    case '"':
        value->kind = LEAT_DOC_STRING;
        return read_string(reader, &value->text, &value->count);
    }
    if (accept(reader, "null")) {
        value->kind = LEAT_DOC_NULL;
    } else if (accept(reader, "true")) {
        value->kind = LEAT_DOC_BOOL;
        value->number = 1;
    } else if (accept(reader, "false")) {
        value->kind = LEAT_DOC_BOOL;
        value->number = 0;
    } else {
        value->kind = LEAT_DOC_NUMBER;
        return read_number(reader, &value->number);
    }
    return LEAT_OK;
}

static leat_status read_root(struct reader *reader, leat_doc *root)
{
    leat_status status = read_value(reader, root);
    if (status)
        return status;
    skip_space(reader);
    return reader->at < reader->size ? unexpected(reader, "the end of the file")
                                     : LEAT_OK;
}

leat_status leat_json_read(const leat_doc **out, leat_arena *arena, const uint8_t *bytes,
                           size_t size, leat_error *error)
{
    struct reader reader = {.bytes = bytes,
                            .size = size,
                            .arena = arena,
                            .stack = {.arena = arena},
                            .error = error};
    leat_doc *root = leat_arena_calloc(arena, 1, sizeof *root);
    leat_status status = root ? read_root(&reader, root) : out_of_memory(&reader);
    free(reader.stack.at);
    *out = root;
    return status;
}
