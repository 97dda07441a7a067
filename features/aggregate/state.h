/* features/aggregate/state.h: what is known of one entity: sliding windows over its events.
 *
 * Time is cut into buckets; a window is the LEAT_WINDOW_BUCKETS (60) last ones. An event
 * in bucket b is answered from the events that were applied before it and lie in buckets
 * b-59 to b, and applied afterwards. Several windows of one entity stand in one state.
 *
 *   count        of the events
 *   sum          0 when there is none
 *   mean, min, max    missing (NaN) when there is none
 *   std          of the sample (n - 1), missing below 2
 *   distinct     of values, by the upper 48 bits of their hash; exact while they fit into
 *                LEAT_DISTINCT_PAIRS, then from a sample of them (features/aggregate/state_pairs.c)
 *   last n       of the n that were applied last, those of bucket b-59 or a later one,
 *                oldest first
 *   since_last   seconds from the event applied last to this one; negative when this one
 *                is late; missing when that one lies before bucket b-59
 *
 * (What was applied last may lie behind a late event; it is what is known by then.)
 *
 * An event without a value for an aggregate is not seen by it: distinct wants one that is present, the
 * others a number that is not NaN. count and since_last see every event.
 *
 * Numbers are doubles, and the order of operations is part of the contract, so that a
 * reference in any language gives the same bits: within a bucket in the order of
 * applying, then from the oldest bucket to the newest; sums, and sums of squared distances
 * after Chan, Golub and LeVeque (1979), 1.3 to 1.5. tests/aggregates/reference.py is that
 * reference. A bucket counts to 2^32 - 1 and stays there.
 *
 * Lateness. State keeps 60 + `late_buckets` buckets up to the newest that was applied, so
 * that an event late by up to `late_buckets` sees its whole window. A later one is
 * answered from what is kept, and applied while its own bucket is kept.
 *
 * State is bytes, the same in memory and in Redis: little-endian, records of fixed size,
 * changed in place (features/aggregate/state_layout.h draws them). It holds what is not empty, so an
 * entity seen once costs one bucket a window.
 *
 * Owns:    nothing but a state's buffer, until fini.
 * Threads: one lane a state; a laid out spec is read by any.
 * Fails:   check: E_FORMAT for bytes that are no state of this spec; after it nothing
 *          here reads beyond them. load, apply: E_MEMORY, and the state is unchanged.
 */
#ifndef LEAT_FEATURES_STATE_H
#define LEAT_FEATURES_STATE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LEAT_WINDOW_BUCKETS = 60,
    LEAT_DISTINCT_PAIRS = 256,
    LEAT_LATE_BUCKETS = UINT16_MAX - LEAT_WINDOW_BUCKETS, /* at most */
    LEAT_LAST_VALUES = 1024,                              /* at most */
};

typedef enum leat_aggregate_kind {
    LEAT_AGGREGATE_COUNT,
    LEAT_AGGREGATE_SUM,
    LEAT_AGGREGATE_MEAN,
    LEAT_AGGREGATE_MIN,
    LEAT_AGGREGATE_MAX,
    LEAT_AGGREGATE_STD,
    LEAT_AGGREGATE_DISTINCT,
    LEAT_AGGREGATE_LAST,
    LEAT_AGGREGATE_SINCE_LAST,
} leat_aggregate_kind;

/* One value of a window. */
typedef struct leat_aggregate {
    leat_aggregate_kind kind;
    uint32_t input;  /* index into an event's inputs; not of COUNT and SINCE_LAST */
    uint32_t n;      /* LAST: how many, 1 to LEAT_LAST_VALUES */
    uint32_t answer; /* index of its (first) number in an answer */
} leat_aggregate;

typedef struct leat_sliding_window {
    uint64_t bucket_ns; /* `over` / 60, from 1 to INT64_MAX */
    uint32_t late_buckets;
    uint32_t n_aggregates;
    const leat_aggregate *aggregates;
} leat_sliding_window;

typedef struct leat_state_layout leat_state_layout;

/* All windows of an entity. */
typedef struct leat_state_spec {
    uint32_t n_windows;
    const leat_sliding_window *windows;
    uint32_t n_inputs;  /* of an event */
    uint32_t n_answers; /* numbers in an answer */
    uint64_t meaning;   /* a hash of what the inputs are: a state of others is refused */
    const leat_state_layout *layout; /* by leat_state_lay_out */
} leat_state_spec;

/* What an event brings: a number, and its hash where somebody counts distinct ones. */
typedef struct leat_aggregate_input {
    double number;   /* NaN: none */
    uint64_t hash;   /* well mixed, and the same for ever */
    bool is_present; /* that there is a value, and a hash of it */
} leat_aggregate_input;

typedef struct leat_state {
    uint8_t *data;
    uint32_t size; /* 0: nothing was ever applied */
    uint32_t capacity;
} leat_state;

/* Once for a spec whose other fields are set and within bounds, before anything below. The
 * layout lives in the arena. E_MEMORY. */
leat_status leat_state_lay_out(leat_state_spec *spec, leat_arena *arena) LEAT_MUST_CHECK;

void leat_state_fini(leat_state *state);

/* Whether these bytes are a state of the spec. */
leat_status leat_state_check(const leat_state_spec *spec,
                             leat_slice bytes) LEAT_MUST_CHECK;

/* A checked state into one's own buffer, with room for the next event. E_MEMORY. */
leat_status leat_state_load(const leat_state_spec *spec, leat_state *state,
                            leat_slice bytes) LEAT_MUST_CHECK;

/* answer: [spec->n_answers]; of LAST, those that there are stand first, then NaN. */
void leat_state_answer(const leat_state_spec *spec, const leat_state *state,
                       int64_t time_ns, double *answer);

/* inputs: [spec->n_inputs]. OK; MORE when the event was too late for every window, and
 * nothing has changed. */
leat_status leat_state_apply(const leat_state_spec *spec, leat_state *state,
                             int64_t time_ns,
                             const leat_aggregate_input *inputs) LEAT_MUST_CHECK;

#endif
