/* Leat's lookups: all entities of a batch in one trip. */
#include "base/pack.h"
#include "bench/features/stage.h"

#include <stdio.h>

static void name_fields(bench_stage *stage, leat_lookup_spec *lookup)
{
    leat_error error;
    leat_lookup_field *fields =
        leat_arena_calloc(&stage->arena, LOOKED_UP, sizeof *fields);
    leat_path *paths = leat_arena_calloc(&stage->arena, LOOKED_UP, sizeof *paths);
    for (uint32_t i = 0; i < LOOKED_UP; i++) {
        const char *text = leat_arena_printf(&stage->arena, "user.f%u", i);
        if (leat_path_parse(&paths[i], &stage->arena, text, &error))
            bench_give_up("leat", error.msg);
        stage->columns[i].from = paths[i];
        fields[i] = (leat_lookup_field){&paths[i], i};
    }
    lookup->n_fields = LOOKED_UP;
    lookup->fields = fields;
}

static void *open_lookup(bench_stage *stage, int port, const char *prefix,
                         leat_lookup_format format)
{
    bench_stage_init(stage, port, LOOKED_UP);
    leat_lookup_spec *lookup = leat_arena_calloc(&stage->arena, 1, sizeof *lookup);
    lookup->name = "user";
    lookup->format = format;
    lookup->n_parts = 2;
    lookup->parts[0].literal = leat_slice_of(prefix);
    name_fields(stage, lookup);
    stage->spec.n_lookups = 1;
    stage->spec.lookups = lookup;
    bench_stage_start(stage);
    return stage;
}

static void *open_hash(int port)
{
    static bench_stage stage;
    return open_lookup(&stage, port, "user:", LEAT_LOOKUP_HASH);
}

static void *open_packed(int port)
{
    static bench_stage stage;
    return open_lookup(&stage, port, "pack:", LEAT_LOOKUP_MSGPACK);
}

static void run(void *opaque, uint32_t first, uint32_t n, float *out)
{
    bench_stage *stage = opaque;
    bench_stage_clear(stage);
    for (uint32_t i = 0; i < n; i++) {
        leat_event *event = bench_stage_add(stage, first + i);
        uint8_t *packed = stage->packed[i];
        uint32_t size = (uint32_t)(leat_pack_uint(packed, first + i) - packed);
        leat_batch_captures(&stage->batch, event)[0] = (leat_slice){packed, size};
    }
    bench_stage_run(stage, out);
}

const bench_way way_leat_hash = {"leat_hash", LOOKED_UP, open_hash, run};
const bench_way way_leat_packed = {"leat_packed", LOOKED_UP, open_packed, run};
