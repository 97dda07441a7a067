/* worker/config/config_features.h: what the keys of a feature demand of one another.
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   E_CONFIG as config_value.h: what makes no sense, and what to write.
 */
#ifndef LEAT_WORKER_CONFIG_FEATURES_H
#define LEAT_WORKER_CONFIG_FEATURES_H

#include "worker/config/config_value.h"

leat_status leat_config_check_features(leat_config_context *context) LEAT_MUST_CHECK;

#endif
