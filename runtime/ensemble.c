#include "runtime/ensemble.h"

/* The leaf of each row in each tree comes before the forest's own scratch, which keeps its
 * alignment. */
static size_t leaves_size(const leat_ensemble *ensemble)
{
    if (!ensemble->linear)
        return 0;
    size_t size = (size_t)leat_forest_block(ensemble->forest) *
                  leat_forest_describe(ensemble->forest).n_trees * sizeof(int32_t);
    return (size + LEAT_ARENA_ALIGN - 1) / LEAT_ARENA_ALIGN * LEAT_ARENA_ALIGN;
}

size_t leat_ensemble_scratch(const leat_ensemble *ensemble)
{
    return leaves_size(ensemble) + leat_forest_scratch(ensemble->forest);
}

void leat_ensemble_margins(const leat_ensemble *ensemble, const void *rows,
                           uint32_t n_rows, void *margins, void *scratch)
{
    if (!ensemble->linear) {
        leat_forest_run(ensemble->forest, rows, n_rows, margins, scratch);
        return;
    }
    int32_t *leaves = scratch;
    leat_forest_leaves(ensemble->forest, rows, n_rows, leaves,
                       (char *)scratch + leaves_size(ensemble));
    leat_linear_leaves_run(ensemble->linear, rows, n_rows, leaves, margins);
}
