#include "runtime/lightgbm_tree.h"

#include <math.h>
#include <string.h>

enum { CATEGORICAL = 1, DEFAULT_LEFT = 2, MISSING_SHIFT = 2, MISSING_MASK = 3 };

struct reader {
    leat_arena *scratch;
    const leat_text_block *block;
    uint32_t n_splits;
    uint32_t n_leaves;
    leat_error *error;
};

static leat_status out_of_memory(struct reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "out of memory");
}

leat_status leat_lightgbm_tree_leaves(const leat_text_block *block, uint32_t *n_leaves,
                                      leat_error *error)
{
    leat_status status = leat_text_get_count(block, "num_leaves", 0, n_leaves, error);
    if (status)
        return status;
    if (!*n_leaves || *n_leaves > INT32_MAX / 2)
        return leat_error_set(error, LEAT_E_MODEL,
                              "num_leaves: found %u, expected 1 to %d", *n_leaves,
                              INT32_MAX / 2);
    const leat_text *values = leat_text_find(block, "leaf_value");
    if (!values || *n_leaves > values->size / 2 + 1)
        return leat_error_set(error, LEAT_E_MODEL,
                              "leaf_value: found %zu characters, expected %u numbers",
                              values ? values->size : 0, *n_leaves);
    return LEAT_OK;
}

bool leat_lightgbm_tree_is_linear(const leat_text_block *block)
{
    const leat_text *value = leat_text_find(block, "is_linear");
    return value && !leat_text_is(*value, "0");
}

static leat_status begin(struct reader *reader)
{
    leat_status status =
        leat_lightgbm_tree_leaves(reader->block, &reader->n_leaves, reader->error);
    reader->n_splits = reader->n_leaves - 1;
    return status;
}

static leat_status get_ints(struct reader *reader, const char *name, int32_t **ints)
{
    return leat_text_get_ints(reader->block, name, reader->n_splits, reader->scratch,
                              ints, reader->error);
}

static leat_status get_numbers(struct reader *reader, const char *name, size_t count,
                               double **numbers)
{
    return leat_text_get_numbers(reader->block, name, count, reader->scratch, numbers,
                                 reader->error);
}

/* ---- categories */

/* The lists of a tree. */
struct categories {
    uint32_t n;
    int32_t *boundaries; /* [n + 1] */
    uint32_t *words;     /* [boundaries[n]] */
    bool *used;          /* [n] */
};

static leat_status read_categories(struct reader *reader, struct categories *all)
{
    leat_status status =
        leat_text_get_count(reader->block, "num_cat", 0, &all->n, reader->error);
    if (status || !all->n)
        return status;
    status = leat_text_get_ints(reader->block, "cat_boundaries", (size_t)all->n + 1,
                                reader->scratch, &all->boundaries, reader->error);
    for (uint32_t i = 0; !status && i <= all->n; i++)
        if (i ? all->boundaries[i] < all->boundaries[i - 1] : all->boundaries[0] != 0)
            status = leat_error_set(reader->error, LEAT_E_MODEL,
                                    "cat_boundaries[%u]: %d, expected an ascending list "
                                    "from 0",
                                    i, all->boundaries[i]);
    if (!status)
        status = leat_text_get_words(reader->block, "cat_threshold",
                                     (size_t)all->boundaries[all->n], reader->scratch,
                                     &all->words, reader->error);
    if (status)
        return status;
    all->used = leat_arena_calloc(reader->scratch, all->n, sizeof *all->used);
    return all->used ? LEAT_OK : out_of_memory(reader);
}

static bool has_bit(const uint32_t *words, uint64_t bit)
{
    return words[bit / 32] >> bit % 32 & 1;
}

/* Where category c begins, if the one before it is not listed. */
static double begin_of(uint64_t c)
{
    return c ? (double)c : leat_forest_above(LEAT_F64, -1);
}

/* The listed categories as intervals; bounds may be NULL. Returns how many bounds. */
static uint32_t to_intervals(const uint32_t *words, size_t n_words, double *bounds)
{
    const uint64_t n_bits = (uint64_t)n_words * 32;
    uint32_t n = 0;
    bool inside = false;
    for (uint64_t c = 0; c <= n_bits; c++) {
        bool listed = c < n_bits && has_bit(words, c);
        if (listed == inside)
            continue;
        if (bounds)
            bounds[n] = listed ? begin_of(c) : (double)c;
        inside = listed;
        n++;
    }
    return n;
}

static leat_status to_set(struct reader *reader, const uint32_t *words, size_t n_words,
                          leat_set *set)
{
    uint32_t n = to_intervals(words, n_words, NULL);
    double *bounds = leat_arena_calloc(reader->scratch, n, sizeof *bounds);
    if (!bounds)
        return out_of_memory(reader);
    to_intervals(words, n_words, bounds);
    *set = (leat_set){n, bounds};
    return LEAT_OK;
}

