/* ops/post_transform.h: what the models of ai.onnx.ml do with their scores at the end.
 *
 * ONNX leaves much open; what is meant is what ONNX Runtime does, whose scores people see
 * in training: a single score knows no transform but PROBIT, and two classes that are told
 * apart by one score get theirs from leat_post_transform_pair().
 *
 * Owns:    nothing.
 * Threads: any.
 * Source:  https://onnx.ai/onnx/operators/ (post_transform), ONNX Runtime 1.32 by trial.
 */
#ifndef LEAT_OPS_POST_TRANSFORM_H
#define LEAT_OPS_POST_TRANSFORM_H

#include "ops/operator.h"

/* In the order of TreeEnsemble 5, which has them as numbers. */
typedef enum leat_post_transform {
    LEAT_POST_NONE,
    LEAT_POST_SOFTMAX,
    LEAT_POST_LOGISTIC,
    LEAT_POST_SOFTMAX_ZERO, /* a softmax that leaves zeros alone */
    LEAT_POST_PROBIT,
} leat_post_transform;

/* The attribute post_transform; NONE when absent. */
leat_status leat_post_transform_load(leat_node *node,
                                     leat_post_transform *transform) LEAT_MUST_CHECK;

/* scores: [n_rows][width], in place. */
void leat_post_transform_run(leat_post_transform transform, float *scores, size_t n_rows,
                             uint32_t width);

/* The scores of two classes from that of the second: both through the logistic function
 * when asked, else [1 - score, score] where it is a probability and [-score, score] where
 * it is none. */
void leat_post_transform_pair(leat_post_transform transform, bool probability,
                              double score, float pair[2]);

/* 1 / (1 + exp(-x)) */
float leat_logistic(float x);

#endif
