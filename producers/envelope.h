/* producers/envelope.h: what every record of a scored event says of it.
 *
 *   id        "<id_prefix><topic>/<partition>/<offset>"
 *   version   first 12 hex digits of the model's sha256
 *   time      event time (ext -1)
 *   quality   "complete" | "defaulted" | "stale" | "unavailable"
 *   missing   names of the features that had no value, in the order of the columns
 *
 * A record is a msgpack map that is written straight into the batch's arena: first a bound
 * on its size, then every byte once, field by field. Its head is written last, when the
 * fields have been counted.
 *
 * Owns:    nothing; the bytes live in the batch's arena.
 * Threads: one lane.
 * Fails:   E_MEMORY, as data NULL.
 */
#ifndef LEAT_PRODUCERS_ENVELOPE_H
#define LEAT_PRODUCERS_ENVELOPE_H

#include "base/pack.h"
#include "producers/encode.h"

typedef struct leat_envelope {
    const leat_prediction_spec *spec;
    const leat_event *event;
    const leat_column *columns;
    const uint64_t *missing; /* [missing_words] */
    uint32_t missing_words;
    uint32_t n_missing;

    uint8_t *start;
    uint8_t *at; /* where the next byte goes */
    const uint8_t *end;
    uint32_t n_fields;
} leat_envelope;

/* A record that may hold the fields of an envelope and `bytes` more: false when there is no
 * memory for it. It has at most 15 fields. */
bool leat_envelope_open(leat_envelope *envelope, const leat_prediction_spec *spec,
                        leat_batch *batch, const leat_event *event,
                        size_t bytes) LEAT_MUST_CHECK;

/* The record, whole. */
leat_slice leat_envelope_seal(leat_envelope *envelope);

/* Begins a field; its value is written at `at` next. */
#define LEAT_ENVELOPE_KEY(envelope, text)                                                \
    leat_envelope_put_key(envelope, text, sizeof text - 1)

static inline void leat_envelope_put_key(leat_envelope *envelope, const char *text,
                                         uint32_t size)
{
    envelope->at = leat_pack_raw(leat_pack_str_head(envelope->at, size), text, size);
    envelope->n_fields++;
}

void leat_envelope_put_id(leat_envelope *envelope);
void leat_envelope_put_version(leat_envelope *envelope);

/* `time`, `quality` and `missing`. */
void leat_envelope_put_worth(leat_envelope *envelope);

#endif
