/* bench/features/stage.h: Leat's stage of features as the lane runs it, without a lane: a
 * batch whose events are made by hand.
 */
#ifndef LEAT_BENCH_FEATURES_STAGE_H
#define LEAT_BENCH_FEATURES_STAGE_H

#include "bench/features/way.h"
#include "features/features.h"

enum { MOST_EVENTS = 4096, PACKED = 16 };

typedef struct bench_stage {
    leat_arena arena;
    leat_tensor_spec input;
    leat_column columns[MOST_WIDTH];
    leat_path captures[1]; /* the entity's number, or what it spends */
    leat_schema schema;
    leat_features_spec spec;
    leat_features *features;
    leat_batch batch;
    uint32_t width;
    uint8_t packed[MOST_EVENTS][PACKED]; /* the captures */
    char keys[MOST_EVENTS][16];
    int64_t offset;
} bench_stage;

/* Schema and batch; the spec's redis. The rest of the spec is the caller's. */
void bench_stage_init(bench_stage *stage, int port, uint32_t width);
void bench_stage_start(bench_stage *stage);

/* The next batch's events, with keys and rows; capture 0 is for the caller to set. */
leat_event *bench_stage_add(bench_stage *stage, uint32_t item);
void bench_stage_clear(bench_stage *stage);

/* Sends, receives, and copies the rows to out: [n][width]. */
void bench_stage_run(bench_stage *stage, float *out);

#endif
