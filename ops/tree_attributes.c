#include "ops/tree_attributes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static leat_status no_memory(leat_node *node)
{
    return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
}

leat_status leat_tree_bad_length(leat_node *node, const char *name, size_t found,
                                 size_t expected)
{
    return leat_error_set(node->error, LEAT_E_MODEL,
                          "attribute %s: found %zu elements, expected %zu", name, found,
                          expected);
}

leat_status leat_tree_ints(leat_node *node, const char *name, size_t expected,
                           const int64_t **ints)
{
    size_t n;
    leat_status status = leat_attribute_ints(node, name, ints, &n);
    return status || n == expected ? status
                                   : leat_tree_bad_length(node, name, n, expected);
}

static leat_status numbers_of_tensor(leat_node *node, const char *name, leat_dtype dtype,
                                     const leat_array *tensor, double *numbers)
{
    const size_t n = leat_array_count(tensor);
    if (tensor->dtype != LEAT_F32 && (tensor->dtype != LEAT_F64 || dtype != LEAT_F64))
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "attribute %s: %s is not supported beside an input of %s",
                              name, leat_dtype_name(tensor->dtype),
                              leat_dtype_name(dtype));
    if (tensor->dtype == LEAT_F64)
        memcpy(numbers, tensor->data, n * sizeof *numbers);
    else
        for (size_t i = 0; i < n; i++)
            numbers[i] = (double)((const float *)tensor->data)[i];
    return LEAT_OK;
}

leat_status leat_tree_numbers(leat_node *node, const char *name, const char *tensor,
                              leat_dtype dtype, leat_arena *arena, double **numbers,
                              size_t *n)
{
    const float *floats = NULL;
    const leat_array *array = NULL;
    leat_status status = leat_attribute_tensor(node, tensor, &array);
    *n = 0;
    if (!status && name)
        status = leat_attribute_floats(node, name, &floats, n);
    if (status)
        return status;
    if (array)
        *n = leat_array_count(array);
    *numbers = leat_arena_calloc(arena, *n + 1, sizeof **numbers);
    if (!*numbers)
        return no_memory(node);
    if (array)
        return numbers_of_tensor(node, tensor, dtype, array, *numbers);
    for (size_t i = 0; i < *n; i++)
        (*numbers)[i] = (double)floats[i];
    return LEAT_OK;
}

leat_status leat_tree_feature(leat_node *node, int64_t feature,
                              leat_tree_ensemble *ensemble, uint32_t *found)
{
    if (feature < 0 || feature >= LEAT_TREE_MOST_FEATURES)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute nodes_featureids: found %lld, expected 0 to %d",
                              (long long)feature, LEAT_TREE_MOST_FEATURES - 1);
    *found = (uint32_t)feature;
    if (*found >= ensemble->n_features)
        ensemble->n_features = *found + 1;
    return LEAT_OK;
}

/* ---- versions 1 to 3 ---- */

typedef struct columns {
    size_t n;
    const int64_t *tree_ids; /* [n], as all of them */
    const int64_t *node_ids;
    const int64_t *features;
    const int64_t *yes;
    const int64_t *no;
    const int64_t *nan_is_yes; /* NULL: of no node */
    const leat_slice *modes;
    const double *values;
} columns;

/* Where the node of an id is. */
typedef struct place {
    int64_t tree;
    int64_t node;
    uint32_t at;
} place;

typedef struct reader {
    leat_node *node;
    leat_arena *scratch;
    leat_tree_ensemble *ensemble;
    columns columns;
    leat_tree_node *nodes; /* [n] */
    place *places;         /* [n], sorted */
} reader;

static leat_status read_columns(reader *r)
{
    leat_node *node = r->node;
    columns *c = &r->columns;
    const float *hit_rates;
    const leat_array *hit_rates_tensor;
    double *values;
    size_t n_values, n_modes, n_missing, n_hit_rates;
    leat_status status = leat_attribute_ints(node, "nodes_nodeids", &c->node_ids, &c->n);
    if (!status)
        status = leat_tree_ints(node, "nodes_treeids", c->n, &c->tree_ids);
    if (!status)
        status = leat_tree_ints(node, "nodes_featureids", c->n, &c->features);
    if (!status)
        status = leat_tree_ints(node, "nodes_truenodeids", c->n, &c->yes);
    if (!status)
        status = leat_tree_ints(node, "nodes_falsenodeids", c->n, &c->no);
    if (!status)
        status = leat_attribute_ints(node, "nodes_missing_value_tracks_true",
                                     &c->nan_is_yes, &n_missing);
    if (!status)
        status = leat_attribute_strings(node, "nodes_modes", &c->modes, &n_modes);
    if (!status)
        status = leat_tree_numbers(node, "nodes_values", "nodes_values_as_tensor",
                                   r->ensemble->dtype, r->scratch, &values, &n_values);
    if (!status) /* how often each was visited: no result depends on it */
        status = leat_attribute_floats(node, "nodes_hitrates", &hit_rates, &n_hit_rates);
    if (!status)
        status =
            leat_attribute_tensor(node, "nodes_hitrates_as_tensor", &hit_rates_tensor);
    if (status)
        return status;
    c->values = values;
    if (n_modes != c->n)
        return leat_tree_bad_length(node, "nodes_modes", n_modes, c->n);
    if (n_values != c->n)
        return leat_tree_bad_length(node, "nodes_values", n_values, c->n);
    if (!n_missing)
        c->nan_is_yes = NULL;
    if (c->nan_is_yes && n_missing != c->n)
        return leat_tree_bad_length(node, "nodes_missing_value_tracks_true", n_missing,
                                    c->n);
    if (!c->n || c->n > LEAT_TREE_MOST_NODES)
        return leat_error_set(node->error, LEAT_E_MODEL, "%zu nodes", c->n);
    return LEAT_OK;
}

