#include "ops/grove.h"

#include <string.h>

static size_t leaves_at(const leat_grove *grove)
{
    const size_t size = leat_forest_scratch(grove->forest);
    return (size + LEAT_ARENA_ALIGN - 1) / LEAT_ARENA_ALIGN * LEAT_ARENA_ALIGN;
}

size_t leat_grove_scratch(const leat_grove *grove)
{
    const size_t n_leaves =
        grove->vectors ? (size_t)leat_forest_block(grove->forest) * grove->n_trees : 0;
    return leaves_at(grove) + n_leaves * sizeof(int32_t);
}

/* leaves: [n_rows][n_trees] */
#define ADD_VECTORS(type)                                                                \
    do {                                                                                 \
        type *sum = sums;                                                                \
        for (uint32_t row = 0; row < n_rows; row++, sum += n_targets) {                  \
            for (uint32_t tree = 0; tree < grove->n_trees; tree++, leaves++) {           \
                const uint32_t node = grove->first_node[tree] + (uint32_t)*leaves;       \
                const type *vector = (const type *)grove->vectors +                      \
                                     (size_t)grove->vector_of[node] * n_targets;         \
                for (uint32_t target = 0; target < n_targets; target++)                  \
                    sum[target] += vector[target];                                       \
            }                                                                            \
        }                                                                                \
    } while (0)

void leat_grove_run(const leat_grove *grove, const void *rows, uint32_t n_rows,
                    void *sums, void *scratch)
{
    const uint32_t n_targets = grove->n_targets;
    if (!grove->vectors) {
        leat_forest_run(grove->forest, rows, n_rows, sums, scratch);
        return;
    }
    int32_t *leaves = (int32_t *)(void *)((char *)scratch + leaves_at(grove));
    leat_forest_leaves(grove->forest, rows, n_rows, leaves, scratch);
    memset(sums, 0, (size_t)n_rows * n_targets * leat_dtype_size(grove->dtype));
    if (grove->dtype == LEAT_F32)
        ADD_VECTORS(float);
    else
        ADD_VECTORS(double);
}
