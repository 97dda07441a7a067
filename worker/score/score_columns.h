/* worker/score/score_columns.h: which column of a CSV file feeds which feature of a model.
 *
 *   by name      the file has all of the model's names, in any order; what else it holds
 *                is ignored
 *   by position  the model has no names, or the file has none of them; then the file must
 *                have as many columns as the model has features. Never where the names are
 *                those of several inputs: their order in a model's file is nobody's.
 *
 * A file that has only some of the names is refused: either guess could score wrong rows
 * without a word.
 *
 * Owns:    nothing; all of it lives in the caller's arena.
 * Threads: any.
 * Fails:   E_FORMAT, E_MEMORY.
 */
#ifndef LEAT_WORKER_SCORE_COLUMNS_H
#define LEAT_WORKER_SCORE_COLUMNS_H

#include "base/arena.h"
#include "worker/score/csv.h"

#include <stdbool.h>

#define LEAT_NO_FEATURE UINT32_MAX

typedef struct leat_columns {
    uint32_t n;
    const char **names; /* [n] as the file's first line has them */
    uint32_t *features; /* [n], LEAT_NO_FEATURE: ignored */
    bool by_name;
    bool looks_like_data; /* by position, and the names look like a row of numbers */
} leat_columns;

/* What a model wants of a file. */
typedef struct leat_wanted {
    uint32_t n;
    const char *const *names; /* [n], or NULL */
    bool by_name;             /* and by nothing else */
} leat_wanted;

/* `header`: the file's first record. */
leat_status leat_columns_match(leat_columns *columns, leat_arena *arena,
                               const leat_csv *header, const leat_wanted *wanted,
                               leat_error *error) LEAT_MUST_CHECK;

#endif
