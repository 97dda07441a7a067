#include "ops/forest_layout.h"

#include <stdlib.h>
#include <string.h>

/* Memory beside the forest that complete trees may take. */
enum { MAX_SLOTS_PER_NODE = 4, SLOTS_PER_TREE = 64 };

int leat_forest_fills(const leat_forest *forest)
{
    uint64_t slots = 0;
    if (forest->facts.max_depth > LEAT_FILL_DEPTH)
        return 0;
    for (uint32_t t = 0; t < forest->facts.n_trees; t++)
        slots += (uint64_t)2 << forest->trees[t].depth;
    return slots <= (uint64_t)MAX_SLOTS_PER_NODE * forest->n_nodes +
                        (uint64_t)SLOTS_PER_TREE * forest->facts.n_trees;
}

void leat_forest_fill(const leat_forest *forest, uint32_t t, uint32_t *slots)
{
    const leat_forest_place place = forest->trees[t];
    const uint32_t n_splits = (1u << place.depth) - 1;
    slots[0] = 0;
    for (uint32_t slot = 0; slot < n_splits; slot++) {
        leat_forest_node node = forest->nodes[place.first + slots[slot]];
        slots[2 * slot + 1] = node.child;
        slots[2 * slot + 2] = node.child + !leat_node_is_leaf(node, slots[slot]);
    }
}

void leat_forest_copy_values(const leat_forest *forest, uint32_t t, const uint32_t *nodes,
                             uint32_t n, void *values)
{
    const size_t size = forest->number_size, first = forest->trees[t].first;
    for (uint32_t i = 0; i < n; i++)
        memcpy((char *)values + i * size,
               (const char *)forest->value + (first + nodes[i]) * size, size);
}

leat_status leat_forest_by_group(const leat_forest *forest, uint32_t *order,
                                 uint32_t *n_trees)
{
    const uint32_t n_groups = forest->facts.n_groups;
    uint32_t *next = calloc(n_groups, sizeof *next);
    if (!next)
        return LEAT_E_MEMORY;
    memset(n_trees, 0, n_groups * sizeof *n_trees);
    for (uint32_t t = 0; t < forest->facts.n_trees; t++)
        n_trees[forest->group[t]]++;
    for (uint32_t group = 1; group < n_groups; group++)
        next[group] = next[group - 1] + n_trees[group - 1];
    for (uint32_t t = 0; t < forest->facts.n_trees; t++)
        order[next[forest->group[t]]++] = t;
    free(next);
    return LEAT_OK;
}
