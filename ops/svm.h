/* ops/svm.h: what support vector machines of ai.onnx.ml share: kernels of a row and each
 * support vector, and probabilities of classes from those of pairs.
 *
 * Owns:    nothing; the vectors are the model's attributes.
 * Threads: any.
 * Source:  https://onnx.ai/onnx/operators/onnx_aionnxml_SVMClassifier.html; T.-F. Wu,
 *          C.-J. Lin, R. C. Weng, "Probability Estimates for Multi-class Classification
 *          by Pairwise Coupling", 2004, as in LIBSVM.
 */
#ifndef LEAT_OPS_SVM_H
#define LEAT_OPS_SVM_H

#include "ops/operator.h"

typedef enum leat_svm_kernel {
    LEAT_SVM_LINEAR,
    LEAT_SVM_POLY,
    LEAT_SVM_RBF,
    LEAT_SVM_SIGMOID,
} leat_svm_kernel;

typedef struct leat_svm {
    leat_svm_kernel kernel;
    float gamma;
    float coef0;
    float degree;
    const float *vectors; /* [n_vectors][width] */
    uint32_t n_vectors;
    uint32_t width;
} leat_svm;

/* Reads kernel_type and kernel_params. */
leat_status leat_svm_load_kernel(leat_node *node, leat_svm *svm) LEAT_MUST_CHECK;

/* The vectors, so many as there are, and the width that follows. */
leat_status leat_svm_set_vectors(leat_node *node, leat_svm *svm, const float *vectors,
                                 size_t n_numbers, uint64_t n_vectors) LEAT_MUST_CHECK;

/* kernels: [n_vectors] of x: [width]; in float64, as sums over many of them cancel */
void leat_svm_kernels(const leat_svm *svm, const float *x, double *kernels);

/* pairs: [n][n], pairs[i][j] the probability of class i against j. classes: [n]; work:
 * [n][n + 1]. */
void leat_svm_couple(const float *pairs, uint32_t n, float *classes, float *work);

#endif
