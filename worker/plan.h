/* worker/plan.h: what a configuration means for a batch.
 *
 * The model, the schema that feeds it, the lookups, the shape of the prediction:
 * everything that a lane reads while a batch goes its way. Immutable, counted, with a
 * generation; a lane adopts the newest one between batches and lets the old one go.
 *
 * Owns:    the model and an arena with all specs.
 * Threads: new: main; retain and release: any; the rest is immutable.
 * Fails:   what leat_model_open says; E_CONFIG with file and line for a column without a
 *          feature, a feature that no input names, a path that means nothing.
 */
#ifndef LEAT_WORKER_PLAN_H
#define LEAT_WORKER_PLAN_H

#include "base/schema.h"
#include "features/features.h"
#include "producers/encode.h"
#include "runtime/model.h"
#include "worker/config/config.h"

#include <stdatomic.h>

typedef struct leat_plan {
    atomic_uint references;
    uint64_t generation;
    leat_arena arena;
    leat_model *model;
    uint32_t n_golden_rows; /* that the model was held against; 0: none were configured */
    leat_schema schema;
    leat_features_spec features;
    leat_prediction_spec prediction;
} leat_plan;

leat_status leat_plan_new(leat_plan **plan, const leat_config *config,
                          leat_error *error) LEAT_MUST_CHECK;
/* For the features alone: `model` is NULL, each feature is an input of its own (doubles; ids
 * are i64), and predictions have an envelope and no more. The model's file is not read. */
leat_status leat_plan_new_without_model(leat_plan **plan, const leat_config *config,
                                        leat_error *error) LEAT_MUST_CHECK;

/* Where Redis is. Files are named by the configuration's strings. E_CONFIG,
 * E_UNSUPPORTED. */
leat_status leat_plan_redis(leat_redis_spec *redis, leat_arena *arena,
                            const leat_config *config, leat_error *error) LEAT_MUST_CHECK;

leat_plan *leat_plan_retain(leat_plan *plan);
void leat_plan_release(leat_plan *plan);

#endif
