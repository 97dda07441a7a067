#include "base/batch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK = 32 * 1024, MAX_REASON = 256 };

const char *leat_stage_name(leat_stage stage)
{
    static const char *const names[] = {"decode", "features", "model", "publish"};
    return names[stage];
}

leat_status leat_batch_init(leat_batch *batch, uint32_t max_events)
{
    *batch = (leat_batch){.max_events = max_events};
    leat_arena_init(&batch->arena, ARENA_BLOCK);
    leat_arena_init(&batch->layout, ARENA_BLOCK);
    leat_arena_init(&batch->rows, ARENA_BLOCK);
    batch->events = calloc(max_events, sizeof *batch->events);
    return batch->events ? LEAT_OK : LEAT_E_MEMORY;
}

void leat_batch_fini(leat_batch *batch)
{
    leat_arena_fini(&batch->rows);
    leat_arena_fini(&batch->layout);
    leat_arena_fini(&batch->arena);
    free(batch->events);
    *batch = (leat_batch){0};
}

/* The inputs, and the output behind them. */
static leat_tensor *tensor_at(leat_batch *batch, uint32_t i)
{
    return i < batch->schema->n_inputs ? &batch->inputs[i] : &batch->output;
}

static size_t row_bytes(const leat_tensor *tensor)
{
    return tensor->row_size * leat_dtype_size(tensor->spec->dtype);
}

/* Whatever holds rows, for so many of them; moved: [n_inputs + 1]. */
static bool lay_rows(leat_batch *batch, leat_arena *rows, uint32_t max_rows, void **moved,
                     leat_slice **captures)
{
    size_t n_captures = batch->schema->candidates.max ? batch->schema->n_captures : 0;
    *captures = leat_arena_alloc(rows, max_rows * n_captures * sizeof **captures);
    bool is_laid = moved && *captures;
    for (uint32_t i = 0; i <= batch->schema->n_inputs && is_laid; i++) {
        moved[i] = leat_arena_aligned(rows, max_rows * row_bytes(tensor_at(batch, i)));
        is_laid = moved[i] != NULL;
    }
    return is_laid;
}

/* Rows that are there already move along. */
static leat_status make_room(leat_batch *batch, uint32_t max_rows)
{
    leat_arena rows;
    leat_slice *captures;
    leat_arena_init(&rows, ARENA_BLOCK);
    void **moved = leat_arena_calloc(&rows, batch->schema->n_inputs + 1, sizeof *moved);
    if (!lay_rows(batch, &rows, max_rows, moved, &captures)) {
        leat_arena_fini(&rows);
        return LEAT_E_MEMORY;
    }
    for (uint32_t i = 0; i <= batch->schema->n_inputs; i++) {
        leat_tensor *tensor = tensor_at(batch, i);
        if (batch->n_rows)
            memcpy(moved[i], tensor->data, batch->n_rows * row_bytes(tensor));
        tensor->data = moved[i];
    }
    if (batch->n_rows && batch->schema->candidates.max)
        memcpy(captures, batch->row_captures,
               (size_t)batch->n_rows * batch->schema->n_captures * sizeof *captures);
    batch->row_captures = captures;
    leat_arena_fini(&batch->rows);
    batch->rows = rows;
    batch->max_rows = max_rows;
    return LEAT_OK;
}

static void shape_tensor(leat_tensor *tensor, const leat_tensor_spec *spec)
{
    tensor->spec = spec;
    tensor->row_size = leat_tensor_row_size(spec);
}

static leat_status lay_out(leat_batch *batch, const leat_schema *schema,
                           const leat_tensor_spec *output)
{
    leat_arena *layout = &batch->layout;
    leat_arena_reset(layout);
    batch->schema = NULL; /* until all of it stands */
    batch->missing_words = (schema->n_columns + 63) / 64;
    batch->captures = leat_arena_calloc(
        layout, (size_t)batch->max_events * schema->n_captures, sizeof *batch->captures);
    batch->missing = leat_arena_calloc(
        layout, (size_t)batch->max_events * batch->missing_words, sizeof *batch->missing);
    batch->inputs = leat_arena_calloc(layout, schema->n_inputs, sizeof *batch->inputs);
    if (!batch->captures || !batch->missing || !batch->inputs)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < schema->n_inputs; i++)
        shape_tensor(&batch->inputs[i], &schema->inputs[i]);
    shape_tensor(&batch->output, output);
    batch->schema = schema;
    leat_status status = make_room(batch, batch->max_events);
    if (status != LEAT_OK)
        batch->schema = NULL;
    return status;
}

leat_status leat_batch_reset(leat_batch *batch, const leat_schema *schema,
                             const leat_tensor_spec *output)
{
    leat_arena_reset(&batch->arena);
    batch->n_events = 0;
    batch->n_rows = 0;
    batch->bytes = 0;
    if (batch->schema == schema && batch->output.spec == output)
        return LEAT_OK;
    return lay_out(batch, schema, output);
}

leat_event *leat_batch_add(leat_batch *batch)
{
    if (batch->n_events == batch->max_events)
        return NULL;
    leat_event *event = &batch->events[batch->n_events++];
    *event = (leat_event){0};
    return event;
}

leat_status leat_batch_add_rows(leat_batch *batch, leat_event *event, uint32_t n)
{
    uint64_t wanted = (uint64_t)batch->n_rows + n, max_rows = batch->max_rows;
    while (max_rows < wanted)
        max_rows *= 2;
    if (max_rows > UINT32_MAX)
        return LEAT_E_MEMORY;
    if (max_rows > batch->max_rows && make_room(batch, (uint32_t)max_rows) != LEAT_OK)
        return LEAT_E_MEMORY;
    event->first = batch->n_rows;
    event->n = n;
    batch->n_rows += n;
    return LEAT_OK;
}

void leat_batch_drop_rows(leat_batch *batch, leat_event *event)
{
    batch->n_rows -= event->n;
    event->n = 0;
}

void leat_batch_fail(leat_batch *batch, leat_event *event, leat_stage stage,
                     leat_status status, const char *format, ...)
{
    if (event->status != LEAT_OK)
        return;
    char text[MAX_REASON];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *reason = leat_arena_strndup(&batch->arena, text, strlen(text));
    event->status = status;
    event->stage = stage;
    event->reason = reason ? reason : leat_status_text(status);
}
