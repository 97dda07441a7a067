#include "runtime/model.h"

#include "runtime/ensemble.h"
#include "runtime/network.h"
#include "runtime/sha256.h"
#include "runtime/sniff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct leat_model {
    leat_arena arena;
    leat_ensemble ensemble;
    leat_network *network; /* or NULL, and the ensemble is what there is */
    const char *format;
    char digest[LEAT_SHA256_TEXT];
    leat_tensor_spec input;
    leat_tensor_spec output;
    leat_output_kind kind;
    uint64_t file_bytes;
};

static leat_status check_digest(const leat_model *model,
                                const leat_model_options *options, leat_error *error)
{
    if (!options || !options->sha256 || !strcasecmp(options->sha256, model->digest))
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_MODEL, "sha256 is %s, but %s is pinned",
                          model->digest, options->sha256);
}

/* Documents that are JSON and models, but of somebody else. */
static leat_status check_root(const leat_doc *root, leat_error *error)
{
    static const struct {
        const char *key, *what;
    } strangers[] = {
        {"oblivious_trees", "CatBoost's JSON is not supported"},
        {"tree_info", "this is LightGBM's dump_model: use save_model(\"model.txt\")"},
        {"Model", "this is a pickled XGBoost buffer: use save_model(\"model.json\")"},
    };
    if (leat_doc_member(root, "learner"))
        return LEAT_OK;
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (leat_doc_member(root, strangers[i].key))
            return leat_error_set(error, LEAT_E_UNSUPPORTED, "%s", strangers[i].what);
    return leat_error_set(
        error, LEAT_E_MODEL,
        "no key \"learner\": expected what XGBoost's save_model writes");
}

static const char *const formats[] = {
    [LEAT_KIND_JSON] = "XGBoost JSON",
    [LEAT_KIND_UBJSON] = "XGBoost UBJSON",
    [LEAT_KIND_LIGHTGBM] = "LightGBM text",
    [LEAT_KIND_ONNX] = "ONNX",
};

static leat_status read_onnx(leat_model *model, const uint8_t *bytes, size_t size,
                             leat_error *error)
{
    leat_network *network = leat_arena_alloc(&model->arena, sizeof *network);
    if (!network)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_status status = leat_network_init(network, bytes, size, error);
    if (!status)
        model->network = network;
    return status;
}

static leat_status read_document(leat_model *model, leat_model_kind kind,
                                 const uint8_t *bytes, size_t size, leat_error *error)
{
    leat_arena scratch;
    leat_arena_init(&scratch, 1 << 16);
    const leat_doc *root;
    leat_status status = kind == LEAT_KIND_JSON
                             ? leat_json_read(&root, &scratch, bytes, size, error)
                             : leat_ubjson_read(&root, &scratch, bytes, size, error);
    if (!status)
        status = check_root(root, error);
    if (!status)
        status = leat_xgboost_read(&model->ensemble, &model->arena, root, error);
    leat_arena_fini(&scratch);
    return status;
}

static leat_status read_bytes(leat_model *model, const uint8_t *bytes, size_t size,
                              leat_error *error)
{
    leat_model_kind kind;
    leat_status status = leat_sniff(&kind, bytes, size, error);
    if (status)
        return status;
    model->format = formats[kind];
    switch (kind) {
    case LEAT_KIND_ONNX:
        return read_onnx(model, bytes, size, error);
    case LEAT_KIND_LIGHTGBM:
        return leat_lightgbm_read(&model->ensemble, &model->arena, bytes, size, error);
    case LEAT_KIND_JSON:
    case LEAT_KIND_UBJSON:
        break;
    }
    return read_document(model, kind, bytes, size, error);
}

static void describe_network(leat_model *model)
{
    model->output = model->network->output;
    model->kind = model->output.shape[1] > 1 ? LEAT_OUTPUT_SCORES : LEAT_OUTPUT_SCORE;
}

static void describe_ensemble(leat_model *model)
{
    leat_forest_facts facts = leat_forest_describe(model->ensemble.forest);
    uint32_t width = leat_link_width(&model->ensemble.link, facts.n_groups);
    model->input = (leat_tensor_spec){.name = "features",
                                      .dtype = facts.dtype,
                                      .rank = 2,
                                      .shape = {0, facts.n_features}};
    model->output = (leat_tensor_spec){
        .name = "scores", .dtype = facts.dtype, .rank = 2, .shape = {0, width}};
    model->kind = model->ensemble.link.kind == LEAT_LINK_ARGMAX ? LEAT_OUTPUT_LABEL
                  : width > 1                                   ? LEAT_OUTPUT_SCORES
                                                                : LEAT_OUTPUT_SCORE;
}

