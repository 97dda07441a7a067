#include "worker/score/score_line.h"

#include "producers/scores.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Six digits often do; nine tell any two floats apart. */
void leat_float_text(char text[LEAT_FLOAT_TEXT], float value)
{
    int digits = 6;
    do
        snprintf(text, LEAT_FLOAT_TEXT, "%.*g", digits, (double)value);
    while (strtof(text, NULL) != value && ++digits <= 9);
    if (!strpbrk(text, ".e"))
        strcat(text, ".0");
}

leat_line_form leat_line_form_of(const leat_model *model, leat_score_kind kind,
                                 uint32_t n_values)
{
    if (kind == LEAT_SCORE_LEAVES)
        return LEAT_LINE_LEAVES;
    if (kind == LEAT_SCORE_MARGIN)
        return n_values > 1 ? LEAT_LINE_SCORES : LEAT_LINE_SCORE;
    switch (leat_model_output_kind(model)) {
    case LEAT_OUTPUT_SCORES:
        return LEAT_LINE_SCORES;
    case LEAT_OUTPUT_LABEL:
        return LEAT_LINE_LABEL;
    default:
        return LEAT_LINE_SCORE;
    }
}

static void print_scores(FILE *out, const float *values, uint32_t n)
{
    fputs(",\"scores\":[", out);
    for (uint32_t i = 0; i < n; i++) {
        char text[LEAT_FLOAT_TEXT];
        leat_float_text(text, values[i]);
        fprintf(out, i ? ",%s" : "%s", text);
    }
    fprintf(out, "],\"label\":%" PRIu32, leat_scores_label(values, n));
}

static void print_leaves(FILE *out, const float *values, uint32_t n)
{
    fputs(",\"leaves\":[", out);
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, i ? ",%.0f" : "%.0f", (double)values[i]);
    putc(']', out);
}

static void print_values(FILE *out, leat_line_form form, const float *values, uint32_t n)
{
    char text[LEAT_FLOAT_TEXT];
    switch (form) {
    case LEAT_LINE_SCORE:
        leat_float_text(text, values[0]);
        fprintf(out, ",\"score\":%s", text);
        break;
    case LEAT_LINE_SCORES:
        print_scores(out, values, n);
        break;
    case LEAT_LINE_LABEL:
        fprintf(out, ",\"label\":%.0f", (double)values[0]);
        break;
    case LEAT_LINE_LEAVES:
        print_leaves(out, values, n);
        break;
    }
}

bool leat_line_print(FILE *out, leat_line_form form, uint64_t row, const float *values,
                     uint32_t n)
{
    uint32_t bad = leat_scores_not_finite(values, n);
    fprintf(out, "{\"row\":%" PRIu64, row);
    if (bad == n)
        print_values(out, form, values, n);
    else
        fprintf(out, ",\"error\":\"score is %s\"", leat_scores_name(values[bad]));
    fputs("}\n", out);
    return bad == n;
}

leat_status leat_lines_flush(FILE *out, leat_error *error)
{
    if (!fflush(out) && !ferror(out))
        return LEAT_OK;
    if (errno == EPIPE)
        return LEAT_END;
    return leat_error_set(error, LEAT_E_IO, "cannot write the results: %s",
                          strerror(errno));
}
