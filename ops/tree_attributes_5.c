#include "ops/tree_attributes.h"

#include <math.h>

/* TreeEnsemble of ai.onnx.ml 5. In the ensemble, leaves stand behind the inner nodes. */

typedef struct columns {
    size_t n; /* inner nodes */
    size_t n_leaves;
    const int64_t *features; /* [n] */
    const int64_t *yes;      /* [n] */
    const int64_t *no;
    const int64_t *yes_is_leaf;
    const int64_t *no_is_leaf;
    const int64_t *nan_is_yes; /* NULL: of no node */
    const int32_t *modes;      /* bytes in the file */
    double *values;
    const int64_t *targets; /* [n_leaves] */
    double *weights;        /* [n_leaves] */
    double *members;        /* of all sets, each ended by a NaN */
    size_t n_members;
} columns;

/* A child is an inner node or a leaf, each counted from 0. */
static leat_status find_child(leat_node *node, const columns *c, const char *name,
                              int64_t at, int64_t is_leaf, uint32_t *child)
{
    const size_t most = is_leaf ? c->n_leaves : c->n;
    if (at < 0 || (uint64_t)at >= most)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute %s: found %s %lld of %zu", name,
                              is_leaf ? "leaf" : "node", (long long)at, most);
    *child = (uint32_t)((size_t)at + (is_leaf ? c->n : 0));
    return LEAT_OK;
}

static leat_status read_modes(leat_node *node, columns *c)
{
    const leat_array *tensor;
    leat_status status = leat_attribute_tensor(node, "nodes_modes", &tensor);
    if (status)
        return status;
    if (!tensor || tensor->dtype != LEAT_I32)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute nodes_modes: expected a tensor of bytes");
    c->modes = tensor->data;
    return leat_array_count(tensor) == c->n
               ? LEAT_OK
               : leat_tree_bad_length(node, "nodes_modes", leat_array_count(tensor),
                                      c->n);
}

static leat_status read_leaves(leat_node *node, leat_dtype dtype, leat_arena *scratch,
                               columns *c)
{
    size_t n_weights;
    leat_status status =
        leat_attribute_ints(node, "leaf_targetids", &c->targets, &c->n_leaves);
    if (!status)
        status = leat_tree_numbers(node, NULL, "leaf_weights", dtype, scratch,
                                   &c->weights, &n_weights);
    if (!status)
        status = leat_tree_numbers(node, NULL, "membership_values", dtype, scratch,
                                   &c->members, &c->n_members);
    if (!status && n_weights != c->n_leaves)
        return leat_tree_bad_length(node, "leaf_weights", n_weights, c->n_leaves);
    return status;
}

static leat_status read_columns(leat_node *node, leat_dtype dtype, leat_arena *scratch,
                                columns *c)
{
    size_t n_values, n_missing;
    const leat_array *hit_rates;
    leat_status status =
        leat_attribute_ints(node, "nodes_featureids", &c->features, &c->n);
    if (!status)
        status = leat_tree_ints(node, "nodes_truenodeids", c->n, &c->yes);
    if (!status)
        status = leat_tree_ints(node, "nodes_falsenodeids", c->n, &c->no);
    if (!status)
        status = leat_tree_ints(node, "nodes_trueleafs", c->n, &c->yes_is_leaf);
    if (!status)
        status = leat_tree_ints(node, "nodes_falseleafs", c->n, &c->no_is_leaf);
    if (!status)
        status = leat_attribute_ints(node, "nodes_missing_value_tracks_true",
                                     &c->nan_is_yes, &n_missing);
    if (!status)
        status = leat_tree_numbers(node, NULL, "nodes_splits", dtype, scratch, &c->values,
                                   &n_values);
    if (!status) /* no result depends on it */
        status = leat_attribute_tensor(node, "nodes_hitrates", &hit_rates);
    if (!status)
        status = read_modes(node, c);
    if (!status)
        status = read_leaves(node, dtype, scratch, c);
    if (status)
        return status;
    if (n_values != c->n)
        return leat_tree_bad_length(node, "nodes_splits", n_values, c->n);
    if (!n_missing)
        c->nan_is_yes = NULL;
    if (c->nan_is_yes && n_missing != c->n)
        return leat_tree_bad_length(node, "nodes_missing_value_tracks_true", n_missing,
                                    c->n);
    if (!c->n || c->n + c->n_leaves > LEAT_TREE_MOST_NODES)
        return leat_error_set(node->error, LEAT_E_MODEL, "%zu nodes, %zu leaves", c->n,
                              c->n_leaves);
    return LEAT_OK;
}

