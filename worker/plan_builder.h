/* worker/plan_builder.h: what the files that build a plan share while they do.
 *
 * Owns:    nothing; the plan owns what is built, in its arena.
 * Threads: main.
 * Fails:   as plan.h.
 */
#ifndef LEAT_WORKER_PLAN_BUILDER_H
#define LEAT_WORKER_PLAN_BUILDER_H

#include "worker/plan.h"

typedef struct leat_plan_builder {
    leat_plan *plan;
    const leat_config *config;
    leat_error *error;
    const leat_tensor_spec *inputs; /* [n_inputs]: the model's */
    uint32_t n_inputs;
    leat_column *columns; /* [n_columns] of all inputs, one input behind the other */
    uint32_t n_columns;
    leat_path *captures; /* [n_captures] */
    uint32_t n_captures;
    leat_path file_key; /* what is captured in place of `key`; text NULL: nothing is */
} leat_plan_builder;

#define LEAT_PLAN_REFUSE(builder, place, ...)                                            \
    leat_place_refuse((builder)->error, LEAT_E_CONFIG, (builder)->config->file, place,   \
                      __VA_ARGS__)

leat_status leat_plan_no_memory(leat_plan_builder *builder);

/* In the plan's arena; NULL of NULL, and where there is no memory. */
const char *leat_plan_copy(leat_plan_builder *builder, const char *text);

/* Puts the place of a key, and `name`, before the words of whoever read its value. */
leat_status leat_plan_prefix(leat_plan_builder *builder, const char *key,
                             const char *name);

/* The index of the capture; a path that two stages want is captured once. */
uint32_t leat_plan_capture(leat_plan_builder *builder, const leat_path *path);
leat_status leat_plan_capture_text(leat_plan_builder *builder, const char *text,
                                   uint32_t *capture) LEAT_MUST_CHECK;

/* What the configuration's word means for the stage. */
leat_on_unavailable leat_plan_policy(leat_config_unavailable word);

/* ---- the steps, in their order ---- */

/* Room for them all, and what stands for `key` in a file (plan_event.c). */
leat_status leat_plan_begin_captures(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* Feeds every column of every input from the feature of its name (plan_columns.c). */
leat_status leat_plan_build_columns(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* What payloads are, where the time is, which events are scored (plan_event.c). */
leat_status leat_plan_build_event(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* What the rows of an event are, where it ranks (plan_rank.c). */
leat_status leat_plan_build_candidates(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* What is asked of Redis for the columns that read from lookups (plan_lookups.c). */
leat_status leat_plan_build_lookups(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* Entities, their windows and the columns that they feed (plan_aggregates.c). */
leat_status leat_plan_build_aggregates(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* Where Redis is, and what is remembered of it (plan_lookups.c). */
leat_status leat_plan_build_redis(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* What every record says of its event (plan_prediction.c). */
leat_status leat_plan_build_envelope(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* And a prediction beside (plan_prediction.c). */
leat_status leat_plan_build_prediction(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* Where events rank, it has another shape than the model's (plan_rank.c). */
leat_status leat_plan_build_ranking(leat_plan_builder *builder) LEAT_MUST_CHECK;

/* ---- of a column ---- */

/* How the values of a column are read, and what it holds without one; `column` has its
 * place and its path (plan_reading.c). */
leat_status leat_plan_build_reading(leat_plan_builder *builder,
                                    const leat_config_feature *feature,
                                    leat_column *column) LEAT_MUST_CHECK;

#endif
