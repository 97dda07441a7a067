#include "bench/scorer/scorer.h"
#include "runtime/session.h"

#include <stdbool.h>
#include <stdlib.h>

/* A model wants and gives float32 or float64, as its framework does. Where that is float64
 * the bench's rows are widened in every call, and that is timed too. */

/* What yields in the worker goes on at once here. */
static const uint64_t BUDGET_NS = UINT64_C(1000000000);

typedef struct engine {
    leat_session *session;
    leat_dtype rows_type;
    leat_dtype scores_type;
    uint32_t n_features;
    uint32_t capacity;
    double *rows;   /* [capacity][n_features], where they are of float64 */
    double *scores; /* [capacity], likewise */
} engine;

/* Margins; of a network, which has none, what it puts out. */
static leat_session *open_session(const leat_model *model, const char *path)
{
    leat_session *session;
    if (leat_session_new(&session, model, LEAT_SCORE_MARGIN) &&
        leat_session_new(&session, model, LEAT_SCORE_PREDICT))
        bench_give_up(path, "no session");
    return session;
}

static void *open_leat(const char *library, const char *path, uint32_t n_features)
{
    (void)library;
    static engine self;
    leat_error error;
    leat_model *model;
    if (leat_model_open(&model, path, NULL, &error))
        bench_give_up("leat", error.msg);
    const leat_tensor_spec *rows = leat_model_inputs(model);
    if (leat_model_n_inputs(model) != 1 || leat_tensor_row_size(rows) != n_features)
        bench_give_up(path, "has another number of features");
    self.n_features = n_features;
    self.session = open_session(model, path);
    self.rows_type = rows->dtype;
    self.scores_type = leat_session_output(self.session)->dtype;
    return &self;
}

static void reserve(engine *self, uint32_t n_rows)
{
    if (n_rows <= self->capacity)
        return;
    self->capacity = n_rows;
    self->rows =
        realloc(self->rows, n_rows * (size_t)self->n_features * sizeof *self->rows);
    self->scores = realloc(self->scores, n_rows * sizeof *self->scores);
    if (!self->rows || !self->scores)
        bench_give_up("leat", "no memory");
}

static void *widen(engine *self, const float *rows, uint32_t n_rows)
{
    size_t n = (size_t)n_rows * self->n_features;
    for (size_t i = 0; i < n; i++)
        self->rows[i] = (double)rows[i];
    return self->rows;
}

static void score(void *opaque, const float *rows, uint32_t n_rows, float *scores)
{
    engine *self = opaque;
    bool wide_rows = self->rows_type == LEAT_F64, wide = self->scores_type == LEAT_F64;
    if (wide_rows || wide)
        reserve(self, n_rows);
    leat_tensor input = {.data = wide_rows ? widen(self, rows, n_rows)
                                           : (void *)(uintptr_t)rows};
    leat_tensor output = {.data = wide ? (void *)self->scores : scores};
    while (leat_session_run(self->session, &input, n_rows, &output, BUDGET_NS) ==
           LEAT_MORE)
        continue;
    for (uint32_t i = 0; wide && i < n_rows; i++)
        scores[i] = (float)self->scores[i];
}

const bench_scorer scorer_leat = {"leat", open_leat, score};
