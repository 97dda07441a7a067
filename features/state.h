/* features/state.h: what is known of one entity: sliding windows over its events.
 *
 * Time is cut into buckets; a window is the LEAT_WINDOW_BUCKETS (60) last ones. An event
 * in bucket b is answered from the events that were applied before it and lie in buckets
 * b-59 to b, and applied afterwards. Several windows of one entity stand in one state.
 *
 *   count        of the events
 *   sum          0 when there is none
 *   mean, min, max, last    missing (NaN) when there is none
 *   std          of the sample (n - 1), missing below 2
 *   distinct     of values, by 64 bits of hash; exact while a window holds at most
 *                LEAT_DISTINCT_PAIRS pairs of a value and a bucket, then from a sample of
 *                them (see below)
 *   last n       the n that were applied last, oldest first; those there are
 *   since_last   seconds from the event applied last (whichever it was) to this one;
 *                negative when this one is late
 *
 * An event without a value for an aggregate (nil, absent, NaN) is not seen by it; count
 * and since_last see every event.
 *
 * Numbers are doubles, and the order of operations is part of the contract, so that a
 * reference in any language gives the same bits: within a bucket in the order of
 * applying, then from the oldest bucket to the newest, merging mean and sum of squared
 * distances after Chan, Golub and LeVeque (1979). tests/aggregates/reference.py is that
 * reference.
 *
 * Lateness. State keeps 60 + `late_buckets` buckets up to the newest that was applied. An
 * event of an older bucket is answered from what is kept, and is not applied.
 *
 * Distinct beyond the bound: adaptive sampling (Wegman; Flajolet 1990). Of the pairs only
 * those stay whose hash begins with `level` zero bits, and the count is multiplied by
 * 2^level; the standard error is about 1.2 / sqrt(LEAT_DISTINCT_PAIRS). The level falls
 * back when what it was raised for has left the window.
 *
 * State is bytes, the same in memory and in Redis: little-endian, records of fixed size,
 * changed in place. It holds what is not empty, so an entity seen once costs one bucket a
 * window.
 *
 * Owns:    nothing but a state's buffer, until fini.
 * Threads: one lane.
 * Fails:   check: E_FORMAT for bytes that are no state of this spec; after it nothing
 *          here reads beyond them. apply: E_MEMORY, and the state is unchanged.
 */
#ifndef LEAT_FEATURES_STATE_H
#define LEAT_FEATURES_STATE_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { LEAT_WINDOW_BUCKETS = 60, LEAT_DISTINCT_PAIRS = 256 };

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
    uint32_t n;      /* LAST: how many, at most; else 1 */
    uint32_t answer; /* index of its (first) number in an answer */
} leat_aggregate;

typedef struct leat_sliding_window {
    uint64_t bucket_ns; /* `over` / 60 */
    uint32_t late_buckets;
    uint32_t n_aggregates;
    const leat_aggregate *aggregates;
} leat_sliding_window;

/* All windows of an entity. */
typedef struct leat_state_spec {
    uint32_t n_windows;
    const leat_sliding_window *windows;
    uint32_t n_inputs;  /* of an event */
    uint32_t n_answers; /* numbers in an answer */
} leat_state_spec;

/* What an event brings: a number, and its hash where somebody counts distinct ones. */
typedef struct leat_aggregate_input {
    double number; /* NaN: none */
    uint64_t hash;
    bool is_present;
} leat_aggregate_input;

typedef struct leat_state {
    uint8_t *data; /* NULL: nothing was ever applied */
    uint32_t size;
    uint32_t capacity;
} leat_state;

void leat_state_fini(leat_state *state);

/* Whether these bytes are a state of the spec. */
leat_status leat_state_check(const leat_state_spec *spec,
                             leat_slice state) LEAT_MUST_CHECK;

/* A checked state into one's own buffer. E_MEMORY. */
leat_status leat_state_load(leat_state *state, leat_slice bytes) LEAT_MUST_CHECK;

/* answer: [spec->n_answers]; of LAST, those that there are stand first, then NaN. */
void leat_state_answer(const leat_state_spec *spec, const leat_state *state,
                       int64_t time_ns, double *answer);

/* inputs: [spec->n_inputs]. OK; MORE when the event was too late for every window. */
leat_status leat_state_apply(const leat_state_spec *spec, leat_state *state,
                             int64_t time_ns,
                             const leat_aggregate_input *inputs) LEAT_MUST_CHECK;

#endif
