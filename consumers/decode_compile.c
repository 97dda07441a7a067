#include "consumers/decode_internal.h"

#include "base/column.h"

#include <stdlib.h>

enum { ARENA_BLOCK = 16 * 1024 };

static void fill_template(leat_decoder *decoder, uint32_t input)
{
    leat_dtype dtype = decoder->schema->inputs[input].dtype;
    size_t size = leat_dtype_size(dtype);
    for (size_t at = 0; at < decoder->row_bytes[input]; at += size)
        leat_element_clear((uint8_t *)decoder->templates[input] + at, dtype);
}

static leat_status lay_templates(leat_decoder *decoder)
{
    const leat_schema *schema = decoder->schema;
    size_t n = schema->n_inputs;
    leat_arena *arena = &decoder->arena;
    decoder->templates = leat_arena_calloc(arena, n, sizeof *decoder->templates);
    decoder->row_bytes = leat_arena_calloc(arena, n, sizeof *decoder->row_bytes);
    decoder->rows = leat_arena_calloc(arena, n, sizeof *decoder->rows);
    decoder->event_rows = leat_arena_calloc(arena, n, sizeof *decoder->event_rows);
    if (!decoder->templates || !decoder->row_bytes || !decoder->rows ||
        !decoder->event_rows)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        const leat_tensor_spec *spec = &schema->inputs[i];
        decoder->row_bytes[i] = leat_tensor_row_size(spec) * leat_dtype_size(spec->dtype);
        decoder->templates[i] = leat_arena_aligned(arena, decoder->row_bytes[i]);
        decoder->event_rows[i] = leat_arena_aligned(arena, decoder->row_bytes[i]);
        if (!decoder->templates[i] || !decoder->event_rows[i])
            return LEAT_E_MEMORY;
        fill_template(decoder, i);
    }
    return LEAT_OK;
}

static leat_status check_column(const leat_schema *schema, const leat_column *column,
                                leat_error *error)
{
    const leat_path *from = &column->from;
    leat_dtype dtype = schema->inputs[column->tensor].dtype;
    if (!column->reading && dtype == LEAT_STRING)
        return leat_error_set(error, LEAT_E_CONFIG,
                              "column '%s': its input takes strings, and it has no "
                              "reading",
                              column->name);
    if (!column->reading && leat_path_is_text(from))
        return leat_error_set(error, LEAT_E_CONFIG,
                              "column '%s': %s is text, expected a number", column->name,
                              from->text);
    return LEAT_OK;
}

static leat_target column_target(const leat_schema *schema, uint32_t index)
{
    const leat_column *column = &schema->columns[index];
    leat_dtype dtype = schema->inputs[column->tensor].dtype;
    return (leat_target){
        .path = &column->from,
        .index = index,
        .tensor = column->tensor,
        .dtype = dtype,
        .offset = column->element * leat_dtype_size(dtype),
    };
}

/* Whose value it is. */
static leat_intake *intake_of(leat_decoder *decoder, const leat_path *path)
{
    return path->root == LEAT_ROOT_CANDIDATE ? &decoder->candidate : &decoder->event;
}

static void add_target(leat_decoder *decoder, leat_target target)
{
    leat_intake *intake = intake_of(decoder, target.path);
    if (target.path->root == LEAT_ROOT_EVENT || target.path->root == LEAT_ROOT_CANDIDATE)
        intake->targets[intake->n_targets++] = target;
    else
        decoder->record[decoder->n_record++] = target;
}

static leat_status put_default(leat_decoder *decoder, const leat_column *column,
                               const leat_target *target, leat_error *error)
{
    uint8_t *row = decoder->templates[target->tensor];
    if (leat_column_put_default(column, row + target->offset, target->dtype) == LEAT_OK)
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_CONFIG, "column '%s': its default is no %s",
                          column->name, leat_dtype_name(target->dtype));
}

