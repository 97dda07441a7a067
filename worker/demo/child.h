/* worker/demo/child.h: a process that the demo starts, and stops by its id.
 *
 * A child has a process group of its own, so that Ctrl-C on the terminal reaches the demo
 * alone, which then stops its children in order; and it is told to end when the demo
 * dies.
 *
 * Owns:    the process.
 * Threads: main.
 * Fails:   E_INTERNAL with errno's text. A program that is not there is seen as a child
 *          that ended with LEAT_CHILD_NOT_FOUND.
 */
#ifndef LEAT_WORKER_DEMO_CHILD_H
#define LEAT_WORKER_DEMO_CHILD_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { LEAT_CHILD_NOT_FOUND = 127 };

typedef struct leat_child {
    pid_t pid;     /* 0: not started, or ended */
    int exit_code; /* of one that ended; 128 + the signal that killed it */
} leat_child;

/* Runs argv[0], found on the PATH; what it prints goes into the file `log`. */
leat_status leat_child_start(leat_child *child, const char *const *argv, const char *log,
                             leat_error *error) LEAT_MUST_CHECK;

bool leat_child_is_running(leat_child *child);

/* SIGTERM, and SIGKILL at the deadline. Does nothing when it is not running. */
void leat_child_stop(leat_child *child, uint64_t deadline_ns);

#endif
