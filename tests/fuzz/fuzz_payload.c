/* Any payload through the decoder, twice with a known one between them: the second time
 * must say what the first said, whatever the memo has learned. What is accepted must also
 * pass the plain check. */
#include "base/msgpack.h"
#include "consumers/decode.h"

#include <stdlib.h>

static const char *const paths[] = {
    "event.price",          "event.user.size", "event.user.tags[1]",
    "event.items[0].price", "event.\"a.b\"",   "event.count",
    "meta.offset",          "event.count",     "event.user.size",
};
static const char *const captured[] = {"event.user", "event.id", "event.items[0].price",
                                       "key"};
enum {
    N_COLUMNS = sizeof paths / sizeof *paths,
    N_INTEGERS = 2, /* of them, the last ones */
    N_FLOATS = N_COLUMNS - N_INTEGERS,
    N_CAPTURES = sizeof captured / sizeof *captured
};

static const uint8_t known[] = "\x83\xa5price\x01\xa2id\xa1x\xa4user\x81\xa4size\x05";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static leat_batch batch;
static leat_decoder *decoder;
static leat_column columns[N_COLUMNS];
static leat_path captures[N_CAPTURES];
static const leat_tensor_spec inputs[] = {{"x", LEAT_F32, 2, {0, N_FLOATS}},
                                          {"n", LEAT_I32, 2, {0, N_INTEGERS}}};
static const leat_tensor_spec output = {"y", LEAT_F32, 2, {0, 1}};
static const leat_schema schema = {
    .n_inputs = 2,
    .inputs = inputs,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .n_captures = N_CAPTURES,
    .captures = captures,
    .time_capture = LEAT_NO_CAPTURE,
};

static void require(int truth)
{
    if (!truth)
        abort();
}

static void prepare(void)
{
    static leat_arena arena;
    leat_arena_init(&arena, 1024);
    for (uint32_t i = 0; i < N_COLUMNS; i++) {
        bool is_integer = i >= N_FLOATS;
        columns[i] = (leat_column){.name = paths[i],
                                   .tensor = is_integer,
                                   .element = is_integer ? i - N_FLOATS : i,
                                   .n = 1,
                                   .has_default = is_integer,
                                   .default_value = i};
        require(leat_path_parse(&columns[i].from, &arena, paths[i], NULL) == LEAT_OK);
    }
    for (uint32_t i = 0; i < N_CAPTURES; i++)
        require(leat_path_parse(&captures[i], &arena, captured[i], NULL) == LEAT_OK);
    require(leat_batch_init(&batch, 3) == LEAT_OK);
    require(leat_decoder_new(&decoder, &schema, NULL, NULL) == LEAT_OK);
}

static leat_event *add(const uint8_t *data, size_t size)
{
    leat_event *event = leat_batch_add(&batch);
    event->topic = "t";
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
        size_t row_bytes = batch.inputs[i].row_size * 4;
        require(!memcmp(rows + one->first * row_bytes, rows + other->first * row_bytes,
                        row_bytes));
    }
    require(*leat_batch_missing(&batch, one) == *leat_batch_missing(&batch, other));
    for (uint32_t i = 0; i < N_CAPTURES; i++)
        require(leat_slice_equal(leat_batch_captures(&batch, one)[i],
                                 leat_batch_captures(&batch, other)[i]));
}

static int is_whole(const uint8_t *data, size_t size)
{
    leat_cursor cursor = leat_cursor_over((leat_slice){data, (uint32_t)size});
    return leat_msgpack_check(&cursor, 0) == LEAT_OK && cursor.at == cursor.end;
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
    bool is_unfit = first->status == LEAT_E_TYPE || first->status == LEAT_E_RANGE;
    require(is_unfit || is_whole(data, size) == (first->n == 1));
    return 0;
}
