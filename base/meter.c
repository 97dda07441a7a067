#include "base/meter.h"

enum { SUB_BITS = 3, SUB = 1 << SUB_BITS };

/* Below 8 a bucket is one microsecond; above, the three bits behind the leading one
 * count. */
static unsigned bucket_of(uint64_t value)
{
    if (value < SUB)
        return (unsigned)value;
    unsigned top = 63 - (unsigned)__builtin_clzll(value);
    unsigned sub = (unsigned)(value >> (top - SUB_BITS)) & (SUB - 1);
    unsigned bucket = (top - SUB_BITS + 1) * SUB + sub;
    return bucket < LEAT_HISTOGRAM_BUCKETS ? bucket : LEAT_HISTOGRAM_BUCKETS - 1;
}

static uint64_t bucket_end(unsigned bucket)
{
    if (bucket < SUB)
        return bucket;
    unsigned shift = bucket / SUB - 1;
    return ((uint64_t)(SUB + bucket % SUB + 1) << shift) - 1;
}

void leat_histogram_add(leat_histogram *histogram, uint64_t microseconds, uint64_t n)
{
    leat_counter_add(&histogram->buckets[bucket_of(microseconds)], n);
}

void leat_histogram_read(const leat_histogram *histogram,
                         uint64_t counts[LEAT_HISTOGRAM_BUCKETS])
{
    for (unsigned i = 0; i < LEAT_HISTOGRAM_BUCKETS; i++)
        counts[i] += leat_counter_read(&histogram->buckets[i]);
}

uint64_t leat_histogram_quantile(const uint64_t counts[LEAT_HISTOGRAM_BUCKETS], double q)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < LEAT_HISTOGRAM_BUCKETS; i++)
        total += counts[i];
    if (!total)
        return 0;
    uint64_t rank = (uint64_t)(q * (double)(total - 1)) + 1;
    unsigned bucket = 0;
    for (uint64_t seen = counts[0]; seen < rank; seen += counts[bucket])
        bucket++;
    return bucket_end(bucket);
}
