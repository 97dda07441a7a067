#include "features/lookup/lookup_format.h"

#include "features/key_text.h"
#include "features/lookup/lookup_key.h"
#include "features/redis/command.h"

leat_status leat_question_set_fields(leat_question *question, leat_arena *arena,
                                     const leat_slice *names, uint32_t n)
{
    leat_slice *pieces = leat_arena_calloc(arena, 3 * (size_t)n, sizeof *pieces);
    question->n_values = n;
    question->head =
        leat_slice_of(leat_arena_printf(arena, "*%u\r\n$5\r\nHMGET\r\n", n + 2));
    if (!question->head.data || !pieces)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        pieces[3 * i] = leat_slice_of(leat_arena_printf(arena, "$%u\r\n", names[i].size));
        pieces[3 * i + 1] = names[i];
        pieces[3 * i + 2] = leat_slice_of("\r\n");
        if (!pieces[3 * i].data)
            return LEAT_E_MEMORY;
    }
    question->tail = leat_slice_join(arena, pieces, 3 * n);
    return question->tail.data ? LEAT_OK : LEAT_E_MEMORY;
}

static void ask_hash(const leat_question *question, leat_redis *redis,
                     leat_lookup_entity *entity)
{
    char head[LEAT_WORD_HEAD];
    const leat_slice pieces[] = {question->head,
                                 leat_word_head(head, entity->key.size),
                                 entity->key,
                                 {(const uint8_t *)"\r\n", 2},
                                 question->tail};
    entity->command = leat_redis_n_asked(redis);
    entity->is_asked = leat_redis_ask(redis, pieces, sizeof pieces / sizeof pieces[0],
                                      LEAT_REPLY_VALUES, question->n_values) == LEAT_OK;
}

void leat_question_ask_hashes(const leat_question *question, leat_redis *redis,
                              leat_batch *batch, leat_lookup_entities *entities)
{
    (void)batch;
    for (uint32_t i = 0; i < entities->n; i++)
        if (leat_question_wants(question, &entities->at[i]))
            ask_hash(question, redis, &entities->at[i]);
}

leat_slice *leat_question_make_values(const leat_question *question, leat_batch *batch,
                                      leat_lookup_entity *entity)
{
    entity->values =
        leat_arena_calloc(&batch->arena, question->n_values, sizeof *entity->values);
    entity->answer = entity->values ? LEAT_ANSWER_FOUND : LEAT_ANSWER_NONE;
    return entity->values;
}

leat_status leat_question_add_time(leat_question *question, leat_arena *arena)
{
    uint32_t n_fields = question->spec->n_fields;
    if (!question->spec->time)
        return LEAT_OK;
    question->times = leat_arena_alloc(arena, n_fields * sizeof *question->times);
    for (uint32_t i = 0; question->times && i < n_fields; i++)
        question->times[i] = n_fields;
    return question->times ? LEAT_OK : LEAT_E_MEMORY;
}

static bool read_time(const leat_question *question, leat_slice value,
                      leat_event_time *time)
{
    if (question->format->is_text)
        return value.data && leat_event_time_parse(time, value) == LEAT_OK;
    return leat_event_time_find(time, value, -1);
}

bool leat_question_written(const leat_question *question,
                           const leat_lookup_entity *entity, uint32_t i,
                           leat_event_time *written)
{
    return question->times && entity->values &&
           read_time(question, entity->values[question->times[i]], written);
}

void leat_question_break(const leat_question *question, leat_batch *batch,
                         leat_lookup_entity *entity, const leat_error *why)
{
    char key[LEAT_SHOWN_SIZE];
    entity->answer = LEAT_ANSWER_BROKEN;
    entity->failure = why->code;
    entity->why =
        leat_arena_printf(&batch->arena, "lookup %s: key \"%s\": %s",
                          question->spec->name, leat_show(entity->key, key), why->msg);
}
