/* worker/golden.h: rows whose scores are known, as a proof that the model is the right
 * one and runs here as it ran where it was trained.
 *
 * One JSON object a line:
 *
 *   {"features": {"amount": 12.5, "hour": 3}, "score": 0.97}
 *   {"row": [12.5, 3], "scores": [0.1, 0.2, 0.7]}
 *
 * `row` has the model's columns in order, null being missing, input after input where
 * there are several; `features` has them by name, an absent one getting its default.
 * `score`, `scores` or `label`, as the prediction has it. Of trees a score may be 2 steps
 * of its type (float32 or float64) away; of a graph 1e-5, or that share of a score above 1.
 *
 * Owns:    nothing afterwards.
 * Threads: main.
 * Fails:   E_NO_INPUT, E_CONFIG for a file that is not so, E_MODEL for a score that is
 *          further away: "file:line: expected ..., the model gives ...".
 */
#ifndef LEAT_WORKER_GOLDEN_H
#define LEAT_WORKER_GOLDEN_H

#include "worker/plan.h"

/* Checks the rows of `path` against the plan's model; `*n_rows` is how many. */
leat_status leat_golden_check(const leat_plan *plan, const char *path, uint32_t *n_rows,
                              leat_error *error) LEAT_MUST_CHECK;

#endif
