/* worker/json_text.h: a msgpack value as JSON, for eyes and pipes.
 *
 * Numbers are spelled so that they are read back as the same double or integer; a float
 * keeps a point or an exponent. What JSON lacks is tagged:
 *
 *   bytes              {"$bin": base64}
 *   a timestamp        {"$time": [seconds, nanoseconds]}
 *   nan and infinity   {"$float": "nan" | "inf" | "-inf"}
 *   any other ext      {"$ext": type, "data": base64}
 *   a map with a key   {"$map": [[key, value], ...]}, and also one that would be taken
 *   that is no text    for a tag, because its first key is the name of one
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   as base/msgpack.h, E_UTF8 included; the cursor is on what was refused, and a
 *          part of the value may have been written.
 */
#ifndef LEAT_WORKER_JSON_TEXT_H
#define LEAT_WORKER_JSON_TEXT_H

#include "base/msgpack.h"

#include <stdio.h>

/* Writes the value at the cursor, without a newline, and passes over it. */
leat_status leat_json_write(FILE *out, leat_cursor *cursor) LEAT_MUST_CHECK;

#endif
