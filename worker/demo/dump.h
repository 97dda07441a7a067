/* worker/demo/dump.h: the stream as a file, to train on.
 *
 * One msgpack map after the other, malformed events left out:
 *   event   the payload, as bin
 *   label   1: a fraud
 *   user    what Redis knows of the user, card of the card: a map of numbers
 *
 * Threads: main.
 * Fails:   E_IO with the path and errno's text; E_MEMORY.
 */
#ifndef LEAT_WORKER_DEMO_DUMP_H
#define LEAT_WORKER_DEMO_DUMP_H

#include "base/error.h"

#include <stdint.h>

leat_status leat_demo_dump(const char *path, uint64_t n_events, uint64_t seed,
                           leat_error *error) LEAT_MUST_CHECK;

#endif
