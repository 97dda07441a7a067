/* base/json_pack.h: the msgpack of a JSON text.
 *
 * One pass over somebody else's bytes: no tree, no recursion, and no more memory than a
 * constant times the text, which is asked for once. What comes out passes
 * leat_msgpack_check, so whoever reads msgpack reads JSON too.
 *
 *   object, array        map, array, at most LEAT_MSGPACK_MAX_DEPTH deep. Keys that stand
 *                        twice pass on as they are
 *   a number of digits   that integer to the last digit, where int64 or uint64 holds it
 *   any other number     float 64, rounded once; -0.0 keeps its sign
 *   string               str
 *   true, false, null    true, false, nil
 *
 * The grammar is RFC 8259's and nothing beside it: no NaN, no comments, no comma behind
 * the last element, no byte order mark. Text must be UTF-8, and surrogates must be pairs.
 *
 * Owns:    nothing; the msgpack is in the arena.
 * Threads: any.
 * Fails:   E_FORMAT, E_TRUNCATED, E_TRAILING, E_UTF8, E_DEPTH; E_RANGE for a number
 *          beyond a double; E_TOO_LARGE, E_MEMORY. `fault` says where, and
 *          leat_json_explain in words.
 */
#ifndef LEAT_BASE_JSON_PACK_H
#define LEAT_BASE_JSON_PACK_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

/* Why a text was refused. */
typedef struct leat_json_fault {
    uint32_t at;          /* the byte */
    const char *expected; /* E_FORMAT, E_TRUNCATED: what should be there */
} leat_json_fault;

/* One JSON value, and space around it, as one msgpack value. */
leat_status leat_json_pack(leat_slice text, leat_arena *arena, leat_slice *packed,
                           leat_json_fault *fault) LEAT_MUST_CHECK;

/* Fills `error` with why `text` was refused with `status`; returns it. `origin` is where
 * the text begins in what the reader knows: 0 for a payload. */
leat_status leat_json_explain(leat_slice text, const leat_json_fault *fault,
                              uint64_t origin, leat_status status, leat_error *error);

#endif
