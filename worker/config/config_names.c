#include "worker/config/config_names.h"

#include "base/path.h"
#include "worker/config/config_lookups.h"
#include "worker/config/name_list.h"
#include "worker/config/nearest.h"

#include <string.h>

/* A lookup, or a value of an aggregate. */
typedef struct named {
    const char *section; /* "lookups" */
    const char *name;
    const char *value; /* of an aggregate; NULL: a lookup, any field will do */
    const leat_config_lookup *lookup; /* NULL with a value */
    leat_place place;
    bool is_read;
} named;

typedef struct named_list {
    uint32_t n;
    named *at;
} named_list;

static leat_status no_memory(leat_config_context *context)
{
    return leat_error_set(context->error, LEAT_E_MEMORY, "%s: out of memory",
                          context->config->file);
}

static leat_status list_names(leat_config_context *context, named_list *list)
{
    const leat_config *config = context->config;
    size_t n = config->n_lookups;
    for (uint32_t i = 0; i < config->n_aggregates; i++)
        n += config->aggregates[i].n_values;
    list->at = leat_arena_calloc(&context->config->arena, n, sizeof *list->at);
    if (!list->at)
        return no_memory(context);
    for (uint32_t i = 0; i < config->n_lookups; i++)
        list->at[list->n++] = (named){.section = "lookups",
                                      .name = config->lookups[i].name,
                                      .lookup = &config->lookups[i],
                                      .place = config->lookups[i].place};
    for (uint32_t i = 0; i < config->n_aggregates; i++) {
        const leat_config_aggregate *aggregate = &config->aggregates[i];
        for (uint32_t j = 0; j < aggregate->n_values; j++)
            list->at[list->n++] = (named){.section = "aggregates",
                                          .name = aggregate->name,
                                          .value = aggregate->values[j].name,
                                          .place = aggregate->values[j].place};
    }
    return LEAT_OK;
}

/* ---- the names themselves ---- */

/* It must be what paths can say, and not one of their own words. */
static leat_status check_name(leat_config_context *context, const named *item)
{
    leat_arena *arena = &context->config->arena;
    const char *text =
        leat_arena_printf(arena, "%s.%s", item->name, item->value ? item->value : "x");
    if (!text)
        return no_memory(context);
    leat_path path;
    leat_status status = leat_path_parse(&path, arena, text, NULL);
    if (status == LEAT_E_MEMORY)
        return no_memory(context);
    if (status || path.root != LEAT_ROOT_NAMED || path.n_steps != 1 ||
        path.steps[0].is_index || strcmp(path.name, item->name) != 0)
        return leat_config_refuse(context, LEAT_E_CONFIG, item->place,
                                  "%s: '%.60s%s%.60s' cannot be a name: use letters, "
                                  "digits, '_' and '-', and none of event, candidate, "
                                  "key, headers, meta",
                                  item->section, item->name, item->value ? "." : "",
                                  item->value ? item->value : "");
    return LEAT_OK;
}

static leat_status check_single(leat_config_context *context, const named_list *list,
                                const named *item)
{
    for (const named *other = list->at; other < item; other++)
        if (!strcmp(other->name, item->name) &&
            strcmp(other->section, item->section) != 0)
            return leat_config_refuse(
                context, LEAT_E_CONFIG, item->place,
                "aggregates: there is a lookup '%.60s', too; one of them needs another "
                "name",
                item->name);
    return LEAT_OK;
}

/* ---- features that read them ---- */

/* The aggregate is there, and says what it has. */
static leat_status refuse_value(leat_config_context *context, const named_list *list,
                                const leat_config_feature *feature, const leat_path *path)
{
    leat_name_list values = {0};
    for (uint32_t i = 0; i < list->n; i++)
        if (!strcmp(list->at[i].name, path->name))
            leat_name_list_add(&values, list->at[i].value);
    return leat_config_refuse(context, LEAT_E_CONFIG, feature->place,
                              "features.%.60s.from: the aggregate '%.60s' has no value "
                              "'%s'; it has %s",
                              feature->name, path->name,
                              path->text + strlen(path->name) + 1, values.text);
}

