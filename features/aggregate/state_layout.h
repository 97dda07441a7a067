/* features/aggregate/state_layout.h: where things stand in a state's bytes, worked out once a spec.
 *
 *   head      u32   mark of the format and the spec
 *             i64   the latest time that was applied
 *             then, for each window in turn:
 *             i64   time of the event applied last, where since_last is asked for
 *             u16   records of each of its sections; behind that of pairs what
 *                   state_pairs.c says
 *   sections, in the same order, each of so many records of one size; every record begins
 *   with the u16 of its bucket
 *
 *   buckets   what the window's aggregates need of each bucket, oldest first: one section
 *             for all of them                                       (state_buckets.c)
 *   pairs     of a value's hash and a bucket, by hash: one an input  (state_pairs.c)
 *   values    applied last, oldest first: one an input               (state_values.c)
 *
 * A bucket is known by the low 16 bits of its number, since all that is kept is less than
 * 2^16 buckets older than the newest one, whose number the latest time gives: its *age*.
 *
 * Owns:    nothing; layouts live in the arena of leat_state_lay_out.
 * Threads: any.
 */
#ifndef LEAT_FEATURES_STATE_LAYOUT_H
#define LEAT_FEATURES_STATE_LAYOUT_H

#include "features/aggregate/state.h"

#define LEAT_EVERY_EVENT UINT32_MAX /* where an input's index is expected */

typedef struct leat_section leat_section;

/* An event, seen from the newest bucket. */
typedef struct leat_moment {
    uint16_t newest; /* low bits of its number */
    uint32_t step;   /* by how many buckets it has just become newer, at most 2^16 */
    uint32_t age;    /* of the event's bucket */
} leat_moment;

/* The buckets that an answer comes from: ages from `from` up to, not including, `end`. */
typedef struct leat_reach {
    uint16_t newest;
    uint32_t from;
    uint32_t end;
} leat_reach;

/* What a section can do. `at`: where its records stand in the state. */
typedef struct leat_section_type {
    /* Whether records, whose number and ages are right, are in order. */
    bool (*check)(const leat_section *section, const uint8_t *bytes, uint32_t at,
                  uint16_t newest);
    void (*answer)(const leat_section *section, const uint8_t *bytes, uint32_t at,
                   const leat_reach *reach, double *answer);
    /* Lets go of what is not kept any longer. */
    void (*advance)(const leat_section *section, leat_state *state, uint32_t at,
                    const leat_moment *moment);
    /* Takes an event in, of a bucket that is kept; there is room for a record. */
    void (*add)(const leat_section *section, leat_state *state, uint32_t at,
                const leat_moment *moment, const leat_aggregate_input *inputs);
} leat_section_type;

/* What a bucket holds of one input, or of every event: offsets in its record, 0: not. */
typedef struct leat_tally {
    uint32_t input;
    uint32_t n;       /* u32 */
    uint32_t sum;     /* f64 */
    uint32_t squares; /* f64, of distances from the mean; n and sum stand there too */
    uint32_t min;     /* f64, NaN: none yet */
    uint32_t max;     /* f64, NaN: none yet */
    uint32_t n_aggregates;
    const leat_aggregate *aggregates;
} leat_tally;

struct leat_section {
    const leat_section_type *type;
    uint32_t head;   /* where its count stands */
    uint32_t record; /* bytes of one */
    uint32_t most;   /* records */
    uint32_t kept;   /* buckets */
    uint32_t late;   /* buckets */
    uint32_t n_tallies;
    const leat_tally *tallies; /* buckets */
    uint32_t input;            /* pairs, values */
    uint32_t n_aggregates;     /* pairs, values */
    const leat_aggregate *aggregates;
};

typedef struct leat_window_layout {
    int64_t bucket_ns;
    uint32_t kept; /* buckets */
    uint32_t last; /* where the time of the event applied last stands; 0: nowhere */
    uint32_t n_sections;
    const leat_section *sections;
    uint32_t n_since; /* aggregates of `last` */
    const leat_aggregate *since;
} leat_window_layout;

struct leat_state_layout {
    uint32_t mark;
    uint32_t head_size;
    uint32_t growth; /* bytes that an event adds at most, the head of a new state aside */
    const leat_window_layout *windows; /* [spec->n_windows] */
    const uint8_t *empty;              /* [head_size]: the head of a new state */
};

enum {
    LEAT_STATE_MARK_AT = 0,
    LEAT_STATE_TIME_AT = 4,
    LEAT_STATE_HEAD = 12,  /* bytes before the windows' */
    LEAT_SECTION_HEAD = 2, /* bytes of a section in it */
    LEAT_PAIRS_HEAD = 6,   /* of one of pairs */
    LEAT_PAIRS_LEVEL = 2,  /* where the level stands in that */
};

extern const leat_section_type leat_section_buckets;
extern const leat_section_type leat_section_pairs;
extern const leat_section_type leat_section_values;

#endif
