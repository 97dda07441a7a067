/* consumers/decode_internal.h: what the rooms of the decoder share. decode.c runs it,
 * decode_compile.c makes it from a schema.
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
        leat_status status;
        const uint8_t *at;

        /* E_TYPE, E_RANGE, E_MISSING */
        const char *path;
        const char *expected;
        leat_value_type found;
        leat_dtype dtype;
    } failure;
};

/* Its place in the words of `missing`. */
static inline uint64_t leat_column_bit(uint32_t column)
{
    return UINT64_C(1) << column % 64;
}

#endif