/* The sets of the nodes of mode MEMBER follow one another; *at is where the next begins.
 */
static leat_status read_members(leat_node *node, const columns *c, size_t *at,
                                leat_arena *scratch, leat_tree_ensemble *ensemble,
                                leat_tree_node *inner)
{
    double single = inner->value, *first = &single;
    const bool is_number = !isnan(single);
    size_t n = is_number;
    if (inner->mode == LEAT_TREE_MEMBER) {
        first = c->members + *at;
        for (n = 0; *at + n < c->n_members && !isnan(first[n]);)
            n++;
        *at += n + (*at + n < c->n_members);
    }
    return leat_tree_members(&inner->members, scratch, ensemble->dtype, first, n,
                             node->error);
}

static leat_status read_nodes(leat_node *node, const columns *c, leat_arena *scratch,
                              leat_tree_ensemble *ensemble, leat_tree_node *nodes)
{
    size_t members_at = 0;
    for (size_t i = 0; i < c->n; i++) {
        leat_tree_node *inner = &nodes[i];
        if (c->modes[i] < 0 || c->modes[i] > LEAT_TREE_MEMBER)
            return leat_error_set(node->error, LEAT_E_MODEL,
                                  "attribute nodes_modes: found %d, expected 0 to %d",
                                  c->modes[i], LEAT_TREE_MEMBER);
        inner->mode = (leat_tree_mode)c->modes[i];
        inner->value = c->values[i];
        inner->nan_is_yes = c->nan_is_yes && c->nan_is_yes[i];
        leat_status status =
            leat_tree_feature(node, c->features[i], ensemble, &inner->feature);
        if (!status)
            status = find_child(node, c, "nodes_truenodeids", c->yes[i],
                                c->yes_is_leaf[i], &inner->yes);
        if (!status)
            status = find_child(node, c, "nodes_falsenodeids", c->no[i], c->no_is_leaf[i],
                                &inner->no);
        if (!status && inner->mode >= LEAT_TREE_EQ)
            status = read_members(node, c, &members_at, scratch, ensemble, inner);
        if (status)
            return status;
    }
    return LEAT_OK;
}

static leat_status lay_leaves(leat_node *node, const columns *c, uint32_t n_targets,
                              leat_tree_node *leaves, leat_leaf_weight *weights)
{
    for (uint32_t i = 0; i < c->n_leaves; i++) {
        if (c->targets[i] < 0 || c->targets[i] >= n_targets)
            return leat_error_set(node->error, LEAT_E_MODEL,
                                  "attribute leaf_targetids: found %lld of %u",
                                  (long long)c->targets[i], n_targets);
        weights[i] = (leat_leaf_weight){(uint32_t)c->targets[i], c->weights[i]};
        leaves[i] = (leat_tree_node){.mode = LEAT_TREE_LEAF, .yes = i, .no = i + 1};
    }
    return LEAT_OK;
}

static leat_status read_roots(leat_node *node, const columns *c, leat_arena *scratch,
                              leat_tree_ensemble *ensemble)
{
    const int64_t *ints;
    size_t n;
    leat_status status = leat_attribute_ints(node, "tree_roots", &ints, &n);
    if (status)
        return status;
    uint32_t *roots = leat_arena_calloc(scratch, n + 1, sizeof *roots);
    if (!roots || n > UINT32_MAX)
        return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    for (size_t i = 0; i < n && !status; i++)
        status = find_child(node, c, "tree_roots", ints[i], false, &roots[i]);
    ensemble->roots = roots;
    ensemble->n_trees = (uint32_t)n;
    return status;
}

leat_status leat_tree_attributes_load_5(leat_node *node, leat_arena *scratch,
                                        leat_tree_ensemble *ensemble)
{
    columns c = {0};
    leat_status status = read_columns(node, ensemble->dtype, scratch, &c);
    if (status)
        return status;
    leat_tree_node *nodes = leat_arena_calloc(scratch, c.n + c.n_leaves, sizeof *nodes);
    leat_leaf_weight *weights =
        leat_arena_calloc(scratch, c.n_leaves + 1, sizeof *weights);
    if (!nodes || !weights)
        return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    ensemble->n_features = 1;
    ensemble->nodes = nodes;
    ensemble->n_nodes = (uint32_t)(c.n + c.n_leaves);
    ensemble->weights = weights;
    ensemble->n_weights = (uint32_t)c.n_leaves;
    status = read_nodes(node, &c, scratch, ensemble, nodes);
    if (!status)
        status = lay_leaves(node, &c, ensemble->n_targets, nodes + c.n, weights);
    return status ? status : read_roots(node, &c, scratch, ensemble);
}
