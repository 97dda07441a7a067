/* producers/encode_features.h: a scored event to the bytes of its feature record: what the
 * model was given.
 *
 * A msgpack map with string keys in a fixed order; what does not apply is absent:
 *   id, version, time, quality, missing   as in its prediction, so that the two join
 *   features   the row by the names of its features, in the order of the columns:
 *              float 32 or 64 as the model's input is, nil for NaN; an integer; a bool; a
 *              text (bin where it is not UTF-8); an array for a sequence
 *   items, rows   in place of `features`, of an event that ranks: what the ranking names
 *              the candidates by, and a map for each, in the order of the event
 *
 * A feature that is missing stands here with what took its place.
 *
 * Owns:    nothing; the bytes live in the batch's arena.
 * Threads: one lane.
 * Fails:   E_MEMORY, as data NULL.
 */
#ifndef LEAT_PRODUCERS_ENCODE_FEATURES_H
#define LEAT_PRODUCERS_ENCODE_FEATURES_H

#include "producers/encode.h"

/* The feature record of one event that has been scored. */
leat_slice leat_encode_features(const leat_prediction_spec *spec, leat_batch *batch,
                                const leat_event *event);

#endif
