/* ops/gemm_blas.h: products by OpenBLAS.
 *
 * It is held to one thread: lanes are what runs beside one another. Its threads, where its
 * build has any, are started when the process starts, so a fork must exec.
 *
 * Owns:    OpenBLAS's number of threads.
 * Threads: hold_threads: main; products: any.
 * Fails:   never; no side may be longer than INT32_MAX.
 */
#ifndef LEAT_OPS_GEMM_BLAS_H
#define LEAT_OPS_GEMM_BLAS_H

#include <stdbool.h>
#include <stdint.h>

/* Before the first product, by who loads a model. */
void leat_gemm_hold_threads(void);

/* C += A B: a [m][k], b [k][n], c [m][n]. */
typedef struct leat_product_f64 {
    uint32_t m, n, k;
    bool a_transposed; /* a is [k][m] */
    bool b_transposed; /* b is [n][k] */
    const double *a;
    const double *b;
    double *c;
} leat_product_f64;

void leat_gemm_f64(const leat_product_f64 *product);

#endif
