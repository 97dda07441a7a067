/* The text is copied first, with zeros behind it: no value goes on over a zero, so
 * nothing below asks whether the text has ended, and it may be read a word at a time.
 *
 * Each function takes the place where it begins and returns the one where it ended.
 * Counts are not known up front, so a container gets the longest head there is, which is
 * written when it is closed. */
#include "base/json_pack.h"

#include "base/json_escape.h"
#include "base/msgpack.h"
#include "base/number.h"
#include "base/pack.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What a text may become: "1e1" is nine bytes, "[" with its "]" are five, and those that
 * are open still owe their brackets. A word more may be written than is kept. */
enum { WORD = 8, GROWTH = 3, OPEN = 2 * LEAT_MSGPACK_MAX_DEPTH };

typedef struct container {
    uint8_t *head;
    uint32_t n;
    uint8_t closing;
} container;

struct packer {
    const uint8_t *end; /* of the copy */
    leat_status status;
    const uint8_t *fault;
    const char *expected;
    unsigned open;
    container containers[LEAT_MSGPACK_MAX_DEPTH];
};

/* Behind what was read, and behind what was written; `at` NULL: it failed. */
typedef struct place {
    const uint8_t *at;
    uint8_t *to;
} place;

static place fail(struct packer *packer, leat_status status, const uint8_t *at)
{
    packer->status = status;
    packer->fault = at;
    return (place){0};
}

static place expect(struct packer *packer, const char *expected, const uint8_t *at)
{
    packer->expected = expected;
    return fail(packer, at < packer->end ? LEAT_E_FORMAT : LEAT_E_TRUNCATED, at);
}

static inline const uint8_t *skip_space(const uint8_t *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    return at;
}

static inline bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- strings ---- */

#define EACH(byte) (0x0101010101010101 * (uint64_t)(byte))

/* A word whose lowest byte comes first. */
static inline uint64_t load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The high bit of the first byte that is a quote, a backslash or a control character, and
 * perhaps of some behind it; 0 when there is none. */
static inline uint64_t find_stop(uint64_t word)
{
    uint64_t quotes = word ^ EACH('"'), backslashes = word ^ EACH('\\');
    return (((quotes - EACH(1)) & ~quotes) | ((backslashes - EACH(1)) & ~backslashes) |
            ((word - EACH(' ')) & ~word)) &
           EACH(0x80);
}

/* Characters that stand for themselves, up to one that does not. Writes up to a word too
 * much. Bit 7 of `seen` says whether all were ASCII. */
static inline place copy_plain(place here, uint8_t *seen)
{
    uint64_t all = 0;
    for (;;) {
        uint64_t word = load(here.at), stop = find_stop(word);
        memcpy(here.to, here.at, sizeof word);
        unsigned n = stop ? (unsigned)__builtin_ctzll(stop) / 8 : WORD;
        all |= n < WORD ? word & ((UINT64_C(1) << 8 * n) - 1) : word;
        here.at += n;
        here.to += n;
        if (stop)
            break;
    }
    *seen |= all & EACH(0x80) ? 0x80 : 0;
    return here;
}

/* What "\u" begins. */
static place put_code(struct packer *packer, place here)
{
    int32_t code = leat_json_hex(here.at + 2);
    if (code < 0)
        return expect(packer, "\\u and four hex digits", here.at);
    uint32_t character = (uint32_t)code;
    const uint8_t *behind = here.at + 6;
    if (code >= 0xd800 && code <= 0xdfff) {
        int32_t low =
            behind[0] == '\\' && behind[1] == 'u' ? leat_json_hex(behind + 2) : -1;
        character = leat_json_surrogates(code, low);
        behind += 6;
    }
    if (!character && code)
        return expect(packer, "a pair of surrogates", here.at);
    return (place){behind, leat_utf8_put(here.to, character)};
}

static place put_escape(struct packer *packer, place here)
{
    uint8_t letter = here.at[1], plain = leat_json_escape(letter);
    if (letter == 'u')
        return put_code(packer, here);
    if (!plain)
        return expect(packer, "one of \"\\/bfnrtu after a backslash", here.at + 1);
    *here.to = plain;
    return (place){here.at + 2, here.to + 1};
}

