/* worker/score/score_rows.h: rows of text on their way into a model's inputs.
 *
 * The features of a row are the elements of all inputs, one input behind the other. Their
 * names are the model's own; where it has none and several inputs, they are those of the
 * inputs: `x`, or `x[0]`, `x[1]` ... of a wide one. The features of a single input without
 * names have none: columns go by position.
 *
 * Spaces around a number do not count. An empty field is a missing number, which is NaN
 * for a float; an integer or bool has no word for it, so the row cannot be scored. Nor can
 * one whose text is no integer. Strings are taken as they are.
 *
 * A feature that the model knows by categories is named by one of them, or by its code
 * where no category is a number itself; what is neither is missing.
 *
 * Owns:    the inputs and what their strings point to, until reset.
 * Threads: one at a time.
 * Fails:   E_MEMORY. put: E_TYPE for what was to be a float and is no number.
 */
#ifndef LEAT_WORKER_SCORE_ROWS_H
#define LEAT_WORKER_SCORE_ROWS_H

#include "base/arena.h"
#include "base/categories.h"
#include "base/tensor.h"
#include "worker/score/csv.h"

#include <stdbool.h>

typedef struct leat_feature {
    uint32_t input;
    uint32_t element;
} leat_feature;

typedef struct leat_rows {
    uint32_t max_rows;
    uint32_t n_rows; /* that are in */
    uint32_t n_inputs;
    leat_tensor *inputs; /* [n_inputs], data [max_rows][row_size] */
    uint32_t n_features;
    leat_feature *features;             /* [n_features] */
    const char *const *names;           /* [n_features], or NULL */
    const leat_categories **categories; /* [n_features], or NULL; each: or NULL */
    const char **errors; /* [max_rows]: why a row cannot be scored, or NULL */
    leat_arena layout;
    leat_arena text; /* strings and errors of the rows that are in */
} leat_rows;

/* `names`: the model's own [n_features], which outlive the rows, or NULL. */
leat_status leat_rows_init(leat_rows *rows, const leat_tensor_spec *inputs,
                           uint32_t n_inputs, const char *const *names,
                           uint32_t max_rows) LEAT_MUST_CHECK;
void leat_rows_fini(leat_rows *rows);

/* The categories of a feature, by their codes. */
leat_status leat_rows_categorize(leat_rows *rows, uint32_t feature,
                                 const char *const *names, uint32_t n) LEAT_MUST_CHECK;

/* Lets all rows go. */
void leat_rows_reset(leat_rows *rows);

/* A feature of the row under way; `column` is what the file calls it. */
leat_status leat_rows_put(leat_rows *rows, uint32_t feature, leat_csv_field field,
                          const char *column) LEAT_MUST_CHECK;

/* The row under way has all its features; another one may be begun until max_rows are in.
 */
void leat_rows_add(leat_rows *rows);

#endif
