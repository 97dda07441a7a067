#include "runtime/xgboost_tree.h"

#include "runtime/document_get.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_CATEGORY = (1 << 24) - 1 };

struct reader {
    leat_arena *scratch;
    const leat_doc *doc;
    size_t n_nodes;
    leat_error *error;
};

static leat_status out_of_memory(struct reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "out of memory");
}

/* Vector leaves have arrays of other sizes, so this comes before the arrays are read. */
static leat_status check_leaf_size(struct reader *reader)
{
    uint32_t size;
    leat_status status = leat_doc_get_count(reader->doc, "tree_param.size_leaf_vector", 1,
                                            &size, reader->error);
    if (!status && size > 1)
        status = leat_error_set(reader->error, LEAT_E_UNSUPPORTED,
                                "tree_param.size_leaf_vector: leaves that are vectors "
                                "(multi_output_tree) are not supported");
    return status;
}

static leat_status get_ints(struct reader *reader, const char *name, size_t count,
                            int32_t **ints)
{
    *ints = leat_arena_calloc(reader->scratch, count, sizeof **ints);
    return *ints ? leat_doc_get_ints(reader->doc, name, count, *ints, reader->error)
                 : out_of_memory(reader);
}

static leat_status get_floats(struct reader *reader, const char *name, double **floats)
{
    *floats = leat_arena_calloc(reader->scratch, reader->n_nodes, sizeof **floats);
    return *floats ? leat_doc_get_floats(reader->doc, name, reader->n_nodes, *floats,
                                         reader->error)
                   : out_of_memory(reader);
}

/* ---- categorical splits */

/* As they stand in the document: k-th of n nodes. */
struct categories {
    size_t n;
    size_t n_listed;
    int32_t *listed;  /* [n_listed] */
    int32_t *node;    /* [n] */
    int32_t *segment; /* [n] */
    int32_t *size;    /* [n] */
};

static size_t count_of(const struct reader *reader, const char *name)
{
    const leat_doc *array = leat_doc_find(reader->doc, name);
    return leat_doc_is_array(array) ? array->count : 0;
}

static leat_status get_categories(struct reader *reader, struct categories *all)
{
    all->n = count_of(reader, "categories_nodes");
    all->n_listed = count_of(reader, "categories");
    leat_status status = get_ints(reader, "categories", all->n_listed, &all->listed);
    if (!status)
        status = get_ints(reader, "categories_nodes", all->n, &all->node);
    if (!status)
        status = get_ints(reader, "categories_segments", all->n, &all->segment);
    if (!status)
        status = get_ints(reader, "categories_sizes", all->n, &all->size);
    return status;
}

/* Segments follow one another, so that together they are no larger than the file. */
static leat_status check_segment(struct reader *reader, const struct categories *all,
                                 size_t k, int64_t end)
{
    if (all->node[k] < 0 || (size_t)all->node[k] >= reader->n_nodes ||
        (k && all->node[k] <= all->node[k - 1]))
        return leat_error_set(
            reader->error, LEAT_E_MODEL,
            "categories_nodes[%zu]: %d, expected ascending nodes of %zu", k, all->node[k],
            reader->n_nodes);
    if (all->segment[k] != end)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "categories_segments[%zu]: %d, expected %lld", k,
                              all->segment[k], (long long)end);
    if (all->size[k] < 1 || end + all->size[k] > (int64_t)all->n_listed)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "categories_sizes[%zu]: %d, but %zu categories are listed",
                              k, all->size[k], all->n_listed);
    return LEAT_OK;
}

static leat_status check_categories(struct reader *reader, const struct categories *all)
{
    for (size_t i = 0; i < all->n_listed; i++)
        if (all->listed[i] < 0 || all->listed[i] > MAX_CATEGORY)
            return leat_error_set(reader->error, LEAT_E_MODEL,
                                  "categories[%zu]: %d, expected 0 to %d", i,
                                  all->listed[i], MAX_CATEGORY);
    return LEAT_OK;
}

