#include "base/msgpack.h"
#include "runtime/document_get.h"
#include "runtime/ensemble.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* XGBoost's model document, of versions 1.0 to 3.x.
 *
 *   learner.learner_model_param   numbers as strings: base_score, num_class, num_feature
 *   learner.objective.name        decides the link function
 *   learner.gradient_booster      name "gbtree", and the model:
 *       model.trees[]             parallel arrays over node ids
 *       model.tree_info[]         the output group of a tree
 *
 * base_score stands in the space of the output; the trees add to its margin. From 3.1 it
 * is a list with one value a group. base_weights look like leaf values and are not: those
 * stand in split_conditions. */

/* Paths below are dotted, from the root or from a tree, and stand in messages as they
 * are. */
struct reader {
    leat_ensemble *ensemble;
    leat_arena *arena;   /* of the model */
    leat_arena *scratch; /* until the model is read */
    const leat_doc *root;
    const leat_doc *model; /* learner.gradient_booster.model */
    uint32_t n_features;
    uint32_t n_groups;
    uint32_t n_trees;
    leat_error *error;
};

typedef enum base_space { BASE_MARGIN, BASE_PROBABILITY, BASE_POSITIVE } base_space;

static const struct objective {
    const char *name;
    leat_link link;
    base_space base;
} objectives[] = {
    {"binary:logistic", LEAT_LINK_SIGMOID, BASE_PROBABILITY},
    {"binary:logitraw", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"binary:hinge", LEAT_LINK_STEP, BASE_MARGIN},
    {"count:poisson", LEAT_LINK_EXP, BASE_POSITIVE},
    {"multi:softmax", LEAT_LINK_ARGMAX, BASE_MARGIN},
    {"multi:softprob", LEAT_LINK_SOFTMAX, BASE_MARGIN},
    {"rank:map", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"rank:ndcg", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"rank:pairwise", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:absoluteerror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:gamma", LEAT_LINK_EXP, BASE_POSITIVE},
    {"reg:logistic", LEAT_LINK_SIGMOID, BASE_PROBABILITY},
    {"reg:pseudohubererror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:quantileerror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:squarederror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:squaredlogerror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:tweedie", LEAT_LINK_EXP, BASE_POSITIVE},
};

static leat_status out_of_memory(struct reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "out of memory");
}

static leat_status unsupported(struct reader *reader, const char *path, const char *what)
{
    return leat_error_set(reader->error, LEAT_E_UNSUPPORTED,
                          "%s: %s not supported: gbtree with numeric splits is", path,
                          what);
}

static leat_status check_booster(struct reader *reader)
{
    static const char path[] = "learner.gradient_booster.name";
    const leat_doc *booster = leat_doc_find(reader->root, "learner.gradient_booster");
    const leat_doc *name;
    leat_status status = leat_doc_get_text(reader->root, path, &name, reader->error);
    if (status)
        return status;
    /* From 3.3 a dart booster calls itself gbtree, and its weights tell. */
    const leat_doc *drop = leat_doc_find(booster, "weight_drop");
    drop = drop ? drop : leat_doc_find(booster, "model.weight_drop");
    if (leat_doc_is_text(name, "dart") || (drop && drop->count))
        return unsupported(reader, path, "dart is");
    if (leat_doc_is_text(name, "gblinear"))
        return unsupported(reader, path, "gblinear is");
    if (!leat_doc_is_text(name, "gbtree"))
        return unsupported(reader, path, "this booster is");
    const leat_doc *categories = leat_doc_find(booster, "model.cats.enc");
    if (categories && categories->count)
        return unsupported(reader, "learner.gradient_booster.model.cats",
                           "categorical features are");
    reader->model = leat_doc_find(booster, "model");
    return reader->model ? LEAT_OK
                         : leat_doc_unexpected("learner.gradient_booster.model", NULL,
                                               "an object", reader->error);
}

static leat_status read_objective(struct reader *reader, const struct objective **found)
{
    static const char path[] = "learner.objective.name";
    const leat_doc *name;
    leat_status status = leat_doc_get_text(reader->root, path, &name, reader->error);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof objectives / sizeof *objectives; i++) {
        if (leat_doc_is_text(name, objectives[i].name)) {
            *found = &objectives[i];
            reader->ensemble->objective = objectives[i].name;
            reader->ensemble->link = objectives[i].link;
            return LEAT_OK;
        }
    }
    return leat_error_set(reader->error, LEAT_E_UNSUPPORTED,
                          "%s: the objective %.*s is not supported", path,
                          name->count < 64 ? (int)name->count : 64, name->text);
}

