#include "worker/demo/fraud_payload.h"

#include <assert.h>
#include <inttypes.h>
#include <msgpack.h>
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

/* A msgpack_packer_write. */
static int append(void *opaque, const char *bytes, size_t size)
{
    leat_fraud_payload *payload = opaque;
    assert(payload->size + size < LEAT_FRAUD_MAX_EVENT);
    memcpy(payload->bytes + payload->size, bytes, size);
    payload->size += (uint32_t)size;
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

static void put_card(msgpack_packer *to, const leat_fraud_purchase *p, bool present)
{
    static const char *const schemes[] = {"visa", "mastercard", "girocard"};
    static const char *const entries[] = {"contactless", "chip", "swipe"};
    put_map(to, "card", 4);
    put_id(to, 'c', p->card);
    put_string(to, "scheme", schemes[p->card % 3]);
    put_flag(to, "present", present);
    put_string(to, "entry", present ? entries[p->index % 3] : "online");
}

static void put_user(msgpack_packer *to, uint32_t number, const leat_fraud_user *u)
{
    put_map(to, "user", 2);
    put_id(to, 'u', number);
    put_string(to, "country", country_at(u->longitude)->code);
}

static void put_merchant(msgpack_packer *to, uint32_t number,
                         const leat_fraud_merchant *m)
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
static void put_device(msgpack_packer *to, const leat_fraud_purchase *p)
{
    static const char *const systems[] = {"android", "ios", "windows", "linux"};
    put_map(to, "device", 5);
    put_string(to, "os", systems[p->index % 4]);
    put_flag(to, "known", p->device_known);
    put_number(to, "ip_risk", p->ip_risk);
    put_flag(to, "vpn", p->vpn);
    put_integer(to, "session_seconds", p->session_seconds);
}

static void put_checks(msgpack_packer *to, const leat_fraud_purchase *p, bool present)
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

static void put_velocity(msgpack_packer *to, const leat_fraud_purchase *p,
                         const leat_fraud_card *c)
{
    put_map(to, "velocity", 3);
    put_text(to, "last_hour"); /* payments, amount */
    msgpack_pack_array(to, 2);
    msgpack_pack_uint32(to, (uint32_t)(c->count_1h + 0.5));
    msgpack_pack_double(to, leat_fraud_cents(c->spent_1h));
    if (p->seconds_since_last < 0)
        put_nil(to, "seconds_since_last");
    else
        put_integer(to, "seconds_since_last", p->seconds_since_last);
    put_integer(to, "declined_24h", c->declined_24h);
}

void leat_fraud_payload_write(leat_fraud_payload *payload, const leat_fraud_world *world,
                              const leat_fraud_purchase *p)
{
    const leat_fraud_card *c = &world->cards[p->card];
    const leat_fraud_user *u = &world->users[c->user];
    const leat_fraud_merchant *m = &world->merchants[p->merchant];
    bool present = !m->is_online;
    char id[32];
    snprintf(id, sizeof id, "tx-%" PRIu64, p->index);

    msgpack_packer packer, *to = &packer;
    payload->size = 0;
    msgpack_packer_init(to, payload, append);
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

static void overwrite_type(leat_fraud_payload *payload, uint32_t kind)
{
    static const char type[] = "\xa8purchase";
    uint8_t *at = memmem(payload->bytes, payload->size, type, sizeof type - 1);
    memcpy(at, damages[kind].bytes, damages[kind].size);
}

void leat_fraud_payload_damage(leat_fraud_payload *payload, leat_random *random)
{
    uint32_t kind = leat_random_below(random, N_DAMAGES + 2);
    if (kind == N_DAMAGES)
        payload->size -= 1 + leat_random_below(random, payload->size / 2); /* cut short */
    else if (kind == N_DAMAGES + 1)
        payload->bytes[payload->size++] = 0xc0; /* something behind the end */
    else
        overwrite_type(payload, kind);
}
