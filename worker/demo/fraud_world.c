#include "worker/demo/fraud_world.h"

#include <stdio.h>

#define NEW_USER_SHARE 0.02

static const uint32_t categories[] = {4111, 4511, 4829, 5311, 5411, 5541, 5732,
                                      5812, 5944, 5999, 6051, 7011, 7995};

static void make_user(leat_random *random, leat_fraud_user *u)
{
    u->latitude = leat_random_between(random, 38, 62);
    u->longitude = leat_random_between(random, -9, 29);
    u->budget = 3.3 + 0.6 * leat_random_normal(random);
    u->usual_hour = 8 + (int)leat_random_below(random, 14);
    u->account_age_days = 1 + (int)leat_random_wait(random, 900);
    u->chargebacks = leat_random_chance(random, 0.05);
    u->is_new = leat_random_chance(random, NEW_USER_SHARE);
}

static void make_card(leat_random *random, leat_fraud_card *c, uint32_t owner)
{
    *c = (leat_fraud_card){.user = owner};
    c->limit = 500 * (1 + leat_random_below(random, 20));
    c->age_days = 1 + (int)leat_random_wait(random, 500);
    c->is_virtual = leat_random_chance(random, 0.2);
}

static void make_merchant(leat_random *random, leat_fraud_merchant *m)
{
    double unit = leat_random_unit(random);
    m->latitude = leat_random_between(random, 38, 62);
    m->longitude = leat_random_between(random, -9, 29);
    m->risk = leat_fraud_cents(unit * unit);
    m->ticket = 3.0 + 0.8 * leat_random_normal(random);
    m->category =
        categories[leat_random_below(random, sizeof categories / sizeof categories[0])];
    m->is_online = leat_random_chance(random, 0.4);
}

void leat_fraud_world_make(leat_fraud_world *world, leat_random *random)
{
    for (uint32_t i = 0; i < LEAT_FRAUD_USERS; i++)
        make_user(random, &world->users[i]);
    for (uint32_t i = 0; i < LEAT_FRAUD_CARDS; i++)
        make_card(random, &world->cards[i], i % LEAT_FRAUD_USERS);
    for (uint32_t i = 0; i < LEAT_FRAUD_MERCHANTS; i++)
        make_merchant(random, &world->merchants[i]);
}

void leat_fraud_world_user(const leat_fraud_world *world, uint32_t number,
                           leat_profile *profile)
{
    const leat_fraud_user *u = &world->users[number];
    *profile = (leat_profile){
        .n_fields = u->is_new ? 0 : 4,
        .fields = {{"avg_amount", leat_fraud_cents(exp(u->budget))},
                   {"usual_hour", u->usual_hour},
                   {"account_age_days", u->account_age_days},
                   {"chargebacks", u->chargebacks}},
    };
    snprintf(profile->key, sizeof profile->key, "user:u%05u", number);
}

void leat_fraud_world_card(const leat_fraud_world *world, uint32_t number,
                           leat_profile *profile)
{
    const leat_fraud_card *c = &world->cards[number];
    *profile = (leat_profile){
        .n_fields = 3,
        .fields = {{"limit", c->limit},
                   {"age_days", c->age_days},
                   {"virtual", c->is_virtual}},
    };
    snprintf(profile->key, sizeof profile->key, "card:c%05u", number);
}
