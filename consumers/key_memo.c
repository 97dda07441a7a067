#include "consumers/key_memo.h"

#include "consumers/trie.h"

/* No bits of a payload make a one when none of them count. */
void leat_key_memo_init(leat_key_memo *memo)
{
    for (int i = 0; i <= LEAT_MEMO_KEYS; i++)
        memo->keys[i] = (leat_expected_key){.words = {1}, .reach = 8};
}

bool leat_expected_key_is(const leat_expected_key *expected, const uint8_t *at,
                          size_t left)
{
    return expected->size && expected->size <= left &&
           !memcmp(at, expected->words, expected->size);
}

/* Integers of 64 bits are left out: as float32 they have to be rounded twice, as they
 * always are, by way of a double. */
static leat_form form_of(leat_head head)
{
    switch (head.type) {
    case LEAT_VALUE_BOOL:
    case LEAT_VALUE_UINT:
        return !head.width      ? LEAT_FORM_TINY
               : head.width < 8 ? LEAT_FORM_UNSIGNED
                                : LEAT_FORM_ANY;
    case LEAT_VALUE_INT:
        return head.width && head.width < 8 ? LEAT_FORM_SIGNED : LEAT_FORM_ANY;
    case LEAT_VALUE_DOUBLE:
        return LEAT_FORM_DOUBLE;
    default:
        return LEAT_FORM_ANY;
    }
}

/* Where the number goes, so that nobody has to ask the node. */
static void set_column(leat_expected_key *expected)
{
    const leat_target *column = expected->child ? expected->child->number : NULL;
    if (!column || column->dtype != LEAT_F32 || column->offset > UINT32_MAX ||
        column->tensor > UINT16_MAX || column->index / 64 > UINT16_MAX) {
        expected->form = LEAT_FORM_ANY;
        return;
    }
    expected->keep = ~(UINT64_C(1) << column->index % 64);
    expected->missing = (uint16_t)(column->index / 64);
    expected->offset = (uint32_t)column->offset;
    expected->tensor = (uint16_t)column->tensor;
}

static size_t reach_of(const leat_expected_key *expected)
{
    size_t compared = expected->last + sizeof expected->mask;
    size_t read = expected->size + 1U + (expected->width ? 8 : 0);
    return compared > read ? compared : read;
}

void leat_expected_key_set_form(leat_expected_key *expected, const uint8_t *at,
                                size_t left)
{
    size_t size = expected->size;
    if (size >= left)
        return;
    leat_head head = leat_msgpack_heads[at[size]];
    uint8_t first = at[size] & (uint8_t)~head.embedded;
    memcpy((uint8_t *)expected->words + size, &first, 1);
    expected->width = head.width;
    expected->embedded = head.embedded;
    expected->form = (uint8_t)form_of(head);
    expected->last = (uint8_t)(size < 7 ? 0 : size - 7);
    expected->reach = (uint8_t)reach_of(expected);
    set_column(expected);

    uint8_t counts[sizeof expected->mask] = {0};
    memset(counts, 0xff, size - expected->last);
    counts[size - expected->last] = (uint8_t)~head.embedded;
    memcpy(&expected->mask, counts, sizeof counts);
}

void leat_expected_key_set(leat_expected_key *expected, const uint8_t *at, size_t size,
                           size_t left, const leat_node *child)
{
    if (size >= sizeof expected->words || size >= left)
        return;
    *expected = (leat_expected_key){.child = child, .size = (uint8_t)size};
    memcpy(expected->words, at, size);
    leat_expected_key_set_form(expected, at, left);
}

/* A number that would be read together with bytes behind the payload does not count. */
bool leat_key_memo_matches_near_end(const leat_expected_key *expected, const uint8_t *at,
                                    size_t left)
{
    if (!leat_expected_key_is(expected, at, left) || expected->size == left)
        return false;
    bool reads_on = expected->width && expected->size + 9U > left;
    uint8_t first = at[expected->size] & (uint8_t)~expected->embedded;
    return !reads_on && first == ((const uint8_t *)expected->words)[expected->size];
}
