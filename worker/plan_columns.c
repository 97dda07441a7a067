#include "worker/plan_builder.h"

#include "base/element.h"
#include "worker/config/nearest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Who names the columns of an input:
 *
 *   the model         XGBoost and LightGBM, when they were trained with names
 *   model.inputs      the features of each input, in the order of its columns
 *   the input itself  where the model has several, and this one has a single column:
 *                     skl2onnx makes an input of every column of a DataFrame
 */

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

/* The model's own names win; model.inputs may repeat them, but not differ. */
static leat_status check_listed(leat_plan_builder *builder,
                                const leat_config_input *listed,
                                const leat_tensor_spec *input, const char *const *own)
{
    uint32_t n_columns = leat_tensor_row_size(input);
    if (listed->columns.n != n_columns)
        return LEAT_PLAN_REFUSE(
            builder, listed->place,
            "model.inputs.%.60s: %u features are listed, and the model wants %u",
            listed->name, listed->columns.n, n_columns);
    for (uint32_t i = 0; own && i < n_columns; i++)
        if (strcmp(own[i], listed->columns.at[i]) != 0)
            return LEAT_PLAN_REFUSE(
                builder, listed->place,
                "model.inputs.%.60s: column %u is '%.60s' in the model, not "
                "'%.60s'; leave model.inputs out",
                listed->name, i, own[i], listed->columns.at[i]);
    return LEAT_OK;
}

/* names: [n_columns of the input] */
static leat_status find_names(leat_plan_builder *builder, const leat_tensor_spec *input,
                              const char *const **names)
{
    const leat_model *model = builder->plan->model;
    const leat_config_input *listed = find_listed(builder->config, input->name);
    const char *const *own = leat_model_feature_names(model);
    if (input->dtype == LEAT_STRING)
        return leat_place_refuse(
            builder->error, LEAT_E_UNSUPPORTED, builder->config->file,
            leat_config_place(builder->config, "model.path"),
            "model.path: the model's input '%.60s' takes strings: not supported yet",
            input->name);
    bool names_itself =
        leat_model_n_inputs(model) > 1 && leat_tensor_row_size(input) == 1;
    *names = listed ? listed->columns.at : own ? own : names_itself ? &input->name : NULL;
    if (listed)
        return check_listed(builder, listed, input, own);
    return *names ? LEAT_OK : refuse_nameless(builder, input);
}

static leat_status refuse_unknown(leat_plan_builder *builder,
                                  const leat_config_input *listed)
{
    const leat_model *model = builder->plan->model;
    char list[100] = "";
    for (uint32_t i = 0; i < leat_model_n_inputs(model); i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s'%.60s'", i ? ", " : "",
                 leat_model_inputs(model)[i].name);
    }
    return LEAT_PLAN_REFUSE(
        builder, listed->place,
        "model.inputs: the model has no input '%.60s'; its %s called %s%s", listed->name,
        leat_model_n_inputs(model) > 1 ? "inputs are" : "input is", list,
        strlen(list) > 98 ? "..." : "");
}

/* Every input that is listed must be one of the model's. */
static leat_status check_inputs(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    const leat_tensor_spec *inputs = leat_model_inputs(builder->plan->model);
    uint32_t n_inputs = leat_model_n_inputs(builder->plan->model);
    for (uint32_t i = 0; i < config->model.n_inputs; i++) {
        uint32_t found = 0;
        while (found < n_inputs &&
               strcmp(inputs[found].name, config->model.inputs[i].name) != 0)
            found++;
        if (found == n_inputs)
            return refuse_unknown(builder, &config->model.inputs[i]);
    }
    return LEAT_OK;
}

/* names: [n_inputs], the names of each input's columns. */
static leat_status lay_columns(leat_plan_builder *builder,
                               const char *const *const *names)
{
    const leat_model *model = builder->plan->model;
    uint32_t at = 0;
    builder->columns = leat_arena_calloc(&builder->plan->arena, builder->n_columns,
                                         sizeof *builder->columns);
    if (!builder->columns)
        return leat_plan_no_memory(builder);
    for (uint32_t i = 0; i < leat_model_n_inputs(model); i++) {
        uint32_t n = leat_tensor_row_size(&leat_model_inputs(model)[i]);
        for (uint32_t element = 0; element < n; element++)
            builder->columns[at++] = (leat_column){
                .name = names[i][element], .tensor = i, .element = element, .n = 1};
    }
    return LEAT_OK;
}

static leat_status name_columns(leat_plan_builder *builder)
{
    const leat_model *model = builder->plan->model;
    uint32_t n_inputs = leat_model_n_inputs(model);
    const char *const **names =
        leat_arena_calloc(&builder->plan->arena, n_inputs, sizeof *names);
    if (!names)
        return leat_plan_no_memory(builder);
    leat_status status = check_inputs(builder);
    for (uint32_t i = 0; i < n_inputs && !status; i++) {
        const leat_tensor_spec *input = &leat_model_inputs(model)[i];
        status = find_names(builder, input, &names[i]);
        builder->n_columns += leat_tensor_row_size(input);
    }
    return status ? status : lay_columns(builder, names);
}

/* ---- features ---- */

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
        if (!strcmp(builder->columns[i].name, name))
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
        if (find_feature(config, builder->columns[i].name))
            continue;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%.60s", n++ ? ", " : "",
                 builder->columns[i].name);
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

/* A default that the column's type can hold; config.c has seen that a float can. As a
 * double it may have been rounded to an integer from 2^53 on. */
static leat_status check_default(leat_plan_builder *builder,
                                 const leat_config_feature *feature, leat_dtype dtype)
{
    uint64_t element;
    leat_value value = {.type = LEAT_VALUE_DOUBLE, .as.f = feature->default_value};
    bool is_exact = leat_dtype_has_nan(dtype) || fabs(value.as.f) < 0x1p53;
    if (!feature->has_default ||
        (is_exact && leat_element_put(&element, dtype, &value) == LEAT_OK))
        return LEAT_OK;
    return LEAT_PLAN_REFUSE(builder, feature->place,
                            "features.%.60s.default: %g, but the model's input takes %s "
                            "(%s)",
                            feature->name, feature->default_value, leat_dtype_text(dtype),
                            leat_dtype_name(dtype));
}

static leat_status build_column(leat_plan_builder *builder, leat_column *column)
{
    leat_arena *arena = &builder->plan->arena;
    const leat_config_feature *feature = find_feature(builder->config, column->name);
    if (!feature)
        return refuse_unfed(builder, column->name);
    leat_dtype dtype = leat_model_inputs(builder->plan->model)[column->tensor].dtype;
    leat_status status = check_default(builder, feature, dtype);
    if (status)
        return status;
    column->name = leat_arena_strndup(arena, feature->name, strlen(feature->name));
    column->has_default = feature->has_default;
    column->default_value = feature->has_default ? feature->default_value : NAN;
    if (!column->name)
        return leat_plan_no_memory(builder);
    return leat_path_parse(&column->from, arena, feature->from, builder->error);
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
    plan->schema.n_inputs = leat_model_n_inputs(plan->model);
    plan->schema.inputs = leat_model_inputs(plan->model);
    plan->schema.n_columns = builder->n_columns;
    plan->schema.columns = builder->columns;
    return status;
}
