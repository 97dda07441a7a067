#include "features/aggregate/aggregate_look.h"

#include "base/clock.h"
#include "base/pack.h"
#include "features/aggregate/shared_state.h"
#include "features/key_text.h"
#include "features/redis/command.h"

#define WAIT_NS (5 * LEAT_SEC)

static leat_status get(leat_redis *redis, leat_arena *arena, leat_slice key,
                       leat_error *error)
{
    leat_command command;
    leat_redis_reset(redis);
    leat_command_init(&command, arena, 2);
    leat_command_add_text(&command, "GET");
    leat_command_add(&command, key);
    if (leat_command_ask(&command, redis, LEAT_REPLY_VALUE, 1) != LEAT_OK)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_redis_send(redis, WAIT_NS);
    if (leat_redis_receive(redis) != LEAT_OK)
        return leat_error_set(error, LEAT_E_UNAVAILABLE, "redis: %s",
                              leat_redis_trouble(redis));
    leat_slice words = leat_redis_value(redis, 0, 0);
    if (leat_redis_kind(redis, 0) == LEAT_REPLY_ERROR)
        return leat_error_set(error, LEAT_E_UNAVAILABLE, "redis: %.*s",
                              words.size < 200 ? (int)words.size : 200,
                              (const char *)words.data);
    return LEAT_OK;
}

static leat_status load(const leat_entity_spec *entity, leat_arena *arena,
                        leat_slice bytes, leat_state *state)
{
    leat_shared_state *shared;
    leat_status status = LEAT_OK;
    if (entity->is_shared)
        status = leat_shared_state_read(&shared, arena, bytes, &bytes);
    if (status != LEAT_OK || !bytes.data)
        return status;
    status = leat_state_check(&entity->state, bytes);
    return status == LEAT_OK ? leat_state_load(&entity->state, state, bytes) : status;
}

static leat_status describe(const leat_entity_spec *entity, const leat_state *state,
                            leat_slice key, int64_t time_ns, leat_arena *arena,
                            leat_slice *map)
{
    leat_slice described;
    leat_status status = leat_state_describe(&entity->state, &entity->names, state,
                                             time_ns, arena, &described);
    size_t size = 4 * LEAT_PACK_HEAD + 32 + strlen(entity->name) + key.size;
    uint8_t *bytes =
        status == LEAT_OK ? leat_arena_alloc(arena, size + described.size) : NULL;
    if (!bytes)
        return LEAT_E_MEMORY;
    uint8_t *at = leat_pack_str(leat_pack_map(bytes, 3), "entity");
    at = leat_pack_str(leat_pack_str(at, entity->name), "key");
    at = leat_pack_raw(leat_pack_str_head(at, key.size), key.data, key.size);
    at = leat_pack_raw(leat_pack_str(at, "state"), described.data, described.size);
    *map = (leat_slice){bytes, (uint32_t)(at - bytes)};
    return LEAT_OK;
}

leat_status leat_aggregate_look(const leat_redis_spec *redis,
                                const leat_entity_spec *entity, leat_slice name,
                                int64_t time_ns, leat_arena *arena, leat_slice *map,
                                leat_error *error)
{
    leat_redis *connection;
    leat_state state = {0};
    leat_slice key =
        leat_slice_join(arena, (leat_slice[]){leat_slice_of(entity->prefix), name}, 2);
    leat_status status = leat_redis_new(&connection, redis, error);
    if (status != LEAT_OK)
        return status;
    status = get(connection, arena, key, error);
    if (status == LEAT_OK) {
        status = load(entity, arena, leat_redis_value(connection, 0, 0), &state);
        if (status == LEAT_OK)
            status = describe(entity, &state, key, time_ns, arena, map);
        if (status != LEAT_OK)
            leat_error_set(error, status, "%.*s: %s", (int)key.size,
                           (const char *)key.data,
                           status == LEAT_E_FORMAT ? "no state of these aggregates"
                                                   : leat_status_text(status));
    }
    leat_state_fini(&state);
    leat_redis_free(connection);
    return status;
}
