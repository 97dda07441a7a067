#include "base/msgpack.h"
#include "base/number.h"
#include "runtime/ensemble.h"
#include "runtime/lightgbm_tree.h"
#include "runtime/training_frame.h"

#include <string.h>

/* LightGBM's text, of versions v2 to v4.
 *
 *   tree                       a block of facts: version, num_class,
 *   version=v4                 num_tree_per_iteration, max_feature_idx, objective,
 *   ...                        feature_names; average_output stands for a random forest
 *
 *   Tree=0                     a block for each tree: lightgbm_tree.h
 *   ...
 *
 *   end of trees               v2 goes on with "feature importances:" at once
 *   ...                        importances, parameters
 *   pandas_categorical:[...]   the training frame's categories, from Python:
 *                              training_frame.h
 *
 * tree_sizes would lead to each tree; the blocks are found without it, since an editor may
 * have changed their sizes. Trees of an iteration follow one another, a group each. The
 * sum starts at 0: the average of the labels is in the first trees. */

struct reader {
    leat_ensemble *ensemble;
    leat_arena *arena;   /* of the model */
    leat_arena *scratch; /* until the model is read */
    leat_text text;      /* what is not read yet */
    leat_text_block header;
    uint32_t n_features;
    uint32_t n_groups;
    uint32_t n_trees;
    uint64_t n_nodes;
    bool is_linear;
    leat_error *error;
};

/* |x| <= kZeroThreshold counts as zero, a float in LightGBM. */
static const double zero = (double)1e-35f;

static const struct objective {
    const char *name;
    leat_link_kind link;
    bool takes_sqrt; /* "regression sqrt" was trained on square roots */
} objectives[] = {
    {"binary", LEAT_LINK_SIGMOID, false},
    {"cross_entropy", LEAT_LINK_SIGMOID, false},
    {"cross_entropy_lambda", LEAT_LINK_SOFTPLUS, false},
    {"custom", LEAT_LINK_IDENTITY, false},
    {"fair", LEAT_LINK_IDENTITY, true},
    {"gamma", LEAT_LINK_EXP, false},
    {"huber", LEAT_LINK_IDENTITY, false},
    {"lambdarank", LEAT_LINK_IDENTITY, false},
    {"mape", LEAT_LINK_IDENTITY, true},
    {"multiclass", LEAT_LINK_SOFTMAX, false},
    {"multiclassova", LEAT_LINK_SIGMOID, false},
    {"poisson", LEAT_LINK_EXP, false},
    {"quantile", LEAT_LINK_IDENTITY, true},
    {"rank_xendcg", LEAT_LINK_IDENTITY, false},
    {"regression", LEAT_LINK_IDENTITY, true},
    {"regression_l1", LEAT_LINK_IDENTITY, true},
    {"tweedie", LEAT_LINK_EXP, false},
};

static leat_status out_of_memory(struct reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "out of memory");
}

/* ---- facts */

static leat_status check_version(struct reader *reader)
{
    const leat_text *version = leat_text_find(&reader->header, "version");
    if (version && (leat_text_is(*version, "v2") || leat_text_is(*version, "v3") ||
                    leat_text_is(*version, "v4")))
        return LEAT_OK;
    leat_text found = version ? *version : (leat_text){"nothing", 7};
    return leat_error_set(reader->error, LEAT_E_UNSUPPORTED,
                          "version: found %.*s, expected v2, v3 or v4",
                          found.size < 16 ? (int)found.size : 16, found.at);
}

static leat_status read_shape(struct reader *reader)
{
    uint32_t n_classes, last_feature;
    leat_status status =
        leat_text_get_count(&reader->header, "num_class", 0, &n_classes, reader->error);
    if (!status)
        status = leat_text_get_count(&reader->header, "num_tree_per_iteration", n_classes,
                                     &reader->n_groups, reader->error);
    if (!status)
        status = leat_text_get_count(&reader->header, "max_feature_idx", UINT32_MAX,
                                     &last_feature, reader->error);
    if (status)
        return status;
    if (!n_classes || reader->n_groups != n_classes)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "num_tree_per_iteration: %u, but num_class is %u",
                              reader->n_groups, n_classes);
    if (last_feature >= INT32_MAX)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "max_feature_idx: expected the index of the last feature");
    reader->n_features = last_feature + 1;
    return LEAT_OK;
}

