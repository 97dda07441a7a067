/* consumers/decode_internal.h: what the rooms of the decoder share. decode.c runs it and
 * walks over payloads, decode_read.c does what follows the walk, decode_failure.c says
 * what was wrong; decode_compile.c makes a decoder from a schema.
 *
 * Owns:    as decode.h says.
 * Threads: one lane.
 */
#ifndef LEAT_CONSUMERS_DECODE_INTERNAL_H
#define LEAT_CONSUMERS_DECODE_INTERNAL_H

#include "base/element.h"
#include "consumers/decode.h"
#include "consumers/trie.h"

struct leat_decoder {
    const leat_schema *schema;
    leat_header_find *find_header;
    leat_arena arena;
    const leat_node *root;
    leat_target *targets; /* the payload's, as the trie sorts them; then the record's */
    uint32_t n_in_payload;
    uint32_t n_targets;
    leat_target *readings; /* [n_readings]: columns that are read from their captures */
    uint32_t n_readings;
    void **templates;    /* [n_inputs]: a row of each, with every column's default */
    size_t *row_bytes;   /* [n_inputs] */
    uint64_t *all;       /* [missing_words]: every column */
    uint64_t *from_here; /* [missing_words]: those that the event feeds */
    uint64_t *required;  /* [missing_words]: of those, the ones that cannot be scored
                            without a value */

    /* The event at work. */
    uint8_t **rows; /* [n_inputs]: its row of each tensor */
    uint64_t *missing;
    leat_slice *captures;
    leat_slice payload; /* as msgpack */
    const uint8_t *end; /* of it */
    struct {
        leat_status status; /* OK: nothing is wrong so far */
        const uint8_t *at;  /* of a malformed payload: where */

        /* of a column: E_TYPE, E_RANGE, E_MISSING */
        const char *path;
        const char *expected;
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

/* ---- decode_read.c: what follows the walk ---- */

/* Columns that are more than a number, from what was captured for them. */
void leat_decode_read_captures(leat_decoder *decoder, const leat_event *event);

/* What is still missing then. */
void leat_decode_look_for_missing(leat_decoder *decoder, const leat_batch *batch,
                                  leat_event *event);

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