static leat_status refuse_unknown(leat_config_context *context, const named_list *list,
                                  const leat_config_feature *feature,
                                  const leat_path *path)
{
    char hint[LEAT_NEAREST_HINT];
    leat_nearest nearest = leat_nearest_to(path->name);
    leat_nearest_offer(&nearest, "event");
    leat_nearest_offer(&nearest, "meta");
    for (uint32_t i = 0; i < list->n; i++) {
        if (!strcmp(list->at[i].name, path->name))
            return refuse_value(context, list, feature, path);
        leat_nearest_offer(&nearest, list->at[i].name);
    }
    return leat_config_refuse(
        context, LEAT_E_CONFIG, feature->place,
        "features.%.60s.from: there is no lookup or aggregate '%.60s'%s", feature->name,
        path->name, leat_nearest_hint(&nearest, hint));
}

static bool reads(const leat_path *path, const named *item)
{
    if (strcmp(item->name, path->name) != 0)
        return false;
    leat_slice value = {(const uint8_t *)item->value,
                        item->value ? (uint32_t)strlen(item->value) : 0};
    return !item->value ||
           (path->n_steps == 1 && leat_slice_equal(path->steps[0].name, value));
}

static leat_status mark_read(leat_config_context *context, named_list *list,
                             const leat_config_feature *feature)
{
    leat_path path;
    leat_status status =
        leat_path_parse(&path, &context->config->arena, feature->from, context->error);
    if (status || path.root != LEAT_ROOT_NAMED)
        return status;
    for (uint32_t i = 0; i < list->n; i++)
        if (reads(&path, &list->at[i])) {
            list->at[i].is_read = true;
            return list->at[i].value ? LEAT_OK
                                     : leat_config_check_field(context, feature,
                                                               list->at[i].lookup, &path);
        }
    return refuse_unknown(context, list, feature, &path);
}

static leat_status check_read(leat_config_context *context, const named *item)
{
    if (item->is_read)
        return LEAT_OK;
    return leat_config_refuse(context, LEAT_E_CONFIG, item->place,
                              "%s.%.60s%s%.60s: no feature reads it; write  from: "
                              "%.60s.%.60s  at a feature, or remove it",
                              item->section, item->name, item->value ? "." : "",
                              item->value ? item->value : "", item->name,
                              item->value ? item->value : "FIELD");
}

/* ---- what a value of an aggregate is ---- */

static leat_status check_value(leat_config_context *context,
                               const leat_config_aggregate *aggregate,
                               const leat_config_value *value)
{
    const char *const paths[] = {value->sum, value->mean,     value->min, value->max,
                                 value->std, value->distinct, value->last};
    int n = value->has_since;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        n += paths[i] != NULL;
    if (n > 1)
        return leat_config_refuse(context, LEAT_E_CONFIG, value->place,
                                  "aggregates.%.60s.of.%.60s: is %d things at once; give "
                                  "each a name of its own",
                                  aggregate->name, value->name, n);
    if (value->n > 1 && !value->last)
        return leat_config_refuse(context, LEAT_E_CONFIG, value->place,
                                  "aggregates.%.60s.of.%.60s: n goes with last alone",
                                  aggregate->name, value->name);
    return LEAT_OK;
}

static leat_status check_aggregate(leat_config_context *context,
                                   const leat_config_aggregate *aggregate)
{
    leat_status status = LEAT_OK;
    if (!aggregate->n_values)
        status = leat_config_refuse(
            context, LEAT_E_CONFIG, aggregate->place,
            "aggregates.%.60s.of: is empty; write  of: {count: {}}", aggregate->name);
    for (uint32_t i = 0; i < aggregate->n_values && !status; i++)
        status = check_value(context, aggregate, &aggregate->values[i]);
    return status;
}

leat_status leat_config_check_names(leat_config_context *context)
{
    const leat_config *config = context->config;
    named_list list = {0};
    leat_status status = list_names(context, &list);
    for (uint32_t i = 0; i < list.n && !status; i++) {
        status = check_name(context, &list.at[i]);
        if (!status)
            status = check_single(context, &list, &list.at[i]);
    }
    for (uint32_t i = 0; i < config->n_aggregates && !status; i++)
        status = check_aggregate(context, &config->aggregates[i]);
    for (uint32_t i = 0; i < config->n_features && !status; i++)
        status = mark_read(context, &list, &config->features[i]);
    for (uint32_t i = 0; i < list.n && !status; i++)
        status = check_read(context, &list.at[i]);
    return status;
}
