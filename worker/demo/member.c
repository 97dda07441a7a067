#include "worker/demo/member.h"

bool leat_value_is_text(const leat_value *value, const char *text)
{
    return value->type == LEAT_VALUE_STR && value->size == strlen(text) &&
           !memcmp(value->as.bytes, text, value->size);
}

bool leat_member_find(leat_cursor *cursor, const char *key)
{
    leat_value map, name;
    if (leat_msgpack_read(cursor, &map) != LEAT_OK || map.type != LEAT_VALUE_MAP)
        return false;
    for (uint32_t i = 0; i < map.size; i++) {
        if (leat_msgpack_read(cursor, &name) != LEAT_OK)
            return false;
        if (leat_value_is_text(&name, key))
            return true;
        if (leat_msgpack_skip(cursor, 1) != LEAT_OK)
            return false;
    }
    return false;
}

bool leat_member_read(leat_slice map, const char *key, leat_value *value)
{
    leat_cursor cursor = leat_cursor_over(map);
    return leat_member_find(&cursor, key) && leat_msgpack_read(&cursor, value) == LEAT_OK;
}
