/* features/lookup/lookup_feed.h: from what an entity was answered to the columns of an event.
 *
 * Nothing is written for a value that is missing or unavailable: the decoder has put the
 * default (or NaN) into the rows already. The column's bit in `missing` is cleared before
 * its event's rows are fed, and set by the first row that gets no value. What happened is
 * counted and lowers the event's quality.
 *
 * Owns:    nothing.
 * Threads: one lane.
 * Fails:   never; the event is marked.
 */
#ifndef LEAT_FEATURES_LOOKUP_FEED_H
#define LEAT_FEATURES_LOOKUP_FEED_H

#include "features/lookup/lookup_format.h"

/* Nothing is missing so far. */
void leat_lookup_feed_begin(const leat_question *question, leat_batch *batch,
                            leat_event *event);

/* Into rows [first, end) of the event, at least one. `entity` NULL: they name none. */
void leat_lookup_feed(const leat_question *question, leat_batch *batch, leat_event *event,
                      uint32_t first, uint32_t end, const leat_lookup_entity *entity);

#endif
