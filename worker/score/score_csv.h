/* worker/score/score_csv.h: the rows of a CSV file through a model, for `leat score --model`.
 *
 * The first line names the columns (score_columns.h), and each field becomes what its
 * input takes (score_rows.h): for a float32 what Python's np.float32(float(text)) makes of
 * it. Where there are several columns an empty line is no row.
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   E_NO_INPUT when it cannot be opened; E_USAGE for leaves or margins of a model
 *          without trees; E_FORMAT for a file that is not CSV or does not fit the model,
 *          E_TYPE for a field that is no number, both with line and column; E_IO;
 *          E_MEMORY. The rows before the faulty one have been scored and printed.
 */
#ifndef LEAT_WORKER_SCORE_CSV_H
#define LEAT_WORKER_SCORE_CSV_H

#include "runtime/session.h"
#include "worker/score/csv.h"

/* Scores all rows of a file ("-": of standard input): one line each on `out`, notes for
 * people on standard error. */
leat_status leat_score_csv(const leat_model *model, leat_score_kind kind,
                           const char *path, FILE *out,
                           leat_error *error) LEAT_MUST_CHECK;

#endif
