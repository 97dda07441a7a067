#include "tests/json_twin.h"

#include "base/msgpack.h"

#include <jansson.h>

static bool same_value(const json_t *twin, leat_cursor *packed);

static bool same_array(const json_t *twin, leat_cursor *packed, uint32_t n)
{
    bool same = n == json_array_size(twin);
    for (uint32_t i = 0; i < n && same; i++)
        same = same_value(json_array_get(twin, i), packed);
    return same;
}

/* jansson keeps the last of equal keys. */
static bool is_last(leat_cursor packed, leat_slice key, uint32_t n_behind)
{
    leat_value other;
    for (; n_behind; n_behind--) {
        if (leat_msgpack_skip(&packed, 0) != LEAT_OK ||
            leat_msgpack_read(&packed, &other) != LEAT_OK)
            return false;
        if (leat_slice_equal(key, (leat_slice){other.as.bytes, other.size}))
            return false;
    }
    return true;
}

static bool same_object(const json_t *twin, leat_cursor *packed, uint32_t n)
{
    size_t n_last = 0;
    for (; n; n--) {
        leat_value key;
        if (leat_msgpack_read(packed, &key) != LEAT_OK || key.type != LEAT_VALUE_STR)
            return false;
        bool counts = is_last(*packed, (leat_slice){key.as.bytes, key.size}, n - 1);
        const char *name = (const char *)key.as.bytes;
        json_t *value = json_object_getn(twin, name, key.size);
        if (!value || (counts ? !same_value(value, packed)
                              : leat_msgpack_check(packed, 0) != LEAT_OK))
            return false;
        n_last += counts;
    }
    return n_last == json_object_size(twin);
}

static bool same_real(const json_t *twin, double number)
{
    double real = json_real_value(twin);
    return !memcmp(&real, &number, sizeof real);
}

static bool same_value(const json_t *twin, leat_cursor *packed)
{
    leat_value value;
    if (leat_msgpack_read(packed, &value) != LEAT_OK)
        return false;
    switch (value.type) {
    case LEAT_VALUE_NIL:
        return json_is_null(twin);
    case LEAT_VALUE_BOOL:
        return json_is_boolean(twin) && json_is_true(twin) == (int)value.as.u;
    case LEAT_VALUE_INT:
        return json_is_integer(twin) && json_integer_value(twin) == value.as.i;
    case LEAT_VALUE_UINT:
        return json_is_integer(twin) && (uint64_t)json_integer_value(twin) == value.as.u;
    case LEAT_VALUE_DOUBLE:
        return json_is_real(twin) && same_real(twin, value.as.f);
    case LEAT_VALUE_STR:
        return json_is_string(twin) && json_string_length(twin) == value.size &&
               !memcmp(json_string_value(twin), value.as.bytes, value.size);
    case LEAT_VALUE_ARRAY:
        return json_is_array(twin) && same_array(twin, packed, value.size);
    case LEAT_VALUE_MAP:
        return json_is_object(twin) && same_object(twin, packed, value.size);
    default:
        return false;
    }
}

/* Where one of the two took it and the other did not. */
static bool may_differ(leat_slice text, leat_status status, const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    if (status == LEAT_OK)
        return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
    return status == LEAT_E_DEPTH || memchr(text.data, 0, text.size);
}

bool json_twin_agrees(leat_slice text, leat_status status, leat_slice packed)
{
    json_error_t error = {0};
    json_t *twin = json_loadb((const char *)text.data, text.size,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    bool agrees = !twin == !!status || may_differ(text, status, &error);
    if (twin && status == LEAT_OK) {
        leat_cursor cursor = leat_cursor_over(packed);
        agrees = same_value(twin, &cursor) && cursor.at == cursor.end;
    }
    json_decref(twin);
    return agrees;
}
