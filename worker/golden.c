#include "worker/golden.h"

#include "base/batch.h"
#include "base/clock.h"
#include "base/column.h"
#include "base/element.h"
#include "base/reading.h"
#include "producers/scores.h"
#include "runtime/session.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 2 };

#define MAX_ERROR 1e-5

typedef struct golden_run {
    const leat_plan *plan;
    const char *path;
    uint32_t line;
    leat_error *error;
    leat_session *session;
    leat_batch batch; /* of one row */
    bool is_graph;
} golden_run;

#define REFUSE(golden, code, ...)                                                        \
    (leat_error_set((golden)->error, code, __VA_ARGS__),                                 \
     leat_error_prefix((golden)->error, "%s:%u: ", (golden)->path, (golden)->line))

/* A type that no column takes for what is no number. */
static leat_value value_of(const json_t *json)
{
    if (json_is_boolean(json))
        return (leat_value){.type = LEAT_VALUE_BOOL, .as.u = json_is_true(json)};
    if (json_is_real(json))
        return (leat_value){.type = LEAT_VALUE_DOUBLE, .as.f = json_real_value(json)};
    if (!json_is_integer(json))
        return (leat_value){.type = LEAT_VALUE_STR};
    leat_value value = {.as.i = json_integer_value(json)};
    value.type = value.as.i < 0 ? LEAT_VALUE_INT : LEAT_VALUE_UINT;
    return value;
}

static leat_status put_sequence(const leat_column *column, void *at, leat_dtype dtype,
                                const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    if (!text)
        return LEAT_E_MEMORY;
    leat_slice slice = {(const uint8_t *)text, (uint32_t)strlen(text)};
    leat_status status = leat_reading_put_text(column->reading, at, dtype, slice, NULL);
    free(text);
    return status;
}

/* What the model sees: text, a category or its code, a sequence; else a number. */
static leat_status put_value(const leat_column *column, void *at, leat_dtype dtype,
                             const json_t *json)
{
    leat_reading_kind kind =
        column->reading ? column->reading->kind : LEAT_READING_NUMBER;
    bool is_text = kind == LEAT_READING_TEXT || kind == LEAT_READING_CATEGORY;
    leat_value value = value_of(json);
    if (is_text && json_is_string(json))
        return leat_reading_put_text(
            column->reading, at, dtype,
            (leat_slice){(const uint8_t *)json_string_value(json),
                         (uint32_t)json_string_length(json)},
            NULL);
    if (kind == LEAT_READING_IDS)
        return json_is_array(json) ? put_sequence(column, at, dtype, json) : LEAT_E_TYPE;
    return leat_element_put(at, dtype, &value);
}

static leat_status put(golden_run *golden, const leat_column *column, const json_t *json)
{
    static const leat_reading as_number = {.kind = LEAT_READING_NUMBER};
    const leat_reading *reading = column->reading ? column->reading : &as_number;
    const leat_tensor *tensor = &golden->batch.inputs[column->tensor];
    leat_dtype dtype = tensor->spec->dtype;
    void *at = (char *)tensor->data + column->element * leat_dtype_size(dtype);
    leat_status status =
        json && !json_is_null(json) ? put_value(column, at, dtype, json) : LEAT_E_MISSING;
    if (status == LEAT_E_MISSING && !leat_column_is_required(column, dtype))
        status = leat_column_put_default(column, at, dtype);
    if (status == LEAT_E_RANGE)
        return REFUSE(golden, LEAT_E_CONFIG, "'%s' is out of the range of %s",
                      column->name, leat_dtype_name(dtype));
    if (status == LEAT_E_TYPE)
        return REFUSE(golden, LEAT_E_CONFIG, "'%s' is neither %s nor null", column->name,
                      leat_reading_text(reading, dtype));
    if (status == LEAT_E_MISSING)
        return REFUSE(golden, LEAT_E_CONFIG, "'%s' is missing, and %s has no NaN",
                      column->name, leat_dtype_name(dtype));
    return status;
}

static leat_status read_row(golden_run *golden, const json_t *row)
{
    const leat_schema *schema = &golden->plan->schema;
    if (!json_is_array(row) || json_array_size(row) != schema->n_columns)
        return REFUSE(golden, LEAT_E_CONFIG, "\"row\" must be an array of %u values",
                      schema->n_columns);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < schema->n_columns && !status; i++) {
        leat_column column = schema->columns[i];
        column.has_default = false; /* a row is what the model sees */
        status = put(golden, &column, json_array_get(row, i));
    }
    return status;
}

/* A key that is no column's name, or NULL. */
static const char *find_stranger(const leat_schema *schema, json_t *features)
{
    for (void *at = json_object_iter(features); at;
         at = json_object_iter_next(features, at)) {
        uint32_t i = 0;
        while (i < schema->n_columns &&
               strcmp(schema->columns[i].name, json_object_iter_key(at)) != 0)
            i++;
        if (i == schema->n_columns)
            return json_object_iter_key(at);
    }
    return NULL;
}

static leat_status read_features(golden_run *golden, json_t *features)
{
    const leat_schema *schema = &golden->plan->schema;
    const char *stranger = find_stranger(schema, features);
    if (stranger)
        return REFUSE(golden, LEAT_E_CONFIG,
                      "\"features\" has '%.60s', which is no column of the model",
                      stranger);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < schema->n_columns && !status; i++) {
        const leat_column *column = &schema->columns[i];
        status = put(golden, column, json_object_get(features, column->name));
    }
    return status;
}

