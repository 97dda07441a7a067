/* producers/ranking.h: the best candidates of an event.
 *
 * By descending score; of equal ones the first in the event comes first.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_PRODUCERS_RANKING_H
#define LEAT_PRODUCERS_RANKING_H

#include "base/batch.h"

typedef struct leat_ranked {
    uint32_t candidate; /* its place in the event */
    double score;
} leat_ranked;

/* best: [top]; returns how many there are. `score` says which of a row's scores counts; all
 * of them are finite. */
uint32_t leat_ranking_find(const leat_tensor *output, const leat_event *event,
                           uint32_t score, uint32_t top, leat_ranked *best);

/* The first candidate whose score is not finite; event->n when all are. */
uint32_t leat_ranking_not_finite(const leat_tensor *output, const leat_event *event,
                                 uint32_t score);

#endif
