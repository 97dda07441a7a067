#include "worker/golden.h"

#include "base/clock.h"
#include "runtime/session.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 2 };

typedef struct golden_run {
    const leat_plan *plan;
    const char *path;
    uint32_t line;
    leat_error *error;
    leat_session *session;
    leat_tensor input;  /* f32 [1][n_columns] */
    leat_tensor output; /* f32 [1][n_outputs] */
} golden_run;

#define REFUSE(golden, code, ...)                                                        \
    (leat_error_set((golden)->error, code, __VA_ARGS__),                                 \
     leat_error_prefix((golden)->error, "%s:%u: ", (golden)->path, (golden)->line))

/* null is a missing value: what a row has in its place is `missing`. */
static leat_status read_number(golden_run *golden, const json_t *value, float missing,
                               float *number)
{
    *number = missing;
    if (value && json_is_number(value))
        *number = (float)json_number_value(value);
    else if (value && !json_is_null(value))
        return REFUSE(golden, LEAT_E_CONFIG, "a value is neither a number nor null");
    return LEAT_OK;
}

static leat_status read_row(golden_run *golden, const json_t *row)
{
    const leat_schema *schema = &golden->plan->schema;
    float *input = golden->input.data; /* [n_columns] */
    if (!json_is_array(row) || json_array_size(row) != schema->n_columns)
        return REFUSE(golden, LEAT_E_CONFIG, "\"row\" must be an array of %u numbers",
                      schema->n_columns);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < schema->n_columns && !status; i++)
        status = read_number(golden, json_array_get(row, i), NAN, &input[i]);
    return status;
}

static leat_status read_features(golden_run *golden, json_t *features)
{
    const leat_schema *schema = &golden->plan->schema;
    float *input = golden->input.data; /* [n_columns] */
    size_t found = 0;
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < schema->n_columns && !status; i++) {
        const leat_column *column = &schema->columns[i];
        const json_t *value = json_object_get(features, column->name);
        found += value != NULL;
        status = read_number(golden, value, (float)column->default_value, &input[i]);
    }
    if (!status && found != json_object_size(features))
        status = REFUSE(golden, LEAT_E_CONFIG,
                        "\"features\" must be an object of the model's columns alone");
    return status;
}

/* Float32 values have an order in which neighbours are one apart. */
static int64_t rank_of(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? (int64_t)INT32_MIN - bits : bits;
}

static leat_status compare(golden_run *golden, const char *what, const json_t *expected,
                           float got)
{
    float wanted;
    leat_status status = read_number(golden, expected, NAN, &wanted);
    if (status)
        return status;
    if (isnan(wanted))
        return REFUSE(golden, LEAT_E_CONFIG, "\"%s\" is missing", what);
    int64_t steps = llabs(rank_of(wanted) - rank_of(got));
    if (!isnan(got) && steps <= MAX_STEPS)
        return LEAT_OK;
    return REFUSE(golden, LEAT_E_MODEL, "%s %.9g is expected, and the model gives %.9g",
                  what, (double)wanted, (double)got);
}

static leat_status compare_all(golden_run *golden, const json_t *object)
{
    static const char *const keys[] = {
        [LEAT_OUTPUT_SCORE] = "score",
        [LEAT_OUTPUT_SCORES] = "scores",
        [LEAT_OUTPUT_LABEL] = "label",
    };
    leat_output_kind kind = leat_model_output_kind(golden->plan->model);
    const float *output = golden->output.data; /* [n_outputs] */
    const json_t *expected = json_object_get(object, keys[kind]);
    if (kind != LEAT_OUTPUT_SCORES)
        return compare(golden, keys[kind], expected, output[0]);
    if (json_array_size(expected) != golden->output.row_size)
        return REFUSE(golden, LEAT_E_CONFIG, "\"scores\" must be an array of %u numbers",
                      golden->output.row_size);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < golden->output.row_size && !status; i++)
        status = compare(golden, keys[kind], json_array_get(expected, i), output[i]);
    return status;
}

static leat_status check_object(golden_run *golden, const json_t *object)
{
    json_t *features = json_object_get(object, "features");
    leat_status status = json_is_object(features)
                             ? read_features(golden, features)
                             : read_row(golden, json_object_get(object, "row"));
    while (!status) {
        status = leat_session_run(golden->session, &golden->input, 1, &golden->output,
                                  LEAT_SEC);
        if (status != LEAT_MORE)
            break;
        status = LEAT_OK;
    }
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

leat_status leat_golden_check(const leat_plan *plan, const char *path, uint32_t *n_rows,
                              leat_error *error)
{
    *n_rows = 0;
    golden_run golden = {.plan = plan, .path = path, .error = error};
    leat_arena arena;
    leat_arena_init(&arena, 4096);
    leat_status status =
        leat_session_new(&golden.session, plan->model, LEAT_SCORE_PREDICT);
    if (!status) {
        const leat_tensor_spec *output = leat_session_output(golden.session);
        golden.input = (leat_tensor){plan->schema.inputs, plan->schema.n_columns, NULL};
        golden.output = (leat_tensor){output, leat_tensor_row_size(output), NULL};
        golden.input.data =
            leat_arena_aligned(&arena, golden.input.row_size * sizeof(float));
        golden.output.data =
            leat_arena_aligned(&arena, golden.output.row_size * sizeof(float));
    }
    if (status || !golden.input.data || !golden.output.data)
        status = leat_error_set(error, LEAT_E_MEMORY, "%s: out of memory", path);
    else
        status = check_lines(&golden, n_rows);
    leat_session_free(golden.session);
    leat_arena_fini(&arena);
    return status;
}
