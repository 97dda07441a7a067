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

static leat_status refuse(leat_config_context *context, const leat_config_lookup *lookup,
                          const char *words)
{
    return leat_config_refuse(context, LEAT_E_CONFIG, lookup->place, "lookups.%.60s: %s",
                              lookup->name, words);
}

static leat_status check_types(leat_config_context *context,
                               const leat_config_lookup *lookup)
{
    const leat_pairs *entities = &lookup->feast.entities;
    for (uint32_t i = 0; i < lookup->feast.n_types; i++) {
        const leat_config_join *type = &lookup->feast.types[i];
        uint32_t j = 0;
        while (j < entities->n && strcmp(entities->at[j].name, type->name) != 0)
            j++;
        if (j == entities->n)
            return leat_config_refuse(context, LEAT_E_CONFIG, type->place,
                                      "lookups.%.60s.feast.types: '%.60s' is none of "
                                      "feast.entities",
                                      lookup->name, type->name);
    }
    return LEAT_OK;
}

/* What the format needs, and what it does not have. */
static leat_status check_format(leat_config_context *context,
                                const leat_config_lookup *lookup)
{
    bool is_feast = lookup->format == LEAT_CONFIG_LOOKUP_FEAST;
    bool has_feast = lookup->feast.project || lookup->feast.view ||
                     lookup->feast.entities.n || lookup->feast.n_types;
    if (!is_feast && has_feast)
        return refuse(context, lookup, "'feast' is for format: feast");
    if (!is_feast && lookup->max_age_ns)
        return refuse(context, lookup,
                      "max_age is for format: feast, which keeps when values were "
                      "written");
    if (!is_feast)
        return lookup->key ? LEAT_OK
                           : refuse(context, lookup,
                                    "key is required: a key such as "
                                    "\"user:{event.user_id}\"");
    if (lookup->key)
        return refuse(context, lookup,
                      "Feast makes its keys itself: remove 'key', and name the join keys "
                      "in feast.entities");
    if (!lookup->feast.project || !lookup->feast.entities.n)
        return refuse(context, lookup,
                      "format: feast needs  feast: {project: NAME, entities: {JOIN_KEY: "
                      "event.NAME}}");
    return check_types(context, lookup);
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
    bool has_view = lookup->feast.view || strchr(path->text, ':');
    if (lookup->format == LEAT_CONFIG_LOOKUP_FEAST && !has_view)
        return leat_config_refuse(context, LEAT_E_CONFIG, feature->place,
                                  "features.%.60s.from: '%.60s' names no feature view: "
                                  "write  %.60s.\"VIEW:FEATURE\", or the lookup's "
                                  "feast.view",
                                  feature->name, path->text, lookup->name);
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
    for (uint32_t i = 0; i < config->n_lookups && !status; i++) {
        status = check_lookup_name(context, &config->lookups[i]);
        if (!status)
            status = check_format(context, &config->lookups[i]);
    }
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
