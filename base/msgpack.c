#include "base/msgpack.h"

#include <inttypes.h>

#define X4(...)   __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define X8(...)   X4(__VA_ARGS__), X4(__VA_ARGS__)
#define X16(...)  X8(__VA_ARGS__), X8(__VA_ARGS__)
#define X32(...)  X16(__VA_ARGS__), X16(__VA_ARGS__)
#define X128(...) X32(__VA_ARGS__), X32(__VA_ARGS__), X32(__VA_ARGS__), X32(__VA_ARGS__)

/* {type, width, embedded, fixed}, in the order of the first byte. */
const leat_head leat_msgpack_heads[256] = {
    /* 00 positive fixint */ X128({LEAT_VALUE_UINT, 0, 0x7f, 0}),
    /* 80 fixmap */ X16({LEAT_VALUE_MAP, 0, 0x0f, 0}),
    /* 90 fixarray */ X16({LEAT_VALUE_ARRAY, 0, 0x0f, 0}),
    /* a0 fixstr */ X32({LEAT_VALUE_STR, 0, 0x1f, 0}),
    /* c0 nil */ {LEAT_VALUE_NIL, 0, 0, 0},
    /* c1 */ {LEAT_VALUE_NONE, 0, 0, 0},
    /* c2 false */ {LEAT_VALUE_BOOL, 0, 0x01, 0},
    /* c3 true */ {LEAT_VALUE_BOOL, 0, 0x01, 0},
    /* c4 bin 8 */ {LEAT_VALUE_BIN, 1, 0, 0},
    /* c5 bin 16 */ {LEAT_VALUE_BIN, 2, 0, 0},
    /* c6 bin 32 */ {LEAT_VALUE_BIN, 4, 0, 0},
    /* c7 ext 8 */ {LEAT_VALUE_EXT, 1, 0, 0},
    /* c8 ext 16 */ {LEAT_VALUE_EXT, 2, 0, 0},
    /* c9 ext 32 */ {LEAT_VALUE_EXT, 4, 0, 0},
    /* ca float 32 */ {LEAT_VALUE_FLOAT, 4, 0, 0},
    /* cb float 64 */ {LEAT_VALUE_DOUBLE, 8, 0, 0},
    /* cc uint 8 */ {LEAT_VALUE_UINT, 1, 0, 0},
    /* cd uint 16 */ {LEAT_VALUE_UINT, 2, 0, 0},
    /* ce uint 32 */ {LEAT_VALUE_UINT, 4, 0, 0},
    /* cf uint 64 */ {LEAT_VALUE_UINT, 8, 0, 0},
    /* d0 int 8 */ {LEAT_VALUE_INT, 1, 0, 0},
    /* d1 int 16 */ {LEAT_VALUE_INT, 2, 0, 0},
    /* d2 int 32 */ {LEAT_VALUE_INT, 4, 0, 0},
    /* d3 int 64 */ {LEAT_VALUE_INT, 8, 0, 0},
    /* d4 fixext 1 */ {LEAT_VALUE_EXT, 0, 0, 1},
    /* d5 fixext 2 */ {LEAT_VALUE_EXT, 0, 0, 2},
    /* d6 fixext 4 */ {LEAT_VALUE_EXT, 0, 0, 4},
    /* d7 fixext 8 */ {LEAT_VALUE_EXT, 0, 0, 8},
    /* d8 fixext 16 */ {LEAT_VALUE_EXT, 0, 0, 16},
    /* d9 str 8 */ {LEAT_VALUE_STR, 1, 0, 0},
    /* da str 16 */ {LEAT_VALUE_STR, 2, 0, 0},
    /* db str 32 */ {LEAT_VALUE_STR, 4, 0, 0},
    /* dc array 16 */ {LEAT_VALUE_ARRAY, 2, 0, 0},
    /* dd array 32 */ {LEAT_VALUE_ARRAY, 4, 0, 0},
    /* de map 16 */ {LEAT_VALUE_MAP, 2, 0, 0},
    /* df map 32 */ {LEAT_VALUE_MAP, 4, 0, 0},
    /* e0 negative fixint */ X32({LEAT_VALUE_INT, 0, 0x1f, 0xe0}),
};

/* ---- one value ---- */

enum { EXT_TIMESTAMP = -1, NANOSECONDS = 1000000000 };