/* "sigmoid:0.7", "num_class:3" or "sqrt", which stand behind the objective's name. */
static leat_status read_option(struct reader *reader, const struct objective *objective,
                               leat_text option)
{
    leat_link *link = &reader->ensemble->link;
    leat_text value = option;
    leat_text name = leat_text_cut(&value, ':');
    double number = 0;
    if (objective->takes_sqrt && leat_text_is(option, "sqrt"))
        link->kind = LEAT_LINK_SQUARE;
    bool is_slope = leat_text_is(name, "sigmoid");
    bool is_count = leat_text_is(name, "num_class");
    if (!is_slope && !is_count)
        return LEAT_OK;
    leat_slice digits = {(const uint8_t *)value.at, (uint32_t)value.size};
    if (leat_number_parse(digits, &number) || !(number > 0) ||
        (is_count && number != reader->n_groups))
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "objective: found %.*s, expected %s",
                              option.size < 40 ? (int)option.size : 40, option.at,
                              is_count ? "num_class as above" : "a sigmoid above 0");
    if (is_slope)
        link->slope = number;
    return LEAT_OK;
}

static leat_status read_objective(struct reader *reader)
{
    const leat_text *line = leat_text_find(&reader->header, "objective");
    leat_text rest = line ? *line : (leat_text){"custom", 6};
    leat_text name = leat_text_cut(&rest, ' ');
    for (size_t i = 0; i < sizeof objectives / sizeof *objectives; i++) {
        if (!leat_text_is(name, objectives[i].name))
            continue;
        leat_status status = LEAT_OK;
        reader->ensemble->objective = objectives[i].name;
        reader->ensemble->link.kind = objectives[i].link;
        while (!status && rest.size)
            status = read_option(reader, &objectives[i], leat_text_cut(&rest, ' '));
        return status;
    }
    return leat_error_set(reader->error, LEAT_E_UNSUPPORTED,
                          "the objective %.*s is not supported",
                          name.size < 64 ? (int)name.size : 64, name.at);
}

static bool is_name(leat_text name)
{
    return name.size && !memchr(name.at, 0, name.size) &&
           leat_utf8_valid((const uint8_t *)name.at, name.size);
}

static leat_status read_feature_names(struct reader *reader)
{
    const leat_text *value = leat_text_find(&reader->header, "feature_names");
    if (!value || reader->n_features > value->size)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "feature_names: found %zu characters, expected %u names",
                              value ? value->size : 0, reader->n_features);
    leat_text rest = *value;
    const char **names =
        leat_arena_calloc(reader->arena, reader->n_features, sizeof *names);
    if (!names)
        return out_of_memory(reader);
    for (uint32_t i = 0; i < reader->n_features; i++) {
        leat_text name = leat_text_cut(&rest, ' ');
        bool is_last = i + 1 == reader->n_features;
        if (!is_name(name) || (is_last && rest.size))
            return leat_error_set(reader->error, LEAT_E_MODEL,
                                  "feature_names[%u]: expected %u names of UTF-8", i,
                                  reader->n_features);
        names[i] = leat_arena_strndup(reader->arena, name.at, name.size);
        if (!names[i])
            return out_of_memory(reader);
    }
    reader->ensemble->feature_names = names;
    return LEAT_OK;
}

/* ---- trees */

/* The next tree, or n = 0 where there is no more. */
static leat_status next_tree(struct reader *reader, leat_text *rest,
                             leat_text_block *block)
{
    leat_status status = leat_text_block_read(block, rest, reader->error);
    if (status)
        return status;
    if (block->n && leat_text_is(block->lines[0].name, "Tree"))
        return LEAT_OK;
    if (block->n && (leat_text_is(block->lines[0].name, "end of trees") ||
                     leat_text_is(block->lines[0].name, "feature importances:"))) {
        block->n = 0;
        return LEAT_OK;
    }
    return leat_error_set(reader->error, LEAT_E_MODEL,
                          "found %s, expected a tree or \"end of trees\"",
                          block->n ? "another block" : "the end of the file");
}

static leat_status measure_trees(struct reader *reader)
{
    leat_text rest = reader->text;
    leat_text_block block;
    leat_status status = next_tree(reader, &rest, &block);
    for (; !status && block.n; reader->n_trees++) {
        uint32_t n_leaves;
        status = leat_lightgbm_tree_leaves(&block, &n_leaves, reader->error);
        if (status)
            return status;
        reader->n_nodes += 2 * (uint64_t)n_leaves - 1;
        reader->is_linear |= leat_lightgbm_tree_is_linear(&block);
        status = next_tree(reader, &rest, &block);
    }
    if (!status && reader->n_trees % reader->n_groups)
        status = leat_error_set(reader->error, LEAT_E_MODEL,
                                "found %u trees, expected a multiple of %u",
                                reader->n_trees, reader->n_groups);
    return status;
}

