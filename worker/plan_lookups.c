/* From lookups in the configuration to what is asked of Redis for a batch, and where it is. */
#include "worker/plan_builder.h"

#include "worker/config/key_template.h"

#include <stdlib.h>
#include <string.h>

/* ---- a lookup ---- */

leat_on_unavailable leat_plan_policy(leat_config_unavailable word)
{
    static const leat_on_unavailable policies[] = {
        [LEAT_CONFIG_UNAVAILABLE_DEFAULT] = LEAT_UNAVAILABLE_DEFAULT,
        [LEAT_CONFIG_UNAVAILABLE_WAIT] = LEAT_UNAVAILABLE_WAIT,
        [LEAT_CONFIG_UNAVAILABLE_DEAD_LETTER] = LEAT_UNAVAILABLE_DEAD_LETTER,
    };
    return policies[word];
}

static leat_status build_key(leat_plan_builder *builder, const leat_config_lookup *lookup,
                             leat_lookup_spec *spec)
{
    leat_key_template template;
    leat_status status = leat_key_template_parse(&template, &builder->plan->arena,
                                                 lookup->key, builder->error);
    if (status)
        return status;
    spec->n_parts = template.n_parts;
    for (uint32_t i = 0; i < template.n_parts; i++) {
        const leat_path *path = &template.parts[i].path;
        spec->parts[i].literal = template.parts[i].literal;
        if (template.parts[i].literal.data)
            continue;
        spec->parts[i].capture = leat_plan_capture(builder, path);
        spec->of_candidate |= path->root == LEAT_ROOT_CANDIDATE;
    }
    return LEAT_OK;
}

static leat_feast_type join_type(const leat_config_lookup *lookup, const char *name)
{
    static const leat_feast_type types[] = {
        [LEAT_CONFIG_JOIN_STRING] = LEAT_FEAST_STRING,
        [LEAT_CONFIG_JOIN_INT64] = LEAT_FEAST_INT64,
        [LEAT_CONFIG_JOIN_INT32] = LEAT_FEAST_INT32,
        [LEAT_CONFIG_JOIN_BYTES] = LEAT_FEAST_BYTES,
        [LEAT_CONFIG_JOIN_UNIX_TIMESTAMP] = LEAT_FEAST_UNIX_TIMESTAMP,
    };
    for (uint32_t i = 0; i < lookup->feast.n_types; i++)
        if (!strcmp(lookup->feast.types[i].name, name))
            return types[lookup->feast.types[i].type];
    return LEAT_FEAST_BY_VALUE;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const leat_feast_join *)a)->name, ((const leat_feast_join *)b)->name);
}

static leat_status build_joins(leat_plan_builder *builder,
                               const leat_config_lookup *lookup, leat_lookup_spec *spec,
                               leat_feast_join *joins)
{
    const leat_pairs *entities = &lookup->feast.entities;
    for (uint32_t i = 0; i < entities->n; i++) {
        const char *name = entities->at[i].name;
        leat_path path;
        leat_status status = leat_path_parse(&path, &builder->plan->arena,
                                             entities->at[i].value, builder->error);
        if (status)
            return status;
        joins[i] = (leat_feast_join){.name = leat_plan_copy(builder, name),
                                     .capture = leat_plan_capture(builder, &path),
                                     .type = join_type(lookup, name)};
        if (!joins[i].name)
            return leat_plan_no_memory(builder);
        spec->of_candidate |= path.root == LEAT_ROOT_CANDIDATE;
    }
    qsort(joins, entities->n, sizeof *joins, by_name);
    return LEAT_OK;
}

static leat_status build_feast(leat_plan_builder *builder,
                               const leat_config_lookup *lookup, leat_lookup_spec *spec)
{
    uint32_t n = lookup->feast.entities.n;
    leat_feast_join *joins = leat_arena_calloc(&builder->plan->arena, n, sizeof *joins);
    spec->feast =
        (leat_feast_spec){.project = leat_plan_copy(builder, lookup->feast.project),
                          .version = lookup->feast.version,
                          .view = leat_plan_copy(builder, lookup->feast.view),
                          .n_joins = n,
                          .joins = joins};
    if (!joins || !spec->feast.project || (lookup->feast.view && !spec->feast.view))
        return leat_plan_no_memory(builder);
    return build_joins(builder, lookup, spec, joins);
}

