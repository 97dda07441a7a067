#include "bench/scorer/scorer.h"

#include <stdio.h>
#include <stdlib.h>

/* XGBoosterPredictFromDense reads the rows where they are. How they lie is told in JSON, a
 * new text for every address; XGBoost parses it in every call. */

typedef struct booster {
    void *handle;
    uint32_t n_features;
    int (*predict)(void *handle, const char *array, const char *config, void *proxy,
                   const uint64_t **shape, uint64_t *n_dims, const float **result);
    const char *(*last_error)(void);
} booster;

/* "type" 0: what predict returns. */
static const char CONFIG[] =
    "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, "
    "\"strict_shape\": false, \"cache_id\": 0, \"missing\": NaN}";

static void check(const booster *self, int failed)
{
    if (failed)
        bench_give_up("xgboost", self->last_error());
}

static void *open_booster(const char *path, const char *model, uint32_t n_features)
{
    void *library = bench_load(path);
    booster *self = calloc(1, sizeof *self);
    if (!self)
        bench_give_up("xgboost", "no memory");
    self->n_features = n_features;
    self->last_error = (const char *(*)(void))bench_find(library, "XGBGetLastError");
    self->predict =
        (int (*)(void *, const char *, const char *, void *, const uint64_t **,
                 uint64_t *, const float **))bench_find(library,
                                                        "XGBoosterPredictFromDense");
    int (*create)(void **, uint64_t, void **) =
        (int (*)(void **, uint64_t, void **))bench_find(library, "XGBoosterCreate");
    int (*load)(void *, const char *) =
        (int (*)(void *, const char *))bench_find(library, "XGBoosterLoadModel");
    int (*set)(void *, const char *, const char *) =
        (int (*)(void *, const char *, const char *))bench_find(library,
                                                                "XGBoosterSetParam");
    check(self, create(NULL, 0, &self->handle));
    check(self, load(self->handle, model));
    check(self, set(self->handle, "nthread", "1"));
    return self;
}

static void score(void *opaque, const float *rows, uint32_t n_rows, float *scores)
{
    booster *self = opaque;
    char array[200];
    const uint64_t *shape;
    uint64_t n_dims;
    const float *result;
    snprintf(array, sizeof array,
             "{\"data\": [%zu, true], \"shape\": [%u, %u], \"typestr\": \"<f4\", "
             "\"version\": 3}",
             (size_t)rows, n_rows, self->n_features);
    check(self,
          self->predict(self->handle, array, CONFIG, NULL, &shape, &n_dims, &result));
    for (uint32_t i = 0; i < n_rows; i++)
        scores[i] = result[i];
}

const bench_scorer scorer_xgboost = {"xgboost", open_booster, score};