static leat_status add_column(leat_decoder *decoder, uint32_t index, leat_error *error)
{
    const leat_column *column = &decoder->schema->columns[index];
    leat_target target = column_target(decoder->schema, index);
    leat_status status = put_default(decoder, column, &target, error);
    decoder->all[index / 64] |= leat_column_bit(index);
    if (target.path->root == LEAT_ROOT_NAMED)
        return status;
    leat_intake *intake = intake_of(decoder, target.path);
    intake->columns[index / 64] |= leat_column_bit(index);
    if (leat_column_is_required(column, target.dtype))
        intake->required[index / 64] |= leat_column_bit(index);
    if (column->reading)
        intake->readings[intake->n_readings++] = target;
    else
        add_target(decoder, target);
    return status;
}

static leat_status collect_targets(leat_decoder *decoder, leat_error *error)
{
    const leat_schema *schema = decoder->schema;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        leat_status status = check_column(schema, &schema->columns[i], error);
        if (status == LEAT_OK)
            status = add_column(decoder, i, error);
        if (status != LEAT_OK)
            return status;
    }
    for (uint32_t i = 0; i < schema->n_captures; i++)
        add_target(decoder, (leat_target){
                                .path = &schema->captures[i],
                                .is_capture = true,
                                .index = i,
                            });
    return LEAT_OK;
}

/* As much as could be wanted. */
static bool lay_intake(leat_decoder *decoder, leat_intake *intake, size_t words)
{
    const leat_schema *schema = decoder->schema;
    leat_arena *arena = &decoder->arena;
    size_t n_targets = (size_t)schema->n_columns + schema->n_captures;
    intake->columns = leat_arena_calloc(arena, words, sizeof *intake->columns);
    intake->required = leat_arena_calloc(arena, words, sizeof *intake->required);
    intake->targets = leat_arena_calloc(arena, n_targets, sizeof *intake->targets);
    intake->readings =
        leat_arena_calloc(arena, schema->n_columns, sizeof *intake->readings);
    return intake->columns && intake->required && intake->targets && intake->readings;
}

static bool lay_out(leat_decoder *decoder)
{
    const leat_schema *schema = decoder->schema;
    leat_arena *arena = &decoder->arena;
    size_t words = (schema->n_columns + 63) / 64;
    size_t n_targets = (size_t)schema->n_columns + schema->n_captures;
    decoder->all = leat_arena_calloc(arena, words, sizeof *decoder->all);
    decoder->candidate_missing =
        leat_arena_calloc(arena, words, sizeof *decoder->candidate_missing);
    decoder->record = leat_arena_calloc(arena, n_targets, sizeof *decoder->record);
    return decoder->all && decoder->candidate_missing && decoder->record &&
           lay_intake(decoder, &decoder->event, words) &&
           lay_intake(decoder, &decoder->candidate, words) &&
           lay_templates(decoder) == LEAT_OK;
}

static leat_status compile(leat_decoder *decoder, leat_error *error)
{
    leat_intake *event = &decoder->event, *candidate = &decoder->candidate;
    if (!lay_out(decoder))
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a decoder");
    leat_status status = collect_targets(decoder, error);
    if (status == LEAT_OK)
        status = leat_trie_new(&event->root, &decoder->arena, "event", event->targets,
                               event->n_targets, error);
    if (status == LEAT_OK)
        status = leat_trie_new(&candidate->root, &decoder->arena, "candidate",
                               candidate->targets, candidate->n_targets, error);
    return status;
}

leat_status leat_decoder_new(leat_decoder **decoder, const leat_schema *schema,
                             leat_header_find *find_header, leat_error *error)
{
    leat_decoder *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a decoder");
    made->schema = schema;
    made->find_header = find_header;
    leat_arena_init(&made->arena, ARENA_BLOCK);
    leat_status status = compile(made, error);
    if (status == LEAT_OK)
        *decoder = made;
    else
        leat_decoder_free(made);
    return status;
}

void leat_decoder_free(leat_decoder *decoder)
{
    if (!decoder)
        return;
    leat_arena_fini(&decoder->arena);
    free(decoder);
}