/* Each list belongs to one split, so that all sets together are no larger than the file. */
static leat_status read_set(struct reader *reader, struct categories *all, uint32_t split,
                            double threshold, leat_set *set)
{
    if (!(threshold >= 0 && threshold < all->n))
        return leat_error_set(
            reader->error, LEAT_E_MODEL,
            "threshold[%u]: %g, but the tree has %u lists of categories", split,
            threshold, all->n);
    uint32_t list = (uint32_t)threshold;
    if (all->used[list])
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "threshold[%u]: the list of categories %u is used a second "
                              "time",
                              split, list);
    all->used[list] = true;
    return to_set(reader, all->words + all->boundaries[list],
                  (size_t)(all->boundaries[list + 1] - all->boundaries[list]), set);
}

/* ---- splits */

/* What the forest takes: [n_splits + n_leaves] each. */
struct nodes {
    int32_t *left;
    int32_t *right;
    int32_t *feature;
    uint8_t *missing;
    double *number;
    leat_set *sets; /* or NULL */
};

static leat_status new_nodes(struct reader *reader, struct nodes *nodes)
{
    leat_arena *scratch = reader->scratch;
    const size_t n = (size_t)reader->n_splits + reader->n_leaves;
    *nodes = (struct nodes){
        .left = leat_arena_calloc(scratch, n, sizeof *nodes->left),
        .right = leat_arena_calloc(scratch, n, sizeof *nodes->right),
        .feature = leat_arena_calloc(scratch, n, sizeof *nodes->feature),
        .missing = leat_arena_calloc(scratch, n, sizeof *nodes->missing),
        .number = leat_arena_calloc(scratch, n, sizeof *nodes->number),
    };
    return nodes->left && nodes->right && nodes->feature && nodes->missing &&
                   nodes->number
               ? LEAT_OK
               : out_of_memory(reader);
}

static leat_status read_children(struct reader *reader, const char *name, int32_t *nodes)
{
    int32_t *children;
    leat_status status = get_ints(reader, name, &children);
    const int32_t n_splits = (int32_t)reader->n_splits;
    for (int32_t i = 0; !status && i < n_splits; i++) {
        int32_t child = children[i];
        if (child >= n_splits || ~child >= (int32_t)reader->n_leaves)
            status = leat_error_set(reader->error, LEAT_E_MODEL,
                                    "%s[%d]: %d, but the tree has %u leaves", name, i,
                                    child, reader->n_leaves);
        else
            nodes[i] = child < 0 ? n_splits + ~child : child;
    }
    return status;
}

/* Members go left there and right here: the children change places. */
static leat_status read_categorical(struct reader *reader, struct categories *all,
                                    struct nodes *nodes, uint32_t i, double threshold)
{
    if (!nodes->sets) {
        const size_t n = (size_t)reader->n_splits + reader->n_leaves;
        nodes->sets = leat_arena_calloc(reader->scratch, n, sizeof *nodes->sets);
        if (!nodes->sets)
            return out_of_memory(reader);
    }
    int32_t left = nodes->left[i];
    nodes->left[i] = nodes->right[i];
    nodes->right[i] = left;
    nodes->missing[i] = LEAT_NAN_LEFT;
    return read_set(reader, all, i, threshold, &nodes->sets[i]);
}

static leat_status read_numeric(struct reader *reader, struct nodes *nodes, uint32_t i,
                                int32_t decision, double threshold)
{
    static const leat_missing missing[][2] = {
        {LEAT_NAN_ZERO, LEAT_NAN_ZERO},
        {LEAT_ZERO_RIGHT, LEAT_ZERO_LEFT},
        {LEAT_NAN_RIGHT, LEAT_NAN_LEFT},
    };
    int32_t kind = decision >> MISSING_SHIFT & MISSING_MASK;
    if (kind > 2)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "decision_type[%u]: %d is no type of a decision", i,
                              decision);
    nodes->missing[i] = (uint8_t)missing[kind][(decision & DEFAULT_LEFT) != 0];
    /* No number is as low as NaN: all go right. */
    nodes->number[i] =
        isnan(threshold) ? -INFINITY : leat_forest_above(LEAT_F64, threshold);
    return LEAT_OK;
}

