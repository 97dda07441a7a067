/* producers/sink.h: the way out of a lane.
 *
 * publish() hands every event of a batch to the producer: its prediction (and its feature
 * record, where there is a topic for them), or its dead letter, under one ticket of the
 * lane's ledger. Records are copied, so the batch is free
 * afterwards. It is all or nothing: AGAIN leaves everything as it was, and librdkafka's
 * own queue is so much larger than the bound in flight that it is never the one to refuse
 * (in the middle of a batch that would let later records of a key overtake earlier ones).
 *
 * Delivery reports run within serve() and flush(), in the lane's thread. A record that
 * timed out is ABORTED, and so is the end of the producer by a fatal error; one that the
 * brokers refuse for what it is, is REFUSED: the lane clears its ledger, calls abort() and
 * rewinds its source. A refusal that is not the record's (no right to write) is an error.
 *
 * Owns:    the producer. Not the ledger, which outlives it.
 * Threads: one lane; new: main.
 * Fails:   E_CONFIG, E_KAFKA, E_DELIVERY, E_MEMORY, and the event's own status when a bad
 *          event has no topic to go to.
 */
#ifndef LEAT_PRODUCERS_SINK_H
#define LEAT_PRODUCERS_SINK_H

#include "base/client/client.h"
#include "base/ledger.h"
#include "base/meter.h"
#include "producers/dead_letter.h"
#include "producers/encode.h"

#include <stdbool.h>

/* The headers of the record that an event came in, or NULL. */
typedef const rd_kafka_headers_t *leat_headers_of(const leat_event *event);

typedef struct leat_sink_spec {
    const char *topic;
    const char *features_topic;    /* NULL: no feature records */
    const char *dead_letter_topic; /* NULL: a bad event is an error */
    size_t n_headers;              /* headers of the event that pass on */
    const char *const *headers;
    leat_headers_of *headers_of;
    leat_dead_letter_spec dead_letter;
    const char *transactional_id; /* NULL: none; see transaction.h */
    leat_properties common;       /* of every client */
    leat_properties producer;     /* of the producer alone */
    const char *part;             /* who speaks in the log */
    uint32_t max_events;          /* of a batch */
} leat_sink_spec;

typedef struct leat_sink_meters {
    leat_counter predictions;
    leat_counter feature_records;
    leat_counter dead_letters;
    leat_counter producers_reopened;
} leat_sink_meters;

typedef struct leat_sink leat_sink;

leat_status leat_sink_new(leat_sink **sink, const leat_sink_spec *spec,
                          leat_ledger *ledger, leat_error *error) LEAT_MUST_CHECK;

/* Drops what was not delivered. */
void leat_sink_free(leat_sink *sink);

/* OK, AGAIN (serve first), ABORTED, or an error. An event that is marked E_REFUSED becomes a
 * truncated dead letter. */
leat_status leat_sink_publish(leat_sink *sink, const leat_prediction_spec *prediction,
                              leat_batch *batch, leat_error *error) LEAT_MUST_CHECK;

/* OK, or what ended the producer: see leat_client_check(). */
leat_status leat_sink_check(const leat_sink *sink, leat_error *error) LEAT_MUST_CHECK;

/* Runs delivery reports, waiting up to `timeout_ms` for the first. OK, ABORTED, REFUSED or
 * an error. */
leat_status leat_sink_serve(leat_sink *sink, int timeout_ms,
                            leat_error *error) LEAT_MUST_CHECK;

/* Sends at once and waits for all reports. OK, ABORTED, REFUSED, E_TIMEOUT or an error. */
leat_status leat_sink_flush(leat_sink *sink, uint64_t deadline_ns,
                            leat_error *error) LEAT_MUST_CHECK;

/* Takes back what is queued or on its way, so that it cannot come after what is published
 * again, and opens a new producer where the old one has ended. The ledger must have been
 * cleared. E_KAFKA when one that was opened within the last minute failed before it did its
 * work, or was fenced again. */
leat_status leat_sink_abort(leat_sink *sink, leat_error *error) LEAT_MUST_CHECK;

/* The producer is beyond repair, and why: abort() opens a new one. */
void leat_sink_give_up(leat_sink *sink, rd_kafka_resp_err_t err, const char *why);
bool leat_sink_is_broken(const leat_sink *sink);

/* What the last failure was, for people. */
const char *leat_sink_why(const leat_sink *sink);

/* A transaction of its producer has begun. */
void leat_sink_note_begin(leat_sink *sink);

/* A transaction of its producer is committed. Without transactions an acknowledged record says
 * as much: the producer works, and the next failure is a first one. */
void leat_sink_note_commit(leat_sink *sink);

/* For its transactions; another one after every abort(). */
rd_kafka_t *leat_sink_producer(const leat_sink *sink);

/* Whether publish() would take a batch. */
bool leat_sink_has_room(const leat_sink *sink);

const leat_sink_meters *leat_sink_read(const leat_sink *sink);

#endif
