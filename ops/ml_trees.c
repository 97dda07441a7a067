#include "ops/ml_labels.h"
#include "ops/ml_rows.h"
#include "ops/post_transform.h"
#include "ops/tree_attributes.h"

/* TreeEnsembleRegressor, TreeEnsembleClassifier and TreeEnsemble of ai.onnx.ml: a forest,
 * and what becomes of its sums.
 *
 * A classifier of two classes may have weights for the first alone: then the sum is the
 * score of the second, a probability where no weight is negative. What the definition
 * leaves open follows ONNX Runtime; where that contradicts itself the model is refused. */

typedef struct trees {
    leat_grove grove;  /* wants no more columns than rows have */
    uint32_t n_scores; /* of a row of the output */
    double divisor;    /* the number of trees where they are averaged, else 1 */
    double *base;      /* [n_targets], added last */
    leat_post_transform transform;
    leat_ml_labels labels; /* of a classifier */
    bool is_pair;          /* one sum for two classes */
    bool all_positive;     /* weights */
    bool *can_win; /* [n_targets] classes that any leaf or base value speaks for */
} trees;

/* ---- load ---- */

static leat_status no_memory(leat_node *node)
{
    return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
}

static leat_status plant(leat_node *node, trees *s, const leat_tree_ensemble *ensemble,
                         leat_arena *scratch)
{
    return leat_tree_ensemble_plant(&s->grove, node->arena, ensemble, scratch,
                                    node->error);
}

/* Adds base_values, of which there may be none. */
static leat_status load_base(leat_node *node, trees *s, uint32_t n_sums)
{
    double *numbers;
    size_t n;
    const leat_dtype dtype = node->inputs[0]->dtype == LEAT_F64 ? LEAT_F64 : LEAT_F32;
    leat_status status = leat_tree_numbers(node, "base_values", "base_values_as_tensor",
                                           dtype, node->arena, &numbers, &n);
    if (status)
        return status;
    s->base = n ? numbers : leat_arena_calloc(node->arena, n_sums, sizeof *s->base);
    if (!s->base)
        return no_memory(node);
    for (size_t i = 0; s->can_win && i < n && i < n_sums; i++)
        s->can_win[i] = true;
    return !n || n == n_sums ? LEAT_OK
                             : leat_tree_bad_length(node, "base_values", n, n_sums);
}

static leat_status check_targets(leat_node *node, int64_t n_targets)
{
    return n_targets > 0 && n_targets <= LEAT_TREE_MOST_TARGETS
               ? LEAT_OK
               : leat_error_set(node->error, LEAT_E_MODEL,
                                "attribute n_targets: found %lld, expected 1 to %d",
                                (long long)n_targets, LEAT_TREE_MOST_TARGETS);
}

static leat_status start(leat_node *node, uint32_t dtypes, trees **s,
                         leat_tree_ensemble *ensemble)
{
    *s = leat_node_new_state(node, sizeof **s);
    if (!*s)
        return LEAT_E_MEMORY;
    (*s)->divisor = 1;
    leat_status status = leat_node_check_dtype(node, 0, dtypes);
    if (!status)
        ensemble->dtype = node->inputs[0]->dtype == LEAT_F64 ? LEAT_F64 : LEAT_F32;
    return status;
}

static leat_status load_regressor_in(leat_node *node, leat_arena *scratch)
{
    static const char *const words[] = {"SUM", "AVERAGE", NULL};
    trees *s;
    leat_tree_ensemble ensemble = {0};
    int64_t n_targets;
    uint32_t is_average;
    leat_status status = start(node, LEAT_NUMBERS, &s, &ensemble);
    if (!status)
        status = leat_attribute_int(node, "n_targets", 1, &n_targets);
    if (!status)
        status = check_targets(node, n_targets);
    if (!status)
        status = leat_attribute_word(node, "aggregate_function", words, 0, &is_average);
    if (!status)
        status = leat_post_transform_load(node, &s->transform);
    if (status)
        return status;
    ensemble.n_targets = s->n_scores = (uint32_t)n_targets;
    leat_node_set_dtype(node, 0, LEAT_F32);
    status = load_base(node, s, s->n_scores);
    if (!status)
        status = leat_tree_attributes_load(node, "target", scratch, &ensemble);
    if (is_average)
        s->divisor = ensemble.n_trees;
    return status ? status : plant(node, s, &ensemble, scratch);
}

