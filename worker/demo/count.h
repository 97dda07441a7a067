/* worker/demo/count.h: what became of every event.
 *
 * The demo knows what it sent; here stands what came back. Each event must come out
 * exactly once: as a prediction when it was good, as a dead letter when it was malformed.
 * Both carry the event's id ("tx-<index>"), which the counter reads by itself: it believes
 * nothing that the worker counts. What the predictions are worth, the world's judge knows.
 *
 *   lost         sent, and the record that it must become was never seen
 *   duplicated   every record of an event behind its first
 *   unexpected   a record that names no event, a good event's dead letter, a malformed
 *                event's prediction, a prediction that the judge takes for none
 *
 * Owns:    its arrays, the judge.
 * Threads: one at a time.
 * Fails:   init: E_MEMORY.
 */
#ifndef LEAT_WORKER_DEMO_COUNT_H
#define LEAT_WORKER_DEMO_COUNT_H

#include "worker/demo/world.h"

typedef struct leat_count {
    const leat_world *world;
    void *judge;
    uint64_t n_events; /* that there will be */
    uint64_t sent;
    uint64_t settled; /* of them: came out as they must */
    uint64_t predictions;
    uint64_t dead_letters;
    uint64_t duplicated;
    uint64_t unexpected;

    struct leat_fate *fates; /* [n_events] */
    uint32_t *latencies; /* [settled predictions], microseconds, in order of arrival */
    uint64_t n_latencies;
} leat_count;

leat_status leat_count_init(leat_count *count, const leat_world *world,
                            uint64_t n_events) LEAT_MUST_CHECK;
void leat_count_fini(leat_count *count);

/* The next event is on its way. */
void leat_count_sent(leat_count *count, const leat_world_event *event, uint64_t now_ns);

/* A record of the predictions or of the dead letters, as it was read. */
void leat_count_prediction(leat_count *count, leat_slice value, uint64_t now_ns);
void leat_count_dead_letter(leat_count *count, leat_slice value);

/* Sent and not settled: on their way while the worker runs, lost afterwards. */
static inline uint64_t leat_count_missing(const leat_count *count)
{
    return count->sent - count->settled;
}

/* Milliseconds from sending an event to seeing its prediction: the value that `share`
 * (0.5, 0.99) of the last `window` predictions stay within. NaN before the first. */
double leat_count_latency_ms(const leat_count *count, uint64_t window, double share);

#endif
