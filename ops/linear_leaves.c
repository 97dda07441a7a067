#include "ops/linear_leaves.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

struct term {
    double coefficient;
    uint32_t feature;
};

struct leaf {
    double value;
    double constant;
    const struct term *terms; /* [n_terms] */
    uint32_t n_terms;
};

struct tree {
    const struct leaf *leaves;
    uint32_t group;
};

struct leat_linear_leaves {
    leat_arena *arena;
    leat_linear_spec spec;
    uint32_t n_trees;   /* so far */
    struct tree *trees; /* [spec.n_trees] */
};

leat_status leat_linear_leaves_new(leat_linear_leaves **out, leat_arena *arena,
                                   const leat_linear_spec *spec, leat_error *error)
{
    leat_linear_leaves *linear = leat_arena_calloc(arena, 1, sizeof *linear);
    struct tree *trees = leat_arena_calloc(arena, spec->n_trees, sizeof *trees);
    if (!linear || !trees)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    *linear = (leat_linear_leaves){.arena = arena, .spec = *spec, .trees = trees};
    *out = linear;
    return LEAT_OK;
}

static leat_status copy_terms(leat_linear_leaves *linear, const leat_linear_tree *tree,
                              uint32_t leaf, size_t first, const struct term **out,
                              leat_error *error)
{
    const uint32_t n = (uint32_t)tree->n_terms[leaf];
    struct term *terms = leat_arena_calloc(linear->arena, n, sizeof *terms);
    if (!terms)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    for (uint32_t i = 0; i < n; i++) {
        int32_t feature = tree->feature[first + i];
        if (feature < 0 || (uint32_t)feature >= linear->spec.n_features)
            return leat_error_set(error, LEAT_E_MODEL,
                                  "leaf %u, term %u: %d, but the model has %u features",
                                  leaf, i, feature, linear->spec.n_features);
        terms[i] = (struct term){tree->coefficient[first + i], (uint32_t)feature};
    }
    *out = terms;
    return LEAT_OK;
}

leat_status leat_linear_leaves_add(leat_linear_leaves *linear,
                                   const leat_linear_tree *tree, leat_error *error)
{
    struct leaf *leaves =
        leat_arena_calloc(linear->arena, tree->n_leaves, sizeof *leaves);
    if (!leaves)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    size_t first = 0;
    for (uint32_t i = 0; i < tree->n_leaves; i++) {
        const struct term *terms = NULL;
        leat_status status = copy_terms(linear, tree, i, first, &terms, error);
        if (status)
            return status;
        leaves[i] = (struct leaf){tree->value[i], tree->constant[i], terms,
                                  (uint32_t)tree->n_terms[i]};
        first += leaves[i].n_terms;
    }
    linear->trees[linear->n_trees++] = (struct tree){leaves, tree->group};
    return LEAT_OK;
}

static double worth(const struct leaf *leaf, const double *row, double zero)
{
    double sum = leaf->constant;
    for (uint32_t i = 0; i < leaf->n_terms; i++) {
        double x = row[leaf->terms[i].feature];
        if (isnan(x))
            return leaf->value;
        sum += leaf->terms[i].coefficient * (fabs(x) <= zero ? 0 : x);
    }
    return sum;
}

void leat_linear_leaves_run(const leat_linear_leaves *linear, const double *rows,
                            uint32_t n_rows, const int32_t *leaves, double *margins)
{
    const leat_linear_spec *spec = &linear->spec;
    memset(margins, 0, (size_t)n_rows * spec->n_groups * sizeof *margins);
    for (uint32_t row = 0; row < n_rows; row++) {
        for (uint32_t t = 0; t < spec->n_trees; t++) {
            const struct tree *tree = &linear->trees[t];
            margins[tree->group] += worth(&tree->leaves[leaves[t]], rows, spec->zero);
        }
        rows += spec->n_features;
        leaves += spec->n_trees;
        margins += spec->n_groups;
    }
}
