/* ops/ml_labels.h: the class labels of a classifier, integers or strings, and its outputs:
 * output 0 is the label of each row, output 1 its scores.
 *
 * Owns:    nothing; labels are the model's attributes.
 * Threads: load: main; the rest: any.
 * Fails:   E_MODEL when there are no labels, or of both kinds.
 */
#ifndef LEAT_OPS_ML_LABELS_H
#define LEAT_OPS_ML_LABELS_H

#include "ops/operator.h"

typedef struct leat_ml_labels {
    leat_dtype dtype; /* I64 or STRING */
    uint32_t n;
    const void *values; /* [n] int64_t or leat_slice */
} leat_ml_labels;

/* Reads classlabels_strings or the attribute that `ints` names, and sets the dtypes of
 * both outputs. */
leat_status leat_ml_labels_load(leat_node *node, const char *ints,
                                leat_ml_labels *labels) LEAT_MUST_CHECK;

/* out[row] = label `index` */
void leat_ml_labels_put(const leat_ml_labels *labels, uint32_t index, void *out,
                        size_t row);

/* Shapes of the outputs: [n_rows] and [n_rows][n_scores]. */
leat_status leat_ml_labels_shape(const leat_call *call, uint32_t n_rows,
                                 uint32_t n_scores, leat_error *error) LEAT_MUST_CHECK;

/* The first largest of scores[0..n). */
uint32_t leat_ml_labels_best(const float *scores, uint32_t n);

#endif
