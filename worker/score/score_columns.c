#include "worker/score/score_columns.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct named {
    const char *name;
    uint32_t column;
} named;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

static named *sort_names(const leat_columns *columns, leat_arena *arena)
{
    named *sorted = leat_arena_calloc(arena, columns->n, sizeof *sorted);
    for (uint32_t i = 0; sorted && i < columns->n; i++)
        sorted[i] = (named){columns->names[i], i};
    if (sorted)
        qsort(sorted, columns->n, sizeof *sorted, compare_names);
    return sorted;
}

static bool is_twice(const named *found, const named *sorted, uint32_t n)
{
    return (found > sorted && !compare_names(found, found - 1)) ||
           (found + 1 < sorted + n && !compare_names(found, found + 1));
}

/* What the match by names came to. */
typedef struct name_tally {
    uint32_t n_found;
    const char *absent; /* the first name that the file lacks */
    const char *twice;  /* a name that the file has more than once */
} name_tally;

static name_tally match_names(leat_columns *columns, const named *sorted,
                              const leat_wanted *wanted)
{
    name_tally tally = {0};
    for (uint32_t i = 0; wanted->names && i < wanted->n; i++) {
        const char *name = wanted->names[i];
        const named *found =
            bsearch(&(named){name, 0}, sorted, columns->n, sizeof *sorted, compare_names);
        if (found && is_twice(found, sorted, columns->n))
            tally.twice = name;
        if (found)
            columns->features[found->column] = i;
        else if (!tally.absent)
            tally.absent = name;
        tally.n_found += found != NULL;
    }
    return tally;
}

/* Numbers, and not the 0, 1, 2... that pandas writes where nobody named the columns. */
static bool looks_like_data(const leat_columns *columns)
{
    bool is_count = true;
    for (uint32_t i = 0; i < columns->n; i++) {
        double number;
        const char *name = columns->names[i];
        leat_slice text = {(const uint8_t *)name, (uint32_t)strlen(name)};
        if (leat_number_parse(text, &number) != LEAT_OK)
            return false;
        is_count = is_count && number == i;
    }
    return !is_count;
}

/* Spreadsheets of half the world write semicolons. */
static const char *separator_hint(const leat_columns *columns)
{
    bool is_other = columns->n == 1 && strpbrk(columns->names[0], ";\t|");
    return is_other ? "; columns are separated by commas" : "";
}

static leat_status match_positions(leat_columns *columns, const char *file,
                                   uint32_t n_features, leat_error *error)
{
    if (columns->n != n_features)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "%s:1: the file has %" PRIu32
                              " columns and the model %" PRIu32
                              " features, and they do not go by name%s",
                              file, columns->n, n_features, separator_hint(columns));
    for (uint32_t i = 0; i < columns->n; i++)
        columns->features[i] = i;
    columns->looks_like_data = looks_like_data(columns);
    return LEAT_OK;
}

static leat_status copy_names(leat_columns *columns, leat_arena *arena,
                              const leat_csv *header)
{
    columns->n = header->n_fields;
    columns->names = leat_arena_calloc(arena, columns->n, sizeof *columns->names);
    columns->features = leat_arena_calloc(arena, columns->n, sizeof *columns->features);
    if (!columns->names || !columns->features)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < columns->n; i++) {
        const leat_csv_field *field = &header->fields[i];
        columns->features[i] = LEAT_NO_FEATURE;
        columns->names[i] = leat_arena_strndup(arena, field->text, field->size);
        if (!columns->names[i])
            return LEAT_E_MEMORY;
    }
    return LEAT_OK;
}

leat_status leat_columns_match(leat_columns *columns, leat_arena *arena,
                               const leat_csv *header, const leat_wanted *wanted,
                               leat_error *error)
{
    *columns = (leat_columns){0};
    named *sorted = NULL;
    if (copy_names(columns, arena, header) == LEAT_OK)
        sorted = sort_names(columns, arena);
    if (!sorted)
        return leat_error_set(error, LEAT_E_MEMORY, "%s:1: out of memory", header->name);

    name_tally tally = match_names(columns, sorted, wanted);
    if (!tally.n_found && !wanted->by_name)
        return match_positions(columns, header->name, wanted->n, error);
    if (tally.absent)
        return leat_error_set(error, LEAT_E_FORMAT,
                              "%s:1: only %" PRIu32 " of the model's %" PRIu32
                              " features have a column, '%s' has none: name all "
                              "columns as the model does%s",
                              header->name, tally.n_found, wanted->n, tally.absent,
                              wanted->by_name ? "" : ", or none");
    if (tally.twice)
        return leat_error_set(error, LEAT_E_FORMAT, "%s:1: two columns are named '%s'",
                              header->name, tally.twice);
    columns->by_name = true;
    return LEAT_OK;
}
