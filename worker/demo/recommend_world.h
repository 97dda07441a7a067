/* worker/demo/recommend_world.h: the items of a shop, and what people like.
 *
 * Items lie in clusters and differ in popularity; each has a few that are looked at after
 * it. A user has favourite clusters and is in the mood for one of them, for a while. What
 * a user views next depends on the item before, the mood, the favourites, and what
 * everybody views.
 *
 * There is one shop, since a model knows its items by number; its users follow from the
 * state of a random source.
 */
#ifndef LEAT_WORKER_DEMO_RECOMMEND_WORLD_H
#define LEAT_WORKER_DEMO_RECOMMEND_WORLD_H

#include "worker/demo/random.h"
#include "worker/demo/world.h"

enum {
    LEAT_SHOP_USERS = 2000,
    LEAT_SHOP_ITEMS = 1000, /* from 1 on: 0 pads a history */
    LEAT_SHOP_CLUSTERS = 40,
    LEAT_SHOP_SHELF = LEAT_SHOP_ITEMS / LEAT_SHOP_CLUSTERS, /* items of a cluster */
    LEAT_SHOP_FAVOURITES = 3,
    LEAT_SHOP_FOLLOWERS = 4,
};

typedef struct leat_shop_item {
    uint32_t cluster;
    double popularity;
    uint32_t followers[LEAT_SHOP_FOLLOWERS];
} leat_shop_item;

typedef struct leat_shop_user {
    uint32_t favourites[LEAT_SHOP_FAVOURITES]; /* clusters */
    uint32_t mood;                             /* a cluster */
    uint32_t at;                               /* the item that is viewed */
} leat_shop_user;

typedef struct leat_shop {
    leat_shop_item items[LEAT_SHOP_ITEMS + 1];
    uint32_t shelves[LEAT_SHOP_CLUSTERS][LEAT_SHOP_SHELF]; /* items of each cluster */
    double sums[LEAT_SHOP_CLUSTERS][LEAT_SHOP_SHELF];      /* of popularity, so far */
    double all[LEAT_SHOP_CLUSTERS];                        /* likewise, of clusters */
    leat_shop_user users[LEAT_SHOP_USERS];
} leat_shop;

void leat_shop_make(leat_shop *shop, leat_random *random);

/* By popularity: of all items, or of one cluster. */
uint32_t leat_shop_draw(const leat_shop *shop, leat_random *random);
uint32_t leat_shop_draw_from(const leat_shop *shop, leat_random *random,
                             uint32_t cluster);

/* The item that the user views behind the present one; moods may change. */
uint32_t leat_shop_next(const leat_shop *shop, leat_random *random, leat_shop_user *user);

/* What Redis knows of an item: "item:318" with its views of late. */
void leat_shop_profile(const leat_shop *shop, uint32_t item, leat_profile *profile);

#endif
