#include "worker/plan_builder.h"

#include "worker/config/name_list.h"
#include "worker/config/nearest.h"

#include <string.h>

/* Who names the columns of an input:
 *
 *   the model         XGBoost and LightGBM, when they were trained with names
 *   model.inputs      the features of each input, in the order of its columns
 *   the input itself  where a feature of its name is a sequence; or where the model has
 *                     several, and this one has a single element: skl2onnx makes an input
 *                     of every column of a DataFrame
 *
 * A feature fills one element of its input, a sequence as many as it is long; together
 * they have to fill all of it.
 */

/* The columns of an input. */
typedef struct input_names {
    uint32_t n;
    const char *const *at;
} input_names;

static const leat_config_input *find_listed(const leat_config *config, const char *input)
{
    for (uint32_t i = 0; i < config->model.n_inputs; i++)
        if (!strcmp(config->model.inputs[i].name, input))
            return &config->model.inputs[i];
    return NULL;
}

/* Nobody names the columns. The order in which features happen to be written is no answer:
 * a line that moves would change every score, in silence. */
static leat_status refuse_nameless(leat_plan_builder *builder,
                                   const leat_tensor_spec *input)
{
    return LEAT_PLAN_REFUSE(
        builder, leat_config_place(builder->config, "model.path"),
        "model.inputs: the model names none of the %u columns of its input '%.40s'; say "
        "which feature each one is, in the order of training:  inputs: {%.40s: [FIRST, "
        "SECOND, ...]}",
        leat_tensor_row_size(input), input->name, input->name);
}

static const leat_config_feature *find_feature(const leat_config *config,
                                               const char *name)
{
    for (uint32_t i = 0; i < config->n_features; i++)
        if (!strcmp(config->features[i].name, name))
            return &config->features[i];
    return NULL;
}

/* Elements that the feature of that name fills; one that is not there is refused later. */
static uint32_t length_of(const leat_plan_builder *builder, const char *name)
{
    const leat_config_feature *feature = find_feature(builder->config, name);
    return feature ? leat_config_feature_length(feature) : 1;
}

static leat_status check_listed(leat_plan_builder *builder,
                                const leat_config_input *listed,
                                const leat_tensor_spec *input)
{
    const leat_strings *names = &listed->columns;
    uint32_t wanted = leat_tensor_row_size(input), filled = 0;
    for (uint32_t i = 0; i < names->n; i++)
        filled += length_of(builder, names->at[i]);
    if (filled == wanted)
        return LEAT_OK;
    if (filled == names->n)
        return LEAT_PLAN_REFUSE(
            builder, listed->place,
            "model.inputs.%.60s: %u features are listed, and the model wants %u",
            listed->name, filled, wanted);
    return LEAT_PLAN_REFUSE(builder, listed->place,
                            "model.inputs.%.60s: the %u features that are listed fill %u "
                            "elements, and the model wants %u; a sequence fills as many "
                            "as its length",
                            listed->name, names->n, filled, wanted);
}

/* The model's own names win; model.inputs may repeat them, but not differ. */
static leat_status check_own(leat_plan_builder *builder, const leat_config_input *listed,
                             const input_names *own)
{
    for (uint32_t i = 0; i < own->n; i++) {
        const leat_config_feature *feature = find_feature(builder->config, own->at[i]);
        if (feature && leat_config_feature_length(feature) > 1)
            return LEAT_PLAN_REFUSE(
                builder, leat_config_feature_place(builder->config, feature, "as"),
                "features.%.60s.as: a sequence of %u, but the model knows '%.60s' as a "
                "single column",
                feature->name, leat_config_feature_length(feature), feature->name);
    }
    for (uint32_t i = 0; listed && i < own->n && i < listed->columns.n; i++)
        if (strcmp(own->at[i], listed->columns.at[i]) != 0)
            return LEAT_PLAN_REFUSE(
                builder, listed->place,
                "model.inputs.%.60s: column %u is '%.60s' in the model, not "
                "'%.60s'; leave model.inputs out",
                listed->name, i, own->at[i], listed->columns.at[i]);
    return LEAT_OK;
}

/* Where there is no model, inputs are made of features and have their names. */
static bool may_name_itself(const leat_plan_builder *builder,
                            const leat_tensor_spec *input)
{
    const leat_config_feature *feature = find_feature(builder->config, input->name);
    bool is_sequence = feature && feature->has_as && feature->as == LEAT_AS_IDS;
    bool is_one_of_many = builder->n_inputs > 1 && leat_tensor_row_size(input) == 1;
    return !builder->plan->model || is_sequence || is_one_of_many;
}

static leat_status name_itself(leat_plan_builder *builder, const leat_tensor_spec *input,
                               input_names *names)
{
    if (!may_name_itself(builder, input))
        return refuse_nameless(builder, input);
    *names = (input_names){1, &input->name};
    uint32_t wanted = leat_tensor_row_size(input);
    const leat_config_feature *feature = find_feature(builder->config, input->name);
    if (length_of(builder, input->name) == wanted)
        return LEAT_OK;
    return LEAT_PLAN_REFUSE(
        builder, leat_config_feature_place(builder->config, feature, "length"),
        "features.%.60s.length: %u, but the model's input of that name wants %u",
        feature->name, feature->length, wanted);
}

static leat_status find_names(leat_plan_builder *builder, const leat_tensor_spec *input,
                              input_names *names)
{
    const leat_model *model = builder->plan->model;
    const leat_config_input *listed = find_listed(builder->config, input->name);
    input_names own = {leat_tensor_row_size(input),
                       model ? leat_model_feature_names(model) : NULL};
    if (!listed && !own.at)
        return name_itself(builder, input, names);
    *names = listed ? (input_names){listed->columns.n, listed->columns.at} : own;
    leat_status status = listed ? check_listed(builder, listed, input) : LEAT_OK;
    return status || !own.at ? status : check_own(builder, listed, &own);
}

