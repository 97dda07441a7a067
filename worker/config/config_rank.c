#include "worker/config/config_rank.h"

#include "worker/config/key_template.h"

#include <string.h>

#define REFUSE(context, key, format, ...)                                                \
    leat_config_refuse(context, LEAT_E_CONFIG,                                           \
                       leat_config_place((context)->config, key), key ": " format,       \
                       __VA_ARGS__)

/* The first path that goes into a candidate, and the first that takes it as it is. */
typedef struct uses {
    leat_config_context *context;
    const char *field;
    const char *whole;
    leat_place place; /* of the first of all */
    const char *user; /* likewise: "features.price.from" */
} uses;

static leat_status no_memory(leat_config_context *context)
{
    return leat_error_set(context->error, LEAT_E_MEMORY, "%s: out of memory",
                          context->config->file);
}

static leat_status note(uses *found, const leat_path *path, leat_place place,
                        const char *section, const char *name, const char *key)
{
    if (path->root != LEAT_ROOT_CANDIDATE)
        return LEAT_OK;
    if (!found->user) {
        found->place = place;
        found->user = leat_arena_printf(&found->context->config->arena, "%s.%s.%s",
                                        section, name, key);
        if (!found->user)
            return no_memory(found->context);
    }
    const char **first = path->n_steps ? &found->field : &found->whole;
    if (!*first)
        *first = path->text;
    return LEAT_OK;
}

static leat_status note_feature(uses *found, const leat_config_feature *feature)
{
    leat_config_context *context = found->context;
    leat_path path;
    leat_status status =
        leat_path_parse(&path, &context->config->arena, feature->from, context->error);
    return status ? status
                  : note(found, &path,
                         leat_config_feature_place(context->config, feature, "from"),
                         "features", feature->name, "from");
}

static leat_status note_key(uses *found, const leat_config_lookup *lookup)
{
    leat_config_context *context = found->context;
    leat_key_template template = {0};
    leat_status status = lookup->key
                             ? leat_key_template_parse(&template, &context->config->arena,
                                                       lookup->key, context->error)
                             : LEAT_OK;
    for (uint32_t i = 0; i < template.n_parts && !status; i++)
        if (!template.parts[i].literal.data)
            status = note(found, &template.parts[i].path, lookup->place, "lookups",
                          lookup->name, "key");
    return status;
}

static leat_status note_joins(uses *found, const leat_config_lookup *lookup)
{
    leat_config_context *context = found->context;
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < lookup->feast.entities.n && !status; i++) {
        const leat_pair *join = &lookup->feast.entities.at[i];
        leat_path path;
        status =
            leat_path_parse(&path, &context->config->arena, join->value, context->error);
        if (!status)
            status = note(found, &path, join->place, "lookups", lookup->name,
                          "feast.entities");
    }
    return status;
}

static leat_status find_uses(uses *found)
{
    const leat_config *config = found->context->config;
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < config->n_features && !status; i++)
        status = note_feature(found, &config->features[i]);
    for (uint32_t i = 0; i < config->n_lookups && !status; i++)
        status = note_key(found, &config->lookups[i]);
    for (uint32_t i = 0; i < config->n_lookups && !status; i++)
        status = note_joins(found, &config->lookups[i]);
    return status;
}

static bool is_written(const leat_config *config)
{
    const leat_yaml_entry *rank = leat_yaml_find(&config->root, "rank");
    return rank && !leat_yaml_is_null(&rank->value);
}

static leat_status check_unranked(leat_config_context *context, const uses *found)
{
    if (is_written(context->config))
        return REFUSE(context, "rank", "%s",
                      "over is required: a path of an array, such as event.candidates");
    if (!found->user)
        return LEAT_OK;
    return leat_config_refuse(context, LEAT_E_CONFIG, found->place,
                              "%.100s: '%.60s' is of a candidate, and nothing is ranked; "
                              "write  rank: {over: event.CANDIDATES}",
                              found->user, found->field ? found->field : found->whole);
}

/* A ranking names candidates: by what they are where that is all that is known of them. */
static leat_status fill_item(leat_config_context *context, const uses *found)
{
    leat_config *config = context->config;
    if (!config->rank.item && found->field)
        return REFUSE(context, "rank",
                      "item is required, since candidates have fields ('%.60s'): the one "
                      "that names a candidate, as in  item: candidate.id, or  item: "
                      "candidate  for all of it",
                      found->field);
    if (!config->rank.item)
        config->rank.item = "candidate";
    return LEAT_OK;
}

leat_status leat_config_check_rank(leat_config_context *context)
{
    const leat_config *config = context->config;
    uses found = {.context = context};
    leat_status status = find_uses(&found);
    if (status)
        return status;
    if (!config->rank.over)
        return check_unranked(context, &found);
    if (!found.user)
        return REFUSE(
            context, "rank", "%s",
            "no feature is of the candidate, so all would get one score; write  "
            "from: candidate.NAME  at a feature, or {candidate.NAME} in the key "
            "of a lookup");
    if (config->sink.n_thresholds)
        return REFUSE(context, "sink.thresholds", "%s",
                      "a ranking has no decision; remove them");
    return fill_item(context, &found);
}
