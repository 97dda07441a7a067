/* consumers/key_memo.h: the keys of a map as the last event had them.
 *
 * The events of one stream are written by one program, and repeat their keys in the same
 * order. So the memo holds the encoded bytes of each key, head included, and to whom the
 * value goes; when the next key's bytes are those expected, nobody has to read its head,
 * check its text or search for its name. An encoded key cannot be the beginning of
 * another one, so equal bytes are an equal key. What is remembered is only ever a short
 * cut: bytes to node, which no event can change.
 *
 * A key that was not expected is looked for a few places on (fields were left out), then
 * searched, and takes the place of the one that was expected.
 *
 * Owns:    nothing; lives with its node.
 * Threads: one lane.
 */
#ifndef LEAT_CONSUMERS_KEY_MEMO_H
#define LEAT_CONSUMERS_KEY_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LEAT_MEMO_KEYS = 128, LEAT_MEMO_WORDS = 3, LEAT_MEMO_AHEAD = 4 };

struct leat_node;

/* One cache line. */
typedef struct leat_expected_key {
    uint64_t words[LEAT_MEMO_WORDS]; /* the key's bytes */
    uint64_t masks[LEAT_MEMO_WORDS]; /* which of them count */
    const struct leat_node *child;   /* NULL: nobody wants the value */
    size_t size;                     /* SIZE_MAX: no key */
} leat_expected_key;

typedef struct leat_key_memo {
    leat_expected_key keys[LEAT_MEMO_KEYS + 1]; /* the last one stays empty */
} leat_key_memo;

/* Matches nothing: no bit of a payload is looked at, and some are expected. */
static inline void leat_key_memo_init(leat_key_memo *memo)
{
    for (int i = 0; i <= LEAT_MEMO_KEYS; i++)
        memo->keys[i] = (leat_expected_key){.words = {1}, .size = SIZE_MAX};
}

static inline uint64_t leat_key_memo_differ(const leat_expected_key *expected,
                                            const uint8_t *at, unsigned i)
{
    uint64_t word;
    memcpy(&word, at + i * sizeof word, sizeof word);
    return (word & expected->masks[i]) ^ expected->words[i];
}

static inline bool leat_key_memo_matches(const leat_expected_key *expected,
                                         const uint8_t *at, size_t left)
{
    if (left < sizeof expected->words)
        return expected->size <= left && !memcmp(at, expected->words, expected->size);
    return !(leat_key_memo_differ(expected, at, 0) |
             leat_key_memo_differ(expected, at, 1) |
             leat_key_memo_differ(expected, at, 2));
}

/* A key that does not fit is not remembered. */
static inline void leat_expected_key_set(leat_expected_key *expected, const uint8_t *key,
                                         size_t size, const struct leat_node *child)
{
    if (size > sizeof expected->words)
        return;
    *expected = (leat_expected_key){.child = child, .size = size};
    memcpy(expected->words, key, size);
    memset(expected->masks, 0xff, size);
}

#endif
