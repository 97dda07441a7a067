/* leat features: the rows that a configuration makes of events, for training. */
#include "worker/commands.h"
#include "worker/score/score_events.h"

#include <getopt.h>
#include <stdlib.h>
#include <sysexits.h>

static const char usage[] =
    "usage: leat features [-c CONFIG] [--key PATH] FILE|-\n"
    "\n"
    "Prints what the model would be given for the events of a file, one line of JSON "
    "each:\n"
    "what 'leat run' computes, for training. No model is needed. Lookups ask Redis;\n"
    "aggregates begin with nothing and follow the events in their order.\n"
    "\n"
    "  -c, --config CONFIG  the configuration (default: $LEAT_CONFIG)\n"
    "  -k, --key PATH       what stands for the records' key, which a file has not:\n"
    "                       event.card_id\n"
    "  -h, --help           this text\n";

static int refuse(const char *why)
{
    fprintf(stderr, "leat features: %s\n\n%s", why, usage);
    return EX_USAGE;
}

static leat_status print_features(const char *config_path, const char *key,
                                  const char *file, leat_error *error)
{
    leat_config *config = NULL;
    leat_plan *plan = NULL;
    leat_status status = leat_config_load(&config, config_path, error);
    if (status == LEAT_OK)
        config->source.file_key = key;
    if (status == LEAT_OK)
        status = leat_plan_new_without_model(&plan, config, error);
    if (status == LEAT_OK)
        status = leat_score_events(plan, file, config->window.max_events,
                                   config->window.max_bytes, stdout, error);
    leat_plan_release(plan);
    leat_config_free(config);
    return status;
}

int leat_command_features(int argc, char **argv)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},
        {"key", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *config = getenv("LEAT_CONFIG"), *key = NULL;
    for (int option; (option = getopt_long(argc, argv, "c:k:h", names, NULL)) != -1;) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? EX_IOERR : EX_OK;
        if (option == '?')
            return refuse("see the message above");
        *(option == 'c' ? &config : &key) = optarg;
    }
    if (optind + 1 != argc)
        return refuse("give one file, or - for standard input");
    leat_error error;
    leat_status status = print_features(config, key, argv[optind], &error);
    return status == LEAT_OK ? EX_OK : leat_complain(&error);
}
