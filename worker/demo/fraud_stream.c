/* A transaction comes about in three steps: who pays where (a customer or a thief), what
 * that looks like (a purchase), and how it is written down (msgpack). */
#include "worker/demo/fraud_stream.h"

#include "worker/demo/random.h"

#include <assert.h>
#include <inttypes.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    N_MERCHANTS = 1000,
    N_FAVOURITES = 8,
    N_THIEVES = 16,

    START_SECONDS = 1767225600, /* the stream's clock begins on 2026-01-01 */
    MEAN_GAP_MS = 2000,         /* between two transactions */
    HOUR_MS = 3600 * 1000,
};

#define FRAUD_SHARE     0.03
#define MALFORMED_SHARE 0.001
#define NEW_USER_SHARE  0.02

typedef struct user {
    double latitude; /* of home, degrees */
    double longitude;
    double budget; /* logarithm of the usual amount */
    int usual_hour;
    int account_age_days;
    int chargebacks;
    bool is_new; /* without a profile */
} user;

typedef struct card {
    uint32_t user;
    double limit;
    int age_days;
    bool is_virtual;
    int64_t last_ms; /* when it paid last; 0: never */
    double count_1h; /* payments of late, fading away within about an hour */
    double spent_1h;
    int declined_24h;
} card;

typedef struct merchant {
    double latitude;
    double longitude;
    double risk;   /* 0 to 1 */
    double ticket; /* logarithm of the usual amount */
    uint32_t category;
    bool is_online;
} merchant;

typedef struct thief {
    uint32_t card;
    uint32_t left; /* transactions until the card is blocked */
    bool is_careful;
} thief;

typedef struct purchase {
    uint64_t index;
    int64_t time_ms;
    uint32_t card;
    uint32_t merchant;
    bool fraud;

    double amount;
    double distance_km;
    int local_hour;
    uint32_t items;
    double ip_risk;
    int session_seconds;
    bool device_known;
    bool vpn;
    bool cvv_ok;
    bool avs_ok;
    bool three_ds;
    int64_t seconds_since_last; /* negative: the card has never paid before */
} purchase;

struct leat_fraud_stream {
    leat_random random;
    uint64_t next_index;
    int64_t now_ms;
    user users[LEAT_FRAUD_USERS];
    card cards[LEAT_FRAUD_CARDS];
    merchant merchants[N_MERCHANTS];
    thief thieves[N_THIEVES];
    char key[16];
    uint32_t size;
    uint8_t bytes[LEAT_FRAUD_MAX_EVENT]; /* [size] */
};

/* ---- the world ---- */

typedef struct country {
    const char *code;
    const char *currency;
    double longitude; /* west to east, each ends where the next begins */
} country;

static const country countries[] = {
    {"PT", "EUR", -6}, {"GB", "GBP", 0},  {"FR", "EUR", 5},
    {"DE", "EUR", 14}, {"PL", "PLN", 23}, {"FI", "EUR", 180},
};

static const country *country_at(double longitude)
{
    const country *at = countries;
    while (longitude >= at->longitude)
        at++;
    return at;
}

static const uint32_t categories[] = {4111, 4511, 4829, 5311, 5411, 5541, 5732,
                                      5812, 5944, 5999, 6051, 7011, 7995};

static double cents(double amount)
{
    return round(amount * 100) / 100;
}

static void make_user(leat_random *random, user *u)
{
    u->latitude = leat_random_between(random, 38, 62);
    u->longitude = leat_random_between(random, -9, 29);
    u->budget = 3.3 + 0.6 * leat_random_normal(random);
    u->usual_hour = 8 + (int)leat_random_below(random, 14);
    u->account_age_days = 1 + (int)leat_random_wait(random, 900);
    u->chargebacks = leat_random_chance(random, 0.05);
    u->is_new = leat_random_chance(random, NEW_USER_SHARE);
}

static void make_card(leat_random *random, card *c, uint32_t owner)
{
    *c = (card){.user = owner};
    c->limit = 500 * (1 + leat_random_below(random, 20));
    c->age_days = 1 + (int)leat_random_wait(random, 500);
    c->is_virtual = leat_random_chance(random, 0.2);
}

