/* worker/health/process.h: what the kernel says of this process, as Prometheus' clients show it.
 *
 * Threads: any.
 */
#ifndef LEAT_WORKER_PROCESS_H
#define LEAT_WORKER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct leat_process {
    double cpu_seconds; /* of all threads, in user and in kernel mode */
    double start_time;  /* seconds since 1970 */
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_fds;
    uint64_t max_fds;
} leat_process;

/* False where /proc cannot be read. */
bool leat_process_read(leat_process *process);

#endif