/* The columns that read from this lookup. */
static leat_status build_fields(leat_plan_builder *builder, leat_lookup_spec *spec)
{
    leat_arena *arena = &builder->plan->arena;
    leat_lookup_field *fields =
        leat_arena_calloc(arena, builder->n_columns, sizeof *fields);
    if (!fields)
        return leat_plan_no_memory(builder);
    for (uint32_t i = 0; i < builder->n_columns; i++) {
        const leat_path *from = &builder->columns[i].from;
        if (from->root != LEAT_ROOT_NAMED || strcmp(from->name, spec->name) != 0)
            continue;
        fields[spec->n_fields++] = (leat_lookup_field){.path = from, .column = i};
    }
    spec->fields = fields;
    return LEAT_OK;
}

/* `time: updated_at` of lookup user is user.updated_at. */
static leat_status build_time(leat_plan_builder *builder,
                              const leat_config_lookup *lookup, leat_lookup_spec *spec)
{
    leat_arena *arena = &builder->plan->arena;
    if (!lookup->time)
        return LEAT_OK;
    leat_path *path = leat_arena_calloc(arena, 1, sizeof *path);
    const char *text = leat_arena_printf(arena, "%s.%s", lookup->name, lookup->time);
    if (!path || !text)
        return leat_plan_no_memory(builder);
    spec->time = path;
    return leat_path_parse(path, arena, text, builder->error);
}

static leat_status build_lookup(leat_plan_builder *builder,
                                const leat_config_lookup *lookup, leat_lookup_spec *spec)
{
    static const leat_lookup_format formats[] = {
        [LEAT_CONFIG_LOOKUP_HASH] = LEAT_LOOKUP_HASH,
        [LEAT_CONFIG_LOOKUP_MSGPACK] = LEAT_LOOKUP_MSGPACK,
        [LEAT_CONFIG_LOOKUP_JSON] = LEAT_LOOKUP_JSON,
        [LEAT_CONFIG_LOOKUP_FEAST] = LEAT_LOOKUP_FEAST,
    };
    spec->name = leat_plan_copy(builder, lookup->name);
    spec->format = formats[lookup->format];
    spec->on_unavailable = leat_plan_policy(lookup->on_unavailable);
    if (!spec->name)
        return leat_plan_no_memory(builder);
    leat_status status = spec->format == LEAT_LOOKUP_FEAST
                             ? build_feast(builder, lookup, spec)
                             : build_key(builder, lookup, spec);
    spec->max_age_ns = lookup->max_age_ns;
    if (!status)
        status = build_time(builder, lookup, spec);
    return status ? status : build_fields(builder, spec);
}

leat_status leat_plan_build_lookups(leat_plan_builder *builder)
{
    leat_plan *plan = builder->plan;
    const leat_config *config = builder->config;
    leat_lookup_spec *specs =
        leat_arena_calloc(&plan->arena, config->n_lookups, sizeof *specs);
    if (!specs)
        return leat_plan_no_memory(builder);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < config->n_lookups && !status; i++)
        status = build_lookup(builder, &config->lookups[i], &specs[i]);
    plan->features.n_lookups = config->n_lookups;
    plan->features.lookups = specs;
    return status;
}

/* ---- Redis ---- */

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

leat_status leat_plan_build_redis(leat_plan_builder *builder)
{
    const leat_config *config = builder->config;
    leat_status status = leat_plan_redis(&builder->plan->features.redis,
                                         &builder->plan->arena, config, builder->error);
    builder->plan->features.cache =
        (leat_cache_spec){.entries = config->redis.cache.entries,
                          .bytes = config->redis.cache.bytes,
                          .ttl_ns = config->redis.cache.ttl_ns,
                          .stale_ns = config->redis.cache.stale_ns};
    return status ? leat_plan_prefix(builder, "redis.url", "") : LEAT_OK;
}
