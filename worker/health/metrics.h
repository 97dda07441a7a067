/* worker/health/metrics.h: the numbers of a worker, as /metrics shows them.
 *
 * Adds the meters of all lanes up and writes them out. docs/operations.md says what each
 * means. Labels are names that the configuration holds and codes of ours; no property, URL,
 * key or value of an event is ever among them.
 *
 * Owns:    nothing.
 * Threads: any, one at a time.
 */
#ifndef LEAT_WORKER_METRICS_H
#define LEAT_WORKER_METRICS_H

#include "worker/health/health.h"

#include <stdatomic.h>

typedef struct leat_metrics {
    const leat_config *config;
    leat_health *health;
    _Atomic(const char *) version; /* of the model; NULL until it is loaded */
} leat_metrics;

/* `accept`: the request's header; `type` gets the content type. */
void leat_metrics_write(const leat_metrics *metrics, const char *accept, FILE *out,
                        const char **type);

#endif
