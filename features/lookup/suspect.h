/* features/lookup/suspect.h: whether a key that seems to be absent is of another type.
 *
 * MGET says nil for both, so a lookup that is configured with the wrong format would find
 * nothing, in silence. Once a minute the type of one key that was missing is asked for, in
 * the trip of the next batch, and what is no string is said in the log.
 *
 * Owns:    a copy of the key.
 * Threads: one lane.
 * Fails:   never; what cannot be asked is not.
 */
#ifndef LEAT_FEATURES_SUSPECT_H
#define LEAT_FEATURES_SUSPECT_H

#include "features/redis/redis.h"

enum { LEAT_MAX_SUSPECT = 256 };

typedef struct leat_suspect {
    uint64_t next_ns; /* not before */
    char lookup[64];
    uint32_t size; /* of the key; 0: none is under suspicion */
    uint8_t key[LEAT_MAX_SUSPECT];
    bool is_asked;
    uint32_t command;
} leat_suspect;

/* A key of the lookup was missing. Long keys are passed over. */
void leat_suspect_note(leat_suspect *suspect, const char *lookup, leat_slice key,
                       uint64_t now_ns);

/* Adds the question to a batch that has others. */
void leat_suspect_ask(leat_suspect *suspect, leat_redis *redis);
void leat_suspect_take(leat_suspect *suspect, const leat_redis *redis);

#endif
