/* consumers/partition_meters.h: what a source counts of each partition that it has met.
 *
 * Design notes: a table that grows while another thread reads it
 *
 *   1. Entries lie in chunks, each twice as large as the one before; a chunk is never
 *      moved, so an entry stays where it was made.
 *   2. The lane makes the chunk, writes the names into the entry, and then publishes the
 *      new length with release.
 *   3. A reader acquires the length and looks at nothing beyond it: chunks and names below
 *      it were written before, and are never written again. The counters are meters.
 *
 * An entry has the index of its slot in the source. Entries are never taken away: what is
 * not assigned any more says so.
 *
 * Owns:    its chunks. Not the topics' names, which the source interns.
 * Threads: add and the counters: one lane; n, at: any, until fini.
 * Fails:   add: false when out of memory.
 */
#ifndef LEAT_CONSUMERS_PARTITION_METERS_H
#define LEAT_CONSUMERS_PARTITION_METERS_H

#include "base/meter.h"

#include <stdbool.h>

typedef struct leat_partition_meter {
    const char *topic;
    int32_t partition;
    leat_counter consumed; /* events that batches took */
    leat_counter lag;      /* events that wait, as far as the last fetch told */
    leat_counter assigned; /* 1, or 0 */
} leat_partition_meter;

enum { LEAT_PARTITION_CHUNKS = 24 };

typedef struct leat_partition_meters {
    _Atomic uint32_t n;
    leat_partition_meter *chunks[LEAT_PARTITION_CHUNKS];
} leat_partition_meters;

void leat_partition_meters_fini(leat_partition_meters *meters);

bool leat_partition_meters_add(leat_partition_meters *meters, const char *topic,
                               int32_t partition);

/* How many there are, by now; what lies below stays. */
uint32_t leat_partition_meters_n(const leat_partition_meters *meters);

leat_partition_meter *leat_partition_meters_at(const leat_partition_meters *meters,
                                               uint32_t i);

#endif
