/* What one writes first: a call to Redis for each event, hiredis's blocking one. */
#include "bench/features/way.h"

#include <hiredis/hiredis.h>
#include <msgpack.h>
#include <stdlib.h>

typedef struct one_by_one {
    redisContext *context;
} one_by_one;

static void *open_connection(int port)
{
    static one_by_one self;
    self.context = redisConnect("127.0.0.1", port);
    if (!self.context || self.context->err)
        bench_give_up("127.0.0.1", "no Redis");
    return &self;
}

static redisReply *check(one_by_one *self, redisReply *reply, int type)
{
    if (!reply || reply->type != type)
        bench_give_up("redis", reply && reply->str ? reply->str : self->context->errstr);
    return reply;
}

static void run_hash(void *opaque, uint32_t first, uint32_t n, float *out)
{
    one_by_one *self = opaque;
    for (uint32_t i = first; i < first + n; i++, out += LOOKED_UP) {
        redisReply *reply = check(
            self, redisCommand(self->context, "HMGET user:%u f0 f1 f2 f3 f4 f5 f6 f7", i),
            REDIS_REPLY_ARRAY);
        for (size_t f = 0; f < LOOKED_UP; f++)
            out[f] = strtof(reply->element[f]->str, NULL);
        freeReplyObject(reply);
    }
}

static void unpack(const redisReply *reply, float *out)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, reply->str, (size_t)reply->len, NULL) !=
        MSGPACK_UNPACK_SUCCESS)
        bench_give_up("msgpack", "no map");
    const msgpack_object_map *map = &unpacked.data.via.map;
    for (uint32_t i = 0; i < map->size; i++) {
        uint32_t field = (uint32_t)(map->ptr[i].key.via.str.ptr[1] - '0');
        if (field < LOOKED_UP)
            out[field] = (float)map->ptr[i].val.via.f64;
    }
    msgpack_unpacked_destroy(&unpacked);
}

static void run_packed(void *opaque, uint32_t first, uint32_t n, float *out)
{
    one_by_one *self = opaque;
    for (uint32_t i = first; i < first + n; i++, out += LOOKED_UP) {
        redisReply *reply = check(self, redisCommand(self->context, "GET pack:%u", i),
                                  REDIS_REPLY_STRING);
        unpack(reply, out);
        freeReplyObject(reply);
    }
}

const bench_way way_one_by_one_hash = {"one_by_one_hash", LOOKED_UP, open_connection,
                                       run_hash};
const bench_way way_one_by_one_packed = {"one_by_one_packed", LOOKED_UP, open_connection,
                                         run_packed};
