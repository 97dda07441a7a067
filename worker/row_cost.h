/* worker/row_cost.h: what a row of a model costs, on this machine and now.
 *
 * Runs rows of made-up numbers, of every sign and magnitude, for a tenth of a second.
 * Integers are 0 and 1, which index any table; strings are empty.
 *
 * Owns:    nothing afterwards.
 * Threads: main.
 * Fails:   E_MEMORY.
 */
#ifndef LEAT_WORKER_ROW_COST_H
#define LEAT_WORKER_ROW_COST_H

#include "runtime/session.h"

typedef struct leat_row_cost {
    double microseconds;        /* a row */
    leat_session_memory memory; /* of the session */
} leat_row_cost;

/* Where `n_rows` are run at once. */
leat_status leat_row_cost_measure(const leat_model *model, uint32_t n_rows,
                                  leat_row_cost *cost) LEAT_MUST_CHECK;

#endif