static int compare_places(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->tree != y->tree)
        return x->tree < y->tree ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static leat_status sort_places(reader *r)
{
    const columns *c = &r->columns;
    r->places = leat_arena_calloc(r->scratch, c->n, sizeof *r->places);
    if (!r->places)
        return no_memory(r->node);
    for (uint32_t i = 0; i < c->n; i++)
        r->places[i] = (place){c->tree_ids[i], c->node_ids[i], i};
    qsort(r->places, c->n, sizeof *r->places, compare_places);
    for (size_t i = 1; i < c->n; i++)
        if (!compare_places(&r->places[i - 1], &r->places[i]))
            return leat_error_set(
                r->node->error, LEAT_E_MODEL, "tree %lld has two nodes %lld",
                (long long)r->places[i].tree, (long long)r->places[i].node);
    return LEAT_OK;
}

static leat_status find_node(const reader *r, const char *attribute, int64_t tree,
                             int64_t id, uint32_t *at)
{
    const place wanted = {.tree = tree, .node = id};
    const place *found =
        bsearch(&wanted, r->places, r->columns.n, sizeof wanted, compare_places);
    if (!found)
        return leat_error_set(r->node->error, LEAT_E_MODEL,
                              "attribute %s: tree %lld has no node %lld", attribute,
                              (long long)tree, (long long)id);
    *at = found->at;
    return LEAT_OK;
}

static leat_status read_mode(const reader *r, leat_slice text, leat_tree_mode *mode)
{
    static const char *const words[] = {
        [LEAT_TREE_LEQ] = "BRANCH_LEQ", [LEAT_TREE_LT] = "BRANCH_LT",
        [LEAT_TREE_GTE] = "BRANCH_GTE", [LEAT_TREE_GT] = "BRANCH_GT",
        [LEAT_TREE_EQ] = "BRANCH_EQ",   [LEAT_TREE_NEQ] = "BRANCH_NEQ",
        [LEAT_TREE_LEAF] = "LEAF",
    };
    for (int i = 0; i <= LEAT_TREE_LEAF; i++) {
        if (words[i] && text.size == strlen(words[i]) &&
            !memcmp(text.data, words[i], text.size)) {
            *mode = (leat_tree_mode)i;
            return LEAT_OK;
        }
    }
    return leat_error_set(r->node->error, LEAT_E_UNSUPPORTED,
                          "attribute nodes_modes: \"%.*s\" is not supported",
                          text.size < 64 ? (int)text.size : 64, (const char *)text.data);
}

static leat_status read_node(reader *r, uint32_t i)
{
    const columns *c = &r->columns;
    leat_tree_node *node = &r->nodes[i];
    leat_status status = read_mode(r, c->modes[i], &node->mode);
    if (status || node->mode == LEAT_TREE_LEAF)
        return status;
    node->value = c->values[i];
    node->nan_is_yes = c->nan_is_yes && c->nan_is_yes[i];
    status = leat_tree_feature(r->node, c->features[i], r->ensemble, &node->feature);
    if (!status)
        status = find_node(r, "nodes_truenodeids", c->tree_ids[i], c->yes[i], &node->yes);
    if (!status)
        status = find_node(r, "nodes_falsenodeids", c->tree_ids[i], c->no[i], &node->no);
    if (!status && (node->mode == LEAT_TREE_EQ || node->mode == LEAT_TREE_NEQ)) {
        double value = node->value;
        status = leat_tree_members(&node->members, r->scratch, r->ensemble->dtype, &value,
                                   value == value, r->node->error);
    }
    return status;
}

/* The root of a tree is the first of its nodes, which stand together. */
static leat_status read_roots(reader *r)
{
    const columns *c = &r->columns;
    uint32_t n_ids = 1, n = 0;
    uint32_t *roots = leat_arena_calloc(r->scratch, c->n, sizeof *roots);
    if (!roots)
        return no_memory(r->node);
    for (size_t i = 1; i < c->n; i++)
        n_ids += r->places[i].tree != r->places[i - 1].tree;
    for (uint32_t i = 0; i < c->n; i++)
        if (!i || c->tree_ids[i] != c->tree_ids[i - 1])
            roots[n++] = i;
    if (n != n_ids)
        return leat_error_set(r->node->error, LEAT_E_UNSUPPORTED,
                              "attribute nodes_treeids: the nodes of a tree do not stand "
                              "together");
    r->ensemble->roots = roots;
    r->ensemble->n_trees = n;
    return LEAT_OK;
}

