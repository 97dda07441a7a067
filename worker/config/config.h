/* worker/config/config.h: the one YAML file, read, checked and typed.
 *
 * One declarative table (config_table.c) holds every key: its path, type, default,
 * bounds, and help. The parser, the checker, the "did you mean" and the documentation all
 * come from it. Nobody else reads configuration: plan.c turns it into a schema and stage
 * specs, and lane.c and supervisor.c read the settings of their clients from this struct.
 *
 * References follow OpenTelemetry's grammar in scalars: ${VAR}, ${env:VAR},
 * ${VAR:-default}, $$ for a dollar, and ${file:/path} for a secret (its trailing newline
 * is cut). No recursion; an undefined variable is an error; types are resolved after
 * substitution.
 *
 * Owns:    every string, in its arena, until free.
 * Threads: main loads; immutable afterwards: any.
 * Fails:   E_NO_INPUT, E_CONFIG: "file:line:column: key: what was found, what is
 *          allowed". E_UNSUPPORTED for a key of a part that is not built yet (also exit
 *          78).
 */
#ifndef LEAT_WORKER_CONFIG_H
#define LEAT_WORKER_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "base/schema.h"
#include "worker/config/address.h"
#include "worker/config/yaml.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct leat_strings {
    uint32_t n;
    const char **at;
} leat_strings;

/* A name and a value that the user chose, such as a librdkafka property. */
typedef struct leat_pair {
    const char *name;
    const char *value;
    leat_place place;
} leat_pair;

typedef struct leat_pairs {
    uint32_t n;
    leat_pair *at;
} leat_pairs;

typedef struct leat_config_input {
    const char *name;
    leat_strings columns; /* names of features, in the order of the columns */
    leat_place place;
} leat_config_input;

/* A number or text, whichever the model's input takes. */
typedef struct leat_config_scalar {
    const char *text;
    bool is_number; /* that a float32 can hold */
    double number;
} leat_config_scalar;

typedef enum leat_as {
    LEAT_AS_NUMBER,
    LEAT_AS_HOUR,
    LEAT_AS_WEEKDAY,
    LEAT_AS_SECONDS_SINCE,
    LEAT_AS_IDS,
} leat_as;

typedef enum leat_keep { LEAT_KEEP_FIRST, LEAT_KEEP_LAST } leat_keep;

typedef struct leat_config_feature {
    const char *name;
    const char *from; /* a path */
    bool has_default;
    leat_config_scalar default_value;
    bool has_as;
    leat_as as;
    const char *zone; /* HOUR, WEEKDAY; or NULL: UTC */
    bool has_categories;
    leat_strings categories;
    bool has_length, has_pad, has_keep;
    uint32_t length; /* IDS */
    int64_t pad;     /* IDS; default 0 */
    leat_keep keep;  /* IDS; default last */
    leat_place place;
} leat_config_feature;

/* The order of `lookup_formats` in config_table.c. */
typedef enum leat_config_lookup_format {
    LEAT_CONFIG_LOOKUP_HASH,
    LEAT_CONFIG_LOOKUP_MSGPACK,
    LEAT_CONFIG_LOOKUP_JSON,
    LEAT_CONFIG_LOOKUP_FEAST,
} leat_config_lookup_format;

/* The order of `on_unavailable` in config_table.c. */
typedef enum leat_config_unavailable {
    LEAT_CONFIG_UNAVAILABLE_DEFAULT,
    LEAT_CONFIG_UNAVAILABLE_WAIT,
    LEAT_CONFIG_UNAVAILABLE_DEAD_LETTER,
} leat_config_unavailable;

/* The order of `join_types` in config_table.c. */
typedef enum leat_config_join_type {
    LEAT_CONFIG_JOIN_STRING,
    LEAT_CONFIG_JOIN_INT64,
    LEAT_CONFIG_JOIN_INT32,
    LEAT_CONFIG_JOIN_BYTES,
    LEAT_CONFIG_JOIN_UNIX_TIMESTAMP,
} leat_config_join_type;

typedef struct leat_config_join {
    const char *name;
    leat_config_join_type type;
    leat_place place;
} leat_config_join;

/* A value of the event, and what it may be. */
typedef struct leat_config_condition {
    const char *path;
    leat_strings wanted; /* any of them */
    leat_place place;
} leat_config_condition;

typedef struct leat_config_lookup {
    const char *name;
    const char *key; /* a template; NULL with format feast */
    leat_config_lookup_format format;
    leat_config_unavailable on_unavailable;
    const char *time;    /* a path below the lookup, or NULL */
    uint64_t max_age_ns; /* 0: any */
    struct {
        const char *project;
        uint32_t version;
        const char *view;    /* or NULL */
        leat_pairs entities; /* join key: path */
        uint32_t n_types;
        leat_config_join *types; /* of some join keys */
    } feast;
    leat_place place;
} leat_config_lookup;

/* One value of an aggregate: one of the paths, a count where there is none. */
typedef struct leat_config_value {
    const char *name;
    const char *sum, *mean, *min, *max, *std, *distinct, *last; /* paths, or NULL */
    uint32_t n;                                                 /* of `last` */
    uint32_t since; /* meaningful when has_since */
    bool has_since;
    leat_place place;
} leat_config_value;

