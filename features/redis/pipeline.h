/* features/redis/pipeline.h: many questions in one buffer, their answers in one area.
 *
 * Commands are written back to back, as RESP, into `out`; each says what it will be
 * answered with, and the places of the values are reserved at once. hiredis parses; its
 * replies go straight into those places instead of into a tree of objects, so nothing is
 * allocated for a reply once the areas have grown to the size of a batch.
 *
 * The answer must be what was asked for: an array of exactly as many strings or nils, one
 * string or nil, a status; or an error. Anything else means that questions and answers no
 * longer belong together, and is E_PROTOCOL.
 *
 * Commands added before leat_pipeline_keep open every new connection (AUTH, SELECT): they
 * stay in front, and a start on a connection that is open already passes over them.
 *
 * Owns:    its areas, until fini.
 * Threads: one lane.
 * Fails:   E_MEMORY, E_PROTOCOL with the words in `complaint`.
 * Source:  https://redis.io/docs/latest/develop/reference/protocol-spec/ (RESP2)
 */
#ifndef LEAT_FEATURES_PIPELINE_H
#define LEAT_FEATURES_PIPELINE_H

#include "base/slice.h"
#include "base/status.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>

typedef enum leat_reply_kind {
    LEAT_REPLY_NONE,   /* not answered */
    LEAT_REPLY_VALUES, /* an array, of as many as were asked for: HMGET, MGET */
    LEAT_REPLY_VALUE,  /* one that stands by itself: GET, a script's string */
    LEAT_REPLY_TEXT,   /* a status, "OK" */
    LEAT_REPLY_ERROR,  /* refused, with Redis's words */
} leat_reply_kind;

/* Grows by doubling, shrinks never. */
typedef struct leat_area {
    void *data;
    size_t size; /* bytes in use */
    size_t capacity;
} leat_area;

typedef struct leat_pipeline {
    leat_area out;    /* the commands */
    leat_area asked;  /* what each command expects and got */
    leat_area values; /* the places of the answers */
    leat_area text;   /* the bytes of the answers */
    uint32_t n_asked;
    uint32_t n_answered; /* commands [0, n_answered) have their whole answer */
    char complaint[128]; /* why an answer cannot be one; "" when it can */

    uint32_t n_kept; /* commands that open a connection, and the room they take */
    size_t kept_out;
    size_t kept_values;
} leat_pipeline;

void leat_pipeline_init(leat_pipeline *pipeline);
void leat_pipeline_fini(leat_pipeline *pipeline);

/* Adds a command: its RESP in pieces, and what answers it: VALUES (`n_values` of them, at
 * least one), VALUE or TEXT. */
leat_status leat_pipeline_ask(leat_pipeline *pipeline, const leat_slice *pieces,
                              uint32_t n_pieces, leat_reply_kind expected,
                              uint32_t n_values) LEAT_MUST_CHECK;

/* What was asked so far stays in front of every batch. */
void leat_pipeline_keep(leat_pipeline *pipeline);

/* Forgets all commands but the kept ones, and all answers. */
void leat_pipeline_reset(leat_pipeline *pipeline);

/* Forgets the answers, but for those of the kept commands. */
void leat_pipeline_forget(leat_pipeline *pipeline);

/* The bytes to send, and from where answers count: with or without the kept commands. */
const char *leat_pipeline_start(leat_pipeline *pipeline, bool with_kept, size_t *size);

/* Makes the reader's replies come here. Before anything is read. */
void leat_pipeline_attach(leat_pipeline *pipeline, redisReader *reader);

/* Takes every whole reply that the reader holds. After E_PROTOCOL nothing counts as
 * answered: replies before the false one may have answered other questions too. */
leat_status leat_pipeline_take(leat_pipeline *pipeline,
                               redisReader *reader) LEAT_MUST_CHECK;

bool leat_pipeline_done(const leat_pipeline *pipeline);

/* Answers, once taken, until the next reset; `command` counts from the first one asked,
 * kept or not. */
leat_reply_kind leat_pipeline_kind(const leat_pipeline *pipeline, uint32_t command);

/* Value i of the command; data NULL when it is nil. Of a status or error, 0 is the text.
 */
leat_slice leat_pipeline_value(const leat_pipeline *pipeline, uint32_t command,
                               uint32_t i);

#endif
