/* worker/brokers.h: do the brokers answer, and are the topics there?
 *
 * Asked by `leat check`, and by `leat run` before its lanes start: a worker that reads a
 * topic which is not there would look healthy and do nothing.
 *
 * Owns:    nothing; a client of its own lives as long as the call.
 * Threads: main.
 * Fails:   E_UNAVAILABLE (nobody answers in time; class RETRY); E_CONFIG (the brokers refuse
 *          the credentials; topics are not there, or must not be used: all of them are
 *          named). END, which is news, when a signal that is held asks to stop waiting.
 */
#ifndef LEAT_WORKER_BROKERS_H
#define LEAT_WORKER_BROKERS_H

#include "worker/config/config.h"

/* All topics of the configuration, within `timeout_ms`. */
leat_status leat_brokers_check(const leat_config *config, int timeout_ms,
                               leat_error *error) LEAT_MUST_CHECK;

/* The same, again and again until the brokers answer, with a line in the log every ten
 * seconds. */
leat_status leat_brokers_await(const leat_config *config,
                               leat_error *error) LEAT_MUST_CHECK;

#endif
