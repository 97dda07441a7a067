#include "worker/supervisor.h"

#include "base/clock.h"
#include "base/log.h"
#include "worker/cores.h"
#include "worker/health/failure_rate.h"
#include "worker/lane.h"
#include "worker/report.h"
#include "worker/signals.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

/* A lane settles within 10 s; what is beyond this has hung. */
static const uint64_t STOP_NS = 15 * LEAT_SEC;
static const uint64_t LEAVE_NS = 5 * LEAT_SEC;
static const uint64_t TICK_NS = 100 * LEAT_MS;

typedef struct supervisor supervisor;

typedef struct worker_lane {
    supervisor *supervisor;
    leat_lane *lane;
    pthread_t thread;
    bool started;
    bool left; /* the group */
    atomic_bool ended;
    leat_status status;
    leat_error error;
} worker_lane;

struct supervisor {
    uint32_t n_lanes;
    worker_lane *lanes;
    leat_report *report;
    leat_health *health;
    leat_failure_rate rate;
    bool halted;
    sem_t leaving; /* posted once a lane, when all of them have settled */
    uint64_t leave_by_ns;
};

/* All lanes leave at once: one that waits for the answer to its JoinGroup gets it when the
 * group's other members have joined again, or left. */
static void *lane_main(void *opaque)
{
    worker_lane *worker = opaque;
    worker->status = leat_lane_run(worker->lane, &worker->error);
    atomic_store(&worker->ended, true);
    sem_wait(&worker->supervisor->leaving);
    leat_error error;
    worker->left =
        leat_lane_leave(worker->lane, worker->supervisor->leave_by_ns, &error) == LEAT_OK;
    if (!worker->left)
        leat_log(LEAT_LOG_WARN, "leat", "lane %u: %s",
                 (unsigned)(worker - worker->supervisor->lanes), error.msg);
    return NULL;
}

static uint32_t n_ended(const supervisor *self)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < self->n_lanes; i++)
        n += !self->lanes[i].started || atomic_load(&self->lanes[i].ended);
    return n;
}

static leat_status start_lanes(supervisor *self, const leat_config *config,
                               leat_plan *plan, leat_error *error)
{
    for (uint32_t i = 0; i < self->n_lanes; i++) {
        worker_lane *worker = &self->lanes[i];
        worker->supervisor = self;
        leat_status status = leat_lane_new(&worker->lane, config, plan, i, error);
        if (status != LEAT_OK)
            return status;
        leat_report_add(self->report, leat_lane_read(worker->lane));
        leat_health_add(self->health, leat_lane_read(worker->lane));
    }
    for (uint32_t i = 0; i < self->n_lanes; i++) {
        worker_lane *worker = &self->lanes[i];
        if (pthread_create(&worker->thread, NULL, lane_main, worker))
            return leat_error_set(error, LEAT_E_MEMORY, "cannot start a thread");
        worker->started = true;
        char name[16];
        snprintf(name, sizeof name, "lane %u", i);
        pthread_setname_np(worker->thread, name);
    }
    return LEAT_OK;
}

/* ---- halting ---- */

static leat_tally count_events(const supervisor *self)
{
    leat_tally total = {0};
    for (uint32_t i = 0; i < self->n_lanes; i++) {
        const leat_lane_meters *meters = leat_lane_read(self->lanes[i].lane);
        total.failed += leat_batch_meters_failed(&meters->way);
        total.events += leat_counter_read(&meters->events);
    }
    return total;
}

/* Where and why most events failed: what to look for first. */
static void find_worst(const supervisor *self, int *worst_stage, int *worst_reason)
{
    uint64_t most = 0;
    for (int stage = 0; stage < LEAT_N_STAGES; stage++)
        for (int reason = 0; reason < LEAT_N_REASONS; reason++) {
            uint64_t failed = 0;
            for (uint32_t i = 0; i < self->n_lanes; i++)
                failed += leat_counter_read(
                    &leat_lane_read(self->lanes[i].lane)->way.failed[stage][reason]);
            if (failed <= most)
                continue;
            most = failed;
            *worst_stage = stage;
            *worst_reason = reason;
        }
}

static void halt(supervisor *self)
{
    int stage = 0, reason = 0;
    char why[200];
    find_worst(self, &stage, &reason);
    snprintf(why, sizeof why,
             "%llu of %llu events of the last minute failed, most of them in %s with %s; "
             "dead_letter.max_rate is %g",
             (unsigned long long)self->rate.minute.failed,
             (unsigned long long)self->rate.minute.events,
             leat_stage_name((leat_stage)stage), leat_status_name((leat_status)-reason),
             self->rate.max_rate);
    for (uint32_t i = 0; i < self->n_lanes; i++)
        leat_lane_halt(self->lanes[i].lane);
    self->halted = true;
    leat_health_set(self->health, LEAT_PHASE_HALTED, why);
    leat_log(
        LEAT_LOG_ERROR, "leat",
        "halted: %s; nothing more is read or settled: mend it, then stop this worker "
        "and start it again",
        why);
}

static void halt_when_due(supervisor *self)
{
    if (!self->halted &&
        leat_failure_rate_is_exceeded(&self->rate, leat_now_ns(), count_events(self)))
        halt(self);
}

