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

/* Puts the place of a key, and `name`, before the words of whoever read its value. */
static leat_status prefix(leat_plan_builder *builder, const char *key, const char *name)
{
    leat_place place = leat_config_place(builder->config, key);
    return leat_error_prefix(builder->error, "%s:%u:%u: %s", builder->config->file,
                             place.line, place.column, name);
}

static const char *copy(leat_plan_builder *builder, const char *text)
{
    return leat_arena_strndup(&builder->plan->arena, text, strlen(text));
}

static leat_status open_model(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_model_options options = {.sha256 = config->model.sha256};
    leat_status status = leat_model_open(&builder->plan->model, config->model.path,
                                         &options, builder->error);
    if (status)
        return prefix(builder, "model.path", "model.path: ");
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
        inputs[i] = (leat_tensor_spec){.name = copy(builder, feature->name),
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

/* ---- captures ---- */

/* A file's events have no key; a path of theirs may stand for it. */
static leat_status read_file_key(leat_plan_builder *builder)
{
    const char *text = builder->config->source.file_key;
    if (!text)
        return LEAT_OK;
    leat_status status =
        leat_path_parse(&builder->file_key, &builder->plan->arena, text, builder->error);
    if (status)
        return leat_error_prefix(builder->error, "--key: ");
    if (builder->file_key.root == LEAT_ROOT_EVENT)
        return LEAT_OK;
    return leat_error_set(builder->error, LEAT_E_CONFIG,
                          "--key: '%.60s' is no path of the event, such as event.card.id",
                          text);
}

uint32_t leat_plan_capture(leat_plan_builder *builder, const leat_path *path)
{
    if (path->root == LEAT_ROOT_KEY && builder->file_key.text)
        path = &builder->file_key;
    for (uint32_t i = 0; i < builder->n_captures; i++)
        if (leat_path_equal(&builder->captures[i], path))
            return i;
    builder->captures[builder->n_captures] = *path;
    return builder->n_captures++;
}

leat_on_unavailable leat_plan_policy(leat_config_unavailable word)
{
    static const leat_on_unavailable policies[] = {
        [LEAT_CONFIG_UNAVAILABLE_DEFAULT] = LEAT_UNAVAILABLE_DEFAULT,
        [LEAT_CONFIG_UNAVAILABLE_WAIT] = LEAT_UNAVAILABLE_WAIT,
        [LEAT_CONFIG_UNAVAILABLE_DEAD_LETTER] = LEAT_UNAVAILABLE_DEAD_LETTER,
    };
    return policies[word];
}

/* As many as could be wanted: the time, the features, the conditions, the includes, every
 * part of every key, every entity and value of an aggregate, candidates and their item. */
static leat_status make_capture_room(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    size_t room = 3 + (size_t)config->n_features + config->source.n_conditions +
                  (size_t)config->sink.include.n +
                  (size_t)config->n_lookups * LEAT_MAX_KEY_PARTS + config->n_aggregates;
    for (uint32_t i = 0; i < config->n_lookups; i++)
        room += config->lookups[i].feast.entities.n;
    for (uint32_t i = 0; i < config->n_aggregates; i++)
        room += config->aggregates[i].n_values;
    builder->captures =
        leat_arena_calloc(&builder->plan->arena, room, sizeof *builder->captures);
    return builder->captures ? LEAT_OK : leat_plan_no_memory(builder);
}

/* Beside the columns: what the payloads are, and where the time is. */
static leat_status build_event(leat_plan_builder *builder)
{
    leat_path time;
    builder->plan->schema.format = builder->config->source.format;
    leat_status status = leat_path_parse(&time, &builder->plan->arena,
                                         builder->config->source.time, builder->error);
    builder->plan->schema.time_capture = !status && time.root == LEAT_ROOT_EVENT
                                             ? leat_plan_capture(builder, &time)
                                             : LEAT_NO_CAPTURE;
    return status;
}

static leat_status build_condition(leat_plan_builder *builder,
                                   const leat_config_condition *from,
                                   leat_condition *condition)
{
    leat_arena *arena = &builder->plan->arena;
    leat_path path;
    leat_status status = leat_path_parse(&path, arena, from->path, builder->error);
    if (status)
        return status;
    leat_filter_value *wanted = leat_arena_calloc(arena, from->wanted.n, sizeof *wanted);
    condition->capture = leat_plan_capture(builder, &path);
    condition->wanted = wanted;
    for (; wanted && condition->n < from->wanted.n; condition->n++) {
        const char *text = copy(builder, from->wanted.at[condition->n]);
        if (!text)
            return leat_plan_no_memory(builder);
        wanted[condition->n] = leat_filter_value_of(
            (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)});
    }
    return wanted ? LEAT_OK : leat_plan_no_memory(builder);
}

static leat_status build_filter(leat_plan_builder *builder)
{
    leat_filter *filter = &builder->plan->schema.filter;
    uint32_t n = builder->config->source.n_conditions;
    leat_condition *conditions =
        leat_arena_calloc(&builder->plan->arena, n, sizeof *conditions);
    if (!conditions)
        return leat_plan_no_memory(builder);
    filter->n = n;
    filter->conditions = conditions;
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < n && !status; i++)
        status =
            build_condition(builder, &builder->config->source.where[i], &conditions[i]);
    return status;
}

