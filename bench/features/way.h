/* bench/features/way.h: a way to get features from Redis, Leat's among them.
 *
 * Item i is an event of entity i. Ways that look up read eight numbers of each entity, from
 * a hash (user:I) or a packed string (pack:I); ways that aggregate count each entity's
 * events of the last hour and sum what they spend.
 */
#ifndef LEAT_BENCH_FEATURES_WAY_H
#define LEAT_BENCH_FEATURES_WAY_H

#include "bench/side/side.h"

enum { LOOKED_UP = 8, AGGREGATED = 2, MOST_WIDTH = LOOKED_UP };

typedef struct bench_way {
    const char *name;
    uint32_t width; /* LOOKED_UP or AGGREGATED */
    /* Redis is on that port of this machine. Never NULL. */
    void *(*open)(int port);
    /* out: [n][width] */
    void (*run)(void *self, uint32_t first, uint32_t n, float *out);
} bench_way;

extern const bench_way way_one_by_one_hash;
extern const bench_way way_one_by_one_packed;
extern const bench_way way_leat_hash;
extern const bench_way way_leat_packed;
extern const bench_way way_script;     /* a script call an event, 256 in a pipeline */
extern const bench_way way_keyed_cold; /* Leat's, states never in memory */
extern const bench_way way_keyed_warm; /* always in memory */
extern const bench_way way_shared;     /* an entity that is not the key */

#endif
