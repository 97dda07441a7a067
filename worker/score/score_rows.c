#include "worker/score/score_rows.h"

#include "base/element.h"

#include <string.h>

enum { ARENA_BLOCK = 64 * 1024, MAX_SHOWN = 60 };

/* ---- layout ---- */

static leat_status lay_input(leat_rows *rows, uint32_t i, const leat_tensor_spec *spec)
{
    leat_tensor *input = &rows->inputs[i];
    *input = (leat_tensor){.spec = spec, .row_size = leat_tensor_row_size(spec)};
    size_t row_bytes = input->row_size * leat_dtype_size(spec->dtype);
    input->data = leat_arena_aligned(&rows->layout, rows->max_rows * row_bytes);
    rows->n_features += input->row_size;
    return input->data ? LEAT_OK : LEAT_E_MEMORY;
}

static leat_status lay_features(leat_rows *rows)
{
    uint32_t at = 0;
    rows->features =
        leat_arena_calloc(&rows->layout, rows->n_features, sizeof *rows->features);
    if (!rows->features)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < rows->n_inputs; i++)
        for (uint32_t element = 0; element < rows->inputs[i].row_size; element++)
            rows->features[at++] = (leat_feature){i, element};
    return LEAT_OK;
}

/* `x`, or `x[0]`, `x[1]` ... */
static leat_status name_features(leat_rows *rows)
{
    leat_arena *arena = &rows->layout;
    const char **names = leat_arena_calloc(arena, rows->n_features, sizeof *names);
    if (!names)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < rows->n_features; i++) {
        const leat_tensor *input = &rows->inputs[rows->features[i].input];
        names[i] = input->row_size == 1
                       ? input->spec->name
                       : leat_arena_printf(arena, "%s[%u]", input->spec->name,
                                           rows->features[i].element);
        if (!names[i])
            return LEAT_E_MEMORY;
    }
    rows->names = names;
    return LEAT_OK;
}

leat_status leat_rows_init(leat_rows *rows, const leat_tensor_spec *inputs,
                           uint32_t n_inputs, const char *const *names, uint32_t max_rows)
{
    *rows = (leat_rows){.max_rows = max_rows, .n_inputs = n_inputs, .names = names};
    leat_arena_init(&rows->layout, ARENA_BLOCK);
    leat_arena_init(&rows->text, ARENA_BLOCK);
    rows->inputs = leat_arena_calloc(&rows->layout, n_inputs, sizeof *rows->inputs);
    rows->errors = leat_arena_calloc(&rows->layout, max_rows, sizeof *rows->errors);
    leat_status status = rows->inputs && rows->errors ? LEAT_OK : LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n_inputs && status == LEAT_OK; i++)
        status = lay_input(rows, i, &inputs[i]);
    if (status == LEAT_OK)
        status = lay_features(rows);
    return status == LEAT_OK && !names && n_inputs > 1 ? name_features(rows) : status;
}

leat_status leat_rows_categorize(leat_rows *rows, uint32_t feature,
                                 const char *const *names, uint32_t n)
{
    leat_arena *arena = &rows->layout;
    if (!rows->categories)
        rows->categories =
            leat_arena_calloc(arena, rows->n_features, sizeof *rows->categories);
    return rows->categories
               ? leat_categories_new(&rows->categories[feature], arena, names, n)
               : LEAT_E_MEMORY;
}

void leat_rows_fini(leat_rows *rows)
{
    leat_arena_fini(&rows->text);
    leat_arena_fini(&rows->layout);
}

/* ---- rows ---- */

void leat_rows_reset(leat_rows *rows)
{
    leat_arena_reset(&rows->text);
    memset(rows->errors, 0, rows->max_rows * sizeof *rows->errors);
    rows->n_rows = 0;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static leat_csv_field trim(leat_csv_field field)
{
    const char *start = field.text, *end = start + field.size;
    while (start < end && is_space(*start))
        start++;
    while (start < end && is_space(end[-1]))
        end--;
    return (leat_csv_field){start, (size_t)(end - start)};
}

static leat_status put_string(leat_rows *rows, leat_slice *at, leat_csv_field field)
{
    char *copy = leat_arena_strndup(&rows->text, field.text, field.size);
    *at = (leat_slice){(const uint8_t *)copy, (uint32_t)field.size};
    return copy ? LEAT_OK : LEAT_E_MEMORY;
}

static leat_status put_number(void *at, leat_dtype dtype, leat_csv_field field)
{
    leat_slice text = {(const uint8_t *)field.text, (uint32_t)field.size};
    leat_status status =
        field.size ? leat_element_parse(at, dtype, text) : LEAT_E_MISSING;
    if (status != LEAT_OK)
        leat_element_clear(at, dtype);
    return status == LEAT_E_MISSING && leat_dtype_has_nan(dtype) ? LEAT_OK : status;
}

/* Into a column of floats. */
static leat_status put_category(const leat_categories *categories, void *at,
                                leat_dtype dtype, leat_csv_field field)
{
    uint32_t place;
    leat_slice name = {(const uint8_t *)field.text, (uint32_t)field.size};
    if (leat_categories_find(categories, name, &place)) {
        leat_value code = {.type = LEAT_VALUE_UINT, .as.u = place};
        return leat_element_put(at, dtype, &code);
    }
    if (!leat_categories_have_numbers(categories) &&
        put_number(at, dtype, field) == LEAT_OK)
        return LEAT_OK;
    leat_element_clear(at, dtype);
    return LEAT_OK;
}

/* The first thing that is wrong with a row is what is said of it. */
static leat_status refuse_row(leat_rows *rows, leat_status why, leat_dtype dtype,
                              leat_csv_field field, const char *column)
{
    leat_arena *arena = &rows->text;
    const char **error = &rows->errors[rows->n_rows];
    const char *name = leat_dtype_name(dtype);
    int size = field.size < MAX_SHOWN ? (int)field.size : MAX_SHOWN;
    if (*error)
        return LEAT_OK;
    if (why == LEAT_E_MISSING)
        *error = leat_arena_printf(arena, "column '%.60s' is missing, and %s has no NaN",
                                   column, name);
    else if (why == LEAT_E_RANGE)
        *error =
            leat_arena_printf(arena, "column '%.60s': '%.*s' is out of the range of %s",
                              column, size, field.text, name);
    else
        *error = leat_arena_printf(arena, "column '%.60s': '%.*s' is not %s", column,
                                   size, field.text, leat_dtype_text(dtype));
    return *error ? LEAT_OK : LEAT_E_MEMORY;
}

leat_status leat_rows_put(leat_rows *rows, uint32_t feature, leat_csv_field field,
                          const char *column)
{
    const leat_feature *place = &rows->features[feature];
    const leat_tensor *input = &rows->inputs[place->input];
    leat_dtype dtype = input->spec->dtype;
    size_t index = (size_t)rows->n_rows * input->row_size + place->element;
    void *at = (char *)input->data + index * leat_dtype_size(dtype);
    if (field.size > UINT32_MAX)
        return LEAT_E_TYPE;
    if (dtype == LEAT_STRING)
        return put_string(rows, at, field);
    field = trim(field);
    if (rows->categories && rows->categories[feature])
        return put_category(rows->categories[feature], at, dtype, field);
    leat_status status = put_number(at, dtype, field);
    return status == LEAT_OK || leat_dtype_has_nan(dtype)
               ? status
               : refuse_row(rows, status, dtype, field, column);
}

void leat_rows_add(leat_rows *rows)
{
    rows->n_rows++;
}
