/* worker/demo/example.h: examples/fraud, carried inside the binary.
 *
 * The configuration, the model and its golden rows that `leat run -c
 * examples/fraud/leat.yaml` reads are the very ones that the demo runs: they are
 * assembled into read-only data, so that the demo needs no file beside the binary.
 *
 * Threads: any.
 * Fails:   E_IO with the path and errno's text.
 */
#ifndef LEAT_WORKER_DEMO_EXAMPLE_H
#define LEAT_WORKER_DEMO_EXAMPLE_H

#include "base/error.h"

/* Writes the files into the folder, under their own names. */
leat_status leat_example_write(const char *folder, leat_error *error) LEAT_MUST_CHECK;

#endif
