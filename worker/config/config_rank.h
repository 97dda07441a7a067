/* worker/config/config_rank.h: what `rank` and the paths of candidates demand of one
 * another.
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   E_CONFIG as config_value.h: what makes no sense, and what to write.
 */
#ifndef LEAT_WORKER_CONFIG_RANK_H
#define LEAT_WORKER_CONFIG_RANK_H

#include "worker/config/config_value.h"

/* Fills in what names a candidate where nobody says so. Comes after the checks of features
 * and lookups. */
leat_status leat_config_check_rank(leat_config_context *context) LEAT_MUST_CHECK;

#endif
