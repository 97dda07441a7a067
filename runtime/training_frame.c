#include "runtime/training_frame.h"

#include "base/msgpack.h"

#include <math.h>
#include <string.h>

/* ---- one column ---- */

/* False where it is neither text nor a whole number that a double holds exactly. */
static bool name_of(const leat_doc *array, size_t i, leat_arena *arena, const char **name)
{
    double number;
    const leat_doc *item = array->kind == LEAT_DOC_ARRAY ? &array->items[i] : NULL;
    *name = NULL;
    if (item && item->kind == LEAT_DOC_STRING) {
        if (memchr(item->text, 0, item->count) ||
            !leat_utf8_valid((const uint8_t *)item->text, item->count))
            return false;
        *name = leat_arena_strndup(arena, item->text, item->count);
        return true;
    }
    if ((item && item->kind != LEAT_DOC_NUMBER) ||
        !leat_doc_number_at(array, i, &number) || number != trunc(number) ||
        fabs(number) > 0x1p53)
        return false;
    *name = leat_arena_printf(arena, "%.0f", number);
    return true;
}

/* None where one of them is nothing that an event could hold. */
static leat_status read_values(leat_model_categories *column, const leat_doc *array,
                               leat_arena *arena)
{
    const char **names = leat_arena_calloc(arena, array->count, sizeof *names);
    if (!names || array->count > UINT32_MAX)
        return LEAT_E_MEMORY;
    for (size_t i = 0; i < array->count; i++) {
        if (!name_of(array, i, arena, &names[i]))
            return LEAT_OK;
        if (!names[i])
            return LEAT_E_MEMORY;
    }
    *column = (leat_model_categories){(uint32_t)array->count, names};
    return LEAT_OK;
}

/* ---- XGBoost ---- */

/* bytes[n]; false where one is not of ASCII. */
static bool read_bytes(const leat_doc *values, char *bytes)
{
    for (size_t i = 0; i < values->count; i++) {
        double byte;
        if (!leat_doc_number_at(values, i, &byte) || !(byte > 0 && byte < 0x80))
            return false;
        bytes[i] = (char)byte;
    }
    return true;
}

/* offsets[n + 1] of n strings within so many bytes. */
static bool are_offsets(const leat_doc *offsets, size_t n_bytes)
{
    double before = 0, offset = 0;
    for (size_t i = 0; i < offsets->count; i++, before = offset)
        if (!leat_doc_number_at(offsets, i, &offset) || offset != trunc(offset) ||
            (i ? offset < before : offset != 0) || offset > (double)n_bytes)
            return false;
    return true;
}

static leat_status cut_strings(leat_model_categories *column, const leat_doc *offsets,
                               const char *bytes, leat_arena *arena)
{
    size_t n = offsets->count - 1;
    const char **names = leat_arena_calloc(arena, n, sizeof *names);
    if (!names || n > UINT32_MAX)
        return LEAT_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        double from = 0, to = 0;
        (void)leat_doc_number_at(offsets, i, &from);
        (void)leat_doc_number_at(offsets, i + 1, &to);
        names[i] = leat_arena_strndup(arena, bytes + (size_t)from, (size_t)(to - from));
        if (!names[i])
            return LEAT_E_MEMORY;
    }
    *column = (leat_model_categories){(uint32_t)n, names};
    return LEAT_OK;
}

static leat_status read_strings(leat_model_categories *column, const leat_doc *offsets,
                                const leat_doc *values, leat_arena *arena)
{
    if (!offsets->count || !are_offsets(offsets, values->count))
        return LEAT_OK;
    char *bytes = leat_arena_alloc(arena, values->count + 1);
    if (!bytes)
        return LEAT_E_MEMORY;
    return read_bytes(values, bytes) ? cut_strings(column, offsets, bytes, arena)
                                     : LEAT_OK;
}

static leat_status read_encoding(leat_training_frame *frame,
                                 leat_model_categories *column, const leat_doc *encoding,
                                 leat_arena *arena)
{
    const leat_doc *offsets = leat_doc_member(encoding, "offsets");
    const leat_doc *values = leat_doc_member(encoding, "values");
    bool is_known = leat_doc_is_array(values) && (!offsets || leat_doc_is_array(offsets));
    leat_status status = LEAT_OK;
    if (is_known)
        status = offsets ? read_strings(column, offsets, values, arena)
                         : read_values(column, values, arena);
    frame->is_unread |= !is_known || (values->count && !column->n);
    return status;
}

leat_status leat_training_frame_of_xgboost(leat_training_frame *frame,
                                           uint32_t n_features, const leat_doc *enc,
                                           leat_arena *arena)
{
    *frame = (leat_training_frame){0};
    if (!enc || (leat_doc_is_array(enc) && !enc->count))
        return LEAT_OK;
    frame->is_unread = enc->kind != LEAT_DOC_ARRAY || enc->count != n_features;
    if (frame->is_unread)
        return LEAT_OK;
    leat_model_categories *columns =
        leat_arena_calloc(arena, n_features, sizeof *columns);
    frame->categories = columns;
    leat_status status = columns ? LEAT_OK : LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n_features && status == LEAT_OK; i++)
        status = read_encoding(frame, &columns[i], &enc->items[i], arena);
    return status;
}

/* ---- LightGBM ---- */

/* "[min:max]" of numbers, "none" of a column that is never split, "-1:3:0" of codes. */
static bool is_categorical(leat_text info)
{
    return info.size && *info.at != '[' && !leat_text_is(info, "none");
}

static uint32_t count_categorical(leat_text infos)
{
    uint32_t n = 0;
    while (infos.size)
        n += is_categorical(leat_text_cut(&infos, ' '));
    return n;
}

static leat_status read_list(leat_training_frame *frame, leat_model_categories *column,
                             const leat_doc *list, leat_arena *arena)
{
    leat_status status =
        leat_doc_is_array(list) ? read_values(column, list, arena) : LEAT_OK;
    frame->is_unread |= !column->n;
    return status;
}

leat_status leat_training_frame_of_lightgbm(leat_training_frame *frame,
                                            uint32_t n_features, leat_text infos,
                                            leat_text lists, leat_arena *arena,
                                            leat_arena *scratch)
{
    const leat_doc *root;
    *frame = (leat_training_frame){0};
    leat_status status =
        leat_json_read(&root, scratch, (const uint8_t *)lists.at, lists.size, NULL);
    if (status == LEAT_E_MEMORY)
        return status;
    if (status == LEAT_OK && (root->kind == LEAT_DOC_NULL || !root->count))
        return LEAT_OK;
    frame->is_unread = status != LEAT_OK || root->kind != LEAT_DOC_ARRAY ||
                       root->count != count_categorical(infos);
    if (frame->is_unread)
        return LEAT_OK;
    leat_model_categories *columns =
        leat_arena_calloc(arena, n_features, sizeof *columns);
    frame->categories = columns;
    status = columns ? LEAT_OK : LEAT_E_MEMORY;
    const leat_doc *list = root->items;
    for (uint32_t i = 0; i < n_features && infos.size && status == LEAT_OK; i++)
        if (is_categorical(leat_text_cut(&infos, ' ')))
            status = read_list(frame, &columns[i], list++, arena);
    return status;
}