/* ---- from the first turn to the last ---- */

/* Whether a signal ended it. */
static bool watch(supervisor *self)
{
    while (!n_ended(self)) {
        const char *signal = leat_signals_wait(TICK_NS);
        if (signal) {
            leat_log(LEAT_LOG_INFO, "leat", "%s: %s", signal,
                     self->halted ? "leaving, settling nothing" : "draining");
            leat_health_set(self->health, LEAT_PHASE_DRAINING, NULL);
            return true;
        }
        leat_report_when_due(self->report);
        halt_when_due(self);
    }
    return false;
}

/* Of a worker that stops because something failed, the first signal asks for no more than that. */
static void stop_lanes(supervisor *self, bool was_told)
{
    uint64_t deadline_ns = leat_now_ns() + STOP_NS;
    for (uint32_t i = 0; i < self->n_lanes; i++)
        if (self->lanes[i].lane)
            leat_lane_stop(self->lanes[i].lane);
    while (n_ended(self) < self->n_lanes) {
        bool is_told = leat_signals_wait(TICK_NS);
        bool again = was_told && is_told;
        was_told |= is_told;
        if (!again && leat_now_ns() < deadline_ns)
            continue;
        leat_log(LEAT_LOG_ERROR, "leat",
                 "%s: stopping at once; what was not committed "
                 "will be scored again",
                 again ? "second signal" : "a lane did not stop in time");
        _exit(EX_SOFTWARE);
    }
}

/* From here on a signal ends the process as it would any other: all is settled. */
static void leave_group(supervisor *self)
{
    leat_signals_let_go();
    self->leave_by_ns = leat_now_ns() + LEAVE_NS;
    for (uint32_t i = 0; i < self->n_lanes; i++)
        sem_post(&self->leaving);
    for (uint32_t i = 0; i < self->n_lanes; i++)
        if (self->lanes[i].started)
            pthread_join(self->lanes[i].thread, NULL);
}

/* librdkafka waits without a bound to destroy a consumer that could not close, and 2.0.2 one whose
 * topic was deleted: such a lane goes with the process, and so do all when something failed. */
static void free_lanes(supervisor *self, leat_status status)
{
    if (status != LEAT_OK)
        return;
    for (uint32_t i = 0; self->lanes && i < self->n_lanes; i++)
        if (!self->lanes[i].started || self->lanes[i].left)
            leat_lane_free(self->lanes[i].lane);
}

static leat_status first_failure(const supervisor *self, leat_error *error)
{
    for (uint32_t i = 0; i < self->n_lanes; i++) {
        const worker_lane *worker = &self->lanes[i];
        if (!worker->started || worker->status == LEAT_OK)
            continue;
        *error = worker->error;
        return leat_error_prefix(error, "lane %u: ", i);
    }
    if (self->halted)
        return leat_error_set(error, LEAT_E_HALTED,
                              "stopped after it had halted; what was not settled will be "
                              "scored again");
    return LEAT_OK;
}

static leat_status say_failed(const leat_error *error)
{
    leat_log(LEAT_LOG_ERROR, "leat", "%s", error->msg);
    return error->code;
}

static leat_status work(supervisor *self, const leat_config *config, leat_plan *plan,
                        leat_error *error)
{
    bool was_told = false;
    leat_status status = start_lanes(self, config, plan, error);
    if (status == LEAT_OK) {
        leat_log(LEAT_LOG_INFO, "leat", "%u lane%s in group %s", self->n_lanes,
                 self->n_lanes == 1 ? "" : "s", config->source.group);
        leat_health_set(self->health, LEAT_PHASE_RUNNING, NULL);
        was_told = watch(self);
    }
    stop_lanes(self, was_told);
    if (status == LEAT_OK)
        status = first_failure(self, error);
    if (status != LEAT_OK) {
        leat_health_set(self->health, LEAT_PHASE_FAILED, error->msg);
        say_failed(error);
    }
    leave_group(self);
    leat_report_last(self->report);
    return status;
}

uint32_t leat_supervisor_lanes(const leat_config *config)
{
    return config->lanes ? config->lanes : leat_cores();
}

leat_status leat_supervisor_run(const leat_config *config, leat_plan *plan,
                                leat_health *health, leat_error *error)
{
    static supervisor self; /* as long as the lanes that go with the process */
    self = (supervisor){.n_lanes = leat_supervisor_lanes(config), .health = health};
    leat_failure_rate_init(&self.rate, config->dead_letter.max_rate, leat_now_ns());
    sem_init(&self.leaving, 0, 0);
    self.lanes = calloc(self.n_lanes, sizeof *self.lanes);
    self.report = leat_report_new(self.n_lanes);
    leat_status status;
    if (self.lanes && self.report) {
        status = work(&self, config, plan, error);
    } else {
        leat_error_set(error, LEAT_E_MEMORY, "no memory for lanes");
        status = say_failed(error);
    }
    leat_health_forget(health);
    free_lanes(&self, status);
    leat_report_free(self.report);
    sem_destroy(&self.leaving);
    return status;
}
