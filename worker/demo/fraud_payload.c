#include "worker/demo/fraud_payload.h"

#include <stdio.h>

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

static void put_id(msgpack_packer *to, char prefix, uint32_t number)
{
    char id[16];
    snprintf(id, sizeof id, "%c%05u", prefix, number);
    leat_put_string(to, "id", id);
}

static void put_card(msgpack_packer *to, const leat_fraud_purchase *p, bool present)
{
    static const char *const schemes[] = {"visa", "mastercard", "girocard"};
    static const char *const entries[] = {"contactless", "chip", "swipe"};
    leat_put_map(to, "card", 4);
    put_id(to, 'c', p->card);
    leat_put_string(to, "scheme", schemes[p->card % 3]);
    leat_put_flag(to, "present", present);
    leat_put_string(to, "entry", present ? entries[p->index % 3] : "online");
}

static void put_user(msgpack_packer *to, uint32_t number, const leat_fraud_user *u)
{
    leat_put_map(to, "user", 2);
    put_id(to, 'u', number);
    leat_put_string(to, "country", country_at(u->longitude)->code);
}

static void put_merchant(msgpack_packer *to, uint32_t number,
                         const leat_fraud_merchant *m)
{
    leat_put_map(to, "merchant", 6);
    put_id(to, 'm', number);
    leat_put_integer(to, "category", m->category);
    leat_put_string(to, "country", country_at(m->longitude)->code);
    leat_put_number(to, "risk", m->risk);
    leat_put_flag(to, "online", m->is_online);
    leat_put_array(to, "location", 2);
    msgpack_pack_float(to, (float)m->latitude);
    msgpack_pack_float(to, (float)m->longitude);
}

/* Only who buys online has a device. */
static void put_device(msgpack_packer *to, const leat_fraud_purchase *p)
{
    static const char *const systems[] = {"android", "ios", "windows", "linux"};
    leat_put_map(to, "device", 5);
    leat_put_string(to, "os", systems[p->index % 4]);
    leat_put_flag(to, "known", p->device_known);
    leat_put_number(to, "ip_risk", p->ip_risk);
    leat_put_flag(to, "vpn", p->vpn);
    leat_put_integer(to, "session_seconds", p->session_seconds);
}

static void put_checks(msgpack_packer *to, const leat_fraud_purchase *p, bool present)
{
    leat_put_map(to, "checks", 4);
    if (present) { /* a terminal asks for no code and no address */
        leat_put_nil(to, "cvv");
        leat_put_nil(to, "avs");
    } else {
        leat_put_flag(to, "cvv", p->cvv_ok);
        leat_put_flag(to, "avs", p->avs_ok);
    }
    leat_put_flag(to, "three_ds", !present && p->three_ds);
    leat_put_integer(to, "declined", p->declined);
}

void leat_fraud_payload_write(leat_payload *payload, const leat_fraud_world *world,
                              const leat_fraud_purchase *p)
{
    const leat_fraud_card *c = &world->cards[p->card];
    const leat_fraud_user *u = &world->users[c->user];
    const leat_fraud_merchant *m = &world->merchants[p->merchant];
    bool present = !m->is_online;
    msgpack_packer packer, *to = &packer;
    leat_payload_begin(payload, to, present ? 12 : 13, LEAT_FRAUD_ID, LEAT_FRAUD_PREFIX,
                       p->index);
    leat_put_time(to, "time", p->time_ms);
    leat_put_string(to, "type", LEAT_FRAUD_TYPE);
    leat_put_number(to, "amount", p->amount);
    leat_put_string(to, "currency", country_at(m->longitude)->currency);
    leat_put_integer(to, "items", p->items);
    leat_put_integer(to, "local_hour", p->local_hour);
    leat_put_number(to, "distance_km", p->distance_km);
    put_card(to, p, present);
    put_user(to, c->user, u);
    put_merchant(to, p->merchant, m);
    if (!present)
        put_device(to, p);
    put_checks(to, p, present);
}