leat_status leat_model_parse(leat_model **out, const void *bytes, size_t size,
                             const leat_model_options *options, leat_error *error)
{
    leat_error ignored;
    error = error ? error : &ignored;
    leat_model *model = calloc(1, sizeof *model);
    if (!model)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_arena_init(&model->arena, 1 << 12);
    model->file_bytes = size;
    leat_sha256(bytes, size, model->digest);
    leat_status status = check_digest(model, options, error);
    if (!status)
        status = read_bytes(model, bytes, size, error);
    if (status) {
        leat_model_free(model);
        return status;
    }
    if (model->network)
        describe_network(model);
    else
        describe_ensemble(model);
    *out = model;
    return LEAT_OK;
}

static leat_status cannot(const char *what, leat_error *error)
{
    return leat_error_set(error, LEAT_E_NO_INPUT, "cannot %s: %s", what, strerror(errno));
}

static leat_status read_whole(int file, uint8_t **bytes, size_t *size, leat_error *error)
{
    struct stat facts;
    if (fstat(file, &facts))
        return cannot("read", error);
    if (!S_ISREG(facts.st_mode))
        return leat_error_set(error, LEAT_E_NO_INPUT, "not a file");
    *size = (size_t)facts.st_size;
    *bytes = malloc(*size + !*size);
    if (!*bytes)
        return leat_error_set(error, LEAT_E_MEMORY, "%zu bytes: out of memory", *size);
    for (size_t at = 0; at < *size;) {
        ssize_t got = read(file, *bytes + at, *size - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot("read", error);
        if (!got)
            return leat_error_set(error, LEAT_E_NO_INPUT,
                                  "the file became shorter while it was read");
        at += (size_t)got;
    }
    return LEAT_OK;
}

leat_status leat_model_open(leat_model **model, const char *path,
                            const leat_model_options *options, leat_error *error)
{
    leat_error ignored;
    error = error ? error : &ignored;
    uint8_t *bytes = NULL;
    size_t size = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    leat_status status =
        file < 0 ? cannot("open", error) : read_whole(file, &bytes, &size, error);
    if (file >= 0)
        close(file);
    if (!status)
        status = leat_model_parse(model, bytes, size, options, error);
    free(bytes);
    return status ? leat_error_prefix(error, "%s: ", path) : LEAT_OK;
}

void leat_model_free(leat_model *model)
{
    if (!model)
        return;
    if (model->network)
        leat_network_fini(model->network);
    leat_arena_fini(&model->arena);
    free(model);
}

const char *leat_model_format(const leat_model *model)
{
    return model->format;
}

const char *leat_model_objective(const leat_model *model)
{
    return model->ensemble.objective;
}

const char *leat_model_digest(const leat_model *model)
{
    return model->digest;
}

uint32_t leat_model_n_inputs(const leat_model *model)
{
    return model->network ? model->network->graph.n_inputs : 1;
}

const leat_tensor_spec *leat_model_inputs(const leat_model *model)
{
    return model->network ? model->network->inputs : &model->input;
}

const leat_tensor_spec *leat_model_output(const leat_model *model)
{
    return &model->output;
}

leat_output_kind leat_model_output_kind(const leat_model *model)
{
    return model->kind;
}

const char *const *leat_model_feature_names(const leat_model *model)
{
    return model->ensemble.feature_names;
}

leat_model_categories leat_model_column_categories(const leat_model *model, uint32_t i)
{
    return model->ensemble.categories ? model->ensemble.categories[i]
                                      : (leat_model_categories){0};
}

static void add_network_facts(const leat_network *network, leat_model_facts *facts)
{
    facts->memory_bytes += sizeof *network + leat_arena_footprint(&network->graph.arena);
    facts->n_parameters = network->n_parameters;
    facts->n_operators = network->n_operators;
    facts->operators = network->operators;
}

static void add_forest_facts(const leat_forest *forest, leat_model_facts *facts)
{
    const leat_forest_facts trees = leat_forest_describe(forest);
    facts->n_trees = trees.n_trees;
    facts->n_leaves = trees.n_leaves;
    facts->max_depth = trees.max_depth;
}

void leat_model_describe(const leat_model *model, leat_model_facts *facts)
{
    *facts = (leat_model_facts){
        .file_bytes = model->file_bytes,
        .memory_bytes = sizeof *model + leat_arena_footprint(&model->arena),
        .warning = model->ensemble.warning,
    };
    if (model->network)
        add_network_facts(model->network, facts);
    else
        add_forest_facts(model->ensemble.forest, facts);
}

const leat_network *leat_model_network(const leat_model *model)
{
    return model->network;
}

const leat_ensemble *leat_model_ensemble(const leat_model *model)
{
    return &model->ensemble;
}
