/* ops/forest_ranker.h: rows of numbers to rows of bytes that answer every split.
 *
 * Internal to ops/. Trees only ever ask on which side of a bound a number lies, so a number
 * is replaced by its rank among the bounds that the whole forest has for its feature, and a
 * split becomes a comparison of bytes whose outcome is the same, always:
 *
 *   goes right  <=>  rank > cut
 *
 * A feature has one column of ranks for each of the ways in which its splits treat missing
 * values, and more where it has more bounds than a byte tells apart. What is missing ranks
 * lowest or highest. A split on a set of numbers (categories) has a column of its own, with
 * one cut.
 *
 * Ranks are int8_t from LEAT_RANK_LEAST on: AVX2 compares signed bytes only.
 *
 * Owns:    nothing; everything lives in the forest's arena.
 * Threads: new: one; run: any.
 * Fails:   E_MEMORY, E_UNSUPPORTED.
 */
#ifndef LEAT_OPS_FOREST_RANKER_H
#define LEAT_OPS_FOREST_RANKER_H

#include "ops/forest.h"

enum {
    LEAT_RANK_LEAST = -128, /* below all bounds of the column */
    LEAT_RANK_MOST = 127,   /* above them, which only the missing reach */
    LEAT_CUTS = 254,        /* of a column, at most */
    LEAT_MAX_COLUMNS = 1 << 24,
};

/* What a split of a tree asks. */
typedef struct leat_split {
    uint32_t feature;
    uint32_t set; /* index of its set; LEAT_NO_SET: the numbers from bound on */
    double bound;
    uint8_t missing; /* leat_missing */
} leat_split;

#define LEAT_NO_SET UINT32_MAX

/* The same question to a row of ranks: right where rank[column] > cut. */
typedef struct leat_ask {
    uint32_t column;
    int8_t cut;
} leat_ask;

/* numbers: of dtype, F32 or F64. */
static inline void leat_put_number(leat_dtype dtype, void *numbers, size_t at, double x)
{
    if (dtype == LEAT_F32)
        ((float *)numbers)[at] = (float)x;
    else
        ((double *)numbers)[at] = x;
}

typedef struct leat_ranker leat_ranker;

typedef struct leat_ranker_spec {
    leat_dtype dtype;
    double zero;
    size_t n_splits;
    const leat_split *splits; /* [n_splits], none from a leaf */
    uint32_t n_sets;
    const leat_set *sets; /* [n_sets] */
    uint32_t n_features;
} leat_ranker_spec;

/* asks: [n_splits], filled. */
leat_status leat_ranker_new(leat_ranker **ranker, leat_arena *arena,
                            const leat_ranker_spec *spec, leat_ask *asks,
                            leat_error *error) LEAT_MUST_CHECK;

uint32_t leat_ranker_columns(const leat_ranker *ranker);

/* The cuts of a column: LEAT_RANK_LEAST and those that follow it; each is asked by some
 * split. */
uint32_t leat_ranker_cuts(const leat_ranker *ranker, uint32_t column);

/* rows: [n_rows][n_features] of the dtype. The rank of row r in column c is written to
 * ranks[r * row_step + c * column_step]. */
void leat_ranker_run(const leat_ranker *ranker, const void *rows, uint32_t n_rows,
                     int8_t *ranks, size_t row_step, size_t column_step);

/* rows: [n_rows][n_features], zeroed: fills in numbers that spread over the bounds, as
 * those of events do. */
void leat_ranker_example(const leat_ranker *ranker, void *rows, uint32_t n_rows);

#endif
