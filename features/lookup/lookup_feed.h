/* features/lookup/lookup_feed.h: from what an entity was answered to an event's columns.
 *
 * A value that is older than the lookup takes is missing, one of the cache past its time
 * lowers the event's quality; the rest is features/feed.h's.
 *
 * Owns:    nothing.
 * Threads: one lane.
 * Fails:   never; the event is marked.
 */
#ifndef LEAT_FEATURES_LOOKUP_FEED_H
#define LEAT_FEATURES_LOOKUP_FEED_H

#include "features/lookup/lookup_format.h"

/* Into rows [first, end) of the event, at least one, in their order. `entity` NULL: they
 * name none. */
void leat_lookup_feed(const leat_question *question, leat_batch *batch, leat_event *event,
                      uint32_t first, uint32_t end, const leat_lookup_entity *entity);

#endif
