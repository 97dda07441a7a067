/* runtime/link.h: from margins, the sums of a forest, to what a framework predicts.
 *
 * The float32 steps are those of XGBoost's math.h, in its order, and expf is the C
 * library's as there, so that results are the same to the bit on the same machine.
 *
 * Threads: any.
 * Source:  XGBoost, src/common/math.h (Sigmoid, Softmax, FindMaxIndex).
 */
#ifndef LEAT_RUNTIME_LINK_H
#define LEAT_RUNTIME_LINK_H

#include <stdint.h>

typedef enum leat_link {
    LEAT_LINK_IDENTITY,
    LEAT_LINK_SIGMOID, /* 1 / (1 + exp(-x)) */
    LEAT_LINK_EXP,
    LEAT_LINK_STEP,    /* 1 where x > 0, else 0 */
    LEAT_LINK_SOFTMAX, /* over the groups of a row */
    LEAT_LINK_ARGMAX,  /* the first largest group; one value a row */
} leat_link;

/* Values in a row of the output. */
uint32_t leat_link_width(leat_link link, uint32_t n_groups);

/* margins: [n_rows][n_groups]; output: [n_rows][leat_link_width()], apart from them. */
void leat_link_apply(leat_link link, const float *margins, uint32_t n_rows,
                     uint32_t n_groups, float *output);

#endif
