#include "base/msgpack.h"
#include "base/number.h"
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

/* What a dotted path leads to, or NULL. */
static const leat_doc *find(const leat_doc *value, const char *path)
{
    char name[64];
    while (*path) {
        size_t size = strcspn(path, ".");
        memcpy(name, path, size);
        name[size] = 0;
        value = leat_doc_member(value, name);
        path += size + (path[size] == '.');
    }
    return value;
}

static leat_status wrong_kind(struct reader *reader, const char *path,
                              const leat_doc *found, const char *expected)
{
    if (found && found->kind == LEAT_DOC_STRING)
        return leat_error_set(
            reader->error, LEAT_E_MODEL, "%s: found \"%.*s\", expected %s", path,
            found->count < 32 ? (int)found->count : 32, found->text, expected);
    return leat_error_set(reader->error, LEAT_E_MODEL, "%s: found %s, expected %s", path,
                          leat_doc_kind_name(found), expected);
}

static bool text_is(const leat_doc *value, const char *text)
{
    return value && value->kind == LEAT_DOC_STRING && value->count == strlen(text) &&
           !memcmp(value->text, text, value->count);
}

static leat_status get_text(struct reader *reader, const leat_doc *base, const char *path,
                            const leat_doc **text)
{
    *text = find(base, path);
    return *text && (*text)->kind == LEAT_DOC_STRING
               ? LEAT_OK
               : wrong_kind(reader, path, *text, "a string");
}

static bool to_count(const leat_doc *text, uint32_t *count)
{
    double number;
    if (!text || text->kind != LEAT_DOC_STRING || text->count > 32)
        return false;
    leat_slice digits = {(const uint8_t *)text->text, (uint32_t)text->count};
    if (leat_number_parse(digits, &number) || !(number >= 0 && number <= UINT32_MAX) ||
        number != floor(number))
        return false;
    *count = (uint32_t)number;
    return true;
}

/* A count, which XGBoost writes as a string; `absent` where an older version had none. */
static leat_status get_count(struct reader *reader, const leat_doc *base,
                             const char *path, uint32_t absent, uint32_t *count)
{
    *count = absent;
    const leat_doc *text = find(base, path);
    if (!text || to_count(text, count))
        return LEAT_OK;
    return wrong_kind(reader, path, text, "a count in a string");
}

static leat_status get_array(struct reader *reader, const leat_doc *base,
                             const char *path, size_t count, const leat_doc **array)
{
    *array = find(base, path);
    if (!leat_doc_is_array(*array))
        return wrong_kind(reader, path, *array, "an array");
    if ((*array)->count != count)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "%s: found %zu elements, expected %zu", path,
                              (*array)->count, count);
    return LEAT_OK;
}

static leat_status number_at(struct reader *reader, const char *path,
                             const leat_doc *array, size_t i, double *number)
{
    return leat_doc_number_at(array, i, number)
               ? LEAT_OK
               : leat_error_set(reader->error, LEAT_E_MODEL,
                                "%s[%zu]: found %s, expected a number", path, i,
                                leat_doc_kind_name(&array->items[i]));
}

static leat_status get_ints(struct reader *reader, const leat_doc *base, const char *path,
                            size_t count, int32_t *ints)
{
    const leat_doc *array;
    leat_status status = get_array(reader, base, path, count, &array);
    for (size_t i = 0; !status && i < count; i++) {
        double number;
        status = number_at(reader, path, array, i, &number);
        if (!status && !(number >= INT32_MIN && number <= INT32_MAX))
            status = leat_error_set(reader->error, LEAT_E_MODEL,
                                    "%s[%zu]: %g is no 32-bit integer", path, i, number);
        if (!status)
            ints[i] = (int32_t)number;
    }
    return status;
}

