#include "worker/score/score_csv.h"

#include "worker/score/progress.h"
#include "worker/score/score_columns.h"
#include "worker/score/score_line.h"
#include "worker/score/score_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { BATCH_ROWS = 256, ARENA_BLOCK = 64 * 1024 };

typedef struct scoring {
    leat_arena arena;
    leat_csv csv;
    leat_columns columns;
    leat_session *session;
    leat_rows rows;     /* the batch */
    leat_tensor output; /* [BATCH_ROWS][values], or leaves */
    leat_line_form form;
    FILE *out;
    uint64_t first_row; /* the file's number of the batch's row 0 */
    uint64_t n_failed;
} scoring;

static leat_status make_output(scoring *scorer)
{
    const leat_tensor_spec *spec = leat_session_output(scorer->session);
    uint32_t row_size = leat_tensor_row_size(spec);
    size_t size = (size_t)BATCH_ROWS * row_size * leat_dtype_size(spec->dtype);
    scorer->output =
        (leat_tensor){spec, row_size, leat_arena_aligned(&scorer->arena, size)};
    return scorer->output.data ? LEAT_OK : LEAT_E_MEMORY;
}

/* Of input 0, whose features are the first ones. */
static leat_status categorize(scoring *scorer, const leat_model *model)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < scorer->rows.inputs[0].row_size && status == LEAT_OK; i++) {
        leat_model_categories own = leat_model_column_categories(model, i);
        if (own.n)
            status = leat_rows_categorize(&scorer->rows, i, own.names, own.n);
    }
    return status;
}

static leat_status make_session(scoring *scorer, const leat_model *model,
                                leat_score_kind kind, leat_error *error)
{
    leat_status status = leat_session_new(&scorer->session, model, kind);
    if (status == LEAT_OK)
        status = leat_rows_init(&scorer->rows, leat_model_inputs(model),
                                leat_model_n_inputs(model),
                                leat_model_feature_names(model), BATCH_ROWS);
    if (status == LEAT_OK)
        status = categorize(scorer, model);
    if (status == LEAT_OK)
        status = make_output(scorer);
    if (status == LEAT_E_UNSUPPORTED)
        return leat_error_set(error, LEAT_E_USAGE,
                              "%s is for models of XGBoost and LightGBM, and this is %s",
                              kind == LEAT_SCORE_LEAVES ? "--leaves" : "--margin",
                              leat_model_format(model));
    if (status != LEAT_OK)
        return leat_error_set(error, status, "no memory for %d rows of the model",
                              BATCH_ROWS);
    scorer->form = leat_line_form_of(model, kind, scorer->output.row_size);
    return LEAT_OK;
}

/* Says how the columns were taken, since a wrong guess would show nowhere else. */
static void explain_columns(const scoring *scorer)
{
    const leat_columns *columns = &scorer->columns;
    fprintf(stderr, "leat: %s: %" PRIu32 " columns by %s", scorer->csv.name,
            scorer->rows.n_features, columns->by_name ? "name" : "position");
    const char *separator = "; ignored: ";
    for (uint32_t i = 0; i < columns->n; i++)
        if (columns->features[i] == LEAT_NO_FEATURE) {
            fprintf(stderr, "%s'%s'", separator, columns->names[i]);
            separator = ", ";
        }
    putc('\n', stderr);
    if (columns->looks_like_data)
        fprintf(stderr,
                "leat: %s: warning: the first line holds numbers only; it was taken for "
                "the names of the columns\n",
                scorer->csv.name);
}

static leat_status read_header(scoring *scorer, leat_error *error)
{
    const leat_wanted wanted = {scorer->rows.n_features, scorer->rows.names,
                                scorer->rows.n_inputs > 1};
    leat_status status = leat_csv_next(&scorer->csv, error);
    if (status == LEAT_END)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "%s is empty: its first line must name the columns",
                              scorer->csv.name);
    if (status == LEAT_OK)
        status = leat_columns_match(&scorer->columns, &scorer->arena, &scorer->csv,
                                    &wanted, error);
    if (status == LEAT_OK)
        explain_columns(scorer);
    return status;
}

static leat_status refuse_field(const scoring *scorer, uint32_t i, leat_status status,
                                leat_error *error)
{
    const leat_csv *csv = &scorer->csv;
    if (status == LEAT_E_MEMORY)
        return leat_error_set(error, status, "%s:%" PRIu64 ": out of memory", csv->name,
                              csv->line);
    return leat_error_set(error, status,
                          "%s:%" PRIu64 ": column %" PRIu32 " '%s': '%.60s' is not a "
                          "number (an empty field is a missing value)",
                          csv->name, csv->line, i + 1, scorer->columns.names[i],
                          csv->fields[i].text);
}