static void make_merchant(leat_random *random, merchant *m)
{
    double unit = leat_random_unit(random);
    m->latitude = leat_random_between(random, 38, 62);
    m->longitude = leat_random_between(random, -9, 29);
    m->risk = cents(unit * unit);
    m->ticket = 3.0 + 0.8 * leat_random_normal(random);
    m->category =
        categories[leat_random_below(random, sizeof categories / sizeof categories[0])];
    m->is_online = leat_random_chance(random, 0.4);
}

/* Thieves come by cards that spend well, and every one of them is found out in the end.
 */
static void steal_card(leat_fraud_stream *s, thief *t)
{
    uint32_t a = leat_random_below(&s->random, LEAT_FRAUD_CARDS);
    uint32_t b = leat_random_below(&s->random, LEAT_FRAUD_CARDS);
    t->card = s->cards[a].limit > s->cards[b].limit ? a : b;
    t->left = 3 + leat_random_below(&s->random, 10);
    t->is_careful = leat_random_chance(&s->random, 0.4);
}

leat_status leat_fraud_stream_new(leat_fraud_stream **stream, uint64_t seed)
{
    leat_fraud_stream *s = *stream = calloc(1, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    s->random.state = seed;
    s->now_ms = (int64_t)START_SECONDS * 1000;
    for (uint32_t i = 0; i < LEAT_FRAUD_USERS; i++)
        make_user(&s->random, &s->users[i]);
    for (uint32_t i = 0; i < LEAT_FRAUD_CARDS; i++)
        make_card(&s->random, &s->cards[i], i % LEAT_FRAUD_USERS);
    for (uint32_t i = 0; i < N_MERCHANTS; i++)
        make_merchant(&s->random, &s->merchants[i]);
    for (uint32_t i = 0; i < N_THIEVES; i++)
        steal_card(s, &s->thieves[i]);
    return LEAT_OK;
}

void leat_fraud_stream_free(leat_fraud_stream *stream)
{
    free(stream);
}

/* ---- who pays where ---- */

static int local_hour(const leat_fraud_stream *s, const user *u)
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
static uint32_t choose_customer(leat_fraud_stream *s)
{
    uint32_t chosen = 0;
    for (int tries = 0; tries < 4; tries++) {
        chosen = leat_random_below(&s->random, LEAT_FRAUD_CARDS);
        const user *u = &s->users[s->cards[chosen].user];
        if (hours_apart(local_hour(s, u), u->usual_hour) <= 4)
            break;
    }
    return chosen;
}

/* One of a user's favourites: some shops near home, or an online one. */
static uint32_t choose_favourite(leat_fraud_stream *s, uint32_t owner)
{
    const user *u = &s->users[owner];
    uint32_t first =
        owner * 31 + N_FAVOURITES * leat_random_below(&s->random, N_FAVOURITES);
    for (uint32_t i = 0; i < N_MERCHANTS; i++) {
        uint32_t at = (first + i) % N_MERCHANTS;
        const merchant *m = &s->merchants[at];
        if (m->is_online || (fabs(m->latitude - u->latitude) < 2 &&
                             fabs(m->longitude - u->longitude) < 4))
            return at;
    }
    return first % N_MERCHANTS;
}

/* The riskiest of a few: where nobody asks. */
static uint32_t choose_lax_merchant(leat_fraud_stream *s)
{
    uint32_t best = leat_random_below(&s->random, N_MERCHANTS);
    for (int i = 0; i < 2; i++) {
        uint32_t other = leat_random_below(&s->random, N_MERCHANTS);
        if (s->merchants[other].risk > s->merchants[best].risk)
            best = other;
    }
    return best;
}

/* ---- what it looks like ---- */

/* Near enough on a map of Europe: equirectangular. */
static double distance_km(const user *u, const merchant *m)
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
} habit;

static const habit customer = {0.0, 0.6, 0.9, 2.5, 0.1, 0.97, 0.92, 0.55, 240};
static const habit bold = {0.8, 0.8, 0.3, 0.8, 0.35, 0.8, 0.6, 0.25, 80};
static const habit careful = {0.2, 0.6, 0.75, 1.7, 0.2, 0.96, 0.86, 0.5, 200};

