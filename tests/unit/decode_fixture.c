#include "decode_fixture.h"

#include <math.h>

leat_arena arena;
leat_tensor_spec inputs[2];
const leat_tensor_spec output = {"y", LEAT_F32, 2, {0, 1}};
leat_column columns[MAX_COLUMNS];
leat_path captures[MAX_CAPTURES];
leat_schema schema;
leat_decoder *decoder;
leat_batch batch;
leat_error error;

int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 1024);
    inputs[0] = (leat_tensor_spec){"x", LEAT_F32, 2, {0, 0}};
    inputs[1] = (leat_tensor_spec){"d", LEAT_F64, 2, {0, 1}};
    schema = (leat_schema){
        .n_inputs = 1,
        .inputs = inputs,
        .n_columns = 0,
        .columns = columns,
        .n_captures = 0,
        .captures = captures,
        .time_capture = LEAT_NO_CAPTURE,
    };
    decoder = NULL;
    return leat_batch_init(&batch, MAX_EVENTS) != LEAT_OK;
}

int tear_down(void **state)
{
    (void)state;
    leat_decoder_free(decoder);
    leat_batch_fini(&batch);
    leat_arena_fini(&arena);
    return 0;
}

leat_column *add_column(const char *path)
{
    leat_column *column = &columns[schema.n_columns];
    *column = (leat_column){.name = path, .element = schema.n_columns++, .n = 1};
    inputs[0].shape[1] = schema.n_columns;
    assert_int_equal(leat_path_parse(&column->from, &arena, path, &error), LEAT_OK);
    return column;
}

void add_default_column(const char *path, double value)
{
    leat_column *column = add_column(path);
    column->has_default = true;
    column->default_value = value;
}

void add_capture(const char *path)
{
    leat_path *capture = &captures[schema.n_captures++];
    assert_int_equal(leat_path_parse(capture, &arena, path, &error), LEAT_OK);
}

void add_candidates(const char *over, const char *item)
{
    schema.candidates = (leat_candidates){
        .max = 4, .capture = schema.n_captures, .item = schema.n_captures + 1};
    add_capture(over);
    add_capture(item);
}

static leat_slice find_header(const leat_event *event, const char *name)
{
    (void)event;
    return strcmp(name, "trace") ? (leat_slice){0} : SLICE("t-1");
}

void begin(void)
{
    if (!decoder)
        assert_int_equal(leat_decoder_new(&decoder, &schema, find_header, &error),
                         LEAT_OK);
    assert_int_equal(leat_batch_reset(&batch, &schema, &output), LEAT_OK);
}

leat_event *add_event(leat_slice payload)
{
    leat_event *event = leat_batch_add(&batch);
    event->topic = "in";
    event->partition = 3;
    event->offset = 41;
    event->timestamp = 1700000000123;
    event->payload = payload;
    return event;
}

leat_event *decode(leat_slice payload)
{
    begin();
    leat_event *event = add_event(payload);
    leat_decoder_run(decoder, &batch);
    return event;
}

float value_in(const leat_event *event, uint32_t row, uint32_t column)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    assert_true(row < event->n);
    return ((float *)batch.inputs[0]
                .data)[(event->first + row) * batch.inputs[0].row_size + column];
}

float value_of(const leat_event *event, uint32_t column)
{
    assert_int_equal(event->n, 1);
    return value_in(event, 0, column);
}

bool is_missing(const leat_event *event, uint32_t column)
{
    return leat_batch_missing(&batch, event)[column / 64] >> column % 64 & 1;
}

void expect_cell(const leat_event *event, uint32_t column, float expected)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    assert_true(value_of(event, column) == expected);
    assert_false(is_missing(event, column));
}

void expect_missing(const leat_event *event, uint32_t column)
{
    if (event->status != LEAT_OK)
        fail_msg("refused: %s", event->reason);
    assert_true(isnan(value_of(event, column)));
    assert_true(is_missing(event, column));
    assert_int_equal(event->quality, LEAT_QUALITY_DEFAULTED);
}

void expect_refused(const leat_event *event, leat_status status, const char *reason)
{
    assert_int_equal(event->status, status);
    assert_int_equal(event->stage, LEAT_STAGE_DECODE);
    assert_int_equal(event->n, 0);
    if (!strstr(event->reason, reason))
        fail_msg("'%s' does not hold '%s'", event->reason, reason);
}

void expect_capture(const leat_event *event, uint32_t capture, leat_slice expected)
{
    leat_slice found = leat_batch_captures(&batch, event)[capture];
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(found.data != NULL, expected.data != NULL);
    assert_true(leat_slice_equal(found, expected));
}

void add_three_columns(void)
{
    add_column("event.p");
    add_column("event.q");
    add_column("event.r");
}