/* The three forms of a timestamp: u32 seconds; 30 bits of nanoseconds and 34 of seconds;
 * u32 nanoseconds and i64 seconds. */
static leat_status read_timestamp(leat_value *value)
{
    const uint8_t *at = value->as.bytes;
    uint64_t seconds, nanoseconds = 0;
    if (value->size == 4) {
        seconds = leat_msgpack_number(at, 4, 4);
    } else if (value->size == 8) {
        uint64_t both = leat_msgpack_number(at, 8, 8);
        seconds = both & 0x3ffffffff;
        nanoseconds = both >> 34;
    } else if (value->size == 12) {
        nanoseconds = leat_msgpack_number(at, 4, 12);
        seconds = leat_msgpack_number(at + 4, 8, 8);
    } else {
        return LEAT_E_FORMAT;
    }
    if (nanoseconds >= NANOSECONDS)
        return LEAT_E_FORMAT;
    value->type = LEAT_VALUE_TIME;
    value->as.time.seconds = (int64_t)seconds;
    value->as.time.nanoseconds = (uint32_t)nanoseconds;
    return LEAT_OK;
}

LEAT_ALWAYS_INLINE leat_status read_value(leat_cursor *cursor, leat_value *value)
{
    const uint8_t *at = cursor->at;
    leat_status status = leat_msgpack_read_at(&at, cursor->end, value);
    if (status == LEAT_OK && value->type == LEAT_VALUE_EXT &&
        value->ext_type == EXT_TIMESTAMP)
        status = read_timestamp(value);
    if (status == LEAT_OK)
        cursor->at = at;
    return status;
}

leat_status leat_msgpack_read(leat_cursor *cursor, leat_value *value)
{
    return read_value(cursor, value);
}

/* ---- whole values ---- */

static leat_status judge(const leat_value *value)
{
    if (value->type == LEAT_VALUE_STR && !leat_utf8_valid(value->as.bytes, value->size))
        return LEAT_E_UTF8;
    return value->type == LEAT_VALUE_EXT ? LEAT_E_FORMAT : LEAT_OK;
}

/* Where a scalar ends, of which no bytes can be wrong; NULL for anything else, and where the
 * bytes end before it does. Nearly all of what is passed over is that, or text. */
static inline const uint8_t *pass_scalar(const uint8_t *at, const uint8_t *end)
{
    if (at == end)
        return NULL;
    leat_head head = leat_msgpack_heads[*at];
    bool is_scalar = head.type < LEAT_VALUE_STR;
    return is_scalar && (size_t)(end - at) > head.width ? at + 1 + head.width : NULL;
}

/* Walks in place: `pending` counts, for each container open inside the value, the values
 * that it still owes. On failure the cursor is put back on the value that was refused. */
LEAT_ALWAYS_INLINE leat_status walk(leat_cursor *cursor, uint32_t depth,
                                    leat_status (*judge_value)(const leat_value *))
{
    uint32_t pending[LEAT_MSGPACK_MAX_DEPTH + 1];
    uint32_t open = 0;
    pending[0] = 1;
    for (;;) {
        while (!pending[open])
            if (!open--)
                return LEAT_OK;
        pending[open]--;
        const uint8_t *start = cursor->at, *behind = pass_scalar(start, cursor->end);
        leat_value value;
        if (behind) {
            cursor->at = behind;
            continue;
        }
        leat_status status = read_value(cursor, &value);
        if (status == LEAT_OK && judge_value)
            status = judge_value(&value);
        if (status == LEAT_OK && value.type >= LEAT_VALUE_ARRAY) {
            if (depth + open < LEAT_MSGPACK_MAX_DEPTH)
                pending[++open] = value.size << (value.type == LEAT_VALUE_MAP);
            else
                status = LEAT_E_DEPTH;
        }
        if (status != LEAT_OK) {
            cursor->at = start;
            return status;
        }
    }
}

leat_status leat_msgpack_skip(leat_cursor *cursor, uint32_t depth)
{
    return walk(cursor, depth, NULL);
}

leat_status leat_msgpack_check(leat_cursor *cursor, uint32_t depth)
{
    return walk(cursor, depth, judge);
}

/* ---- for people ---- */

enum { EXT_RECORD = 0x72 }; /* msgpackr's, in streams that were told to use records */

