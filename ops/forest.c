#include "ops/forest.h"

#include "ops/forest_bits.h"
#include "ops/forest_layout.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How a tree is laid out, and why a walk needs no branch.
 *
 * Rows become keys first: unsigned integers in the order of the floats, so that a walk
 * compares integers, and -0.0 equals 0.0. A row has every feature twice, a missing one once
 * below and once above all numbers, and a node looks at the copy that sends it to the
 * node's default side.
 *
 * Nodes stand in breadth-first order, a right child right behind its left one, so a step is
 * at = child + goes_right. A leaf is its own child and its condition is above every number,
 * so every further step stays there. All walks through a tree therefore take the same
 * number of steps, its depth, and LANES of them advance together: each waits for memory
 * while the others move.
 *
 * Many rows: LANES rows through one tree, tree by tree, so that a tree is in the first cache
 * for all of them. Few rows: one row through LANES trees. Either way a row adds its leaves
 * in the order of the trees.
 *
 * Blocks of rows are mostly cheaper by bits (forest_bits.c), which both evaluators' costs
 * decide run by run; they are counted in steps of tiled walks. */
enum {
    LANES = 16,
    STEPS_PER_BLOCK = 1 << 20, /* about a millisecond */
    KEYS_PER_BLOCK = 1 << 13,  /* what the first cache holds */
};

enum { MAX_FEATURES = 1 << 24, MAX_GROUPS = 1 << 16 };

enum { KEY_BELOW = 0, KEY_LOWEST = 0x007fffff }; /* missing; -Infinity */
#define KEY_ABOVE UINT32_MAX

/* What evaluation fetches from a leaf, and which of a row's sums it goes to. */
struct sums {
    const float *worth;     /* [nodes] */
    const uint32_t *column; /* [n_trees] */
    uint32_t width;         /* sums in a row */
};

static unsigned bits_for(uint32_t count)
{
    unsigned bits = 0;
    while (count > 1u << bits)
        bits++;
    return bits;
}

/* A NaN condition holds for no number, as if it were -Infinity. */
static uint32_t condition_key(float condition)
{
    return isnan(condition) ? KEY_LOWEST : leat_float_key(condition);
}

static leat_status check_spec(const leat_forest_spec *spec, leat_error *error)
{
    if (spec->n_features < 1 || spec->n_features > MAX_FEATURES)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%u features: 1 to %d are supported", spec->n_features,
                              MAX_FEATURES);
    if (spec->n_groups < 1 || spec->n_groups > MAX_GROUPS)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%u outputs a row: 1 to %d are supported", spec->n_groups,
                              MAX_GROUPS);
    return LEAT_OK;
}

static void *take(leat_arena *arena, uint64_t count, size_t size)
{
    return count > SIZE_MAX / size ? NULL
                                   : leat_arena_aligned(arena, (size_t)count * size);
}

leat_status leat_forest_new(leat_forest **out, leat_arena *arena,
                            const leat_forest_spec *spec, leat_error *error)
{
    leat_status status = check_spec(spec, error);
    if (status)
        return status;
    leat_forest *forest = leat_arena_calloc(arena, 1, sizeof *forest);
    if (!forest)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    forest->arena = arena;
    forest->facts.n_features = spec->n_features;
    forest->facts.n_groups = spec->n_groups;
    forest->copy_bits = bits_for(spec->n_features) + 1;
    forest->max_trees = spec->n_trees;
    forest->max_nodes = spec->max_nodes;
    forest->base = take(arena, spec->n_groups, sizeof *forest->base);
    forest->nodes = take(arena, spec->max_nodes, sizeof *forest->nodes);
    forest->value = take(arena, spec->max_nodes, sizeof *forest->value);
    forest->id = take(arena, spec->max_nodes, sizeof *forest->id);
    forest->trees = take(arena, spec->n_trees, sizeof *forest->trees);
    forest->group = take(arena, spec->n_trees, sizeof *forest->group);
    forest->ordinal = take(arena, spec->n_trees, sizeof *forest->ordinal);
    if (!forest->base || !forest->nodes || !forest->value || !forest->id ||
        !forest->trees || !forest->group || !forest->ordinal)
        return leat_error_set(error, LEAT_E_MEMORY, "%llu nodes: out of memory",
                              (unsigned long long)spec->max_nodes);
    memcpy(forest->base, spec->base, spec->n_groups * sizeof *spec->base);
    *out = forest;
    return LEAT_OK;
}

