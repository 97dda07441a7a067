/* features/lookup_feed.h: from what an entity was answered to the columns of an event.
 *
 * Nothing is written for a value that is missing or unavailable: the decoder has put the
 * default (or NaN) into the row already, and its bit in `missing` stands until a value
 * clears it. What happened is counted and lowers the event's quality.
 *
 * Owns:    nothing.
 * Threads: one lane.
 * Fails:   never; the event is marked.
 */
#ifndef LEAT_FEATURES_LOOKUP_FEED_H
#define LEAT_FEATURES_LOOKUP_FEED_H

#include "features/lookup_format.h"

/* `entity` NULL: the event names none. */
void leat_lookup_feed(const leat_question *question, leat_batch *batch, leat_event *event,
                      const leat_lookup_entity *entity);

#endif
