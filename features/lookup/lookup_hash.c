/* Fields of a HASH, as text. */
#include "features/lookup/lookup_format.h"
#include "features/lookup/lookup_key.h"

static leat_status prepare(leat_question *question, leat_arena *arena, leat_error *error)
{
    const leat_lookup_spec *spec = question->spec;
    uint32_t n = spec->n_fields;
    leat_slice *names = leat_arena_calloc(arena, n + 1, sizeof *names);
    leat_status status = names ? leat_question_add_time(question, arena) : LEAT_E_MEMORY;
    for (uint32_t i = 0; status == LEAT_OK && i < spec->n_fields; i++)
        names[i] = spec->fields[i].path->steps[0].name;
    if (status == LEAT_OK && spec->time)
        names[n++] = spec->time->steps[0].name;
    if (status == LEAT_OK)
        status = leat_question_set_fields(question, arena, names, n);
    return status == LEAT_OK ? LEAT_OK : leat_error_set(error, status, "out of memory");
}

static void read_answer(const leat_question *question, const leat_redis *redis,
                        leat_batch *batch, leat_lookup_entity *entity)
{
    leat_slice *values = leat_question_make_values(question, batch, entity);
    for (uint32_t i = 0; values && i < question->n_values; i++)
        values[i] = leat_redis_value(redis, entity->command, i);
}

const leat_lookup_format_calls leat_lookup_hash = {
    .prepare = prepare,
    .key = leat_lookup_key,
    .ask = leat_question_ask_hashes,
    .read = read_answer,
    .is_text = true,
};
