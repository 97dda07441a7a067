#include "ops/tree_ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One tree of the ensemble at a time, in the forest's terms. The arrays have room for the
 * largest: every inner node once, and two children of each. */
typedef struct planter {
    const leat_tree_ensemble *ensemble;
    leat_error *error;
    leat_tree tree;
    uint32_t *order;   /* [room] the ensemble's node of each of the tree's */
    int32_t *left;     /* [room] */
    int32_t *right;    /* [room] */
    int32_t *feature;  /* [room] */
    uint8_t *missing;  /* [room] */
    double *bound;     /* [room] */
    leat_set *sets;    /* [room] */
    double *nothing;   /* [room] zeros: what leaves add that have vectors */
    uint32_t *seen;    /* [n_nodes] the tree + 1 that a node was last reached in */
    uint32_t *slot;    /* [n_targets] the place of a target among the tree's, + 1 */
    uint32_t *targets; /* [n_targets] those that the tree has weights for */
    uint32_t n_targets;
    uint64_t n_parts; /* weights of leaves and bounds of sets, as often as reached */
} planter;

static leat_status no_memory(leat_error *error)
{
    return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* [v, the next number above v) for each, joined where they touch. */
leat_status leat_tree_members(leat_set *set, leat_arena *arena, leat_dtype dtype,
                              double *values, size_t n, leat_error *error)
{
    if (n > LEAT_TREE_MOST_NODES)
        return leat_error_set(error, LEAT_E_UNSUPPORTED, "%zu members of a set", n);
    double *bounds = leat_arena_calloc(arena, 2 * n + 1, sizeof *bounds);
    if (!bounds)
        return no_memory(error);
    qsort(values, n, sizeof *values, compare_doubles);
    *set = (leat_set){0, bounds};
    for (size_t i = 0; i < n; i++) {
        if (i && values[i] == values[i - 1])
            continue;
        if (set->n && bounds[set->n - 1] == values[i])
            set->n--;
        else
            bounds[set->n++] = values[i];
        const double end = leat_forest_above(dtype, values[i]);
        if (!isnan(end)) /* else infinity is a member: the set has no end */
            bounds[set->n++] = end;
    }
    return LEAT_OK;
}

/* How each mode becomes a set of numbers that go right. */
static const struct rule {
    bool yes_is_right;
    enum { AT_VALUE, ABOVE_VALUE, MEMBERS } what;
} rules[] = {
    [LEAT_TREE_LEQ] = {false, ABOVE_VALUE}, [LEAT_TREE_LT] = {false, AT_VALUE},
    [LEAT_TREE_GTE] = {true, AT_VALUE},     [LEAT_TREE_GT] = {true, ABOVE_VALUE},
    [LEAT_TREE_EQ] = {true, MEMBERS},       [LEAT_TREE_NEQ] = {false, MEMBERS},
    [LEAT_TREE_MEMBER] = {true, MEMBERS},
};

/* A comparison with NaN holds for nothing, so that all numbers take the other side. */
static double bound_of(leat_dtype dtype, const leat_tree_node *node, struct rule rule)
{
    if (isnan(node->value))
        return rule.yes_is_right ? node->value : (double)-INFINITY;
    return rule.what == ABOVE_VALUE ? leat_forest_above(dtype, node->value) : node->value;
}

/* NaN differs from everything, and is otherwise no number's match. */
static void lay_split(planter *p, uint32_t at, int32_t yes, int32_t no)
{
    const leat_tree_node *node = &p->ensemble->nodes[p->order[at]];
    const struct rule rule = rules[node->mode];
    const bool nan_is_yes = node->nan_is_yes || node->mode == LEAT_TREE_NEQ;
    p->left[at] = rule.yes_is_right ? no : yes;
    p->right[at] = rule.yes_is_right ? yes : no;
    p->missing[at] = nan_is_yes == rule.yes_is_right ? LEAT_NAN_RIGHT : LEAT_NAN_LEFT;
    p->feature[at] = (int32_t)node->feature;
    p->sets[at] = (leat_set){0, NULL};
    if (rule.what == MEMBERS)
        p->sets[at] = node->members;
    else
        p->bound[at] = bound_of(p->ensemble->dtype, node, rule);
}

/* The next of the tree's nodes; an inner one may be reached but once. */
static leat_status reach(planter *p, uint32_t node, uint32_t stamp)
{
    if (p->ensemble->nodes[node].mode != LEAT_TREE_LEAF && p->seen[node] == stamp)
        return leat_error_set(p->error, LEAT_E_MODEL,
                              "tree %u: a node is reached twice, which no tree has",
                              stamp - 1);
    p->seen[node] = stamp;
    p->order[p->tree.n_nodes++] = node;
    return LEAT_OK;
}

/* Marks the targets that a leaf has weights for. */
static void note_targets(planter *p, const leat_tree_node *leaf)
{
    for (uint32_t i = leaf->yes; i < leaf->no; i++) {
        const uint32_t target = p->ensemble->weights[i].target;
        if (p->slot[target])
            continue;
        p->targets[p->n_targets++] = target;
        p->slot[target] = p->n_targets;
    }
}

/* Trees may share nodes, and splits a leaf: a short list may be gone through often. */
static leat_status count_parts(planter *p, const leat_tree_node *node)
{
    p->n_parts += node->mode == LEAT_TREE_LEAF ? node->no - node->yes : node->members.n;
    return p->n_parts <= LEAT_TREE_MOST_NODES
               ? LEAT_OK
               : leat_error_set(p->error, LEAT_E_UNSUPPORTED,
                                "more than %d weights and members, each counted as "
                                "often as it is reached",
                                LEAT_TREE_MOST_NODES);
}

/* Breadth first: the nodes of a tree, and the targets of its leaves. */
static leat_status lay_tree(planter *p, uint32_t tree)
{
    while (p->n_targets)
        p->slot[p->targets[--p->n_targets]] = 0;
    p->tree.n_nodes = 0;
    leat_status status = reach(p, p->ensemble->roots[tree], tree + 1);
    for (uint32_t at = 0; at < p->tree.n_nodes && !status; at++) {
        const leat_tree_node *node = &p->ensemble->nodes[p->order[at]];
        status = count_parts(p, node);
        if (status)
            break;
        if (node->mode == LEAT_TREE_LEAF) {
            p->left[at] = p->right[at] = -1;
            note_targets(p, node);
            continue;
        }
        const int32_t next = (int32_t)p->tree.n_nodes;
        lay_split(p, at, next, next + 1);
        status = reach(p, node->yes, tree + 1);
        if (!status)
            status = reach(p, node->no, tree + 1);
    }
    return status;
}

/* What each leaf adds to each of the tree's targets: [n_targets][n_nodes]. */
static double *weigh_leaves(const planter *p)
{
    const uint32_t n = p->tree.n_nodes;
    double *values = calloc((size_t)p->n_targets * n + 1, sizeof *values);
    for (uint32_t at = 0; at < n && values; at++) {
        const leat_tree_node *node = &p->ensemble->nodes[p->order[at]];
        if (node->mode != LEAT_TREE_LEAF)
            continue;
        for (uint32_t i = node->yes; i < node->no; i++) {
            const leat_leaf_weight *weight = &p->ensemble->weights[i];
            values[(size_t)(p->slot[weight->target] - 1) * n + at] += weight->value;
        }
    }
    return values;
}

/* A tree of the forest for each target. */
static leat_status add_for_targets(planter *p, leat_forest *forest)
{
    leat_status status = LEAT_OK;
    double *values = weigh_leaves(p);
    if (!values)
        return no_memory(p->error);
    for (uint32_t i = 0; i < p->n_targets && !status; i++) {
        p->tree.group = p->targets[i];
        p->tree.value = values + (size_t)i * p->tree.n_nodes;
        status = leat_forest_add(forest, &p->tree, p->error);
    }
    free(values);
    return status;
}

static void set_vector(const planter *p, const leat_tree_node *leaf, leat_grove *grove,
                       uint32_t vector)
{
    const size_t first = (size_t)vector * grove->n_targets;
    for (uint32_t i = leaf->yes; i < leaf->no; i++) {
        const leat_leaf_weight *weight = &p->ensemble->weights[i];
        if (grove->dtype == LEAT_F32)
            ((float *)grove->vectors)[first + weight->target] += (float)weight->value;
        else
            ((double *)grove->vectors)[first + weight->target] += weight->value;
    }
}

/* One tree of the forest, whose sum nobody reads, and the vectors of its leaves. The tree
 * begins behind `nodes` and `leaves` others, which are counted on. */
static leat_status add_with_vectors(planter *p, leat_grove *grove, uint32_t *nodes,
                                    uint32_t *leaves)
{
    for (uint32_t at = 0; at < p->tree.n_nodes; at++) {
        const leat_tree_node *node = &p->ensemble->nodes[p->order[at]];
        if (node->mode != LEAT_TREE_LEAF)
            continue;
        grove->vector_of[*nodes + at] = *leaves;
        set_vector(p, node, grove, (*leaves)++);
    }
    *nodes += p->tree.n_nodes;
    p->tree.group = 0;
    p->tree.value = p->nothing;
    return leat_forest_add(grove->forest, &p->tree, p->error);
}

static leat_status planter_init(planter *p, const leat_tree_ensemble *ensemble,
                                leat_arena *scratch, leat_error *error)
{
    static const leat_tree_words words = {"left", "right", "feature"};
    const size_t room = 2 * (size_t)ensemble->n_nodes + 1;
    *p = (planter){
        .ensemble = ensemble,
        .error = error,
        .order = leat_arena_calloc(scratch, room, sizeof *p->order),
        .left = leat_arena_calloc(scratch, room, sizeof *p->left),
        .right = leat_arena_calloc(scratch, room, sizeof *p->right),
        .feature = leat_arena_calloc(scratch, room, sizeof *p->feature),
        .missing = leat_arena_calloc(scratch, room, sizeof *p->missing),
        .bound = leat_arena_calloc(scratch, room, sizeof *p->bound),
        .sets = leat_arena_calloc(scratch, room, sizeof *p->sets),
        .nothing = leat_arena_calloc(scratch, room, sizeof *p->nothing),
        .seen = leat_arena_calloc(scratch, room, sizeof *p->seen),
        .slot = leat_arena_calloc(scratch, ensemble->n_targets, sizeof *p->slot),
        .targets = leat_arena_calloc(scratch, ensemble->n_targets, sizeof *p->targets),
    };
    if (!p->order || !p->left || !p->right || !p->feature || !p->missing || !p->bound ||
        !p->sets || !p->nothing || !p->seen || !p->slot || !p->targets)
        return no_memory(error);
    p->tree = (leat_tree){
        .left = p->left,
        .right = p->right,
        .feature = p->feature,
        .missing = p->missing,
        .bound = p->bound,
        .sets = p->sets,
        .words = &words,
    };
    return LEAT_OK;
}

/* What the forest will have in the one way and in the other. */
typedef struct counts {
    uint64_t trees, nodes;      /* each tree for each of its targets */
    uint64_t all_nodes, leaves; /* each tree once */
} counts;

static leat_status count_trees(planter *p, counts *c)
{
    *c = (counts){0};
    for (uint32_t tree = 0; tree < p->ensemble->n_trees; tree++) {
        leat_status status = lay_tree(p, tree);
        if (status)
            return status;
        c->trees += p->n_targets;
        c->nodes += (uint64_t)p->n_targets * p->tree.n_nodes;
        c->all_nodes += p->tree.n_nodes;
        c->leaves += p->tree.n_nodes / 2 + 1; /* every split has two children */
        if (c->nodes > LEAT_TREE_MOST_NODES || c->all_nodes > LEAT_TREE_MOST_NODES)
            return leat_error_set(p->error, LEAT_E_UNSUPPORTED,
                                  "more than %d nodes, each counted for every target",
                                  LEAT_TREE_MOST_NODES);
    }
    memset(p->seen, 0, p->ensemble->n_nodes * sizeof *p->seen);
    p->n_parts = 0;
    return LEAT_OK;
}

/* Vectors, where they are no larger than the forest would be and save more than they cost:
 * the forest is about six times as fast at sums as it is at leaves. */
static leat_status make_vectors(leat_grove *grove, const counts *c, leat_arena *arena,
                                leat_error *error)
{
    const uint64_t n_numbers = c->leaves * grove->n_targets;
    if (c->trees < 6 * (uint64_t)grove->n_trees || n_numbers > c->nodes)
        return LEAT_OK;
    grove->first_node = leat_arena_calloc(arena, grove->n_trees, sizeof(uint32_t));
    grove->vector_of = leat_arena_calloc(arena, c->all_nodes, sizeof(uint32_t));
    grove->vectors = leat_arena_calloc(arena, n_numbers, leat_dtype_size(grove->dtype));
    return grove->first_node && grove->vector_of && grove->vectors ? LEAT_OK
                                                                   : no_memory(error);
}

static leat_status make_forest(leat_grove *grove, const counts *c, leat_arena *arena,
                               leat_arena *scratch, leat_error *error)
{
    const bool has_vectors = grove->vectors;
    double *base = leat_arena_calloc(scratch, grove->n_targets, sizeof *base);
    const leat_forest_spec spec = {
        .dtype = grove->dtype,
        .n_trees = has_vectors ? grove->n_trees : (uint32_t)c->trees,
        .max_nodes = has_vectors ? c->all_nodes : c->nodes,
        .n_features = grove->n_features,
        .n_groups = has_vectors ? 1 : grove->n_targets,
        .base = base,
        .scratch = scratch,
    };
    return base ? leat_forest_new(&grove->forest, arena, &spec, error) : no_memory(error);
}

leat_status leat_tree_ensemble_plant(leat_grove *grove, leat_arena *arena,
                                     const leat_tree_ensemble *ensemble,
                                     leat_arena *scratch, leat_error *error)
{
    planter p;
    counts c;
    uint32_t nodes = 0, leaves = 0;
    *grove = (leat_grove){
        .dtype = ensemble->dtype,
        .n_features = ensemble->n_features,
        .n_targets = ensemble->n_targets,
        .n_trees = ensemble->n_trees,
    };
    leat_status status = planter_init(&p, ensemble, scratch, error);
    if (!status)
        status = count_trees(&p, &c);
    if (!status)
        status = make_vectors(grove, &c, arena, error);
    if (!status)
        status = make_forest(grove, &c, arena, scratch, error);
    for (uint32_t tree = 0; tree < ensemble->n_trees && !status; tree++) {
        status = lay_tree(&p, tree);
        if (status)
            break;
        if (grove->vectors)
            grove->first_node[tree] = nodes;
        status = grove->vectors ? add_with_vectors(&p, grove, &nodes, &leaves)
                                : add_for_targets(&p, grove->forest);
    }
    return status;
}
