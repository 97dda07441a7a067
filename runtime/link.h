/* runtime/link.h: from margins, the sums of a forest, to what a framework predicts.
 *
 * The float32 steps are XGBoost's and the float64 ones LightGBM's, each in its own order
 * and with the C library's functions as there, so that results are the same to the bit on
 * the same machine.
 *
 * Owns:    nothing.
 * Threads: any.
 * Source:  XGBoost, src/common/math.h (Sigmoid, Softmax, FindMaxIndex) and src/objective;
 *          LightGBM, ConvertOutput of src/objective, GBDT::Predict.
 */
#ifndef LEAT_RUNTIME_LINK_H
#define LEAT_RUNTIME_LINK_H

#include "base/tensor.h"

#include <stdint.h>

typedef enum leat_link_kind {
    LEAT_LINK_IDENTITY,
    LEAT_LINK_SIGMOID, /* 1 / (1 + exp(-slope * x)) */
    LEAT_LINK_EXP,
    LEAT_LINK_SOFTMAX,  /* over the groups of a row */
    LEAT_LINK_STEP,     /* f32: 1 where x > 0, else 0 */
    LEAT_LINK_ARGMAX,   /* f32: the first largest group; one value a row */
    LEAT_LINK_SORT,     /* f32: the groups of a row ascend, as quantiles do */
    LEAT_LINK_CUMULATE, /* f32: each group adds log(1 + exp(x)) to the one before it */
    LEAT_LINK_SQUARE,   /* f64: sign(x) * x * x */
    LEAT_LINK_SOFTPLUS, /* f64: log(1 + exp(x)) */
} leat_link_kind;

typedef struct leat_link {
    leat_link_kind kind;
    double divisor; /* f64: what a margin is divided by first, for averages */
    double slope;   /* f64: of SIGMOID */
} leat_link;

/* Values in a row of the output. */
uint32_t leat_link_width(const leat_link *link, uint32_t n_groups);

/* margins: [n_rows][n_groups], F32 or F64; output: [n_rows][leat_link_width()] of the same
 * type, apart from them. */
void leat_link_apply(const leat_link *link, leat_dtype dtype, const void *margins,
                     uint32_t n_rows, uint32_t n_groups, void *output);

#endif