/* Nearly all strings have at most 31 bytes, and a head of one; the others make room. */
static uint8_t *put_head(uint8_t *head, uint8_t *end)
{
    uint32_t size = (uint32_t)(end - head - 1);
    uint8_t wide[LEAT_PACK_HEAD];
    size_t head_size = (size_t)(leat_pack_str_head(wide, size) - wide);
    memmove(head + head_size, head + 1, size);
    memcpy(head, wide, head_size);
    return head + head_size + size;
}

static place pack_string(struct packer *packer, place here)
{
    enum { MAX_FIXED = 31, FIXED = 0xa0 };
    const uint8_t *start = here.at;
    uint8_t *head = here.to, seen = 0;
    here = (place){start + 1, head + 1};
    while (*(here = copy_plain(here, &seen)).at != '"') {
        if (*here.at != '\\')
            return expect(packer, "text or '\"'", here.at);
        here = put_escape(packer, here);
        if (!here.at)
            return here;
    }
    size_t size = (size_t)(here.to - head - 1);
    if (seen && !leat_utf8_valid(head + 1, size))
        return fail(packer, LEAT_E_UTF8, start);
    if (size <= MAX_FIXED)
        *head = (uint8_t)(FIXED | size);
    else
        here.to = put_head(head, here.to);
    here.at++;
    return here;
}

/* ---- numbers ---- */

enum { MAX_DIGITS = 19, MAX_EXPONENT = 100000 };

/* What a number is written as. */
typedef struct decimal {
    const uint8_t *start;
    bool negative;
    uint64_t digits; /* modulo 2^64 */
    long n_digits;
    long exponent;
} decimal;

/* Whether a word holds eight digits: each byte is 0x30 to 0x3f, and six more still is. */
static inline bool is_eight_digits(uint64_t word)
{
    return ((word & EACH(0xf0)) | ((word + EACH(6)) & EACH(0xf0)) >> 4) == EACH(0x33);
}

/* Neighbours become numbers of two digits, those numbers of four, those one of eight. */
static inline uint64_t read_eight_digits(uint64_t word)
{
    word -= EACH('0');
    word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
    word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
    return (word * 10000 + (word >> 32)) & 0xffffffff;
}

static inline const uint8_t *read_digits(const uint8_t *at, uint64_t *digits)
{
    for (uint64_t word; is_eight_digits(word = load(at)); at += WORD)
        *digits = *digits * 100000000 + read_eight_digits(word);
    for (; is_digit(*at); at++)
        *digits = *digits * 10 + (uint64_t)(*at - '0');
    return at;
}

/* Behind the 'e'. What is beyond any double stays beyond it. */
static const uint8_t *read_exponent(const uint8_t *at, decimal *number)
{
    bool negative = *at == '-';
    at += negative || *at == '+';
    long exponent = 0;
    for (; is_digit(*at); at++)
        if (exponent < MAX_EXPONENT)
            exponent = exponent * 10 + (*at - '0');
    number->exponent += negative ? -exponent : exponent;
    return at;
}

static place put_double(struct packer *packer, const decimal *number, place here)
{
    double value;
    bool is_short = number->n_digits <= MAX_DIGITS &&
                    labs(number->exponent) < MAX_EXPONENT &&
                    leat_number_decimal(number->digits, (int)number->exponent, &value);
    if (!is_short)
        value = fabs(leat_number_prefix((const char *)number->start));
    if (isinf(value))
        return fail(packer, LEAT_E_RANGE, number->start);
    here.to = leat_pack_f64(here.to, number->negative ? -value : value);
    return here;
}

/* A number whose digits before the point end at `here`: the rest of it. */
static place pack_real(struct packer *packer, decimal *number, place here)
{
    if (*here.at == '.') {
        const uint8_t *first = ++here.at;
        here.at = read_digits(first, &number->digits);
        if (here.at == first)
            return expect(packer, "a digit", first);
        number->exponent = first - here.at;
        number->n_digits += here.at - first;
    }
    if (*here.at == 'e' || *here.at == 'E') {
        here.at = read_exponent(here.at + 1, number);
        if (!is_digit(here.at[-1]))
            return expect(packer, "a digit", here.at);
    }
    return put_double(packer, number, here);
}

