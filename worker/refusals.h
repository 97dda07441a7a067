/* worker/refusals.h: finding the event whose record the brokers refuse.
 *
 * Design notes: a poison record that cannot loop
 *
 *   A record can be refused for good after it was handed over: too large for the topic, or not
 *   what the topic takes. The brokers refuse it together with whatever travels in the same
 *   request, and the delivery reports do not say which one it was. Going back alone would
 *   publish it again, for ever.
 *
 *   1. A refusal makes the lane go back and be careful: it settles every batch at once, while
 *      it has it in hand, for as many events as can have been on their way.
 *   2. A careful batch that is refused is the one; the next ones are half as large. The lane
 *      goes back in all its partitions, so that as many others as before may come first.
 *   3. When it is a single event, that is the one. It is remembered, and becomes a truncated
 *      dead letter when it comes again.
 *   4. When that is refused too, nothing is left to try: the lane ends.
 *
 *   Good events that travel with it are refused, and published again, a few times. Where nothing
 *   is found it was no record: librdkafka does not split a batch of records that is larger than the
 *   topic takes.
 *
 * Owns:    leat_refusals is the caller's storage.
 * Threads: one lane.
 */
#ifndef LEAT_WORKER_REFUSALS_H
#define LEAT_WORKER_REFUSALS_H

#include "base/batch.h"
#include "base/error.h"
#include "consumers/window.h"

#include <stdbool.h>

enum { LEAT_REFUSALS_KNOWN = 16, LEAT_REFUSALS_WHY = 128 };

typedef struct leat_refused_event {
    uint32_t slot;
    int64_t offset;
    char why[LEAT_REFUSALS_WHY];
} leat_refused_event;

typedef struct leat_refusals {
    uint64_t n_suspects;     /* of the search: the refused record is among so many */
    uint64_t careful_events; /* how many are still to be published with care */
    uint32_t max_events;     /* of a careful batch */
    bool has_found;   /* the search; one that has not is followed by a longer one */
    uint32_t n_known; /* ever; the last LEAT_REFUSALS_KNOWN are remembered */
    leat_refused_event known[LEAT_REFUSALS_KNOWN];
} leat_refusals;

static inline bool leat_refusals_is_careful(const leat_refusals *refusals)
{
    return refusals->careful_events > 0;
}

/* The window of the next batch. */
leat_window leat_refusals_window(const leat_refusals *refusals,
                                 const leat_window *window);

/* Fails the events of the batch whose records were refused. */
void leat_refusals_mark(const leat_refusals *refusals, leat_batch *batch);

/* The brokers refused a record: of this batch, when the lane was careful, else one among
 * `n_unsettled` events. The lane goes back next. E_DELIVERY when it was the dead letter of an
 * event that was already known. */
leat_status leat_refusals_note(leat_refusals *refusals, const leat_batch *batch,
                               uint64_t n_unsettled, const char *why,
                               leat_error *error) LEAT_MUST_CHECK;

/* A careful batch is settled. True when that ends a search that has found nothing. */
bool leat_refusals_passed(leat_refusals *refusals, const leat_batch *batch);

#endif
