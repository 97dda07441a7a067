#include "consumers/record_field.h"

enum { FIRST_BIN = 0xc4, FIRST_STR = 0xd9, INT_64 = 0xd3, MAX_HEAD = 5 };

static bool find_integer(const leat_event *event, leat_meta meta, int64_t *number)
{
    switch (meta) {
    case LEAT_META_PARTITION:
        *number = event->partition;
        return true;
    case LEAT_META_OFFSET:
        *number = event->offset;
        return true;
    case LEAT_META_TIMESTAMP:
        *number = event->timestamp;
        return event->timestamp >= 0;
    case LEAT_META_TOPIC:
    default:
        return false;
    }
}

leat_value leat_record_number(const leat_event *event, const leat_path *path)
{
    leat_value value = {.type = LEAT_VALUE_NIL};
    if (find_integer(event, path->meta, &value.as.i))
        value.type = value.as.i < 0 ? LEAT_VALUE_INT : LEAT_VALUE_UINT;
    return value;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, unsigned width)
{
    for (unsigned i = width; i-- > 0; number >>= 8)
        at[i] = (uint8_t)number;
    return at + width;
}

static leat_status pack_integer(int64_t number, leat_arena *arena, leat_slice *packed)
{
    uint8_t *bytes = leat_arena_alloc(arena, 1 + sizeof number);
    if (!bytes)
        return LEAT_E_MEMORY;
    bytes[0] = INT_64;
    put_number(bytes + 1, (uint64_t)number, sizeof number);
    *packed = (leat_slice){bytes, 1 + sizeof number};
    return LEAT_OK;
}

/* str and bin have the same three forms: a size of 1, 2 or 4 bytes. */
static leat_status pack_bytes(leat_slice text, leat_arena *arena, leat_slice *packed)
{
    if (!text.data) {
        *packed = text;
        return LEAT_OK;
    }
    uint8_t *bytes = leat_arena_alloc(arena, MAX_HEAD + (size_t)text.size);
    if (!bytes)
        return LEAT_E_MEMORY;
    unsigned form = text.size <= UINT8_MAX ? 0 : text.size <= UINT16_MAX ? 1 : 2;
    bytes[0] =
        (uint8_t)(form + (leat_utf8_valid(text.data, text.size) ? FIRST_STR : FIRST_BIN));
    uint8_t *at = put_number(bytes + 1, text.size, 1U << form);
    memcpy(at, text.data, text.size);
    *packed = (leat_slice){bytes, (uint32_t)(at - bytes) + text.size};
    return LEAT_OK;
}

leat_status leat_record_pack(const leat_event *event, const leat_path *path,
                             leat_header_find *find_header, leat_arena *arena,
                             leat_slice *packed)
{
    leat_slice text = {0};
    int64_t number;
    if (path->root == LEAT_ROOT_KEY)
        text = event->key;
    else if (path->root == LEAT_ROOT_HEADERS && find_header)
        text = find_header(event, path->name);
    else if (path->root == LEAT_ROOT_META && path->meta == LEAT_META_TOPIC)
        text =
            (leat_slice){(const uint8_t *)event->topic, (uint32_t)strlen(event->topic)};
    else if (path->root == LEAT_ROOT_META && find_integer(event, path->meta, &number))
        return pack_integer(number, arena, packed);
    return pack_bytes(text, arena, packed);
}