/* Twenty digits that begin with a 1 were taken modulo 2^64 only if they are below 10^19
 * now. */
static bool is_uint64(const decimal *number)
{
    const uint64_t least = UINT64_C(10000000000000000000);
    const uint8_t *first = number->start + number->negative;
    return number->n_digits <= MAX_DIGITS || (number->n_digits == MAX_DIGITS + 1 &&
                                              *first == '1' && number->digits >= least);
}

static place pack_number(struct packer *packer, place here)
{
    decimal number = {.start = here.at, .negative = *here.at == '-'};
    const uint8_t *first = here.at + number.negative;
    if (!is_digit(*first))
        return expect(packer, "a digit", first);
    here.at = *first == '0' ? first + 1 : read_digits(first, &number.digits);
    number.n_digits = here.at - first;
    if (*here.at == '.' || *here.at == 'e' || *here.at == 'E')
        return pack_real(packer, &number, here);
    if (!is_uint64(&number) || (number.negative && number.digits > UINT64_C(1) << 63))
        return put_double(packer, &number, here);
    here.to = number.negative ? leat_pack_int(here.to, (int64_t)(0 - number.digits))
                              : leat_pack_uint(here.to, number.digits);
    return here;
}

/* ---- values ---- */

static place pack_word(struct packer *packer, const char *word, uint8_t meaning,
                       place here)
{
    for (; *word; word++, here.at++)
        if (*here.at != (uint8_t)*word)
            return expect(packer, "true, false or null", here.at);
    *here.to++ = meaning;
    return here;
}

static place pack_scalar(struct packer *packer, place here)
{
    enum { NIL = 0xc0, FALSE = 0xc2, TRUE = 0xc3 };
    switch (*here.at) {
    case '"':
        return pack_string(packer, here);
    case 't':
        return pack_word(packer, "true", TRUE, here);
    case 'f':
        return pack_word(packer, "false", FALSE, here);
    case 'n':
        return pack_word(packer, "null", NIL, here);
    default:
        if (*here.at == '-' || is_digit(*here.at))
            return pack_number(packer, here);
        return expect(packer, "a value", here.at);
    }
}

/* The key of a member, up to where its value begins. */
static place pack_key(struct packer *packer, place here)
{
    if (*here.at != '"')
        return expect(packer, "a key in quotes", here.at);
    here = pack_string(packer, here);
    if (!here.at)
        return here;
    here.at = skip_space(here.at);
    if (*here.at != ':')
        return expect(packer, "':'", here.at);
    here.at = skip_space(here.at + 1);
    return here;
}

static place open_container(struct packer *packer, place here)
{
    if (packer->open == LEAT_MSGPACK_MAX_DEPTH)
        return fail(packer, LEAT_E_DEPTH, here.at);
    packer->containers[packer->open++] =
        (container){here.to, 0, *here.at == '{' ? '}' : ']'};
    return (place){skip_space(here.at + 1), here.to + LEAT_PACK_HEAD};
}

static place close_container(struct packer *packer, place here)
{
    enum { ARRAY_32 = 0xdd, MAP_32 = 0xdf };
    const container *inner = &packer->containers[--packer->open];
    leat_pack_be(inner->head, inner->closing == '}' ? MAP_32 : ARRAY_32, 1);
    leat_pack_be(inner->head + 1, inner->n, 4);
    here.at++;
    return here;
}

/* Behind a value: closes what ends there, up to where the next value begins, or to the
 * end of the outermost. */
static place find_next(struct packer *packer, place here)
{
    while (packer->open) {
        container *inner = &packer->containers[packer->open - 1];
        inner->n++;
        here.at = skip_space(here.at);
        if (*here.at == ',') {
            here.at = skip_space(here.at + 1);
            return inner->closing == '}' ? pack_key(packer, here) : here;
        }
        if (*here.at != inner->closing)
            return expect(packer, inner->closing == '}' ? "',' or '}'" : "',' or ']'",
                          here.at);
        here = close_container(packer, here);
    }
    return here;
}