static int compare_ints(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Category c is [c, c + 1); neighbours become one interval. bounds: [2 * n] */
static leat_set to_set(int32_t *listed, size_t n, double *bounds)
{
    uint32_t n_bounds = 0;
    qsort(listed, n, sizeof *listed, compare_ints);
    for (size_t i = 0; i < n; i++) {
        if (!n_bounds || bounds[n_bounds - 1] < listed[i]) {
            bounds[n_bounds] = listed[i];
            n_bounds += 2;
        }
        bounds[n_bounds - 1] = listed[i] + 1;
    }
    return (leat_set){.n = n_bounds, .bounds = bounds};
}

/* sets: [n_nodes], or NULL where no node is categorical */
static leat_status read_sets(struct reader *reader, const leat_set **out)
{
    struct categories all;
    leat_status status = get_categories(reader, &all);
    if (!status)
        status = check_categories(reader, &all);
    if (status || !all.n)
        return status;
    leat_set *sets = leat_arena_calloc(reader->scratch, reader->n_nodes, sizeof *sets);
    double *bounds = leat_arena_calloc(reader->scratch, 2 * all.n_listed, sizeof *bounds);
    if (!sets || !bounds)
        return out_of_memory(reader);
    int64_t end = 0;
    for (size_t k = 0; !status && k < all.n; k++) {
        status = check_segment(reader, &all, k, end);
        if (status)
            return status;
        sets[all.node[k]] =
            to_set(all.listed + end, (size_t)all.size[k], bounds + 2 * end);
        end += all.size[k];
    }
    *out = sets;
    return LEAT_OK;
}

/* split_type says which nodes are categorical, and those that are must have a list. */
static leat_status read_split_types(struct reader *reader, leat_tree *tree)
{
    int32_t *type;
    if (!leat_doc_find(reader->doc, "split_type"))
        return LEAT_OK;
    leat_status status = get_ints(reader, "split_type", reader->n_nodes, &type);
    bool categorical = false;
    for (size_t i = 0; !status && i < reader->n_nodes; i++) {
        if (type[i] < 0 || type[i] > 1)
            status = leat_error_set(reader->error, LEAT_E_UNSUPPORTED,
                                    "split_type[%zu]: %d is not supported", i, type[i]);
        categorical |= type[i] == 1;
    }
    if (!status && categorical)
        status = read_sets(reader, &tree->sets);
    for (size_t i = 0; !status && i < reader->n_nodes; i++)
        if (tree->left[i] != -1 && (type[i] == 1) != (tree->sets && tree->sets[i].bounds))
            status = leat_error_set(reader->error, LEAT_E_MODEL,
                                    "split_type[%zu]: %d, but the node has %s", i,
                                    type[i], type[i] ? "no categories" : "categories");
    return status;
}

/* ---- the tree */

static leat_status read_missing(struct reader *reader, leat_tree *tree)
{
    int32_t *default_left;
    uint8_t *missing = leat_arena_calloc(reader->scratch, reader->n_nodes, 1);
    leat_status status =
        missing ? get_ints(reader, "default_left", reader->n_nodes, &default_left)
                : out_of_memory(reader);
    for (size_t i = 0; !status && i < reader->n_nodes; i++)
        missing[i] = default_left[i] ? LEAT_NAN_LEFT : LEAT_NAN_RIGHT;
    tree->missing = missing;
    return status;
}

/* No number is below NaN, so all go right of it. */
static leat_status read_conditions(struct reader *reader, leat_tree *tree, double weight)
{
    double *number;
    leat_status status = get_floats(reader, "split_conditions", &number);
    if (status)
        return status;
    for (size_t i = 0; i < reader->n_nodes; i++) {
        if (tree->left[i] == -1)
            number[i] = (double)((float)number[i] * (float)weight);
        else if (isnan(number[i]))
            number[i] = -INFINITY;
    }
    tree->bound = tree->value = number;
    return LEAT_OK;
}

leat_status leat_xgboost_tree_read(leat_tree *tree, leat_arena *scratch,
                                   const leat_doc *doc, double weight, leat_error *error)
{
    static const leat_tree_words words = {"left_children", "right_children",
                                          "split_indices"};
    struct reader reader = {.scratch = scratch, .doc = doc, .error = error};
    int32_t *left, *right, *feature;
    reader.n_nodes = count_of(&reader, "left_children");
    leat_status status = check_leaf_size(&reader);
    if (!status)
        status = get_ints(&reader, "left_children", reader.n_nodes, &left);
    if (!status)
        status = get_ints(&reader, "right_children", reader.n_nodes, &right);
    if (!status)
        status = get_ints(&reader, "split_indices", reader.n_nodes, &feature);
    if (status)
        return status;
    *tree = (leat_tree){.n_nodes = (uint32_t)reader.n_nodes,
                        .left = left,
                        .right = right,
                        .feature = feature,
                        .words = &words};
    status = read_split_types(&reader, tree);
    if (!status)
        status = read_missing(&reader, tree);
    return status ? status : read_conditions(&reader, tree, weight);
}