leat_status leat_plan_redis(leat_redis_spec *redis, leat_arena *arena,
                            const leat_config *config, leat_error *error)
{
    leat_status status = leat_redis_parse_url(redis, arena, config->redis.url, error);
    bool has_files =
        config->redis.tls.ca || config->redis.tls.cert || config->redis.tls.key;
    redis->timeout_ns = config->redis.timeout_ns;
    redis->tls_ca = config->redis.tls.ca;
    redis->tls_cert = config->redis.tls.cert;
    redis->tls_key = config->redis.tls.key;
    if (!status && has_files && !redis->has_tls)
        return leat_error_set(error, LEAT_E_CONFIG,
                              "redis.tls: is for rediss://, and redis.url is not one");
    if (!status && !redis->tls_cert != !redis->tls_key)
        return leat_error_set(error, LEAT_E_CONFIG,
                              "redis.tls: 'cert' and 'key' go together");
    return status;
}

static leat_status build_redis(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_status status = leat_plan_redis(&builder->plan->features.redis,
                                         &builder->plan->arena, config, builder->error);
    builder->plan->features.cache =
        (leat_cache_spec){.entries = config->redis.cache.entries,
                          .bytes = config->redis.cache.bytes,
                          .ttl_ns = config->redis.cache.ttl_ns,
                          .stale_ns = config->redis.cache.stale_ns};
    return status ? prefix(builder, "redis.url", "") : LEAT_OK;
}

/* ---- the prediction ---- */

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
    return copy(builder, dot ? dot + 1 : path->text);
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
        thresholds[i] = (leat_threshold){copy(builder, from->decision), from->min_score};
        if (!thresholds[i].decision)
            return leat_plan_no_memory(builder);
    }
    builder->plan->prediction.n_thresholds = n;
    builder->plan->prediction.thresholds = thresholds;
    return LEAT_OK;
}

/* What every record says of its event. */
static leat_status build_envelope(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_plan *plan = builder->plan;
    leat_prediction_spec *prediction = &plan->prediction;
    const char *digest = plan->model ? leat_model_digest(plan->model) : "";
    prediction->id_prefix = copy(builder, config->source.id_prefix);
    prediction->model = copy(builder, config->model.name);
    prediction->version = leat_arena_strndup(&plan->arena, digest, strnlen(digest, 12));
    return prediction->id_prefix && prediction->model && prediction->version
               ? LEAT_OK
               : leat_plan_no_memory(builder);
}

static leat_status build_prediction(leat_plan_builder *builder)
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

/* ---- the plan ---- */

static leat_status check_golden(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_plan *plan = builder->plan;
    if (!config->model.golden)
        return LEAT_OK;
    leat_status status = leat_golden_check(plan, config->model.golden,
                                           &plan->n_golden_rows, builder->error);
    return status ? prefix(builder, "model.golden", "model.golden: ") : LEAT_OK;
}

typedef leat_status build_step(leat_plan_builder *builder);

static build_step *const with_model[] = {
    open_model,
    make_capture_room,
    read_file_key,
    leat_plan_build_columns,
    build_event,
    build_filter,
    leat_plan_build_candidates,
    leat_plan_build_lookups,
    leat_plan_build_aggregates,
    build_redis,
    build_envelope,
    build_prediction,
    leat_plan_build_ranking,
    check_golden,
    NULL,
};

static build_step *const without_model[] = {
    invent_inputs,
    make_capture_room,
    read_file_key,
    leat_plan_build_columns,
    build_event,
    build_filter,
    leat_plan_build_candidates,
    leat_plan_build_lookups,
    leat_plan_build_aggregates,
    build_redis,
    build_envelope,
    NULL,
};

static leat_status build(leat_plan **plan, build_step *const *steps,
                         const leat_config *config, leat_error *error)
{
    static atomic_uint_fast64_t generations;
    *plan = NULL;
    leat_plan *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_arena_init(&made->arena, 16 * 1024);
    atomic_init(&made->references, 1);
    made->generation = atomic_fetch_add(&generations, 1) + 1;
    leat_plan_builder builder = {.plan = made, .config = config, .error = error};
    leat_status status = LEAT_OK;
    for (; *steps && !status; steps++)
        status = (*steps)(&builder);
    made->schema.n_captures = builder.n_captures;
    made->schema.captures = builder.captures;
    if (!status)
        *plan = made;
    else
        leat_plan_release(made);
    return status;
}

leat_status leat_plan_new(leat_plan **plan, const leat_config *config, leat_error *error)
{
    return build(plan, with_model, config, error);
}

leat_status leat_plan_new_without_model(leat_plan **plan, const leat_config *config,
                                        leat_error *error)
{
    return build(plan, without_model, config, error);
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
