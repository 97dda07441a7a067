/* Any payload through a decoder of events that rank, twice with a known one between them: the
 * second time must say what the first said, whatever the memos have learned, and rows must
 * follow one another without a gap. What is accepted must also pass the plain check. */
#include "base/msgpack.h"
#include "base/reading.h"
#include "consumers/decode.h"

#include <stdlib.h>

static const char *const paths[] = {"event.price", "candidate.a", "candidate.b.c[1]",
                                    "candidate.at", "candidate.n"};
static const char *const captured[] = {"event.c", "candidate.id", "candidate.at",
                                       "candidate", "event.price"};
enum {
    N_COLUMNS = sizeof paths / sizeof *paths,
    N_FLOATS = N_COLUMNS - 1, /* the last one is an integer */
    AT = 3,
    N_CAPTURES = sizeof captured / sizeof *captured,
    MAX_CANDIDATES = 9,
};

static const uint8_t known[] = "\x82\xa1"
                               "c\x92\x83\xa1"
                               "a\x01\xa2id\x07\xa1n\x02\x81\xa2id\xa1x\xa5price\x05";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static leat_batch batch;
static leat_decoder *decoder;
static leat_column columns[N_COLUMNS];
static leat_path captures[N_CAPTURES];
static const leat_reading hour = {.kind = LEAT_READING_HOUR};
static const leat_tensor_spec inputs[] = {{"x", LEAT_F32, 2, {0, N_FLOATS}},
                                          {"n", LEAT_I32, 2, {0, 1}}};
static const leat_tensor_spec output = {"y", LEAT_F32, 2, {0, 1}};
static const leat_schema schema = {
    .n_inputs = 2,
    .inputs = inputs,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .n_captures = N_CAPTURES,
    .captures = captures,
    .time_capture = LEAT_NO_CAPTURE,
    .candidates = {.max = MAX_CANDIDATES, .capture = 0, .item = 1},
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
        columns[i] = (leat_column){.name = paths[i],
                                   .tensor = i >= N_FLOATS,
                                   .element = i % N_FLOATS,
                                   .n = 1,
                                   .reading = i == AT ? &hour : NULL,
                                   .capture = 2,
                                   .has_default = i >= N_FLOATS,
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

static void require_same_row(uint32_t one, uint32_t other)
{
    for (uint32_t i = 0; i < schema.n_inputs; i++) {
        const char *rows = batch.inputs[i].data;
        size_t bytes = batch.inputs[i].row_size * 4;
        require(!memcmp(rows + one * bytes, rows + other * bytes, bytes));
    }
    for (uint32_t i = 0; i < N_CAPTURES; i++)
        require(leat_slice_equal(leat_batch_row_captures(&batch, one)[i],
                                 leat_batch_row_captures(&batch, other)[i]));
    require(leat_batch_item(&batch, one).data != NULL);
}

static void require_same(const leat_event *one, const leat_event *other)
{
    require(one->status == other->status && one->n == other->n);
    if (one->status != LEAT_OK) {
        require(!strcmp(one->reason, other->reason) && !one->n);
        return;
    }
    require(one->n <= MAX_CANDIDATES && one->quality == other->quality);
    require(*leat_batch_missing(&batch, one) == *leat_batch_missing(&batch, other));
    for (uint32_t i = 0; i < one->n; i++)
        require_same_row(one->first + i, other->first + i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!decoder)
        prepare();
    require(leat_batch_reset(&batch, &schema, &output) == LEAT_OK);
    const leat_event *first = add(data, size);
    const leat_event *middle = add(known, sizeof known - 1);
    const leat_event *second = add(data, size);
    leat_decoder_run(decoder, &batch);
    require_same(first, second);
    require(middle->n == 2 && batch.n_rows == 2 * first->n + 2);
    leat_cursor cursor = leat_cursor_over((leat_slice){data, (uint32_t)size});
    require(first->status != LEAT_OK ||
            (leat_msgpack_check(&cursor, 0) == LEAT_OK && cursor.at == cursor.end));
    return 0;
}
