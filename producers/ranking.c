#include "producers/ranking.h"

#include "producers/scores.h"

static double score_of(const leat_tensor *output, const leat_event *event,
                       uint32_t candidate, uint32_t score)
{
    return leat_scores_at(leat_scores_of(output, event->first + candidate), score);
}

uint32_t leat_ranking_not_finite(const leat_tensor *output, const leat_event *event,
                                 uint32_t score)
{
    uint32_t i = 0;
    while (i < event->n && isfinite(score_of(output, event, i, score)))
        i++;
    return i;
}

/* `best` stays sorted. Most candidates are worse than the last one of a few, and cost one
 * comparison. */
uint32_t leat_ranking_find(const leat_tensor *output, const leat_event *event,
                           uint32_t score, uint32_t top, leat_ranked *best)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < event->n; i++) {
        leat_ranked next = {i, score_of(output, event, i, score)};
        if (n == top && best[n - 1].score >= next.score)
            continue;
        uint32_t place = n < top ? n++ : n - 1;
        for (; place > 0 && best[place - 1].score < next.score; place--)
            best[place] = best[place - 1];
        best[place] = next;
    }
    return n;
}
