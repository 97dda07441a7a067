/* A transaction comes about in two steps: who pays where (a customer or a thief), and what
 * that looks like (a purchase). */
#include "worker/demo/fraud_stream.h"

#include "worker/demo/fraud_payload.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    N_FAVOURITES = 8,
    N_THIEVES = 16,

    START_SECONDS = 1767225600, /* the stream's clock begins on 2026-01-01 */
    MEAN_GAP_MS = 2000,         /* between two transactions */
    HOUR_MS = 3600 * 1000,
};

#define FRAUD_SHARE     0.03
#define MALFORMED_SHARE 0.001

typedef struct thief {
    uint32_t card;
    uint32_t left; /* transactions until the card is blocked */
    bool is_careful;
} thief;

typedef struct fraud_stream {
    leat_random random;
    uint64_t next_index;
    int64_t now_ms;
    leat_fraud_world world;
    thief thieves[N_THIEVES];
    char key[16];
    leat_payload payload; /* of the last event */
} fraud_stream;

/* Thieves come by cards that spend well, and every one of them is found out in the end.
 */
static void steal_card(fraud_stream *s, thief *t)
{
    uint32_t a = leat_random_below(&s->random, LEAT_FRAUD_CARDS);
    uint32_t b = leat_random_below(&s->random, LEAT_FRAUD_CARDS);
    t->card = s->world.cards[a].limit > s->world.cards[b].limit ? a : b;
    t->left = 3 + leat_random_below(&s->random, 10);
    t->is_careful = leat_random_chance(&s->random, 0.4);
}

