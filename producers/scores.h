/* producers/scores.h: what may be asked of one row of scores.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_PRODUCERS_SCORES_H
#define LEAT_PRODUCERS_SCORES_H

#include <math.h>
#include <stdint.h>

/* The first of scores[n] that is not finite; n when all are. */
static inline uint32_t leat_scores_not_finite(const float *scores, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && isfinite(scores[i]))
        i++;
    return i;
}

/* The class that scores[n] speak for: the first of the largest, as numpy's argmax. */
static inline uint32_t leat_scores_label(const float *scores, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* What a score is that is not finite. */
static inline const char *leat_scores_name(float score)
{
    if (isnan(score))
        return "NaN";
    return score > 0 ? "infinity" : "-infinity";
}

#endif
