#include "features/lookup/lookup_entities.h"

static uint32_t hash_key(leat_slice key, uint32_t lookup)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ lookup; /* FNV-1a */
    for (uint32_t i = 0; i < key.size; i++)
        hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash ^ hash >> 32);
}

/* At most half of the slots fill, so that a search always ends at an empty one. */
bool leat_lookup_entities_init(leat_lookup_entities *entities, leat_arena *arena,
                               size_t most)
{
    size_t n_slots = 4;
    while (n_slots < 2 * most)
        n_slots *= 2;
    entities->n = 0;
    entities->mask = (uint32_t)(n_slots - 1);
    entities->at = leat_arena_alloc(arena, most * sizeof *entities->at);
    entities->slots = leat_arena_calloc(arena, n_slots, sizeof *entities->slots);
    return entities->at && entities->slots;
}

leat_lookup_entity *leat_lookup_entities_find(leat_lookup_entities *entities,
                                              leat_slice key, uint32_t lookup)
{
    uint32_t hash = hash_key(key, lookup);
    uint32_t *slot = &entities->slots[hash & entities->mask];
    for (uint32_t next = hash; *slot; slot = &entities->slots[++next & entities->mask]) {
        leat_lookup_entity *entity = &entities->at[*slot - 1];
        if (entity->hash == hash && entity->lookup == lookup &&
            leat_slice_equal(entity->key, key))
            return entity;
    }
    *slot = ++entities->n;
    leat_lookup_entity *entity = &entities->at[*slot - 1];
    *entity = (leat_lookup_entity){.key = key, .hash = hash, .lookup = lookup};
    return entity;
}
