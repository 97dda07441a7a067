#include "runtime/session.h"

#include "base/clock.h"
#include "runtime/ensemble.h"
#include "runtime/network_session.h"

#include <stdlib.h>

/* Rows are run block by block, so that the budget is kept. */
struct leat_session {
    leat_score_kind kind;
    leat_tensor_spec output;
    uint32_t block;
    uint32_t next; /* the row where the run goes on */
    leat_session_memory memory;
    leat_network_session *network; /* or NULL, and a forest: */
    const leat_ensemble *ensemble;
    uint32_t n_groups;
    size_t row_bytes;    /* of the input */
    size_t output_bytes; /* of a row of the output */
    void *margins;       /* [block][n_groups], of the forest's type */
    void *scratch;       /* of the ensemble, for a block */
    leat_dtype dtype;    /* of rows and margins */
};

static leat_tensor_spec output_spec(const leat_model *model, leat_score_kind kind,
                                    leat_forest_facts facts)
{
    leat_tensor_spec spec = *leat_model_output(model);
    if (kind == LEAT_SCORE_MARGIN)
        spec.shape[1] = facts.n_groups;
    if (kind == LEAT_SCORE_LEAVES) {
        spec.name = "leaves";
        spec.dtype = LEAT_I32;
        spec.shape[1] = facts.n_trees;
    }
    return spec;
}

static void *new_aligned(leat_session *session, size_t size)
{
    size_t whole = (size / LEAT_ARENA_ALIGN + 1) * LEAT_ARENA_ALIGN;
    session->memory.planned += whole;
    session->memory.sum += whole;
    return aligned_alloc(LEAT_ARENA_ALIGN, whole);
}

static leat_status set_up_network(leat_session *session, const leat_model *model)
{
    const leat_network *network = leat_model_network(model);
    if (session->kind != LEAT_SCORE_PREDICT)
        return LEAT_E_UNSUPPORTED;
    session->output = network->output;
    session->block = network->block;
    session->memory = network->memory;
    return leat_network_session_new(&session->network, network);
}

static leat_status set_up_forest(leat_session *session, const leat_model *model)
{
    const leat_score_kind kind = session->kind;
    const leat_ensemble *ensemble = leat_model_ensemble(model);
    leat_forest_facts facts = leat_forest_describe(ensemble->forest);
    size_t size = leat_dtype_size(facts.dtype);
    *session = (leat_session){
        .ensemble = ensemble,
        .kind = kind,
        .output = output_spec(model, kind, facts),
        .n_groups = facts.n_groups,
        .block = leat_forest_block(ensemble->forest),
        .row_bytes = facts.n_features * size,
        .dtype = facts.dtype,
    };
    session->output_bytes =
        session->output.shape[1] * leat_dtype_size(session->output.dtype);
    session->margins =
        new_aligned(session, (size_t)session->block * facts.n_groups * size);
    session->scratch = new_aligned(session, leat_ensemble_scratch(ensemble));
    return session->margins && session->scratch ? LEAT_OK : LEAT_E_MEMORY;
}

leat_status leat_session_new(leat_session **out, const leat_model *model,
                             leat_score_kind kind)
{
    leat_session *session = calloc(1, sizeof *session);
    if (!session)
        return LEAT_E_MEMORY;
    session->kind = kind;
    leat_status status = leat_model_network(model) ? set_up_network(session, model)
                                                   : set_up_forest(session, model);
    if (status)
        leat_session_free(session);
    else
        *out = session;
    return status;
}

void leat_session_free(leat_session *session)
{
    if (!session)
        return;
    leat_network_session_free(session->network);
    free(session->margins);
    free(session->scratch);
    free(session);
}

const leat_tensor_spec *leat_session_output(const leat_session *session)
{
    return &session->output;
}

leat_session_memory leat_session_measure(const leat_session *session)
{
    return session->memory;
}

/* rows: [n_rows][n_features]; output: [n_rows][width] */
static void run_forest(leat_session *session, const void *rows, uint32_t n_rows,
                       void *output)
{
    static const leat_link none = {.kind = LEAT_LINK_IDENTITY, .divisor = 1};
    const leat_ensemble *ensemble = session->ensemble;
    if (session->kind == LEAT_SCORE_LEAVES) {
        leat_forest_leaves(ensemble->forest, rows, n_rows, output, session->scratch);
        return;
    }
    const leat_link *link = session->kind == LEAT_SCORE_MARGIN ? &none : &ensemble->link;
    leat_ensemble_margins(ensemble, rows, n_rows, session->margins, session->scratch);
    leat_link_apply(link, session->dtype, session->margins, n_rows, session->n_groups,
                    output);
}

/* Rows [first, first + n_rows) of the inputs into the same rows of the output. */
static void run_block(leat_session *session, const leat_tensor *inputs, uint32_t first,
                      uint32_t n_rows, leat_tensor *output)
{
    if (session->network)
        leat_network_session_run(session->network, inputs, first, n_rows, output);
    else
        run_forest(session, (char *)inputs->data + first * session->row_bytes, n_rows,
                   (char *)output->data + first * session->output_bytes);
}

leat_status leat_session_run(leat_session *session, const leat_tensor *inputs,
                             uint32_t n_rows, leat_tensor *output, uint64_t budget_ns)
{
    /* Reading the clock takes as long as a tenth of a small network. */
    const uint64_t start = n_rows > session->block ? leat_now_ns() : 0;
    while (session->next < n_rows) {
        uint32_t left = n_rows - session->next;
        uint32_t n = left < session->block ? left : session->block;
        run_block(session, inputs, session->next, n, output);
        session->next += n;
        if (session->next < n_rows && leat_now_ns() - start >= budget_ns)
            return LEAT_MORE;
    }
    session->next = 0;
    return LEAT_OK;
}
