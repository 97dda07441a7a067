#include "base/msgpack.h"
#include "runtime/document_get.h"
#include "runtime/ensemble.h"
#include "runtime/training_frame.h"
#include "runtime/xgboost_tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* XGBoost's model document, of versions 1.0 to 3.x.
 *
 *   learner.learner_model_param   numbers as strings: base_score, num_class, num_target,
 *                                 num_feature
 *   learner.objective.name        decides the link function
 *   learner.gradient_booster      name "gbtree" or "dart", and the model:
 *       model.trees[]             xgboost_tree.h
 *       model.tree_info[]         the output group of a tree
 *       model.cats                from 3.1: the training frame's categories
 *
 * base_score stands in the space of the output; the trees add to its margin. From 3.1 it
 * is a list with one value a group.
 *
 * The trees of a dart have weights, one each; those that are missing at the end are 1. Up
 * to 3.2 they are gradient_booster.weight_drop and the model is gradient_booster.gbtree's;
 * 3.3 calls the booster gbtree, and from 3.4 they are model.weight_drop.
 *
 * XGBoost recodes categories only where a row comes from a data frame with categories of
 * its own. In rows of numbers they are codes already: positions in model.cats, which
 * training_frame.h reads. */

/* Paths below are dotted, from the root or from a tree, and stand in messages as they
 * are. */
struct reader {
    leat_ensemble *ensemble;
    leat_arena *arena;   /* of the model */
    leat_arena *scratch; /* until the model is read */
    const leat_doc *root;
    const leat_doc *model;   /* learner.gradient_booster.model */
    const leat_doc *weights; /* of dart, or NULL */
    uint32_t n_features;
    uint32_t n_groups;
    uint32_t n_trees;
    leat_error *error;
};

typedef enum base_space {
    BASE_MARGIN,
    BASE_PROBABILITY,
    BASE_POSITIVE,
    BASE_EXPECTILE, /* of each group but the first, how far it is above the one before */
} base_space;

