#include "bench/decoder/msgpack_c.h"

#include <math.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

/* msgpack-c as its users write it: msgpack_unpack_next makes a tree of objects of the
 * event, and a hash table says what column each key is. */

enum { SLOTS = 256 }; /* a power of two, many times the names */

typedef struct slot {
    const char *name; /* NULL: free */
    uint32_t size;
    uint32_t column; /* 0: the text */
} slot;

typedef struct decoder {
    uint32_t width;
    slot slots[SLOTS];
    msgpack_unpacked event;
    msgpack_object_str text; /* of the event */
} decoder;

static uint32_t hash(const char *name, uint32_t size)
{
    uint32_t hash = 2166136261;
    for (uint32_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619;
    return hash;
}

/* The slot of that name, or the free one where it belongs. */
static slot *find(decoder *self, const char *name, uint32_t size)
{
    for (uint32_t i = hash(name, size);; i++) {
        slot *at = &self->slots[i % SLOTS];
        if (!at->name || (at->size == size && !memcmp(at->name, name, size)))
            return at;
    }
}

static void *open_decoder(const char *const *names, uint32_t n_names)
{
    decoder *self = calloc(1, sizeof *self);
    if (!self || n_names > SLOTS / 2)
        bench_give_up("msgpack-c", "too many names");
    self->width = n_names - 1;
    for (uint32_t i = 0; i < n_names; i++) {
        uint32_t size = (uint32_t)strlen(names[i]);
        *find(self, names[i], size) = (slot){names[i], size, i};
    }
    msgpack_unpacked_init(&self->event);
    return self;
}

static float number(const msgpack_object *value)
{
    switch (value->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return (float)value->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return (float)value->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return (float)value->via.f64;
    case MSGPACK_OBJECT_BOOLEAN:
        return value->via.boolean;
    case MSGPACK_OBJECT_NIL:
        return NAN;
    default:
        bench_give_up("msgpack-c", "expected a number");
    }
}

static void take(decoder *self, const msgpack_object_kv *pair, float *row)
{
    if (pair->key.type != MSGPACK_OBJECT_STR)
        return;
    const slot *at = find(self, pair->key.via.str.ptr, pair->key.via.str.size);
    if (!at->name)
        return;
    if (at->column)
        row[at->column - 1] = number(&pair->val);
    else if (pair->val.type == MSGPACK_OBJECT_STR)
        self->text = pair->val.via.str;
}

static void decode_one(decoder *self, const bench_payload *payload, float *row)
{
    size_t at = 0;
    msgpack_unpack_return done = msgpack_unpack_next(
        &self->event, (const char *)payload->data, payload->size, &at);
    if (done != MSGPACK_UNPACK_SUCCESS || self->event.data.type != MSGPACK_OBJECT_MAP)
        bench_give_up("msgpack-c", "expected a map");
    for (uint32_t i = 0; i < self->width; i++)
        row[i] = NAN;
    const msgpack_object_map *map = &self->event.data.via.map;
    for (uint32_t i = 0; i < map->size; i++)
        take(self, &map->ptr[i], row);
}

bench_text decoder_msgpack_c_text(const void *opaque)
{
    const decoder *self = opaque;
    return (bench_text){self->text.ptr, self->text.size};
}

static void decode(void *opaque, const bench_payload *payloads, uint32_t n, float *rows)
{
    decoder *self = opaque;
    for (uint32_t i = 0; i < n; i++)
        decode_one(self, &payloads[i], rows + (size_t)i * self->width);
}

const bench_decoder decoder_msgpack_c = {"msgpack_c", open_decoder, decode};
