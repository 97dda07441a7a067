/* producers/encode.h: a scored event to the bytes of its prediction.
 *
 * A msgpack map with string keys in a fixed order; what does not apply is absent:
 *   id        "<id_prefix><topic>/<partition>/<offset>": de-duplicate on id and version
 *   model     the model's name
 *   version   first 12 hex digits of the model's sha256
 *   score     one output                        (float32 or float64, as the model gives it)
 *   scores    several outputs                   (an array of such)
 *   label     the class: of multi:softmax, or the largest of `scores`   (int)
 *   ranking   of an event that ranks, in place of these: the best candidates, the best one
 *             first, each a map of `item` (what names it) and `score`
 *   decision  the highest threshold that score reaches, both as float32 where the score
 *             is one, so that 0.9 reaches 0.9; absent below all of them
 *   time      event time (ext -1)
 *   quality   "complete" | "defaulted" | "stale" | "unavailable"
 *   missing   names of the features that had no value, in the order of the columns
 *   event     the included fields, under the last name of their path
 *
 * Owns:    nothing; the bytes live in the batch's arena.
 * Threads: one lane.
 * Fails:   E_MEMORY; a score that is not finite marks the event (E_NOT_FINITE, MODEL), and so
 *          does that of one candidate.
 */
#ifndef LEAT_PRODUCERS_ENCODE_H
#define LEAT_PRODUCERS_ENCODE_H

#include "base/batch.h"

typedef struct leat_threshold {
    const char *decision;
    double min_score;
} leat_threshold;

typedef struct leat_include {
    const char *name;
    uint32_t capture;
} leat_include;

typedef enum leat_score_shape {
    LEAT_SHAPE_SCORE,
    LEAT_SHAPE_SCORES,
    LEAT_SHAPE_LABEL,
    LEAT_SHAPE_RANKING,
} leat_score_shape;

typedef struct leat_prediction_spec {
    const char *id_prefix;
    const char *model;
    const char *version;
    leat_score_shape shape;
    uint32_t top;       /* RANKING: at most so many candidates, */
    uint32_t ranked_by; /* by this one of a row's scores */
    uint32_t n_thresholds;
    const leat_threshold *thresholds; /* ascending by min_score */
    uint32_t n_includes;
    const leat_include *includes;
} leat_prediction_spec;

/* The prediction of one event that has its score; data NULL when out of memory. An event
 * whose score is not finite is marked instead, and data is NULL too. */
leat_slice leat_encode_prediction(const leat_prediction_spec *spec, leat_batch *batch,
                                  leat_event *event);

#endif
