/* worker/config/config_table.h: every key that a configuration may hold, as data.
 *
 * The loader (config.c), the readers of values (config_value.c), the "did you mean" and
 * the reference in docs/configuration.md (config_docs.c) all walk this table: a new key
 * is a new row and a new field of leat_config.
 *
 * Owns:    nothing; constants.
 * Threads: any.
 */
#ifndef LEAT_WORKER_CONFIG_TABLE_H
#define LEAT_WORKER_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum leat_key_type {
    LEAT_KEY_SECTION,  /* keys of its own, `keys` */
    LEAT_KEY_MAP,      /* names that the user chooses, each with an `element` */
    LEAT_KEY_LIST,     /* of `element`; a leat_strings */
    LEAT_KEY_TEXT,     /* const char *, not empty unless that is the default */
    LEAT_KEY_TOPIC,    /* const char *: Kafka's rules for the name of a topic */
    LEAT_KEY_FILE,     /* const char *: beside the configuration file */
    LEAT_KEY_DIGEST,   /* const char *: sha256 */
    LEAT_KEY_PATH,     /* const char *: base/path.h */
    LEAT_KEY_TEMPLATE, /* const char *: key_template.h */
    LEAT_KEY_PROPERTY, /* const char *: the value of a librdkafka property */
    LEAT_KEY_DURATION, /* uint64_t, nanoseconds */
    LEAT_KEY_SIZE,     /* uint64_t, bytes */
    LEAT_KEY_INTEGER,  /* uint32_t */
    LEAT_KEY_SIGNED,   /* int64_t */
    LEAT_KEY_NUMBER,   /* double, finite also as a float */
    LEAT_KEY_SCALAR,   /* leat_config_scalar */
    LEAT_KEY_LISTEN,   /* leat_address: address.h */
    LEAT_KEY_CHOICE,   /* an enum: the place of the word in `choices` */
    LEAT_KEY_LATER,    /* a part that is not built yet */
} leat_key_type;

/* What a path may be for the key that it is the value of. */
typedef enum leat_key_paths {
    LEAT_PATHS_TIME, /* event.* or meta.timestamp */
    LEAT_PATHS_ANY,
    LEAT_PATHS_EVENT, /* what an event has: all but LOOKUP.FIELD and candidates */
    LEAT_PATHS_ROW,   /* what an event or a candidate has */
    LEAT_PATHS_ARRAY, /* event.* */
    LEAT_PATHS_CANDIDATE,
} leat_key_paths;

typedef struct leat_choice {
    const char *word;
    bool later; /* not supported yet */
} leat_choice;

typedef struct leat_key {
    const char *name; /* NULL: the end of a table; an element has none of its own */
    leat_key_type type;
    bool required;
    bool unstored;               /* nothing to choose yet: checked, kept nowhere */
    const char *fallback;        /* the default as one would write it, or NULL */
    const char *default_text;    /* for the reference, where `fallback` cannot say it */
    const char *min, *max;       /* DURATION, SIZE, INTEGER, NUMBER: as written */
    const char *word;            /* INTEGER: the word for 0, or NULL */
    leat_key_paths paths;        /* PATH */
    const leat_choice *choices;  /* CHOICE: ends with a NULL word */
    const struct leat_key *keys; /* SECTION */
    const struct leat_key *element; /* MAP, LIST */
    bool or_one;                    /* LIST: a single item needs no brackets */
    size_t offset;  /* of the field in leat_config, or in the element of a map */
    size_t present; /* of a bool that says whether the key was there; 0: none */
    size_t at;      /* MAP: of the array, `offset` being that of its count */
    size_t place;   /* MAP: of the leat_place in an element; its name comes first */
    size_t size;    /* MAP: of an element */
    const char *help;
} leat_key;

/* The whole configuration, a SECTION. */
extern const leat_key leat_config_table;

/* What a value of this type is, for people: "a duration such as 2ms". */
const char *leat_key_type_text(leat_key_type type);

#endif
