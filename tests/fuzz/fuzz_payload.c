/* Any payload through the decoder, twice with a known one between them: the second time
 * must say what the first said, whatever the memo has learned. What is accepted must also
 * pass the plain check, and so must what is refused for a value of another type alone.
 * A decoder with a filter, and without defaults, says the same, or skips what is no worse,
 * or misses a value. */
#include "base/categories.h"
#include "base/msgpack.h"
#include "base/reading.h"
#include "consumers/decode.h"

#include <stdlib.h>

enum { FLOATS, INTEGERS, STRINGS, N_INPUTS, LENGTH = 3 };

static leat_reading hour = {.kind = LEAT_READING_HOUR};
static leat_reading since = {.kind = LEAT_READING_SECONDS_SINCE};
static leat_reading category = {.kind = LEAT_READING_CATEGORY};
static leat_reading ids = {.kind = LEAT_READING_IDS, .length = LENGTH, .pad = -1};
static leat_reading text = {.kind = LEAT_READING_TEXT};
static leat_reading number = {.kind = LEAT_READING_NUMBER};

/* Inputs have their columns in this order. */
static const struct {
    const char *path;
    uint32_t tensor;
    leat_reading *reading;
} wanted[] = {
    {"event.price", FLOATS, NULL},        {"event.user.size", FLOATS, NULL},
    {"event.user.tags[1]", FLOATS, NULL}, {"event.items[0].price", FLOATS, NULL},
    {"event.\"a.b\"", FLOATS, NULL},      {"event.count", FLOATS, NULL},
    {"meta.offset", FLOATS, NULL},        {"event.at", FLOATS, &hour},
    {"event.user.since", FLOATS, &since}, {"event.kind", FLOATS, &category},
    {"event.items", FLOATS, &ids},        {"key", FLOATS, &number},
    {"event.count", INTEGERS, NULL},      {"event.user.size", INTEGERS, NULL},
    {"event.user.tags", INTEGERS, &ids},  {"event.kind", STRINGS, &text},
};
static const char *const captured[] = {"event.user", "event.id", "event.items[0].price",
                                       "key"};
enum {
    N_COLUMNS = sizeof wanted / sizeof *wanted,
    N_WHOLE = sizeof captured / sizeof *captured,
    N_CAPTURES = N_WHOLE + N_COLUMNS,
};

static const uint8_t known[] = "\x83\xa5price\x01\xa2id\xa1x\xa4user\x81\xa4size\x05";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static leat_batch batch;
static leat_decoder *decoder, *filtering;
static leat_column columns[N_COLUMNS], strict[N_COLUMNS];
static leat_path captures[N_CAPTURES];
static leat_tensor_spec inputs[N_INPUTS] = {
    {"x", LEAT_F32, 2, {0}}, {"n", LEAT_I32, 2, {0}}, {"s", LEAT_STRING, 2, {0}}};
static const leat_tensor_spec output = {"y", LEAT_F32, 2, {0, 1}};
static leat_schema schema = {
    .n_inputs = N_INPUTS,
    .inputs = inputs,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .n_captures = N_CAPTURES,
    .captures = captures,
    .time_capture = LEAT_NO_CAPTURE,
};
static leat_schema filtered;

static void require(int truth)
{
    if (!truth)
        abort();
}

static void parse(leat_path *path, const char *of)
{
    static leat_arena arena;
    if (!arena.block_size)
        leat_arena_init(&arena, 1024);
    require(leat_path_parse(path, &arena, of, NULL) == LEAT_OK);
}

static void prepare_column(uint32_t i)
{
    leat_tensor_spec *input = &inputs[wanted[i].tensor];
    leat_column *column = &columns[i];
    *column = (leat_column){.name = wanted[i].path,
                            .tensor = wanted[i].tensor,
                            .element = input->shape[1],
                            .n = wanted[i].reading == &ids ? LENGTH : 1,
                            .reading = wanted[i].reading,
                            .capture = N_WHOLE + i,
                            .has_default = wanted[i].tensor != FLOATS,
                            .default_value = i};
    input->shape[1] += column->n;
    parse(&column->from, wanted[i].path);
    strict[i] = *column;
    strict[i].has_default = false;
    parse(&captures[N_WHOLE + i], wanted[i].path);
}

