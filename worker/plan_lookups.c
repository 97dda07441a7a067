/* From lookups in the configuration to what is asked of Redis for a batch. */
#include "worker/plan_builder.h"

#include "worker/config/key_template.h"

#include <string.h>

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
        spec->parts[i].literal = template.parts[i].literal;
        if (!template.parts[i].literal.data)
            spec->parts[i].capture = leat_plan_capture(builder, &template.parts[i].path);
    }
    return LEAT_OK;
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
        fields[spec->n_fields++] = (leat_lookup_field){
            .name = from->text + strlen(from->name) + 1, .path = from, .column = i};
    }
    spec->fields = fields;
    return LEAT_OK;
}

static leat_status build_lookup(leat_plan_builder *builder,
                                const leat_config_lookup *lookup, leat_lookup_spec *spec)
{
    static const leat_lookup_format formats[] = {
        [LEAT_CONFIG_LOOKUP_HASH] = LEAT_LOOKUP_HASH,
        [LEAT_CONFIG_LOOKUP_MSGPACK] = LEAT_LOOKUP_MSGPACK,
    };
    spec->name =
        leat_arena_strndup(&builder->plan->arena, lookup->name, strlen(lookup->name));
    spec->format = formats[lookup->format];
    leat_status status =
        spec->name ? build_key(builder, lookup, spec) : leat_plan_no_memory(builder);
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
    for (uint32_t i = 0; i < config->n_lookups && !status; i++) {
        status = build_lookup(builder, &config->lookups[i], &specs[i]);
    }
    plan->features.n_lookups = config->n_lookups;
    plan->features.lookups = specs;
    return status;
}
