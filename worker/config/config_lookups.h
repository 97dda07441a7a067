/* worker/config/config_lookups.h: what has to agree between lookups and the features that
 * read from them.
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   E_CONFIG: "file:line:column: key: what was found, what is allowed".
 */
#ifndef LEAT_WORKER_CONFIG_LOOKUPS_H
#define LEAT_WORKER_CONFIG_LOOKUPS_H

#include "base/path.h"
#include "worker/config/config_value.h"

/* What each format needs, and what it does not have. */
leat_status leat_config_check_lookups(leat_config_context *context) LEAT_MUST_CHECK;

/* Whether `path`, a feature's, may be a field of the lookup. */
leat_status leat_config_check_field(leat_config_context *context,
                                    const leat_config_feature *feature,
                                    const leat_config_lookup *lookup,
                                    const leat_path *path) LEAT_MUST_CHECK;

#endif