static leat_status read_shape(struct reader *reader)
{
    uint32_t n_targets;
    const leat_doc *param = leat_doc_find(reader->root, "learner.learner_model_param");
    leat_status status =
        leat_doc_get_count(param, "num_feature", 0, &reader->n_features, reader->error);
    if (!status)
        status =
            leat_doc_get_count(param, "num_class", 0, &reader->n_groups, reader->error);
    if (!status)
        status = leat_doc_get_count(param, "num_target", 1, &n_targets, reader->error);
    if (status)
        return leat_error_prefix(reader->error, "learner.learner_model_param.");
    if (n_targets > 1)
        return unsupported(reader, "learner.learner_model_param.num_target",
                           "more than one target is");
    reader->n_groups += !reader->n_groups;
    return LEAT_OK;
}

/* From 3.2 a probability may be 0 or 1, and is clamped. */
static bool clamps_base(const struct reader *reader)
{
    const leat_doc *version = leat_doc_find(reader->root, "version");
    double major = 0, minor = 0;
    return leat_doc_is_array(version) && version->count >= 2 &&
           leat_doc_number_at(version, 0, &major) &&
           leat_doc_number_at(version, 1, &minor) &&
           (major > 3 || (major == 3 && minor >= 2));
}

/* False when `base` has no margin in this space. */
static bool base_margin(const struct reader *reader, base_space space, float base,
                        double *margin)
{
    if (space == BASE_PROBABILITY && clamps_base(reader) && base >= 0 && base <= 1)
        base = fminf(fmaxf(base, 1e-6f), 1.0f - 1e-6f);
    *margin = (double)(space == BASE_MARGIN     ? base
                       : space == BASE_POSITIVE ? logf(base)
                                                : -logf(1.0f / base - 1.0f));
    return isfinite(*margin);
}

/* "5E-1", and from 3.1 "[5E-1,2E-1]": JSON within a string. */
static leat_status parse_base(struct reader *reader, const char *path,
                              const leat_doc **base)
{
    const leat_doc *text;
    leat_status status = leat_doc_get_text(reader->root, path, &text, reader->error);
    if (status)
        return status;
    status = leat_json_read(base, reader->scratch, (const uint8_t *)text->text,
                            text->count, reader->error);
    if (status)
        return leat_error_prefix(reader->error, "%s: ", path);
    if ((*base)->kind == LEAT_DOC_NUMBER ||
        (leat_doc_is_array(*base) &&
         ((*base)->count == 1 || (*base)->count == reader->n_groups)))
        return LEAT_OK;
    return leat_error_set(reader->error, LEAT_E_MODEL,
                          "%s: found \"%.*s\", expected a number or %u of them", path,
                          text->count < 32 ? (int)text->count : 32, text->text,
                          reader->n_groups);
}

/* The base score of a group; NaN when what stands there is no number. */
static float base_of(const leat_doc *base, uint32_t group)
{
    double number;
    if (base->kind == LEAT_DOC_NUMBER)
        return (float)base->number;
    return leat_doc_number_at(base, base->count == 1 ? 0 : group, &number) ? (float)number
                                                                           : NAN;
}

/* margins: [n_groups] */
static leat_status read_base(struct reader *reader, base_space space, double *margins)
{
    static const char path[] = "learner.learner_model_param.base_score";
    const leat_doc *base;
    leat_status status = parse_base(reader, path, &base);
    for (uint32_t group = 0; !status && group < reader->n_groups; group++) {
        float score = base_of(base, group);
        if (!base_margin(reader, space, score, &margins[group]))
            status = leat_error_set(reader->error, LEAT_E_MODEL,
                                    "%s: %g is out of range for %s", path, (double)score,
                                    reader->ensemble->objective);
    }
    return status;
}

/* The arrays of one tree, used again for the next. */
struct tree_arrays {
    int32_t *left;
    int32_t *right;
    int32_t *feature;
    int32_t *default_left;
    int32_t *split_type;
    float *condition;
    uint8_t *missing;
    double *number; /* the bound of a split, the value of a leaf */
};

static leat_status new_tree_arrays(struct reader *reader, size_t n_nodes,
                                   struct tree_arrays *arrays)
{
    leat_arena *scratch = reader->scratch;
    *arrays = (struct tree_arrays){
        .left = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->left),
        .right = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->right),
        .feature = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->feature),
        .default_left = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->default_left),
        .split_type = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->split_type),
        .condition = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->condition),
        .missing = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->missing),
        .number = leat_arena_calloc(scratch, n_nodes, sizeof *arrays->number),
    };
    return arrays->left && arrays->right && arrays->feature && arrays->default_left &&
                   arrays->split_type && arrays->condition && arrays->missing &&
                   arrays->number
               ? LEAT_OK
               : out_of_memory(reader);
}

