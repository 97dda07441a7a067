/* worker/health/metrics_features.h: the families of metrics about what Redis feeds.
 *
 * Owns:    nothing.
 * Threads: one.
 */
#ifndef LEAT_WORKER_METRICS_FEATURES_H
#define LEAT_WORKER_METRICS_FEATURES_H

#include "worker/health/exposition.h"
#include "worker/lane.h"

/* lanes: [n]. Nothing of lookups where there are none, nor of aggregates. */
void leat_metrics_put_features(leat_exposition *to, const leat_config *config, uint32_t n,
                               const leat_lane_meters *const *lanes);

#endif
