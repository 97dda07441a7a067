/* base/distribution.h: how many values lay at or below each of some bounds, and their sum.
 *
 * What Prometheus calls a histogram. Bounds and values are whole numbers of one unit
 * (nanoseconds, events), so the sum is exact; `scale` makes base units of them. A meter
 * (meter.h) that is read while it is written: every count is whole, and a reader who takes
 * the total from the counts gets one that agrees with them.
 *
 * Threads: one writer each; readers: any.
 */
#ifndef LEAT_BASE_DISTRIBUTION_H
#define LEAT_BASE_DISTRIBUTION_H

#include "base/meter.h"

enum { LEAT_MAX_BOUNDS = 20 };

typedef struct leat_bounds {
    double scale; /* of the unit: 1e-9 where seconds are shown and nanoseconds counted */
    uint32_t n;
    uint64_t at[LEAT_MAX_BOUNDS]; /* ascending */
} leat_bounds;

extern const leat_bounds leat_bounds_stage;      /* 50 us to 1 s */
extern const leat_bounds leat_bounds_end_to_end; /* the same, and on to 60 s */
extern const leat_bounds leat_bounds_events;     /* powers of two, to 65536; rows */
extern const leat_bounds leat_bounds_age;        /* 1 s to 30 days, of seconds */

typedef struct leat_distribution {
    leat_counter counts[LEAT_MAX_BOUNDS + 1]; /* [n]: above the last bound */
    leat_counter sum;
} leat_distribution;

void leat_distribution_add(leat_distribution *distribution, const leat_bounds *bounds,
                           uint64_t value);

#endif
