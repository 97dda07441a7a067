/* base/slice.h: bytes that belong to somebody else. */
#ifndef LEAT_BASE_SLICE_H
#define LEAT_BASE_SLICE_H

#include <stdint.h>
#include <string.h>

typedef struct leat_slice {
    const uint8_t *data; /* NULL: absent, which is not the same as empty */
    uint32_t size;       /* bytes */
} leat_slice;

static inline int leat_slice_equal(leat_slice a, leat_slice b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

/* FNV-1a, for tables of names. Whoever sends names to look up cannot add to such a table,
 * so it collides as often as the configuration makes it, whatever is searched. */
static inline uint32_t leat_slice_hash(leat_slice slice)
{
    uint32_t sum = 2166136261u;
    for (uint32_t i = 0; i < slice.size; i++)
        sum = (sum ^ slice.data[i]) * 16777619u;
    return sum ^ sum >> 15;
}

/* A text without its NUL; data NULL where there is none. */
static inline leat_slice leat_slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

#endif
