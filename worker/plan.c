/* From names to numbers: the model says which columns it wants, the configuration says
 * where each comes from, and the plan ties them together so that no stage on the path of
 * a batch looks at a name again. */
#include "worker/plan_builder.h"

#include "worker/golden.h"

#include <stdlib.h>
#include <string.h>

leat_status leat_plan_no_memory(leat_plan_builder *builder)
{
    return leat_error_set(builder->error, LEAT_E_MEMORY, "out of memory");
}

const char *leat_plan_copy(leat_plan_builder *builder, const char *text)
{
    return text ? leat_arena_strndup(&builder->plan->arena, text, strlen(text)) : NULL;
}

leat_status leat_plan_prefix(leat_plan_builder *builder, const char *key,
                             const char *name)
{
    leat_place place = leat_config_place(builder->config, key);
    return leat_error_prefix(builder->error, "%s:%u:%u: %s", builder->config->file,
                             place.line, place.column, name);
}

/* ---- the model ---- */

static leat_status open_model(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_model_options options = {.sha256 = config->model.sha256};
    leat_status status = leat_model_open(&builder->plan->model, config->model.path,
                                         &options, builder->error);
    if (status)
        return leat_plan_prefix(builder, "model.path", "model.path: ");
    builder->inputs = leat_model_inputs(builder->plan->model);
    builder->n_inputs = leat_model_n_inputs(builder->plan->model);
    return LEAT_OK;
}

/* Without a model each feature is an input of its own, of doubles; ids are integers. */
static leat_status invent_inputs(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_tensor_spec *inputs =
        leat_arena_calloc(&builder->plan->arena, config->n_features, sizeof *inputs);
    if (!inputs)
        return leat_plan_no_memory(builder);
    for (uint32_t i = 0; i < config->n_features; i++) {
        const leat_config_feature *feature = &config->features[i];
        bool is_ids = feature->has_as && feature->as == LEAT_AS_IDS;
        inputs[i] = (leat_tensor_spec){.name = leat_plan_copy(builder, feature->name),
                                       .dtype = is_ids ? LEAT_I64 : LEAT_F64,
                                       .rank = 2,
                                       .shape = {0, leat_config_feature_length(feature)}};
        if (!inputs[i].name)
            return leat_plan_no_memory(builder);
    }
    builder->inputs = inputs;
    builder->n_inputs = config->n_features;
    return LEAT_OK;
}

static leat_status check_golden(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_plan *plan = builder->plan;
    if (!config->model.golden)
        return LEAT_OK;
    leat_status status = leat_golden_check(plan, config->model.golden,
                                           &plan->n_golden_rows, builder->error);
    return status ? leat_plan_prefix(builder, "model.golden", "model.golden: ") : LEAT_OK;
}

/* ---- the plan ---- */

enum { WITH_MODEL = 1, WITHOUT_MODEL = 2, EITHER_WAY = WITH_MODEL | WITHOUT_MODEL };

/* In their order: columns are of inputs, what feeds columns needs them, and golden rows need
 * all of it. */
static const struct {
    leat_status (*build)(leat_plan_builder *builder);
    unsigned when;
} steps[] = {
    {open_model, WITH_MODEL},
    {invent_inputs, WITHOUT_MODEL},
    {leat_plan_begin_captures, EITHER_WAY},
    {leat_plan_build_columns, EITHER_WAY},
    {leat_plan_build_event, EITHER_WAY},
    {leat_plan_build_candidates, EITHER_WAY},
    {leat_plan_build_lookups, EITHER_WAY},
    {leat_plan_build_aggregates, EITHER_WAY},
    {leat_plan_build_redis, EITHER_WAY},
    {leat_plan_build_envelope, EITHER_WAY},
    {leat_plan_build_prediction, WITH_MODEL},
    {leat_plan_build_ranking, WITH_MODEL},
    {check_golden, WITH_MODEL},
};

static leat_plan *new_plan(void)
{
    static atomic_uint_fast64_t generations;
    leat_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    leat_arena_init(&plan->arena, 16 * 1024);
    atomic_init(&plan->references, 1);
    plan->generation = atomic_fetch_add(&generations, 1) + 1;
    return plan;
}

static leat_status build(leat_plan **plan, unsigned when, const leat_config *config,
                         leat_error *error)
{
    *plan = new_plan();
    if (!*plan)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_plan_builder builder = {.plan = *plan, .config = config, .error = error};
    leat_status status = LEAT_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !status; i++)
        if (steps[i].when & when)
            status = steps[i].build(&builder);
    (*plan)->schema.n_captures = builder.n_captures;
    (*plan)->schema.captures = builder.captures;
    if (status) {
        leat_plan_release(*plan);
        *plan = NULL;
    }
    return status;
}

leat_status leat_plan_new(leat_plan **plan, const leat_config *config, leat_error *error)
{
    return build(plan, WITH_MODEL, config, error);
}

leat_status leat_plan_new_without_model(leat_plan **plan, const leat_config *config,
                                        leat_error *error)
{
    return build(plan, WITHOUT_MODEL, config, error);
}

leat_plan *leat_plan_retain(leat_plan *plan)
{
    atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
    return plan;
}

void leat_plan_release(leat_plan *plan)
{
    if (!plan ||
        atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) > 1)
        return;
    leat_model_free(plan->model);
    leat_arena_fini(&plan->arena);
    free(plan);
}