static void behave(leat_fraud_stream *s, purchase *p, const habit *h)
{
    leat_random *random = &s->random;
    const user *u = &s->users[s->cards[p->card].user];
    const merchant *m = &s->merchants[p->merchant];
    double usual = 0.6 * u->budget + 0.4 * m->ticket;
    p->amount = cents(exp(usual + h->amount + h->spread * leat_random_normal(random)));
    p->items = 1 + (uint32_t)leat_random_wait(random, 2);
    p->device_known = leat_random_chance(random, h->device_known);
    p->ip_risk = cents(pow(leat_random_unit(random), h->ip_risk));
    p->vpn = leat_random_chance(random, h->vpn);
    p->cvv_ok = leat_random_chance(random, h->cvv_ok);
    p->avs_ok = leat_random_chance(random, h->avs_ok);
    p->three_ds = leat_random_chance(random, h->three_ds);
    p->session_seconds = (int)leat_random_wait(random, h->session);
}

static void buy_as_customer(leat_fraud_stream *s, purchase *p)
{
    p->card = choose_customer(s);
    p->merchant = leat_random_chance(&s->random, 0.85)
                      ? choose_favourite(s, s->cards[p->card].user)
                      : leat_random_below(&s->random, N_MERCHANTS);
    behave(s, p, &customer);
}

static void buy_as_thief(leat_fraud_stream *s, purchase *p)
{
    thief *t = &s->thieves[leat_random_below(&s->random, N_THIEVES)];
    p->fraud = true;
    p->card = t->card;
    p->merchant = choose_lax_merchant(s);
    behave(s, p, t->is_careful ? &careful : &bold);
    if (!t->is_careful && leat_random_chance(&s->random, 0.2))
        p->amount =
            cents(leat_random_between(&s->random, 0.5, 3)); /* is it still good? */
    if (!--t->left)
        steal_card(s, t);
}

/* Takes down on the card what the purchase will say of its past, then the purchase. */
static void keep_pace(leat_fraud_stream *s, purchase *p)
{
    card *c = &s->cards[p->card];
    int64_t idle_ms = s->now_ms - c->last_ms;
    double fade = c->last_ms ? exp(-(double)idle_ms / HOUR_MS) : 0;
    p->seconds_since_last = c->last_ms ? idle_ms / 1000 : -1;
    c->count_1h *= fade;
    c->spent_1h *= fade;
    c->last_ms = s->now_ms;
    if (fade < 0.01)
        c->declined_24h = 0;
    if (leat_random_chance(&s->random, p->fraud ? 0.15 : 0.02))
        c->declined_24h++;
}

static void remember(leat_fraud_stream *s, const purchase *p)
{
    s->cards[p->card].count_1h += 1;
    s->cards[p->card].spent_1h += p->amount;
}

static void make_purchase(leat_fraud_stream *s, purchase *p)
{
    s->now_ms += 1 + (int64_t)leat_random_wait(&s->random, MEAN_GAP_MS);
    *p = (purchase){.index = s->next_index++, .time_ms = s->now_ms};
    if (leat_random_chance(&s->random, FRAUD_SHARE))
        buy_as_thief(s, p);
    else
        buy_as_customer(s, p);
    const user *u = &s->users[s->cards[p->card].user];
    p->local_hour = local_hour(s, u);
    p->distance_km = distance_km(u, &s->merchants[p->merchant]);
    keep_pace(s, p);
}

/* ---- how it is written down ---- */

/* A msgpack_packer_write. */
static int append(void *stream, const char *bytes, size_t size)
{
    leat_fraud_stream *s = stream;
    assert(s->size + size < LEAT_FRAUD_MAX_EVENT);
    memcpy(s->bytes + s->size, bytes, size);
    s->size += (uint32_t)size;
    return 0;
}

static void put_text(msgpack_packer *to, const char *text)
{
    msgpack_pack_str_with_body(to, text, strlen(text));
}

static void put_map(msgpack_packer *to, const char *name, size_t n)
{
    put_text(to, name);
    msgpack_pack_map(to, n);
}

static void put_string(msgpack_packer *to, const char *name, const char *text)
{
    put_text(to, name);
    put_text(to, text);
}

