/* Whatever stands in a store: a value or time is read or refused, and what a value becomes is
 * one msgpack value. Whatever an event has becomes a key, or is refused. The first byte says
 * which of them the rest is. */
#include "base/msgpack.h"
#include "features/lookup/feast.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_JOINS = 3, MAX_KEY = 64 };

static void read_value(leat_arena *arena, leat_slice bytes)
{
    leat_slice packed;
    leat_error error;
    if (leat_feast_value(bytes, arena, &packed, &error) != LEAT_OK)
        return;
    leat_cursor cursor = leat_cursor_over(packed);
    if (leat_msgpack_check(&cursor, 0) != LEAT_OK || cursor.at != cursor.end)
        abort();
}

static void read_time(leat_slice bytes)
{
    leat_event_time time;
    leat_error error;
    if (leat_feast_time(bytes, &time, &error) == LEAT_OK &&
        time.nanoseconds >= 1000000000)
        abort();
}

/* The first bytes are the types of the join keys; their values follow, as the decoder would
 * hand them out. */
static void make_key(leat_arena *arena, leat_slice bytes)
{
    static const leat_feast_type types[] = {
        LEAT_FEAST_BY_VALUE, LEAT_FEAST_BYTES, LEAT_FEAST_STRING,
        LEAT_FEAST_INT32,    LEAT_FEAST_INT64, LEAT_FEAST_UNIX_TIMESTAMP};
    leat_feast_join joins[N_JOINS];
    leat_slice values[N_JOINS] = {{0}}, key;
    uint32_t at_fault = 0, at = N_JOINS;
    if (bytes.size < N_JOINS)
        return;
    for (uint32_t i = 0; i < N_JOINS; i++) {
        joins[i] = (leat_feast_join){"join", i, types[bytes.data[i] % 6]};
        leat_cursor cursor = {bytes.data, bytes.data + at, bytes.data + bytes.size};
        if (!leat_feast_type_text(joins[i].type)[0])
            abort();
        if (leat_msgpack_check(&cursor, 0) != LEAT_OK)
            continue; /* absent */
        values[i] =
            (leat_slice){bytes.data + at, (uint32_t)(cursor.at - cursor.start) - at};
        at = (uint32_t)(cursor.at - cursor.start);
    }
    if (leat_feast_key(arena, "project", 2 + bytes.data[0] % 2, joins, values, N_JOINS,
                       &key, &at_fault) == LEAT_OK &&
        key.size > MAX_KEY * N_JOINS + bytes.size)
        abort();
    if (at_fault >= N_JOINS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_arena arena;
    if (!size)
        return 0;
    leat_slice rest = {data + 1, (uint32_t)size - 1};
    leat_arena_init(&arena, 4096);
    if (leat_murmur3_32(rest, 0) != leat_murmur3_32(rest, 0))
        abort();
    if (data[0] % 3 == 0)
        read_value(&arena, rest);
    else if (data[0] % 3 == 1)
        read_time(rest);
    else
        make_key(&arena, rest);
    leat_arena_fini(&arena);
    return 0;
}
