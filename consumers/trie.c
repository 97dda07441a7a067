#include "consumers/trie.h"

#include "base/element.h"

#include <stdlib.h>

/* ---- order ---- */

static int compare_names(leat_slice a, leat_slice b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_steps(const leat_step *a, const leat_step *b)
{
    if (a->is_index != b->is_index)
        return a->is_index ? 1 : -1;
    if (a->is_index)
        return (a->index > b->index) - (a->index < b->index);
    return compare_names(a->name, b->name);
}

/* A path comes before those that it is the beginning of. */
static int compare_targets(const void *left, const void *right)
{
    const leat_path *a = ((const leat_target *)left)->path;
    const leat_path *b = ((const leat_target *)right)->path;
    for (uint32_t i = 0; i < a->n_steps && i < b->n_steps; i++) {
        int order = compare_steps(&a->steps[i], &b->steps[i]);
        if (order)
            return order;
    }
    return (a->n_steps > b->n_steps) - (a->n_steps < b->n_steps);
}

/* ---- names ---- */

const leat_node *leat_trie_member(const leat_node *node, const uint8_t *name,
                                  uint32_t size)
{
    uint32_t mask = node->n_slots - 1;
    leat_slice wanted = {name, size};
    for (uint32_t i = leat_slice_hash(wanted);; i++) {
        const leat_node *child = node->slots[i & mask];
        if (!child || leat_slice_equal(child->step.name, wanted))
            return child;
    }
}

/* At least half of the slots stay free, so a search ends. */
static leat_status index_members(leat_node *node, leat_arena *arena)
{
    node->n_slots = 2;
    while (node->n_slots < 2 * node->n_children)
        node->n_slots *= 2;
    const leat_node **slots = leat_arena_calloc(arena, node->n_slots, sizeof *slots);
    node->memo = leat_arena_aligned(arena, sizeof *node->memo);
    if (!slots || !node->memo)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < node->n_children; i++) {
        uint32_t slot = leat_slice_hash(node->children[i].step.name);
        while (slots[slot & (node->n_slots - 1)])
            slot++;
        slots[slot & (node->n_slots - 1)] = &node->children[i];
    }
    node->slots = slots;
    leat_key_memo_init(node->memo);
    return LEAT_OK;
}

/* ---- nodes ---- */

typedef struct builder {
    leat_arena *arena;
    leat_error *error;
} builder;

static const leat_step *step_of(const leat_target *target, uint32_t depth)
{
    return &target->path->steps[depth];
}

/* Where the targets end that take the same step as the first one. */
static const leat_target *end_of_step(const leat_target *first, const leat_target *end,
                                      uint32_t depth)
{
    const leat_target *at = first + 1;
    while (at < end && !compare_steps(step_of(first, depth), step_of(at, depth)))
        at++;
    return at;
}

static leat_status check_shape(const builder *build, const leat_node *node,
                               uint32_t depth)
{
    const leat_target *first = node->own_end;
    const leat_target *last = node->end - 1;
    if (first->path->steps[depth].is_index == last->path->steps[depth].is_index)
        return LEAT_OK;
    return leat_error_set(build->error, LEAT_E_CONFIG,
                          "'%s' takes %s for a map, and '%s' takes it for an array",
                          first->path->text, node->text, last->path->text);
}

static const char *text_of(const builder *build, const leat_node *parent,
                           const leat_step *step)
{
    const char *name = (const char *)step->name.data;
    if (step->is_index)
        return leat_arena_printf(build->arena, "%s[%u]", parent->text, step->index);
    return leat_arena_printf(build->arena, "%s.%.*s", parent->text, (int)step->name.size,
                             name);
}

static leat_status build_node(const builder *build, leat_node *node, uint32_t depth);

static leat_status build_children(const builder *build, leat_node *node,
                                  leat_node *children, uint32_t depth)
{
    const leat_target *first = node->own_end;
    for (uint32_t i = 0; i < node->n_children; i++) {
        leat_node *child = &children[i];
        child->first = first;
        child->end = end_of_step(first, node->end, depth);
        child->step = *step_of(first, depth);
        child->text = text_of(build, node, &child->step);
        leat_status status =
            child->text ? build_node(build, child, depth + 1) : LEAT_E_MEMORY;
        if (status != LEAT_OK)
            return status;
        first = child->end;
    }
    return LEAT_OK;
}

/* The targets [first, end) of the node all begin with the same `depth` steps. */
static leat_status build_node(const builder *build, leat_node *node, uint32_t depth)
{
    const leat_target *at = node->first, *only = node->first;
    while (at < node->end && at->path->n_steps == depth)
        at++;
    node->own_end = at;
    if (node->end == node->first + 1 && node->own_end == node->end) {
        if (only->is_capture)
            node->capture = only;
        else if (leat_dtype_has_nan(only->dtype))
            node->number = only;
    }
    for (; at < node->end; at = end_of_step(at, node->end, depth))
        node->n_children++;
    for (at = node->own_end; at < node->end; at++)
        node->feeds_columns |= !at->is_capture;
    if (!node->n_children)
        return LEAT_OK;

    leat_status status = check_shape(build, node, depth);
    if (status != LEAT_OK)
        return status;
    leat_node *children = leat_arena_calloc(build->arena, node->n_children, sizeof *node);
    if (!children)
        return LEAT_E_MEMORY;
    node->is_array = step_of(node->own_end, depth)->is_index;
    node->children = children;
    status = build_children(build, node, children, depth);
    return status == LEAT_OK && !node->is_array ? index_members(node, build->arena)
                                                : status;
}

leat_status leat_trie_new(const leat_node **root, leat_arena *arena, const char *text,
                          leat_target *targets, uint32_t n, leat_error *error)
{
    qsort(targets, n, sizeof *targets, compare_targets);
    builder build = {arena, error};
    leat_node *top = leat_arena_calloc(arena, 1, sizeof *top);
    if (!top)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a decoder");
    top->text = text;
    top->first = targets;
    top->end = targets + n;
    leat_status status = build_node(&build, top, 0);
    if (status == LEAT_OK && !top->n_children)
        status = index_members(top, arena);
    if (status == LEAT_E_MEMORY)
        leat_error_set(error, status, "no memory for a decoder");
    *root = top;
    return status;
}
