#include "worker/config/config_lookups.h"

#include "base/path.h"
#include "features/lookup/lookup.h"

#include <string.h>

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

static bool is_time(leat_config_context *context, const leat_config_lookup *lookup)
{
    leat_arena *arena = &context->config->arena;
    const char *text = leat_arena_printf(arena, "%s.%s", lookup->name, lookup->time);
    leat_path path;
    if (!text || leat_path_parse(&path, arena, text, NULL) != LEAT_OK)
        return false;
    return path.n_steps == 1 || lookup->format != LEAT_CONFIG_LOOKUP_HASH;
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
    if (!is_feast && lookup->max_age_ns && !lookup->time)
        return refuse(context, lookup,
                      "max_age needs  time: FIELD, which says when the entity was "
                      "written");
    if (is_feast && lookup->time)
        return refuse(context, lookup,
                      "Feast keeps by itself when values were written: remove 'time'");
    if (lookup->time && !is_time(context, lookup))
        return refuse(context, lookup,
                      "'time' must name one field of the lookup, as in time: updated_at; "
                      "with format: msgpack or json a path may go on");
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

leat_status leat_config_check_lookups(leat_config_context *context)
{
    const leat_config *config = context->config;
    leat_status status = LEAT_OK;
    if (config->n_lookups > LEAT_MAX_LOOKUPS)
        return leat_config_refuse(context, LEAT_E_CONFIG,
                                  leat_config_place(config, "lookups"),
                                  "lookups: %u are named; at most %d are allowed",
                                  config->n_lookups, LEAT_MAX_LOOKUPS);
    for (uint32_t i = 0; i < config->n_lookups && !status; i++)
        status = check_format(context, &config->lookups[i]);
    return status;
}

leat_status leat_config_check_field(leat_config_context *context,
                                    const leat_config_feature *feature,
                                    const leat_config_lookup *lookup,
                                    const leat_path *path)
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
