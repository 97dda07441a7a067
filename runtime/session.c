#include "runtime/session.h"

#include "base/clock.h"
#include "runtime/ensemble.h"

#include <stdlib.h>

/* Rows are run block by block, so that the budget is kept. */
struct leat_session {
    const leat_ensemble *ensemble;
    leat_score_kind kind;
    leat_tensor_spec output;
    uint32_t n_features;
    uint32_t n_groups;
    uint32_t block;
    uint32_t next;   /* the row where the run goes on */
    float *margins;  /* [block][n_groups] */
    int32_t *leaves; /* [block][n_trees] */
    void *scratch;   /* of the forest, for a block */
};

static leat_tensor_spec output_spec(const leat_model *model, leat_score_kind kind,
                                    leat_forest_facts facts)
{
    leat_tensor_spec spec = *leat_model_output(model);
    if (kind == LEAT_SCORE_MARGIN)
        spec.shape[1] = facts.n_groups;
    if (kind == LEAT_SCORE_LEAVES) {
        spec.name = "leaves";
        spec.shape[1] = facts.n_trees;
    }
    return spec;
}

leat_status leat_session_new(leat_session **out, const leat_model *model,
                             leat_score_kind kind)
{
    const leat_ensemble *ensemble = leat_model_ensemble(model);
    leat_forest_facts facts = leat_forest_describe(ensemble->forest);
    leat_session *session = calloc(1, sizeof *session);
    if (!session)
        return LEAT_E_MEMORY;
    *session = (leat_session){
        .ensemble = ensemble,
        .kind = kind,
        .output = output_spec(model, kind, facts),
        .n_features = facts.n_features,
        .n_groups = facts.n_groups,
        .block = leat_forest_block(ensemble->forest),
    };
    session->margins =
        calloc((size_t)session->block * facts.n_groups, sizeof *session->margins);
    session->leaves =
        calloc((size_t)session->block * facts.n_trees + 1, sizeof *session->leaves);
    session->scratch =
        aligned_alloc(LEAT_ARENA_ALIGN, leat_forest_scratch(ensemble->forest) /
                                                LEAT_ARENA_ALIGN * LEAT_ARENA_ALIGN +
                                            LEAT_ARENA_ALIGN);
    if (!session->margins || !session->leaves || !session->scratch) {
        leat_session_free(session);
        return LEAT_E_MEMORY;
    }
    *out = session;
    return LEAT_OK;
}

void leat_session_free(leat_session *session)
{
    if (!session)
        return;
    free(session->margins);
    free(session->leaves);
    free(session->scratch);
    free(session);
}

const leat_tensor_spec *leat_session_output(const leat_session *session)
{
    return &session->output;
}

/* rows: [n_rows][n_features]; scores: [n_rows][width] */
static void run_block(leat_session *session, const float *rows, uint32_t n_rows,
                      float *scores)
{
    const leat_ensemble *ensemble = session->ensemble;
    if (session->kind == LEAT_SCORE_LEAVES) {
        leat_forest_leaves(ensemble->forest, rows, n_rows, session->leaves,
                           session->scratch);
        for (size_t i = 0; i < (size_t)n_rows * session->output.shape[1]; i++)
            scores[i] = (float)session->leaves[i];
        return;
    }
    leat_link link =
        session->kind == LEAT_SCORE_MARGIN ? LEAT_LINK_IDENTITY : ensemble->link;
    leat_forest_run(ensemble->forest, rows, n_rows, session->margins, session->scratch);
    leat_link_apply(link, session->margins, n_rows, session->n_groups, scores);
}

leat_status leat_session_run(leat_session *session, const leat_tensor *inputs,
                             uint32_t n_rows, leat_tensor *output, uint64_t budget_ns)
{
    const float *rows = inputs->data;
    float *scores = output->data;
    const uint32_t width = session->output.shape[1];
    const uint64_t start = leat_now_ns();
    while (session->next < n_rows) {
        size_t first = session->next;
        uint32_t left = n_rows - session->next;
        uint32_t n = left < session->block ? left : session->block;
        run_block(session, rows + first * session->n_features, n, scores + first * width);
        session->next += n;
        if (session->next < n_rows && leat_now_ns() - start >= budget_ns)
            return LEAT_MORE;
    }
    session->next = 0;
    return LEAT_OK;
}
