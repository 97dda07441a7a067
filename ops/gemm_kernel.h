/* ops/gemm_kernel.h: what a kernel of ops/gemm.c is made of.
 *
 * gemm_avx512.c and gemm_avx2.c each instantiate gemm_tile.inc; OpenBLAS (gemm_blas.c) takes
 * whole jobs.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_GEMM_KERNEL_H
#define LEAT_OPS_GEMM_KERNEL_H

#include "ops/gemm.h"

/* A tile of C: as many rows and whole panels as its function says. */
typedef struct leat_gemm_tile {
    uint32_t rows;    /* for `narrow`; a tile's function knows its own */
    uint32_t columns; /* for a strip, likewise */
    uint32_t k;
    const float *a; /* [rows][a_step], k of each */
    size_t a_step;
    const float *b; /* [panels][panel_step], k times LEAT_GEMM_PANEL of each */
    size_t panel_step;
    const float *start; /* [rows][start_step], or NULL */
    size_t start_step;
    float *c; /* [rows][c_step] */
    size_t c_step;
    float floor;
} leat_gemm_tile;

typedef void (*leat_gemm_tile_run)(const leat_gemm_tile *tile);

enum { LEAT_GEMM_WIDTHS = 4 }; /* tiles of 1, 2, 4 and 8 panels */

struct leat_gemm_kernel {
    const char *name;
    uint32_t max_rows; /* of a tile */
    /* [max_rows]: tiles of 1 row, of 2 ...; NULL where registers do not suffice */
    const leat_gemm_tile_run (*tiles)[LEAT_GEMM_WIDTHS];
    /* [LEAT_GEMM_NARROW]: any rows by 1 column, by 2 ...; b is [n][panel_step], that is
     * k rounded up with zeros */
    const leat_gemm_tile_run *narrow;
    /* [max_rows]: 1 row, 2 ... by up to LEAT_GEMM_PANEL columns of a plain B, whose rows
     * are panel_step apart */
    const leat_gemm_tile_run *strips;
    /* Whole jobs instead, on a plain B [k][n]. */
    void (*run)(const leat_gemm_right *right, const leat_gemm_job *job);
};

/* NULL where this machine lacks what they need. */
const leat_gemm_kernel *leat_gemm_avx512(void);
const leat_gemm_kernel *leat_gemm_avx2(void);
const leat_gemm_kernel *leat_gemm_blas(void);

#endif
