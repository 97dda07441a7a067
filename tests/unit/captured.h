/* A command of the command line, run in the test's process: what it prints, and its code.
 */
#ifndef LEAT_TESTS_CAPTURED_H
#define LEAT_TESTS_CAPTURED_H

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

enum { CAPTURED_SIZE = 4096 };

/* `argv` ends with NULL; standard output goes to `said` meanwhile. */
static inline int captured_run(int (*command)(int argc, char **argv), char **argv,
                               char said[CAPTURED_SIZE])
{
    int argc = 0;
    while (argv[argc])
        argc++;
    FILE *kept = tmpfile();
    fflush(stdout);
    int terminal = dup(STDOUT_FILENO);
    dup2(fileno(kept), STDOUT_FILENO);
    optind = 0; /* a fresh scan */
    int code = command(argc, argv);
    fflush(stdout);
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    rewind(kept);
    said[fread(said, 1, CAPTURED_SIZE - 1, kept)] = 0;
    fclose(kept);
    return code;
}

#endif