/* The breadth-first order of a tree that is being added. */
struct order {
    uint32_t n;
    int32_t *id;   /* [n] of [n_nodes] */
    uint8_t *seen; /* [n_nodes] by id */
};

static leat_status check_child(const leat_tree *tree, const char *word, int32_t id,
                               int32_t child, const struct order *order,
                               leat_error *error)
{
    if (child < 0 || (uint32_t)child >= tree->n_nodes)
        return leat_error_set(error, LEAT_E_MODEL,
                              "%s[%d]: %d, but the tree has %u nodes", word, id, child,
                              tree->n_nodes);
    if (order->seen[child])
        return leat_error_set(error, LEAT_E_MODEL,
                              "%s[%d]: node %d is reached a second time", word, id,
                              child);
    return LEAT_OK;
}

static leat_status visit(struct order *order, const leat_tree *tree, const char *word,
                         int32_t id, int32_t child, leat_error *error)
{
    leat_status status = check_child(tree, word, id, child, order, error);
    if (status)
        return status;
    order->seen[child] = 1;
    order->id[order->n++] = child;
    return LEAT_OK;
}

static void lay_leaf(leat_forest *forest, const leat_tree *tree, uint32_t at, int32_t id)
{
    forest->nodes[forest->n_nodes + at] =
        (struct leat_node){.condition = KEY_ABOVE, .link = at << forest->copy_bits};
    forest->value[forest->n_nodes + at] = tree->condition[id];
    forest->facts.n_leaves++;
}

static leat_status lay_split(leat_forest *forest, const leat_tree *tree, uint32_t at,
                             int32_t id, struct order *order, leat_error *error)
{
    uint32_t child = order->n;
    int32_t feature = tree->feature[id];
    leat_status status = visit(order, tree, tree->words->left, id, tree->left[id], error);
    if (!status)
        status = visit(order, tree, tree->words->right, id, tree->right[id], error);
    if (status)
        return status;
    if (feature < 0 || (uint32_t)feature >= forest->facts.n_features)
        return leat_error_set(
            error, LEAT_E_MODEL, "%s[%d]: %d, but the model has %u features",
            tree->words->feature, id, feature, forest->facts.n_features);
    forest->nodes[forest->n_nodes + at] = (struct leat_node){
        .condition = condition_key(tree->condition[id]),
        .link =
            child << forest->copy_bits | (uint32_t)feature << 1 | !tree->default_left[id],
    };
    return LEAT_OK;
}

/* Lays the nodes out as they are met; `depth` counts the levels below the root. */
static leat_status lay_tree(leat_forest *forest, const leat_tree *tree,
                            struct order *order, uint32_t *depth, leat_error *error)
{
    uint32_t level_end = 1;
    *depth = 0;
    order->n = 1;
    order->id[0] = 0;
    order->seen[0] = 1;
    for (uint32_t at = 0; at < order->n; at++) {
        int32_t id = order->id[at];
        if (at == level_end) {
            level_end = order->n;
            ++*depth;
        }
        forest->id[forest->n_nodes + at] = (float)id;
        if (tree->left[id] == -1) {
            lay_leaf(forest, tree, at, id);
            continue;
        }
        leat_status status = lay_split(forest, tree, at, id, order, error);
        if (status)
            return status;
    }
    return LEAT_OK;
}

static leat_status check_tree(const leat_forest *forest, const leat_tree *tree,
                              leat_error *error)
{
    unsigned child_bits = 32 - forest->copy_bits;
    if (!tree->n_nodes)
        return leat_error_set(error, LEAT_E_MODEL, "the tree has no nodes");
    if (tree->n_nodes > 1u << child_bits)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%u nodes: with %u features a tree may have %u",
                              tree->n_nodes, forest->facts.n_features, 1u << child_bits);
    if (tree->group >= forest->facts.n_groups)
        return leat_error_set(error, LEAT_E_MODEL,
                              "group: %u, but the model has %u outputs", tree->group,
                              forest->facts.n_groups);
    return LEAT_OK;
}

