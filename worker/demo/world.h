/* worker/demo/world.h: the worlds that the demo can show.
 *
 * A world is a stream of events whose truth is known, what Redis knows beforehand, an
 * example that scores it (examples/NAME), and a judge who holds the predictions against
 * the truth. Everything else of the demo is the same for all: brokers, Redis, the worker,
 * what is counted and drawn. worlds.c has the table of them.
 *
 * A stream makes the same bytes of the same seed. One event in a thousand is damaged
 * behind its id, for the sake of the dead letters.
 *
 * Threads: one at a time.
 */
#ifndef LEAT_WORKER_DEMO_WORLD_H
#define LEAT_WORKER_DEMO_WORLD_H

#include "base/error.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leat_view;

/* Valid until the next one is made. */
typedef struct leat_world_event {
    uint64_t index;  /* from 0; its id is "<id_prefix><index>" */
    int64_t time_ms; /* when it happened, in the world's time, since 1970 */
    bool malformed;  /* no payload that a worker may score */
    uint32_t truth;  /* what predictions are held against; the judge knows its meaning */
    uint32_t guess;  /* what would be predicted without a model, likewise */
    leat_slice key;  /* whose event: theirs stay in order */
    leat_slice payload; /* msgpack */
} leat_world_event;

/* What Redis knows of somebody or something: a hash of numbers. */
typedef struct leat_profile_field {
    const char *name;
    double value; /* at most two decimals, so that "%.2f" loses nothing */
} leat_profile_field;

enum { LEAT_PROFILE_FIELDS = 4 };

typedef struct leat_profile {
    char key[24];
    uint32_t n_fields; /* 0: Redis does not have it */
    leat_profile_field fields[LEAT_PROFILE_FIELDS];
} leat_profile;

typedef struct leat_stream_ops {
    leat_status (*new)(void **stream, uint64_t seed); /* E_MEMORY */
    void (*free)(void *stream);                       /* takes NULL */
    void (*next)(void *stream, leat_world_event *event);
    uint32_t n_profiles;
    void (*profile)(const void *stream, uint32_t number, leat_profile *profile);
} leat_stream_ops;

/* One figure of a verdict. */
typedef struct leat_figure {
    const char *key;  /* in the report */
    const char *name; /* for people */
    const char *meaning;
    double value; /* NaN: there is none */
} leat_figure;

enum { LEAT_MAX_FIGURES = 6 };

/* A judge begins as zeros: so many bytes, and so many behind them for each event. */
typedef struct leat_judge_ops {
    size_t size;
    size_t event_size;
    void (*sent)(void *judge, const leat_world_event *event);
    /* The first prediction of an event; false: it is none. */
    bool (*take)(void *judge, uint64_t index, leat_slice prediction);
    uint32_t (*figures)(const void *judge, leat_figure figures[LEAT_MAX_FIGURES]);
    void (*draw)(const void *judge, struct leat_view *view);
} leat_judge_ops;

typedef struct leat_example_file {
    const char *name;
    const char *start;
    const char *end;
} leat_example_file;

enum { LEAT_EXAMPLE_FILES = 3 };

typedef struct leat_world {
    const char *name;
    const char *shows;     /* for --help */
    uint64_t n_events;     /* unless the user says how many */
    uint64_t max_ahead;    /* events on their way at once, at most LEAT_DEMO_MAX_AHEAD */
    const char *id_field;  /* of an event, which predictions include */
    const char *id_prefix; /* of its text */
    const char *group;     /* these as leat.yaml names them */
    const char *events;
    const char *predictions;
    const char *dead_letters;
    const leat_stream_ops *stream;
    const leat_judge_ops *judge;
    leat_example_file files[LEAT_EXAMPLE_FILES]; /* leat.yaml, the model, golden rows */
} leat_world;

/* NULL: there is none of that name. */
const leat_world *leat_world_find(const char *name);

/* The first one is the default. */
const leat_world *leat_worlds(size_t *n);

/* Writes the example's files into the folder, under their own names; E_IO with the path. */
leat_status leat_world_write_example(const leat_world *world, const char *folder,
                                     leat_error *error) LEAT_MUST_CHECK;

#endif
