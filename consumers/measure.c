/* What the source tells of its partitions: events taken, and events that wait. */
#include "consumers/source_internal.h"

void leat_source_count(leat_source *source, const leat_batch *batch)
{
    for (uint32_t i = 0; i < batch->n_events;) {
        uint32_t slot = batch->events[i].slot, first = i;
        while (i < batch->n_events && batch->events[i].slot == slot)
            i++; /* they come in runs */
        leat_counter_add(&leat_partition_meters_at(&source->meters, slot)->consumed,
                         i - first);
    }
}

/* A partition that nothing was taken of yet may stand at "the beginning". */
static uint64_t lag_of(const leat_source *source, const leat_slot *slot)
{
    int64_t low, high;
    if (!slot->assigned || rd_kafka_get_watermark_offsets(source->consumer, slot->topic,
                                                          slot->partition, &low, &high))
        return 0;
    int64_t taken = slot->taken == RD_KAFKA_OFFSET_BEGINNING ? low : slot->taken;
    return taken >= 0 && high > taken ? (uint64_t)(high - taken) : 0;
}

uint64_t leat_source_measure(leat_source *source)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < source->n_slots; i++) {
        leat_partition_meter *meter = leat_partition_meters_at(&source->meters, i);
        uint64_t lag = lag_of(source, &source->slots[i]);
        leat_counter_set(&meter->lag, lag);
        leat_counter_set(&meter->assigned, source->slots[i].assigned);
        all += lag;
    }
    return all;
}

const leat_partition_meters *leat_source_meters(const leat_source *source)
{
    return &source->meters;
}
