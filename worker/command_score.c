/* leat score: score a file, without Kafka. */
#include "worker/commands.h"
#include "worker/score/score_csv.h"
#include "worker/score/score_events.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static const char usage[] =
    "usage: leat score --model MODEL [--margin | --leaves] FILE|-\n"
    "       leat score -c CONFIG [--key PATH] FILE|-\n"
    "\n"
    "With --model: scores the rows of a CSV file, one line of JSON each. The first line\n"
    "names the columns, as the model does (or as it calls its inputs, where they are\n"
    "several: x, or x[0], x[1]... of a wide one); a model of one input without names\n"
    "takes them in their order. An empty field is missing.\n"
    "With -c: scores the events of a file (msgpack, one value behind the other) as\n"
    "'leat run' would, one prediction a line as JSON.\n"
    "\n"
    "  -m, --model MODEL    the model\n"
    "      --margin         scores before the link function (XGBoost, LightGBM)\n"
    "      --leaves         the leaf of each tree (XGBoost, LightGBM)\n"
    "  -c, --config CONFIG  the configuration (default without --model: $LEAT_CONFIG)\n"
    "  -k, --key PATH       with -c: what stands for the records' key, which a file has\n"
    "                       not: event.card_id\n"
    "  -h, --help           this text\n";

typedef struct score_options {
    const char *model;
    const char *config;
    const char *key;
    leat_score_kind kind;
    const char *file;
} score_options;

static int refuse(const char *why)
{
    fprintf(stderr, "leat score: %s\n\n%s", why, usage);
    return EX_USAGE;
}

static int check(const score_options *options, int n_files)
{
    if (options->model && options->config)
        return refuse("give --model or --config, not both");
    if (!options->model && !options->config)
        return refuse("give --model for rows, or --config for events");
    if (options->model && options->key)
        return refuse("--key goes with --config");
    if (!options->model && options->kind != LEAT_SCORE_PREDICT)
        return refuse("--margin and --leaves go with --model");
    if (n_files != 1)
        return refuse(n_files ? "give one file" : "give a file, or - for standard input");
    return -1;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, score_options *options)
{
    static const struct option names[] = {
        {"model", required_argument, NULL, 'm'},
        {"config", required_argument, NULL, 'c'},
        {"margin", no_argument, NULL, 'r'},
        {"leaves", no_argument, NULL, 'l'},
        {"key", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "m:c:k:h", names, NULL)) != -1;) {
        leat_score_kind kind = option == 'r' ? LEAT_SCORE_MARGIN : LEAT_SCORE_LEAVES;
        if (option == 'm')
            options->model = optarg;
        else if (option == 'c')
            options->config = optarg;
        else if (option == 'k')
            options->key = optarg;
        else if (option == 'h')
            return fputs(usage, stdout) < 0 ? EX_IOERR : EX_OK;
        else if (option == '?')
            return refuse("see the message above");
        else if (options->kind != LEAT_SCORE_PREDICT && options->kind != kind)
            return refuse("give --margin or --leaves, not both");
        else
            options->kind = kind;
    }
    if (!options->model && !options->config)
        options->config = getenv("LEAT_CONFIG");
    options->file = argv[optind];
    return check(options, argc - optind);
}

static leat_status score_rows(const score_options *options, leat_error *error)
{
    leat_model *model = NULL;
    leat_status status =
        leat_model_open(&model, options->model, &(leat_model_options){0}, error);
    if (status != LEAT_OK)
        return status;
    leat_model_facts facts;
    leat_model_describe(model, &facts);
    if (facts.warning)
        fprintf(stderr, "leat: %s: warning: %s\n", options->model, facts.warning);
    status = leat_score_csv(model, options->kind, options->file, stdout, error);
    leat_model_free(model);
    return status;
}

static leat_status score_events(const score_options *options, leat_error *error)
{
    leat_config *config = NULL;
    leat_plan *plan = NULL;
    leat_status status = leat_config_load(&config, options->config, error);
    if (status == LEAT_OK)
        config->source.file_key = options->key;
    if (status == LEAT_OK)
        status = leat_plan_new(&plan, config, error);
    if (status == LEAT_OK)
        status = leat_score_events(plan, options->file, config->window.max_events,
                                   config->window.max_bytes, stdout, error);
    leat_plan_release(plan);
    leat_config_free(config);
    return status;
}

int leat_command_score(int argc, char **argv)
{
    score_options options = {.kind = LEAT_SCORE_PREDICT};
    int code = parse(argc, argv, &options);
    if (code >= 0)
        return code;
    leat_error error;
    leat_status status =
        options.model ? score_rows(&options, &error) : score_events(&options, &error);
    if (status == LEAT_OK)
        return EX_OK;
    return options.model ? leat_complain_of_file(&error) : leat_complain(&error);
}