static leat_status parse_row(scoring *scorer, leat_error *error)
{
    const leat_csv *csv = &scorer->csv;
    const leat_columns *columns = &scorer->columns;
    leat_status status = LEAT_OK;
    if (csv->n_fields != columns->n)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "%s:%" PRIu64 ": %" PRIu32
                              " fields, but the first line names %" PRIu32 " columns",
                              csv->name, csv->line, csv->n_fields, columns->n);
    for (uint32_t i = 0; i < columns->n && status == LEAT_OK; i++) {
        if (columns->features[i] != LEAT_NO_FEATURE)
            status = leat_rows_put(&scorer->rows, columns->features[i], csv->fields[i],
                                   columns->names[i]);
        if (status != LEAT_OK)
            return refuse_field(scorer, i, status, error);
    }
    leat_rows_add(&scorer->rows);
    return LEAT_OK;
}

static void print_rows(scoring *scorer)
{
    const leat_rows *rows = &scorer->rows;
    for (uint32_t i = 0; i < rows->n_rows; i++) {
        uint64_t row = scorer->first_row + i;
        bool is_scored = !rows->errors[i] && leat_line_print(scorer->out, scorer->form,
                                                             row, &scorer->output, i);
        if (rows->errors[i])
            leat_line_print_error(scorer->out, row, rows->errors[i]);
        scorer->n_failed += !is_scored;
    }
}

static leat_status score_batch(scoring *scorer, leat_error *error)
{
    leat_rows *rows = &scorer->rows;
    leat_status status;
    do
        status = leat_session_run(scorer->session, rows->inputs, rows->n_rows,
                                  &scorer->output, UINT64_MAX);
    while (status == LEAT_MORE);
    print_rows(scorer);
    scorer->first_row += rows->n_rows;
    leat_rows_reset(rows);
    if (status != LEAT_OK)
        return leat_error_set(error, status, "%s: %s", scorer->csv.name,
                              leat_status_text(status));
    return leat_lines_flush(scorer->out, error);
}

static bool is_blank(const scoring *scorer)
{
    return scorer->columns.n > 1 && scorer->csv.n_fields == 1 &&
           !scorer->csv.fields[0].size;
}

static leat_status score_rows(scoring *scorer, const char *path, leat_error *error)
{
    leat_progress progress;
    leat_progress_init(&progress, path);
    leat_status status = LEAT_OK;
    while (status == LEAT_OK) {
        status = leat_csv_next(&scorer->csv, error);
        if (status == LEAT_OK && !is_blank(scorer))
            status = parse_row(scorer, error);
        if (scorer->rows.n_rows < BATCH_ROWS && status == LEAT_OK)
            continue;
        /* A row that is refused has its say after the rows before it. */
        bool is_refused = status < 0;
        leat_status scored = score_batch(scorer, is_refused ? NULL : error);
        if (scored != LEAT_OK && !is_refused)
            status = scored;
        leat_progress_show(&progress, scorer->csv.bytes);
    }
    leat_progress_end(&progress);
    return status == LEAT_END ? LEAT_OK : status;
}

static leat_status score_all(scoring *scorer, const leat_model *model,
                             leat_score_kind kind, const char *path, leat_error *error)
{
    leat_status status = make_session(scorer, model, kind, error);
    if (status == LEAT_OK)
        status = read_header(scorer, error);
    if (status == LEAT_OK)
        status = score_rows(scorer, path, error);
    if (scorer->n_failed)
        fprintf(stderr, "leat: %s: %" PRIu64 " of %" PRIu64 " rows have no score\n",
                scorer->csv.name, scorer->n_failed, scorer->first_row);
    return status;
}

leat_status leat_score_csv(const leat_model *model, leat_score_kind kind,
                           const char *path, FILE *out, leat_error *error)
{
    bool is_stdin = !strcmp(path, "-");
    FILE *in = is_stdin ? stdin : fopen(path, "rb");
    if (!in)
        return leat_error_set(error, LEAT_E_NO_INPUT, "cannot open %s: %s", path,
                              strerror(errno));
    scoring scorer = {.out = out};
    leat_arena_init(&scorer.arena, ARENA_BLOCK);
    leat_status status = leat_csv_init(&scorer.csv, in, is_stdin ? "stdin" : path);
    if (status == LEAT_OK)
        status = score_all(&scorer, model, kind, path, error);
    else
        leat_error_set(error, status, "%s: out of memory", path);
    leat_session_free(scorer.session);
    leat_rows_fini(&scorer.rows);
    leat_csv_fini(&scorer.csv);
    leat_arena_fini(&scorer.arena);
    if (!is_stdin)
        fclose(in);
    return status;
}
