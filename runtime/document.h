/* runtime/document.h: a tree of values, as JSON and UBJSON both spell it.
 *
 * Model readers look at documents and need not know which of the two a file was written
 * in. Large arrays of numbers, nearly all of a model, are kept packed: those of UBJSON
 * where they stand in the file, those of JSON as float64. float32 values come through
 * exactly: a fraction in JSON is rounded once, to float32, as XGBoost does it; an integer
 * is exact up to 2^53.
 *
 * Owns:    nothing; a document lives in the arena of its reader and points into the
 *          file's bytes, which outlive it.
 * Threads: any, a document is immutable.
 * Fails:   the readers: E_MODEL with the byte where it went wrong, E_MEMORY. Memory stays
 *          within a constant factor of the file's size, whatever counts it declares.
 */
#ifndef LEAT_RUNTIME_DOCUMENT_H
#define LEAT_RUNTIME_DOCUMENT_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum leat_doc_kind {
    LEAT_DOC_NULL,
    LEAT_DOC_BOOL,   /* number: 0 or 1 */
    LEAT_DOC_NUMBER, /* number */
    LEAT_DOC_STRING, /* text, count bytes */
    LEAT_DOC_ARRAY,  /* items, count of them */
    LEAT_DOC_PACKED, /* packed, count numbers: an array as well */
    LEAT_DOC_OBJECT, /* items, count members, sorted by name */
} leat_doc_kind;

typedef enum leat_packing {
    LEAT_PACKED_HOST_F64, /* float64 as this machine has them; all others big-endian */
    LEAT_PACKED_F64,
    LEAT_PACKED_F32,
    LEAT_PACKED_I64,
    LEAT_PACKED_I32,
    LEAT_PACKED_I16,
    LEAT_PACKED_I8,
    LEAT_PACKED_U8,
} leat_packing;

typedef struct leat_doc leat_doc;
struct leat_doc {
    const char *name; /* of a member, name_size bytes; not NUL-terminated */
    size_t name_size;
    leat_doc_kind kind;
    leat_packing packing;
    size_t count;
    union {
        double number;
        const char *text; /* not NUL-terminated */
        const leat_doc *items;
        const uint8_t *packed;
    };
};

leat_status leat_json_read(const leat_doc **root, leat_arena *arena, const uint8_t *bytes,
                           size_t size, leat_error *error) LEAT_MUST_CHECK;

/* What UBJSON's draft 12 has and XGBoost writes: names and counts are `L`. */
leat_status leat_ubjson_read(const leat_doc **root, leat_arena *arena,
                             const uint8_t *bytes, size_t size,
                             leat_error *error) LEAT_MUST_CHECK;

/* The member of that name; NULL when there is none, or `object` is NULL or no object. */
const leat_doc *leat_doc_member(const leat_doc *object, const char *name);

/* True for both kinds of array. */
bool leat_doc_is_array(const leat_doc *value);

/* Element i of an array as a number; false when it is none (a bool is one). */
bool leat_doc_number_at(const leat_doc *array, size_t i, double *number);

/* "a number", "an object" ... for messages; "nothing" for NULL. */
const char *leat_doc_kind_name(const leat_doc *value);

#endif
