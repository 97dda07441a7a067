#include "features/key_text.h"

#include "base/number.h"

static leat_slice print_integer(leat_arena *arena, const leat_value *value)
{
    bool is_negative = value->type == LEAT_VALUE_INT;
    char *room = leat_arena_alloc(arena, 1 + LEAT_MAX_DIGITS);
    if (!room)
        return (leat_slice){0};
    char *end = room + 1 + LEAT_MAX_DIGITS;
    char *from = leat_digits_before(end, is_negative ? 0 - value->as.u : value->as.u);
    if (is_negative)
        *--from = '-';
    return (leat_slice){(const uint8_t *)from, (uint32_t)(end - from)};
}

leat_status leat_key_text(leat_arena *arena, leat_slice capture, leat_slice *text,
                          leat_value *value)
{
    leat_cursor cursor = leat_cursor_over(capture);
    if (!capture.data || leat_msgpack_read(&cursor, value) != LEAT_OK)
        return LEAT_E_MISSING;
    switch (value->type) {
    case LEAT_VALUE_NIL:
        return LEAT_E_MISSING;
    case LEAT_VALUE_STR:
    case LEAT_VALUE_BIN:
        *text = (leat_slice){value->as.bytes, value->size};
        return LEAT_OK;
    case LEAT_VALUE_BOOL:
    case LEAT_VALUE_INT:
    case LEAT_VALUE_UINT:
        *text = print_integer(arena, value);
        return text->data ? LEAT_OK : LEAT_E_MEMORY;
    default:
        return LEAT_E_TYPE;
    }
}

leat_slice leat_slice_join(leat_arena *arena, const leat_slice *pieces, uint32_t n)
{
    size_t size = 0;
    for (uint32_t i = 0; i < n; i++)
        size += pieces[i].size;
    uint8_t *joined = size <= UINT32_MAX ? leat_arena_alloc(arena, size) : NULL;
    if (!joined)
        return (leat_slice){0};
    uint8_t *to = joined;
    for (uint32_t i = 0; i < n; i++) {
        if (pieces[i].size)
            memcpy(to, pieces[i].data, pieces[i].size);
        to += pieces[i].size;
    }
    return (leat_slice){joined, (uint32_t)size};
}