/* A value, or as much of it as is in front of the first one inside. */
static place pack_value(struct packer *packer, place here)
{
    if (*here.at != '{' && *here.at != '[') {
        here = pack_scalar(packer, here);
        return here.at ? find_next(packer, here) : here;
    }
    here = open_container(packer, here);
    if (!here.at)
        return here;
    uint8_t closing = packer->containers[packer->open - 1].closing;
    if (*here.at == closing)
        return find_next(packer, close_container(packer, here));
    return closing == '}' ? pack_key(packer, here) : here;
}

static place pack_text(struct packer *packer, place here)
{
    here.at = skip_space(here.at);
    do
        here = pack_value(packer, here);
    while (here.at && packer->open);
    if (!here.at)
        return here;
    here.at = skip_space(here.at);
    return here.at < packer->end ? fail(packer, LEAT_E_TRAILING, here.at) : here;
}

leat_status leat_json_pack(leat_slice text, leat_arena *arena, leat_slice *packed,
                           leat_json_fault *fault)
{
    *fault = (leat_json_fault){0};
    if (text.size > UINT32_MAX / GROWTH)
        return LEAT_E_TOO_LARGE;
    size_t room = (size_t)text.size * GROWTH + OPEN + WORD;
    uint8_t *out = leat_arena_alloc(arena, room + text.size + 2 * WORD);
    if (!out)
        return LEAT_E_MEMORY;
    uint8_t *copy = out + room;
    memcpy(copy, text.data, text.size);
    memset(copy + text.size, 0, 2 * WORD);
    struct packer packer; /* not its containers, which are filled as they open */
    packer.end = copy + text.size;
    packer.expected = NULL;
    packer.open = 0;
    place end = pack_text(&packer, (place){copy, out});
    if (end.at) {
        *packed = (leat_slice){out, (uint32_t)(end.to - out)};
        return LEAT_OK;
    }
    *fault = (leat_json_fault){(uint32_t)(packer.fault - copy), packer.expected};
    return packer.status;
}

/* ---- for people ---- */

/* What the first byte says of a text that is no JSON at all. */
static const char *hint(leat_slice text, uint32_t at)
{
    enum { FIXMAP = 0x80, LAST_FIXMAP = 0x8f, MAP_16 = 0xde, MAP_32 = 0xdf };
    uint8_t first = at ? 0 : text.data[0];
    if ((first >= FIXMAP && first <= LAST_FIXMAP) || first == MAP_16 || first == MAP_32)
        return " (the payload looks like msgpack)";
    return first == 0xef ? " (a byte order mark?)" : "";
}

static leat_status explain_format(leat_slice text, const leat_json_fault *fault,
                                  uint64_t position, leat_error *error)
{
    uint8_t found = text.data[fault->at];
    bool is_shown = found > 0x20 && found < 0x7f;
    char name[8];
    snprintf(name, sizeof name, is_shown ? "'%c'" : "0x%02x", found);
    return leat_error_set(error, LEAT_E_FORMAT,
                          "found %s at byte %" PRIu64 ", expected %s%s", name, position,
                          fault->expected, hint(text, fault->at));
}

leat_status leat_json_explain(leat_slice text, const leat_json_fault *fault,
                              uint64_t origin, leat_status status, leat_error *error)
{
    uint64_t position = origin + fault->at;
    if (status == LEAT_E_FORMAT)
        return explain_format(text, fault, position, error);
    if (status == LEAT_E_TRUNCATED)
        return leat_error_set(error, status,
                              "the JSON ends at byte %" PRIu64 ", expected %s", position,
                              fault->expected);
    if (status == LEAT_E_RANGE)
        return leat_error_set(
            error, status, "the number at byte %" PRIu64 " is beyond a double", position);
    leat_cursor cursor = {text.data, text.data + fault->at, text.data + text.size};
    return leat_msgpack_explain(&cursor, origin, status, error);
}
