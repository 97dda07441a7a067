#include "bench/decoder/decoder.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* jansson as its users write it: json_loadb makes a tree of the event, which is asked for
 * each name. */

typedef struct decoder {
    const char *const *names;
    uint32_t n_names;
    size_t n_text; /* bytes of text that were found, so that nothing is left undone */
} decoder;

static void *open_decoder(const char *const *names, uint32_t n_names)
{
    decoder *self = calloc(1, sizeof *self);
    if (!self)
        bench_give_up("jansson", "no memory");
    *self = (decoder){names, n_names, 0};
    return self;
}

static float number(const json_t *value)
{
    if (json_is_number(value))
        return (float)json_number_value(value);
    return json_is_boolean(value) ? (float)json_is_true(value) : NAN;
}

static void decode_one(decoder *self, const bench_payload *payload, float *row)
{
    json_t *event = json_loadb((const char *)payload->data, payload->size, 0, NULL);
    if (!json_is_object(event))
        bench_give_up("jansson", "expected an object");
    self->n_text += json_string_length(json_object_get(event, self->names[0]));
    for (uint32_t i = 1; i < self->n_names; i++)
        row[i - 1] = number(json_object_get(event, self->names[i]));
    json_decref(event);
}

static void decode(void *opaque, const bench_payload *payloads, uint32_t n, float *rows)
{
    decoder *self = opaque;
    for (uint32_t i = 0; i < n; i++)
        decode_one(self, &payloads[i], rows + (size_t)i * (self->n_names - 1));
}

const bench_decoder decoder_jansson = {"jansson", open_decoder, decode};
