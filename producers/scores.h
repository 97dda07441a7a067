/* producers/scores.h: the scores of one row, float32 or float64 as the model gives them,
 * and what may be asked of them.
 *
 * Owns:    nothing; a view of the output tensor.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_PRODUCERS_SCORES_H
#define LEAT_PRODUCERS_SCORES_H

#include "base/tensor.h"

#include <math.h>

typedef struct leat_scores {
    leat_dtype dtype; /* F32 or F64 */
    uint32_t n;
    const void *data; /* [n] */
} leat_scores;

static inline leat_scores leat_scores_of(const leat_tensor *output, uint32_t row)
{
    leat_dtype dtype = output->spec->dtype;
    size_t offset = (size_t)row * output->row_size * leat_dtype_size(dtype);
    return (leat_scores){dtype, output->row_size, (const char *)output->data + offset};
}

/* Exact: a double holds every float. */
static inline double leat_scores_at(leat_scores scores, uint32_t i)
{
    return scores.dtype == LEAT_F64 ? ((const double *)scores.data)[i]
                                    : (double)((const float *)scores.data)[i];
}

/* The first that is not finite; n when all are. */
static inline uint32_t leat_scores_not_finite(leat_scores scores)
{
    uint32_t i = 0;
    while (i < scores.n && isfinite(leat_scores_at(scores, i)))
        i++;
    return i;
}

/* The class that they speak for: the first of the largest, as numpy's argmax. */
static inline uint32_t leat_scores_label(leat_scores scores)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < scores.n; i++)
        if (leat_scores_at(scores, i) > leat_scores_at(scores, best))
            best = i;
    return best;
}

/* What a score is that is not finite. */
static inline const char *leat_score_name(double score)
{
    if (isnan(score))
        return "NaN";
    return score > 0 ? "infinity" : "-infinity";
}

#endif