static leat_status read_decisions(struct reader *reader, struct nodes *nodes)
{
    struct categories categories = {0};
    double *threshold;
    int32_t *decision = NULL;
    leat_status status = read_categories(reader, &categories);
    if (!status)
        status = get_numbers(reader, "threshold", reader->n_splits, &threshold);
    if (!status && leat_text_find(reader->block, "decision_type"))
        status = get_ints(reader, "decision_type", &decision);
    for (uint32_t i = 0; !status && i < reader->n_splits; i++) {
        int32_t type = decision ? decision[i] : 0;
        status = type & CATEGORICAL
                     ? read_categorical(reader, &categories, nodes, i, threshold[i])
                     : read_numeric(reader, nodes, i, type, threshold[i]);
    }
    return status;
}

static leat_status read_features(struct reader *reader, int32_t *nodes)
{
    int32_t *features;
    leat_status status = get_ints(reader, "split_feature", &features);
    if (!status && reader->n_splits)
        memcpy(nodes, features, reader->n_splits * sizeof *nodes);
    return status;
}

static leat_status read_leaves(struct reader *reader, struct nodes *nodes)
{
    double *value;
    leat_status status = get_numbers(reader, "leaf_value", reader->n_leaves, &value);
    for (uint32_t i = 0; !status && i < reader->n_leaves; i++) {
        nodes->left[reader->n_splits + i] = -1;
        nodes->number[reader->n_splits + i] = value[i];
    }
    return status;
}

leat_status leat_lightgbm_tree_read(leat_tree *tree, leat_arena *scratch,
                                    const leat_text_block *block, leat_error *error)
{
    static const leat_tree_words words = {"left_child", "right_child", "split_feature"};
    struct reader reader = {.scratch = scratch, .block = block, .error = error};
    struct nodes nodes = {0};
    leat_status status = begin(&reader);
    if (!status)
        status = new_nodes(&reader, &nodes);
    if (!status)
        status = read_leaves(&reader, &nodes);
    if (!status && reader.n_splits)
        status = read_children(&reader, "left_child", nodes.left);
    if (!status && reader.n_splits)
        status = read_children(&reader, "right_child", nodes.right);
    if (!status && reader.n_splits)
        status = read_features(&reader, nodes.feature);
    if (!status && reader.n_splits)
        status = read_decisions(&reader, &nodes);
    *tree = (leat_tree){.n_nodes = reader.n_splits + reader.n_leaves,
                        .left = nodes.left,
                        .right = nodes.right,
                        .feature = nodes.feature,
                        .missing = nodes.missing,
                        .bound = nodes.number,
                        .value = nodes.number,
                        .sets = nodes.sets,
                        .first_leaf = reader.n_splits,
                        .words = &words};
    return status;
}

/* ---- linear leaves */

/* How many terms the leaves have together. */
static leat_status count_terms(struct reader *reader, const int32_t *n_terms, size_t *n)
{
    *n = 0;
    for (uint32_t i = 0; i < reader->n_leaves; i++) {
        if (n_terms[i] < 0)
            return leat_error_set(reader->error, LEAT_E_MODEL,
                                  "num_features[%u]: %d, expected a count", i,
                                  n_terms[i]);
        *n += (size_t)n_terms[i];
    }
    return LEAT_OK;
}

static leat_status read_terms(struct reader *reader, leat_linear_tree *tree)
{
    double *constant, *coefficient;
    int32_t *n_terms, *feature;
    size_t n;
    leat_status status = get_numbers(reader, "leaf_const", reader->n_leaves, &constant);
    if (!status)
        status = leat_text_get_ints(reader->block, "num_features", reader->n_leaves,
                                    reader->scratch, &n_terms, reader->error);
    if (!status)
        status = count_terms(reader, n_terms, &n);
    if (!status)
        status = leat_text_get_ints(reader->block, "leaf_features", n, reader->scratch,
                                    &feature, reader->error);
    if (!status)
        status = get_numbers(reader, "leaf_coeff", n, &coefficient);
    if (status)
        return status;
    tree->constant = constant;
    tree->n_terms = n_terms;
    tree->feature = feature;
    tree->coefficient = coefficient;
    return LEAT_OK;
}

leat_status leat_lightgbm_tree_read_linear(leat_linear_tree *tree, leat_arena *scratch,
                                           const leat_text_block *block,
                                           leat_error *error)
{
    struct reader reader = {.scratch = scratch, .block = block, .error = error};
    double *value;
    leat_status status = begin(&reader);
    if (!status)
        status = get_numbers(&reader, "leaf_value", reader.n_leaves, &value);
    if (status)
        return status;
    *tree = (leat_linear_tree){
        .n_leaves = reader.n_leaves, .value = value, .constant = value};
    if (leat_lightgbm_tree_is_linear(block))
        return read_terms(&reader, tree);
    tree->n_terms = leat_arena_calloc(scratch, reader.n_leaves, sizeof *tree->n_terms);
    return tree->n_terms ? LEAT_OK : out_of_memory(&reader);
}
