/* worker/config/config_check.h: what keys demand of one another, and defaults made of others.
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   E_CONFIG as config_value.h.
 */
#ifndef LEAT_WORKER_CONFIG_CHECK_H
#define LEAT_WORKER_CONFIG_CHECK_H

#include "worker/config/config_value.h"

leat_status leat_config_check(leat_config_context *context) LEAT_MUST_CHECK;

#endif
