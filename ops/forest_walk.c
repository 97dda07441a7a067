#include "ops/forest_layout.h"

#include <string.h>

/* Node after node, for a forest of any shape.
 *
 * A leaf is its own child, so every further step stays there, and all walks through a tree
 * take the same number of steps, its depth. LANES of them advance together: each waits
 * for memory while the others move. Many rows: LANES rows through one tree, tree by tree,
 * so that a tree is in the first cache for all of them. Few: one row through LANES trees.
 * Either way a row adds its leaves in the order of the trees. */
enum {
    LANES = 16,
    RANKS_AT_ONCE = 1 << 16, /* bytes, for which the second cache has room */
};

/* What a walk fetches from a leaf, and which of a row's sums it goes to. */
struct sums {
    leat_dtype dtype;
    const void *worth;      /* [nodes] of dtype */
    const uint32_t *column; /* [n_trees]; NULL: a column for each tree */
    uint32_t width;         /* sums in a row */
    void *sums;             /* [n_rows][width] of dtype */
};

static uint32_t rows_at_once(const leat_forest *forest)
{
    uint32_t n_columns = leat_ranker_columns(forest->ranker);
    uint32_t rows = RANKS_AT_ONCE / (n_columns + !n_columns);
    return rows > LEAT_FOREST_ROWS ? LEAT_FOREST_ROWS
           : rows < LANES          ? LANES
                                   : rows - rows % LANES;
}

/* nodes[n]: where walks of trees t, t + trees, ... of rows row, row + rows, ... ended. */
static void add(const struct sums *to, uint32_t t, uint32_t trees, size_t row,
                uint32_t rows, const size_t *nodes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++, t += trees, row += rows) {
        size_t at = row * to->width + (to->column ? to->column[t] : t);
        if (to->dtype == LEAT_F32)
            ((float *)to->sums)[at] += ((const float *)to->worth)[nodes[i]];
        else if (to->dtype == LEAT_F64)
            ((double *)to->sums)[at] += ((const double *)to->worth)[nodes[i]];
        else
            ((int32_t *)to->sums)[at] = ((const int32_t *)to->worth)[nodes[i]];
    }
}

static inline uint32_t step(const leat_forest_node *tree, const int8_t *ranks,
                            uint32_t at)
{
    leat_forest_node node = tree[at];
    return node.child + (ranks[leat_node_column(node)] > leat_node_cut(node));
}

/* LANES rows through tree t. ranks: [LANES][n_columns] */
static void walk_rows(const leat_forest *forest, uint32_t t, const int8_t *ranks,
                      size_t n_columns, size_t row, const struct sums *to)
{
    leat_forest_place place = forest->trees[t];
    const leat_forest_node *tree = forest->nodes + place.first;
    uint32_t at[LANES] = {0};
    size_t nodes[LANES];
    for (uint32_t level = 0; level < place.depth; level++)
        for (uint32_t lane = 0; lane < LANES; lane++)
            at[lane] = step(tree, ranks + lane * n_columns, at[lane]);
    for (uint32_t lane = 0; lane < LANES; lane++)
        nodes[lane] = place.first + at[lane];
    add(to, t, 0, row, 1, nodes, LANES);
}

/* One row through trees [t, t + n), n <= LANES. */
static void walk_trees(const leat_forest *forest, uint32_t t, uint32_t n,
                       const int8_t *ranks, size_t row, const struct sums *to)
{
    const leat_forest_place *place = forest->trees + t;
    const leat_forest_node *tree[LANES];
    uint32_t at[LANES] = {0}, depth = 0;
    size_t nodes[LANES];
    for (uint32_t lane = 0; lane < n; lane++) {
        tree[lane] = forest->nodes + place[lane].first;
        depth = place[lane].depth > depth ? place[lane].depth : depth;
    }
    for (uint32_t level = 0; level < depth; level++)
        for (uint32_t lane = 0; lane < n; lane++)
            at[lane] = step(tree[lane], ranks, at[lane]);
    for (uint32_t lane = 0; lane < n; lane++)
        nodes[lane] = place[lane].first + at[lane];
    add(to, t, 1, row, 0, nodes, n);
}

/* Rows [first, first + n_rows), whose ranks are [n_rows][n_columns]. */
static void walk_ranked(const leat_forest *forest, const int8_t *ranks, size_t first,
                        uint32_t n_rows, const struct sums *to)
{
    const size_t n_columns = leat_ranker_columns(forest->ranker);
    const uint32_t n_trees = forest->facts.n_trees;
    const uint32_t tiled = n_rows - n_rows % LANES;
    for (uint32_t t = 0; t < n_trees; t++)
        for (uint32_t row = 0; row < tiled; row += LANES)
            walk_rows(forest, t, ranks + row * n_columns, n_columns, first + row, to);
    for (uint32_t row = tiled; row < n_rows; row++)
        for (uint32_t t = 0; t < n_trees; t += LANES)
            walk_trees(forest, t, n_trees - t < LANES ? n_trees - t : LANES,
                       ranks + row * n_columns, first + row, to);
}

static void walk(const leat_forest *forest, const void *rows, uint32_t n_rows,
                 const struct sums *to, int8_t *ranks)
{
    const size_t n_columns = leat_ranker_columns(forest->ranker);
    const size_t row_size = forest->facts.n_features * forest->number_size;
    const uint32_t most = rows_at_once(forest);
    for (uint32_t first = 0; first < n_rows; first += most) {
        uint32_t n = n_rows - first < most ? n_rows - first : most;
        leat_ranker_run(forest->ranker, (const char *)rows + first * row_size, n, ranks,
                        n_columns, 1);
        walk_ranked(forest, ranks, first, n, to);
    }
}

static leat_status compile(void **state, const leat_forest *forest, leat_error *error)
{
    static char none; /* a walk needs nothing but the forest */
    (void)forest;
    (void)error;
    *state = &none;
    return LEAT_OK;
}

/* A forest of leaves alone has no column, but its one-node trees look at one. */
static size_t scratch_size(const leat_forest *forest, const void *state)
{
    (void)state;
    return (size_t)leat_ranker_columns(forest->ranker) * rows_at_once(forest) + 1;
}

static void run(const leat_forest *forest, const void *state, const void *rows,
                uint32_t n_rows, void *margins, void *scratch)
{
    (void)state;
    const size_t row_size = forest->facts.n_groups * forest->number_size;
    for (size_t row = 0; row < n_rows; row++)
        memcpy((char *)margins + row * row_size, forest->base, row_size);
    struct sums to = {forest->facts.dtype, forest->value, forest->group,
                      forest->facts.n_groups, margins};
    walk(forest, rows, n_rows, &to, scratch);
}

const leat_evaluator leat_forest_walk = {"walk", compile, scratch_size, run};

void leat_forest_walk_leaves(const leat_forest *forest, const void *rows, uint32_t n_rows,
                             int32_t *leaves, void *scratch)
{
    struct sums to = {LEAT_I32, forest->id, NULL, forest->facts.n_trees, leaves};
    walk(forest, rows, n_rows, &to, scratch);
}
