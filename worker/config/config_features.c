#include "worker/config/config_features.h"

#include "base/zone.h"
#include "worker/config/nearest.h"

#include <stdio.h>
#include <string.h>

#define REFUSE(context, feature, key, format, ...)                                       \
    leat_config_refuse(context, LEAT_E_CONFIG,                                           \
                       leat_config_feature_place((context)->config, feature, key),       \
                       "features.%.60s." key ": " format, (feature)->name, __VA_ARGS__)

leat_place leat_config_feature_place(const leat_config *config,
                                     const leat_config_feature *feature, const char *key)
{
    const leat_yaml_entry *features = leat_yaml_find(&config->root, "features");
    const leat_yaml_entry *own =
        features ? leat_yaml_find(&features->value, feature->name) : NULL;
    const leat_yaml_entry *entry = own ? leat_yaml_find(&own->value, key) : NULL;
    return entry ? entry->value.place : feature->place;
}

uint32_t leat_config_feature_length(const leat_config_feature *feature)
{
    return feature->has_as && feature->as == LEAT_AS_IDS ? feature->length : 1;
}

static bool is_as(const leat_config_feature *feature, leat_as as)
{
    return feature->has_as && feature->as == as;
}

/* ---- zones ---- */

/* All names of the database: "Z NAME ..." is a zone, "L ZONE NAME" another name of it. */
static leat_nearest nearest_zone(leat_config_context *context, const char *wanted)
{
    leat_arena *arena = &context->config->arena;
    leat_nearest nearest = leat_nearest_to(wanted);
    char path[256], line[512], name[64];
    snprintf(path, sizeof path, "%.200s/tzdata.zi", leat_zone_folder());
    FILE *names = fopen(path, "re");
    while (names && fgets(line, sizeof line, names)) {
        if (sscanf(line, "Z %63s", name) != 1 && sscanf(line, "L %*s %63s", name) != 1)
            continue;
        const char *copy = leat_arena_strndup(arena, name, strlen(name));
        if (copy)
            leat_nearest_offer(&nearest, copy);
    }
    if (names)
        fclose(names);
    return nearest;
}

static leat_status check_zone(leat_config_context *context,
                              const leat_config_feature *feature)
{
    const leat_zone *zone;
    leat_error why;
    if (!feature->zone)
        return LEAT_OK;
    if (!is_as(feature, LEAT_AS_HOUR) && !is_as(feature, LEAT_AS_WEEKDAY))
        return REFUSE(context, feature, "zone", "%s",
                      "only an hour and a weekday have a zone; write  as: hour  beside "
                      "it, or remove it");
    leat_status status =
        leat_zone_load(&zone, &context->config->arena, feature->zone, &why);
    if (status != LEAT_E_CONFIG)
        return status ? leat_error_set(context->error, status, "%s", why.msg) : LEAT_OK;
    leat_nearest nearest = nearest_zone(context, feature->zone);
    char hint[LEAT_NEAREST_HINT];
    return REFUSE(context, feature, "zone", "%s%s", why.msg,
                  leat_nearest_hint(&nearest, hint));
}

/* ---- sequences ---- */

static leat_status check_ids(leat_config_context *context,
                             const leat_config_feature *feature)
{
    static const char only[] =
        "is for sequences; write  as: ids  beside it, or remove it";
    if (is_as(feature, LEAT_AS_IDS)) {
        if (!feature->has_length)
            return REFUSE(context, feature, "as",
                          "ids need a length: how many elements of the model's input "
                          "they fill; write  length: %d  beside it",
                          50);
        if (feature->has_default)
            return REFUSE(context, feature, "default", "%s",
                          "a sequence that is missing is all pad; write  pad:  in its "
                          "place");
        return LEAT_OK;
    }
    if (feature->has_length)
        return REFUSE(context, feature, "length", "%s", only);
    if (feature->has_pad)
        return REFUSE(context, feature, "pad", "%s", only);
    if (feature->has_keep)
        return REFUSE(context, feature, "keep", "%s", only);
    return LEAT_OK;
}

/* ---- categories ---- */

static bool is_listed(const leat_strings *strings, const char *text)
{
    for (uint32_t i = 0; i < strings->n; i++)
        if (!strcmp(strings->at[i], text))
            return true;
    return false;
}

static leat_status check_categories(leat_config_context *context,
                                    const leat_config_feature *feature)
{
    if (!feature->has_categories)
        return LEAT_OK;
    if (feature->has_as)
        return REFUSE(context, feature, "categories", "%s",
                      "a category is read as such; remove  as,  or the categories");
    if (!feature->categories.n)
        return REFUSE(context, feature, "categories", "%s",
                      "the list is empty; write the strings in the order of their codes");
    if (feature->has_default &&
        !is_listed(&feature->categories, feature->default_value.text))
        return REFUSE(context, feature, "default", "'%.60s' is none of the categories",
                      feature->default_value.text);
    return LEAT_OK;
}

leat_status leat_config_check_features(leat_config_context *context)
{
    static leat_status (*const checks[])(
        leat_config_context *, const leat_config_feature *) = {check_zone, check_ids,
                                                               check_categories};
    const leat_config *config = context->config;
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < config->n_features && !status; i++)
        for (int check = 0; check < 3 && !status; check++)
            status = checks[check](context, &config->features[i]);
    return status;
}
