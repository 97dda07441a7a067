/* worker/health/metrics_lookups.h: the families of metrics about lookups.
 *
 * Owns:    nothing.
 * Threads: one.
 */
#ifndef LEAT_WORKER_METRICS_LOOKUPS_H
#define LEAT_WORKER_METRICS_LOOKUPS_H

#include "worker/health/exposition.h"
#include "worker/lane.h"

/* lanes: [n]. Nothing where there are no lookups. */
void leat_metrics_put_lookups(leat_exposition *to, const leat_config *config, uint32_t n,
                              const leat_lane_meters *const *lanes);

#endif