typedef struct leat_config_aggregate {
    const char *name;
    const char *entity; /* a path */
    uint64_t over_ns;
    uint64_t lateness_ns; /* 0: a bucket */
    uint64_t keep_ns;
    leat_config_unavailable on_unavailable;
    uint32_t n_values;
    leat_config_value *values;
    leat_place place;
} leat_config_aggregate;

typedef struct leat_config_threshold {
    const char *decision;
    double min_score;
    leat_place place;
} leat_config_threshold;

typedef enum leat_start { LEAT_START_LATEST, LEAT_START_EARLIEST } leat_start;

typedef enum leat_out_of_range {
    LEAT_OUT_OF_RANGE_STOP,
    LEAT_OUT_OF_RANGE_EARLIEST,
    LEAT_OUT_OF_RANGE_LATEST,
} leat_out_of_range;

typedef enum leat_delivery {
    LEAT_DELIVERY_AT_LEAST_ONCE,
    LEAT_DELIVERY_EXACTLY_ONCE,
} leat_delivery;

typedef struct leat_config {
    leat_arena arena;
    const char *file;
    leat_yaml root; /* what was read, references replaced */

    leat_pairs
        kafka; /* bootstrap.servers and any librdkafka property, for every client */

    struct {
        leat_strings topics;
        leat_payload_format format; /* default msgpack */
        const char *group;          /* default: "leat-" and the model's name */
        uint32_t n_conditions;
        leat_config_condition *where;   /* all of them */
        const char *time;               /* a path; default "meta.timestamp" */
        leat_start start;               /* default latest */
        leat_out_of_range out_of_range; /* default stop */
        const char *id_prefix;          /* default "" */
        leat_pairs kafka;               /* consumer only */
        const char *file_key; /* not of the file: what stands for the key of events that
                                 have none, a path of theirs, or NULL */
    } source;

    struct {
        uint32_t max_events;  /* default 256; 1 to 65536 */
        uint64_t max_wait_ns; /* default 2ms */
        uint64_t max_bytes;   /* default 4MiB */
    } window;

    struct {
        const char *name;   /* default: the file's name without its ending */
        const char *path;   /* as seen from the configuration file's folder */
        const char *sha256; /* lower case, or NULL */
        const char *golden; /* as path, or NULL */
        uint32_t n_inputs;
        leat_config_input *inputs;
    } model;

    uint32_t n_features;
    leat_config_feature *features;

    uint32_t n_lookups;
    leat_config_lookup *lookups;

    uint32_t n_aggregates;
    leat_config_aggregate *aggregates;

    struct {
        const char *over; /* a path of the event; NULL: an event is one row */
        uint32_t top;     /* default 10 */
        const char *item; /* a path of the candidate */
        bool has_class;
        uint32_t class;
        uint32_t max; /* candidates of an event; default 1000 */
    } rank;

    struct {
        const char *url; /* default redis://localhost:6379 */
        struct {
            const char *ca, *cert, *key; /* files, or NULL */
        } tls;
        uint64_t timeout_ns; /* default 5ms */
        struct {
            uint32_t entries;  /* 0, the default: none */
            uint64_t bytes;    /* default 64MiB */
            uint64_t ttl_ns;   /* default 1s */
            uint64_t stale_ns; /* default 1m */
        } cache;
        uint32_t generation;   /* of aggregates; default 1 */
        uint64_t states_bytes; /* of aggregates, in a lane's memory; default 64MiB */
    } redis;

    struct {
        const char *topic;
        const char *features; /* a topic, or NULL: no feature records */
        leat_strings include; /* paths */
        leat_strings headers; /* names that pass on */
        uint32_t n_thresholds;
        leat_config_threshold *thresholds; /* ascending by min_score */
        leat_pairs kafka;                  /* producer only */
    } sink;

    struct {
        const char *topic; /* or NULL: a bad event stops the worker */
        double max_rate;   /* default 0.5 */
    } dead_letter;

    leat_delivery delivery; /* default at least once */
    struct {
        uint64_t max_wait_ns;  /* default 100ms */
        uint32_t max_events;   /* default 50000 */
        const char *id_prefix; /* default: the group and the pod's or host's name */
    } transaction;

    struct {
        leat_address listen; /* default 127.0.0.1:9464 */
        bool is_written;     /* by the user: must be had */
    } http;

    uint32_t lanes; /* 0: auto, the cgroup's CPU quota */
} leat_config;

/* Loads and checks everything that can be checked without the model, brokers or Redis.
 * `path` NULL: the file that LEAT_CONFIG names; E_USAGE when it names none. */
leat_status leat_config_load(leat_config **config, const char *path,
                             leat_error *error) LEAT_MUST_CHECK;

/* The same for a text that is there already; `file` names it in messages, and relative
 * paths in it are seen from the folder of that file. */
leat_status leat_config_parse(leat_config **config, const char *file, const char *text,
                              size_t size, leat_error *error) LEAT_MUST_CHECK;
void leat_config_free(leat_config *config);

/* Where a key stands, such as "redis.url"; what it would stand in where it is absent. */
leat_place leat_config_place(const leat_config *config, const char *key);

/* The same of a key of a feature. */
leat_place leat_config_feature_place(const leat_config *config,
                                     const leat_config_feature *feature, const char *key);

/* Elements of the model's input that the feature fills. */
uint32_t leat_config_feature_length(const leat_config_feature *feature);

#endif
