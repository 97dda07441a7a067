/* worker/health/endpoints.h: /livez, /readyz and /metrics of a worker.
 *
 * Joins the server (http.h) with what it shows (health.h, metrics.h). Answers from before the
 * model is loaded until the worker has left its group.
 *
 * An address that the user wrote must be had: who asks for probes and gets none would have
 * the worker restarted, or not watched. The default one is a convenience: a second worker on
 * a laptop warns and goes on without.
 *
 * Owns:    the server. Not health, which outlives it.
 * Threads: main.
 * Fails:   as leat_http_start, with the place of http.listen.
 */
#ifndef LEAT_WORKER_ENDPOINTS_H
#define LEAT_WORKER_ENDPOINTS_H

#include "worker/health/http.h"
#include "worker/health/metrics.h"

enum { LEAT_N_ENDPOINTS = 3 };

typedef struct leat_endpoints {
    leat_metrics metrics;
    leat_http_page pages[LEAT_N_ENDPOINTS];
    leat_http *http; /* NULL: off, or done without */
} leat_endpoints;

/* `config` and `health` outlive the endpoints, which must not move. */
leat_status leat_endpoints_open(leat_endpoints *endpoints, const leat_config *config,
                                leat_health *health, leat_error *error) LEAT_MUST_CHECK;
void leat_endpoints_close(leat_endpoints *endpoints);

#endif
