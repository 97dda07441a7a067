/* worker/demo/fraud_world.h: who and what there is in the demo's world.
 *
 * Users with homes, habits and budgets, their cards, and merchants with risks. All of it
 * follows from the state of one random source. fraud_stream.c lets the world live,
 * fraud_payload.c writes down what happens in it.
 */
#ifndef LEAT_WORKER_DEMO_FRAUD_WORLD_H
#define LEAT_WORKER_DEMO_FRAUD_WORLD_H

#include "worker/demo/random.h"
#include "worker/demo/world.h"

enum { LEAT_FRAUD_USERS = 4000, LEAT_FRAUD_CARDS = 5000, LEAT_FRAUD_MERCHANTS = 1000 };

typedef struct leat_fraud_user {
    double latitude; /* of home, degrees */
    double longitude;
    double budget; /* logarithm of the usual amount */
    int usual_hour;
    int account_age_days;
    int chargebacks;
    bool is_new; /* without a profile */
} leat_fraud_user;

typedef struct leat_fraud_card {
    uint32_t user;
    double limit;
    int age_days;
    bool is_virtual;
} leat_fraud_card;

typedef struct leat_fraud_merchant {
    double latitude;
    double longitude;
    double risk;   /* 0 to 1 */
    double ticket; /* logarithm of the usual amount */
    uint32_t category;
    bool is_online;
} leat_fraud_merchant;

typedef struct leat_fraud_world {
    leat_fraud_user users[LEAT_FRAUD_USERS];
    leat_fraud_card cards[LEAT_FRAUD_CARDS];
    leat_fraud_merchant merchants[LEAT_FRAUD_MERCHANTS];
} leat_fraud_world;

void leat_fraud_world_make(leat_fraud_world *world, leat_random *random);

/* What Redis knows of a user or card; of a few users, who are new, nothing. */
void leat_fraud_world_user(const leat_fraud_world *world, uint32_t user,
                           leat_profile *profile);
void leat_fraud_world_card(const leat_fraud_world *world, uint32_t card,
                           leat_profile *profile);

/* An amount as people write it: two decimals. */
static inline double leat_fraud_cents(double amount)
{
    return round(amount * 100) / 100;
}

#endif
