/* From `rank` to the rows of an event and the shape of its prediction. */
#include "worker/plan_builder.h"

/* Which of the scores of a row it is ranked by. */
static leat_status find_score(leat_plan_builder *builder, uint32_t *score)
{
    const leat_config *config = builder->config;
    const leat_model *model = builder->plan->model;
    leat_output_kind kind = leat_model_output_kind(model);
    uint32_t n_classes = leat_tensor_row_size(leat_model_output(model));
    if (kind == LEAT_OUTPUT_LABEL)
        return LEAT_PLAN_REFUSE(builder, leat_config_place(config, "rank"),
                                "rank: this model gives a class, and candidates are "
                                "ranked by a score; train it with multi:softprob");
    if (kind == LEAT_OUTPUT_SCORE && config->rank.has_class)
        return LEAT_PLAN_REFUSE(builder, leat_config_place(config, "rank.class"),
                                "rank.class: this model gives a single score; remove it");
    if (kind == LEAT_OUTPUT_SCORES && !config->rank.has_class)
        return LEAT_PLAN_REFUSE(builder, leat_config_place(config, "rank"),
                                "rank.class: this model gives %u scores; say by which "
                                "one candidates are ranked, counted from 0",
                                n_classes);
    if (config->rank.class >= n_classes)
        return LEAT_PLAN_REFUSE(builder, leat_config_place(config, "rank.class"),
                                "rank.class: %u, but this model gives %u scores, "
                                "counted from 0",
                                config->rank.class, n_classes);
    *score = config->rank.class;
    return LEAT_OK;
}

leat_status leat_plan_build_candidates(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_candidates *candidates = &builder->plan->schema.candidates;
    if (!config->rank.over)
        return LEAT_OK;
    candidates->max = config->rank.max;
    leat_status status =
        leat_plan_capture_text(builder, config->rank.over, &candidates->capture);
    return status ? status
                  : leat_plan_capture_text(builder, config->rank.item, &candidates->item);
}

leat_status leat_plan_build_ranking(leat_plan_builder *builder)
{
    leat_prediction_spec *prediction = &builder->plan->prediction;
    if (!builder->config->rank.over)
        return LEAT_OK;
    prediction->shape = LEAT_SHAPE_RANKING;
    prediction->top = builder->config->rank.top;
    return find_score(builder, &prediction->ranked_by);
}
