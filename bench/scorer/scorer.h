/* bench/scorer/scorer.h: the engines that score a table of float32, Leat among them.
 *
 * An engine does what a careful user of its C interface would: one thread, everything
 * prepared before the first row, nothing allocated that can be kept, the interface's call
 * for a single row where it has one. Libraries that Debian does not have come out of
 * PyPI's wheels, which bring no headers: the few functions that are called are declared
 * where they are, and found by name.
 *
 * What a score is: what predict returns. The forests here have no link function, and it is
 * the sum of the leaves and the base.
 */
#ifndef LEAT_BENCH_SCORER_H
#define LEAT_BENCH_SCORER_H

#include "bench/side/side.h"

typedef struct bench_scorer {
    const char *name;
    /* `library` is a shared object, or "-" where the engine is linked in. Never NULL. */
    void *(*open)(const char *library, const char *model, uint32_t n_features);
    /* rows: [n_rows][n_features]; scores: [n_rows] */
    void (*score)(void *self, const float *rows, uint32_t n_rows, float *scores);
} bench_scorer;

extern const bench_scorer scorer_leat;
extern const bench_scorer scorer_xgboost;
extern const bench_scorer scorer_onnxruntime;
extern const bench_scorer scorer_lightgbm;
extern const bench_scorer scorer_if_else;

typedef void bench_function(void);

/* A function of a library, for a cast to its type. */
bench_function *bench_find(void *library, const char *name);
void *bench_load(const char *path);

#endif
