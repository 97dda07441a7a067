#include "bench/decoder/decoder.h"
#include "consumers/decode.h"

#include <stdlib.h>

/* As the worker's lane does, but for what is the source's part there: the batch's events are
 * made once and get new payloads. The rows go straight to where the bench wants them. */

enum { MAX_EVENTS = 4096 };

static const leat_tensor_spec score = {"score", LEAT_F32, 2, {0, 1}};

typedef struct decoder {
    leat_arena arena;
    leat_tensor_spec input;
    leat_schema schema;
    leat_path text;
    leat_decoder *decoder;
    leat_batch batch;
} decoder;

static void check(leat_status status, const leat_error *error)
{
    if (status)
        bench_give_up("leat", error->msg);
}

static void find(decoder *self, const char *name, leat_path *path)
{
    leat_error error;
    const char *text = leat_arena_printf(&self->arena, "event.%s", name);
    check(leat_path_parse(path, &self->arena, text, &error), &error);
}

static void describe(decoder *self, const char *const *names, uint32_t n_names)
{
    uint32_t n = n_names - 1;
    leat_column *columns = leat_arena_calloc(&self->arena, n, sizeof *columns);
    for (uint32_t i = 0; i < n; i++) {
        columns[i] = (leat_column){.name = names[i + 1], .element = i, .n = 1};
        find(self, names[i + 1], &columns[i].from);
    }
    find(self, names[0], &self->text);
    self->input = (leat_tensor_spec){"rows", LEAT_F32, 2, {0, n}};
    self->schema = (leat_schema){.n_inputs = 1,
                                 .inputs = &self->input,
                                 .n_columns = n,
                                 .columns = columns,
                                 .n_captures = 1,
                                 .captures = &self->text,
                                 .time_capture = LEAT_NO_CAPTURE};
}

static void *open_decoder(const char *const *names, uint32_t n_names,
                          leat_payload_format format)
{
    static decoder self;
    leat_error error;
    leat_arena_init(&self.arena, 1 << 16);
    describe(&self, names, n_names);
    self.schema.format = format;
    check(leat_decoder_new(&self.decoder, &self.schema, NULL, &error), &error);
    if (leat_batch_init(&self.batch, MAX_EVENTS))
        bench_give_up("leat", "no memory");
    return &self;
}

static void *open_msgpack(const char *const *names, uint32_t n_names)
{
    return open_decoder(names, n_names, LEAT_PAYLOAD_MSGPACK);
}

static void *open_json(const char *const *names, uint32_t n_names)
{
    return open_decoder(names, n_names, LEAT_PAYLOAD_JSON);
}

static void prepare(decoder *self, uint32_t n)
{
    if (n > MAX_EVENTS || leat_batch_reset(&self->batch, &self->schema, &score))
        bench_give_up("leat", "the batch is too large");
    while (self->batch.n_events < n)
        leat_batch_add(&self->batch);
}

static void decode(void *opaque, const bench_payload *payloads, uint32_t n, float *rows)
{
    decoder *self = opaque;
    leat_batch *batch = &self->batch;
    if (batch->n_events != n)
        prepare(self, n);
    leat_arena_reset(&batch->arena);
    for (uint32_t i = 0; i < n; i++) {
        batch->events[i].payload = (leat_slice){payloads[i].data, payloads[i].size};
        batch->events[i].n = 0;
    }
    batch->n_rows = 0;
    batch->inputs[0].data = rows;
    leat_decoder_run(self->decoder, batch);
    if (batch->n_rows != n)
        bench_give_up("leat", "an event was refused");
}

const bench_decoder decoder_leat = {"leat", open_msgpack, decode};
const bench_decoder decoder_leat_json = {"leat_json", open_json, decode};