/* A row outside a tile costs twice as much. */
static uint64_t walk_cost(const leat_forest *forest, uint32_t n_rows)
{
    uint64_t steps = (uint64_t)forest->facts.n_trees * forest->facts.max_depth;
    return ((uint64_t)n_rows + n_rows % LANES) * steps;
}

static int bits_win(const leat_forest *forest, uint32_t n_rows)
{
    return forest->bits &&
           leat_forest_bits_cost(forest->bits, n_rows) < walk_cost(forest, n_rows);
}

/* Bits that do not even win for a whole block are not kept. */
static leat_status complete(leat_forest *forest, leat_error *error)
{
    leat_status status = leat_forest_bits_new(&forest->bits, forest, error);
    if (!bits_win(forest, LEAT_BITS_ROWS))
        forest->bits = NULL;
    return status;
}

leat_status leat_forest_add(leat_forest *forest, const leat_tree *tree, leat_error *error)
{
    leat_status status = check_tree(forest, tree, error);
    if (status)
        return status;
    assert(forest->facts.n_trees < forest->max_trees);
    assert(tree->n_nodes <= forest->max_nodes - forest->n_nodes);
    struct order order = {.id = calloc(tree->n_nodes, sizeof *order.id),
                          .seen = calloc(tree->n_nodes, sizeof *order.seen)};
    uint32_t depth, t = forest->facts.n_trees;
    if (!order.id || !order.seen) {
        status = leat_error_set(error, LEAT_E_MEMORY, "out of memory");
        goto out;
    }
    status = lay_tree(forest, tree, &order, &depth, error);
    if (status)
        goto out;
    forest->trees[t] =
        (struct leat_place){.first = forest->n_nodes, .n_nodes = order.n, .depth = depth};
    forest->group[t] = tree->group;
    forest->ordinal[t] = t;
    forest->n_nodes += order.n;
    forest->facts.n_trees++;
    if (depth > forest->facts.max_depth)
        forest->facts.max_depth = depth;
    if (forest->facts.n_trees == forest->max_trees)
        status = complete(forest, error);
out:
    free(order.id);
    free(order.seen);
    return status;
}

leat_forest_facts leat_forest_describe(const leat_forest *forest)
{
    return forest->facts;
}

uint32_t leat_forest_block(const leat_forest *forest)
{
    const uint32_t most = LEAT_BITS_ROWS;
    uint64_t cost = forest->bits ? leat_forest_bits_cost(forest->bits, most)
                                 : walk_cost(forest, most);
    uint64_t by_time = (uint64_t)STEPS_PER_BLOCK * most / (cost + !cost);
    uint64_t by_cache =
        forest->bits ? most : KEYS_PER_BLOCK / 2 / forest->facts.n_features;
    uint64_t rows = by_time < by_cache ? by_time : by_cache;
    return rows > most ? most : rows < LANES ? LANES : (uint32_t)(rows - rows % LANES);
}

size_t leat_forest_scratch(const leat_forest *forest, uint32_t n_rows)
{
    size_t keys = (size_t)n_rows * forest->facts.n_features * 2 * sizeof(uint32_t);
    size_t bits = forest->bits ? leat_forest_bits_scratch(forest->bits) : 0;
    return keys > bits ? keys : bits;
}

/* keys: [n][2] for values [n] */
static void make_keys(const float *values, size_t n, uint32_t *keys)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t key = leat_float_key(values[i]);
        int missing = isnan(values[i]);
        keys[2 * i] = missing ? KEY_BELOW : key;
        keys[2 * i + 1] = missing ? KEY_ABOVE : key;
    }
}

static inline uint32_t step(const struct leat_node *tree, unsigned copy_bits,
                            const uint32_t *keys, uint32_t at)
{
    struct leat_node node = tree[at];
    uint32_t key = keys[node.link & ((1u << copy_bits) - 1)];
    return (node.link >> copy_bits) + (key >= node.condition);
}

