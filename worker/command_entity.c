/* leat entity: what aggregates know of an entity, as JSON lines. */
#include "worker/commands.h"

#include "base/clock.h"
#include "base/event_time.h"
#include "features/aggregate/aggregate_look.h"
#include "worker/json_text.h"
#include "worker/plan.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

static const char usage[] =
    "usage: leat entity [-c FILE] [--at TIME] NAME...\n"
    "\n"
    "Shows what the aggregates of a configuration have in Redis of entities, one JSON\n"
    "line for each name and kind of entity. `values` are what an event of that time\n"
    "would be given; where Redis has nothing of the entity they stand alone.\n"
    "\n"
    "  -c, --config FILE  the configuration; default: what LEAT_CONFIG names\n"
    "      --at TIME      as of then: RFC 3339, or seconds since 1970; default: now\n"
    "  -h, --help         show this\n";

typedef struct question {
    const char *config;
    leat_event_time time;
} question;

static int64_t nanoseconds(leat_event_time time)
{
    const int64_t most = INT64_MAX / (int64_t)LEAT_SEC - 1;
    int64_t seconds = time.seconds < -most ? -most : time.seconds;
    seconds = seconds > most ? most : seconds;
    return seconds * (int64_t)LEAT_SEC + time.nanoseconds;
}

static leat_status show(const leat_plan *plan, const leat_entity_spec *entity,
                        const char *name, leat_event_time time, leat_error *error)
{
    leat_arena arena;
    leat_slice map;
    leat_arena_init(&arena, 4096);
    leat_status status =
        leat_aggregate_look(&plan->features.redis, entity, leat_slice_of(name),
                            nanoseconds(time), &arena, &map, error);
    if (status == LEAT_OK) {
        leat_cursor cursor = leat_cursor_over(map);
        status = leat_json_write(stdout, &cursor);
        putchar('\n');
    }
    leat_arena_fini(&arena);
    return status;
}

static leat_status show_all(const leat_plan *plan, char **names, leat_event_time time,
                            leat_error *error)
{
    const leat_aggregates_spec *spec = plan->features.aggregates;
    leat_status status = LEAT_OK;
    if (!spec)
        return leat_error_set(error, LEAT_E_USAGE, "the configuration has no aggregates");
    for (; *names && !status; names++)
        for (uint32_t i = 0; i < spec->n_entities && !status; i++)
            status = show(plan, &spec->entities[i], *names, time, error);
    return status;
}

static int answer(const question *asked, char **names)
{
    leat_config *config;
    leat_plan *plan = NULL;
    leat_error error;
    leat_status status = leat_config_load(&config, asked->config, &error);
    if (status)
        return leat_complain(&error);
    status = leat_plan_new(&plan, config, &error);
    if (!status)
        status = show_all(plan, names, asked->time, &error);
    leat_plan_release(plan);
    leat_config_free(config);
    return status ? leat_complain(&error) : EX_OK;
}

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "leat: entity: %s%s\n", what, why);
    fputs(usage, stderr);
    return EX_USAGE;
}

int leat_command_entity(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"at", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    question asked = {.time.seconds = leat_real_ms() / 1000};
    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) >= 0;) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EX_OK;
        }
        if (option == 'c')
            asked.config = optarg;
        else if (option != 'a')
            return EX_USAGE;
        else if (leat_event_time_parse(&asked.time, leat_slice_of(optarg)) != LEAT_OK)
            return refuse(optarg, ": is no time");
    }
    if (optind == argc)
        return refuse("which one?", "");
    return answer(&asked, argv + optind);
}
