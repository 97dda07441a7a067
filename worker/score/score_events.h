/* worker/score/score_events.h: the events of a file the whole way, for `leat score -c` and `leat
 * features`.
 *
 * Decode, features, model, encode: what `leat run` does between its topics. Each event
 * becomes one line of JSON, in order: its prediction, or
 *
 *   {"id":"<id>","stage":"decode","code":"E_TRUNCATED","error":"<reason>"}
 *
 * An event that is skipped (a tombstone, or filtered) has no line. A plan without a model
 * gives feature records in place of predictions (producers/encode_features.h).
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   as leat_file_next, when the events before the malformed one have been scored
 *          and printed; E_FORMAT for a file of another format; E_IO; E_MEMORY.
 */
#ifndef LEAT_WORKER_SCORE_EVENTS_H
#define LEAT_WORKER_SCORE_EVENTS_H

#include "worker/plan.h"

#include <stdio.h>

/* `path`: a file, or "-" for standard input. `max_events` and `max_bytes` close a batch. */
leat_status leat_score_events(const leat_plan *plan, const char *path,
                              uint32_t max_events, uint64_t max_bytes, FILE *out,
                              leat_error *error) LEAT_MUST_CHECK;

#endif
