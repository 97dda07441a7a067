#include "worker/demo/recommend_world.h"

#include <stdio.h>

#define SHOP_SEED         17
#define POPULARITY_SPREAD 0.9 /* of the logarithm */
#define MOOD_CHANGE       0.1

/* What leads to the next item; the rest is what everybody views. */
#define BY_ITEM       0.35
#define BY_MOOD       0.4
#define BY_FAVOURITES 0.17

/* The place in rising sums that a random share of the whole falls into. */
static uint32_t draw(leat_random *random, const double *sums, uint32_t n)
{
    double share = leat_random_unit(random) * sums[n - 1];
    uint32_t at = 0;
    while (at + 1 < n && sums[at] <= share)
        at++;
    return at;
}

uint32_t leat_shop_draw_from(const leat_shop *shop, leat_random *random, uint32_t cluster)
{
    return shop->shelves[cluster][draw(random, shop->sums[cluster], LEAT_SHOP_SHELF)];
}

uint32_t leat_shop_draw(const leat_shop *shop, leat_random *random)
{
    return leat_shop_draw_from(shop, random, draw(random, shop->all, LEAT_SHOP_CLUSTERS));
}

/* ---- making ---- */

/* Numbers say nothing of clusters: they are dealt out like cards. */
static void deal_items(leat_shop *shop, leat_random *random)
{
    uint32_t *dealt = &shop->shelves[0][0];
    for (uint32_t i = 0; i < LEAT_SHOP_ITEMS; i++) {
        uint32_t at = leat_random_below(random, i + 1);
        dealt[i] = dealt[at];
        dealt[at] = i + 1;
    }
}

static void make_shelf(leat_shop *shop, leat_random *random, uint32_t cluster)
{
    double sum = 0;
    for (uint32_t i = 0; i < LEAT_SHOP_SHELF; i++) {
        leat_shop_item *item = &shop->items[shop->shelves[cluster][i]];
        item->cluster = cluster;
        item->popularity = exp(POPULARITY_SPREAD * leat_random_normal(random));
        shop->sums[cluster][i] = sum += item->popularity;
    }
    shop->all[cluster] = sum + (cluster ? shop->all[cluster - 1] : 0);
}

/* Most of what follows an item is like it. */
static void make_followers(const leat_shop *shop, leat_random *random,
                           leat_shop_item *item)
{
    for (uint32_t i = 0; i < LEAT_SHOP_FOLLOWERS; i++)
        item->followers[i] = i ? leat_shop_draw_from(shop, random, item->cluster)
                               : leat_shop_draw(shop, random);
}

static void make_user(const leat_shop *shop, leat_random *random, leat_shop_user *user)
{
    for (uint32_t i = 0; i < LEAT_SHOP_FAVOURITES; i++)
        user->favourites[i] = leat_random_below(random, LEAT_SHOP_CLUSTERS);
    user->mood = user->favourites[0];
    user->at = leat_shop_draw_from(shop, random, user->mood);
}

void leat_shop_make(leat_shop *shop, leat_random *random)
{
    leat_random always = {.state = SHOP_SEED};
    deal_items(shop, &always);
    for (uint32_t i = 0; i < LEAT_SHOP_CLUSTERS; i++)
        make_shelf(shop, &always, i);
    for (uint32_t i = 1; i <= LEAT_SHOP_ITEMS; i++)
        make_followers(shop, &always, &shop->items[i]);
    for (uint32_t i = 0; i < LEAT_SHOP_USERS; i++)
        make_user(shop, random, &shop->users[i]);
}

/* ---- living ---- */

static uint32_t some_favourite(leat_random *random, const leat_shop_user *user)
{
    return user->favourites[leat_random_below(random, LEAT_SHOP_FAVOURITES)];
}

static uint32_t think_of(const leat_shop *shop, leat_random *random,
                         const leat_shop_user *user)
{
    double why = leat_random_unit(random);
    if (why < BY_ITEM)
        return shop->items[user->at]
            .followers[leat_random_below(random, LEAT_SHOP_FOLLOWERS)];
    if (why < BY_ITEM + BY_MOOD)
        return leat_shop_draw_from(shop, random, user->mood);
    if (why < BY_ITEM + BY_MOOD + BY_FAVOURITES)
        return leat_shop_draw_from(shop, random, some_favourite(random, user));
    return leat_shop_draw(shop, random);
}

uint32_t leat_shop_next(const leat_shop *shop, leat_random *random, leat_shop_user *user)
{
    uint32_t next;
    if (leat_random_chance(random, MOOD_CHANGE))
        user->mood = some_favourite(random, user);
    do
        next = think_of(shop, random, user);
    while (next == user->at);
    return next;
}

void leat_shop_profile(const leat_shop *shop, uint32_t item, leat_profile *profile)
{
    *profile = (leat_profile){.n_fields = 1};
    profile->fields[0] =
        (leat_profile_field){"views", round(100 * shop->items[item].popularity)};
    snprintf(profile->key, sizeof profile->key, "item:%u", item);
}
