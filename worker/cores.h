/* worker/cores.h: how many lanes there is CPU for. */
#ifndef LEAT_WORKER_CORES_H
#define LEAT_WORKER_CORES_H

#include <stdint.h>

/* The cgroup's CPU quota rounded up, or the processors that this process may use,
 * whichever is less; at least 1. */
uint32_t leat_cores(void);

/* The quota in whole cores that a cgroup v2 "cpu.max" states: "150000 100000" is 2; 0
 * when there is none ("max 100000") or the text makes no sense. */
uint32_t leat_cores_of_quota(const char *text);

#endif
