/* worker/commands.h: the commands of the command line.
 *
 * Each gets its own arguments, argv[0] being the command's name, and returns an exit code
 * from sysexits: 0, 64 usage, 65 data, 66 no input, 69 unavailable, 70 internal, 78
 * configuration. Results go to standard output, everything else to standard error.
 */
#ifndef LEAT_WORKER_COMMANDS_H
#define LEAT_WORKER_COMMANDS_H

#include "base/error.h"

int leat_command_run(int argc, char **argv);      /* command_run.c */
int leat_command_score(int argc, char **argv);    /* command_score.c */
int leat_command_decode(int argc, char **argv);   /* command_decode.c */
int leat_command_features(int argc, char **argv); /* command_features.c */
int leat_command_check(int argc, char **argv);    /* command_check.c */
int leat_command_entity(int argc, char **argv);   /* command_entity.c */
int leat_command_model(int argc, char **argv);    /* command_model.c */
int leat_command_demo(int argc, char **argv);     /* demo/command_demo.c */
int leat_command_version(int argc, char **argv);  /* command_version.c */

/* The exit code that says what kind of error it was. */
int leat_exit_code(leat_status status);

/* Prints "leat: <message>" and returns the exit code. */
int leat_complain(const leat_error *error);

/* The same for a model that the command line names: a kind that is not supported is wrong
 * data then, not a wrong configuration. */
int leat_complain_of_file(const leat_error *error);

#endif