/* Which classes the leaves speak for, and how. */
static leat_status weigh_classes(leat_node *node, trees *s,
                                 const leat_tree_ensemble *ensemble)
{
    s->all_positive = true;
    s->can_win = leat_arena_calloc(node->arena, ensemble->n_targets, sizeof *s->can_win);
    if (!s->can_win)
        return no_memory(node);
    for (uint32_t i = 0; i < ensemble->n_weights; i++) {
        s->can_win[ensemble->weights[i].target] = true;
        if (ensemble->weights[i].value < 0)
            s->all_positive = false;
    }
    s->is_pair = s->labels.n == 2 && s->can_win[0] && !s->can_win[1];
    return LEAT_OK;
}

static leat_status load_class_base(leat_node *node, trees *s)
{
    const bool second_only = s->labels.n == 2 && !s->can_win[0];
    const bool both = s->labels.n == 2 && s->can_win[0] && s->can_win[1];
    leat_status status = load_base(node, s, s->is_pair ? 1 : s->labels.n);
    if (status || (!second_only && !both))
        return status;
    return s->base[0] == 0 && s->base[1] == 0
               ? LEAT_OK
               : leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                                "base_values of two classes are not supported where the "
                                "second has weights");
}

static leat_status load_classifier_in(leat_node *node, leat_arena *scratch)
{
    trees *s;
    leat_tree_ensemble ensemble = {0};
    leat_status status = start(node, LEAT_NUMBERS, &s, &ensemble);
    if (!status)
        status = leat_ml_labels_load(node, "classlabels_int64s", &s->labels);
    if (!status)
        status = leat_post_transform_load(node, &s->transform);
    if (status)
        return status;
    if (s->labels.n < 2)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "a single class label is not supported");
    ensemble.n_targets = s->n_scores = s->labels.n;
    status = leat_tree_attributes_load(node, "class", scratch, &ensemble);
    if (!status)
        status = weigh_classes(node, s, &ensemble);
    if (status)
        return status;
    if (s->is_pair && s->transform == LEAT_POST_PROBIT)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "PROBIT of one score for two classes is not supported");
    if (s->is_pair)
        ensemble.n_targets = 1;
    status = load_class_base(node, s);
    return status ? status : plant(node, s, &ensemble, scratch);
}

static leat_status load_ensemble_in(leat_node *node, leat_arena *scratch)
{
    enum { AVERAGE, SUM };
    trees *s;
    leat_tree_ensemble ensemble = {0};
    int64_t n_targets, aggregate, transform;
    leat_status status = start(node, 1u << LEAT_F32 | 1u << LEAT_F64, &s, &ensemble);
    if (!status)
        status = leat_attribute_int(node, "n_targets", 1, &n_targets);
    if (!status)
        status = check_targets(node, n_targets);
    if (!status)
        status = leat_attribute_int(node, "aggregate_function", SUM, &aggregate);
    if (!status)
        status = leat_attribute_int(node, "post_transform", 0, &transform);
    if (status)
        return status;
    if (aggregate != SUM && aggregate != AVERAGE)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "attribute aggregate_function: %lld is not supported",
                              (long long)aggregate);
    if (transform < 0 || transform > LEAT_POST_PROBIT)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute post_transform: found %lld",
                              (long long)transform);
    s->transform = (leat_post_transform)transform;
    ensemble.n_targets = s->n_scores = (uint32_t)n_targets;
    s->base = leat_arena_calloc(node->arena, s->n_scores, sizeof *s->base);
    if (!s->base)
        return no_memory(node);
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    status = leat_tree_attributes_load_5(node, scratch, &ensemble);
    if (aggregate == AVERAGE)
        s->divisor = ensemble.n_trees;
    return status ? status : plant(node, s, &ensemble, scratch);
}

