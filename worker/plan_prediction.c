/* What a prediction says: of its event, of its score, and what goes along. */
#include "worker/plan_builder.h"

#include <string.h>

/* event.card.country is included as country, event.items[0] as items. */
static const char *include_name(leat_plan_builder *builder, const leat_path *path)
{
    leat_arena *arena = &builder->plan->arena;
    if (path->root == LEAT_ROOT_HEADERS)
        return path->name;
    for (uint32_t i = path->n_steps; i > 0; i--) {
        const leat_step *step = &path->steps[i - 1];
        if (!step->is_index)
            return leat_arena_strndup(arena, (const char *)step->name.data,
                                      step->name.size);
    }
    const char *dot = strrchr(path->text, '.');
    return leat_plan_copy(builder, dot ? dot + 1 : path->text);
}

static leat_status build_include(leat_plan_builder *builder, leat_include *includes,
                                 uint32_t index)
{
    const leat_strings *texts = &builder->config->sink.include;
    leat_path path;
    leat_status status =
        leat_path_parse(&path, &builder->plan->arena, texts->at[index], builder->error);
    if (status)
        return status;
    leat_include *include = &includes[index];
    *include =
        (leat_include){include_name(builder, &path), leat_plan_capture(builder, &path)};
    if (!include->name)
        return leat_plan_no_memory(builder);
    for (uint32_t i = 0; i < index; i++)
        if (!strcmp(includes[i].name, include->name))
            return LEAT_PLAN_REFUSE(
                builder, leat_config_place(builder->config, "sink.include"),
                "sink.include: '%.60s' and '%.60s' would both be called '%.40s'",
                texts->at[i], texts->at[index], include->name);
    return LEAT_OK;
}

static leat_status build_includes(leat_plan_builder *builder)
{
    leat_prediction_spec *prediction = &builder->plan->prediction;
    uint32_t n = builder->config->sink.include.n;
    leat_include *includes =
        leat_arena_calloc(&builder->plan->arena, n, sizeof *includes);
    if (!includes)
        return leat_plan_no_memory(builder);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < n && !status; i++)
        status = build_include(builder, includes, i);
    prediction->n_includes = n;
    prediction->includes = includes;
    return status;
}

static leat_status build_thresholds(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    const leat_model *model = builder->plan->model;
    const char *objective = leat_model_objective(model);
    leat_output_kind kind = leat_model_output_kind(model);
    uint32_t n = config->sink.n_thresholds;
    if (n && kind != LEAT_OUTPUT_SCORE)
        return LEAT_PLAN_REFUSE(builder, leat_config_place(config, "sink.thresholds"),
                                "sink.thresholds: this model (%s) gives %s, and "
                                "thresholds need a single score",
                                objective ? objective : leat_model_format(model),
                                kind == LEAT_OUTPUT_LABEL ? "a class"
                                                          : "a score for each class");
    leat_threshold *thresholds =
        leat_arena_calloc(&builder->plan->arena, n, sizeof *thresholds);
    if (!thresholds)
        return leat_plan_no_memory(builder);
    for (uint32_t i = 0; i < n; i++) {
        const leat_config_threshold *from = &config->sink.thresholds[i];
        thresholds[i] =
            (leat_threshold){leat_plan_copy(builder, from->decision), from->min_score};
        if (!thresholds[i].decision)
            return leat_plan_no_memory(builder);
    }
    builder->plan->prediction.n_thresholds = n;
    builder->plan->prediction.thresholds = thresholds;
    return LEAT_OK;
}

leat_status leat_plan_build_envelope(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_plan *plan = builder->plan;
    leat_prediction_spec *prediction = &plan->prediction;
    const char *digest = plan->model ? leat_model_digest(plan->model) : "";
    prediction->id_prefix = leat_plan_copy(builder, config->source.id_prefix);
    prediction->model = leat_plan_copy(builder, config->model.name);
    prediction->version = leat_arena_strndup(&plan->arena, digest, strnlen(digest, 12));
    return prediction->id_prefix && prediction->model && prediction->version
               ? LEAT_OK
               : leat_plan_no_memory(builder);
}

leat_status leat_plan_build_prediction(leat_plan_builder *builder)
{
    static const leat_score_shape shapes[] = {
        [LEAT_OUTPUT_SCORE] = LEAT_SHAPE_SCORE,
        [LEAT_OUTPUT_SCORES] = LEAT_SHAPE_SCORES,
        [LEAT_OUTPUT_LABEL] = LEAT_SHAPE_LABEL,
    };
    builder->plan->prediction.shape =
        shapes[leat_model_output_kind(builder->plan->model)];
    leat_status status = build_includes(builder);
    return status ? status : build_thresholds(builder);
}
