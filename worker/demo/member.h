/* worker/demo/member.h: what stands in a prediction, read by the demo itself.
 *
 * Threads: any.
 */
#ifndef LEAT_WORKER_DEMO_MEMBER_H
#define LEAT_WORKER_DEMO_MEMBER_H

#include "base/msgpack.h"

/* Enters the map under the cursor and stops at the value of `key`; false: it has none. */
bool leat_member_find(leat_cursor *cursor, const char *key);

/* A member of the map itself. */
bool leat_member_read(leat_slice map, const char *key, leat_value *value);

bool leat_value_is_text(const leat_value *value, const char *text);

#endif
