/* From events to entities, from entities to one pipeline, from replies to columns.
 *
 * ask() finds the entities of the batch, each once, and notes for each lookup which one an
 * event, or a row of it, names; the formats ask for them. take() has the formats read what came, and
 * then only has to follow the notes. All of it lies in the batch's arena, so it goes when
 * the batch goes.
 */
#include "features/lookup/lookup.h"

#include "base/clock.h"
#include "base/log.h"
#include "features/lookup/lookup_feed.h"
#include "features/lookup/suspect.h"

#include <stdlib.h>

#define LOG_PERIOD_NS (60 * LEAT_SEC)

static const leat_lookup_format_calls *const formats[] = {
    [LEAT_LOOKUP_HASH] = &leat_lookup_hash,
    [LEAT_LOOKUP_MSGPACK] = &leat_lookup_blob,
    [LEAT_LOOKUP_JSON] = &leat_lookup_blob,
    [LEAT_LOOKUP_FEAST] = &leat_lookup_feast,
};

struct leat_lookups {
    leat_arena arena; /* the questions */
    uint32_t n;
    leat_question *questions;
    leat_cache *cache; /* NULL: none */
    leat_lookups_stats *stats;
    leat_log_limit refused;
    leat_suspect suspect;
    leat_lookup_entity unasked; /* stands for an entity that there was no memory for */

    /* of the batch under way, in its arena */
    uint64_t asked_ns;
    int64_t now_s; /* since 1970 */
    leat_lookup_entities entities;
    leat_lookup_entity ***named; /* [n][n_events], of candidates [n][n_rows]: NULL where
                                    none is named; all of it NULL when there was no
                                    memory */
};

/* ---- Asking ---- */

static bool takes_part(const leat_event *event)
{
    return event->status == LEAT_OK && event->n > 0;
}

/* What may name an entity of the question: events, or rows. */
static uint32_t count_namers(const leat_question *question, const leat_batch *batch)
{
    return question->spec->of_candidate ? batch->n_rows : batch->n_events;
}

static leat_lookup_entity *find_entity(leat_lookups *lookups, leat_batch *batch,
                                       leat_event *event, const leat_slice *captures,
                                       const leat_question *question)
{
    leat_slice key;
    leat_status status = question->format->key(batch, event, captures, question, &key);
    if (status == LEAT_E_MISSING)
        return NULL;
    if (status != LEAT_OK)
        return &lookups->unasked;
    leat_counter_add(&question->stats->lookups, 1);
    return leat_lookup_entities_find(&lookups->entities, key, question->index);
}

static bool make_room(leat_lookups *lookups, leat_batch *batch)
{
    size_t most = 0;
    leat_lookup_entity ***named =
        leat_arena_calloc(&batch->arena, lookups->n, sizeof *named);
    lookups->named = NULL;
    for (uint32_t i = 0; i < lookups->n && named; i++) {
        uint32_t n = count_namers(&lookups->questions[i], batch);
        named[i] = leat_arena_calloc(&batch->arena, n, sizeof **named);
        if (!named[i])
            return false;
        most += n;
    }
    if (leat_lookup_entities_init(&lookups->entities, &batch->arena, most))
        lookups->named = named;
    return lookups->named != NULL;
}

static void find_of_event(leat_lookups *lookups, leat_batch *batch, leat_event *event,
                          const leat_question *question)
{
    leat_lookup_entity **named = lookups->named[question->index];
    if (!question->spec->of_candidate) {
        named[leat_batch_event_index(batch, event)] = find_entity(
            lookups, batch, event, leat_batch_captures(batch, event), question);
        return;
    }
    uint32_t end = event->first + event->n;
    for (uint32_t row = event->first; row < end && takes_part(event); row++)
        named[row] = find_entity(lookups, batch, event,
                                 leat_batch_row_captures(batch, row), question);
}

static void find_entities(leat_lookups *lookups, leat_batch *batch)
{
    for (uint32_t i = 0; i < batch->n_events; i++) {
        leat_event *event = &batch->events[i];
        for (uint32_t j = 0; j < lookups->n && takes_part(event); j++)
            find_of_event(lookups, batch, event, &lookups->questions[j]);
    }
}

static leat_cache_key cache_key(const leat_lookup_entity *entity)
{
    return (leat_cache_key){entity->hash, entity->lookup, entity->key};
}

/* What is known already needs no question. */
static void search_cache(leat_lookups *lookups, leat_batch *batch,
                         leat_lookup_entity *entity)
{
    const leat_question *question = &lookups->questions[entity->lookup];
    leat_cache_key key = cache_key(entity);
    leat_cache_age age =
        leat_cache_find(lookups->cache, &key, lookups->asked_ns, &batch->arena,
                        &entity->values, question->n_values);
    if (age == LEAT_CACHE_FRESH)
        entity->answer = LEAT_ANSWER_FOUND;
    entity->has_stale = age == LEAT_CACHE_STALE;
}

