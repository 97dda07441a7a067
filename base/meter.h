/* base/meter.h: numbers that one thread writes and any thread reads.
 *
 * A counter has a single writer, so adding is a plain load and store that readers see
 * whole; no locked instruction stands on the path of a batch.
 *
 * Threads: one writer each; readers: any.
 */
#ifndef LEAT_BASE_METER_H
#define LEAT_BASE_METER_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct leat_counter {
    _Atomic uint64_t value;
} leat_counter;

static inline void leat_counter_set(leat_counter *counter, uint64_t value)
{
    atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

static inline uint64_t leat_counter_read(const leat_counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

static inline void leat_counter_add(leat_counter *counter, uint64_t n)
{
    leat_counter_set(counter, leat_counter_read(counter) + n);
}

/* A histogram of microseconds: 8 buckets for every doubling, so a quantile is off by at
 * most one part in eight. */
enum { LEAT_HISTOGRAM_BUCKETS = 8 * 40 };

typedef struct leat_histogram {
    leat_counter buckets[LEAT_HISTOGRAM_BUCKETS];
} leat_histogram;

void leat_histogram_add(leat_histogram *histogram, uint64_t microseconds, uint64_t n);

/* Adds the counts to `counts`, so that those of several lanes come together. */
void leat_histogram_read(const leat_histogram *histogram,
                         uint64_t counts[LEAT_HISTOGRAM_BUCKETS]);

/* The upper bound in microseconds of the bucket in which quantile `q` (0 to 1) lies; 0
 * when nothing was counted. */
uint64_t leat_histogram_quantile(const uint64_t counts[LEAT_HISTOGRAM_BUCKETS], double q);

#endif
