/* worker/supervisor.h: the lanes as one worker.
 *
 * Starts a thread a lane, waits for a signal or for a lane to fail, and brings all down
 * within a bound. SIGTERM and SIGINT, which the caller holds (signals.h), drain; a second
 * one ends the process at once. Every ten seconds it says in one line how the stream flows.
 *
 * Threads: main.
 * Fails:   the error of the first lane that failed, which stands in the log by then; OK
 *          after a drain.
 */
#ifndef LEAT_WORKER_SUPERVISOR_H
#define LEAT_WORKER_SUPERVISOR_H

#include "worker/config/config.h"
#include "worker/plan.h"

leat_status leat_supervisor_run(const leat_config *config, leat_plan *plan,
                                leat_error *error) LEAT_MUST_CHECK;

#endif
