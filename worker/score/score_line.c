#include "worker/score/score_line.h"

#include "base/pack.h"
#include "producers/utf8.h"
#include "worker/json_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ERROR = 512 };

static bool reads_back(const char *text, leat_dtype dtype, double value)
{
    return dtype == LEAT_F32 ? strtof(text, NULL) == (float)value
                             : strtod(text, NULL) == value;
}

/* Any 6 digits survive in a float and any 15 in a double, so a shorter text is among them
 * with its zeros cut; 9 tell any two floats apart, 17 any two doubles. */
void leat_score_text(char text[LEAT_SCORE_TEXT], leat_dtype dtype, double value)
{
    int digits = dtype == LEAT_F32 ? 6 : 15;
    int most = dtype == LEAT_F32 ? 9 : 17;
    do
        snprintf(text, LEAT_SCORE_TEXT, "%.*g", digits, value);
    while (!reads_back(text, dtype, value) && ++digits <= most);
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

static void print_scores(FILE *out, leat_scores scores)
{
    fputs(",\"scores\":[", out);
    for (uint32_t i = 0; i < scores.n; i++) {
        char text[LEAT_SCORE_TEXT];
        leat_score_text(text, scores.dtype, leat_scores_at(scores, i));
        fprintf(out, i ? ",%s" : "%s", text);
    }
    fprintf(out, "],\"label\":%" PRIu32, leat_scores_label(scores));
}

/* leaves: [n] */
static void print_leaves(FILE *out, const int32_t *leaves, uint32_t n)
{
    fputs(",\"leaves\":[", out);
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, i ? ",%" PRId32 : "%" PRId32, leaves[i]);
    putc(']', out);
}

static bool print_finite(FILE *out, leat_line_form form, leat_scores scores)
{
    char text[LEAT_SCORE_TEXT];
    uint32_t bad = leat_scores_not_finite(scores);
    if (bad < scores.n) {
        fprintf(out, ",\"error\":\"score is %s\"",
                leat_score_name(leat_scores_at(scores, bad)));
        return false;
    }
    if (form == LEAT_LINE_SCORES) {
        print_scores(out, scores);
    } else if (form == LEAT_LINE_LABEL) {
        fprintf(out, ",\"label\":%.0f", leat_scores_at(scores, 0));
    } else {
        leat_score_text(text, scores.dtype, leat_scores_at(scores, 0));
        fprintf(out, ",\"score\":%s", text);
    }
    return true;
}

bool leat_line_print(FILE *out, leat_line_form form, uint64_t row,
                     const leat_tensor *output, uint32_t i)
{
    uint32_t n = output->row_size;
    bool is_finite = true;
    fprintf(out, "{\"row\":%" PRIu64, row);
    if (form == LEAT_LINE_LEAVES)
        print_leaves(out, (const int32_t *)output->data + (size_t)i * n, n);
    else
        is_finite = print_finite(out, form, leat_scores_of(output, i));
    fputs("}\n", out);
    return is_finite;
}

/* Field texts stand in it, so it is packed like an event's, and printed the same way. */
void leat_line_print_error(FILE *out, uint64_t row, const char *why)
{
    char text[MAX_ERROR];
    uint8_t packed[LEAT_PACK_HEAD + MAX_ERROR];
    leat_utf8_repair(text, sizeof text, why);
    uint8_t *end = leat_pack_str(packed, text);
    leat_cursor cursor = {packed, packed, end};
    fprintf(out, "{\"row\":%" PRIu64 ",\"error\":", row);
    (void)!leat_json_write(out, &cursor);
    fputs("}\n", out);
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
