#include "bench/scorer/scorer.h"

#include <stdlib.h>

/* LightGBM's own predict, by its C interface of 4.x: one row by the fast call that it has
 * for just this, more of them as a matrix. Scores are doubles there. */

enum { FLOAT32 = 0, RAW_SCORE = 1, ROW_MAJOR = 1, ALL_TREES = -1 };
static const char ONE_THREAD[] = "num_threads=1";

typedef int predict_function(void *handle, const void *rows, int type, int32_t n_rows,
                             int32_t n_features, int is_row_major, int kind, int start,
                             int n_trees, const char *parameters, int64_t *n,
                             double *out);
typedef int prepare_function(void *handle, int kind, int start, int n_trees, int type,
                             int32_t n_features, const char *parameters, void **fast);
typedef int predict_one_function(void *fast, const void *row, int64_t *n, double *out);
typedef int load_function(const char *path, int *n_trees, void **handle);

typedef struct booster {
    void *handle;
    void *fast;
    uint32_t n_features;
    uint32_t capacity;
    double *out; /* [capacity] */
    predict_function *predict;
    predict_one_function *predict_one;
    const char *(*last_error)(void);
} booster;

static void check(const booster *self, int failed)
{
    if (failed)
        bench_give_up("lightgbm", self->last_error());
}

static void *open_booster(const char *path, const char *model, uint32_t n_features)
{
    void *library = bench_load(path);
    booster *self = calloc(1, sizeof *self);
    if (!self)
        bench_give_up("lightgbm", "no memory");
    self->n_features = n_features;
    self->last_error = (const char *(*)(void))bench_find(library, "LGBM_GetLastError");
    self->predict = (predict_function *)bench_find(library, "LGBM_BoosterPredictForMat");
    self->predict_one = (predict_one_function *)bench_find(
        library, "LGBM_BoosterPredictForMatSingleRowFast");
    load_function *load =
        (load_function *)bench_find(library, "LGBM_BoosterCreateFromModelfile");
    prepare_function *prepare = (prepare_function *)bench_find(
        library, "LGBM_BoosterPredictForMatSingleRowFastInit");
    int n_trees;
    check(self, load(model, &n_trees, &self->handle));
    check(self, prepare(self->handle, RAW_SCORE, 0, ALL_TREES, FLOAT32,
                        (int32_t)n_features, ONE_THREAD, &self->fast));
    return self;
}

static void reserve(booster *self, uint32_t n_rows)
{
    if (n_rows <= self->capacity)
        return;
    self->out = realloc(self->out, n_rows * sizeof *self->out);
    self->capacity = n_rows;
    if (!self->out)
        bench_give_up("lightgbm", "no memory");
}

static void score(void *opaque, const float *rows, uint32_t n_rows, float *scores)
{
    booster *self = opaque;
    int64_t n;
    reserve(self, n_rows);
    if (n_rows == 1)
        check(self, self->predict_one(self->fast, rows, &n, self->out));
    else
        check(self, self->predict(self->handle, rows, FLOAT32, (int32_t)n_rows,
                                  (int32_t)self->n_features, ROW_MAJOR, RAW_SCORE, 0,
                                  ALL_TREES, ONE_THREAD, &n, self->out));
    for (uint32_t i = 0; i < n_rows; i++)
        scores[i] = (float)self->out[i];
}

const bench_scorer scorer_lightgbm = {"lightgbm", open_booster, score};
