#include "ops/forest.h"

#include "ops/forest_layout.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Trees come one by one and are laid out node by node; what their splits ask is known in
 * the form of ranks only when all are in, since ranks count the bounds of the whole
 * forest. Until then splits wait in `building`. */

enum { MAX_FEATURES = 1 << 24, MAX_GROUPS = 1 << 16 };

struct leat_forest_building {
    leat_arena *arena;
    size_t n_splits;
    leat_split *splits; /* [max_nodes] */
    size_t *node;       /* [max_nodes], of a split */
    uint32_t n_sets;
    uint32_t room;
    leat_set *sets; /* [room], malloc */
};

double leat_forest_above(leat_dtype dtype, double x)
{
    if (isnan(x) || x == INFINITY)
        return NAN;
    return dtype == LEAT_F32 ? (double)nextafterf((float)x, INFINITY)
                             : nextafter(x, INFINITY);
}

/* ---- a new forest ---- */

leat_status leat_forest_check_shape(uint32_t n_features, uint32_t n_groups,
                                    leat_error *error)
{
    if (n_features < 1 || n_features > MAX_FEATURES)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%u features: 1 to %d are supported", n_features,
                              MAX_FEATURES);
    if (n_groups < 1 || n_groups > MAX_GROUPS)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%u outputs a row: 1 to %d are supported", n_groups,
                              MAX_GROUPS);
    return LEAT_OK;
}

static void *take(leat_arena *arena, uint64_t count, size_t size)
{
    return count > SIZE_MAX / size ? NULL
                                   : leat_arena_aligned(arena, (size_t)count * size);
}

static leat_status new_building(leat_forest *forest, leat_arena *scratch)
{
    struct leat_forest_building *building =
        leat_arena_calloc(scratch, 1, sizeof *building);
    if (!building)
        return LEAT_E_MEMORY;
    building->arena = scratch;
    building->splits = take(scratch, forest->max_nodes, sizeof *building->splits);
    building->node = take(scratch, forest->max_nodes, sizeof *building->node);
    forest->building = building;
    return building->splits && building->node ? LEAT_OK : LEAT_E_MEMORY;
}

static leat_status take_all(leat_forest *forest, const leat_forest_spec *spec)
{
    leat_arena *arena = forest->arena;
    forest->base = take(arena, spec->n_groups, forest->number_size);
    forest->nodes = take(arena, spec->max_nodes, sizeof *forest->nodes);
    forest->value = take(arena, spec->max_nodes, forest->number_size);
    forest->id = take(arena, spec->max_nodes, sizeof *forest->id);
    forest->trees = take(arena, spec->n_trees, sizeof *forest->trees);
    forest->group = take(arena, spec->n_trees, sizeof *forest->group);
    if (!forest->base || !forest->nodes || !forest->value || !forest->id ||
        !forest->trees || !forest->group)
        return LEAT_E_MEMORY;
    for (uint32_t group = 0; group < spec->n_groups; group++)
        leat_put_number(spec->dtype, forest->base, group, spec->base[group]);
    return new_building(forest, spec->scratch ? spec->scratch : arena);
}

static leat_status complete(leat_forest *forest, leat_error *error);

leat_status leat_forest_new(leat_forest **out, leat_arena *arena,
                            const leat_forest_spec *spec, leat_error *error)
{
    leat_status status = leat_forest_check_shape(spec->n_features, spec->n_groups, error);
    if (status)
        return status;
    leat_forest *forest = leat_arena_calloc(arena, 1, sizeof *forest);
    if (!forest)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    forest->arena = arena;
    forest->facts.dtype = spec->dtype;
    forest->facts.n_features = spec->n_features;
    forest->facts.n_groups = spec->n_groups;
    forest->number_size = leat_dtype_size(spec->dtype);
    forest->max_trees = spec->n_trees;
    forest->max_nodes = spec->max_nodes;
    forest->zero = spec->zero;
    if (take_all(forest, spec))
        return leat_error_set(error, LEAT_E_MEMORY, "%llu nodes: out of memory",
                              (unsigned long long)spec->max_nodes);
    *out = forest;
    return forest->max_trees ? LEAT_OK : complete(forest, error);
}

/* ---- a tree ---- */

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

static leat_forest_node node_of(uint32_t child, leat_ask ask)
{
    return (leat_forest_node){child, ask.column << 8 | (uint8_t)ask.cut};
}

static void lay_leaf(leat_forest *forest, const leat_tree *tree, uint32_t at, int32_t id)
{
    forest->nodes[forest->n_nodes + at] = node_of(at, (leat_ask){0, LEAT_RANK_MOST});
    leat_put_number(forest->facts.dtype, forest->value, forest->n_nodes + at,
                    tree->value[id]);
    forest->facts.n_leaves++;
}

/* The number of the copied set. */
static leat_status add_set(struct leat_forest_building *building, const leat_set *set,
                           uint32_t *number)
{
    if (building->n_sets == building->room) {
        uint32_t room = building->room ? 2 * building->room : 16;
        leat_set *sets = leat_arena_calloc(building->arena, room, sizeof *sets);
        if (!sets)
            return LEAT_E_MEMORY;
        if (building->n_sets)
            memcpy(sets, building->sets, building->n_sets * sizeof *sets);
        building->sets = sets;
        building->room = room;
    }
    double *bounds = leat_arena_calloc(building->arena, set->n + 1, sizeof *bounds);
    if (!bounds)
        return LEAT_E_MEMORY;
    memcpy(bounds, set->bounds, set->n * sizeof *bounds);
    building->sets[building->n_sets] = (leat_set){set->n, bounds};
    *number = building->n_sets++;
    return LEAT_OK;
}

