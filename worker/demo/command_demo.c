/* leat demo: what is shown, and how much of it. */
#include "worker/commands.h"
#include "worker/demo/demo.h"
#include "worker/demo/dump.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static const char usage[] =
    "usage: leat demo [NAME] [OPTION]...\n"
    "\n"
    "Scores a made-up stream of events on a Kafka cluster of its own, and counts what\n"
    "came out. Nothing has to run, nothing is left behind.\n"
    "\n"
    "NAME is the stream, the first of these unless you say:\n";
static const char option_usage[] =
    "\n"
    "      --events N     how many events\n"
    "      --seed S       which world they come from (default: 1)\n"
    "      --lanes N      threads of the worker (default: 1, since brokers, generator\n"
    "                     and counter run here too)\n"
    "      --report FILE  write what was counted as JSON\n"
    "      --dump FOLDER  write events, truth and profiles there, and score nothing\n"
    "  -h, --help         this text\n";

static void print_usage(FILE *out)
{
    size_t n;
    const leat_world *worlds = leat_worlds(&n);
    fputs(usage, out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "  %-10s %s (%" PRIu64 " events by default)\n", worlds[i].name,
                worlds[i].shows, worlds[i].n_events);
    fputs(option_usage, out);
}

static int refuse(const char *why, const char *what)
{
    fprintf(stderr, "leat: %s '%s'\n", why, what);
    print_usage(stderr);
    return EX_USAGE;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number <= most;
}

/* False: the option's value makes no sense. */
static bool take(leat_demo_options *options, const char **dump, int option,
                 const char *value)
{
    enum { MOST_EVENTS = 100 * 1000 * 1000, MOST_LANES = 256 };
    uint64_t lanes;
    switch (option) {
    case 'e':
        return parse_number(value, MOST_EVENTS, &options->events) && options->events;
    case 's':
        return parse_number(value, UINT64_MAX, &options->seed);
    case 'l':
        options->lanes = value;
        return parse_number(value, MOST_LANES, &lanes) && lanes;
    case 'r':
        options->report = value;
        return true;
    default:
        *dump = value;
        return true;
    }
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, leat_demo_options *options, const char **dump)
{
    static const struct option names[] = {
        {"events", required_argument, NULL, 'e'},
        {"seed", required_argument, NULL, 's'},
        {"lanes", required_argument, NULL, 'l'},
        {"report", required_argument, NULL, 'r'},
        {"dump", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "h", names, NULL)) != -1;) {
        if (option == 'h')
            return print_usage(stdout), EX_OK;
        if (option == '?')
            return print_usage(stderr), EX_USAGE;
        if (!take(options, dump, option, optarg))
            return refuse("not a number that this can be:", optarg);
    }
    if (optind + 1 < argc)
        return refuse("one argument too many:", argv[optind + 1]);
    size_t n;
    options->world = optind < argc ? leat_world_find(argv[optind]) : leat_worlds(&n);
    return options->world ? -1 : refuse("there is no stream", argv[optind]);
}

int leat_command_demo(int argc, char **argv)
{
    leat_demo_options options = {.seed = 1, .lanes = "1"};
    const char *dump = NULL;
    int code = parse(argc, argv, &options, &dump);
    if (code >= 0)
        return code;
    if (!options.events)
        options.events = options.world->n_events;
    if (!dump)
        return leat_demo_run(&options);
    leat_error error;
    if (leat_demo_dump(options.world, dump, options.events, options.seed, &error) ==
        LEAT_OK)
        return EX_OK;
    return leat_complain(&error);
}
