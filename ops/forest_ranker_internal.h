/* ops/forest_ranker_internal.h: the columns that forest_ranker.c builds and
 * forest_ranker_run.c runs.
 *
 * Owns:    nothing; everything lives in the forest's arena.
 * Threads: any, immutable once built.
 */
#ifndef LEAT_OPS_FOREST_RANKER_INTERNAL_H
#define LEAT_OPS_FOREST_RANKER_INTERNAL_H

#include "ops/forest_ranker.h"

/* A column's bounds stand in segments of LEAT_SEGMENT, padded with NaN, which no number
 * reaches; in front of them stand the pivots, the last bound of each segment but the last
 * one. Two counts of LEAT_SEGMENT comparisons without a branch find a rank: the segment,
 * then the place in it.
 *
 * Float32 columns have their bounds once more as a heap, for many rows at once: what stands
 * at i is followed by 2i, or by 2i + 1 for a number that reaches it, and below the last
 * level is the rank. The first levels fill one vector of AVX-512, each one below as many
 * as all above it, so that descending is a permutation of registers for each level.
 *
 * Columns of sets share a scale, all bounds that the sets of their feature have, so that a
 * number is looked up once; a set then is a bit for each place on the scale. */
enum {
    LEAT_SEGMENT = 16,
    LEAT_HEAP_LEVELS = 4,              /* of a heap, at least */
    LEAT_LANE_ROWS = 16,               /* from so many on a heap is faster */
    LEAT_RANK_ROWS = 256,              /* that are looked up on a scale at once */
    LEAT_RANK_BIAS = -LEAT_RANK_LEAST, /* a rank is a count less this */
};

struct leat_rank_column {
    uint32_t feature;
    uint32_t n_bounds;
    size_t first;           /* where its pivots stand in `bounds` */
    size_t heap;            /* where it stands in `heaps` */
    uint32_t n_levels;      /* of the heap: [2^n_levels], padded with NaN, none at 0 */
    const uint8_t *members; /* of a set: a bit for each place on the scale */
    uint32_t scale;         /* of a set */
    int8_t nan_rank;
    int8_t zero_rank;
    uint8_t missing; /* leat_missing */
};

struct leat_rank_scale {
    uint32_t feature;
    uint32_t n;
    double *bounds; /* [n], ascending */
};

struct leat_ranker {
    leat_dtype dtype;
    double zero;
    uint32_t n_features;
    uint32_t n_columns;
    uint32_t n_numeric;               /* columns in front of those of sets */
    struct leat_rank_column *columns; /* [n_columns] */
    struct leat_rank_scale *scales;
    void *bounds; /* of the dtype */
    float *heaps; /* NULL where the dtype is F64 */
};

static inline double leat_number_at(leat_dtype dtype, const void *numbers, size_t at)
{
    return dtype == LEAT_F32 ? (double)((const float *)numbers)[at]
                             : ((const double *)numbers)[at];
}

/* How many of bounds[n] are not above x; NaN is above none. */
static inline uint32_t leat_place_on(const double *bounds, uint32_t n, double x)
{
    uint32_t low = 0;
    while (n) {
        uint32_t half = n / 2;
        int beyond = x >= bounds[low + half];
        low += beyond ? half + 1 : 0;
        n = beyond ? n - half - 1 : half;
    }
    return low;
}

/* leat_ranker_run for the numeric columns of a ranker with heaps: 16 rows at once, by
 * AVX-512. */
void leat_rank_f32_lanes(const leat_ranker *ranker, const void *rows, uint32_t n_rows,
                         int8_t *ranks, size_t row_step, size_t column_step);

#endif
