#include "bench/scorer/scorer.h"
#include "runtime/session.h"

#include <stdlib.h>

/* What yields in the worker goes on at once here. */
static const uint64_t BUDGET_NS = UINT64_C(1000000000);

static void *open_leat(const char *library, const char *path, uint32_t n_features)
{
    (void)library;
    leat_error error;
    leat_model *model;
    leat_session *session;
    if (leat_model_open(&model, path, NULL, &error))
        bench_give_up("leat", error.msg);
    if (leat_tensor_row_size(leat_model_inputs(model)) != n_features)
        bench_give_up(path, "has another number of features");
    if (leat_session_new(&session, model, LEAT_SCORE_MARGIN))
        bench_give_up(path, "no memory");
    return session;
}

static void score(void *self, const float *rows, uint32_t n_rows, float *scores)
{
    leat_tensor input = {.data = (void *)(uintptr_t)rows}, output = {.data = scores};
    while (leat_session_run(self, &input, n_rows, &output, BUDGET_NS) == LEAT_MORE)
        continue;
}

const bench_scorer scorer_leat = {"leat", open_leat, score};
