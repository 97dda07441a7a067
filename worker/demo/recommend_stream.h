/* worker/demo/recommend_stream.h: views in a shop, and what is viewed next.
 *
 * An event says who views which item, and has a hundred candidates to show beside it, as a
 * retrieval would find them: from the user's favourite clusters, by popularity, and at
 * random. One of them is what the user views next. Its key is the user's id.
 *
 * An event's truth: the item that is viewed next. Its guess: the place of this item, from
 * 1 on, where candidates are ordered by their views of late.
 */
#ifndef LEAT_WORKER_DEMO_RECOMMEND_STREAM_H
#define LEAT_WORKER_DEMO_RECOMMEND_STREAM_H

#include "worker/demo/world.h"

#define LEAT_RECOMMEND_ID     "view_id"
#define LEAT_RECOMMEND_PREFIX "v-"

enum { LEAT_RECOMMEND_CANDIDATES = 100 };

extern const leat_stream_ops leat_recommend_stream;

#endif
