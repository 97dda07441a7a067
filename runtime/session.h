/* runtime/session.h: a model at work in one lane.
 *
 * run() scores rows [0, n_rows) of the inputs and writes as many rows of the output. A long
 * model yields: run() returns MORE after about `budget_ns`, so that the lane can serve
 * acknowledgements, and goes on from there when called again with the same arguments.
 *
 * Owns:    its scratch memory. Not the model, which outlives it.
 * Threads: one lane.
 * Fails:   new: E_MEMORY; E_UNSUPPORTED where the model has no margins or leaves. run:
 *          never; a score that is not finite is for the sink to refuse.
 */
#ifndef LEAT_RUNTIME_SESSION_H
#define LEAT_RUNTIME_SESSION_H

#include "base/tensor.h"
#include "runtime/model.h"

typedef struct leat_session leat_session;

/* What a run writes. */
typedef enum leat_score_kind {
    LEAT_SCORE_PREDICT, /* what the framework's default predict returns */
    LEAT_SCORE_MARGIN,  /* before the link function */
    LEAT_SCORE_LEAVES,  /* the framework's id of the leaf that each tree ends in */
} leat_score_kind;

leat_status leat_session_new(leat_session **session, const leat_model *model,
                             leat_score_kind kind) LEAT_MUST_CHECK;
void leat_session_free(leat_session *session);

/* What it writes: the model's output, f32 or f64; for MARGIN the same with a sum a group
 * in place of what the link makes of them; for LEAVES i32 [rows, n_trees]. */
const leat_tensor_spec *leat_session_output(const leat_session *session);

leat_status leat_session_run(leat_session *session, const leat_tensor *inputs,
                             uint32_t n_rows, leat_tensor *output,
                             uint64_t budget_ns) LEAT_MUST_CHECK;

/* The memory of what stands between inputs and output, in a run of as many rows as the
 * last one had. */
typedef struct leat_session_memory {
    size_t planned; /* bytes */
    size_t sum;     /* what it would be if every intermediate had a place of its own */
} leat_session_memory;
leat_session_memory leat_session_measure(const leat_session *session);

#endif
