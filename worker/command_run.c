/* leat run: score the live stream. */
#include "base/log.h"
#include "worker/brokers.h"
#include "worker/commands.h"
#include "worker/health/endpoints.h"
#include "worker/signals.h"
#include "worker/supervisor.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] =
    "usage: leat run -c FILE [OPTION]...\n"
    "\n"
    "Scores the events of the source topics until SIGTERM.\n"
    "\n"
    "  -c, --config FILE        the configuration (default: $LEAT_CONFIG)\n"
    "      --log-format FORMAT  text or json (default: text on a terminal, else json)\n"
    "      --log-level LEVEL    debug, info, warn or error (default: info)\n"
    "  -h, --help               this text\n";

typedef struct run_options {
    const char *config;
    leat_log_style style;
    leat_log_level level;
} run_options;

static int index_of(const char *text, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(text, names[i]))
            return i;
    return -1;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, run_options *options)
{
    static const char *const styles[] = {"auto", "text", "json"};
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},
        {"log-format", required_argument, NULL, 'f'},
        {"log-level", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "c:h", names, NULL)) != -1;) {
        int at = 0;
        if (option == 'c')
            options->config = optarg;
        else if (option == 'f')
            options->style = (leat_log_style)(at = index_of(optarg, styles, 3));
        else if (option == 'l')
            options->level = (leat_log_level)(at = index_of(optarg, levels, 4));
        else if (option == 'h')
            return fputs(usage, stdout) < 0 ? EX_IOERR : EX_OK;
        else
            at = -1;
        if (at < 0) {
            fputs(usage, stderr);
            return EX_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr,
            "leat: run: unexpected argument '%s'; a configuration is named by -c\n%s",
            argv[optind], usage);
    return EX_USAGE;
}

/* What is about to be done, with what. */
static void introduce(const leat_config *config, const leat_plan *plan)
{
    leat_model_facts facts;
    leat_model_describe(plan->model, &facts);
    bool is_graph = facts.n_operators;
    leat_log(LEAT_LOG_INFO, "leat", "model %s, version %s: %s, %u %s, %u columns",
             config->model.name, plan->prediction.version, leat_model_format(plan->model),
             is_graph ? facts.n_operators : facts.n_trees,
             is_graph ? "operators" : "trees", plan->schema.n_columns);
    if (facts.warning)
        leat_log(LEAT_LOG_WARN, "leat", "model %s: %s", config->model.name,
                 facts.warning);
    const char *features = config->sink.features;
    leat_log(LEAT_LOG_INFO, "leat", "from %s%s to %s%s%s, dead letters to %s",
             config->source.topics.at[0], config->source.topics.n > 1 ? ", ..." : "",
             config->sink.topic, features ? ", feature records to " : "",
             features ? features : "",
             config->dead_letter.topic ? config->dead_letter.topic
                                       : "nowhere: a bad event stops the worker");
}

/* What the log has not said yet comes with an error: all but what ended the lanes. */
static int say_failed(const leat_error *error)
{
    leat_log(LEAT_LOG_ERROR, "leat", "%s", error->msg);
    return leat_exit_code(error->code);
}

static int work(const leat_config *config, leat_plan *plan, leat_health *health)
{
    leat_error error;
    introduce(config, plan);
    leat_signals_hold();
    leat_health_set(health, LEAT_PHASE_AWAITING, NULL);
    leat_status status = leat_brokers_await(config, &error);
    if (status < 0)
        return say_failed(&error);
    if (status == LEAT_END)
        return EX_OK;
    leat_health_set(health, LEAT_PHASE_STARTING, NULL);
    return leat_exit_code(leat_supervisor_run(config, plan, health, &error));
}

/* Probes are answered from here on, while a large model is loaded too. */
static int watched(const leat_config *config, leat_health *health)
{
    leat_error error;
    leat_endpoints endpoints;
    leat_plan *plan = NULL;
    if (leat_endpoints_open(&endpoints, config, health, &error))
        return say_failed(&error);
    leat_status status = leat_plan_new(&plan, config, &error);
    if (status == LEAT_OK)
        atomic_store(&endpoints.metrics.version, plan->prediction.version);
    int code = status == LEAT_OK ? work(config, plan, health) : say_failed(&error);
    leat_endpoints_close(&endpoints);
    leat_plan_release(plan);
    return code;
}

static int run(const char *path)
{
    leat_error error;
    leat_config *config;
    leat_signals_obey();
    if (leat_config_load(&config, path, &error))
        return say_failed(&error);
    leat_health *health =
        leat_health_new(leat_supervisor_lanes(config), leat_health_stall_ns(config));
    if (!health)
        leat_error_set(&error, LEAT_E_MEMORY, "out of memory");
    int code = health ? watched(config, health) : say_failed(&error);
    leat_health_free(health);
    leat_config_free(config);
    return code;
}

int leat_command_run(int argc, char **argv)
{
    run_options options = {.style = LEAT_LOG_AUTO, .level = LEAT_LOG_INFO};
    int code = parse(argc, argv, &options);
    if (code >= 0)
        return code;
    leat_log_open(options.style, options.level);
    return run(options.config);
}
