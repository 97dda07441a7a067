/* features/lookup/lookup_entities.h: the entities that the lookups of a batch ask for, each once.
 *
 * An entity is a lookup and a key. The events of a batch that name it share it, with what
 * it was answered: the values of the lookup's fields.
 *
 * Owns:    nothing: all of it lies in the batch's arena.
 * Threads: one lane.
 * Fails:   init: false when out of memory.
 */
#ifndef LEAT_FEATURES_LOOKUP_ENTITIES_H
#define LEAT_FEATURES_LOOKUP_ENTITIES_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

typedef enum leat_answer {
    LEAT_ANSWER_NONE,   /* Redis gave none: unavailable */
    LEAT_ANSWER_FOUND,  /* what it has of the entity, which may be nothing */
    LEAT_ANSWER_STALE,  /* what it had, some time ago */
    LEAT_ANSWER_BROKEN, /* something that cannot be read: `failure` and `why` */
} leat_answer;

typedef struct leat_lookup_entity {
    leat_slice key;
    uint32_t hash;
    uint32_t lookup;
    bool is_asked;
    uint32_t command; /* that asks for it, */
    uint32_t element; /* and where its answer begins there */

    leat_answer answer;
    bool has_stale; /* `values` are old ones: for when Redis does not answer */
    leat_slice
        *values; /* FOUND, STALE: [n_values of the question], data NULL where there is
                           none; NULL: the entity is not there */
    leat_status failure;
    const char *why;
} leat_lookup_entity;

typedef struct leat_lookup_entities {
    uint32_t n;
    leat_lookup_entity *at; /* in the order in which they came; they do not move */
    uint32_t *slots;        /* index of an entity + 1; open addressing */
    uint32_t mask;
} leat_lookup_entities;

/* Room for as many as `most`. */
bool leat_lookup_entities_init(leat_lookup_entities *entities, leat_arena *arena,
                               size_t most);

/* The entity; a new one has but its key. */
leat_lookup_entity *leat_lookup_entities_find(leat_lookup_entities *entities,
                                              leat_slice key, uint32_t lookup);

#endif
