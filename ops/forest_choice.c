#include "base/clock.h"
#include "ops/forest_layout.h"

#include <stdlib.h>

/* Which evaluator takes how many rows: whichever was the fastest here, on this forest and
 * this processor, when the model was loaded. A formula would have to know caches, depths,
 * the number of different bounds and what they do to one another; a measurement takes
 * some milliseconds, and a wrong choice costs time alone, since all give the same bits. */
enum {
    TRIES = 2, /* the better counts: caches are cold in the first */
    LONG_NS = 1000000,
    TOO_LONG_NS = 20000000, /* more rows are not tried */
    MAX_ROWS = 128,         /* that are tried; what holds for them holds for more */
    MAX_NUMBERS = 1 << 20,  /* in the rows that are tried */
    MIN_ROWS = 16,          /* of a measurement, and of a block */
};

/* The rows that measurements run on, and room for what comes out. */
struct trial {
    const leat_forest *forest;
    uint32_t max_rows;
    void *rows;    /* [max_rows][n_features] of dtype */
    void *margins; /* [max_rows][n_groups] of dtype */
    void *scratch;
};

/* All rows up to the `end`th, n_rows at a time: one after the other, as they come. */
static uint64_t time_once(const struct trial *trial, uint32_t e, uint32_t n_rows,
                          uint32_t end)
{
    const leat_forest *forest = trial->forest;
    const size_t row_size = forest->facts.n_features * forest->number_size;
    const uint64_t start = leat_clock_read(CLOCK_THREAD_CPUTIME_ID);
    for (uint32_t row = 0; row < end; row += n_rows)
        leat_forest_evaluator(e)->run(forest, forest->state[e],
                                      (const char *)trial->rows + row * row_size, n_rows,
                                      trial->margins, trial->scratch);
    return leat_clock_read(CLOCK_THREAD_CPUTIME_ID) - start;
}

/* Nanoseconds of evaluator e for n_rows. */
static uint64_t time_of(const struct trial *trial, uint32_t e, uint32_t n_rows)
{
    const uint32_t end = n_rows > MIN_ROWS            ? n_rows
                         : trial->max_rows < MIN_ROWS ? n_rows
                                                      : MIN_ROWS;
    uint64_t best = UINT64_MAX;
    for (uint32_t try = 0; try < TRIES; try++) {
        uint64_t took = time_once(trial, e, n_rows, end);
        best = took < best ? took : best;
        if (took > LONG_NS)
            break;
    }
    return best * n_rows / end;
}

/* The fastest for so many rows, and its time. */
static uint8_t fastest(const struct trial *trial, uint32_t n_rows, uint64_t *least)
{
    uint8_t best = 0;
    *least = UINT64_MAX;
    for (uint8_t e = 0; e < LEAT_FOREST_EVALUATORS; e++) {
        uint64_t took = trial->forest->state[e] ? time_of(trial, e, n_rows) : UINT64_MAX;
        if (took < *least) {
            *least = took;
            best = e;
        }
    }
    return best;
}

static uint32_t rows_per_ms(uint32_t n_rows, uint64_t ns)
{
    uint64_t rows = n_rows * LEAT_MS / (ns + !ns);
    return rows > LEAT_FOREST_ROWS ? LEAT_FOREST_ROWS
           : rows < MIN_ROWS       ? MIN_ROWS
                                   : (uint32_t)(rows - rows % MIN_ROWS);
}

/* What was found for the most rows that were tried holds for more. */
static void measure(leat_forest *forest, const struct trial *trial)
{
    uint64_t least = 0;
    for (uint32_t bucket = 0; bucket < LEAT_FOREST_BUCKETS; bucket++) {
        uint32_t n_rows = 1u << bucket;
        if (n_rows > trial->max_rows || least > TOO_LONG_NS) {
            forest->choice[bucket] = forest->choice[bucket - 1];
            continue;
        }
        forest->choice[bucket] = fastest(trial, n_rows, &least);
        forest->block = rows_per_ms(n_rows, least);
    }
}

static uint32_t rows_to_try(const leat_forest *forest)
{
    uint32_t most = MAX_NUMBERS / forest->facts.n_features;
    return most > MAX_ROWS ? MAX_ROWS : most + !most;
}

static void *take(size_t size)
{
    return aligned_alloc(LEAT_ARENA_ALIGN,
                         size / LEAT_ARENA_ALIGN * LEAT_ARENA_ALIGN + LEAT_ARENA_ALIGN);
}

leat_status leat_forest_choose(leat_forest *forest, leat_error *error)
{
    const uint32_t max_rows = rows_to_try(forest);
    const leat_forest_facts facts = forest->facts;
    struct trial trial = {
        .forest = forest,
        .max_rows = max_rows,
        .rows = calloc((size_t)max_rows * facts.n_features, forest->number_size),
        .margins = calloc((size_t)max_rows * facts.n_groups, forest->number_size),
        .scratch = take(leat_forest_scratch(forest)),
    };
    leat_status status = LEAT_E_MEMORY;
    if (trial.rows && trial.margins && trial.scratch) {
        leat_ranker_example(forest->ranker, trial.rows, max_rows);
        measure(forest, &trial);
        status = LEAT_OK;
    }
    free(trial.rows);
    free(trial.margins);
    free(trial.scratch);
    return status ? leat_error_set(error, status, "out of memory") : LEAT_OK;
}
