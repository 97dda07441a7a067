/* ops/gemm.h: matrix products C = A B + start, float by float.
 *
 * The right side B (weights, as a rule) is packed once into panels of LEAT_GEMM_PANEL
 * columns, zero-padded, so that a product reads it front to back. A kernel holds a tile of
 * C in registers, a few rows by a few panels, and walks down k once.
 *
 * Every element is one chain of fused multiply-adds in the order of k, from start on:
 *
 *     c = start; for k: c = fma(a[k], b[k], c)
 *
 * or, where B has at most LEAT_GEMM_NARROW columns, 16 such chains over every 16th k, from
 * 0 on, that are added as a tree and to start. However many rows a product has and
 * whichever SIMD kernel runs it, a row's result has the same bits: an event scores the same
 * in every batch. (The portable kernel is OpenBLAS, whose order is its own.) NaN and
 * infinities propagate as IEEE 754 says; padding touches nothing that is stored.
 *
 * Owns:    nothing: who packs brings the memory.
 * Threads: any; a packed right side is immutable.
 * Fails:   never.
 * Model:   BLIS's loops around a microkernel; oneDNN's and MLAS's packed weights.
 */
#ifndef LEAT_OPS_GEMM_H
#define LEAT_OPS_GEMM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEAT_GEMM_PANEL = 16, LEAT_GEMM_NARROW = 4 };

#define LEAT_GEMM_NO_FLOOR (-INFINITY)

typedef struct leat_gemm_kernel leat_gemm_kernel;

/* The kernels that this machine can run, fastest first: "avx512", "avx2", "openblas".
 * NULL behind the last one. */
const leat_gemm_kernel *leat_gemm_kernel_at(uint32_t i);
const char *leat_gemm_kernel_name(const leat_gemm_kernel *kernel);

/* A packed right side. */
typedef struct leat_gemm_right {
    const leat_gemm_kernel *kernel;
    uint32_t k;
    uint32_t n;
    const float *packed; /* [leat_gemm_packed_count(k, n)] */
} leat_gemm_right;

/* A right side as it comes: element (i, j) is data[i * k_step + j * n_step]. */
typedef struct leat_gemm_matrix {
    uint32_t k;
    uint32_t n;
    const float *data;
    size_t k_step;
    size_t n_step;
} leat_gemm_matrix;

/* Floats that a packed B [k][n] takes: at most 16 for each of its own. */
size_t leat_gemm_packed_count(uint32_t k, uint32_t n);

/* `packed` is 64-byte aligned, and `right`'s from then on. */
void leat_gemm_pack(leat_gemm_right *right, const leat_gemm_kernel *kernel,
                    const leat_gemm_matrix *matrix, float *packed);

/* What is done with a right side. */
typedef struct leat_gemm_job {
    uint32_t m;
    const float *a; /* [m][a_step], k of each row */
    size_t a_step;
    const float *start; /* [m][start_step], n of each row; step 0: a bias; NULL: zeros */
    size_t start_step;
    float *c; /* [m][c_step], n of each row; start may be c, A may not */
    size_t c_step;
    float floor; /* what is less becomes it: 0 for Relu. NaN stays */
} leat_gemm_job;

void leat_gemm_run(const leat_gemm_right *right, const leat_gemm_job *job);

/* Whether a product of m rows by that B takes longer to pack than to run as it is. */
bool leat_gemm_is_small(const leat_gemm_kernel *kernel, const leat_gemm_matrix *matrix,
                        uint32_t m);

/* A small product, without packing. Results have the bits of leat_gemm_run's. */
void leat_gemm_run_small(const leat_gemm_kernel *kernel, const leat_gemm_matrix *matrix,
                         const leat_gemm_job *job);

#endif
