/* Whatever a server says: answers land in their places, or the reply is refused. The
 * first byte says how the rest is cut into reads. */
#include "features/redis/pipeline.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two that open the connection, and a batch. */
static const struct {
    leat_reply_kind kind;
    uint32_t n;
} expected[] = {
    {LEAT_REPLY_TEXT, 1},   {LEAT_REPLY_TEXT, 1},   {LEAT_REPLY_VALUES, 2},
    {LEAT_REPLY_VALUES, 1}, {LEAT_REPLY_VALUES, 3}, {LEAT_REPLY_VALUE, 1},
    {LEAT_REPLY_TEXT, 1},   {LEAT_REPLY_VALUES, 1},
};
enum { N_OPENING = 2, N_ASKED = sizeof expected / sizeof expected[0] };

static void ask(leat_pipeline *pipeline, uint32_t first, uint32_t end)
{
    leat_slice piece = {(const uint8_t *)"?", 1};
    for (uint32_t i = first; i < end; i++)
        if (leat_pipeline_ask(pipeline, &piece, 1, expected[i].kind, expected[i].n) !=
            LEAT_OK)
            abort();
}

static void ask_all(leat_pipeline *pipeline)
{
    size_t size;
    ask(pipeline, 0, N_OPENING);
    leat_pipeline_keep(pipeline);
    leat_pipeline_reset(pipeline);
    ask(pipeline, N_OPENING, N_ASKED);
    leat_pipeline_start(pipeline, true, &size);
}

static uint64_t read_all(const leat_pipeline *pipeline)
{
    uint64_t sum = 0;
    for (uint32_t command = 0; command < pipeline->n_answered; command++) {
        leat_reply_kind kind = leat_pipeline_kind(pipeline, command);
        uint32_t n = kind == LEAT_REPLY_VALUES ? expected[command].n : 1;
        if (kind == LEAT_REPLY_NONE)
            abort();
        for (uint32_t i = 0; i < n; i++) {
            leat_slice value = leat_pipeline_value(pipeline, command, i);
            for (uint32_t at = 0; at < value.size; at++)
                sum += value.data[at];
        }
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    leat_pipeline pipeline;
    redisReader *reader = redisReaderCreate();
    leat_pipeline_init(&pipeline);
    leat_pipeline_attach(&pipeline, reader);
    ask_all(&pipeline);
    size_t step = data[0] ? data[0] : size;
    leat_status status = LEAT_OK;
    for (size_t at = 1; at < size && status == LEAT_OK; at += step) {
        size_t n = size - at < step ? size - at : step;
        redisReaderFeed(reader, (const char *)data + at, n);
        status = leat_pipeline_take(&pipeline, reader);
    }
    volatile uint64_t sum = read_all(&pipeline);
    (void)sum;
    redisReaderFree(reader);
    leat_pipeline_fini(&pipeline);
    return 0;
}
