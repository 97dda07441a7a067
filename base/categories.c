#include "base/categories.h"

struct leat_categories {
    uint32_t n;
    leat_slice *names; /* [n] */
    uint32_t mask;     /* of the slots, a power of two of them */
    uint32_t *slots;   /* by hash: a place + 1; 0: free, as at least half of them are */
    bool have_numbers;
};

/* The slot that holds the name, or the free one where it would stand. */
static uint32_t *find_slot(const leat_categories *categories, leat_slice name)
{
    for (uint32_t at = leat_slice_hash(name);; at++) {
        uint32_t *slot = &categories->slots[at & categories->mask];
        if (!*slot || leat_slice_equal(categories->names[*slot - 1], name))
            return slot;
    }
}

static bool is_whole_number(const char *name)
{
    name += *name == '-';
    return *name && strspn(name, "0123456789") == strlen(name);
}

static leat_status add(leat_categories *categories, leat_arena *arena, const char *name)
{
    size_t size = strlen(name);
    const char *copy = leat_arena_strndup(arena, name, size);
    if (!copy)
        return LEAT_E_MEMORY;
    leat_slice slice = {(const uint8_t *)copy, (uint32_t)size};
    categories->names[categories->n++] = slice;
    uint32_t *slot = find_slot(categories, slice);
    *slot = *slot ? *slot : categories->n;
    categories->have_numbers |= is_whole_number(name);
    return LEAT_OK;
}

leat_status leat_categories_new(const leat_categories **categories, leat_arena *arena,
                                const char *const *names, uint32_t n)
{
    uint32_t n_slots = 2;
    while (n_slots < 2 * (uint64_t)n)
        n_slots *= 2;
    leat_categories *made = leat_arena_calloc(arena, 1, sizeof *made);
    if (!made)
        return LEAT_E_MEMORY;
    made->mask = n_slots - 1;
    made->names = leat_arena_calloc(arena, n, sizeof *made->names);
    made->slots = leat_arena_calloc(arena, n_slots, sizeof *made->slots);
    leat_status status = made->names && made->slots ? LEAT_OK : LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++)
        status = add(made, arena, names[i]);
    *categories = status == LEAT_OK ? made : NULL;
    return status;
}

uint32_t leat_categories_count(const leat_categories *categories)
{
    return categories->n;
}

bool leat_categories_have_numbers(const leat_categories *categories)
{
    return categories->have_numbers;
}

bool leat_categories_find(const leat_categories *categories, leat_slice name,
                          uint32_t *place)
{
    uint32_t found = *find_slot(categories, name);
    *place = found - 1;
    return found != 0;
}
