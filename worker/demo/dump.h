/* worker/demo/dump.h: the stream as files, to train on, to score, to look at.
 *
 *   events.msgpack   the good events, as `leat score` and `leat features` read them
 *   labels           a line for each of them: its truth
 *   profiles.redis   what Redis knows: commands for redis-cli
 *
 * Threads: main.
 * Fails:   E_IO with the path and errno's text; E_MEMORY.
 */
#ifndef LEAT_WORKER_DEMO_DUMP_H
#define LEAT_WORKER_DEMO_DUMP_H

#include "worker/demo/world.h"

/* Makes the folder when it is not there. */
leat_status leat_demo_dump(const leat_world *world, const char *folder, uint64_t n_events,
                           uint64_t seed, leat_error *error) LEAT_MUST_CHECK;

#endif