static leat_status new_stream(void **stream, uint64_t seed)
{
    fraud_stream *s = *stream = calloc(1, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    s->random.state = seed;
    s->now_ms = (int64_t)START_SECONDS * 1000;
    leat_fraud_world_make(&s->world, &s->random);
    for (uint32_t i = 0; i < N_THIEVES; i++)
        steal_card(s, &s->thieves[i]);
    return LEAT_OK;
}

/* ---- who pays where ---- */

static int local_hour(const fraud_stream *s, const leat_fraud_user *u)
{
    int64_t hour = s->now_ms / HOUR_MS + (int64_t)floor(u->longitude / 15 + 0.5);
    return (int)(hour % 24);
}

/* Hours between two times of day, the short way round. */
static int hours_apart(int a, int b)
{
    int apart = abs(a - b);
    return apart > 12 ? 24 - apart : apart;
}

/* People pay at their usual time of day, more or less. */
static uint32_t choose_customer(fraud_stream *s)
{
    uint32_t chosen = 0;
    for (int tries = 0; tries < 4; tries++) {
        chosen = leat_random_below(&s->random, LEAT_FRAUD_CARDS);
        const leat_fraud_user *u = &s->world.users[s->world.cards[chosen].user];
        if (hours_apart(local_hour(s, u), u->usual_hour) <= 4)
            break;
    }
    return chosen;
}

/* One of a user's favourites: some shops near home, or an online one. */
static uint32_t choose_favourite(fraud_stream *s, uint32_t owner)
{
    const leat_fraud_user *u = &s->world.users[owner];
    uint32_t first =
        owner * 31 + N_FAVOURITES * leat_random_below(&s->random, N_FAVOURITES);
    for (uint32_t i = 0; i < LEAT_FRAUD_MERCHANTS; i++) {
        uint32_t at = (first + i) % LEAT_FRAUD_MERCHANTS;
        const leat_fraud_merchant *m = &s->world.merchants[at];
        if (m->is_online || (fabs(m->latitude - u->latitude) < 2 &&
                             fabs(m->longitude - u->longitude) < 4))
            return at;
    }
    return first % LEAT_FRAUD_MERCHANTS;
}

/* The riskiest of a few: where nobody asks. */
static uint32_t choose_lax_merchant(fraud_stream *s)
{
    uint32_t best = leat_random_below(&s->random, LEAT_FRAUD_MERCHANTS);
    for (int i = 0; i < 2; i++) {
        uint32_t other = leat_random_below(&s->random, LEAT_FRAUD_MERCHANTS);
        if (s->world.merchants[other].risk > s->world.merchants[best].risk)
            best = other;
    }
    return best;
}

/* ---- what it looks like ---- */

/* Near enough on a map of Europe: equirectangular. */
static double distance_km(const leat_fraud_user *u, const leat_fraud_merchant *m)
{
    double north = (m->latitude - u->latitude) * 111;
    double east = (m->longitude - u->longitude) * 111 * 0.64;
    return round(sqrt(north * north + east * east) * 10) / 10;
}

/* How a purchase tends to look; a customer, a thief, and one who takes care. */
typedef struct habit {
    double amount; /* added to the logarithm of the usual amount */
    double spread;
    double device_known;
    double ip_risk; /* exponent: large is mostly low */
    double vpn;
    double cvv_ok;
    double avs_ok;
    double three_ds;
    double session; /* mean, seconds */
    double declined;
} habit;

static const habit customer = {0.0, 0.6, 0.9, 2.5, 0.1, 0.97, 0.92, 0.55, 240, 0.02};
static const habit bold = {0.8, 0.8, 0.3, 0.8, 0.35, 0.8, 0.6, 0.25, 80, 0.15};
static const habit careful = {0.2, 0.6, 0.75, 1.7, 0.2, 0.96, 0.86, 0.5, 200, 0.15};

static void behave(fraud_stream *s, leat_fraud_purchase *p, const habit *h)
{
    leat_random *random = &s->random;
    const leat_fraud_user *u = &s->world.users[s->world.cards[p->card].user];
    const leat_fraud_merchant *m = &s->world.merchants[p->merchant];
    double usual = 0.6 * u->budget + 0.4 * m->ticket;
    p->amount =
        leat_fraud_cents(exp(usual + h->amount + h->spread * leat_random_normal(random)));
    p->items = 1 + (uint32_t)leat_random_wait(random, 2);
    p->device_known = leat_random_chance(random, h->device_known);
    p->ip_risk = leat_fraud_cents(pow(leat_random_unit(random), h->ip_risk));
    p->vpn = leat_random_chance(random, h->vpn);
    p->cvv_ok = leat_random_chance(random, h->cvv_ok);
    p->avs_ok = leat_random_chance(random, h->avs_ok);
    p->three_ds = leat_random_chance(random, h->three_ds);
    p->session_seconds = (int)leat_random_wait(random, h->session);
    p->declined = leat_random_chance(random, h->declined);
}

static void buy_as_customer(fraud_stream *s, leat_fraud_purchase *p)
{
    p->card = choose_customer(s);
    p->merchant = leat_random_chance(&s->random, 0.85)
                      ? choose_favourite(s, s->world.cards[p->card].user)
                      : leat_random_below(&s->random, LEAT_FRAUD_MERCHANTS);
    behave(s, p, &customer);
}

static void buy_as_thief(fraud_stream *s, leat_fraud_purchase *p)
{
    thief *t = &s->thieves[leat_random_below(&s->random, N_THIEVES)];
    p->fraud = true;
    p->card = t->card;
    p->merchant = choose_lax_merchant(s);
    behave(s, p, t->is_careful ? &careful : &bold);
    if (!t->is_careful && leat_random_chance(&s->random, 0.2))
        p->amount = leat_fraud_cents(
            leat_random_between(&s->random, 0.5, 3)); /* is it still good? */
    if (!--t->left)
        steal_card(s, t);
}

static void make_purchase(fraud_stream *s, leat_fraud_purchase *p)
{
    s->now_ms += 1 + (int64_t)leat_random_wait(&s->random, MEAN_GAP_MS);
    *p = (leat_fraud_purchase){.index = s->next_index++, .time_ms = s->now_ms};
    if (leat_random_chance(&s->random, FRAUD_SHARE))
        buy_as_thief(s, p);
    else
        buy_as_customer(s, p);
    const leat_fraud_user *u = &s->world.users[s->world.cards[p->card].user];
    p->local_hour = local_hour(s, u);
    p->distance_km = distance_km(u, &s->world.merchants[p->merchant]);
}

static void next_event(void *stream, leat_world_event *event)
{
    fraud_stream *s = stream;
    leat_fraud_purchase p;
    make_purchase(s, &p);
    leat_fraud_payload_write(&s->payload, &s->world, &p);
    bool malformed = leat_random_chance(&s->random, MALFORMED_SHARE);
    if (malformed)
        leat_payload_damage(&s->payload, LEAT_FRAUD_TYPE, &s->random);
    snprintf(s->key, sizeof s->key, "c%05u", p.card);
    *event = (leat_world_event){
        .index = p.index,
        .time_ms = p.time_ms,
        .malformed = malformed,
        .truth = p.fraud,
        .key = leat_slice_of(s->key),
        .payload = {s->payload.bytes, s->payload.size},
    };
}

static void find_profile(const void *stream, uint32_t number, leat_profile *profile)
{
    const fraud_stream *s = stream;
    if (number < LEAT_FRAUD_USERS)
        leat_fraud_world_user(&s->world, number, profile);
    else
        leat_fraud_world_card(&s->world, number - LEAT_FRAUD_USERS, profile);
}

const leat_stream_ops leat_fraud_stream = {
    .new = new_stream,
    .free = free,
    .next = next_event,
    .n_profiles = LEAT_FRAUD_USERS + LEAT_FRAUD_CARDS,
    .profile = find_profile,
};
