/* runtime/training_frame.h: categories of the data frame that a model was trained on, as XGBoost
 * and LightGBM keep them in their files.
 *
 *   XGBoost, from 3.1    model.cats.enc: an object a feature; with "offsets" into the bytes
 *                        that "values" are, it is strings, else whole numbers
 *   LightGBM             pandas_categorical: a JSON array for each categorical column of
 *                        the frame; which columns these are is said by feature_infos
 *
 * A number is kept as its digits. What cannot be trusted is left unread, and such columns
 * take codes:
 *
 *   XGBoost              strings beyond ASCII: 3.2 counts characters where it means bytes
 *   LightGBM             other than as many lists as there are categorical columns: nobody
 *                        can tell whose they are
 *
 * Owns:    names live in the model's arena.
 * Threads: any.
 * Fails:   E_MEMORY; what is malformed is left unread as well, since trees do not need it.
 */
#ifndef LEAT_RUNTIME_TRAINING_FRAME_H
#define LEAT_RUNTIME_TRAINING_FRAME_H

#include "runtime/document.h"
#include "runtime/model.h"
#include "runtime/text_block.h"

typedef struct leat_training_frame {
    const leat_model_categories *categories; /* [n_features], or NULL: there are none */
    bool is_unread; /* some columns have categories that the file does not make clear */
} leat_training_frame;

/* `enc`: of model.cats, or NULL. */
leat_status leat_training_frame_of_xgboost(leat_training_frame *frame,
                                           uint32_t n_features, const leat_doc *enc,
                                           leat_arena *arena) LEAT_MUST_CHECK;

/* `infos`: the value of feature_infos; `lists`: what stands behind pandas_categorical. */
leat_status leat_training_frame_of_lightgbm(leat_training_frame *frame,
                                            uint32_t n_features, leat_text infos,
                                            leat_text lists, leat_arena *arena,
                                            leat_arena *scratch) LEAT_MUST_CHECK;

#endif
