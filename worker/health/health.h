/* worker/health/health.h: is the worker alive, is it ready, and if not, why?
 *
 * Alive is a worker whose lanes get on: every lane leaves the time in `beat_ns` on each
 * round, and wherever it lawfully waits. Brokers or a Redis that are away do not count; a
 * restart would not bring them back.
 *
 * Ready is one that has all it needs to score: model, brokers, an answer of the group to
 * every lane, be it of no partitions. One that halted, ends or was asked to end is not, and
 * says why.
 *
 * Owns:    a list of the lanes' meters (not them), the words.
 * Threads: set, add, forget: main; the rest: any. Main and the server share a lock, no lane
 *          ever takes it.
 */
#ifndef LEAT_WORKER_HEALTH_H
#define LEAT_WORKER_HEALTH_H

#include "worker/lane.h"

#include <stdio.h>

/* In this order: a worker never goes back. */
typedef enum leat_phase {
    LEAT_PHASE_LOADING,  /* the model */
    LEAT_PHASE_AWAITING, /* the brokers */
    LEAT_PHASE_STARTING, /* the lanes */
    LEAT_PHASE_RUNNING,
    LEAT_PHASE_HALTED,
    LEAT_PHASE_DRAINING,
    LEAT_PHASE_FAILED,
} leat_phase;

typedef struct leat_health leat_health;

/* A lane that leaves no time for longer than `stall_ns` has hung. */
leat_health *leat_health_new(uint32_t max_lanes, uint64_t stall_ns);
void leat_health_free(leat_health *health);

/* How long a lane may lawfully wait under this configuration, and some. */
uint64_t leat_health_stall_ns(const leat_config *config);

/* `why`: of HALTED and FAILED; else NULL. */
void leat_health_set(leat_health *health, leat_phase phase, const char *why);

/* The meters stay until they are forgotten. */
void leat_health_add(leat_health *health, const leat_lane_meters *lane);
void leat_health_forget(leat_health *health);

/* The words go to `out`, which may be NULL. */
bool leat_health_is_live(leat_health *health, uint64_t now_ns, FILE *out);
bool leat_health_is_ready(leat_health *health, FILE *out);
bool leat_health_is_halted(leat_health *health);

/* The lanes, which stay until they are let go. */
const leat_lane_meters *const *leat_health_hold(leat_health *health, uint32_t *n);
void leat_health_let_go(leat_health *health);

#endif
