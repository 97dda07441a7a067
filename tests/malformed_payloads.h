/* tests/malformed_payloads.h: forty ways in which an event cannot be decoded, for a
 * schema that wants event.price as a number. The integration tests send the same forty
 * kinds through Kafka (tests/integration/malformed.py). */
#ifndef LEAT_TESTS_MALFORMED_PAYLOADS_H
#define LEAT_TESTS_MALFORMED_PAYLOADS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct malformed_payload {
    const char *name;
    const char *head;
    size_t head_size;
    const char *repeated; /* comes `n_repeats` times between head and tail */
    size_t repeated_size;
    size_t n_repeats;
    const char *tail;
    size_t tail_size;
    leat_status status;
} malformed_payload;

#define BYTES(text) text, sizeof text - 1
#define PLAIN(name, bytes, status)                                                       \
    {                                                                                    \
        name, BYTES(bytes), "", 0, 0, "", 0, LEAT_##status                               \
    }
#define DEEP(name, head, repeated, tail, status)                                         \
    {                                                                                    \
        name, BYTES(head), BYTES(repeated), 100000, BYTES(tail), LEAT_##status           \
    }

/* {"n": 7, "user": "u1", "price": 1.5} */
#define VALID_N     "\xa1n\x07"
#define VALID_USER  "\xa4user\xa2u1"
#define VALID_PRICE "\xa5price\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"
#define VALID       "\x83" VALID_N VALID_USER VALID_PRICE
/* {"user": "u1", "other": ...}: nobody asked for the value. */
#define OTHER "\x82" VALID_USER "\xa5other"

static const malformed_payload malformed_payloads[] = {
    PLAIN("empty", "", E_TRUNCATED),
    PLAIN("one byte", "\x83", E_COUNT),
    PLAIN("cut in a key", "\x83" VALID_N "\xa4us", E_TRUNCATED),
    PLAIN("cut before a value", "\x83" VALID_N "\xa4user", E_TRUNCATED),
    PLAIN("cut in a value", "\x83" VALID_N VALID_USER "\xa5price\xcb\x3f", E_TRUNCATED),
    PLAIN("a field short", "\x83" VALID_N VALID_USER, E_TRUNCATED),
    PLAIN("a trailing nil", VALID "\xc0", E_TRAILING),
    PLAIN("a trailing map", VALID VALID, E_TRAILING),
    PLAIN("a trailing 0xc1", VALID "\xc1", E_TRAILING),
    PLAIN("nil at the top", "\xc0", E_TYPE),
    PLAIN("an integer at the top", "\x07", E_TYPE),
    PLAIN("an array at the top", "\x92\x01\x02", E_TYPE),
    PLAIN("text at the top", "\xa4text", E_TYPE),
    PLAIN("bytes at the top", "\xc4\x02hi", E_TYPE),
    PLAIN("a float at the top", "\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", E_TYPE),
    PLAIN("a boolean at the top", "\xc3", E_TYPE),
    PLAIN("JSON", "{\"user\":\"u1\",\"price\":1.5}", E_TYPE),
    PLAIN("0xc1", "\xc1", E_FORMAT),
    PLAIN("0xc1 as a value", OTHER "\xc1", E_FORMAT),
    PLAIN("0xc1 as a key", "\x82" VALID_USER "\xc1\x01", E_FORMAT),
    PLAIN("an array of 2^32-1", OTHER "\xdd\xff\xff\xff\xff", E_COUNT),
    PLAIN("a map of 2^32-1", OTHER "\xdf\xff\xff\xff\xff", E_COUNT),
    PLAIN("text of 2^32-1", OTHER "\xdb\xff\xff\xff\xff", E_TRUNCATED),
    PLAIN("bytes of 2^32-1", OTHER "\xc6\xff\xff\xff\xff", E_TRUNCATED),
    PLAIN("an ext of 2^32-1", OTHER "\xc9\xff\xff\xff\xff\x01", E_TRUNCATED),
    PLAIN("2^32-1 fields", "\xdf\xff\xff\xff\xff" VALID_N VALID_USER, E_COUNT),
    DEEP("arrays 100,000 deep", OTHER, "\x91", "\x01", E_DEPTH),
    DEEP("maps 100,000 deep", OTHER, "\x81\x01", "\x01", E_DEPTH),
    DEEP("endless arrays as a key", "\x81", "\x91", "", E_DEPTH),
    PLAIN("invalid UTF-8 in a key", "\x82" VALID_USER "\xa2\xff\xfe\x01", E_UTF8),
    PLAIN("invalid UTF-8 in a value", OTHER "\xa2\xc3\x28", E_UTF8),
    PLAIN("invalid UTF-8 in an array", OTHER "\x92\x01\xa1\x80", E_UTF8),
    PLAIN("overlong UTF-8", OTHER "\xa2\xc0\x80", E_UTF8),
    PLAIN("a surrogate in UTF-8", OTHER "\xa3\xed\xa0\x80", E_UTF8),
    PLAIN("msgpackr's records", OTHER "\xd4\x72\x40", E_FORMAT),
    PLAIN("an unknown ext", OTHER "\xd4\x05\x00", E_FORMAT),
    PLAIN("a timestamp of 2^30-1 ns", OTHER "\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff",
          E_FORMAT),
    PLAIN("a timestamp of one byte", OTHER "\xd4\xff\x00", E_FORMAT),
    PLAIN("text for a number", "\x81\xa5price\xa4+1.5", E_TYPE),
    PLAIN("a map for a number", "\x81\xa5price\x81\xa5value\x01", E_TYPE),
};

enum { N_MALFORMED = sizeof malformed_payloads / sizeof malformed_payloads[0] };

#endif
