/* A hash table of chains, and every state in one of two lists by age: saved, unsaved. A
 * state that goes leaves its memory to the next one that comes. */
#include "features/aggregate/state_table.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024 };

void leat_state_table_init(leat_state_table *table, size_t max_bytes)
{
    *table = (leat_state_table){.max_bytes = max_bytes};
}

static void free_state(leat_kept_state *kept)
{
    leat_state_fini(&kept->state);
    free((void *)(uintptr_t)kept->key.text.data);
    free(kept);
}

static void free_list(leat_state_list *list)
{
    for (leat_kept_state *kept = list->oldest, *next; kept; kept = next) {
        next = kept->newer;
        free_state(kept);
    }
}

void leat_state_table_fini(leat_state_table *table)
{
    free_list(&table->saved);
    free_list(&table->unsaved);
    for (leat_kept_state *kept = table->spare, *next; kept; kept = next) {
        next = kept->next_in_slot;
        free_state(kept);
    }
    free(table->slots);
    *table = (leat_state_table){0};
}

void leat_state_table_begin(leat_state_table *table)
{
    table->batch++;
}

/* ---- lists ---- */

static leat_state_list *list_of(leat_state_table *table, const leat_kept_state *kept)
{
    return kept->is_unsaved ? &table->unsaved : &table->saved;
}

static void unlink_state(leat_state_list *list, leat_kept_state *kept)
{
    *(kept->older ? &kept->older->newer : &list->oldest) = kept->newer;
    *(kept->newer ? &kept->newer->older : &list->newest) = kept->older;
}

static void append(leat_state_list *list, leat_kept_state *kept)
{
    kept->older = list->newest;
    kept->newer = NULL;
    *(list->newest ? &list->newest->newer : &list->oldest) = kept;
    list->newest = kept;
}

/* ---- slots ---- */