/* ---- the weights of leaves ---- */

typedef struct weight_columns {
    char names[5][32]; /* target_treeids, ... */
    size_t n;
    const int64_t *tree_ids; /* [n], as all of them */
    const int64_t *node_ids;
    const int64_t *targets;
    double *values;
    uint32_t *at; /* the node */
} weight_columns;

static leat_status read_weight_columns(reader *r, const char *side, weight_columns *c)
{
    static const char *const endings[5] = {"treeids", "nodeids", "ids", "weights",
                                           "weights_as_tensor"};
    size_t n_values;
    for (int i = 0; i < 5; i++)
        snprintf(c->names[i], sizeof c->names[i], "%s_%s", side, endings[i]);
    leat_status status = leat_attribute_ints(r->node, c->names[0], &c->tree_ids, &c->n);
    if (!status)
        status = leat_tree_ints(r->node, c->names[1], c->n, &c->node_ids);
    if (!status)
        status = leat_tree_ints(r->node, c->names[2], c->n, &c->targets);
    if (!status)
        status = leat_tree_numbers(r->node, c->names[3], c->names[4], r->ensemble->dtype,
                                   r->scratch, &c->values, &n_values);
    if (!status && n_values != c->n)
        return leat_tree_bad_length(r->node, c->names[3], n_values, c->n);
    if (!status && c->n > LEAT_TREE_MOST_NODES)
        return leat_error_set(r->node->error, LEAT_E_UNSUPPORTED, "%zu weights", c->n);
    return status;
}

static leat_status find_leaves(reader *r, weight_columns *c)
{
    c->at = leat_arena_calloc(r->scratch, c->n + 1, sizeof *c->at);
    if (!c->at)
        return no_memory(r->node);
    for (size_t i = 0; i < c->n; i++) {
        if (c->targets[i] < 0 || c->targets[i] >= r->ensemble->n_targets)
            return leat_error_set(r->node->error, LEAT_E_MODEL,
                                  "attribute %s: found %lld of %u", c->names[2],
                                  (long long)c->targets[i], r->ensemble->n_targets);
        leat_status status =
            find_node(r, c->names[1], c->tree_ids[i], c->node_ids[i], &c->at[i]);
        if (status)
            return status;
    }
    return LEAT_OK;
}

/* Weights side by side for each leaf, in their order. Those of inner nodes, which old
 * converters wrote, count for nothing. */
static leat_status read_weights(reader *r, const char *side)
{
    weight_columns c = {0};
    leat_status status = read_weight_columns(r, side, &c);
    if (!status)
        status = find_leaves(r, &c);
    if (status)
        return status;
    leat_leaf_weight *weights = leat_arena_calloc(r->scratch, c.n + 1, sizeof *weights);
    if (!weights)
        return no_memory(r->node);
    for (size_t i = 0; i < c.n; i++)
        if (r->nodes[c.at[i]].mode == LEAT_TREE_LEAF)
            r->nodes[c.at[i]].no++;
    uint32_t n = 0;
    for (size_t i = 0; i < r->columns.n; i++) {
        leat_tree_node *leaf = &r->nodes[i];
        if (leaf->mode != LEAT_TREE_LEAF)
            continue;
        leaf->yes = n;
        n += leaf->no;
        leaf->no = leaf->yes;
    }
    for (size_t i = 0; i < c.n; i++) {
        leat_tree_node *leaf = &r->nodes[c.at[i]];
        if (leaf->mode == LEAT_TREE_LEAF)
            weights[leaf->no++] = (leat_leaf_weight){(uint32_t)c.targets[i], c.values[i]};
    }
    r->ensemble->weights = weights;
    r->ensemble->n_weights = n;
    return LEAT_OK;
}

leat_status leat_tree_attributes_load(leat_node *node, const char *side,
                                      leat_arena *scratch, leat_tree_ensemble *ensemble)
{
    reader r = {.node = node, .scratch = scratch, .ensemble = ensemble};
    ensemble->n_features = 1;
    leat_status status = read_columns(&r);
    if (!status)
        status = sort_places(&r);
    if (status)
        return status;
    r.nodes = leat_arena_calloc(scratch, r.columns.n, sizeof *r.nodes);
    if (!r.nodes)
        return no_memory(node);
    for (uint32_t i = 0; i < r.columns.n && !status; i++)
        status = read_node(&r, i);
    if (!status)
        status = read_roots(&r);
    if (!status)
        status = read_weights(&r, side);
    ensemble->nodes = r.nodes;
    ensemble->n_nodes = (uint32_t)r.columns.n;
    return status;
}
