#include "worker/batch_meters.h"

#include "base/clock.h"

#define X(name, value, class, text)                                                      \
    _Static_assert((value) > -LEAT_N_REASONS, #name " has no counter");
LEAT_STATUS_LIST(X)
#undef X

void leat_batch_meters_begin(leat_batch_meters *meters, const leat_batch *batch)
{
    meters->lap_ns = leat_now_ns();
    leat_distribution_add(&meters->wait, &leat_bounds_stage,
                          meters->lap_ns - batch->opened_ns);
}

void leat_batch_meters_lap(leat_batch_meters *meters, leat_stage stage)
{
    uint64_t now_ns = leat_now_ns();
    leat_distribution_add(&meters->stages[stage], &leat_bounds_stage,
                          now_ns - meters->lap_ns);
    meters->lap_ns = now_ns;
}

void leat_batch_meters_end(leat_batch_meters *meters, const leat_batch *batch)
{
    leat_distribution_add(&meters->size, &leat_bounds_events, batch->n_events);
    leat_distribution_add(&meters->rows, &leat_bounds_events, batch->n_rows);
    for (uint32_t i = 0; i < batch->n_events; i++) {
        const leat_event *event = &batch->events[i];
        if (event->status < 0)
            leat_counter_add(&meters->failed[event->stage][-event->status], 1);
    }
}

uint64_t leat_batch_meters_failed(const leat_batch_meters *meters)
{
    uint64_t failed = 0;
    for (int stage = 0; stage < LEAT_N_STAGES; stage++)
        for (int reason = 0; reason < LEAT_N_REASONS; reason++)
            failed += leat_counter_read(&meters->failed[stage][reason]);
    return failed;
}
