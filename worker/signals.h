/* worker/signals.h: the signals that ask the worker to end.
 *
 * SIGTERM and SIGINT are not handled but waited for, by the main thread, between other
 * things: so they come at a moment of our choosing and never in the middle of something.
 *
 * Threads: main, before it starts others (which then hold them too). Threads that were there
 *          before, a library's, hand them to main.
 */
#ifndef LEAT_WORKER_SIGNALS_H
#define LEAT_WORKER_SIGNALS_H

#include <stdint.h>

/* From here on they end the process at once, also where they would not: nothing is done to the
 * first process of a container (PID 1) that has said nothing of a signal. */
void leat_signals_obey(void);

/* From here on they wait for leat_signals_wait. */
void leat_signals_hold(void);

/* Waits for one, at most so long: its name, "SIGTERM", or NULL. */
const char *leat_signals_wait(uint64_t ns);

/* From here on they end the process at once again. */
void leat_signals_let_go(void);

#endif
