/* What Feast wrote: fields of a HASH, which are protobuf under binary names, and when each
 * view that they are of was written. */
#include "base/clock.h"
#include "base/msgpack.h"
#include "base/pack.h"
#include "features/lookup/lookup_format.h"
#include "features/lookup/lookup_key.h"

/* ---- the key ---- */

static leat_status make_key(leat_batch *batch, leat_event *event,
                            const leat_slice *captures, const leat_question *question,
                            leat_slice *key)
{
    const leat_feast_spec *feast = &question->spec->feast;
    leat_slice *values = leat_arena_alloc(&batch->arena, feast->n_joins * sizeof *values);
    if (!values)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < feast->n_joins; i++)
        values[i] = captures[feast->joins[i].capture];
    uint32_t at_fault = 0;
    leat_status status =
        leat_feast_key(&batch->arena, feast->project, feast->version, feast->joins,
                       values, feast->n_joins, key, &at_fault);
    if (status == LEAT_E_TYPE || status == LEAT_E_RANGE)
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, status,
                        "lookup %s: %s is not what the join key %s takes: %s",
                        question->spec->name,
                        batch->schema->captures[feast->joins[at_fault].capture].text,
                        feast->joins[at_fault].name,
                        leat_feast_type_text(feast->joins[at_fault].type));
    return status;
}

/* ---- the fields ---- */

/* "view:feature", whoever names the view. */
static leat_slice full_name(const leat_feast_spec *feast, leat_arena *arena,
                            leat_slice name)
{
    if (memchr(name.data, ':', name.size))
        return name;
    if (!feast->view)
        return (leat_slice){0};
    return leat_slice_of(leat_arena_printf(arena, "%s:%.*s", feast->view, (int)name.size,
                                           (const char *)name.data));
}

/* The name of a field in the HASH. */
static leat_slice hashed(leat_arena *arena, leat_slice name)
{
    uint8_t *at = leat_arena_alloc(arena, 4);
    uint32_t hash = leat_murmur3_32(name, 0);
    for (unsigned i = 0; at && i < 4; i++)
        at[i] = (uint8_t)(hash >> 8 * i);
    return (leat_slice){at, 4};
}

/* Where the time of the field's view stands among `names`; a view that is new there takes
 * the next place. */
static leat_status add_time(leat_arena *arena, leat_slice field, leat_slice *names,
                            uint32_t first, uint32_t *n, uint32_t *place)
{
    const uint8_t *colon = memchr(field.data, ':', field.size);
    leat_slice name = leat_slice_of(leat_arena_printf(
        arena, "_ts:%.*s", (int)(colon - field.data), (const char *)field.data));
    if (!name.data)
        return LEAT_E_MEMORY;
    for (*place = first; *place < *n; ++*place)
        if (leat_slice_equal(names[*place], name))
            return LEAT_OK;
    names[(*n)++] = name;
    return LEAT_OK;
}

static leat_status name_fields(leat_question *question, leat_arena *arena,
                               leat_slice *names, uint32_t *n, leat_error *error)
{
    const leat_lookup_spec *spec = question->spec;
    *n = spec->n_fields;
    for (uint32_t i = 0; i < spec->n_fields; i++) {
        leat_slice own = spec->fields[i].path->steps[0].name;
        leat_slice name = full_name(&spec->feast, arena, own);
        if (!name.data)
            return leat_error_set(error, LEAT_E_CONFIG,
                                  "%s names no view: write  \"VIEW:FEATURE\"",
                                  spec->fields[i].path->text);
        names[i] = hashed(arena, name);
        if (!names[i].data || add_time(arena, name, names, spec->n_fields, n,
                                       &question->times[i]) != LEAT_OK)
            return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    }
    return LEAT_OK;
}

static leat_status prepare(leat_question *question, leat_arena *arena, leat_error *error)
{
    uint32_t n_fields = question->spec->n_fields, n;
    leat_slice *names = leat_arena_calloc(arena, 2 * (size_t)n_fields, sizeof *names);
    question->times = leat_arena_calloc(arena, n_fields, sizeof *question->times);
    if (!names || !question->times)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_status status = name_fields(question, arena, names, &n, error);
    if (status != LEAT_OK)
        return status;
    status = leat_question_set_fields(question, arena, names, n);
    return status == LEAT_OK ? LEAT_OK : leat_error_set(error, status, "out of memory");
}

/* ---- answers ---- */

static leat_status read_time(leat_arena *arena, leat_slice bytes, leat_slice *packed,
                             leat_error *error)
{
    leat_event_time time;
    leat_status status = leat_feast_time(bytes, &time, error);
    uint8_t *start = leat_arena_alloc(arena, LEAT_PACK_TIME);
    if (status != LEAT_OK)
        return status;
    if (!start)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    uint8_t *end = leat_pack_time(start, time.seconds, time.nanoseconds);
    *packed = (leat_slice){start, (uint32_t)(end - start)};
    return LEAT_OK;
}

static void read_answer(const leat_question *question, const leat_redis *redis,
                        leat_batch *batch, leat_lookup_entity *entity)
{
    leat_slice *values = leat_question_make_values(question, batch, entity);
    for (uint32_t i = 0; values && i < question->n_values; i++) {
        leat_error why;
        leat_slice bytes = leat_redis_value(redis, entity->command, i);
        bool is_time = i >= question->spec->n_fields;
        leat_status status =
            !bytes.data ? LEAT_OK
            : is_time   ? read_time(&batch->arena, bytes, &values[i], &why)
                        : leat_feast_value(bytes, &batch->arena, &values[i], &why);
        if (status == LEAT_OK)
            continue;
        leat_error_prefix(&why,
                          "%s: ", is_time ? "_ts" : question->spec->fields[i].path->text);
        leat_question_break(question, batch, entity, &why);
        return;
    }
}

const leat_lookup_format_calls leat_lookup_feast = {
    .prepare = prepare,
    .key = make_key,
    .ask = leat_question_ask_hashes,
    .read = read_answer,
};
