/* worker/score/progress.h: how far a long read has come, on the terminal.
 *
 * Shown only where somebody watches and has to wait: standard error is a terminal, the
 * results do not scroll over the same one, and the input is a large regular file.
 *
 * Owns:    nothing.
 * Threads: main.
 * Fails:   never.
 */
#ifndef LEAT_WORKER_PROGRESS_H
#define LEAT_WORKER_PROGRESS_H

#include <stdint.h>

typedef struct leat_progress {
    uint64_t total; /* bytes; 0: not shown */
    uint64_t next_ns;
} leat_progress;

/* `path`: of the input, or "-" for standard input. */
void leat_progress_init(leat_progress *progress, const char *path);

/* `done`: bytes read so far. Draws at most ten times a second. */
void leat_progress_show(leat_progress *progress, uint64_t done);

/* Takes the bar away, so that what follows begins on a clean line. */
void leat_progress_end(leat_progress *progress);

#endif
