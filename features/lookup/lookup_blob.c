/* A map in one string an entity, of msgpack or JSON: one MGET asks for those of all
 * entities. */
#include "base/json_pack.h"
#include "features/lookup/lookup_format.h"
#include "features/lookup/lookup_key.h"
#include "features/redis/command.h"

static leat_status prepare(leat_question *question, leat_arena *arena, leat_error *error)
{
    const leat_lookup_spec *spec = question->spec;
    uint32_t n = spec->n_fields;
    const leat_path **paths = leat_arena_calloc(arena, n + 1, sizeof *paths);
    if (!paths || leat_question_add_time(question, arena) != LEAT_OK)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    for (uint32_t i = 0; i < spec->n_fields; i++)
        paths[i] = spec->fields[i].path;
    if (spec->time)
        paths[n++] = spec->time;
    question->n_values = n;
    return leat_blob_new(&question->blob, arena, paths, n, error);
}

static uint32_t count_keys(const leat_question *question,
                           const leat_lookup_entities *entities)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < entities->n; i++)
        n += leat_question_wants(question, &entities->at[i]);
    return n;
}

static void ask(const leat_question *question, leat_redis *redis, leat_batch *batch,
                leat_lookup_entities *entities)
{
    uint32_t n_keys = count_keys(question, entities), element = 0;
    uint32_t command = leat_redis_n_asked(redis);
    leat_command mget;
    if (!n_keys)
        return;
    leat_command_init(&mget, &batch->arena, 1 + n_keys);
    leat_command_add_text(&mget, "MGET");
    for (uint32_t i = 0; i < entities->n; i++)
        if (leat_question_wants(question, &entities->at[i]))
            leat_command_add(&mget, entities->at[i].key);
    if (leat_command_ask(&mget, redis, LEAT_REPLY_VALUES, n_keys) != LEAT_OK)
        return;
    for (uint32_t i = 0; i < entities->n; i++) {
        leat_lookup_entity *entity = &entities->at[i];
        if (!leat_question_wants(question, entity))
            continue;
        entity->is_asked = true;
        entity->command = command;
        entity->element = element++;
    }
}

static leat_status walk(const leat_question *question, leat_batch *batch,
                        leat_slice bytes, leat_slice *values, leat_error *why)
{
    leat_json_fault fault;
    leat_slice packed = bytes;
    leat_status status = LEAT_OK;
    if (question->spec->format == LEAT_LOOKUP_JSON)
        status = leat_json_pack(bytes, &batch->arena, &packed, &fault);
    return status == LEAT_OK ? leat_blob_walk(question->blob, packed, values, why)
                             : leat_json_explain(bytes, &fault, 0, status, why);
}

static void read_answer(const leat_question *question, const leat_redis *redis,
                        leat_batch *batch, leat_lookup_entity *entity)
{
    leat_error why;
    leat_slice bytes = leat_redis_value(redis, entity->command, entity->element);
    entity->answer = LEAT_ANSWER_FOUND;
    entity->values = NULL;
    if (!bytes.data)
        return; /* no such key */
    leat_slice *values = leat_question_make_values(question, batch, entity);
    if (values && walk(question, batch, bytes, values, &why) != LEAT_OK)
        leat_question_break(question, batch, entity, &why);
}

const leat_lookup_format_calls leat_lookup_blob = {
    .prepare = prepare,
    .key = leat_lookup_key,
    .ask = ask,
    .read = read_answer,
};
