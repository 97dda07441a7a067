/* base/error.h: the words that go with an error.
 *
 * Cold functions (load, parse, connect) fill a caller-owned leat_error beside the status
 * that they return; hot ones return a status alone. The message names the place, what was
 * found and what was expected, for someone who reads it at night without the source.
 *
 * Owns:    nothing; the struct is the caller's.
 * Threads: any, one struct per thread.
 */
#ifndef LEAT_BASE_ERROR_H
#define LEAT_BASE_ERROR_H

#include "base/status.h"

typedef struct leat_error {
    leat_status code;
    leat_class class;
    char msg[256]; /* one line, without a newline; a longer text ends in "..." */
} leat_error;

/* Fills `error` and returns `code`, so that a failing function can end in
 * `return leat_error_set(error, ...)`. `error` may be NULL. */
leat_status leat_error_set(leat_error *error, leat_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a context before the message: "models/a.json: tree 3: ...". Returns error->code.
 */
leat_status leat_error_prefix(leat_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
