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

#endif
