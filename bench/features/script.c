/* What one writes without Leat: a script that does it all, called for each event, a batch's
 * calls in one pipeline. Its state is what the same windows take: buckets of a minute with
 * a count and a sum each, packed with cmsgpack; an offset a partition makes it idempotent. */
#include "bench/features/way.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] =
    "local raw = redis.call('GET', KEYS[1])\n"
    "local state = raw and cmsgpack.unpack(raw) or {-1, {}, {}, {}}\n"
    "local applied, at, counts, sums = state[1], state[2], state[3], state[4]\n"
    "local bucket, offset = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local count, sum = 0, 0\n"
    "for i = 1, #at do\n"
    "  if at[i] > bucket - 60 and at[i] <= bucket then\n"
    "    count, sum = count + counts[i], sum + sums[i]\n"
    "  end\n"
    "end\n"
    "if offset > applied then\n"
    "  local n = #at\n"
    "  if n > 0 and at[n] == bucket then\n"
    "    counts[n], sums[n] = counts[n] + 1, sums[n] + tonumber(ARGV[3])\n"
    "  else\n"
    "    at[n + 1], counts[n + 1], sums[n + 1] = bucket, 1, tonumber(ARGV[3])\n"
    "  end\n"
    "  while at[1] <= bucket - 61 do\n"
    "    table.remove(at, 1) table.remove(counts, 1) table.remove(sums, 1)\n"
    "  end\n"
    "  redis.call('SET', KEYS[1], cmsgpack.pack({offset, at, counts, sums}), 'PX',\n"
    "             7200000)\n"
    "end\n"
    "return {tostring(count), tostring(sum)}\n";

typedef struct script {
    redisContext *context;
    char digest[41];
    long long offset;
} script;

static redisReply *check(script *self, redisReply *reply, int type)
{
    if (!reply || reply->type != type)
        bench_give_up("redis", reply && reply->str ? reply->str : self->context->errstr);
    return reply;
}

static void *open_script(int port)
{
    static script self;
    self.context = redisConnect("127.0.0.1", port);
    if (!self.context || self.context->err)
        bench_give_up("127.0.0.1", "no Redis");
    redisReply *reply = check(&self, redisCommand(self.context, "SCRIPT LOAD %s", text),
                              REDIS_REPLY_STRING);
    memcpy(self.digest, reply->str, sizeof self.digest);
    freeReplyObject(reply);
    return &self;
}

static void run(void *opaque, uint32_t first, uint32_t n, float *out)
{
    script *self = opaque;
    for (uint32_t i = first; i < first + n; i++)
        redisAppendCommand(self->context, "EVALSHA %s 1 bench:script:%u %u %lld %u",
                           self->digest, i, 1700000000U / 60, self->offset++, i);
    for (uint32_t i = 0; i < n; i++, out += AGGREGATED) {
        void *reply = NULL;
        redisGetReply(self->context, &reply);
        check(self, reply, REDIS_REPLY_ARRAY);
        for (size_t f = 0; f < AGGREGATED; f++)
            out[f] = strtof(((redisReply *)reply)->element[f]->str, NULL);
        freeReplyObject(reply);
    }
}

const bench_way way_script = {"script", AGGREGATED, open_script, run};