static void put_id(msgpack_packer *to, char prefix, uint32_t number)
{
    char id[16];
    snprintf(id, sizeof id, "%c%05u", prefix, number);
    put_string(to, "id", id);
}

static void put_integer(msgpack_packer *to, const char *name, int64_t value)
{
    put_text(to, name);
    msgpack_pack_int64(to, value);
}

static void put_number(msgpack_packer *to, const char *name, double value)
{
    put_text(to, name);
    msgpack_pack_double(to, value);
}

static void put_flag(msgpack_packer *to, const char *name, bool value)
{
    put_text(to, name);
    if (value)
        msgpack_pack_true(to);
    else
        msgpack_pack_false(to);
}

static void put_nil(msgpack_packer *to, const char *name)
{
    put_text(to, name);
    msgpack_pack_nil(to);
}

static void put_time(msgpack_packer *to, const char *name, int64_t time_ms)
{
    msgpack_timestamp time = {time_ms / 1000, (uint32_t)(time_ms % 1000) * 1000000};
    put_text(to, name);
    msgpack_pack_timestamp(to, &time);
}

static void put_card(msgpack_packer *to, const purchase *p, bool present)
{
    static const char *const schemes[] = {"visa", "mastercard", "girocard"};
    static const char *const entries[] = {"contactless", "chip", "swipe"};
    put_map(to, "card", 4);
    put_id(to, 'c', p->card);
    put_string(to, "scheme", schemes[p->card % 3]);
    put_flag(to, "present", present);
    put_string(to, "entry", present ? entries[p->index % 3] : "online");
}

static void put_user(msgpack_packer *to, uint32_t number, const user *u)
{
    put_map(to, "user", 2);
    put_id(to, 'u', number);
    put_string(to, "country", country_at(u->longitude)->code);
}

static void put_merchant(msgpack_packer *to, uint32_t number, const merchant *m)
{
    put_map(to, "merchant", 6);
    put_id(to, 'm', number);
    put_integer(to, "category", m->category);
    put_string(to, "country", country_at(m->longitude)->code);
    put_number(to, "risk", m->risk);
    put_flag(to, "online", m->is_online);
    put_text(to, "location");
    msgpack_pack_array(to, 2);
    msgpack_pack_float(to, (float)m->latitude);
    msgpack_pack_float(to, (float)m->longitude);
}

/* Only who buys online has a device. */
static void put_device(msgpack_packer *to, const purchase *p)
{
    static const char *const systems[] = {"android", "ios", "windows", "linux"};
    put_map(to, "device", 5);
    put_string(to, "os", systems[p->index % 4]);
    put_flag(to, "known", p->device_known);
    put_number(to, "ip_risk", p->ip_risk);
    put_flag(to, "vpn", p->vpn);
    put_integer(to, "session_seconds", p->session_seconds);
}

static void put_checks(msgpack_packer *to, const purchase *p, bool present)
{
    put_map(to, "checks", 3);
    if (present) { /* a terminal asks for no code and no address */
        put_nil(to, "cvv");
        put_nil(to, "avs");
    } else {
        put_flag(to, "cvv", p->cvv_ok);
        put_flag(to, "avs", p->avs_ok);
    }
    put_flag(to, "three_ds", !present && p->three_ds);
}

static void put_velocity(msgpack_packer *to, const purchase *p, const card *c)
{
    put_map(to, "velocity", 3);
    put_text(to, "last_hour"); /* payments, amount */
    msgpack_pack_array(to, 2);
    msgpack_pack_uint32(to, (uint32_t)(c->count_1h + 0.5));
    msgpack_pack_double(to, cents(c->spent_1h));
    if (p->seconds_since_last < 0)
        put_nil(to, "seconds_since_last");
    else
        put_integer(to, "seconds_since_last", p->seconds_since_last);
    put_integer(to, "declined_24h", c->declined_24h);
}

