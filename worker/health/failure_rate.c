#include "worker/health/failure_rate.h"

#include "base/clock.h"

void leat_failure_rate_init(leat_failure_rate *rate, double max_rate, uint64_t now_ns)
{
    *rate = (leat_failure_rate){.max_rate = max_rate, .second = now_ns / LEAT_SEC};
}

/* Empties the buckets of the seconds that have come since the last call. */
static void move_on(leat_failure_rate *rate, uint64_t second)
{
    uint64_t passed = second - rate->second;
    for (uint64_t i = 1; i <= passed && i <= LEAT_RATE_SECONDS; i++) {
        leat_tally *old = &rate->buckets[(rate->second + i) % LEAT_RATE_SECONDS];
        rate->minute.events -= old->events;
        rate->minute.failed -= old->failed;
        *old = (leat_tally){0};
    }
    rate->second = second;
}

bool leat_failure_rate_is_exceeded(leat_failure_rate *rate, uint64_t now_ns,
                                   leat_tally total)
{
    move_on(rate, now_ns / LEAT_SEC);
    leat_tally *newest = &rate->buckets[rate->second % LEAT_RATE_SECONDS];
    leat_tally grown = {total.events - rate->total.events,
                        total.failed - rate->total.failed};
    newest->events += grown.events;
    newest->failed += grown.failed;
    rate->minute.events += grown.events;
    rate->minute.failed += grown.failed;
    rate->total = total;
    return rate->minute.events >= LEAT_RATE_LEAST &&
           (double)rate->minute.failed > rate->max_rate * (double)rate->minute.events;
}
