/* leat check: tries a configuration, from the file to the brokers, and says one line for
 * each thing that it tried. Everything is tried that can be, so one look shows all that
 * has to be mended; the exit code is that of the first failure. */
#include "worker/brokers.h"
#include "worker/commands.h"
#include "worker/plan.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

enum { BROKERS_MS = 5000 };

static int print_usage(FILE *out, int code)
{
    fputs(
        "usage: leat check [-c FILE] [--offline]\n\n"
        "Tries a configuration: the file, the model, the golden rows, then the brokers,\n"
        "topics and Redis.\n\n"
        "  -c, --config FILE  the configuration; default: what LEAT_CONFIG names\n"
        "      --offline      only what needs no network\n",
        out);
    return code;
}

/* One finding: "ok", "warn" or "FAIL", and about what. */
__attribute__((format(printf, 3, 4))) static void say(const char *verdict,
                                                      const char *what,
                                                      const char *format, ...)
{
    printf("%-4s  %-13s  ", verdict, what);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* Keeps the code of the first failure. */
static void say_failed(int *code, const char *what, const leat_error *error)
{
    say("FAIL", what, "%s", error->msg);
    if (!*code)
        *code = leat_exit_code(error->code);
}

/* Whoever relies on aggregates should know what is promised for them. */
static void check_aggregates(const leat_plan *plan)
{
    const leat_aggregates_spec *spec = plan->features.aggregates;
    for (uint32_t i = 0; spec && i < spec->n_entities; i++) {
        const leat_entity_spec *entity = &spec->entities[i];
        const char *words = "kept by the partition's worker: the same answers again";
        if (entity->is_shared)
            words = "shared by workers: counted once, but in no order that could be had "
                    "again; entity: key, on one topic, has it";
        say("ok", "aggregates", "entity %s, %" PRIu32 " window%s, %s", entity->name,
            entity->state.n_windows, entity->state.n_windows == 1 ? "" : "s", words);
    }
}

/* What is ranked, and how large a batch may be. */
static void check_rank(const leat_config *config, const leat_plan *plan)
{
    const leat_schema *schema = &plan->schema;
    uint64_t n_rows = (uint64_t)config->window.max_events * schema->candidates.max;
    uint64_t bytes = schema->n_captures * sizeof(leat_slice);
    for (uint32_t i = 0; i < schema->n_inputs; i++)
        bytes += leat_tensor_row_size(&schema->inputs[i]) *
                 leat_dtype_size(schema->inputs[i].dtype);
    if (!schema->candidates.max)
        return;
    say("ok", "rank",
        "%s: the best %" PRIu32 " by %s; a batch of %" PRIu32 " events with %" PRIu32
        " candidates each has %" PRIu64 " rows, %" PRIu64 " MiB",
        config->rank.over, config->rank.top, config->rank.item, config->window.max_events,
        config->rank.max, n_rows, (n_rows * bytes) >> 20);
}

/* The configuration is well when the model and all that depends on it have read it, too. */
static void check_plan(const leat_config *config, int *code)
{
    leat_plan *plan;
    leat_error error;
    leat_status status = leat_plan_new(&plan, config, &error);
    if (status == LEAT_E_CONFIG) {
        say_failed(code, "configuration", &error);
        return;
    }
    say("ok", "configuration", "%s", config->file);
    if (status) {
        say_failed(code, "model", &error);
        return;
    }
    leat_model_facts facts;
    leat_model_describe(plan->model, &facts);
    const char *objective = leat_model_objective(plan->model);
    say("ok", "model", "%s: %s%s%s, %" PRIu32 " %s, %" PRIu32 " columns, version %s",
        config->model.path, leat_model_format(plan->model), objective ? ", " : "",
        objective ? objective : "", facts.n_operators ? facts.n_operators : facts.n_trees,
        facts.n_operators ? "operators" : "trees", plan->schema.n_columns,
        plan->prediction.version);
    if (facts.warning)
        say("warn", "model", "%s", facts.warning);
    check_rank(config, plan);
    check_aggregates(plan);
    if (plan->n_golden_rows)
        say("ok", "golden rows", "%s: all %" PRIu32 " scores are as expected",
            config->model.golden, plan->n_golden_rows);
    if (config->sink.features)
        say("ok", "feature log",
            "%s: a record of %" PRIu32 " features for each prediction",
            config->sink.features, plan->schema.n_columns);
    leat_plan_release(plan);
}

static void check_brokers(const leat_config *config, int *code)
{
    leat_error error;
    if (leat_brokers_check(config, BROKERS_MS, &error))
        say_failed(code, "brokers", &error);
    else
        say("ok", "brokers", "answer, and have the topics");
}

static void check_redis(const leat_config *config, int *code)
{
    leat_redis_spec redis = {0};
    leat_arena arena;
    leat_error error;
    leat_arena_init(&arena, 1024);
    leat_status status = leat_plan_redis(&redis, &arena, config, &error);
    if (!status)
        status = leat_redis_check(&redis, &error);
    if (status)
        say_failed(code, "redis", &error);
    else
        say("ok", "redis", "answers");
    leat_arena_fini(&arena);
}

static int check(const char *path, bool offline)
{
    leat_config *config;
    leat_error error;
    int code = EX_OK;
    if (leat_config_load(&config, path, &error)) {
        say_failed(&code, "configuration", &error);
        return code;
    }
    check_plan(config, &code);
    if (!offline)
        check_brokers(config, &code);
    if (!offline && (config->n_lookups || config->n_aggregates))
        check_redis(config, &code);
    leat_config_free(config);
    return code;
}

int leat_command_check(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"offline", no_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *path = NULL;
    bool offline = false;
    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) >= 0;) {
        if (option == 'c')
            path = optarg;
        else if (option == 'o')
            offline = true;
        else
            return option == 'h' ? print_usage(stdout, EX_OK)
                                 : print_usage(stderr, EX_USAGE);
    }
    if (optind == argc)
        return check(path, offline);
    fprintf(stderr,
            "leat: check: unexpected argument '%s'; a configuration is named by -c\n",
            argv[optind]);
    return print_usage(stderr, EX_USAGE);
}
