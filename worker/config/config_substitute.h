/* worker/config/config_substitute.h: references in the scalars of a configuration.
 *
 * OpenTelemetry's grammar, and one form more for secrets:
 *   ${VAR} ${env:VAR}   an environment variable; an undefined one is an error
 *   ${VAR:-default}     the default where the variable is undefined or empty
 *   ${file:PATH}        a file's text without its trailing newline, at most 64 KiB
 *   $$                  a dollar
 * A "$" before anything else stands for itself. What a reference gives is not looked at
 * for further references.
 *
 * Owns:    the result lives in the arena.
 * Threads: main, since the environment is read.
 * Fails:   E_CONFIG, with the reference but never with what it stands for; E_MEMORY.
 */
#ifndef LEAT_WORKER_CONFIG_SUBSTITUTE_H
#define LEAT_WORKER_CONFIG_SUBSTITUTE_H

#include "base/arena.h"
#include "base/error.h"

/* `base` is the file that a relative PATH stands beside. `*result` is `text` itself where
 * it has no "$". */
leat_status leat_config_substitute(const char **result, leat_arena *arena,
                                   const char *text, const char *base,
                                   leat_error *error) LEAT_MUST_CHECK;

/* `path` as seen from the folder of the file `base`. NULL when out of memory. */
const char *leat_config_beside(leat_arena *arena, const char *base, const char *path);

#endif
