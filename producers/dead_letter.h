/* producers/dead_letter.h: the record of an event that could not be scored.
 *
 * Kafka Connect's convention: key, value, headers and timestamp of the source record are
 * kept, and headers say what happened, all UTF-8:
 *   __connect.errors.topic, .partition, .offset      where it came from
 *   __connect.errors.connector.name, .task.id        "leat:<group>", the lane
 *   __connect.errors.stage                            decode | features | model | publish
 *   __connect.errors.class.name                       "leat.<stage>"
 *   __connect.errors.exception.class.name             the status, "E_TRUNCATED"
 *   __connect.errors.exception.message                the reason
 * A header that is already there is never overwritten: ours is left out.
 *
 * Owns:    nothing; the headers that it makes are the caller's (librdkafka's on success
 *          of the produce call).
 * Threads: one lane.
 * Fails:   NULL when out of memory.
 */
#ifndef LEAT_PRODUCERS_DEAD_LETTER_H
#define LEAT_PRODUCERS_DEAD_LETTER_H

#include "base/batch.h"

#include <librdkafka/rdkafka.h>

typedef struct leat_dead_letter_spec {
    const char *connector; /* "leat:<group>" */
    const char *task;      /* the lane's number */
} leat_dead_letter_spec;

/* `existing`: the source record's headers, or NULL. */
rd_kafka_headers_t *leat_dead_letter_headers(const leat_dead_letter_spec *spec,
                                             const leat_event *event,
                                             const rd_kafka_headers_t *existing);

#endif
