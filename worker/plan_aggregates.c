/* From the configuration's aggregates, one a window, to entities: those of one path share
 * a state. */
#include "base/reading.h"
#include "worker/plan_builder.h"

#include <stdio.h>
#include <string.h>

/* An entity in the making: rooms as large as could be needed. */
typedef struct entity_draft {
    leat_entity_spec *spec;
    leat_path path;
    leat_sliding_window *windows;
    leat_aggregate_source *sources;
    leat_aggregate_feature *features;
    const char **window_names;
    const char **answer_names;
} entity_draft;

typedef struct aggregates_draft {
    leat_plan_builder *builder;
    leat_aggregates_spec *spec;
    leat_entity_spec *entities; /* [n_aggregates], at most */
    entity_draft *drafts;       /* likewise */
    uint32_t n_values;          /* of all aggregates, */
    uint32_t n_answers;         /* and the numbers that they are */
} aggregates_draft;

static leat_arena *arena_of(const aggregates_draft *draft)
{
    return &draft->builder->plan->arena;
}

/* ---- what a value is ---- */

typedef struct value_kind {
    leat_aggregate_kind kind;
    const char *path; /* NULL: of no value of the event */
} value_kind;

static value_kind kind_of(const leat_config_value *value)
{
    const value_kind kinds[] = {
        {LEAT_AGGREGATE_SUM, value->sum},   {LEAT_AGGREGATE_MEAN, value->mean},
        {LEAT_AGGREGATE_MIN, value->min},   {LEAT_AGGREGATE_MAX, value->max},
        {LEAT_AGGREGATE_STD, value->std},   {LEAT_AGGREGATE_DISTINCT, value->distinct},
        {LEAT_AGGREGATE_LAST, value->last},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].path)
            return kinds[i];
    return (value_kind){
        value->has_since ? LEAT_AGGREGATE_SINCE_LAST : LEAT_AGGREGATE_COUNT, NULL};
}

/* ---- identity ---- */

static uint64_t hash_more(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) /* FNV-1a */
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_more(hash, text, strlen(text) + 1);
}

/* What makes the states and answers of an entity what they are. Field by field: there may
 * be anything between them. */
static uint64_t meaning_of(const leat_plan_builder *builder, const entity_draft *entity)
{
    const leat_state_spec *state = &entity->spec->state;
    uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), entity->spec->name);
    for (uint32_t i = 0; i < state->n_windows; i++) {
        const leat_sliding_window *window = &state->windows[i];
        hash = hash_more(hash, &window->bucket_ns, sizeof window->bucket_ns);
        hash = hash_more(hash, &window->late_buckets, sizeof window->late_buckets);
        for (uint32_t j = 0; j < window->n_aggregates; j++) {
            const uint32_t facts[] = {(uint32_t)window->aggregates[j].kind,
                                      window->aggregates[j].input,
                                      window->aggregates[j].n};
            hash = hash_more(hash, facts, sizeof facts);
        }
    }
    for (uint32_t i = 0; i < state->n_inputs; i++)
        hash = hash_text(hash, builder->captures[entity->sources[i].capture].text);
    return hash;
}

/* ---- one aggregate ---- */

/* The entity of that path, made when it is new. */
static leat_status find_entity(aggregates_draft *draft,
                               const leat_config_aggregate *aggregate,
                               entity_draft **found)
{
    leat_path path;
    leat_arena *arena = arena_of(draft);
    leat_status status =
        leat_path_parse(&path, arena, aggregate->entity, draft->builder->error);
    if (status)
        return status;
    for (uint32_t i = 0; i < draft->spec->n_entities; i++)
        if (leat_path_equal(&draft->drafts[i].path, &path)) {
            *found = &draft->drafts[i];
            return LEAT_OK;
        }
    uint32_t n_windows = draft->builder->config->n_aggregates;
    entity_draft *made = &draft->drafts[draft->spec->n_entities];
    made->spec = &draft->entities[draft->spec->n_entities++];
    made->path = path;
    made->spec->name = path.text;
    made->spec->is_shared =
        path.root != LEAT_ROOT_KEY || draft->builder->config->source.topics.n > 1;
    bool is_of_record = path.root == LEAT_ROOT_KEY && !draft->builder->file_key.text;
    made->spec->capture =
        is_of_record ? LEAT_NO_CAPTURE : leat_plan_capture(draft->builder, &path);
    made->windows = leat_arena_calloc(arena, n_windows, sizeof *made->windows);
    made->sources = leat_arena_calloc(arena, draft->n_values, sizeof *made->sources);
    made->features =
        leat_arena_calloc(arena, draft->builder->n_columns, sizeof *made->features);
    made->window_names = leat_arena_calloc(arena, n_windows, sizeof(char *));
    made->answer_names = leat_arena_calloc(arena, draft->n_answers, sizeof(char *));
    *found = made;
    return made->windows && made->sources && made->features && made->window_names &&
                   made->answer_names
               ? LEAT_OK
               : leat_plan_no_memory(draft->builder);
}