static const struct objective {
    const char *name;
    leat_link_kind link;
    base_space base;
} objectives[] = {
    {"binary:hinge", LEAT_LINK_STEP, BASE_MARGIN},
    {"binary:logistic", LEAT_LINK_SIGMOID, BASE_PROBABILITY},
    {"binary:logitraw", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"count:poisson", LEAT_LINK_EXP, BASE_POSITIVE},
    {"multi:softmax", LEAT_LINK_ARGMAX, BASE_MARGIN},
    {"multi:softprob", LEAT_LINK_SOFTMAX, BASE_MARGIN},
    {"rank:map", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"rank:ndcg", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"rank:pairwise", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:absoluteerror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:expectileerror", LEAT_LINK_CUMULATE, BASE_EXPECTILE},
    {"reg:gamma", LEAT_LINK_EXP, BASE_POSITIVE},
    {"reg:linear", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:logistic", LEAT_LINK_SIGMOID, BASE_PROBABILITY},
    {"reg:pseudohubererror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:quantileerror", LEAT_LINK_SORT, BASE_MARGIN}, /* from 3.4; see read_objective */
    {"reg:squarederror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:squaredlogerror", LEAT_LINK_IDENTITY, BASE_MARGIN},
    {"reg:tweedie", LEAT_LINK_EXP, BASE_POSITIVE},
    {"survival:aft", LEAT_LINK_EXP, BASE_POSITIVE},
    {"survival:cox", LEAT_LINK_EXP, BASE_POSITIVE},
};

static leat_status out_of_memory(struct reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "out of memory");
}

/* True for a file that XGBoost major.minor or a later one wrote. */
static bool is_of(const struct reader *reader, double major, double minor)
{
    const leat_doc *version = leat_doc_find(reader->root, "version");
    double file_major = 0, file_minor = 0;
    return leat_doc_is_array(version) && version->count >= 2 &&
           leat_doc_number_at(version, 0, &file_major) &&
           leat_doc_number_at(version, 1, &file_minor) &&
           (file_major > major || (file_major == major && file_minor >= minor));
}

static leat_status find_model(struct reader *reader)
{
    static const char path[] = "learner.gradient_booster.name";
    const leat_doc *booster = leat_doc_find(reader->root, "learner.gradient_booster");
    const leat_doc *name;
    leat_status status = leat_doc_get_text(reader->root, path, &name, reader->error);
    if (status)
        return status;
    bool is_dart = leat_doc_is_text(name, "dart");
    if (!is_dart && !leat_doc_is_text(name, "gbtree"))
        return leat_error_set(reader->error, LEAT_E_UNSUPPORTED,
                              "%s: %.*s is not supported: gbtree and dart are", path,
                              name->count < 64 ? (int)name->count : 64, name->text);
    reader->model = leat_doc_find(booster, is_dart ? "gbtree.model" : "model");
    reader->weights = leat_doc_find(booster, "weight_drop");
    if (!reader->weights)
        reader->weights = leat_doc_find(reader->model, "weight_drop");
    return reader->model
               ? LEAT_OK
               : leat_doc_unexpected(is_dart ? "learner.gradient_booster.gbtree.model"
                                             : "learner.gradient_booster.model",
                                     NULL, "an object", reader->error);
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
            reader->ensemble->link.kind = objectives[i].link;
            if (objectives[i].link == LEAT_LINK_SORT && !is_of(reader, 3, 4))
                reader->ensemble->link.kind = LEAT_LINK_IDENTITY;
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
    if (n_targets > reader->n_groups)
        reader->n_groups = n_targets;
    reader->n_groups += !reader->n_groups;
    return leat_forest_check_shape(reader->n_features, reader->n_groups, reader->error);
}

/* From 3.2 a probability may be 0 or 1, and is clamped. */
static float logit(const struct reader *reader, float base)
{
    if (is_of(reader, 3, 2) && base >= 0 && base <= 1)
        base = fminf(fmaxf(base, 1e-6f), 1.0f - 1e-6f);
    return -logf(1.0f / base - 1.0f);
}

/* The inverse of log(1 + exp(x)). */
static float softplus_inverse(float x)
{
    x = fmaxf(x, 1e-6f);
    return x + logf(-expm1f(-x));
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

/* `below` is the base score of the group before; NaN for the first. */
static float base_margin(const struct reader *reader, base_space space, float base,
                         float below)
{
    switch (space) {
    case BASE_PROBABILITY:
        return logit(reader, base);
    case BASE_POSITIVE:
        return logf(base);
    case BASE_EXPECTILE:
        return isnan(below) ? base : softplus_inverse(base - below - 1e-6f);
    case BASE_MARGIN:
        break;
    }
    return base;
}

/* margins: [n_groups] */
static leat_status read_base(struct reader *reader, base_space space, double *margins)
{
    static const char path[] = "learner.learner_model_param.base_score";
    const leat_doc *base;
    leat_status status = parse_base(reader, path, &base);
    float below = NAN;
    for (uint32_t group = 0; !status && group < reader->n_groups; group++) {
        float score = base_of(base, group);
        float margin = base_margin(reader, space, score, below);
        if (!isfinite(margin))
            status = leat_error_set(reader->error, LEAT_E_MODEL,
                                    "%s: %g is out of range for %s", path, (double)score,
                                    reader->ensemble->objective);
        margins[group] = (double)margin;
        below = score;
    }
    return status;
}

/* ---- trees */

/* Nodes of all trees. */
static leat_status count_nodes(struct reader *reader, const leat_doc *trees,
                               uint64_t *n_nodes)
{
    *n_nodes = 0;
    for (size_t t = 0; t < trees->count; t++) {
        const leat_doc *left = trees->kind == LEAT_DOC_ARRAY
                                   ? leat_doc_find(&trees->items[t], "left_children")
                                   : NULL;
        if (!leat_doc_is_array(left) || left->count > INT32_MAX)
            return leat_error_set(reader->error, LEAT_E_MODEL,
                                  "trees[%zu].left_children: found %s, expected an array",
                                  t, leat_doc_kind_name(left));
        *n_nodes += left->count;
    }
    return LEAT_OK;
}

static leat_status new_forest(struct reader *reader, base_space space,
                              const leat_doc *trees)
{
    uint64_t n_nodes;
    double *base = leat_arena_calloc(reader->scratch, reader->n_groups, sizeof *base);
    leat_status status = base ? read_base(reader, space, base) : out_of_memory(reader);
    if (!status)
        status = count_nodes(reader, trees, &n_nodes);
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

/* weights: [n_trees] */
static leat_status read_weights(struct reader *reader, double *weights)
{
    const leat_doc *array = reader->weights;
    for (size_t t = 0; t < reader->n_trees; t++)
        weights[t] = 1;
    if (!array)
        return LEAT_OK;
    if (!leat_doc_is_array(array) || array->count > reader->n_trees)
        return leat_doc_unexpected("weight_drop", array, "a weight for each tree",
                                   reader->error);
    leat_status status = LEAT_OK;
    for (size_t t = 0; !status && t < array->count; t++)
        status = leat_doc_get_number("weight_drop", array, t, &weights[t], reader->error);
    return status;
}

/* Tree t; what its arrays need is given back with the next. */
static leat_status add_tree(struct reader *reader, leat_arena *scratch,
                            const leat_doc *doc, size_t t, int32_t group, double weight)
{
    leat_tree tree;
    const leat_doc *id = leat_doc_find(doc, "id");
    if (id && !(id->kind == LEAT_DOC_NUMBER && id->number == (double)t))
        return leat_error_set(reader->error, LEAT_E_MODEL, "id: expected %zu", t);
    leat_arena_reset(scratch);
    leat_status status =
        leat_xgboost_tree_read(&tree, scratch, doc, weight, reader->error);
    if (status)
        return status;
    tree.group = (uint32_t)group;
    return leat_forest_add(reader->ensemble->forest, &tree, reader->error);
}

static leat_status add_trees(struct reader *reader, const leat_doc *trees,
                             const int32_t *groups, const double *weights)
{
    leat_arena scratch;
    leat_arena_init(&scratch, 1 << 16);
    leat_status status = LEAT_OK;
    for (size_t t = 0; !status && t < reader->n_trees; t++) {
        status = add_tree(reader, &scratch, &trees->items[t], t, groups[t], weights[t]);
        if (status)
            leat_error_prefix(reader->error, "trees[%zu].", t);
    }
    leat_arena_fini(&scratch);
    return status;
}

static leat_status read_trees(struct reader *reader, base_space space)
{
    const leat_doc *trees;
    leat_status status = leat_doc_get_count(reader->model, "gbtree_model_param.num_trees",
                                            0, &reader->n_trees, reader->error);
    if (!status)
        status = leat_doc_get_array(reader->model, "trees", reader->n_trees, &trees,
                                    reader->error);
    if (!status)
        status = new_forest(reader, space, trees);
    if (status)
        return status;
    int32_t *groups = leat_arena_calloc(reader->scratch, reader->n_trees, sizeof *groups);
    double *weights =
        leat_arena_calloc(reader->scratch, reader->n_trees, sizeof *weights);
    if (!groups || !weights)
        return out_of_memory(reader);
    status = leat_doc_get_ints(reader->model, "tree_info", reader->n_trees, groups,
                               reader->error);
    if (!status)
        status = read_weights(reader, weights);
    return status ? status : add_trees(reader, trees, groups, weights);
}

/* ---- what people should know */

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

static leat_status warn(struct reader *reader, const char *text)
{
    const char *before = reader->ensemble->warning;
    reader->ensemble->warning = leat_arena_printf(
        reader->arena, "%s%s%s", before ? before : "", before ? "; " : "", text);
    return reader->ensemble->warning ? LEAT_OK : out_of_memory(reader);
}

/* Booster.predict scores with all trees, early stopping or not; users of the scikit-learn
 * wrapper, which stops at the best iteration, should know. */
static leat_status warn_of_best_iteration(struct reader *reader)
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
    char text[160];
    snprintf(text, sizeof text,
             "best_iteration %u is ignored: all %llu rounds count, as in "
             "Booster.predict; to stop there, save booster[:%u]",
             best, (unsigned long long)rounds, best + 1);
    return warn(reader, text);
}

static leat_status read_frame(struct reader *reader)
{
    leat_training_frame frame;
    leat_status status = leat_training_frame_of_xgboost(
        &frame, reader->n_features, leat_doc_find(reader->model, "cats.enc"),
        reader->arena);
    reader->ensemble->categories = frame.categories;
    if (status)
        return out_of_memory(reader);
    return frame.is_unread ? warn(reader, LEAT_WARN_OF_CODES) : LEAT_OK;
}

static leat_status read_facts(struct reader *reader)
{
    leat_status status = warn_of_best_iteration(reader);
    return status ? status : read_frame(reader);
}

static leat_status read_model(struct reader *reader)
{
    const struct objective *objective = NULL;
    leat_status status = find_model(reader);
    if (!status)
        status = read_objective(reader, &objective);
    if (!status)
        status = read_shape(reader);
    if (!status)
        status = read_trees(reader, objective->base);
    if (!status)
        status = read_feature_names(reader);
    return status ? status : read_facts(reader);
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
