#include "consumers/record_field.h"

#include "base/pack.h"

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

static leat_status pack_integer(int64_t number, leat_arena *arena, leat_slice *packed)
{
    uint8_t *bytes = leat_arena_alloc(arena, LEAT_PACK_INT);
    if (!bytes)
        return LEAT_E_MEMORY;
    *packed = (leat_slice){bytes, (uint32_t)(leat_pack_int(bytes, number) - bytes)};
    return LEAT_OK;
}

static leat_status pack_text(leat_slice text, leat_arena *arena, leat_slice *packed)
{
    *packed = (leat_slice){0};
    if (!text.data)
        return LEAT_OK;
    uint8_t *bytes = leat_arena_alloc(arena, LEAT_PACK_HEAD + (size_t)text.size);
    if (!bytes)
        return LEAT_E_MEMORY;
    *packed = (leat_slice){bytes, (uint32_t)(leat_pack_text(bytes, text) - bytes)};
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
    return pack_text(text, arena, packed);
}
