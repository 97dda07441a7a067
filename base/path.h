/* base/path.h: the one grammar by which a configuration names a value.
 *
 *   event.a.b[0]      a field of the payload; "event.\"a.b\"" quotes a name with dots
 *   candidate         one of those that an event has ranked, and candidate.a.b[0] a field
 *                     of it
 *   key               the record's key, as text
 *   headers.NAME      the last header of that name
 *   meta.topic        and meta.partition, meta.offset, meta.timestamp (milliseconds)
 *   LOOKUP.FIELD      a field of a lookup, AGGREGATE.NAME a value of an aggregate: any
 *                     other first name
 *
 * Owns:    the path's steps live in the arena that it was parsed into.
 * Threads: any.
 * Fails:   E_CONFIG, with the column at which the text stops making sense.
 */
#ifndef LEAT_BASE_PATH_H
#define LEAT_BASE_PATH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>

enum { LEAT_MAX_PATH_STEPS = 16 };

typedef enum leat_root {
    LEAT_ROOT_EVENT,
    LEAT_ROOT_KEY,
    LEAT_ROOT_HEADERS,
    LEAT_ROOT_META,
    LEAT_ROOT_CANDIDATE,
    LEAT_ROOT_NAMED, /* a lookup or an aggregate: path.name says which */
} leat_root;

typedef enum leat_meta {
    LEAT_META_TOPIC,
    LEAT_META_PARTITION,
    LEAT_META_OFFSET,
    LEAT_META_TIMESTAMP,
} leat_meta;

/* One step into a container: a member by name, or an element of an array by index. */
typedef struct leat_step {
    bool is_index;
    uint32_t index;
    leat_slice name;
} leat_step;

typedef struct leat_path {
    leat_root root;
    const char *text; /* as it was written, NUL-terminated */
    const char *name; /* NAMED: the lookup's name; HEADERS: the header's; else NULL */
    leat_meta meta;   /* META */
    uint32_t n_steps; /* EVENT and NAMED: at least one; CANDIDATE: any number */
    const leat_step *steps;
} leat_path;

leat_status leat_path_parse(leat_path *path, leat_arena *arena, const char *text,
                            leat_error *error) LEAT_MUST_CHECK;

/* Whether both name the same value, however they are written. */
bool leat_path_equal(const leat_path *a, const leat_path *b);

/* Whether it leads to text, whatever that spells: a key, a header, the topic's name. */
static inline bool leat_path_is_text(const leat_path *path)
{
    return path->root == LEAT_ROOT_KEY || path->root == LEAT_ROOT_HEADERS ||
           (path->root == LEAT_ROOT_META && path->meta == LEAT_META_TOPIC);
}

#endif
