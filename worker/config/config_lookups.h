/* worker/config/config_lookups.h: what has to agree between lookups and the features that
 * read from them.
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   E_CONFIG: "file:line:column: key: what was found, what is allowed".
 */
#ifndef LEAT_WORKER_CONFIG_LOOKUPS_H
#define LEAT_WORKER_CONFIG_LOOKUPS_H

#include "worker/config/config_value.h"

leat_status leat_config_check_lookups(leat_config_context *context) LEAT_MUST_CHECK;

#endif