/* LANES rows through tree t. */
static void walk_rows(const leat_forest *forest, uint32_t t, const uint32_t *keys,
                      float *margins, const struct sums *sums)
{
    struct leat_place place = forest->trees[t];
    const struct leat_node *tree = forest->nodes + place.first;
    const unsigned copy_bits = forest->copy_bits;
    const size_t stride = 2 * (size_t)forest->facts.n_features;
    uint32_t at[LANES] = {0};
    for (uint32_t level = 0; level < place.depth; level++)
        for (uint32_t lane = 0; lane < LANES; lane++)
            at[lane] = step(tree, copy_bits, keys + lane * stride, at[lane]);
    const float *worth = sums->worth + place.first;
    float *sum = margins + sums->column[t];
    for (uint32_t lane = 0; lane < LANES; lane++)
        sum[lane * sums->width] += worth[at[lane]];
}

/* One row through trees [t, t + n), n <= LANES. */
static void walk_trees(const leat_forest *forest, uint32_t t, uint32_t n,
                       const uint32_t *keys, float *margins, const struct sums *sums)
{
    const struct leat_place *place = forest->trees + t;
    const unsigned copy_bits = forest->copy_bits;
    const struct leat_node *tree[LANES];
    uint32_t at[LANES] = {0}, depth = 0;
    for (uint32_t lane = 0; lane < n; lane++) {
        tree[lane] = forest->nodes + place[lane].first;
        depth = place[lane].depth > depth ? place[lane].depth : depth;
    }
    for (uint32_t level = 0; level < depth; level++)
        for (uint32_t lane = 0; lane < n; lane++)
            at[lane] = step(tree[lane], copy_bits, keys, at[lane]);
    for (uint32_t lane = 0; lane < n; lane++)
        margins[sums->column[t + lane]] += sums->worth[place[lane].first + at[lane]];
}

static void evaluate(const leat_forest *forest, const float *rows, uint32_t n_rows,
                     float *margins, const struct sums *sums, void *scratch)
{
    uint32_t *keys = scratch; /* [n_rows][n_features][2] */
    const size_t n_features = forest->facts.n_features, stride = 2 * n_features;
    const size_t width = sums->width, tiled = n_rows - n_rows % LANES;
    const uint32_t n_trees = forest->facts.n_trees;
    make_keys(rows, n_rows * n_features, keys);
    for (uint32_t t = 0; t < n_trees; t++)
        for (size_t row = 0; row < tiled; row += LANES)
            walk_rows(forest, t, keys + row * stride, margins + row * width, sums);
    for (size_t row = tiled; row < n_rows; row++)
        for (uint32_t t = 0; t < n_trees; t += LANES)
            walk_trees(forest, t, n_trees - t < LANES ? n_trees - t : LANES,
                       keys + row * stride, margins + row * width, sums);
}

static void walk(const leat_forest *forest, const float *rows, uint32_t n_rows,
                 float *margins, void *scratch)
{
    const uint32_t n_groups = forest->facts.n_groups;
    for (size_t row = 0; row < n_rows; row++)
        memcpy(margins + row * n_groups, forest->base, n_groups * sizeof *margins);
    struct sums sums = {forest->value, forest->group, n_groups};
    evaluate(forest, rows, n_rows, margins, &sums, scratch);
}

void leat_forest_run(const leat_forest *forest, const float *rows, uint32_t n_rows,
                     float *margins, void *scratch)
{
    const size_t n_features = forest->facts.n_features;
    while (n_rows) {
        uint32_t n = n_rows < LEAT_BITS_ROWS ? n_rows : LEAT_BITS_ROWS;
        if (bits_win(forest, n))
            leat_forest_bits_run(forest->bits, rows, n, margins, scratch);
        else
            walk(forest, rows, n, margins, scratch);
        rows += n * n_features;
        margins += (size_t)n * forest->facts.n_groups;
        n_rows -= n;
    }
}

/* A sum of its own for every tree, to which the one leaf adds its id. */
void leat_forest_leaves(const leat_forest *forest, const float *rows, uint32_t n_rows,
                        float *leaves, void *scratch)
{
    const uint32_t n_trees = forest->facts.n_trees;
    memset(leaves, 0, (size_t)n_rows * n_trees * sizeof *leaves);
    struct sums sums = {forest->id, forest->ordinal, n_trees};
    evaluate(forest, rows, n_rows, leaves, &sums, scratch);
}