static leat_status get_floats(struct reader *reader, const leat_doc *base,
                              const char *path, size_t count, float *floats)
{
    const leat_doc *array;
    leat_status status = get_array(reader, base, path, count, &array);
    for (size_t i = 0; !status && i < count; i++) {
        double number = 0;
        status = number_at(reader, path, array, i, &number);
        floats[i] = (float)number;
    }
    return status;
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
    const leat_doc *name, *booster = find(reader->root, "learner.gradient_booster");
    leat_status status = get_text(reader, reader->root, path, &name);
    if (status)
        return status;
    /* From 3.3 a dart booster calls itself gbtree, and its weights tell. */
    const leat_doc *drop = find(booster, "weight_drop");
    drop = drop ? drop : find(booster, "model.weight_drop");
    if (text_is(name, "dart") || (drop && drop->count))
        return unsupported(reader, path, "dart is");
    if (text_is(name, "gblinear"))
        return unsupported(reader, path, "gblinear is");
    if (!text_is(name, "gbtree"))
        return unsupported(reader, path, "this booster is");
    const leat_doc *categories = find(booster, "model.cats.enc");
    if (categories && categories->count)
        return unsupported(reader, "learner.gradient_booster.model.cats",
                           "categorical features are");
    reader->model = find(booster, "model");
    return reader->model
               ? LEAT_OK
               : wrong_kind(reader, "learner.gradient_booster.model", NULL, "an object");
}

