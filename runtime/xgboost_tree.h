/* runtime/xgboost_tree.h: one tree of XGBoost's document, as a forest takes it.
 *
 *   left_children, right_children   -1: a leaf; right is not always left + 1
 *   split_indices                   the feature
 *   split_conditions                x < condition goes left; of a leaf, its value.
 *                                   (base_weights look like leaf values and are not.)
 *   default_left                    where NaN goes
 *   split_type                      0, or 1: categorical; absent before 1.3
 *   categories_nodes[k]             a categorical node, ascending, which sends to the
 *                                   right categories[segments[k] .. + sizes[k])
 *
 * A category is a number cut to an integer in [0, 2^24); what is none goes left.
 *
 * Internal to xgboost.c.
 *
 * Owns:    nothing; the tree's arrays live in `scratch`, the caller's.
 * Threads: one.
 * Fails:   E_MODEL with the array and the element, E_UNSUPPORTED, E_MEMORY.
 */
#ifndef LEAT_RUNTIME_XGBOOST_TREE_H
#define LEAT_RUNTIME_XGBOOST_TREE_H

#include "ops/forest.h"
#include "runtime/document.h"

/* Leaves are multiplied by `weight` in float32, as DART does. All of `tree` is filled in
 * but its group. */
leat_status leat_xgboost_tree_read(leat_tree *tree, leat_arena *scratch,
                                   const leat_doc *doc, double weight,
                                   leat_error *error) LEAT_MUST_CHECK;

#endif
