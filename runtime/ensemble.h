/* runtime/ensemble.h: a forest and what makes it a model; what its readers fill in.
 *
 * Internal to runtime/.
 *
 * Owns:    nothing; everything lives in the model's arena.
 * Threads: any, immutable once read.
 */
#ifndef LEAT_RUNTIME_ENSEMBLE_H
#define LEAT_RUNTIME_ENSEMBLE_H

#include "ops/forest.h"
#include "runtime/document.h"
#include "runtime/link.h"
#include "runtime/model.h"

typedef struct leat_ensemble {
    leat_forest *forest;
    leat_link link;
    const char *objective;
    const char *const *feature_names; /* [n_features], or NULL */
    const char *warning;              /* or NULL */
} leat_ensemble;

/* XGBoost's gbtree with numeric splits (xgboost.c). */
leat_status leat_xgboost_read(leat_ensemble *ensemble, leat_arena *arena,
                              const leat_doc *root, leat_error *error) LEAT_MUST_CHECK;

/* What a model is made of: a network, or an ensemble where that is NULL. */
struct leat_network;
const struct leat_network *leat_model_network(const leat_model *model);
const leat_ensemble *leat_model_ensemble(const leat_model *model);

#endif
