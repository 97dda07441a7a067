/* What is read of an event beside the columns: what stages capture, its time, and by what it
 * is judged whether it is scored at all. */
#include "worker/plan_builder.h"

#include <string.h>

/* ---- captures ---- */

/* As many as could be wanted: the time, the features, the conditions, the includes, every
 * part of every key, every entity and value of an aggregate, candidates and their item. */
static leat_status make_room(leat_plan_builder *builder)
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

leat_status leat_plan_capture_text(leat_plan_builder *builder, const char *text,
                                   uint32_t *capture)
{
    leat_path path;
    leat_status status =
        leat_path_parse(&path, &builder->plan->arena, text, builder->error);
    if (!status)
        *capture = leat_plan_capture(builder, &path);
    return status;
}

leat_status leat_plan_begin_captures(leat_plan_builder *builder)
{
    leat_status status = make_room(builder);
    return status ? status : read_file_key(builder);
}

/* ---- time and filter ---- */

static leat_status build_time(leat_plan_builder *builder)
{
    leat_path time;
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
    uint32_t n = from->wanted.n;
    leat_filter_value *wanted =
        leat_arena_calloc(&builder->plan->arena, n, sizeof *wanted);
    if (!wanted)
        return leat_plan_no_memory(builder);
    condition->n = n;
    condition->wanted = wanted;
    for (uint32_t i = 0; i < n; i++) {
        const char *text = leat_plan_copy(builder, from->wanted.at[i]);
        if (!text)
            return leat_plan_no_memory(builder);
        wanted[i] = leat_filter_value_of(
            (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)});
    }
    return leat_plan_capture_text(builder, from->path, &condition->capture);
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

leat_status leat_plan_build_event(leat_plan_builder *builder)
{
    builder->plan->schema.format = builder->config->source.format;
    leat_status status = build_time(builder);
    return status ? status : build_filter(builder);
}
