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
    *batch = (leat_batch){.max_events = max_events, .max_rows = max_events};
    leat_arena_init(&batch->arena, ARENA_BLOCK);
    leat_arena_init(&batch->layout, ARENA_BLOCK);
    batch->events = calloc(max_events, sizeof *batch->events);
    return batch->events ? LEAT_OK : LEAT_E_MEMORY;
}

void leat_batch_fini(leat_batch *batch)
{
    leat_arena_fini(&batch->layout);
    leat_arena_fini(&batch->arena);
    free(batch->events);
    *batch = (leat_batch){0};
}

static leat_status lay_tensor(leat_batch *batch, leat_tensor *tensor,
                              const leat_tensor_spec *spec)
{
    tensor->spec = spec;
    tensor->row_size = leat_tensor_row_size(spec);
    size_t row_bytes = tensor->row_size * leat_dtype_size(spec->dtype);
    tensor->data = leat_arena_aligned(&batch->layout, batch->max_rows * row_bytes);
    return tensor->data ? LEAT_OK : LEAT_E_MEMORY;
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
    leat_status status = lay_tensor(batch, &batch->output, output);
    for (uint32_t i = 0; status == LEAT_OK && i < schema->n_inputs; i++)
        status = lay_tensor(batch, &batch->inputs[i], &schema->inputs[i]);
    if (status == LEAT_OK)
        batch->schema = schema;
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

uint32_t leat_batch_add_row(leat_batch *batch, leat_event *event)
{
    event->first = batch->n_rows;
    event->n = 1;
    return batch->n_rows++;
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
