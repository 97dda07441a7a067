#include "bench/scorer/scorer.h"

/* A forest that bench/if_else.py has made C of and compiled, as Treelite did: the model is
 * the library. */

typedef float forest_function(const float *row);

typedef struct forest {
    forest_function *run;
    uint32_t n_features;
} forest;

static void *open_forest(const char *library, const char *model, uint32_t n_features)
{
    (void)model;
    static forest self;
    self.run = (forest_function *)bench_find(bench_load(library), "forest");
    self.n_features = n_features;
    return &self;
}

static void score(void *opaque, const float *rows, uint32_t n_rows, float *scores)
{
    const forest *self = opaque;
    for (uint32_t i = 0; i < n_rows; i++)
        scores[i] = self->run(rows + (size_t)i * self->n_features);
}

const bench_scorer scorer_if_else = {"if_else", open_forest, score};
