/* runtime/document_build.h: what the readers of JSON and UBJSON are made of.
 *
 * Values pile up on a stack until the array or object that holds them is complete, and then
 * move into the arena in one piece.
 *
 * Owns:    the stack's memory: the reader frees `at`.
 * Threads: one.
 */
#ifndef LEAT_RUNTIME_DOCUMENT_BUILD_H
#define LEAT_RUNTIME_DOCUMENT_BUILD_H

#include "runtime/document.h"

enum { LEAT_DOC_MAX_DEPTH = 32 };

/* Bytes of one number, and the number that they are. */
size_t leat_packing_size(leat_packing packing);
double leat_packed_number(leat_packing packing, const uint8_t *bytes);

typedef struct leat_doc_stack {
    leat_arena *arena;
    leat_doc *at; /* [n], malloc */
    size_t n;
    size_t capacity;
} leat_doc_stack;

leat_status leat_doc_push(leat_doc_stack *stack, const leat_doc *value) LEAT_MUST_CHECK;

/* Moves the values above `base` into `into`, an ARRAY or OBJECT; E_MODEL when a name
 * stands twice in an object. */
leat_status leat_doc_gather(leat_doc_stack *stack, size_t base, leat_doc *into,
                            leat_error *error) LEAT_MUST_CHECK;

#endif