/* The index of the input; values that read the same share it. */
static leat_status find_source(aggregates_draft *draft, entity_draft *entity,
                               const char *name, value_kind kind, uint32_t *index)
{
    leat_path path;
    leat_status status =
        leat_path_parse(&path, arena_of(draft), kind.path, draft->builder->error);
    if (status)
        return status;
    uint32_t capture = leat_plan_capture(draft->builder, &path);
    bool is_hashed = kind.kind == LEAT_AGGREGATE_DISTINCT;
    uint32_t n = entity->spec->state.n_inputs;
    for (*index = 0; *index < n; ++*index)
        if (entity->sources[*index].capture == capture &&
            entity->sources[*index].is_hashed == is_hashed)
            return LEAT_OK;
    entity->sources[n] = (leat_aggregate_source){name, capture, is_hashed};
    entity->spec->state.n_inputs++;
    return LEAT_OK;
}

/* Every column that reads this value. */
static leat_status add_features(aggregates_draft *draft, entity_draft *entity,
                                const leat_config_aggregate *aggregate,
                                const leat_config_value *value, const char *name,
                                uint32_t answer)
{
    leat_plan_builder *builder = draft->builder;
    leat_slice wanted = {(const uint8_t *)value->name, (uint32_t)strlen(value->name)};
    for (uint32_t i = 0; i < builder->n_columns; i++) {
        const leat_column *column = &builder->columns[i];
        const leat_path *from = &column->from;
        if (from->root != LEAT_ROOT_NAMED || strcmp(from->name, aggregate->name) != 0 ||
            !leat_slice_equal(from->steps[0].name, wanted))
            continue;
        bool is_sequence = column->reading && column->reading->kind == LEAT_READING_IDS;
        if (value->n > 1 && !is_sequence)
            return LEAT_PLAN_REFUSE(
                builder, leat_config_place(builder->config, "features"),
                "features.%.60s: %.60s is a sequence of %u; read it with  as: ids",
                column->name, name, value->n);
        entity->features[entity->spec->n_features++] = (leat_aggregate_feature){
            .name = name,
            .column = i,
            .window = (uint32_t)(aggregate - builder->config->aggregates),
            .answer = answer,
            .n = value->n};
    }
    return LEAT_OK;
}

static leat_status add_value(aggregates_draft *draft, entity_draft *entity,
                             const leat_config_aggregate *aggregate,
                             const leat_config_value *value, leat_aggregate *made)
{
    leat_state_spec *state = &entity->spec->state;
    value_kind kind = kind_of(value);
    const char *name =
        leat_arena_printf(arena_of(draft), "%s.%s", aggregate->name, value->name);
    if (!name)
        return leat_plan_no_memory(draft->builder);
    *made =
        (leat_aggregate){.kind = kind.kind, .n = value->n, .answer = state->n_answers};
    entity->answer_names[state->n_answers] =
        leat_arena_strndup(arena_of(draft), value->name, strlen(value->name));
    if (!entity->answer_names[state->n_answers])
        return leat_plan_no_memory(draft->builder);
    state->n_answers += value->n;
    leat_status status = LEAT_OK;
    if (kind.path)
        status = find_source(draft, entity, name, kind, &made->input);
    return status ? status
                  : add_features(draft, entity, aggregate, value, name, made->answer);
}

static leat_status set_policy(aggregates_draft *draft,
                              const leat_config_aggregate *aggregate,
                              leat_entity_spec *entity)
{
    leat_on_unavailable policy = leat_plan_policy(aggregate->on_unavailable);
    if (entity->state.n_windows && entity->on_unavailable != policy)
        return LEAT_PLAN_REFUSE(draft->builder, aggregate->place,
                                "aggregates.%.60s.on_unavailable: another aggregate of "
                                "entity %.60s says something else; one state is there or "
                                "is not",
                                aggregate->name, entity->name);
    entity->on_unavailable = policy;
    return LEAT_OK;
}