static leat_status explain_format(const leat_cursor *cursor, uint64_t position,
                                  leat_error *error)
{
    leat_cursor again = *cursor;
    leat_value value;
    if (*cursor->at == 0xc1)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "byte %" PRIu64 " is 0xc1, which begins no msgpack value",
                              position);
    if (leat_msgpack_read(&again, &value) != LEAT_OK)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "the timestamp at byte %" PRIu64
                              " is not valid: expected 4, "
                              "8 or 12 bytes and less than 10^9 nanoseconds",
                              position);
    if (value.ext_type == EXT_RECORD)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "ext type 0x72 at byte %" PRIu64 ": a record of msgpackr, "
                              "which only its own stream can read; set useRecords: false "
                              "where it is written",
                              position);
    return leat_error_set(error, LEAT_E_FORMAT,
                          "ext type %d at byte %" PRIu64 ": of all ext types only "
                          "timestamps (-1) are known",
                          value.ext_type, position);
}

leat_status leat_msgpack_explain(const leat_cursor *cursor, uint64_t origin,
                                 leat_status status, leat_error *error)
{
    uint64_t position = origin + (uint64_t)(cursor->at - cursor->start);
    uint64_t end = origin + (uint64_t)(cursor->end - cursor->start);
    switch (status) {
    case LEAT_E_FORMAT:
        return explain_format(cursor, position, error);
    case LEAT_E_UTF8:
        return leat_error_set(
            error, status, "the string at byte %" PRIu64 " is not valid UTF-8", position);
    case LEAT_E_DEPTH:
        return leat_error_set(error, status,
                              "payload nests more than %d deep at byte %" PRIu64,
                              LEAT_MSGPACK_MAX_DEPTH, position);
    default:
        return leat_error_set(error, status, "%s at byte %" PRIu64 " of %" PRIu64,
                              leat_status_text(status), position, end);
    }
}

const char *leat_value_type_text(leat_value_type type)
{
    static const char *const texts[] = {
        [LEAT_VALUE_NIL] = "nil",          [LEAT_VALUE_BOOL] = "a boolean",
        [LEAT_VALUE_INT] = "an integer",   [LEAT_VALUE_UINT] = "an integer",
        [LEAT_VALUE_FLOAT] = "a float",    [LEAT_VALUE_DOUBLE] = "a float",
        [LEAT_VALUE_STR] = "a string",     [LEAT_VALUE_BIN] = "bytes",
        [LEAT_VALUE_TIME] = "a timestamp", [LEAT_VALUE_EXT] = "an ext",
        [LEAT_VALUE_ARRAY] = "an array",   [LEAT_VALUE_MAP] = "a map",
        [LEAT_VALUE_NONE] = "no value",
    };
    return texts[type];
}

/* ---- UTF-8 ---- */

/* How many leading bytes are ASCII, to the word: the rest is looked at byte by byte. */
static size_t count_ascii(const uint8_t *text, size_t size)
{
    size_t i = 0;
    for (uint64_t word; i + sizeof word <= size; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        if (word & 0x8080808080808080)
            break;
    }
    return i;
}

/* The size of the character that begins with `first`, and the bounds of its second byte:
 * these refuse what is overlong, surrogates, and what lies beyond U+10FFFF. */
typedef struct utf8_form {
    uint8_t first_min, first_max;
    uint8_t second_min, second_max;
    uint8_t size;
} utf8_form;

static const utf8_form utf8_forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The size of the character at `text`, which is not ASCII; 0 when it is not valid. */
static size_t character_size(const uint8_t *text, size_t left)
{
    const utf8_form *form = utf8_forms;
    const utf8_form *last = form + sizeof utf8_forms / sizeof *form;
    while (form < last && !(*text >= form->first_min && *text <= form->first_max))
        form++;
    if (form == last || form->size > left)
        return 0;
    if (text[1] < form->second_min || text[1] > form->second_max)
        return 0;
    for (size_t i = 2; i < form->size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return form->size;
}

bool leat_utf8_valid(const uint8_t *text, size_t size)
{
    for (size_t i = count_ascii(text, size); i < size;) {
        size_t step = text[i] < 0x80 ? 1 : character_size(text + i, size - i);
        if (!step)
            return false;
        i += step;
    }
    return true;
}
