/* worker/config/config_names.h: what a path may begin with beside event, key, headers and
 * meta: the names of lookups and aggregates.
 *
 * Threads: main.
 * Fails:   E_CONFIG, with file, line and column: a name that a path cannot say, or that
 *          means two things; a feature that reads what is not there; a lookup or value
 *          that no feature reads; a value that says nothing or two things.
 */
#ifndef LEAT_WORKER_CONFIG_NAMES_H
#define LEAT_WORKER_CONFIG_NAMES_H

#include "worker/config/config_value.h"

leat_status leat_config_check_names(leat_config_context *context) LEAT_MUST_CHECK;

#endif
