/* worker/supervisor.h: the lanes as one worker.
 *
 * Starts a thread a lane, waits for a signal or for a lane to fail, and brings all down
 * within a bound. SIGTERM and SIGINT, which the caller holds (signals.h), drain; a second
 * one ends the process at once. Every ten seconds it says in one line how the stream flows.
 *
 * Where more events fail than dead_letter.max_rate allows it halts the lanes, and waits for
 * a signal (docs/decisions/009-halting.md).
 *
 * Threads: main.
 * Fails:   the error of the first lane that failed, which stands in the log by then;
 *          E_HALTED when it was stopped after it had halted; OK after a drain.
 */
#ifndef LEAT_WORKER_SUPERVISOR_H
#define LEAT_WORKER_SUPERVISOR_H

#include "worker/config/config.h"
#include "worker/health/health.h"
#include "worker/plan.h"

/* Lanes that a configuration means. */
uint32_t leat_supervisor_lanes(const leat_config *config);

leat_status leat_supervisor_run(const leat_config *config, leat_plan *plan,
                                leat_health *health, leat_error *error) LEAT_MUST_CHECK;

#endif