static uint32_t hash_key(const leat_state_key *key)
{
    uint64_t hash =
        UINT64_C(0xcbf29ce484222325) ^ ((uint64_t)key->entity << 32 | key->slot);
    hash = (hash ^ key->tenure) * UINT64_C(0x100000001b3); /* FNV-1a from here on */
    for (uint32_t i = 0; i < key->text.size; i++)
        hash = (hash ^ key->text.data[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash ^ hash >> 32);
}

static bool is_of(const leat_kept_state *kept, uint32_t hash, const leat_state_key *key)
{
    return kept->hash == hash && kept->key.entity == key->entity &&
           kept->key.slot == key->slot && kept->key.tenure == key->tenure &&
           leat_slice_equal(kept->key.text, key->text);
}

static leat_kept_state **slot_of(const leat_state_table *table, uint32_t hash)
{
    return &table->slots[hash & (table->n_slots - 1)];
}

static bool make_slots(leat_state_table *table)
{
    if (table->n < table->n_slots)
        return true;
    uint32_t n_slots = table->n_slots ? 2 * table->n_slots : FIRST_SLOTS;
    leat_kept_state **slots = calloc(n_slots, sizeof(leat_kept_state *));
    if (!slots)
        return table->n_slots != 0;
    for (uint32_t i = 0; i < table->n_slots; i++)
        for (leat_kept_state *kept = table->slots[i], *next; kept; kept = next) {
            next = kept->next_in_slot;
            leat_kept_state **slot = &slots[kept->hash & (n_slots - 1)];
            kept->next_in_slot = *slot;
            *slot = kept;
        }
    free(table->slots);
    table->slots = slots;
    table->n_slots = n_slots;
    return true;
}

/* ---- coming and going ---- */

static size_t size_of(const leat_kept_state *kept)
{
    return sizeof *kept + kept->key_capacity + kept->state.capacity;
}

static void count_bytes(leat_state_table *table, leat_kept_state *kept)
{
    size_t more = size_of(kept) - kept->bytes;
    table->bytes += more;
    if (kept->is_unsaved)
        table->unsaved_bytes += more;
    kept->bytes += more;
}

void leat_state_table_drop(leat_state_table *table, leat_kept_state *kept)
{
    leat_kept_state **at = slot_of(table, kept->hash);
    while (*at != kept)
        at = &(*at)->next_in_slot;
    *at = kept->next_in_slot;
    unlink_state(list_of(table, kept), kept);
    table->n--;
    table->bytes -= kept->bytes;
    if (kept->is_unsaved) {
        table->n_unsaved--;
        table->unsaved_bytes -= kept->bytes;
    }
    kept->bytes = 0;
    kept->next_in_slot = table->spare;
    table->spare = kept;
}

/* False: there is none, or the batch under way uses it. */
static bool drop_oldest(leat_state_table *table, const leat_state_list *list)
{
    leat_kept_state *kept = list->oldest;
    if (!kept || kept->batch == table->batch)
        return false;
    table->n_lost += kept->is_unsaved;
    leat_state_table_drop(table, kept);
    return true;
}

static void make_room(leat_state_table *table)
{
    while (table->unsaved_bytes > table->max_bytes / 4 &&
           drop_oldest(table, &table->unsaved))
        ;
    while (table->bytes > table->max_bytes && drop_oldest(table, &table->saved))
        ;
}

static bool copy_text(leat_kept_state *kept, leat_slice text)
{
    uint8_t *copy = (uint8_t *)(uintptr_t)kept->key.text.data;
    if (!copy || kept->key_capacity < text.size) {
        copy = realloc(copy, text.size ? text.size : 1);
        if (!copy)
            return false;
        kept->key.text.data = copy;
        kept->key_capacity = text.size;
    }
    if (text.size)
        memcpy(copy, text.data, text.size);
    kept->key.text.size = text.size;
    return true;
}

static leat_kept_state *take_spare(leat_state_table *table)
{
    leat_kept_state *kept = table->spare;
    if (!kept)
        return calloc(1, sizeof *kept);
    table->spare = kept->next_in_slot;
    return kept;
}

static leat_kept_state *add(leat_state_table *table, const leat_state_key *key,
                            uint32_t hash)
{
    make_room(table);
    leat_kept_state *kept = make_slots(table) ? take_spare(table) : NULL;
    if (!kept)
        return NULL;
    if (!copy_text(kept, key->text)) {
        kept->next_in_slot = table->spare;
        table->spare = kept;
        return NULL;
    }
    leat_slice text = kept->key.text;
    kept->key = *key;
    kept->key.text = text;
    kept->state.size = 0;
    kept->shared = NULL;
    kept->is_known = kept->is_asked = kept->is_unsaved = false;
    kept->hash = hash;
    kept->next_in_slot = *slot_of(table, hash);
    *slot_of(table, hash) = kept;
    append(&table->saved, kept);
    table->n++;
    count_bytes(table, kept);
    return kept;
}

leat_kept_state *leat_state_table_get(leat_state_table *table, leat_state_key key)
{
    uint32_t hash = hash_key(&key);
    leat_kept_state *kept = table->n_slots ? *slot_of(table, hash) : NULL;
    while (kept && !is_of(kept, hash, &key))
        kept = kept->next_in_slot;
    if (!kept)
        kept = add(table, &key, hash);
    if (!kept || kept->batch == table->batch)
        return kept;
    kept->batch = table->batch;
    leat_state_list *list = list_of(table, kept);
    unlink_state(list, kept);
    append(list, kept);
    return kept;
}

void leat_state_table_changed(leat_state_table *table, leat_kept_state *kept)
{
    if (!kept->is_unsaved) {
        unlink_state(&table->saved, kept);
        kept->is_unsaved = true;
        append(&table->unsaved, kept);
        table->n_unsaved++;
        table->unsaved_bytes += kept->bytes;
    }
    count_bytes(table, kept);
}

void leat_state_table_saved(leat_state_table *table)
{
    for (leat_kept_state *kept; (kept = table->unsaved.oldest);) {
        unlink_state(&table->unsaved, kept);
        kept->is_unsaved = false;
        append(&table->saved, kept);
    }
    table->n_unsaved = 0;
    table->unsaved_bytes = 0;
    make_room(table);
}
