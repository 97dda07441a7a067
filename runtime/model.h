/* runtime/model.h: a trained model, opened by its content.
 *
 * The kind is sniffed from the bytes, never from the name: XGBoost JSON or UBJSON, LightGBM
 * text and ONNX; pickle, PMML and others are recognised and refused by name. A model is
 * validated whole before it is returned: no file can crash a run.
 *
 * Owns:    its arena, until free.
 * Threads: open and free: main; everything else: any, the model is immutable.
 * Fails:   E_NO_INPUT (with errno's text), E_MODEL (malformed, or not like `options` ask),
 *          E_UNSUPPORTED (a kind or feature that is named), E_MEMORY. The message begins
 *          with the path and names the place in the file ("trees[3].split_indices[7]").
 */
#ifndef LEAT_RUNTIME_MODEL_H
#define LEAT_RUNTIME_MODEL_H

#include "base/error.h"
#include "base/tensor.h"

typedef struct leat_model leat_model;

typedef struct leat_model_options {
    const char *sha256; /* 64 hex digits that the file must have; NULL: any */
} leat_model_options;

/* How the output's elements are to be read. */
typedef enum leat_output_kind {
    LEAT_OUTPUT_SCORE,  /* one score a row */
    LEAT_OUTPUT_SCORES, /* one score a class, row-major [rows][n_outputs] */
    LEAT_OUTPUT_LABEL,  /* one class index a row, as a float of the output's type
                           (multi:softmax) */
} leat_output_kind;

leat_status leat_model_open(leat_model **model, const char *path,
                            const leat_model_options *options,
                            leat_error *error) LEAT_MUST_CHECK;

/* The same from memory, which the caller keeps; messages begin without a path. */
leat_status leat_model_parse(leat_model **model, const void *bytes, size_t size,
                             const leat_model_options *options,
                             leat_error *error) LEAT_MUST_CHECK;

void leat_model_free(leat_model *model);

/* "XGBoost JSON", "XGBoost UBJSON", "LightGBM text", "ONNX". */
const char *leat_model_format(const leat_model *model);

/* The training objective by the framework's own name, "binary:logistic"; NULL where the
 * file names none. */
const char *leat_model_objective(const leat_model *model);

/* sha256 of the file, 64 lower-case hex digits. */
const char *leat_model_digest(const leat_model *model);

/* The inputs that it wants: one f32 or f64 [rows, num_feature] for a forest, one or more
 * of any type for a graph. */
uint32_t leat_model_n_inputs(const leat_model *model);
const leat_tensor_spec *leat_model_inputs(const leat_model *model);

/* The one output: f32 or f64 [rows, n_outputs]. */
const leat_tensor_spec *leat_model_output(const leat_model *model);
leat_output_kind leat_model_output_kind(const leat_model *model);

/* Names of the columns of input 0 as the model carries them, or NULL when it has none. */
const char *const *leat_model_feature_names(const leat_model *model);

/* What a column of strings was trained with: the place of a string is the number that the
 * model knows it by. */
typedef struct leat_model_categories {
    uint32_t n; /* 0: none, or the file does not say */
    const char *const *names;
} leat_model_categories;

/* Of column i of input 0. */
leat_model_categories leat_model_column_categories(const leat_model *model, uint32_t i);

/* How many nodes of a graph are of one type. */
typedef struct leat_operator_count {
    const char *name;
    uint32_t n;
} leat_operator_count;

/* Facts for people and for `leat model --json`. */
typedef struct leat_model_facts {
    uint64_t file_bytes;
    uint64_t memory_bytes;

    /* trees */
    uint32_t n_trees;
    uint32_t n_leaves;
    uint32_t max_depth;

    /* a graph, as it is run: constants folded, patterns fused */
    uint64_t n_parameters;                /* elements of its constants */
    uint32_t n_operators;                 /* 0: no graph */
    const leat_operator_count *operators; /* [n_operators], the most frequent first */

    const char *warning; /* what a user should know, or NULL */
} leat_model_facts;
void leat_model_describe(const leat_model *model, leat_model_facts *facts);

#endif
