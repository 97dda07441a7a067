#include "ops/key_map.h"

#include "base/slice.h"

#include <math.h>

/* Open addressing, at most half full. A slot holds a key's number + 1, 0 when free. A
 * number's key is 64 bits that are equal where the numbers are; a string's are its hash. */
struct leat_key_map {
    leat_dtype dtype;
    uint32_t n;
    uint32_t mask;
    uint32_t *slots;           /* [mask + 1] */
    uint64_t *bits;            /* [n] */
    const leat_slice *strings; /* [n]; NULL for numbers */
};

/* Keys of a file that was made to collide would take the square of their number to load;
 * those of a half full table stand some hundred slots from home at the most. */
enum { MOST_STEPS = 1024 };

#define BITS_OF_NAN UINT64_MAX /* a NaN that no arithmetic makes */

static uint64_t bits_of_double(double x)
{
    uint64_t bits;
    if (isnan(x))
        return BITS_OF_NAN;
    if (x == 0)
        x = 0; /* -0 too */
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* FNV-1a. */
static uint64_t bits_of_string(leat_slice text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < text.size; i++)
        hash = (hash ^ text.data[i]) * 0x100000001b3u;
    return hash;
}

/* An element as a key of the map's kind; false when no such key can be. */
static bool bits_of_float(leat_dtype keys, double x, uint64_t *bits)
{
    if (keys == LEAT_F32 || keys == LEAT_F64) {
        *bits = bits_of_double(x);
        return true;
    }
    *bits = x > -0x1p63 && x < 0x1p63 ? (uint64_t)(int64_t)x : 0;
    return x > -0x1p63 && x < 0x1p63;
}

static bool bits_of_int(leat_dtype keys, int64_t x, uint64_t *bits)
{
    *bits =
        keys == LEAT_F32 || keys == LEAT_F64 ? bits_of_double((double)x) : (uint64_t)x;
    return true;
}

static bool bits_of(leat_dtype keys, leat_dtype dtype, const void *data, size_t i,
                    uint64_t *bits)
{
    switch (dtype) {
    case LEAT_F32:
        return bits_of_float(keys, (double)((const float *)data)[i], bits);
    case LEAT_F64:
        return bits_of_float(keys, ((const double *)data)[i], bits);
    case LEAT_I64:
        return bits_of_int(keys, ((const int64_t *)data)[i], bits);
    case LEAT_I32:
        return bits_of_int(keys, ((const int32_t *)data)[i], bits);
    case LEAT_BOOL:
        return bits_of_int(keys, ((const uint8_t *)data)[i], bits);
    case LEAT_STRING:
        *bits = bits_of_string(((const leat_slice *)data)[i]);
        return true;
    }
    return false;
}

/* The slot where the search for a key begins. Only the upper bits of the product depend on
 * all of the key's: a small number as a double has zeros in its lower half. */
static uint32_t home_of(const leat_key_map *map, uint64_t bits)
{
    const uint64_t mixed = bits * 0x9e3779b97f4a7c15u >> 32;
    return (uint32_t)(mixed * ((uint64_t)map->mask + 1) >> 32);
}

/* The slot that holds the key, or the free one where it would be. */
static uint32_t *slot_of(const leat_key_map *map, uint64_t bits, const leat_slice *text)
{
    for (uint32_t at = home_of(map, bits);; at = (at + 1) & map->mask) {
        const uint32_t key = map->slots[at];
        if (!key || (map->bits[key - 1] == bits &&
                     (!text || leat_slice_equal(map->strings[key - 1], *text))))
            return &map->slots[at];
    }
}

static uint32_t table_size(size_t n)
{
    uint32_t size = 2;
    while (size < 2 * n)
        size *= 2;
    return size;
}

leat_status leat_key_map_new(leat_key_map **made, leat_arena *arena, leat_dtype dtype,
                             size_t n, const void *keys, bool nan_equals_nan,
                             leat_error *error)
{
    if (n > (size_t)1 << 30)
        return leat_error_set(error, LEAT_E_UNSUPPORTED, "%zu keys: at most 2^30", n);
    const uint32_t size = table_size(n);
    leat_key_map *map = leat_arena_calloc(arena, 1, sizeof *map);
    uint32_t *slots = leat_arena_calloc(arena, size, sizeof *slots);
    uint64_t *bits = leat_arena_calloc(arena, n + 1, sizeof *bits);
    if (!map || !slots || !bits)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    *map = (leat_key_map){dtype, (uint32_t)n, size - 1,
                          slots, bits,        dtype == LEAT_STRING ? keys : NULL};
    for (uint32_t i = 0; i < map->n; i++) {
        const bool is_key = bits_of(dtype, dtype, keys, i, &bits[i]);
        const bool is_nan = dtype <= LEAT_F64 && bits[i] == BITS_OF_NAN;
        if (!is_key || (is_nan && !nan_equals_nan))
            continue;
        uint32_t *slot = slot_of(map, bits[i], map->strings ? &map->strings[i] : NULL);
        const uint32_t steps =
            ((uint32_t)(slot - map->slots) - home_of(map, bits[i])) & map->mask;
        if (steps > MOST_STEPS)
            return leat_error_set(error, LEAT_E_UNSUPPORTED,
                                  "key %u is alike to more than %d others", i,
                                  MOST_STEPS);
        if (!*slot)
            *slot = i + 1;
    }
    *made = map;
    return LEAT_OK;
}

void leat_key_map_find(const leat_key_map *map, const leat_array *elements, size_t first,
                       size_t n, uint32_t *found)
{
    const leat_slice *texts = map->strings ? elements->data : NULL;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        found[i] = map->n;
        if (!bits_of(map->dtype, elements->dtype, elements->data, first + i, &bits))
            continue;
        const uint32_t key = *slot_of(map, bits, texts ? &texts[first + i] : NULL);
        if (key)
            found[i] = key - 1;
    }
}
