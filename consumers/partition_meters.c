#include "consumers/partition_meters.h"

#include <stdlib.h>

enum { FIRST_BITS = 6, FIRST = 1 << FIRST_BITS };

/* Chunk c holds FIRST << c entries, behind (FIRST << c) - FIRST earlier ones. */
static uint32_t chunk_of(uint32_t i)
{
    return 31 - (uint32_t)__builtin_clz((i >> FIRST_BITS) + 1);
}

static uint32_t start_of(uint32_t chunk)
{
    return ((uint32_t)FIRST << chunk) - FIRST;
}

void leat_partition_meters_fini(leat_partition_meters *meters)
{
    for (uint32_t i = 0; i < LEAT_PARTITION_CHUNKS; i++)
        free(meters->chunks[i]);
}

bool leat_partition_meters_add(leat_partition_meters *meters, const char *topic,
                               int32_t partition)
{
    uint32_t n = atomic_load_explicit(&meters->n, memory_order_relaxed);
    uint32_t chunk = chunk_of(n);
    if (chunk == LEAT_PARTITION_CHUNKS)
        return false;
    if (!meters->chunks[chunk])
        meters->chunks[chunk] =
            calloc((size_t)FIRST << chunk, sizeof(leat_partition_meter));
    if (!meters->chunks[chunk])
        return false;
    leat_partition_meter *meter = leat_partition_meters_at(meters, n);
    meter->topic = topic;
    meter->partition = partition;
    atomic_store_explicit(&meters->n, n + 1, memory_order_release);
    return true;
}

uint32_t leat_partition_meters_n(const leat_partition_meters *meters)
{
    return atomic_load_explicit(&meters->n, memory_order_acquire);
}

leat_partition_meter *leat_partition_meters_at(const leat_partition_meters *meters,
                                               uint32_t i)
{
    uint32_t chunk = chunk_of(i);
    return &meters->chunks[chunk][i - start_of(chunk)];
}
