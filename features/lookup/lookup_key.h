/* features/lookup/lookup_key.h: the key of an entity, and texts around keys.
 *
 * Owns:    nothing; keys lie in the batch's arena.
 * Threads: any.
 * Fails:   E_MEMORY; E_MISSING when a part of the key is absent or nil; E_TYPE, and the
 *          event is marked.
 */
#ifndef LEAT_FEATURES_LOOKUP_KEY_H
#define LEAT_FEATURES_LOOKUP_KEY_H

#include "features/lookup/lookup_format.h"

/* After the lookup's template, from the captures of the event or of a row of it. */
leat_status leat_lookup_key(leat_batch *batch, leat_event *event,
                            const leat_slice *captures, const leat_question *question,
                            leat_slice *key) LEAT_MUST_CHECK;

/* Bytes of others in a message: the first 32, and printable whatever they are. */
enum { LEAT_SHOWN_SIZE = 36 };
const char *leat_show(leat_slice bytes, char shown[LEAT_SHOWN_SIZE]);

#endif