static leat_status read_objective(struct reader *reader, const struct objective **found)
{
    static const char path[] = "learner.objective.name";
    const leat_doc *name;
    leat_status status = get_text(reader, reader->root, path, &name);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof objectives / sizeof *objectives; i++) {
        if (text_is(name, objectives[i].name)) {
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
    const leat_doc *param = find(reader->root, "learner.learner_model_param");
    leat_status status = get_count(reader, param, "num_feature", 0, &reader->n_features);
    if (!status)
        status = get_count(reader, param, "num_class", 0, &reader->n_groups);
    if (!status)
        status = get_count(reader, param, "num_target", 1, &n_targets);
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
    const leat_doc *version = find(reader->root, "version");
    double major = 0, minor = 0;
    return leat_doc_is_array(version) && version->count >= 2 &&
           leat_doc_number_at(version, 0, &major) &&
           leat_doc_number_at(version, 1, &minor) &&
           (major > 3 || (major == 3 && minor >= 2));
}

/* False when `base` has no margin in this space. */
static bool base_margin(const struct reader *reader, base_space space, float base,
                        float *margin)
{
    if (space == BASE_PROBABILITY && clamps_base(reader) && base >= 0 && base <= 1)
        base = fminf(fmaxf(base, 1e-6f), 1.0f - 1e-6f);
    *margin = space == BASE_MARGIN     ? base
              : space == BASE_POSITIVE ? logf(base)
                                       : -logf(1.0f / base - 1.0f);
    return isfinite(*margin);
}

/* "5E-1", and from 3.1 "[5E-1,2E-1]": JSON within a string. */
static leat_status parse_base(struct reader *reader, const char *path,
                              const leat_doc **base)
{
    const leat_doc *text;
    leat_status status = get_text(reader, reader->root, path, &text);
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

/* margins: [n_groups] */
static leat_status read_base(struct reader *reader, base_space space, float *margins)
{
    static const char path[] = "learner.learner_model_param.base_score";
    const leat_doc *base;
    leat_status status = parse_base(reader, path, &base);
    for (uint32_t group = 0; !status && group < reader->n_groups; group++) {
        double number = base->number;
        if (base->kind != LEAT_DOC_NUMBER)
            status = number_at(reader, path, base, base->count == 1 ? 0 : group, &number);
        if (!status && !base_margin(reader, space, (float)number, &margins[group]))
            status = leat_error_set(reader->error, LEAT_E_MODEL,
                                    "%s: %g is out of range for %s", path, number,
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
    };
    return arrays->left && arrays->right && arrays->feature && arrays->default_left &&
                   arrays->split_type && arrays->condition
               ? LEAT_OK
               : out_of_memory(reader);
}

/* Vector leaves have arrays of other sizes, so this comes before the arrays are read. */
static leat_status check_tree_kind(struct reader *reader, const leat_doc *tree, size_t t)
{
    uint32_t leaf_size;
    leat_status status =
        get_count(reader, tree, "tree_param.size_leaf_vector", 1, &leaf_size);
    if (status)
        return status;
    if (leaf_size > 1)
        return unsupported(reader, "tree_param.size_leaf_vector", "a leaf vector is");
    const leat_doc *id = find(tree, "id");
    if (id && !(id->kind == LEAT_DOC_NUMBER && id->number == (double)t))
        return leat_error_set(reader->error, LEAT_E_MODEL, "id: expected %zu", t);
    return LEAT_OK;
}

static leat_status get_split_types(struct reader *reader, const leat_doc *tree,
                                   size_t n_nodes, int32_t *split_type)
{
    if (!find(tree, "split_type"))
        return LEAT_OK;
    leat_status status = get_ints(reader, tree, "split_type", n_nodes, split_type);
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
        status = get_ints(reader, tree, "left_children", n_nodes, arrays->left);
    if (!status)
        status = get_ints(reader, tree, "right_children", n_nodes, arrays->right);
    if (!status)
        status = get_ints(reader, tree, "split_indices", n_nodes, arrays->feature);
    if (!status)
        status = get_ints(reader, tree, "default_left", n_nodes, arrays->default_left);
    if (!status)
        status = get_floats(reader, tree, "split_conditions", n_nodes, arrays->condition);
    return status;
}

static leat_status read_tree(struct reader *reader, const leat_doc *doc, size_t t,
                             int32_t group, struct tree_arrays *arrays)
{
    static const leat_tree_words words = {"left_children", "right_children",
                                          "split_indices"};
    const leat_doc *left = find(doc, "left_children");
    size_t n_nodes = leat_doc_is_array(left) ? left->count : 0;
    leat_status status = check_tree_kind(reader, doc, t);
    if (!status)
        status = get_tree_arrays(reader, doc, n_nodes, arrays);
    if (status)
        return status;
    leat_tree tree = {
        .n_nodes = (uint32_t)n_nodes,
        .group = (uint32_t)group,
        .left = arrays->left,
        .right = arrays->right,
        .feature = arrays->feature,
        .default_left = arrays->default_left,
        .condition = arrays->condition,
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
                                   ? find(&trees->items[t], "left_children")
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
    float *base = leat_arena_calloc(reader->scratch, reader->n_groups, sizeof *base);
    if (!base)
        return out_of_memory(reader);
    leat_status status = read_base(reader, space, base);
    if (status)
        return status;
    leat_forest_spec spec = {
        .n_trees = reader->n_trees,
        .max_nodes = n_nodes,
        .n_features = reader->n_features,
        .n_groups = reader->n_groups,
        .base = base,
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
    leat_status status = get_count(reader, reader->model, "gbtree_model_param.num_trees",
                                   0, &reader->n_trees);
    if (!status)
        status = get_array(reader, reader->model, "trees", reader->n_trees, &trees);
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
    status = get_ints(reader, reader->model, "tree_info", reader->n_trees, groups);
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
    const leat_doc *array = find(reader->root, "learner.feature_names");
    if (!array || (leat_doc_is_array(array) && !array->count))
        return LEAT_OK;
    leat_status status = get_array(reader, reader->root, "learner.feature_names",
                                   reader->n_features, &array);
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
    if (!to_count(find(reader->root, "learner.attributes.best_iteration"), &best))
        return LEAT_OK;
    leat_status status = get_count(reader, reader->model,
                                   "gbtree_model_param.num_parallel_tree", 1, &parallel);
    if (status)
        return status;
    uint64_t per_round = (uint64_t)reader->n_groups * (parallel ? parallel : 1);
    uint64_t rounds = reader->n_trees / per_round;
    if ((uint64_t)best + 1 >= rounds)
        return LEAT_OK;
    reader->ensemble->warning = leat_arena_printf(
        reader->arena,
        "best_iteration %u is ignored: all %llu rounds count, as in Booster.predict; to "
        "stop there, save model[:%u]",
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
