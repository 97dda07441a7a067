/* features/lookup.h: features that Redis feeds, one round trip for a batch.
 *
 * A lookup names a key by a template ("user:{event.user_id}") and feeds columns with
 * fields of the hash found there. send() de-duplicates the keys of the batch and writes
 * one HMGET a key and lookup, all in one pipeline; receive() waits for the replies up to
 * the time-out, drains what has arrived by then, and writes the columns. A value is the
 * number that the field's text spells ("12.5", "1e3"; "nan" is missing); text that is no
 * number, or none that the column's type can hold (base/element.h), fails the event
 * (E_TYPE, E_RANGE). A key whose capture is absent or nil is not asked for: its columns
 * are missing. Strings, integers (decimal) and bools ("1" and "0") may stand in a key; a
 * float or container fails the event.
 *
 *   missing      the key or the field is not there: default, or NaN; quality DEFAULTED
 *   unavailable  Redis did not answer in time: default, or NaN; quality UNAVAILABLE
 *
 * A column of integers or bools without a default fails the event in both cases
 * (E_MISSING): nothing could stand in for its value.
 *
 * A reply that arrives after its time-out would answer the next question with another
 * entity's features. So a connection is never used again after an error or a time-out: it
 * is closed, and a new one is tried with backoff and jitter, at most about one a second.
 * Meanwhile the breaker is open: batches pass at once as unavailable.
 *
 * Owns:    the connection, the key table. Not the specs, which live in the plan.
 * Threads: one lane.
 * Fails:   new: E_MEMORY, E_UNSUPPORTED (rediss://, cluster). send, receive: never an
 *          error for the batch; what Redis could not give is marked unavailable. A reply
 *          that cannot mend itself (NOAUTH, WRONGTYPE, wrong password) is logged once a
 *          minute with Redis's own words.
 */
#ifndef LEAT_FEATURES_LOOKUP_H
#define LEAT_FEATURES_LOOKUP_H

#include "base/batch.h"
#include "base/error.h"
#include "base/meter.h"

enum { LEAT_MAX_KEY_PARTS = 16 };

/* A piece of a key: literal text, or a capture of the event. */
typedef struct leat_key_part {
    leat_slice literal; /* data NULL: a capture */
    uint32_t capture;   /* index into schema->captures */
} leat_key_part;

typedef struct leat_lookup_field {
    const char *name; /* of the hash's field */
    uint32_t column;  /* index into schema->columns */
} leat_lookup_field;

typedef struct leat_lookup_spec {
    const char *name;
    uint32_t n_parts;
    leat_key_part parts[LEAT_MAX_KEY_PARTS];
    uint32_t n_fields;
    const leat_lookup_field *fields;
} leat_lookup_spec;

typedef struct leat_redis_spec {
    const char *host;
    uint16_t port;
    const char *unix_path; /* instead of host and port, or NULL */
    const char *user;      /* or NULL */
    const char *password;  /* or NULL */
    uint32_t database;
    uint64_t timeout_ns; /* for one batch, connection included */
} leat_redis_spec;

/* redis://[user[:password]@]host[:port][/db], unix:///path?db=N. E_CONFIG says which part
 * is wrong; rediss:// is E_UNSUPPORTED. Never quotes a password. */
leat_status leat_redis_parse_url(leat_redis_spec *spec, leat_arena *arena,
                                 const char *url, leat_error *error) LEAT_MUST_CHECK;

typedef struct leat_features leat_features;

/* Tries a first connection for at most a second, so that the first batch need not wait
 * for it; a Redis that is away is logged, and is no error. */
leat_status leat_features_new(leat_features **features, const leat_redis_spec *redis,
                              leat_error *error) LEAT_MUST_CHECK;
void leat_features_free(leat_features *features);

/* The lookups of the plan that the next batches are for: adopted between batches. */
leat_status leat_features_adopt(leat_features *features, const leat_lookup_spec *lookups,
                                uint32_t n_lookups) LEAT_MUST_CHECK;

void leat_features_send(leat_features *features, leat_batch *batch);
void leat_features_receive(leat_features *features, leat_batch *batch);

/* Written by the lane; to be read by any thread. Of the columns that lookups feed, each
 * is a hit, missing or unavailable. */
typedef struct leat_features_stats {
    leat_counter lookups;     /* keys that events named */
    leat_counter keys;        /* those asked for, without the doubles */
    leat_counter hits;        /* columns that got their value */
    leat_counter missing;     /* columns without one */
    leat_counter unavailable; /* columns that Redis did not answer for */
    leat_counter round_trips; /* batches that Redis answered whole */
    leat_counter connects;    /* tries, the first one included */
} leat_features_stats;

const leat_features_stats *leat_features_read_stats(const leat_features *features);

/* One PING on a fresh connection, for `leat check`. E_UNAVAILABLE with Redis's words. */
leat_status leat_redis_check(const leat_redis_spec *redis,
                             leat_error *error) LEAT_MUST_CHECK;

#endif
