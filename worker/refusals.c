#include "worker/refusals.h"

#include "base/log.h"

#include <stdio.h>

leat_window leat_refusals_window(const leat_refusals *refusals, const leat_window *window)
{
    leat_window made = *window;
    if (leat_refusals_is_careful(refusals) && refusals->max_events < made.max_events)
        made.max_events = refusals->max_events;
    return made;
}

static const leat_refused_event *find(const leat_refusals *refusals,
                                      const leat_event *event)
{
    for (uint32_t i = 0; i < refusals->n_known && i < LEAT_REFUSALS_KNOWN; i++) {
        const leat_refused_event *at = &refusals->known[i];
        if (at->slot == event->slot && at->offset == event->offset)
            return at;
    }
    return NULL;
}

/* An event that had failed already keeps what was said of it. */
void leat_refusals_mark(const leat_refusals *refusals, leat_batch *batch)
{
    if (!refusals->n_known)
        return;
    for (uint32_t i = 0; i < batch->n_events; i++) {
        leat_event *event = &batch->events[i];
        const leat_refused_event *refused = find(refusals, event);
        if (!refused)
            continue;
        const char *before = event->status ? event->reason : NULL;
        event->status = LEAT_OK;
        leat_batch_fail(batch, event, LEAT_STAGE_PUBLISH, LEAT_E_REFUSED,
                        "the brokers refused its record: %s%s%s", refused->why,
                        before ? "; and before that: " : "", before ? before : "");
    }
}

static leat_status remember(leat_refusals *refusals, const leat_event *event,
                            const char *why, leat_error *error)
{
    if (find(refusals, event))
        return leat_error_set(error, LEAT_E_DELIVERY,
                              "%s/%d/%lld: its dead letter was refused: %s", event->topic,
                              (int)event->partition, (long long)event->offset, why);
    leat_refused_event *known =
        &refusals->known[refusals->n_known++ % LEAT_REFUSALS_KNOWN];
    known->slot = event->slot;
    known->offset = event->offset;
    snprintf(known->why, sizeof known->why, "%s", why);
    return LEAT_OK;
}

leat_status leat_refusals_note(leat_refusals *refusals, const leat_batch *batch,
                               uint64_t n_unsettled, const char *why, leat_error *error)
{
    if (!leat_refusals_is_careful(refusals)) {
        bool was_too_short = refusals->n_suspects && !refusals->has_found;
        refusals->n_suspects = was_too_short ? 2 * refusals->n_suspects : n_unsettled;
        refusals->careful_events = refusals->n_suspects;
        refusals->has_found = false;
        refusals->max_events = batch->max_events;
        return LEAT_OK;
    }
    refusals->careful_events = refusals->n_suspects;
    refusals->max_events = (batch->n_events + 1) / 2;
    if (batch->n_events > 1)
        return LEAT_OK;
    refusals->max_events = batch->max_events;
    refusals->has_found = true;
    return remember(refusals, &batch->events[0], why, error);
}

bool leat_refusals_passed(leat_refusals *refusals, const leat_batch *batch)
{
    refusals->careful_events -= batch->n_events < refusals->careful_events
                                    ? batch->n_events
                                    : refusals->careful_events;
    return !refusals->careful_events && !refusals->has_found;
}