static void write_purchase(leat_fraud_stream *s, const purchase *p)
{
    const card *c = &s->cards[p->card];
    const user *u = &s->users[c->user];
    const merchant *m = &s->merchants[p->merchant];
    bool present = !m->is_online;
    char id[32];
    snprintf(id, sizeof id, "tx-%" PRIu64, p->index);

    msgpack_packer packer, *to = &packer;
    s->size = 0;
    msgpack_packer_init(to, s, append);
    msgpack_pack_map(to, present ? 13 : 14);
    put_string(to, "transaction_id", id);
    put_time(to, "time", p->time_ms);
    put_string(to, "type", "purchase");
    put_number(to, "amount", p->amount);
    put_string(to, "currency", country_at(m->longitude)->currency);
    put_integer(to, "items", p->items);
    put_integer(to, "local_hour", p->local_hour);
    put_number(to, "distance_km", p->distance_km);
    put_card(to, p, present);
    put_user(to, c->user, u);
    put_merchant(to, p->merchant, m);
    if (!present)
        put_device(to, p);
    put_checks(to, p, present);
    put_velocity(to, p, c);
}

/* ---- damage ---- */

/* A head that stands where the type's text began: "\xa8purchase" becomes something else.
 * All of them leave the transaction_id readable, so that what becomes of each is known.
 */
static const struct {
    uint8_t size;
    uint8_t bytes[6];
} damages[] = {
    {1, {0xc1}},                               /* a byte that means nothing */
    {5, {0xdd, 0xff, 0xff, 0xff, 0xff}},       /* a list of 2^32 - 1 */
    {5, {0xdf, 0xff, 0xff, 0xff, 0xff}},       /* a map of them */
    {5, {0xdb, 0xff, 0xff, 0xff, 0xff}},       /* 4 GiB of text */
    {4, {0xa3, 0xed, 0xa0, 0x80}},             /* half a surrogate */
    {6, {0xd6, 0x72, 0x00, 0x00, 0x00, 0x40}}, /* msgpackr's records */
};

enum { N_DAMAGES = sizeof damages / sizeof damages[0] };

static void overwrite_type(leat_fraud_stream *s, uint32_t kind)
{
    static const char type[] = "\xa8purchase";
    uint8_t *at = memmem(s->bytes, s->size, type, sizeof type - 1);
    memcpy(at, damages[kind].bytes, damages[kind].size);
}

static void damage(leat_fraud_stream *s)
{
    uint32_t kind = leat_random_below(&s->random, N_DAMAGES + 2);
    if (kind == N_DAMAGES)
        s->size -= 1 + leat_random_below(&s->random, s->size / 2); /* cut short */
    else if (kind == N_DAMAGES + 1)
        s->bytes[s->size++] = 0xc0; /* something behind the end */
    else
        overwrite_type(s, kind);
}

void leat_fraud_stream_next(leat_fraud_stream *stream, leat_fraud_event *event)
{
    leat_fraud_stream *s = stream;
    purchase p;
    make_purchase(s, &p);
    write_purchase(s, &p);
    remember(s, &p);
    bool malformed = leat_random_chance(&s->random, MALFORMED_SHARE);
    if (malformed)
        damage(s);
    snprintf(s->key, sizeof s->key, "c%05u", p.card);
    *event = (leat_fraud_event){
        .index = p.index,
        .fraud = p.fraud,
        .malformed = malformed,
        .key = {(const uint8_t *)s->key, (uint32_t)strlen(s->key)},
        .payload = {s->bytes, s->size},
        .user = s->cards[p.card].user,
        .card = p.card,
    };
}

/* ---- what Redis knows ---- */

bool leat_fraud_stream_user(const leat_fraud_stream *stream, uint32_t number,
                            leat_fraud_profile *profile)
{
    const user *u = &stream->users[number];
    *profile = (leat_fraud_profile){
        .n_fields = 4,
        .fields = {{"avg_amount", cents(exp(u->budget))},
                   {"usual_hour", u->usual_hour},
                   {"account_age_days", u->account_age_days},
                   {"chargebacks", u->chargebacks}},
    };
    snprintf(profile->key, sizeof profile->key, "user:u%05u", number);
    return !u->is_new;
}

void leat_fraud_stream_card(const leat_fraud_stream *stream, uint32_t number,
                            leat_fraud_profile *profile)
{
    const card *c = &stream->cards[number];
    *profile = (leat_fraud_profile){
        .n_fields = 3,
        .fields = {{"limit", c->limit},
                   {"age_days", c->age_days},
                   {"virtual", c->is_virtual}},
    };
    snprintf(profile->key, sizeof profile->key, "card:c%05u", number);
}