static leat_status in_scratch(leat_node *node,
                              leat_status (*load)(leat_node *, leat_arena *))
{
    leat_arena scratch;
    leat_arena_init(&scratch, 1 << 16);
    leat_status status = load(node, &scratch);
    leat_arena_fini(&scratch);
    return status;
}

static leat_status load_regressor(leat_node *node)
{
    return in_scratch(node, load_regressor_in);
}

static leat_status load_classifier(leat_node *node)
{
    return in_scratch(node, load_classifier_in);
}

static leat_status load_ensemble(leat_node *node)
{
    return in_scratch(node, load_ensemble_in);
}

/* ---- shape ---- */

/* How the scratch of a run is divided; parts are aligned for the forest. */
typedef struct parts {
    size_t block; /* rows at once */
    size_t rows;  /* [block][n_features], where the input's cannot be taken as they lie */
    size_t sums;  /* [block][n_targets] */
    size_t scores; /* [n_scores] float */
    size_t end;
} parts;

static size_t aligned(size_t size)
{
    return (size + LEAT_ARENA_ALIGN - 1) / LEAT_ARENA_ALIGN * LEAT_ARENA_ALIGN;
}

static parts divide(const trees *s)
{
    const size_t size = leat_dtype_size(s->grove.dtype);
    parts p = {.block = leat_forest_block(s->grove.forest)};
    p.rows = aligned(leat_grove_scratch(&s->grove));
    p.sums = p.rows + aligned(p.block * s->grove.n_features * size);
    p.scores = p.sums + aligned(p.block * s->grove.n_targets * size);
    p.end = p.scores + aligned(s->n_scores * sizeof(float));
    return p;
}

static leat_status shape(const leat_call *call, size_t *scratch, leat_error *error)
{
    const trees *s = call->state;
    const leat_ml_rows rows = leat_ml_rows_of(call->inputs[0]);
    const int64_t wanted[] = {rows.n, s->n_scores};
    leat_status status = leat_ml_rows_check(call->inputs[0], 0, error);
    *scratch = divide(s).end;
    if (status)
        return status;
    if (rows.width < s->grove.n_features)
        return leat_error_set(error, LEAT_E_MODEL,
                              "rows have %u columns, and a node asks for number %u",
                              rows.width, s->grove.n_features - 1);
    return s->labels.n ? leat_ml_labels_shape(call, rows.n, s->n_scores, error)
                       : leat_array_reshape(call->outputs[0], 2, wanted, error);
}

/* ---- run ---- */

/* The forest's rows: as they lie when they are just that, else copied. */
static const void *take_rows(const trees *s, const leat_array *input, size_t first,
                             size_t n, void *copies)
{
    const uint32_t width = leat_ml_rows_of(input).width;
    const size_t size = leat_dtype_size(s->grove.dtype);
    const char *from = (const char *)input->data + first * width * size;
    if (input->dtype == s->grove.dtype && width == s->grove.n_features)
        return from;
    for (size_t i = 0; i < n; i++, from += width * size) {
        if (s->grove.dtype == LEAT_F64)
            memcpy((double *)copies + i * s->grove.n_features, from,
                   s->grove.n_features * size);
        else
            leat_ml_rows_read(input, (first + i) * width, s->grove.n_features,
                              (float *)copies + i * s->grove.n_features);
    }
    return copies;
}

/* sums: [block][n_targets]; target < n_targets */
static double sum_of(const trees *s, const void *sums, size_t row, uint32_t target)
{
    const size_t i = row * s->grove.n_targets + target;
    const double sum = s->grove.dtype == LEAT_F32 ? (double)((const float *)sums)[i]
                                                  : ((const double *)sums)[i];
    return sum / s->divisor + s->base[target];
}

