#include "worker/config/config_lookups.h"

#include "base/path.h"
#include "worker/config/nearest.h"

#include <string.h>

static leat_status no_memory(leat_config_context *context)
{
    return leat_error_set(context->error, LEAT_E_MEMORY, "%s: out of memory",
                          context->config->file);
}

/* A lookup's name must be what paths can say, and not one of their own words. */
static leat_status check_lookup_name(leat_config_context *context,
                                     const leat_config_lookup *lookup)
{
    leat_arena *arena = &context->config->arena;
    const char *text = leat_arena_printf(arena, "%s.x", lookup->name);
    if (!text)
        return no_memory(context);
    leat_path path;
    leat_status status = leat_path_parse(&path, arena, text, NULL);
    if (status == LEAT_E_MEMORY)
        return no_memory(context);
    if (status || path.root != LEAT_ROOT_NAMED || path.n_steps != 1 ||
        strcmp(path.name, lookup->name) != 0)
        return leat_config_refuse(context, LEAT_E_CONFIG, lookup->place,
                                  "lookups: '%.60s' cannot be the name of a lookup: "
                                  "use letters, digits, '_' and '-', and none of event, "
                                  "key, headers, meta",
                                  lookup->name);
    return LEAT_OK;
}

static leat_status refuse_lookup(leat_config_context *context,
                                 const leat_config_feature *feature, const char *name)
{
    const leat_config *config = context->config;
    leat_nearest nearest = leat_nearest_to(name);
    leat_nearest_offer(&nearest, "event");
    leat_nearest_offer(&nearest, "meta");
    for (uint32_t i = 0; i < config->n_lookups; i++)
        leat_nearest_offer(&nearest, config->lookups[i].name);
    char hint[LEAT_NEAREST_HINT];
    return leat_config_refuse(context, LEAT_E_CONFIG, feature->place,
                              "features.%.60s.from: there is no lookup '%.60s'%s",
                              feature->name, name, leat_nearest_hint(&nearest, hint));
}

static leat_status check_field(leat_config_context *context,
                               const leat_config_feature *feature,
                               const leat_config_lookup *lookup, const leat_path *path)
{
    bool is_map = lookup->format == LEAT_CONFIG_LOOKUP_MSGPACK ||
                  lookup->format == LEAT_CONFIG_LOOKUP_JSON;
    if (is_map || path->n_steps == 1)
        return LEAT_OK;
    return leat_config_refuse(context, LEAT_E_CONFIG, feature->place,
                              "features.%.60s.from: '%.60s' must name one field of the "
                              "lookup, as in %.60s.avg_30d; with format: msgpack or json "
                              "a path may go on",
                              feature->name, path->text, lookup->name);
}

/* Marks the lookup that a feature reads, if it reads one. */
static leat_status mark_lookup(leat_config_context *context,
                               const leat_config_feature *feature, bool *used)
{
    const leat_config *config = context->config;
    leat_path path;
    leat_status status =
        leat_path_parse(&path, &context->config->arena, feature->from, context->error);
    if (status || path.root != LEAT_ROOT_NAMED)
        return status;
    for (uint32_t i = 0; i < config->n_lookups; i++)
        if (!strcmp(config->lookups[i].name, path.name)) {
            used[i] = true;
            return check_field(context, feature, &config->lookups[i], &path);
        }
    return refuse_lookup(context, feature, path.name);
}

leat_status leat_config_check_lookups(leat_config_context *context)
{
    const leat_config *config = context->config;
    bool *used = leat_arena_calloc(&context->config->arena, config->n_lookups, 1);
    leat_status status = used ? LEAT_OK : no_memory(context);
    for (uint32_t i = 0; i < config->n_lookups && !status; i++)
        status = check_lookup_name(context, &config->lookups[i]);
    for (uint32_t i = 0; i < config->n_features && !status; i++)
        status = mark_lookup(context, &config->features[i], used);
    for (uint32_t i = 0; i < config->n_lookups && !status; i++) {
        const leat_config_lookup *lookup = &config->lookups[i];
        if (!used[i])
            status =
                leat_config_refuse(context, LEAT_E_CONFIG, lookup->place,
                                   "lookups.%.60s: no feature reads it; write  from: "
                                   "%.60s.FIELD  at a feature, or remove it",
                                   lookup->name, lookup->name);
    }
    return status;
}
