/* tests/json_twin.h: what jansson makes of a JSON text, beside leat_json_pack.
 *
 * Both take and refuse the same texts, but for these:
 *
 *   deeper than LEAT_MSGPACK_MAX_DEPTH     jansson goes down to 2048
 *   an integer beyond int64                jansson refuses it; ours is a uint64 or a double
 *   "\u0000" in a key                      jansson's keys are C strings
 *   a zero byte right behind a number      jansson 2.14 passes over it
 */
#ifndef LEAT_TESTS_JSON_TWIN_H
#define LEAT_TESTS_JSON_TWIN_H

#include "base/json_pack.h"

#include <stdbool.h>

/* Whether jansson agrees with what leat_json_pack said of the text: with `status`, and
 * where that is OK with every value in `packed`. */
bool json_twin_agrees(leat_slice text, leat_status status, leat_slice packed);

#endif