/* scores: [n_scores] */
static void score_row(const trees *s, const void *sums, size_t row, float *scores)
{
    for (uint32_t i = 0; i < s->n_scores; i++)
        scores[i] = (float)sum_of(s, sums, row, i);
    leat_post_transform_run(s->transform, scores, 1, s->n_scores);
}

static void finish_targets(const trees *s, const void *sums, size_t first, size_t n,
                           leat_array *output, float *scores)
{
    double *wide = output->dtype == LEAT_F64 ? output->data : NULL; /* [][n_scores] */
    for (size_t row = 0, at = first * s->n_scores; row < n; row++, at += s->n_scores) {
        if (!wide) {
            score_row(s, sums, row, (float *)output->data + at);
            continue;
        }
        if (s->transform != LEAT_POST_NONE)
            score_row(s, sums, row, scores);
        for (uint32_t i = 0; i < s->n_scores; i++)
            wide[at + i] = s->transform == LEAT_POST_NONE ? sum_of(s, sums, row, i)
                                                          : (double)scores[i];
    }
}

/* Two classes: whether the second one's sum is above what it must be. Of more the first
 * largest, before they are transformed. */
static uint32_t choose(const trees *s, const void *sums, size_t row)
{
    if (s->labels.n == 2) {
        const bool is_probability = s->all_positive && s->can_win[0] != s->can_win[1];
        return sum_of(s, sums, row, s->is_pair ? 0 : 1) > (is_probability ? 0.5 : 0);
    }
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < s->grove.n_targets; i++)
        if (s->can_win[i] &&
            (best == UINT32_MAX || sum_of(s, sums, row, i) > sum_of(s, sums, row, best)))
            best = i;
    return best == UINT32_MAX ? 0 : best;
}

static void finish_classes(const trees *s, const void *sums, size_t first, size_t n,
                           leat_array *labels, leat_array *output)
{
    for (size_t row = 0; row < n; row++) {
        if (labels)
            leat_ml_labels_put(&s->labels, choose(s, sums, row), labels->data,
                               first + row);
        if (!output)
            continue;
        float *scores = (float *)output->data + (first + row) * s->n_scores;
        if (s->is_pair)
            leat_post_transform_pair(s->transform, s->all_positive,
                                     sum_of(s, sums, row, 0), scores);
        else
            score_row(s, sums, row, scores);
    }
}

static void run(const leat_call *call)
{
    const trees *s = call->state;
    const size_t n = leat_ml_rows_of(call->inputs[0]).n;
    const parts p = divide(s);
    char *scratch = call->scratch;
    void *sums = scratch + p.sums;
    for (size_t first = 0; first < n; first += p.block) {
        const size_t some = n - first < p.block ? n - first : p.block;
        const void *rows = take_rows(s, call->inputs[0], first, some, scratch + p.rows);
        leat_grove_run(&s->grove, rows, (uint32_t)some, sums, scratch);
        if (s->labels.n)
            finish_classes(s, sums, first, some, leat_call_output(call, 0),
                           leat_call_output(call, 1));
        else
            finish_targets(s, sums, first, some, call->outputs[0],
                           (float *)(void *)(scratch + p.scores));
    }
}

const leat_operator leat_ml_trees_operators[] = {
    {"ai.onnx.ml", "TreeEnsembleRegressor", 1, LEAT_NEWEST, 0, 1, 1, 1, load_regressor,
     shape, run},
    {"ai.onnx.ml", "TreeEnsembleClassifier", 1, LEAT_NEWEST, 0, 1, 1, 2, load_classifier,
     shape, run},
    {"ai.onnx.ml", "TreeEnsemble", 5, LEAT_NEWEST, 0, 1, 1, 1, load_ensemble, shape, run},
    {0},
};
