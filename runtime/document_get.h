/* runtime/document_get.h: values of a document by their path, and words for what is wrong.
 *
 * A path is dotted, "learner.objective.name", and leads from `base`. Where the value is not
 * what was asked for, the error names the path, what was found and what was expected.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   E_MODEL.
 */
#ifndef LEAT_RUNTIME_DOCUMENT_GET_H
#define LEAT_RUNTIME_DOCUMENT_GET_H

#include "runtime/document.h"

/* NULL where the path leads nowhere. No name in it is longer than 63 bytes. */
const leat_doc *leat_doc_find(const leat_doc *base, const char *path);

/* True for a string of exactly this text. */
bool leat_doc_is_text(const leat_doc *value, const char *text);

/* A count that is written as a string ("500"), as XGBoost does; false when it is none. */
bool leat_doc_to_count(const leat_doc *text, uint32_t *count);

/* "<path>: found <found>, expected <expected>". */
leat_status leat_doc_unexpected(const char *path, const leat_doc *found,
                                const char *expected, leat_error *error);

leat_status leat_doc_get_text(const leat_doc *base, const char *path,
                              const leat_doc **text, leat_error *error) LEAT_MUST_CHECK;

/* `absent` where the path leads nowhere. */
leat_status leat_doc_get_count(const leat_doc *base, const char *path, uint32_t absent,
                               uint32_t *count, leat_error *error) LEAT_MUST_CHECK;

/* An array of exactly `count` elements. */
leat_status leat_doc_get_array(const leat_doc *base, const char *path, size_t count,
                               const leat_doc **array, leat_error *error) LEAT_MUST_CHECK;

/* Element i of an array that stands at `path`. */
leat_status leat_doc_get_number(const char *path, const leat_doc *array, size_t i,
                                double *number, leat_error *error) LEAT_MUST_CHECK;

/* An array of `count` numbers as ints [count], or rounded to float32 as floats [count]. */
leat_status leat_doc_get_ints(const leat_doc *base, const char *path, size_t count,
                              int32_t *ints, leat_error *error) LEAT_MUST_CHECK;
leat_status leat_doc_get_floats(const leat_doc *base, const char *path, size_t count,
                                double *floats, leat_error *error) LEAT_MUST_CHECK;

#endif
