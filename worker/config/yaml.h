/* worker/config/yaml.h: a YAML text as a tree that knows where everything stands.
 *
 * The subset that a configuration needs: maps, lists and scalars of one document.
 * Anchors, aliases and tags are refused, so a small file can never grow into a large
 * tree; a key that stands twice in a map is refused too. What a scalar means (a number, a
 * duration) is for the reader of the tree: here it is text.
 *
 * Owns:    everything lives in the caller's arena; nothing points into `text`.
 * Threads: any.
 * Fails:   E_CONFIG "file:line:column: ...", E_MEMORY.
 */
#ifndef LEAT_WORKER_YAML_H
#define LEAT_WORKER_YAML_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { LEAT_YAML_MAX_DEPTH = 32 };

typedef struct leat_place {
    uint32_t line; /* from 1 */
    uint32_t column;
} leat_place;

typedef enum leat_yaml_type {
    LEAT_YAML_SCALAR,
    LEAT_YAML_LIST,
    LEAT_YAML_MAP,
} leat_yaml_type;

typedef struct leat_yaml {
    leat_yaml_type type;
    leat_place place;
    bool quoted;        /* SCALAR: 'x', "x" or a block: text, whatever it looks like */
    const char *text;   /* SCALAR */
    const char *hidden; /* SCALAR: what to show instead of `text`, or NULL */
    uint32_t n;         /* LIST, MAP */
    struct leat_yaml_entry *entries;
} leat_yaml;

typedef struct leat_yaml_entry {
    const char *key;  /* MAP; NULL in a list */
    leat_place place; /* of the key */
    leat_yaml value;
} leat_yaml_entry;

/* An empty document is an empty map. `file` is for the messages alone. */
leat_status leat_yaml_parse(leat_yaml *root, leat_arena *arena, const char *file,
                            const char *text, size_t size,
                            leat_error *error) LEAT_MUST_CHECK;

/* The value of a key of a map; NULL when there is none, or `map` is no map. */
leat_yaml_entry *leat_yaml_find(const leat_yaml *map, const char *key);

/* Nothing, null or ~, and not quoted. */
bool leat_yaml_is_null(const leat_yaml *node);

/* What was found, for people: "a list", "'12'", "nothing". */
const char *leat_yaml_describe(const leat_yaml *node, char buffer[64]);

/* Fills `error` with "file:line:column: " and the message. */
leat_status leat_place_refuse(leat_error *error, leat_status code, const char *file,
                              leat_place place, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
