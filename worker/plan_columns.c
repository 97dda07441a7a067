#include "worker/plan_builder.h"

#include "worker/config/nearest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The model's own names win; model.inputs may repeat them, but not differ. */
static leat_status check_input(leat_plan_builder *builder, const leat_config_input *input,
                               const char *const *own)
{
    const leat_tensor_spec *spec = leat_model_inputs(builder->plan->model);
    if (strcmp(input->name, spec->name) != 0)
        return LEAT_PLAN_REFUSE(
            builder, input->place,
            "model.inputs: the model has no input '%.60s'; its input is called "
            "'%.60s'",
            input->name, spec->name);
    if (input->columns.n != builder->n_columns)
        return LEAT_PLAN_REFUSE(
            builder, input->place,
            "model.inputs.%.60s: %u features are listed, and the model wants %u",
            input->name, input->columns.n, builder->n_columns);
    for (uint32_t i = 0; own && i < builder->n_columns; i++)
        if (strcmp(own[i], input->columns.at[i]) != 0)
            return LEAT_PLAN_REFUSE(
                builder, input->place,
                "model.inputs.%.60s: column %u is '%.60s' in the model, not "
                "'%.60s'; leave model.inputs out",
                input->name, i, own[i], input->columns.at[i]);
    builder->names = input->columns.at;
    return LEAT_OK;
}

/* Nobody names the columns. The order in which features happen to be written is no answer:
 * a line that moves would change every score, in silence. */
static leat_status refuse_nameless(leat_plan_builder *builder)
{
    return LEAT_PLAN_REFUSE(
        builder, leat_config_place(builder->config, "model.path"),
        "model.inputs: the model names none of its %u columns; say which feature each "
        "one "
        "is, in the order of training:  inputs: {%.40s: [FIRST, SECOND, ...]}",
        builder->n_columns, leat_model_inputs(builder->plan->model)->name);
}

static leat_status name_columns(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    builder->n_columns = leat_tensor_row_size(leat_model_inputs(builder->plan->model));
    builder->names = leat_model_feature_names(builder->plan->model);
    if (config->model.n_inputs > 1)
        return LEAT_PLAN_REFUSE(builder, config->model.inputs[1].place,
                                "model.inputs: the model has one input, '%.60s'",
                                leat_model_inputs(builder->plan->model)->name);
    if (config->model.n_inputs)
        return check_input(builder, &config->model.inputs[0], builder->names);
    return builder->names ? LEAT_OK : refuse_nameless(builder);
}

static const leat_config_feature *find_feature(const leat_config *config,
                                               const char *name)
{
    for (uint32_t i = 0; i < config->n_features; i++)
        if (!strcmp(config->features[i].name, name))
            return &config->features[i];
    return NULL;
}

static bool is_column(const leat_plan_builder *builder, const char *name)
{
    for (uint32_t i = 0; i < builder->n_columns; i++)
        if (!strcmp(builder->names[i], name))
            return true;
    return false;
}

/* Names the columns that nothing feeds, and what to write: `first` is one of them. */
static leat_status refuse_unfed(leat_plan_builder *builder, const char *first)
{
    const leat_config *config = builder->config;
    char list[100] = "";
    uint32_t n = 0;
    for (uint32_t i = 0; i < builder->n_columns; i++) {
        if (find_feature(config, builder->names[i]))
            continue;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%.60s", n++ ? ", " : "",
                 builder->names[i]);
    }
    leat_nearest nearest = leat_nearest_to(first);
    for (uint32_t i = 0; i < config->n_features; i++)
        if (!is_column(builder, config->features[i].name))
            leat_nearest_offer(&nearest, config->features[i].name);
    leat_place place = leat_config_place(config, "features");
    if (nearest.best) {
        const leat_config_feature *near = find_feature(config, nearest.best);
        return LEAT_PLAN_REFUSE(
            builder, near->place,
            "features.%.60s: the model has no such column, but wants '%.60s'; "
            "rename it",
            near->name, first);
    }
    return LEAT_PLAN_REFUSE(
        builder, place,
        "features: no feature for %u of the model's %u columns (%s%s); write  "
        "%.40s: {from: event.%.40s}",
        n, builder->n_columns, list, strlen(list) > 98 ? "..." : "", first, first);
}

static leat_status build_column(leat_plan_builder *builder, uint32_t index)
{
    const leat_config_feature *feature =
        find_feature(builder->config, builder->names[index]);
    if (!feature)
        return refuse_unfed(builder, builder->names[index]);
    leat_column *column = &builder->columns[index];
    column->name =
        leat_arena_strndup(&builder->plan->arena, feature->name, strlen(feature->name));
    column->element = index;
    column->has_default = feature->has_default;
    column->default_value = feature->has_default ? feature->default_value : NAN;
    if (!column->name)
        return leat_plan_no_memory(builder);
    return leat_path_parse(&column->from, &builder->plan->arena, feature->from,
                           builder->error);
}

leat_status leat_plan_build_columns(leat_plan_builder *builder)
{
    leat_plan *plan = builder->plan;
    const leat_config *config = builder->config;
    leat_status status = name_columns(builder);
    if (status)
        return status;
    builder->columns =
        leat_arena_calloc(&plan->arena, builder->n_columns, sizeof *builder->columns);
    if (!builder->columns)
        return leat_plan_no_memory(builder);
    for (uint32_t i = 0; i < builder->n_columns && !status; i++)
        status = build_column(builder, i);
    for (uint32_t i = 0; i < config->n_features && !status; i++)
        if (!is_column(builder, config->features[i].name))
            status = LEAT_PLAN_REFUSE(
                builder, config->features[i].place,
                "features.%.60s: the model has no such column; remove it",
                config->features[i].name);
    plan->schema.n_inputs = leat_model_n_inputs(plan->model);
    plan->schema.inputs = leat_model_inputs(plan->model);
    plan->schema.n_columns = builder->n_columns;
    plan->schema.columns = builder->columns;
    return status;
}
