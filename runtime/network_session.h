/* runtime/network_session.h: a network at work in one lane.
 *
 * Inputs are read where the caller has them and the output is written where it wants it;
 * what lies between is in one block of memory that was planned when the network was made.
 * Shapes are worked out anew whenever the number of rows is another than the last time.
 *
 * Owns:    its memory. Not the network, which outlives it.
 * Threads: one lane.
 * Fails:   new: E_MEMORY. run: never, and allocates nothing.
 */
#ifndef LEAT_RUNTIME_NETWORK_SESSION_H
#define LEAT_RUNTIME_NETWORK_SESSION_H

#include "runtime/network.h"

typedef struct leat_network_session leat_network_session;

leat_status leat_network_session_new(leat_network_session **session,
                                     const leat_network *network) LEAT_MUST_CHECK;
void leat_network_session_free(leat_network_session *session);

/* Rows [first, first + n_rows), at most network->block of them, of the inputs
 * [graph.n_inputs] into the same rows of the output. */
void leat_network_session_run(leat_network_session *session, const leat_tensor *inputs,
                              uint32_t first, uint32_t n_rows, leat_tensor *output);

#endif
