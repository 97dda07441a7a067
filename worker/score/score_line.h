/* worker/score/score_line.h: one row's result as one line of JSON, for `leat score`.
 *
 *   {"row":0,"score":0.97}                   one output
 *   {"row":0,"scores":[0.1,0.9],"label":1}   several, and the class of the largest
 *   {"row":0,"label":2}                      the model gives a class
 *   {"row":0,"leaves":[12,3]}                --leaves
 *   {"row":0,"error":"score is NaN"}         JSON has no word for it, or there is none
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   flush: E_IO; the rest never, an error of the stream stays in it.
 */
#ifndef LEAT_WORKER_SCORE_LINE_H
#define LEAT_WORKER_SCORE_LINE_H

#include "producers/scores.h"
#include "runtime/session.h"

#include <stdbool.h>
#include <stdio.h>

enum { LEAT_SCORE_TEXT = 32 };

/* The shortest decimal text that reads back as this finite float32 or float64; it keeps a
 * point or an exponent. */
void leat_score_text(char text[LEAT_SCORE_TEXT], leat_dtype dtype, double value);

typedef enum leat_line_form {
    LEAT_LINE_SCORE,
    LEAT_LINE_SCORES,
    LEAT_LINE_LABEL,
    LEAT_LINE_LEAVES,
} leat_line_form;

/* How the outputs of a session of this kind are printed. */
leat_line_form leat_line_form_of(const leat_model *model, leat_score_kind kind,
                                 uint32_t n_values);

/* Row i of a session's output as the line of `row`; false when it was an error's. */
bool leat_line_print(FILE *out, leat_line_form form, uint64_t row,
                     const leat_tensor *output, uint32_t i);

void leat_line_print_error(FILE *out, uint64_t row, const char *why);

/* Hands the lines on. END when nobody reads them any more (`| head`), which is no error;
 * E_IO with errno's text. */
leat_status leat_lines_flush(FILE *out, leat_error *error) LEAT_MUST_CHECK;

#endif
