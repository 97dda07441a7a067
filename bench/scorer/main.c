/* scorer ENGINE LIBRARY MODEL FEATURES ROWS
 *
 * Scores the rows of a file, raw float32, with the engine: a side of bench/run forest. */
#include "bench/scorer/scorer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const bench_scorer *const scorers[] = {
    &scorer_leat, &scorer_xgboost, &scorer_onnxruntime, &scorer_lightgbm, &scorer_if_else,
};

typedef struct bench_table {
    const bench_scorer *scorer;
    void *engine;
    uint32_t n_features;
    const float *rows; /* [n_rows][n_features] */
} bench_table;

static const bench_scorer *find_scorer(const char *name)
{
    for (size_t i = 0; i < sizeof scorers / sizeof *scorers; i++)
        if (!strcmp(scorers[i]->name, name))
            return scorers[i];
    bench_give_up(name, "is no engine");
}

static void run(void *opaque, uint32_t first, uint32_t n, float *out)
{
    bench_table *self = opaque;
    self->scorer->score(self->engine, self->rows + (size_t)first * self->n_features, n,
                        out);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: scorer ENGINE LIBRARY MODEL FEATURES ROWS\n", stderr);
        return EX_USAGE;
    }
    size_t size;
    bench_table table = {.scorer = find_scorer(argv[1])};
    table.n_features = (uint32_t)strtoul(argv[4], NULL, 10);
    table.engine = table.scorer->open(argv[2], argv[3], table.n_features);
    table.rows = bench_read_file(argv[5], &size);
    bench_side side = {
        .name = argv[1],
        .n_items = (uint32_t)(size / (table.n_features * sizeof(float))),
        .width = 1,
        .self = &table,
        .run = run,
    };
    return bench_serve(&side); /* and the system takes back what the engine holds */
}
