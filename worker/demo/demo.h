/* worker/demo/demo.h: one world, shown from its first event to the verdict.
 *
 * Leaves no process and no folder behind, but that of a failure that the worker's log may
 * tell something about.
 *
 * Threads: main, once.
 * Fails:   said on standard error; the exit code is returned.
 */
#ifndef LEAT_WORKER_DEMO_DEMO_H
#define LEAT_WORKER_DEMO_DEMO_H

#include "worker/demo/world.h"

typedef struct leat_demo_options {
    const leat_world *world;
    uint64_t events;
    uint64_t seed;
    const char *lanes;
    const char *report; /* NULL: none */
} leat_demo_options;

int leat_demo_run(const leat_demo_options *options);

#endif