/* Vector leaves have arrays of other sizes, so this comes before the arrays are read. */
static leat_status check_tree_kind(struct reader *reader, const leat_doc *tree, size_t t)
{
    uint32_t leaf_size;
    leat_status status = leat_doc_get_count(tree, "tree_param.size_leaf_vector", 1,
                                            &leaf_size, reader->error);
    if (status)
        return status;
    if (leaf_size > 1)
        return unsupported(reader, "tree_param.size_leaf_vector", "a leaf vector is");
    const leat_doc *id = leat_doc_find(tree, "id");
    if (id && !(id->kind == LEAT_DOC_NUMBER && id->number == (double)t))
        return leat_error_set(reader->error, LEAT_E_MODEL, "id: expected %zu", t);
    return LEAT_OK;
}

static leat_status get_split_types(struct reader *reader, const leat_doc *tree,
                                   size_t n_nodes, int32_t *split_type)
{
    if (!leat_doc_find(tree, "split_type"))
        return LEAT_OK;
    leat_status status =
        leat_doc_get_ints(tree, "split_type", n_nodes, split_type, reader->error);
    for (size_t i = 0; !status && i < n_nodes; i++)
        if (split_type[i])
            status = unsupported(reader, "split_type", "a categorical split is");
    return status;
}

static leat_status get_tree_arrays(struct reader *reader, const leat_doc *tree,
                                   size_t n_nodes, struct tree_arrays *arrays)
{
    leat_status status = get_split_types(reader, tree, n_nodes, arrays->split_type);
    if (!status)
        status = leat_doc_get_ints(tree, "left_children", n_nodes, arrays->left,
                                   reader->error);
    if (!status)
        status = leat_doc_get_ints(tree, "right_children", n_nodes, arrays->right,
                                   reader->error);
    if (!status)
        status = leat_doc_get_ints(tree, "split_indices", n_nodes, arrays->feature,
                                   reader->error);
    if (!status)
        status = leat_doc_get_ints(tree, "default_left", n_nodes, arrays->default_left,
                                   reader->error);
    if (!status)
        status = leat_doc_get_floats(tree, "split_conditions", n_nodes, arrays->condition,
                                     reader->error);
    return status;
}

static leat_status read_tree(struct reader *reader, const leat_doc *doc, size_t t,
                             int32_t group, struct tree_arrays *arrays)
{
    static const leat_tree_words words = {"left_children", "right_children",
                                          "split_indices"};
    const leat_doc *left = leat_doc_find(doc, "left_children");
    size_t n_nodes = leat_doc_is_array(left) ? left->count : 0;
    leat_status status = check_tree_kind(reader, doc, t);
    if (!status)
        status = get_tree_arrays(reader, doc, n_nodes, arrays);
    if (status)
        return status;
    for (size_t i = 0; i < n_nodes; i++) {
        arrays->missing[i] = arrays->default_left[i] ? LEAT_NAN_LEFT : LEAT_NAN_RIGHT;
        /* No number is below NaN: all go right. */
        arrays->number[i] = isnan(arrays->condition[i]) && arrays->left[i] != -1
                                ? (double)-INFINITY
                                : (double)arrays->condition[i];
    }
    leat_tree tree = {
        .n_nodes = (uint32_t)n_nodes,
        .group = (uint32_t)group,
        .left = arrays->left,
        .right = arrays->right,
        .feature = arrays->feature,
        .missing = arrays->missing,
        .bound = arrays->number,
        .value = arrays->number,
        .words = &words,
    };
    return leat_forest_add(reader->ensemble->forest, &tree, reader->error);
}

/* How large the forest is: nodes of all trees, and of the largest. */
static leat_status measure_trees(struct reader *reader, const leat_doc *trees,
                                 uint64_t *n_nodes, size_t *largest)
{
    *n_nodes = *largest = 0;
    for (size_t t = 0; t < trees->count; t++) {
        const leat_doc *left = trees->kind == LEAT_DOC_ARRAY
                                   ? leat_doc_find(&trees->items[t], "left_children")
                                   : NULL;
        if (!leat_doc_is_array(left) || left->count > INT32_MAX)
            return leat_error_set(reader->error, LEAT_E_MODEL,
                                  "trees[%zu].left_children: found %s, expected an array",
                                  t, leat_doc_kind_name(left));
        *n_nodes += left->count;
        *largest = left->count > *largest ? left->count : *largest;
    }
    return LEAT_OK;
}

static leat_status new_forest(struct reader *reader, base_space space, uint64_t n_nodes)
{
    double *base = leat_arena_calloc(reader->scratch, reader->n_groups, sizeof *base);
    if (!base)
        return out_of_memory(reader);
    leat_status status = read_base(reader, space, base);
    if (status)
        return status;
    leat_forest_spec spec = {
        .dtype = LEAT_F32,
        .n_trees = reader->n_trees,
        .max_nodes = n_nodes,
        .n_features = reader->n_features,
        .n_groups = reader->n_groups,
        .base = base,
        .scratch = reader->scratch,
    };
    return leat_forest_new(&reader->ensemble->forest, reader->arena, &spec,
                           reader->error);
}

