/* runtime/lightgbm_tree.h: one tree of LightGBM's text, as a forest takes it.
 *
 *   left_child, right_child   of n - 1 splits: a split, or ~leaf below 0
 *   decision_type             bit 0 categorical, bit 1 default left, bits 2 and 3 what is
 *                             missing: nothing (NaN counts as zero), zero, NaN
 *   threshold                 x <= threshold goes left; of a categorical split, which
 *                             list of categories
 *   cat_boundaries            list i is words [i] .. [i + 1) of cat_threshold, a bit a
 *                             category; a category that is listed goes left, all else and
 *                             NaN right
 *   leaf_value                of n leaves
 *   leaf_const, num_features, leaf_features, leaf_coeff   where is_linear is 1
 *
 * A category is the number cut to an integer, so that 0 is all of (-1, 1). The forest's
 * node ids are the splits and then the leaves.
 *
 * Internal to lightgbm.c.
 *
 * Owns:    nothing; the tree's arrays live in `scratch`, the caller's.
 * Threads: one.
 * Fails:   E_MODEL with the name and the element, E_MEMORY.
 */
#ifndef LEAT_RUNTIME_LIGHTGBM_TREE_H
#define LEAT_RUNTIME_LIGHTGBM_TREE_H

#include "ops/forest.h"
#include "ops/linear_leaves.h"
#include "runtime/text_block.h"

/* num_leaves, once leaf_value is known to be long enough for so many. */
leat_status leat_lightgbm_tree_leaves(const leat_text_block *block, uint32_t *n_leaves,
                                      leat_error *error) LEAT_MUST_CHECK;

bool leat_lightgbm_tree_is_linear(const leat_text_block *block);

/* All of `tree` is filled in but its group. */
leat_status leat_lightgbm_tree_read(leat_tree *tree, leat_arena *scratch,
                                    const leat_text_block *block,
                                    leat_error *error) LEAT_MUST_CHECK;

/* The same for its leaves; those of a tree that is not linear are constants. */
leat_status leat_lightgbm_tree_read_linear(leat_linear_tree *tree, leat_arena *scratch,
                                           const leat_text_block *block,
                                           leat_error *error) LEAT_MUST_CHECK;

#endif