static leat_status add_split(leat_forest *forest, const leat_tree *tree, uint32_t at,
                             int32_t id, leat_error *error)
{
    struct leat_forest_building *building = forest->building;
    const leat_set *set = tree->sets && tree->sets[id].bounds ? &tree->sets[id] : NULL;
    leat_split split = {.feature = (uint32_t)tree->feature[id],
                        .set = LEAT_NO_SET,
                        .bound = set ? 0 : tree->bound[id],
                        .missing = tree->missing[id]};
    if (set && add_set(building, set, &split.set))
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    building->splits[building->n_splits] = split;
    building->node[building->n_splits++] = forest->n_nodes + at;
    return LEAT_OK;
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
    forest->nodes[forest->n_nodes + at].child = child;
    return add_split(forest, tree, at, id, error);
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
        forest->id[forest->n_nodes + at] = id - (int32_t)tree->first_leaf;
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
    if (!tree->n_nodes)
        return leat_error_set(error, LEAT_E_MODEL, "the tree has no nodes");
    if (tree->group >= forest->facts.n_groups)
        return leat_error_set(error, LEAT_E_MODEL,
                              "group: %d, but the model has %u outputs",
                              (int32_t)tree->group, forest->facts.n_groups);
    return LEAT_OK;
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
    forest->trees[t] = (leat_forest_place){forest->n_nodes, order.n, depth};
    forest->group[t] = tree->group;
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

/* ---- the complete forest ---- */

static const leat_evaluator *const evaluators[LEAT_FOREST_EVALUATORS] = {
    &leat_forest_walk,
    &leat_forest_register,
    &leat_forest_bits,
};

const leat_evaluator *leat_forest_evaluator(uint32_t number)
{
    return evaluators[number];
}

static leat_status rank_splits(leat_forest *forest, leat_error *error)
{
    struct leat_forest_building *building = forest->building;
    leat_ranker_spec spec = {
        .dtype = forest->facts.dtype,
        .zero = forest->zero,
        .n_splits = building->n_splits,
        .splits = building->splits,
        .n_sets = building->n_sets,
        .sets = building->sets,
        .n_features = forest->facts.n_features,
    };
    leat_ask *asks = calloc(building->n_splits + 1, sizeof *asks);
    if (!asks)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_status status =
        leat_ranker_new(&forest->ranker, forest->arena, &spec, asks, error);
    for (size_t i = 0; !status && i < building->n_splits; i++) {
        leat_forest_node *node = &forest->nodes[building->node[i]];
        *node = node_of(node->child, asks[i]);
    }
    free(asks);
    return status;
}

static leat_status complete(leat_forest *forest, leat_error *error)
{
    leat_status status = rank_splits(forest, error);
    forest->building = NULL;
    for (uint32_t e = 0; !status && e < LEAT_FOREST_EVALUATORS; e++)
        status = evaluators[e]->compile(&forest->state[e], forest, error);
    return status ? status : leat_forest_choose(forest, error);
}

leat_forest_facts leat_forest_describe(const leat_forest *forest)
{
    return forest->facts;
}

uint32_t leat_forest_block(const leat_forest *forest)
{
    return forest->block;
}

size_t leat_forest_scratch(const leat_forest *forest)
{
    size_t most = 0;
    for (uint32_t e = 0; e < LEAT_FOREST_EVALUATORS; e++) {
        size_t size =
            forest->state[e] ? evaluators[e]->scratch(forest, forest->state[e]) : 0;
        most = size > most ? size : most;
    }
    return most;
}

/* The smallest bucket that holds so many rows. */
static uint32_t bucket_of(uint32_t n_rows)
{
    uint32_t bucket = 0;
    while (n_rows > 1u << bucket)
        bucket++;
    return bucket;
}

void leat_forest_run(const leat_forest *forest, const void *rows, uint32_t n_rows,
                     void *margins, void *scratch)
{
    const char *row = rows;
    char *margin = margins;
    while (n_rows) {
        uint32_t n = n_rows < LEAT_FOREST_ROWS ? n_rows : LEAT_FOREST_ROWS;
        uint32_t e = forest->choice[bucket_of(n)];
        evaluators[e]->run(forest, forest->state[e], row, n, margin, scratch);
        row += (size_t)n * forest->facts.n_features * forest->number_size;
        margin += (size_t)n * forest->facts.n_groups * forest->number_size;
        n_rows -= n;
    }
}

void leat_forest_leaves(const leat_forest *forest, const void *rows, uint32_t n_rows,
                        int32_t *leaves, void *scratch)
{
    const char *row = rows;
    while (n_rows) {
        uint32_t n = n_rows < LEAT_FOREST_ROWS ? n_rows : LEAT_FOREST_ROWS;
        leat_forest_walk_leaves(forest, row, n, leaves, scratch);
        row += (size_t)n * forest->facts.n_features * forest->number_size;
        leaves += (size_t)n * forest->facts.n_trees;
        n_rows -= n;
    }
}
