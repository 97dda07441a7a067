#include "worker/supervisor.h"

#include "base/clock.h"
#include "base/log.h"
#include "worker/cores.h"
#include "worker/lane.h"
#include "worker/report.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

/* A lane settles within 10 s; what is beyond this has hung. */
static const uint64_t STOP_NS = 15 * LEAT_SEC;
static const uint64_t LEAVE_NS = 5 * LEAT_SEC;
static const uint64_t TICK_NS = 100 * LEAT_MS;

typedef struct worker_lane {
    leat_lane *lane;
    pthread_t thread;
    bool started;
    bool left; /* the group */
    atomic_bool ended;
    leat_status status;
    leat_error error;
} worker_lane;

typedef struct supervisor {
    uint32_t n_lanes;
    worker_lane *lanes;
    leat_report *report;
} supervisor;

static void *lane_main(void *opaque)
{
    worker_lane *worker = opaque;
    worker->status = leat_lane_run(worker->lane, &worker->error);
    atomic_store(&worker->ended, true);
    return NULL;
}

/* Signals are taken by the main thread alone, by waiting for them. */
static sigset_t block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

/* The signal that came within a tick, or 0. */
static int wait_tick(const sigset_t *set)
{
    const struct timespec tick = {.tv_nsec = (long)TICK_NS};
    int signal = sigtimedwait(set, NULL, &tick);
    return signal > 0 ? signal : 0;
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
        leat_status status = leat_lane_new(&worker->lane, config, plan, i, error);
        if (status != LEAT_OK)
            return status;
        leat_report_add(self->report, leat_lane_read(worker->lane));
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

static void watch(supervisor *self, const sigset_t *signals)
{
    while (!n_ended(self)) {
        int signal = wait_tick(signals);
        if (signal) {
            leat_log(LEAT_LOG_INFO, "leat", "%s: draining",
                     signal == SIGTERM ? "SIGTERM" : "SIGINT");
            return;
        }
        leat_report_when_due(self->report);
    }
}

static void stop_lanes(supervisor *self, const sigset_t *signals)
{
    uint64_t deadline_ns = leat_now_ns() + STOP_NS;
    for (uint32_t i = 0; i < self->n_lanes; i++)
        if (self->lanes[i].lane)
            leat_lane_stop(self->lanes[i].lane);
    while (n_ended(self) < self->n_lanes) {
        bool again = wait_tick(signals);
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
static void leave_group(supervisor *self, const sigset_t *signals)
{
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
    uint64_t deadline_ns = leat_now_ns() + LEAVE_NS;
    for (uint32_t i = 0; i < self->n_lanes; i++) {
        worker_lane *worker = &self->lanes[i];
        leat_error error;
        if (!worker->started)
            continue;
        pthread_join(worker->thread, NULL);
        worker->left = leat_lane_leave(worker->lane, deadline_ns, &error) == LEAT_OK;
        if (!worker->left)
            leat_log(LEAT_LOG_WARN, "leat", "lane %u: %s", i, error.msg);
    }
}

/* librdkafka waits without a bound to destroy a consumer that could not close: such a lane
 * goes with the process. */
static void free_lanes(supervisor *self)
{
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
    return LEAT_OK;
}

static leat_status work(supervisor *self, const leat_config *config, leat_plan *plan,
                        leat_error *error)
{
    sigset_t signals = block_signals();
    leat_status status = start_lanes(self, config, plan, error);
    if (status == LEAT_OK) {
        leat_log(LEAT_LOG_INFO, "leat", "%u lane%s in group %s", self->n_lanes,
                 self->n_lanes == 1 ? "" : "s", config->source.group);
        watch(self, &signals);
    }
    stop_lanes(self, &signals);
    leave_group(self, &signals);
    leat_report_last(self->report);
    return status == LEAT_OK ? first_failure(self, error) : status;
}

leat_status leat_supervisor_run(const leat_config *config, leat_plan *plan,
                                leat_error *error)
{
    supervisor self = {.n_lanes = config->lanes ? config->lanes : leat_cores()};
    self.lanes = calloc(self.n_lanes, sizeof *self.lanes);
    self.report = leat_report_new(self.n_lanes);
    leat_status status =
        self.lanes && self.report
            ? work(&self, config, plan, error)
            : leat_error_set(error, LEAT_E_MEMORY, "no memory for lanes");
    free_lanes(&self);
    leat_report_free(self.report);
    free(self.lanes);
    return status;
}
