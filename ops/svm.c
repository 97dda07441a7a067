#include "ops/svm.h"

#include <math.h>

leat_status leat_svm_load_kernel(leat_node *node, leat_svm *svm)
{
    static const char *const words[] = {"LINEAR", "POLY", "RBF", "SIGMOID", NULL};
    uint32_t word;
    size_t n;
    const float *numbers;
    leat_status status = leat_attribute_word(node, "kernel_type", words, 0, &word);
    if (!status)
        status = leat_attribute_floats(node, "kernel_params", &numbers, &n);
    if (status)
        return status;
    svm->kernel = (leat_svm_kernel)word;
    if (n == 3)
        svm->gamma = numbers[0], svm->coef0 = numbers[1], svm->degree = numbers[2];
    return n == 3 || (!n && svm->kernel == LEAT_SVM_LINEAR)
               ? LEAT_OK
               : leat_error_set(node->error, LEAT_E_MODEL,
                                "attribute kernel_params: found %zu numbers, expected 3",
                                n);
}

leat_status leat_svm_set_vectors(leat_node *node, leat_svm *svm, const float *vectors,
                                 size_t n_numbers, uint64_t n_vectors)
{
    if (!n_vectors || n_numbers > UINT32_MAX || n_numbers < n_vectors ||
        n_numbers % n_vectors)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "found %zu numbers for %llu support vectors", n_numbers,
                              (unsigned long long)n_vectors);
    svm->vectors = vectors;
    svm->n_vectors = (uint32_t)n_vectors;
    svm->width = (uint32_t)(n_numbers / n_vectors);
    return LEAT_OK;
}

static double square_distance(const float *a, const float *b, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum;
}

static double dot(const float *a, const float *b, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static double kernel(const leat_svm *svm, const float *x, const float *vector)
{
    const double gamma = (double)svm->gamma, coef0 = (double)svm->coef0;
    switch (svm->kernel) {
    case LEAT_SVM_LINEAR:
        return dot(x, vector, svm->width);
    case LEAT_SVM_POLY:
        return pow(gamma * dot(x, vector, svm->width) + coef0, (double)svm->degree);
    case LEAT_SVM_RBF:
        return exp(-gamma * square_distance(x, vector, svm->width));
    case LEAT_SVM_SIGMOID:
        return tanh(gamma * dot(x, vector, svm->width) + coef0);
    }
    return 0;
}

void leat_svm_kernels(const leat_svm *svm, const float *x, double *kernels)
{
    const float *vector = svm->vectors;
    for (uint32_t i = 0; i < svm->n_vectors; i++, vector += svm->width)
        kernels[i] = kernel(svm, x, vector);
}

/* q[i][j] = -r[j][i] r[i][j], and on the diagonal the sum of the squares of r[j][i]. */
static void pairwise_matrix(const float *r, uint32_t n, float *q)
{
    for (uint32_t i = 0; i < n; i++) {
        q[i * n + i] = 0;
        for (uint32_t j = 0; j < n; j++) {
            if (j == i)
                continue;
            q[i * n + i] += r[j * n + i] * r[j * n + i];
            q[i * n + j] = -r[j * n + i] * r[i * n + j];
        }
    }
}

/* qp = q p; the return is p'qp, *error how far p is from the optimum. */
static float residual(const float *q, const float *p, uint32_t n, float *qp, float *error)
{
    float pqp = 0;
    for (uint32_t i = 0; i < n; i++) {
        qp[i] = 0;
        for (uint32_t j = 0; j < n; j++)
            qp[i] += q[i * n + j] * p[j];
        pqp += p[i] * qp[i];
    }
    *error = 0;
    for (uint32_t i = 0; i < n; i++)
        *error = fmaxf(*error, fabsf(qp[i] - pqp));
    return pqp;
}

void leat_svm_couple(const float *pairs, uint32_t n, float *classes, float *work)
{
    enum { MOST_ROUNDS = 100 };
    float *q = work, *qp = work + (size_t)n * n;
    pairwise_matrix(pairs, n, q);
    for (uint32_t i = 0; i < n; i++)
        classes[i] = 1 / (float)n;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        float error;
        float pqp = residual(q, classes, n, qp, &error);
        if (error < 0.005f / (float)n)
            break;
        for (uint32_t i = 0; i < n; i++) {
            const float step = (pqp - qp[i]) / q[i * n + i], all = 1 + step;
            classes[i] += step;
            pqp = (pqp + step * (step * q[i * n + i] + 2 * qp[i])) / all / all;
            for (uint32_t j = 0; j < n; j++) {
                qp[j] = (qp[j] + step * q[i * n + j]) / all;
                classes[j] /= all;
            }
        }
    }
}
