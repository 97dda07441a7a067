/* runtime/ensemble.h: a forest and what makes it a model.
 *
 * The readers fill it in; a session asks it for margins. Internal to runtime/.
 *
 * Owns:    nothing; everything lives in the model's arena.
 * Threads: any, immutable once read.
 */
#ifndef LEAT_RUNTIME_ENSEMBLE_H
#define LEAT_RUNTIME_ENSEMBLE_H

#include "ops/forest.h"
#include "ops/linear_leaves.h"
#include "runtime/document.h"
#include "runtime/link.h"
#include "runtime/model.h"

typedef struct leat_ensemble {
    leat_forest *forest;
    leat_linear_leaves *linear; /* what leaves are worth in place of numbers; or NULL */
    leat_link link;
    const char *objective;
    const char *const *feature_names;        /* [n_features], or NULL */
    const leat_model_categories *categories; /* [n_features], or NULL */
    const char *warning;                     /* or NULL */
} leat_ensemble;

/* Of a column whose categories the file does not make clear (training_frame.h). */
#define LEAT_WARN_OF_CODES                                                               \
    "categorical features whose categories the file does not make clear take codes: "    \
    "the "                                                                               \
    "position of a category in the training frame's list"

/* XGBoost's gbtree and dart (xgboost.c). */
leat_status leat_xgboost_read(leat_ensemble *ensemble, leat_arena *arena,
                              const leat_doc *root, leat_error *error) LEAT_MUST_CHECK;

/* LightGBM's text (lightgbm.c). */
leat_status leat_lightgbm_read(leat_ensemble *ensemble, leat_arena *arena,
                               const uint8_t *bytes, size_t size,
                               leat_error *error) LEAT_MUST_CHECK;

/* Bytes that margins() needs for as many rows as leat_forest_block says. */
size_t leat_ensemble_scratch(const leat_ensemble *ensemble);

/* rows: [n_rows][n_features], no more than a block; margins: [n_rows][n_groups]; both of
 * the forest's type. */
void leat_ensemble_margins(const leat_ensemble *ensemble, const void *rows,
                           uint32_t n_rows, void *margins, void *scratch);

/* What a model is made of: a network, or an ensemble where that is NULL. */
struct leat_network;
const struct leat_network *leat_model_network(const leat_model *model);
const leat_ensemble *leat_model_ensemble(const leat_model *model);

#endif
