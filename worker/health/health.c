#include "worker/health/health.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

/* A lane may stay in one call of librdkafka's for half a minute. */
static const uint64_t LONGEST_CALL_NS = 60 * LEAT_SEC;

struct leat_health {
    pthread_mutex_t lock;
    uint64_t stall_ns;
    leat_phase phase;
    bool halted;
    char why[sizeof(((leat_error *)0)->msg)];
    uint32_t n_lanes;
    const leat_lane_meters *lanes[];
};

leat_health *leat_health_new(uint32_t max_lanes, uint64_t stall_ns)
{
    leat_health *health =
        calloc(1, sizeof *health + max_lanes * sizeof(const leat_lane_meters *));
    if (health) {
        pthread_mutex_init(&health->lock, NULL);
        health->stall_ns = stall_ns;
    }
    return health;
}

void leat_health_free(leat_health *health)
{
    if (!health)
        return;
    pthread_mutex_destroy(&health->lock);
    free(health);
}

uint64_t leat_health_stall_ns(const leat_config *config)
{
    return LONGEST_CALL_NS + config->window.max_wait_ns + config->redis.timeout_ns;
}

void leat_health_set(leat_health *health, leat_phase phase, const char *why)
{
    pthread_mutex_lock(&health->lock);
    if (phase > health->phase) {
        health->phase = phase;
        health->halted |= phase == LEAT_PHASE_HALTED;
        if (why)
            snprintf(health->why, sizeof health->why, "%s", why);
    }
    pthread_mutex_unlock(&health->lock);
}

void leat_health_add(leat_health *health, const leat_lane_meters *lane)
{
    pthread_mutex_lock(&health->lock);
    health->lanes[health->n_lanes++] = lane;
    pthread_mutex_unlock(&health->lock);
}

void leat_health_forget(leat_health *health)
{
    pthread_mutex_lock(&health->lock);
    health->n_lanes = 0;
    pthread_mutex_unlock(&health->lock);
}

const leat_lane_meters *const *leat_health_hold(leat_health *health, uint32_t *n)
{
    pthread_mutex_lock(&health->lock);
    *n = health->n_lanes;
    return health->lanes;
}

void leat_health_let_go(leat_health *health)
{
    pthread_mutex_unlock(&health->lock);
}

__attribute__((format(printf, 2, 3))) static void say(FILE *out, const char *format, ...)
{
    if (!out)
        return;
    va_list args;
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
}

/* ---- alive ---- */

/* How long the lane has left no time; 0 before it began. */
static uint64_t still_ns(const leat_lane_meters *lane, uint64_t now_ns)
{
    uint64_t beat_ns = leat_counter_read(&lane->beat_ns);
    return beat_ns && beat_ns < now_ns ? now_ns - beat_ns : 0;
}

bool leat_health_is_live(leat_health *health, uint64_t now_ns, FILE *out)
{
    uint32_t n;
    const leat_lane_meters *const *lanes = leat_health_hold(health, &n);
    bool live = true;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t ns = still_ns(lanes[i], now_ns);
        if (ns <= health->stall_ns)
            continue;
        say(out, "not alive: lane %u has not moved for %llu s\n", i,
            (unsigned long long)(ns / LEAT_SEC));
        live = false;
    }
    if (live)
        say(out, "alive\n");
    leat_health_let_go(health);
    return live;
}

/* ---- ready ---- */

/* A lane tells at once what ended it; that its thread has settled comes later. */
static bool say_failed_lane(const leat_health *health, FILE *out)
{
    for (uint32_t i = 0; i < health->n_lanes; i++) {
        const leat_lane_meters *lane = health->lanes[i];
        if (!atomic_load_explicit(&lane->failed, memory_order_acquire))
            continue;
        say(out, "not ready: failed: lane %u: %s\n", i, lane->failure.msg);
        return true;
    }
    return false;
}

static bool say_whether_joined(const leat_health *health, FILE *out)
{
    uint32_t waiting = 0;
    uint64_t assigned = 0;
    for (uint32_t i = 0; i < health->n_lanes; i++) {
        waiting += !leat_counter_read(&health->lanes[i]->joined);
        assigned += leat_counter_read(&health->lanes[i]->assigned);
    }
    if (waiting || !health->n_lanes)
        say(out, "not ready: %u of %u lanes wait for the answer of their group\n",
            waiting, health->n_lanes);
    else
        say(out, "ready: %u lane%s, %llu partition%s\n", health->n_lanes,
            health->n_lanes == 1 ? "" : "s", (unsigned long long)assigned,
            assigned == 1 ? "" : "s");
    return !waiting && health->n_lanes;
}

static bool say_phase(const leat_health *health, FILE *out)
{
    switch (health->phase) {
    case LEAT_PHASE_LOADING:
        say(out, "not ready: the model is being loaded\n");
        return false;
    case LEAT_PHASE_AWAITING:
        say(out, "not ready: no broker has answered yet\n");
        return false;
    case LEAT_PHASE_STARTING:
        say(out, "not ready: the lanes are being started\n");
        return false;
    case LEAT_PHASE_RUNNING:
        return say_whether_joined(health, out);
    case LEAT_PHASE_HALTED:
        say(out, "not ready: halted: %s\n", health->why);
        return false;
    case LEAT_PHASE_DRAINING:
        say(out, "not ready: draining%s\n", health->halted ? " (it had halted)" : "");
        return false;
    case LEAT_PHASE_FAILED:
        say(out, "not ready: failed: %s\n", health->why);
        break;
    }
    return false;
}

bool leat_health_is_ready(leat_health *health, FILE *out)
{
    pthread_mutex_lock(&health->lock);
    bool ready = !say_failed_lane(health, out) && say_phase(health, out);
    pthread_mutex_unlock(&health->lock);
    return ready;
}

bool leat_health_is_halted(leat_health *health)
{
    pthread_mutex_lock(&health->lock);
    bool halted = health->halted;
    pthread_mutex_unlock(&health->lock);
    return halted;
}