static leat_status new_forest(struct reader *reader)
{
    double *base = leat_arena_calloc(reader->scratch, reader->n_groups, sizeof *base);
    if (!base)
        return out_of_memory(reader);
    leat_forest_spec spec = {
        .dtype = LEAT_F64,
        .n_trees = reader->n_trees,
        .max_nodes = reader->n_nodes,
        .n_features = reader->n_features,
        .n_groups = reader->n_groups,
        .base = base,
        .zero = zero,
        .scratch = reader->scratch,
    };
    leat_status status =
        leat_forest_new(&reader->ensemble->forest, reader->arena, &spec, reader->error);
    if (status || !reader->is_linear)
        return status;
    leat_linear_spec linear = {reader->n_trees, reader->n_features, reader->n_groups,
                               zero};
    return leat_linear_leaves_new(&reader->ensemble->linear, reader->arena, &linear,
                                  reader->error);
}

static leat_status add_tree(struct reader *reader, leat_arena *scratch,
                            const leat_text_block *block, uint32_t group)
{
    leat_tree tree;
    leat_linear_tree linear;
    leat_arena_reset(scratch);
    leat_status status = leat_lightgbm_tree_read(&tree, scratch, block, reader->error);
    tree.group = group;
    if (!status)
        status = leat_forest_add(reader->ensemble->forest, &tree, reader->error);
    if (status || !reader->is_linear)
        return status;
    status = leat_lightgbm_tree_read_linear(&linear, scratch, block, reader->error);
    linear.group = group;
    return status
               ? status
               : leat_linear_leaves_add(reader->ensemble->linear, &linear, reader->error);
}

static leat_status add_trees(struct reader *reader)
{
    leat_arena scratch;
    leat_text_block block;
    leat_arena_init(&scratch, 1 << 16);
    leat_status status = LEAT_OK;
    for (uint32_t t = 0; !status && t < reader->n_trees; t++) {
        status = next_tree(reader, &reader->text, &block);
        if (!status)
            status = add_tree(reader, &scratch, &block, t % reader->n_groups);
        if (status)
            leat_error_prefix(reader->error, "Tree=%u: ", t);
    }
    leat_arena_fini(&scratch);
    return status;
}

/* A random forest predicts the average over its iterations; raw scores are sums. */
static void read_average(struct reader *reader)
{
    if (leat_text_find(&reader->header, "average_output"))
        reader->ensemble->link.divisor = reader->n_trees / reader->n_groups;
}

/* Behind the trees, among parameters; Python alone writes it. */
static leat_text find_lists(struct reader *reader)
{
    static const char name[] = "pandas_categorical:";
    const size_t size = sizeof name - 1;
    leat_text lists = {"null", 4};
    while (reader->text.size) {
        leat_text line = leat_text_line(&reader->text);
        if (line.size > size && !memcmp(line.at, name, size))
            lists = (leat_text){line.at + size, line.size - size};
    }
    return lists;
}

static leat_status read_frame(struct reader *reader)
{
    leat_training_frame frame;
    const leat_text *infos = leat_text_find(&reader->header, "feature_infos");
    leat_status status = leat_training_frame_of_lightgbm(
        &frame, reader->n_features, infos ? *infos : (leat_text){0}, find_lists(reader),
        reader->arena, reader->scratch);
    reader->ensemble->categories = frame.categories;
    if (frame.is_unread)
        reader->ensemble->warning = LEAT_WARN_OF_CODES;
    return status ? out_of_memory(reader) : LEAT_OK;
}

static leat_status read_model(struct reader *reader)
{
    leat_status status =
        leat_text_block_read(&reader->header, &reader->text, reader->error);
    if (!status)
        status = check_version(reader);
    if (!status)
        status = read_shape(reader);
    if (!status)
        status = read_objective(reader);
    if (!status)
        status = read_feature_names(reader);
    if (!status)
        status =
            leat_forest_check_shape(reader->n_features, reader->n_groups, reader->error);
    if (!status)
        status = measure_trees(reader);
    if (!status)
        status = new_forest(reader);
    if (!status)
        status = add_trees(reader);
    if (status)
        return status;
    read_average(reader);
    return read_frame(reader);
}

leat_status leat_lightgbm_read(leat_ensemble *ensemble, leat_arena *arena,
                               const uint8_t *bytes, size_t size, leat_error *error)
{
    leat_arena scratch;
    leat_arena_init(&scratch, 1 << 16);
    ensemble->link = (leat_link){.divisor = 1, .slope = 1};
    struct reader reader = {.ensemble = ensemble,
                            .arena = arena,
                            .scratch = &scratch,
                            .text = {(const char *)bytes, size},
                            .error = error};
    leat_status status = read_model(&reader);
    leat_arena_fini(&scratch);
    return status;
}
