/* consumers/decode_internal.h: what the rooms of the decoder share. decode.c runs it and
 * walks over payloads, decode_read.c does what follows a walk, decode_candidates.c makes the
 * rows of an event that ranks, decode_failure.c says what was wrong; decode_compile.c makes
 * a decoder from a schema.
 *
 * Owns:    as decode.h says.
 * Threads: one lane.
 */
#ifndef LEAT_CONSUMERS_DECODE_INTERNAL_H
#define LEAT_CONSUMERS_DECODE_INTERNAL_H

#include "base/element.h"
#include "consumers/decode.h"
#include "consumers/trie.h"

/* What is taken of an event, or of a candidate. */
typedef struct leat_intake {
    const leat_node *root;
    leat_target *targets; /* [n_targets], as the trie sorts them */
    uint32_t n_targets;
    leat_target *readings; /* [n_readings]: columns that are read from their captures */
    uint32_t n_readings;
    uint64_t *columns;  /* [missing_words]: those that it feeds */
    uint64_t *required; /* [missing_words]: of those, the ones that cannot be scored
                           without a value */
} leat_intake;

#define LEAT_NO_CANDIDATE UINT32_MAX

struct leat_decoder {
    const leat_schema *schema;
    leat_header_find *find_header;
    leat_arena arena;
    leat_intake event;
    leat_intake candidate;
    leat_target *record; /* [n_record]: what the event has beside its payload */
    uint32_t n_record;
    void **templates;  /* [n_inputs]: a row of each, with every column's default */
    size_t *row_bytes; /* [n_inputs] */
    uint64_t *all;     /* [missing_words]: every column */

    /* Where events rank: what all rows of one have in common. */
    void **event_rows;           /* [n_inputs] */
    uint64_t *candidate_missing; /* [missing_words] of the candidate at work */

    /* The event at work. */
    uint8_t **rows; /* [n_inputs]: its row of each tensor */
    uint64_t *missing;
    leat_slice *captures;
    leat_slice payload;       /* as msgpack */
    const uint8_t *end;       /* of it */
    uint32_t candidate_index; /* NO_CANDIDATE: it is the event's own values */
    struct {
        leat_status status; /* OK: nothing is wrong so far */
        const uint8_t *at;  /* of a malformed payload: where */

        /* of a column: E_TYPE, E_RANGE, E_MISSING */
        const char *path;
        const char *expected; /* NULL: it is missing as the item of the ranking */
        const char *found;
    } failure;
};

/* Its place in the words of `missing`. */
static inline uint64_t leat_column_bit(uint32_t column)
{
    return UINT64_C(1) << column % 64;
}

static inline void *leat_decode_element(const leat_decoder *decoder,
                                        const leat_target *target)
{
    return decoder->rows[target->tensor] + target->offset;
}

static inline void leat_decode_clear_missing(leat_decoder *decoder,
                                             const leat_target *target)
{
    decoder->missing[target->index / 64] &= ~leat_column_bit(target->index);
}

/* ---- decode.c: the walk ---- */

/* The value at `at` to the targets of the node and of those below; where it ends, or NULL
 * with the reason in `failure`. */
const uint8_t *leat_decode_visit(leat_decoder *decoder, const leat_node *node,
                                 const uint8_t *at, uint32_t depth);

/* ---- decode_candidates.c: the rows of an event that ranks ---- */

/* From what all have in common, which was decoded, and the array of candidates. */
void leat_decode_candidates(leat_decoder *decoder, leat_batch *batch, leat_event *event);

/* ---- decode_read.c: what follows a walk ---- */

/* Columns that are more than a number, from what was captured for them. */
void leat_decode_read_captures(leat_decoder *decoder, const leat_intake *intake,
                               const leat_event *event);

/* What is still missing then. */
void leat_decode_look_for_missing(leat_decoder *decoder, const leat_intake *intake,
                                  const leat_batch *batch, leat_event *event);

/* ---- decode_failure.c: why an event cannot be scored ---- */

/* A value is not what the configuration says. The walk goes on, since what comes may be
 * malformed, which is worse; of several such values the first one is named. */
void leat_decode_blame(leat_decoder *decoder, leat_status status, const char *path,
                       const char *expected, const char *found);

/* What a value is, for people. */
const char *leat_decode_found(const leat_value *value);

/* Marks the event. */
void leat_decode_explain(const leat_decoder *decoder, leat_batch *batch,
                         leat_event *event);

#endif
