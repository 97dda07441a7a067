#include "base/clock.h"
#include "ops/forest_layout.h"

#include <stdlib.h>

/* Which evaluator takes how many rows: whichever was the fastest here, on this forest and
 * this processor, when the model was loaded. A formula would have to know caches, depths,
 * the number of different bounds and what they do to one another; a measurement takes
 * some milliseconds, and a wrong choice costs time alone, since all give the same bits. */
enum {
    TRIES = 3, /* the best counts: others may have had the core */
    LONG_NS = 1000000,
    TOO_LONG_NS = 20000000, /* more rows are not tried */
    MAX_NUMBERS = 1 << 20,  /* in the rows that are tried */
    MIN_BLOCK = 16,
};

static uint64_t time_of(const leat_forest *forest, uint32_t e, const void *rows,
                        uint32_t n_rows, void *margins, void *scratch)
{
    uint64_t best = UINT64_MAX;
    for (uint32_t try = 0; try < TRIES; try++) {
        uint64_t start = leat_now_ns();
        leat_forest_evaluator(e)->run(forest, forest->state[e], rows, n_rows, margins,
                                      scratch);
        uint64_t took = leat_now_ns() - start;
        best = took < best ? took : best;
        if (took > LONG_NS)
            break;
    }
    return best;
}

/* The fastest for so many rows, and its time. */
static uint8_t fastest(const leat_forest *forest, const void *rows, uint32_t n_rows,
                       void *margins, void *scratch, uint64_t *least)
{
    uint8_t best = 0;
    *least = UINT64_MAX;
    for (uint8_t e = 0; e < LEAT_FOREST_EVALUATORS; e++) {
        if (!forest->state[e])
            continue;
        uint64_t took = time_of(forest, e, rows, n_rows, margins, scratch);
        if (took < *least) {
            *least = took;
            best = e;
        }
    }
    return best;
}

/* What was found for the most rows that were tried holds for more. */
static void measure(leat_forest *forest, const void *rows, uint32_t max_rows,
                    void *margins, void *scratch)
{
    uint64_t least = 0;
    forest->block = MIN_BLOCK;
    for (uint32_t bucket = 0; bucket < LEAT_FOREST_BUCKETS; bucket++) {
        uint32_t n_rows = 1u << bucket;
        if (n_rows > max_rows || least > TOO_LONG_NS) {
            forest->choice[bucket] = forest->choice[bucket - 1];
            continue;
        }
        forest->choice[bucket] = fastest(forest, rows, n_rows, margins, scratch, &least);
        if (least <= LONG_NS && n_rows > MIN_BLOCK)
            forest->block = n_rows;
    }
}

static uint32_t rows_to_try(const leat_forest *forest)
{
    uint32_t most = MAX_NUMBERS / forest->facts.n_features;
    return most > LEAT_FOREST_ROWS ? LEAT_FOREST_ROWS : most + !most;
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
    void *rows = calloc((size_t)max_rows * facts.n_features, forest->number_size);
    void *margins = calloc((size_t)max_rows * facts.n_groups, forest->number_size);
    void *scratch = take(leat_forest_scratch(forest));
    leat_status status = LEAT_E_MEMORY;
    if (rows && margins && scratch) {
        leat_ranker_example(forest->ranker, rows, max_rows);
        measure(forest, rows, max_rows, margins, scratch);
        status = LEAT_OK;
    }
    free(rows);
    free(margins);
    free(scratch);
    return status ? leat_error_set(error, status, "out of memory") : LEAT_OK;
}
