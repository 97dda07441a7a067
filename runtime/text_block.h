/* runtime/text_block.h: blocks of key=value lines, as LightGBM's text is made of.
 *
 *   Tree=0
 *   num_leaves=3
 *   threshold=0.5 1.25
 *   average_output
 *
 * A block ends at an empty line. A line without '=' is a name with an empty value; lines
 * may end in "\r\n". Lists are separated by spaces, numbers are read exactly.
 *
 * Owns:    nothing; a block points into the file's bytes, lists live in the caller's
 *          arena.
 * Threads: any.
 * Fails:   E_MODEL with the name, what was found and what was expected; E_MEMORY. Memory
 *          stays within a constant factor of the line, whatever count is asked for.
 */
#ifndef LEAT_RUNTIME_TEXT_BLOCK_H
#define LEAT_RUNTIME_TEXT_BLOCK_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEAT_TEXT_MAX_LINES = 40 };

typedef struct leat_text {
    const char *at; /* not NUL-terminated */
    size_t size;
} leat_text;

typedef struct leat_text_block {
    uint32_t n;
    struct {
        leat_text name;
        leat_text value;
    } lines[LEAT_TEXT_MAX_LINES];
} leat_text_block;

bool leat_text_is(leat_text text, const char *expected);

/* What stands before the first `separator`, and moves `rest` behind it; all of `rest` where
 * there is none. */
leat_text leat_text_cut(leat_text *rest, char separator);

/* The next line, without its end. */
leat_text leat_text_line(leat_text *rest);

/* The next block, empty lines before it skipped; n = 0 at the end of the text. */
leat_status leat_text_block_read(leat_text_block *block, leat_text *rest,
                                 leat_error *error) LEAT_MUST_CHECK;

/* The value of that name; NULL where there is none. */
const leat_text *leat_text_find(const leat_text_block *block, const char *name);

/* A count; `absent` where there is no such name. */
leat_status leat_text_get_count(const leat_text_block *block, const char *name,
                                uint32_t absent, uint32_t *count,
                                leat_error *error) LEAT_MUST_CHECK;

/* Lists of exactly `count` elements. */
leat_status leat_text_get_ints(const leat_text_block *block, const char *name,
                               size_t count, leat_arena *arena, int32_t **ints,
                               leat_error *error) LEAT_MUST_CHECK;
leat_status leat_text_get_words(const leat_text_block *block, const char *name,
                                size_t count, leat_arena *arena, uint32_t **words,
                                leat_error *error) LEAT_MUST_CHECK;
leat_status leat_text_get_numbers(const leat_text_block *block, const char *name,
                                  size_t count, leat_arena *arena, double **numbers,
                                  leat_error *error) LEAT_MUST_CHECK;

#endif
