/* consumers/key_memo.h: the fields of a map as the last event had them.
 *
 * The events of one stream are written by one program, and repeat their keys in the same
 * order, with values of the same form. So the memo holds the encoded bytes of each key, head
 * included, to whom the value goes, and the value's own head; when the next bytes are those
 * expected, nobody has to read the key's head, check its text or search for its name. An
 * encoded key cannot be the beginning of another one, so equal bytes are an equal key. What
 * is remembered is only ever a short cut: bytes to node, which no event can change.
 *
 * That the value's head is compared and not read is what makes decoding fast. Where the
 * next key begins hangs on what is remembered, and not on a load from the payload and one
 * from a table that the processor would wait for in every field; and a number goes from
 * its bytes to its column in a dozen instructions.
 *
 * A key that was not expected is looked for a few places on (fields were left out), then
 * searched, and takes the place of the one that was expected. A value of another form than
 * expected is the one that is expected next.
 *
 * Owns:    nothing; lives with its node.
 * Threads: one lane.
 */
#ifndef LEAT_CONSUMERS_KEY_MEMO_H
#define LEAT_CONSUMERS_KEY_MEMO_H

#include "base/msgpack.h"

#include <math.h>

enum { LEAT_MEMO_KEYS = 128, LEAT_MEMO_WORDS = 3, LEAT_MEMO_AHEAD = 4 };

struct leat_node;

/* A number that can be read as soon as its head is known to be the expected one. */
typedef enum leat_form {
    LEAT_FORM_ANY, /* no such number, or not for one column of float32 */
    LEAT_FORM_DOUBLE,
    LEAT_FORM_TINY, /* it is in the head */
    LEAT_FORM_UNSIGNED,
    LEAT_FORM_SIGNED,
} leat_form;

/* One cache line. */
typedef struct leat_expected_key {
    uint64_t words[LEAT_MEMO_WORDS]; /* the key's bytes, and the first of the value */
    uint64_t
        mask; /* which bits count of the last word, which ends with the value's byte */
    const struct leat_node *child; /* NULL: nobody wants the value */
    uint64_t keep;                 /* of `missing`, when the column has its value */
    uint32_t offset;               /* of the column: bytes into its row */
    uint16_t tensor;
    uint16_t missing; /* which word of `missing` */
    uint8_t size;     /* of the key; 0: no key */
    uint8_t last;     /* where the last word begins; it may overlap the one before it */
    uint8_t reach; /* bytes from the key's beginning that a match and the reading of its
                         number may touch */
    uint8_t form;  /* of the value */
    uint8_t width; /* of the value's head, as leat_head has it */
    uint8_t embedded; /* likewise */
} leat_expected_key;

typedef struct leat_key_memo {
    leat_expected_key keys[LEAT_MEMO_KEYS + 1]; /* the last one stays empty */
} leat_key_memo;

/* Matches nothing. */
void leat_key_memo_init(leat_key_memo *memo);

/* Whether this key is at `at`, whatever its value. */
bool leat_expected_key_is(const leat_expected_key *expected, const uint8_t *at,
                          size_t left);

/* The key of `size` bytes at `at` is expected from now on, and the form of its value. One
 * that does not fit is not remembered. */
void leat_expected_key_set(leat_expected_key *expected, const uint8_t *at, size_t size,
                           size_t left, const struct leat_node *child);

/* It is at `at`: the form of its value is expected from now on. */
void leat_expected_key_set_form(leat_expected_key *expected, const uint8_t *at,
                                size_t left);

/* For what is too near to the payload's end for a look at whole words. */
bool leat_key_memo_matches_near_end(const leat_expected_key *expected, const uint8_t *at,
                                    size_t left);

static inline uint64_t leat_memo_word(const void *bytes, size_t at)
{
    uint64_t word;
    memcpy(&word, (const uint8_t *)bytes + at, sizeof word);
    return word;
}

/* Whether this key is at `at`, and a value with this head behind it. */
LEAT_ALWAYS_INLINE bool leat_key_memo_matches(const leat_expected_key *expected,
                                              const uint8_t *at, size_t left)
{
    if (left < expected->reach)
        return leat_key_memo_matches_near_end(expected, at, left);
    size_t last = expected->last;
    uint64_t differ = (leat_memo_word(at, last) & expected->mask) ^
                      leat_memo_word(expected->words, last);
    for (size_t i = 0; i < last; i += sizeof differ)
        differ |= leat_memo_word(at, i) ^ leat_memo_word(expected->words, i);
    return !differ;
}

/* The number whose head is at `at`, where a match has found it; false for FORM_ANY, and
 * for NaN, which is no number. */
LEAT_ALWAYS_INLINE bool leat_expected_number(const leat_expected_key *expected,
                                             const uint8_t *at, float *number)
{
    if (expected->form == LEAT_FORM_ANY)
        return false;
    if (expected->form == LEAT_FORM_TINY) {
        *number = (float)(*at & expected->embedded);
        return true;
    }
    uint64_t bits = leat_msgpack_number(at + 1, 8, 8);
    if (expected->form == LEAT_FORM_DOUBLE) {
        *number = (float)leat_msgpack_double(bits);
        return !isnan(*number);
    }
    unsigned unused = 64 - 8U * expected->width;
    if (expected->form == LEAT_FORM_UNSIGNED)
        *number = (float)(int64_t)(bits >> unused);
    else
        *number = (float)((int64_t)bits >> unused);
    return true;
}

#endif