static void count_key(leat_lookups *lookups, const leat_lookup_entity *entity)
{
    leat_counter_add(&lookups->questions[entity->lookup].stats->keys,
                     entity->answer == LEAT_ANSWER_NONE);
}

void leat_lookups_ask(leat_lookups *lookups, leat_redis *redis, leat_batch *batch)
{
    if (!lookups->n || !make_room(lookups, batch))
        return;
    find_entities(lookups, batch);
    lookups->asked_ns = leat_now_ns();
    for (uint32_t i = 0; lookups->cache && i < lookups->entities.n; i++)
        search_cache(lookups, batch, &lookups->entities.at[i]);
    for (uint32_t i = 0; i < lookups->entities.n; i++)
        count_key(lookups, &lookups->entities.at[i]);
    for (uint32_t i = 0; i < lookups->n; i++) {
        const leat_question *question = &lookups->questions[i];
        question->format->ask(question, redis, batch, &lookups->entities);
    }
    leat_suspect_ask(&lookups->suspect, redis);
}

/* ---- Answers ---- */

static leat_refusal refusal_of(const leat_redis *redis, const leat_lookup_entity *entity)
{
    return leat_refusal_of(leat_redis_value(redis, entity->command, 0));
}

/* Once for a command, however many entities it asks for. */
static void report_refusal(leat_lookups *lookups, const leat_redis *redis,
                           const leat_lookup_entity *entity)
{
    leat_slice words = leat_redis_value(redis, entity->command, 0);
    leat_refusal refusal = leat_refusal_of(words);
    if (entity->element)
        return;
    leat_counter_add(&lookups->stats->refusals[refusal], 1);
    leat_log_limited(
        &lookups->refused, LOG_PERIOD_NS, LEAT_LOG_WARN, "redis",
        "lookup %s: refused%s: %.*s", lookups->questions[entity->lookup].spec->name,
        refusal == LEAT_REFUSAL_CLUSTER ? " by a Redis cluster, which is not supported"
                                        : "",
        words.size < 200 ? (int)words.size : 200, (const char *)words.data);
}

static leat_reply_kind kind_of(const leat_redis *redis, const leat_lookup_entity *entity)
{
    return entity->is_asked ? leat_redis_kind(redis, entity->command) : LEAT_REPLY_NONE;
}

bool leat_lookups_must_wait(const leat_lookups *lookups, const leat_redis *redis)
{
    for (uint32_t i = 0; lookups->n && lookups->named && i < lookups->entities.n; i++) {
        const leat_lookup_entity *entity = &lookups->entities.at[i];
        const leat_lookup_spec *spec = lookups->questions[entity->lookup].spec;
        leat_reply_kind kind = kind_of(redis, entity);
        if (spec->on_unavailable == LEAT_UNAVAILABLE_WAIT && entity->is_asked &&
            !entity->has_stale &&
            (kind == LEAT_REPLY_NONE ||
             (kind == LEAT_REPLY_ERROR &&
              refusal_of(redis, entity) != LEAT_REFUSAL_WRONGTYPE)))
            return true;
    }
    return false;
}

static void refuse(leat_lookups *lookups, const leat_redis *redis, leat_batch *batch,
                   leat_lookup_entity *entity)
{
    const leat_question *question = &lookups->questions[entity->lookup];
    leat_error why;
    leat_slice words = leat_redis_value(redis, entity->command, 0);
    if (question->spec->on_unavailable == LEAT_UNAVAILABLE_DEFAULT)
        return;
    leat_error_set(&why, LEAT_E_UNANSWERED, "%.*s",
                   words.size < 200 ? (int)words.size : 200, (const char *)words.data);
    leat_question_break(question, batch, entity, &why);
}

static void keep_answer(leat_lookups *lookups, const leat_lookup_entity *entity)
{
    leat_cache_key key = cache_key(entity);
    if (lookups->cache && entity->answer == LEAT_ANSWER_FOUND)
        leat_cache_put(lookups->cache, &key, lookups->asked_ns, entity->values,
                       lookups->questions[entity->lookup].n_values);
}

/* How old what Redis has is, and whether what it has not may be of another type. */
static void note_answer(leat_lookups *lookups, const leat_question *question,
                        const leat_lookup_entity *entity)
{
    uint32_t next_time = question->spec->n_fields; /* the place of one not seen yet */
    leat_event_time written;
    if (entity->answer != LEAT_ANSWER_FOUND)
        return;
    if (question->format == &leat_lookup_blob && !entity->values)
        leat_suspect_note(&lookups->suspect, question->spec->name, entity->key,
                          lookups->asked_ns);
    for (uint32_t i = 0; question->times && i < question->spec->n_fields; i++) {
        if (question->times[i] != next_time)
            continue; /* fields of one view, or of one map, have one time */
        next_time++;
        if (leat_question_written(question, entity, i, &written))
            leat_distribution_add(&question->stats->age, &leat_bounds_age,
                                  lookups->now_s > written.seconds
                                      ? (uint64_t)(lookups->now_s - written.seconds)
                                      : 0);
    }
}

