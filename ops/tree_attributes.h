/* ops/tree_attributes.h: the attributes of the tree operators of ai.onnx.ml as an ensemble.
 *
 * Versions 1 to 3 have parallel arrays of nodes under ids of any kind; version 5 has inner
 * nodes and leaves apart, under their places. Everything is checked here but the shape of
 * the trees, which leat_tree_ensemble_plant() sees to.
 *
 * Owns:    nothing; the ensemble lives in `scratch`.
 * Threads: one (main).
 * Fails:   E_MODEL, E_UNSUPPORTED, E_MEMORY.
 * Source:  https://onnx.ai/onnx/operators/ (TreeEnsembleRegressor, TreeEnsemble)
 */
#ifndef LEAT_OPS_TREE_ATTRIBUTES_H
#define LEAT_OPS_TREE_ATTRIBUTES_H

#include "ops/operator.h"
#include "ops/tree_ensemble.h"

/* Both want dtype and n_targets set. `side` is "target" or "class", as in class_weights. */
leat_status leat_tree_attributes_load(leat_node *node, const char *side,
                                      leat_arena *scratch,
                                      leat_tree_ensemble *ensemble) LEAT_MUST_CHECK;
leat_status leat_tree_attributes_load_5(leat_node *node, leat_arena *scratch,
                                        leat_tree_ensemble *ensemble) LEAT_MUST_CHECK;

/* A list of numbers, as floats under that name or as a tensor of at most the precision of
 * `dtype` under `tensor`. */
leat_status leat_tree_numbers(leat_node *node, const char *name, const char *tensor,
                              leat_dtype dtype, leat_arena *arena, double **numbers,
                              size_t *n) LEAT_MUST_CHECK;

/* Integers of which there must be as many. */
leat_status leat_tree_ints(leat_node *node, const char *name, size_t expected,
                           const int64_t **ints) LEAT_MUST_CHECK;

/* "attribute x: found 3 elements, expected 4" */
leat_status leat_tree_bad_length(leat_node *node, const char *name, size_t found,
                                 size_t expected);

/* A feature's number, noted in n_features. */
leat_status leat_tree_feature(leat_node *node, int64_t feature,
                              leat_tree_ensemble *ensemble,
                              uint32_t *found) LEAT_MUST_CHECK;

#endif
