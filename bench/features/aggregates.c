/* Leat's aggregates: states are read with one command and written with one. */
#include "base/pack.h"
#include "bench/features/stage.h"

#define HOUR_NS INT64_C(3600000000000)

typedef struct aggregates {
    bench_stage stage;
    leat_aggregate values[AGGREGATED];
    leat_sliding_window window;
    leat_aggregate_source source;
    leat_aggregate_feature features[AGGREGATED];
    leat_entity_spec entity;
    leat_aggregates_spec spec;
} aggregates;

static int64_t find_committed(const void *stage, uint32_t slot)
{
    (void)slot;
    return ((const bench_stage *)stage)->offset - 2 * MOST_EVENTS;
}

static void describe(aggregates *self, const char *base, bool is_shared)
{
    self->values[0] = (leat_aggregate){.kind = LEAT_AGGREGATE_COUNT, .n = 1, .answer = 0};
    self->values[1] = (leat_aggregate){.kind = LEAT_AGGREGATE_SUM, .n = 1, .answer = 1};
    self->window = (leat_sliding_window){.bucket_ns = HOUR_NS / LEAT_WINDOW_BUCKETS,
                                         .late_buckets = 1,
                                         .n_aggregates = AGGREGATED,
                                         .aggregates = self->values};
    self->source = (leat_aggregate_source){.name = "card_1h.spent"};
    self->features[0] = (leat_aggregate_feature){"card_1h.count", 0, 0, 0, 1};
    self->features[1] = (leat_aggregate_feature){"card_1h.spent", 1, 0, 1, 1};
    self->entity = (leat_entity_spec){
        .name = "key",
        .capture = LEAT_NO_CAPTURE,
        .is_shared = is_shared,
        .prefix = leat_arena_printf(&self->stage.arena, "%s:state:", base),
        .ahead_ns = HOUR_NS / LEAT_WINDOW_BUCKETS,
        .keep_ms = 2 * 3600 * 1000,
        .state = {.n_windows = 1,
                  .windows = &self->window,
                  .n_inputs = 1,
                  .n_answers = AGGREGATED},
        .sources = &self->source,
        .n_features = AGGREGATED,
        .features = self->features,
    };
    if (leat_state_lay_out(&self->entity.state, &self->stage.arena))
        bench_give_up("leat", "no memory");
}

static void *open_aggregates(aggregates *self, int port, const char *base, bool is_shared,
                             size_t max_bytes)
{
    bench_stage_init(&self->stage, port, AGGREGATED);
    describe(self, base, is_shared);
    self->spec = (leat_aggregates_spec){.n_entities = 1,
                                        .entities = &self->entity,
                                        .base = base,
                                        .n_answers = AGGREGATED,
                                        .n_windows = 1,
                                        .max_bytes = max_bytes};
    self->stage.spec.aggregates = &self->spec;
    bench_stage_start(&self->stage);
    leat_features_follow(self->stage.features,
                         (leat_commits){.source = &self->stage, .known = find_committed});
    return self;
}

static void *open_cold(int port)
{
    static aggregates self;
    return open_aggregates(&self, port, "bench:cold", false, 1);
}

static void *open_warm(int port)
{
    static aggregates self;
    return open_aggregates(&self, port, "bench:warm", false, 1 << 30);
}

static void *open_shared(int port)
{
    static aggregates self;
    return open_aggregates(&self, port, "bench:shared", true, 1);
}

static void run(void *opaque, uint32_t first, uint32_t n, float *out)
{
    bench_stage *stage = &((aggregates *)opaque)->stage;
    bench_stage_clear(stage);
    for (uint32_t i = 0; i < n; i++) {
        leat_event *event = bench_stage_add(stage, first + i);
        leat_pack_f64(stage->packed[i], (double)(first + i));
        leat_batch_captures(&stage->batch, event)[0] =
            (leat_slice){stage->packed[i], LEAT_PACK_F64};
    }
    bench_stage_run(stage, out);
}

const bench_way way_keyed_cold = {"keyed_cold", AGGREGATED, open_cold, run};
const bench_way way_keyed_warm = {"keyed_warm", AGGREGATED, open_warm, run};
const bench_way way_shared = {"shared", AGGREGATED, open_shared, run};
