/* leat: one process, several commands. */
#include "worker/commands.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} command;

static const command commands[] = {
    {"run", leat_command_run, "score the live stream: Kafka in, predictions out"},
    {"score", leat_command_score, "score the events of a file, or the rows of a CSV"},
    {"features", leat_command_features, "show the rows that a model would be given"},
    {"check", leat_command_check, "try a configuration: model, brokers, topics, Redis"},
    {"model", leat_command_model, "show what a model file holds"},
    {"entity", leat_command_entity, "show what aggregates know of an entity"},
    {"decode", leat_command_decode, "show msgpack payloads as JSON lines"},
    {"demo", leat_command_demo, "run the whole way on a cluster of its own"},
    {"version", leat_command_version, "show the version and what it is built with"},
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *out)
{
    fputs("usage: leat COMMAND [OPTION]... [FILE]\n\n", out);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'leat COMMAND --help' says more about one.\n", out);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an error code, not a death */
    if (argc < 2) {
        print_usage(stderr);
        return EX_USAGE;
    }
    const char *name = argv[1];
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        print_usage(stdout);
        return EX_OK;
    }
    if (!strcmp(name, "--version"))
        name = "version";
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        char spoken[32]; /* what getopt puts before its messages */
        snprintf(spoken, sizeof spoken, "leat: %s", name);
        argv[1] = spoken;
        return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "leat: there is no command '%s'\n", name);
    print_usage(stderr);
    return EX_USAGE;
}
