#include "bench/features/stage.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const leat_tensor_spec score = {"score", LEAT_F32, 2, {0, 1}};

void bench_stage_init(bench_stage *stage, int port, uint32_t width)
{
    static const char *const names[MOST_WIDTH] = {"f0", "f1", "f2", "f3",
                                                  "f4", "f5", "f6", "f7"};
    leat_arena_init(&stage->arena, 1 << 16);
    stage->width = width;
    stage->input = (leat_tensor_spec){"rows", LEAT_F32, 2, {0, width}};
    for (uint32_t i = 0; i < width; i++)
        stage->columns[i] = (leat_column){.name = names[i], .element = i, .n = 1};
    stage->captures[0] = (leat_path){.text = "event.value"};
    stage->schema = (leat_schema){.n_inputs = 1,
                                  .inputs = &stage->input,
                                  .n_columns = width,
                                  .columns = stage->columns,
                                  .n_captures = 1,
                                  .captures = stage->captures,
                                  .time_capture = LEAT_NO_CAPTURE};
    stage->spec.redis = (leat_redis_spec){
        .host = "127.0.0.1", .port = (uint16_t)port, .timeout_ns = 10 * LEAT_SEC};
    if (leat_batch_init(&stage->batch, MOST_EVENTS))
        bench_give_up("leat", "no memory");
}

void bench_stage_start(bench_stage *stage)
{
    leat_error error;
    if (leat_features_new(&stage->features, &stage->spec, &error))
        bench_give_up("leat", error.msg);
}

void bench_stage_clear(bench_stage *stage)
{
    if (leat_batch_reset(&stage->batch, &stage->schema, &score))
        bench_give_up("leat", "no memory");
}

leat_event *bench_stage_add(bench_stage *stage, uint32_t item)
{
    leat_batch *batch = &stage->batch;
    uint32_t i = batch->n_events;
    leat_event *event = leat_batch_add(batch);
    if (!event || leat_batch_add_rows(batch, event, 1) != LEAT_OK)
        bench_give_up("leat", "the batch is too large");
    int size = snprintf(stage->keys[i], sizeof stage->keys[i], "%u", item);
    event->topic = "events";
    event->epoch = 1;
    event->offset = stage->offset++;
    event->timestamp = 1700000000000;
    event->has_time = true;
    event->time.seconds = 1700000000;
    event->key = (leat_slice){(const uint8_t *)stage->keys[i], (uint32_t)size};
    float *row = (float *)batch->inputs[0].data + (size_t)i * stage->width;
    for (uint32_t f = 0; f < stage->width; f++)
        row[f] = NAN;
    *leat_batch_missing(batch, event) = (UINT64_C(1) << stage->width) - 1;
    return event;
}

void bench_stage_run(bench_stage *stage, float *out)
{
    leat_batch *batch = &stage->batch;
    leat_features_send(stage->features, batch);
    if (leat_features_receive(stage->features, batch))
        bench_give_up("leat", "the batch was given up");
    if (batch->events[0].quality == LEAT_QUALITY_UNAVAILABLE)
        bench_give_up("leat", "Redis does not answer");
    memcpy(out, batch->inputs[0].data,
           (size_t)batch->n_rows * stage->width * sizeof *out);
}
