/* worker/demo/recommend_judge.h: how often what is viewed next was recommended.
 *
 * A prediction must have a ranking. The figures, over all predictions: the hit rate, the
 * share that has the item that was viewed next among its first ten; the NDCG at ten,
 * which gives 1 / log2(1 + place) for it; and the hit rates of ordering candidates by
 * their views of late, and of any order.
 */
#ifndef LEAT_WORKER_DEMO_RECOMMEND_JUDGE_H
#define LEAT_WORKER_DEMO_RECOMMEND_JUDGE_H

#include "worker/demo/world.h"

extern const leat_judge_ops leat_recommend_judge;

#endif
