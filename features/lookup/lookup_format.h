/* features/lookup/lookup_format.h: what may stand under a lookup's key.
 *
 *   hash      fields of a HASH, as text: one HMGET an entity       (lookup_hash.c)
 *   msgpack,  a map in one string: one MGET for all entities       (lookup_blob.c)
 *   json
 *   feast     what Feast wrote: one HMGET an entity                (lookup_feast.c)
 *
 * A format makes keys, asks for the entities of its lookup and makes of each answer the values of the
 * lookup's fields; the rest (columns, counts) is the same for all (lookup.c).
 *
 * Owns:    a question lives in the lookups' arena.
 * Threads: one lane.
 * Fails:   prepare: E_MEMORY, E_CONFIG. ask: an entity that cannot be asked for is left
 *          unanswered. read: marks the entity BROKEN.
 */
#ifndef LEAT_FEATURES_LOOKUP_FORMAT_H
#define LEAT_FEATURES_LOOKUP_FORMAT_H

#include "features/lookup/blob.h"
#include "features/lookup/lookup.h"
#include "features/lookup/lookup_entities.h"
#include "features/redis/redis.h"

typedef struct leat_question leat_question;

typedef struct leat_lookup_format_calls {
    leat_status (*prepare)(leat_question *question, leat_arena *arena, leat_error *error);

    /* The key of the entity that the event, or a row of it, names; as leat_lookup_key. */
    leat_status (*key)(leat_batch *batch, leat_event *event, const leat_slice *captures,
                       const leat_question *question, leat_slice *key);

    /* Adds the commands for all entities of the lookup that want an answer. */
    void (*ask)(const leat_question *question, leat_redis *redis, leat_batch *batch,
                leat_lookup_entities *entities);

    /* From an answer that came to the entity's values. */
    void (*read)(const leat_question *question, const leat_redis *redis,
                 leat_batch *batch, leat_lookup_entity *entity);

    bool is_text; /* values are text, and not msgpack */
} leat_lookup_format_calls;

/* A lookup as it is asked. */
struct leat_question {
    const leat_lookup_spec *spec;
    uint32_t index; /* entities are known by it */
    leat_lookup_stats *stats;
    const leat_lookup_format_calls *format;
    uint32_t n_values; /* of one entity: those of the fields first */
    leat_slice head;   /* of a HMGET: what stands before the key, */
    leat_slice tail;   /* and behind it */
    leat_blob *blob;
    uint32_t *times; /* [n_fields]: which value says when it was written; or NULL */
};

extern const leat_lookup_format_calls leat_lookup_hash, leat_lookup_blob,
    leat_lookup_feast;

/* Whether the entity is one of the question's, and has no answer yet. */
static inline bool leat_question_wants(const leat_question *question,
                                       const leat_lookup_entity *entity)
{
    return entity->lookup == question->index && entity->answer == LEAT_ANSWER_NONE;
}

/* For formats that are kept in a HASH: its fields are asked for by name. */
leat_status leat_question_set_fields(leat_question *question, leat_arena *arena,
                                     const leat_slice *names, uint32_t n) LEAT_MUST_CHECK;
void leat_question_ask_hashes(const leat_question *question, leat_redis *redis,
                              leat_batch *batch, leat_lookup_entities *entities);

/* Room for the values of an entity, all absent; NULL when out of memory. */
leat_slice *leat_question_make_values(const leat_question *question, leat_batch *batch,
                                      leat_lookup_entity *entity);

/* For formats whose entities say in one value when they were written: it stands behind those
 * of the fields. `names` or `paths` have room for it. */
leat_status leat_question_add_time(leat_question *question,
                                   leat_arena *arena) LEAT_MUST_CHECK;

/* When the value of field i was written; false where nobody knows. */
bool leat_question_written(const leat_question *question,
                           const leat_lookup_entity *entity, uint32_t i,
                           leat_event_time *written);

/* Marks the entity as one that cannot be read, with the reason for its events. */
void leat_question_break(const leat_question *question, leat_batch *batch,
                         leat_lookup_entity *entity, const leat_error *why);

#endif