static leat_status add_window(aggregates_draft *draft,
                              const leat_config_aggregate *aggregate)
{
    entity_draft *entity;
    leat_status status = find_entity(draft, aggregate, &entity);
    if (status)
        return status;
    status = set_policy(draft, aggregate, entity->spec);
    if (status)
        return status;
    leat_aggregate *made =
        leat_arena_calloc(arena_of(draft), aggregate->n_values, sizeof *made);
    if (!made)
        return leat_plan_no_memory(draft->builder);
    const char *name =
        leat_arena_strndup(arena_of(draft), aggregate->name, strlen(aggregate->name));
    if (!name)
        return leat_plan_no_memory(draft->builder);
    entity->window_names[entity->spec->state.n_windows] = name;
    uint64_t bucket_ns = aggregate->over_ns / LEAT_WINDOW_BUCKETS;
    uint64_t late_ns = aggregate->lateness_ns ? aggregate->lateness_ns : bucket_ns;
    entity->windows[entity->spec->state.n_windows++] = (leat_sliding_window){
        .bucket_ns = bucket_ns,
        .late_buckets = (uint32_t)((late_ns + bucket_ns - 1) / bucket_ns),
        .n_aggregates = aggregate->n_values,
        .aggregates = made,
    };
    /* No window may lose what it keeps to a date that another one would stand. */
    if (entity->spec->state.n_windows == 1 || late_ns < entity->spec->ahead_ns)
        entity->spec->ahead_ns = late_ns;
    uint64_t keep_ms = (aggregate->over_ns + late_ns + aggregate->keep_ns) / 1000000;
    if (keep_ms > entity->spec->keep_ms)
        entity->spec->keep_ms = keep_ms;
    for (uint32_t i = 0; i < aggregate->n_values && !status; i++)
        status = add_value(draft, entity, aggregate, &aggregate->values[i], &made[i]);
    return status;
}

/* ---- all of them ---- */

static leat_status finish_entity(aggregates_draft *draft, entity_draft *entity)
{
    leat_entity_spec *spec = entity->spec;
    spec->state.windows = entity->windows;
    spec->sources = entity->sources;
    spec->names = (leat_state_names){entity->window_names, entity->answer_names};
    spec->features = entity->features;
    spec->state.meaning = meaning_of(draft->builder, entity);
    spec->prefix = leat_arena_printf(arena_of(draft), "%s:%08x:", draft->spec->base,
                                     (uint32_t)(spec->state.meaning >> 32));
    spec->first_answer = draft->spec->n_answers;
    draft->spec->n_answers += spec->state.n_answers;
    draft->spec->digest = draft->spec->digest * 31 +
                          (uint32_t)(spec->state.meaning ^ spec->state.meaning >> 32);
    if (!spec->prefix || leat_state_lay_out(&spec->state, arena_of(draft)) != LEAT_OK)
        return leat_plan_no_memory(draft->builder);
    return LEAT_OK;
}

static leat_status begin(aggregates_draft *draft)
{
    const leat_config *config = draft->builder->config;
    leat_arena *arena = arena_of(draft);
    for (uint32_t i = 0; i < config->n_aggregates; i++)
        draft->n_values += config->aggregates[i].n_values;
    for (uint32_t i = 0; i < config->n_aggregates; i++)
        for (uint32_t j = 0; j < config->aggregates[i].n_values; j++)
            draft->n_answers += config->aggregates[i].values[j].n;
    draft->spec = leat_arena_calloc(arena, 1, sizeof *draft->spec);
    draft->entities =
        leat_arena_calloc(arena, config->n_aggregates, sizeof *draft->entities);
    draft->drafts = leat_arena_calloc(arena, config->n_aggregates, sizeof *draft->drafts);
    if (!draft->spec || !draft->entities || !draft->drafts)
        return leat_plan_no_memory(draft->builder);
    draft->spec->entities = draft->entities;
    draft->spec->n_windows = config->n_aggregates;
    draft->spec->max_bytes = config->redis.states_bytes;
    draft->spec->base = leat_arena_printf(arena, "leat:%s:%u", config->source.group,
                                          config->redis.generation);
    return draft->spec->base ? LEAT_OK : leat_plan_no_memory(draft->builder);
}

leat_status leat_plan_build_aggregates(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    if (!config->n_aggregates)
        return LEAT_OK;
    aggregates_draft draft = {.builder = builder};
    leat_status status = begin(&draft);
    for (uint32_t i = 0; i < config->n_aggregates && !status; i++)
        status = add_window(&draft, &config->aggregates[i]);
    for (uint32_t i = 0; !status && i < draft.spec->n_entities; i++)
        status = finish_entity(&draft, &draft.drafts[i]);
    builder->plan->features.aggregates = status ? NULL : draft.spec;
    return status;
}