static leat_status refuse_unknown(leat_plan_builder *builder,
                                  const leat_config_input *listed)
{
    leat_name_list list = {0};
    for (uint32_t i = 0; i < builder->n_inputs; i++)
        leat_name_list_add(&list, builder->inputs[i].name);
    return LEAT_PLAN_REFUSE(builder, listed->place,
                            "model.inputs: the model has no input '%.60s'; its %s called "
                            "%s",
                            listed->name,
                            builder->n_inputs > 1 ? "inputs are" : "input is", list.text);
}

static bool is_input(const leat_plan_builder *builder, const char *name)
{
    for (uint32_t i = 0; i < builder->n_inputs; i++)
        if (!strcmp(builder->inputs[i].name, name))
            return true;
    return false;
}

/* Every input that is listed must be one of the model's. */
static leat_status check_inputs(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    for (uint32_t i = 0; i < config->model.n_inputs; i++)
        if (!is_input(builder, config->model.inputs[i].name))
            return refuse_unknown(builder, &config->model.inputs[i]);
    return LEAT_OK;
}

/* names: [n_inputs] */
static leat_status lay_columns(leat_plan_builder *builder, const input_names *names)
{
    leat_arena *arena = &builder->plan->arena;
    leat_column *column =
        leat_arena_calloc(arena, builder->n_columns, sizeof *builder->columns);
    builder->columns = column;
    if (!column)
        return leat_plan_no_memory(builder);
    for (uint32_t i = 0; i < builder->n_inputs; i++) {
        uint32_t element = 0;
        for (uint32_t k = 0; k < names[i].n; k++, column++) {
            *column = (leat_column){.name = names[i].at[k],
                                    .tensor = i,
                                    .element = element,
                                    .n = length_of(builder, names[i].at[k])};
            element += column->n;
        }
    }
    return LEAT_OK;
}

static leat_status name_columns(leat_plan_builder *builder)
{
    uint32_t n_inputs = builder->n_inputs;
    input_names *names =
        leat_arena_calloc(&builder->plan->arena, n_inputs, sizeof *names);
    if (!names)
        return leat_plan_no_memory(builder);
    leat_status status = check_inputs(builder);
    for (uint32_t i = 0; i < n_inputs && !status; i++) {
        status = find_names(builder, &builder->inputs[i], &names[i]);
        builder->n_columns += names[i].n;
    }
    return status ? status : lay_columns(builder, names);
}

/* ---- features ---- */

static bool is_column(const leat_plan_builder *builder, const char *name)
{
    for (uint32_t i = 0; i < builder->n_columns; i++)
        if (!strcmp(builder->columns[i].name, name))
            return true;
    return false;
}

/* The feature that was likely meant for the column: one that is none itself, or NULL. */
static const leat_config_feature *find_nearest(const leat_plan_builder *builder,
                                               const char *column)
{
    const leat_config *config = builder->config;
    leat_nearest nearest = leat_nearest_to(column);
    for (uint32_t i = 0; i < config->n_features; i++)
        if (!is_column(builder, config->features[i].name))
            leat_nearest_offer(&nearest, config->features[i].name);
    return nearest.best ? find_feature(config, nearest.best) : NULL;
}

/* Names the columns that nothing feeds, and what to write: `first` is one of them. */
static leat_status refuse_unfed(leat_plan_builder *builder, const char *first)
{
    const leat_config_feature *near = find_nearest(builder, first);
    if (near)
        return LEAT_PLAN_REFUSE(
            builder, near->place,
            "features.%.60s: the model has no such column, but wants '%.60s'; "
            "rename it",
            near->name, first);
    leat_name_list unfed = {0};
    for (uint32_t i = 0; i < builder->n_columns; i++)
        if (!find_feature(builder->config, builder->columns[i].name))
            leat_name_list_add(&unfed, builder->columns[i].name);
    return LEAT_PLAN_REFUSE(
        builder, leat_config_place(builder->config, "features"),
        "features: no feature for %u of the model's %u columns (%s); write  "
        "%.40s: {from: event.%.40s}",
        unfed.n, builder->n_columns, unfed.text, first, first);
}

static leat_status build_column(leat_plan_builder *builder, leat_column *column)
{
    leat_arena *arena = &builder->plan->arena;
    const leat_config_feature *feature = find_feature(builder->config, column->name);
    if (!feature)
        return refuse_unfed(builder, column->name);
    column->name = leat_arena_strndup(arena, feature->name, strlen(feature->name));
    if (!column->name)
        return leat_plan_no_memory(builder);
    leat_status status =
        leat_path_parse(&column->from, arena, feature->from, builder->error);
    return status ? status : leat_plan_build_reading(builder, feature, column);
}

leat_status leat_plan_build_columns(leat_plan_builder *builder)
{
    leat_plan *plan = builder->plan;
    const leat_config *config = builder->config;
    leat_status status = name_columns(builder);
    for (uint32_t i = 0; i < builder->n_columns && !status; i++)
        status = build_column(builder, &builder->columns[i]);
    for (uint32_t i = 0; i < config->n_features && !status; i++)
        if (!is_column(builder, config->features[i].name))
            status = LEAT_PLAN_REFUSE(
                builder, config->features[i].place,
                "features.%.60s: the model has no such column; remove it",
                config->features[i].name);
    plan->schema.n_inputs = builder->n_inputs;
    plan->schema.inputs = builder->inputs;
    plan->schema.n_columns = builder->n_columns;
    plan->schema.columns = builder->columns;
    return status;
}
