#include "worker/demo/payload.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A msgpack_packer_write. */
static int append(void *opaque, const char *bytes, size_t size)
{
    leat_payload *payload = opaque;
    assert(payload->size + size < LEAT_DEMO_MAX_EVENT);
    memcpy(payload->bytes + payload->size, bytes, size);
    payload->size += (uint32_t)size;
    return 0;
}

static void put_text(msgpack_packer *to, const char *text)
{
    msgpack_pack_str_with_body(to, text, strlen(text));
}

void leat_payload_begin(leat_payload *payload, msgpack_packer *to, size_t n_members,
                        const char *id_name, const char *prefix, uint64_t index)
{
    char id[32];
    snprintf(id, sizeof id, "%s%" PRIu64, prefix, index);
    payload->size = 0;
    msgpack_packer_init(to, payload, append);
    msgpack_pack_map(to, n_members);
    leat_put_string(to, id_name, id);
}

void leat_put_map(msgpack_packer *to, const char *name, size_t n)
{
    put_text(to, name);
    msgpack_pack_map(to, n);
}

void leat_put_array(msgpack_packer *to, const char *name, size_t n)
{
    put_text(to, name);
    msgpack_pack_array(to, n);
}

void leat_put_string(msgpack_packer *to, const char *name, const char *text)
{
    put_text(to, name);
    put_text(to, text);
}

void leat_put_integer(msgpack_packer *to, const char *name, int64_t value)
{
    put_text(to, name);
    msgpack_pack_int64(to, value);
}

void leat_put_number(msgpack_packer *to, const char *name, double value)
{
    put_text(to, name);
    msgpack_pack_double(to, value);
}

void leat_put_flag(msgpack_packer *to, const char *name, bool value)
{
    put_text(to, name);
    if (value)
        msgpack_pack_true(to);
    else
        msgpack_pack_false(to);
}

void leat_put_nil(msgpack_packer *to, const char *name)
{
    put_text(to, name);
    msgpack_pack_nil(to);
}

void leat_put_time(msgpack_packer *to, const char *name, int64_t time_ms)
{
    msgpack_timestamp time = {time_ms / 1000, (uint32_t)(time_ms % 1000) * 1000000};
    put_text(to, name);
    msgpack_pack_timestamp(to, &time);
}

/* ---- damage ---- */

/* A head that stands where the victim began: "\xa8purchase" becomes something else. All of
 * them leave the id readable, so that what becomes of each is known. */
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

static void overwrite(leat_payload *payload, const char *victim, uint32_t kind)
{
    uint8_t *text = memmem(payload->bytes, payload->size, victim, strlen(victim));
    memcpy(text - 1, damages[kind].bytes, damages[kind].size);
}

void leat_payload_damage(leat_payload *payload, const char *victim, leat_random *random)
{
    uint32_t kind = leat_random_below(random, N_DAMAGES + 2);
    if (kind == N_DAMAGES)
        payload->size -= 1 + leat_random_below(random, payload->size / 2); /* cut short */
    else if (kind == N_DAMAGES + 1)
        payload->bytes[payload->size++] = 0xc0; /* something behind the end */
    else
        overwrite(payload, victim, kind);
}