static void read_answer(leat_lookups *lookups, const leat_redis *redis, leat_batch *batch,
                        leat_lookup_entity *entity)
{
    const leat_question *question = &lookups->questions[entity->lookup];
    leat_reply_kind kind = kind_of(redis, entity);
    if (kind == LEAT_REPLY_ERROR)
        report_refusal(lookups, redis, entity);
    if (kind == LEAT_REPLY_VALUES) {
        question->format->read(question, redis, batch, entity);
        keep_answer(lookups, entity);
        note_answer(lookups, question, entity);
    } else if (entity->has_stale) {
        entity->answer = LEAT_ANSWER_STALE;
    } else if (kind == LEAT_REPLY_ERROR) {
        refuse(lookups, redis, batch, entity);
    }
}

static const leat_lookup_entity *named_by(const leat_lookups *lookups,
                                          const leat_question *question, uint32_t namer)
{
    return lookups->named ? lookups->named[question->index][namer] : &lookups->unasked;
}

static void feed_rows(const leat_lookups *lookups, leat_batch *batch, leat_event *event,
                      const leat_question *question)
{
    uint32_t first = event->first, end = first + event->n;
    if (!question->spec->of_candidate)
        leat_lookup_feed(
            question, batch, event, first, end,
            named_by(lookups, question, leat_batch_event_index(batch, event)));
    for (uint32_t row = first; question->spec->of_candidate && row < end; row++)
        leat_lookup_feed(question, batch, event, row, row + 1,
                         named_by(lookups, question, row));
}

static void feed_event(const leat_lookups *lookups, leat_batch *batch, leat_event *event)
{
    for (uint32_t i = 0; i < lookups->n && takes_part(event); i++)
        feed_rows(lookups, batch, event, &lookups->questions[i]);
}

void leat_lookups_take(leat_lookups *lookups, const leat_redis *redis, leat_batch *batch)
{
    if (!lookups->n)
        return;
    lookups->now_s = leat_real_ms() / 1000;
    leat_suspect_take(&lookups->suspect, redis);
    for (uint32_t i = 0; lookups->named && i < lookups->entities.n; i++)
        if (lookups->entities.at[i].answer == LEAT_ANSWER_NONE)
            read_answer(lookups, redis, batch, &lookups->entities.at[i]);
    for (uint32_t i = 0; i < batch->n_events; i++)
        feed_event(lookups, batch, &batch->events[i]);
}

/* ---- From plan to questions ---- */

leat_status leat_lookups_adopt(leat_lookups *lookups, const leat_lookup_spec *specs,
                               uint32_t n_specs, leat_error *error)
{
    leat_arena_reset(&lookups->arena);
    if (lookups->cache)
        leat_cache_clear(lookups->cache);
    lookups->n = 0;
    lookups->questions =
        leat_arena_calloc(&lookups->arena, n_specs, sizeof *lookups->questions);
    leat_status status = lookups->questions
                             ? LEAT_OK
                             : leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    for (uint32_t i = 0; i < n_specs && status == LEAT_OK; i++) {
        if (!specs[i].n_fields)
            continue; /* feeds nothing */
        leat_question *question = &lookups->questions[lookups->n];
        *question = (leat_question){.spec = &specs[i],
                                    .index = lookups->n++,
                                    .stats = &lookups->stats->at[i],
                                    .format = formats[specs[i].format]};
        status = question->format->prepare(question, &lookups->arena, error);
        if (status != LEAT_OK)
            leat_error_prefix(error, "lookup %s: ", specs[i].name);
    }
    if (status != LEAT_OK)
        lookups->n = 0;
    return status;
}

leat_status leat_lookups_new(leat_lookups **lookups, const leat_cache_spec *cache,
                             leat_lookups_stats *stats)
{
    leat_lookups *made = calloc(1, sizeof *made);
    if (!made)
        return LEAT_E_MEMORY;
    made->stats = stats;
    leat_arena_init(&made->arena, 4096);
    if (cache->entries && leat_cache_new(&made->cache, cache, &stats->cache) != LEAT_OK) {
        leat_lookups_free(made);
        return LEAT_E_MEMORY;
    }
    *lookups = made;
    return LEAT_OK;
}

void leat_lookups_free(leat_lookups *lookups)
{
    if (!lookups)
        return;
    leat_cache_free(lookups->cache);
    leat_arena_fini(&lookups->arena);
    free(lookups);
}
