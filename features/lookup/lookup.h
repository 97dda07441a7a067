/* features/lookup/lookup.h: lookups, features that stand in Redis under a key of the event.
 *
 * A lookup names a key by a template ("user:{event.user_id}") and feeds columns with
 * fields of what is found there: of a HASH, of a map in a string, or of what Feast wrote
 * (lookup_format.h). Where events rank, a key may have parts of the candidate: then it is
 * each row that has an entity. ask() de-duplicates the entities of the batch and adds its questions
 * to the pipeline; take() writes the answers to the columns. A key whose capture is absent
 * or nil is not asked for: its columns are missing. Strings, integers (decimal) and bools
 * ("1" and "0") may stand in a key; a float or container fails the event.
 *
 * A value of a HASH is the number that its text spells ("12.5", "1e3"; "nan" is missing);
 * what a column cannot hold (base/element.h) fails the event (E_TYPE, E_RANGE), and so
 * does a string that is no map (E_TRUNCATED, ...).
 *
 * What the cache knows (cache.h) is not asked for while it is fresh. Where Redis does not
 * answer, what was fresh a while ago stands in: quality STALE.
 *
 *   missing      the key or the field is not there: default, or NaN; quality DEFAULTED
 *   unavailable  Redis did not answer in time, or refused: what `on_unavailable` says;
 *                DEFAULT is the default, or NaN, and quality UNAVAILABLE
 *
 * A column of integers or bools without a default fails the event in both cases
 * (E_MISSING): nothing could stand in for its value.
 *
 * Owns:    the entities of a batch, the cache. Not the specs, which live in the plan.
 * Threads: one lane.
 * Fails:   ask, take: never an error for the batch; what Redis could not give is marked
 *          unavailable. A reply that cannot mend itself (NOAUTH, WRONGTYPE, wrong
 *          password) is logged once a minute with Redis's own words.
 */
#ifndef LEAT_FEATURES_LOOKUP_H
#define LEAT_FEATURES_LOOKUP_H

#include "base/batch.h"
#include "base/distribution.h"
#include "base/error.h"
#include "features/feed.h"
#include "features/lookup/cache.h"
#include "features/lookup/feast.h"
#include "features/redis/refusal.h"

enum { LEAT_MAX_KEY_PARTS = 16, LEAT_MAX_LOOKUPS = 64 };

/* A piece of a key: literal text, or a capture. */
typedef struct leat_key_part {
    leat_slice literal; /* data NULL: a capture */
    uint32_t capture;   /* index into schema->captures */
} leat_key_part;

/* What stands under the key. */
typedef enum leat_lookup_format {
    LEAT_LOOKUP_HASH,    /* a HASH: text by field */
    LEAT_LOOKUP_MSGPACK, /* a string: one msgpack map */
    LEAT_LOOKUP_JSON,    /* a string: one JSON object */
    LEAT_LOOKUP_FEAST,   /* a HASH that Feast wrote */
} leat_lookup_format;

typedef struct leat_lookup_field {
    const leat_path *path; /* "user.avg": below the lookup; of a HASH, one name */
    uint32_t column;       /* index into schema->columns */
} leat_lookup_field;

/* Where Feast has it. */
typedef struct leat_feast_spec {
    const char *project;
    uint32_t version; /* of the serialization of entity keys: 2 or 3 */
    const char *view; /* of fields that name none, or NULL */
    uint32_t n_joins;
    const leat_feast_join *joins; /* in the order of their names */
} leat_feast_spec;

typedef struct leat_lookup_spec {
    const char *name;
    leat_lookup_format format;
    leat_on_unavailable on_unavailable;
    bool of_candidate; /* its key has parts of the candidate */
    uint32_t n_parts;  /* of the key; not of FEAST */
    leat_key_part parts[LEAT_MAX_KEY_PARTS];
    leat_feast_spec feast; /* FEAST */
    const leat_path *time; /* where an entity says when it was written, or NULL: nobody
                              knows; of FEAST, which always knows, NULL */
    uint64_t max_age_ns;   /* older values are missing; 0: however old */
    uint32_t n_fields;
    const leat_lookup_field *fields;
} leat_lookup_spec;

/* Written by the lane; to be read by any thread. */
typedef struct leat_lookup_stats {
    leat_counter lookups;   /* keys that events, or candidates, named */
    leat_counter keys;      /* those asked for, without the doubles */
    leat_feed_stats values; /* columns of events, or of candidates */
    leat_distribution age;  /* of what was read, where it says when it was written */
} leat_lookup_stats;

typedef struct leat_lookups_stats {
    leat_lookup_stats at[LEAT_MAX_LOOKUPS]; /* in the order of the specs */
    leat_counter refusals[LEAT_N_REFUSALS]; /* commands that Redis refused */
    leat_cache_stats cache;
} leat_lookups_stats;

typedef struct leat_redis leat_redis;
typedef struct leat_lookups leat_lookups;

/* `stats` are written as long as the lookups live. E_MEMORY. */
leat_status leat_lookups_new(leat_lookups **lookups, const leat_cache_spec *cache,
                             leat_lookups_stats *stats) LEAT_MUST_CHECK;
void leat_lookups_free(leat_lookups *lookups);

/* The lookups that the next batches are for, at most LEAT_MAX_LOOKUPS: adopted between
 * batches. E_MEMORY; E_CONFIG where fields contradict each other. */
leat_status leat_lookups_adopt(leat_lookups *lookups, const leat_lookup_spec *specs,
                               uint32_t n_specs, leat_error *error) LEAT_MUST_CHECK;

/* Adds the batch's questions to the pipeline. */
void leat_lookups_ask(leat_lookups *lookups, leat_redis *redis, leat_batch *batch);

/* Whether there is an entity without an answer, of a lookup that waits for one: all must
 * be asked once more. What a question of its own was refused with (WRONGTYPE) is an
 * answer, since no waiting mends it. */
bool leat_lookups_must_wait(const leat_lookups *lookups, const leat_redis *redis);

/* Fills columns from the answers that have come. */
void leat_lookups_take(leat_lookups *lookups, const leat_redis *redis, leat_batch *batch);

#endif