static leat_status read_trees(struct reader *reader, base_space space)
{
    const leat_doc *trees;
    struct tree_arrays arrays;
    uint64_t n_nodes;
    size_t largest;
    leat_status status = leat_doc_get_count(reader->model, "gbtree_model_param.num_trees",
                                            0, &reader->n_trees, reader->error);
    if (!status)
        status = leat_doc_get_array(reader->model, "trees", reader->n_trees, &trees,
                                    reader->error);
    if (!status)
        status = measure_trees(reader, trees, &n_nodes, &largest);
    if (!status)
        status = new_forest(reader, space, n_nodes);
    if (!status)
        status = new_tree_arrays(reader, largest, &arrays);
    if (status)
        return status;
    int32_t *groups = leat_arena_calloc(reader->scratch, reader->n_trees, sizeof *groups);
    if (!groups)
        return out_of_memory(reader);
    status = leat_doc_get_ints(reader->model, "tree_info", reader->n_trees, groups,
                               reader->error);
    for (size_t t = 0; !status && t < reader->n_trees; t++) {
        status = read_tree(reader, &trees->items[t], t, groups[t], &arrays);
        if (status)
            leat_error_prefix(reader->error, "trees[%zu].", t);
    }
    return status;
}

static leat_status read_name(struct reader *reader, const leat_doc *names, size_t i,
                             const char **name)
{
    const leat_doc *text = names->kind == LEAT_DOC_ARRAY ? &names->items[i] : NULL;
    if (!text || text->kind != LEAT_DOC_STRING || memchr(text->text, 0, text->count) ||
        !leat_utf8_valid((const uint8_t *)text->text, text->count))
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "learner.feature_names[%zu]: expected a string of UTF-8",
                              i);
    *name = leat_arena_strndup(reader->arena, text->text, text->count);
    return *name ? LEAT_OK : out_of_memory(reader);
}

static leat_status read_feature_names(struct reader *reader)
{
    const leat_doc *array = leat_doc_find(reader->root, "learner.feature_names");
    if (!array || (leat_doc_is_array(array) && !array->count))
        return LEAT_OK;
    leat_status status = leat_doc_get_array(reader->root, "learner.feature_names",
                                            reader->n_features, &array, reader->error);
    if (status)
        return status;
    const char **names =
        leat_arena_calloc(reader->arena, reader->n_features, sizeof *names);
    if (!names)
        return out_of_memory(reader);
    for (size_t i = 0; !status && i < reader->n_features; i++)
        status = read_name(reader, array, i, &names[i]);
    reader->ensemble->feature_names = names;
    return status;
}

/* Booster.predict scores with all trees, early stopping or not; users of the scikit-learn
 * wrapper, which stops at the best iteration, should know. */
static leat_status read_warning(struct reader *reader)
{
    uint32_t best, parallel;
    if (!leat_doc_to_count(
            leat_doc_find(reader->root, "learner.attributes.best_iteration"), &best))
        return LEAT_OK;
    leat_status status =
        leat_doc_get_count(reader->model, "gbtree_model_param.num_parallel_tree", 1,
                           &parallel, reader->error);
    if (status)
        return status;
    uint64_t per_round = (uint64_t)reader->n_groups * (parallel ? parallel : 1);
    uint64_t rounds = reader->n_trees / per_round;
    if ((uint64_t)best + 1 >= rounds)
        return LEAT_OK;
    reader->ensemble->warning = leat_arena_printf(
        reader->arena,
        "best_iteration %u is ignored: all %llu rounds count, as in Booster.predict; to "
        "stop there, save booster[:%u]",
        best, (unsigned long long)rounds, best + 1);
    return reader->ensemble->warning ? LEAT_OK : out_of_memory(reader);
}

static leat_status read_model(struct reader *reader)
{
    const struct objective *objective = NULL;
    leat_status status = check_booster(reader);
    if (!status)
        status = read_objective(reader, &objective);
    if (!status)
        status = read_shape(reader);
    if (!status)
        status = read_trees(reader, objective->base);
    if (!status)
        status = read_feature_names(reader);
    return status ? status : read_warning(reader);
}

leat_status leat_xgboost_read(leat_ensemble *ensemble, leat_arena *arena,
                              const leat_doc *root, leat_error *error)
{
    leat_arena scratch;
    leat_arena_init(&scratch, 1 << 16);
    struct reader reader = {.ensemble = ensemble,
                            .arena = arena,
                            .scratch = &scratch,
                            .root = root,
                            .error = error};
    leat_status status = read_model(&reader);
    leat_arena_fini(&scratch);
    return status;
}