static void prepare(void)
{
    static leat_arena arena;
    static const char *const names[] = {"buy", "sell", "7"};
    static leat_filter_value kinds[2];
    static const leat_condition condition = {.capture = N_WHOLE + 9, 2, kinds};
    leat_arena_init(&arena, 1024);
    require(leat_categories_new(&category.categories, &arena, names, 3) == LEAT_OK);
    for (uint32_t i = 0; i < N_COLUMNS; i++)
        prepare_column(i);
    for (uint32_t i = 0; i < N_WHOLE; i++)
        parse(&captures[i], captured[i]);
    kinds[0] = leat_filter_value_of((leat_slice){(const uint8_t *)"buy", 3});
    kinds[1] = leat_filter_value_of((leat_slice){(const uint8_t *)"7", 1});
    filtered = schema;
    filtered.filter = (leat_filter){1, &condition};
    filtered.columns = strict;
    require(leat_batch_init(&batch, 3) == LEAT_OK);
    require(leat_decoder_new(&decoder, &schema, NULL, NULL) == LEAT_OK);
    require(leat_decoder_new(&filtering, &filtered, NULL, NULL) == LEAT_OK);
}

static leat_event *add(const uint8_t *data, size_t size)
{
    leat_event *event = leat_batch_add(&batch);
    event->topic = "t";
    event->key = (leat_slice){(const uint8_t *)"12.5", 4};
    event->timestamp = 1700000000000;
    event->payload = (leat_slice){data, (uint32_t)size};
    return event;
}

static void require_same(const leat_event *one, const leat_event *other)
{
    require(one->status == other->status && one->n == other->n);
    if (one->status != LEAT_OK)
        require(!strcmp(one->reason, other->reason));
    if (!one->n)
        return;
    for (uint32_t i = 0; i < schema.n_inputs; i++) {
        const char *rows = batch.inputs[i].data;
        size_t row_bytes = batch.inputs[i].row_size * leat_dtype_size(inputs[i].dtype);
        require(!memcmp(rows + one->first * row_bytes, rows + other->first * row_bytes,
                        row_bytes));
    }
    require(*leat_batch_missing(&batch, one) == *leat_batch_missing(&batch, other));
    for (uint32_t i = 0; i < N_WHOLE - 1; i++)
        require(leat_slice_equal(leat_batch_captures(&batch, one)[i],
                                 leat_batch_captures(&batch, other)[i]));
}

static int is_whole(const uint8_t *data, size_t size)
{
    leat_cursor cursor = leat_cursor_over((leat_slice){data, (uint32_t)size});
    return leat_msgpack_check(&cursor, 0) == LEAT_OK && cursor.at == cursor.end;
}

static int is_map(const uint8_t *data, size_t size)
{
    leat_cursor cursor = leat_cursor_over((leat_slice){data, (uint32_t)size});
    leat_value value;
    return leat_msgpack_read(&cursor, &value) == LEAT_OK && value.type == LEAT_VALUE_MAP;
}

/* `status`: what the decoder without a filter says. */
static void filter(const uint8_t *data, size_t size, leat_status status)
{
    require(leat_batch_reset(&batch, &filtered, &output) == LEAT_OK);
    const leat_event *event = add(data, size);
    leat_decoder_run(filtering, &batch);
    require(event->is_skipped
                ? event->status == LEAT_OK && event->n == 0 && is_whole(data, size) &&
                      is_map(data, size)
                : event->status == status ||
                      (status == LEAT_OK && event->status == LEAT_E_MISSING));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!decoder)
        prepare();
    require(leat_batch_reset(&batch, &schema, &output) == LEAT_OK);
    const leat_event *first = add(data, size);
    add(known, sizeof known - 1);
    const leat_event *second = add(data, size);
    leat_decoder_run(decoder, &batch);
    require_same(first, second);
    leat_status status = first->status;
    bool is_unfit = status == LEAT_E_TYPE || status == LEAT_E_RANGE;
    require(is_unfit ? is_whole(data, size) || !is_map(data, size)
                     : is_whole(data, size) == (first->n == 1));
    filter(data, size, status);
    return 0;
}