/* ---- scores ---- */

static double next_toward(leat_dtype dtype, double from, double to)
{
    return dtype == LEAT_F64 ? nextafter(from, to)
                             : (double)nextafterf((float)from, (float)to);
}

/* Trees and what links them to a score are the framework's own arithmetic, to a rounding
 * of the C library's functions. The sums of a graph's products have no order of their own.
 */
static bool is_near(const golden_run *golden, double wanted, double got)
{
    leat_dtype dtype = golden->batch.output.spec->dtype;
    if (golden->is_graph)
        return fabs(got - wanted) <= MAX_ERROR * fmax(1, fabs(wanted));
    for (int step = 0; step < MAX_STEPS && got != wanted; step++)
        got = next_toward(dtype, got, wanted);
    return got == wanted;
}

static leat_status compare(golden_run *golden, const char *what, const json_t *expected,
                           double got)
{
    bool is_single = golden->batch.output.spec->dtype == LEAT_F32;
    int digits = is_single ? 9 : 17;
    if (!json_is_number(expected))
        return REFUSE(golden, LEAT_E_CONFIG, "\"%s\" is missing or no number", what);
    double wanted = json_number_value(expected);
    if (is_near(golden, is_single ? (double)(float)wanted : wanted, got))
        return LEAT_OK;
    return REFUSE(golden, LEAT_E_MODEL, "%s %.*g is expected, and the model gives %.*g",
                  what, digits, wanted, digits, got);
}

static leat_status compare_all(golden_run *golden, const json_t *object)
{
    static const char *const keys[] = {
        [LEAT_OUTPUT_SCORE] = "score",
        [LEAT_OUTPUT_SCORES] = "scores",
        [LEAT_OUTPUT_LABEL] = "label",
    };
    leat_output_kind kind = leat_model_output_kind(golden->plan->model);
    leat_scores scores = leat_scores_of(&golden->batch.output, 0);
    const json_t *expected = json_object_get(object, keys[kind]);
    if (kind != LEAT_OUTPUT_SCORES)
        return compare(golden, keys[kind], expected, leat_scores_at(scores, 0));
    if (json_array_size(expected) != scores.n)
        return REFUSE(golden, LEAT_E_CONFIG, "\"scores\" must be an array of %u numbers",
                      scores.n);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < scores.n && !status; i++)
        status = compare(golden, keys[kind], json_array_get(expected, i),
                         leat_scores_at(scores, i));
    const json_t *label = json_object_get(object, "label");
    return status || !label ? status
                            : compare(golden, "label", label, leat_scores_label(scores));
}

/* ---- the file ---- */

static leat_status check_object(golden_run *golden, const json_t *object)
{
    leat_batch *batch = &golden->batch;
    json_t *features = json_object_get(object, "features");
    leat_status status = json_is_object(features)
                             ? read_features(golden, features)
                             : read_row(golden, json_object_get(object, "row"));
    if (status)
        return status;
    do
        status =
            leat_session_run(golden->session, batch->inputs, 1, &batch->output, LEAT_SEC);
    while (status == LEAT_MORE);
    return status ? status : compare_all(golden, object);
}

static leat_status check_line(golden_run *golden, const char *text, size_t size)
{
    json_error_t why;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    leat_status status = object ? check_object(golden, object)
                                : REFUSE(golden, LEAT_E_CONFIG, "not JSON: %s", why.text);
    json_decref(object);
    return status;
}

static leat_status check_lines(golden_run *golden, uint32_t *n_rows)
{
    FILE *file = fopen(golden->path, "re");
    if (!file)
        return leat_error_set(golden->error, LEAT_E_NO_INPUT, "%s: cannot open: %s",
                              golden->path, strerror(errno));
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    leat_status status = LEAT_OK;
    while (!status && (size = getline(&text, &room, file)) >= 0) {
        golden->line++;
        if (strspn(text, " \t\r\n") == (size_t)size)
            continue;
        status = check_line(golden, text, (size_t)size);
        ++*n_rows;
    }
    if (!status && (ferror(file) || !*n_rows))
        status = leat_error_set(golden->error, LEAT_E_CONFIG, "%s: holds no rows",
                                golden->path);
    free(text);
    fclose(file);
    return status;
}

static leat_status begin(golden_run *golden)
{
    const leat_plan *plan = golden->plan;
    leat_model_facts facts;
    leat_model_describe(plan->model, &facts);
    golden->is_graph = facts.n_operators > 0;
    leat_status status =
        leat_session_new(&golden->session, plan->model, LEAT_SCORE_PREDICT);
    if (!status)
        status = leat_batch_init(&golden->batch, 1);
    if (!status)
        status = leat_batch_reset(&golden->batch, &plan->schema,
                                  leat_session_output(golden->session));
    return status ? leat_error_set(golden->error, status, "%s: no memory for a row",
                                   golden->path)
                  : LEAT_OK;
}

leat_status leat_golden_check(const leat_plan *plan, const char *path, uint32_t *n_rows,
                              leat_error *error)
{
    *n_rows = 0;
    golden_run golden = {.plan = plan, .path = path, .error = error};
    leat_status status = begin(&golden);
    if (!status)
        status = check_lines(&golden, n_rows);
    leat_batch_fini(&golden.batch);
    leat_session_free(golden.session);
    return status;
}
