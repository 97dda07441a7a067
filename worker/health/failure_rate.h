/* worker/health/failure_rate.h: did too many events fail within the last minute?
 *
 * A minute is sixty buckets of a second, which take what two totals grew by. Few events say
 * little: below a hundred in the minute, nothing is too many.
 *
 * Threads: main.
 */
#ifndef LEAT_WORKER_FAILURE_RATE_H
#define LEAT_WORKER_FAILURE_RATE_H

#include <stdbool.h>
#include <stdint.h>

enum { LEAT_RATE_SECONDS = 60, LEAT_RATE_LEAST = 100 };

typedef struct leat_tally {
    uint64_t events;
    uint64_t failed; /* of them */
} leat_tally;

typedef struct leat_failure_rate {
    double max_rate;
    leat_tally total;                      /* as of the last call */
    leat_tally minute;                     /* the sum of the buckets */
    uint64_t second;                       /* of the newest bucket */
    leat_tally buckets[LEAT_RATE_SECONDS]; /* by second modulo their number */
} leat_failure_rate;

void leat_failure_rate_init(leat_failure_rate *rate, double max_rate, uint64_t now_ns);

/* Takes the totals as of now; true when more than max_rate of the minute's events failed. */
bool leat_failure_rate_is_exceeded(leat_failure_rate *rate, uint64_t now_ns,
                                   leat_tally total);

#endif
