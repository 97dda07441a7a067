/* worker/demo/payload.h: how events are written down, and how some are damaged.
 *
 * Owns:    nothing; the bytes are the caller's.
 * Threads: any.
 */
#ifndef LEAT_WORKER_DEMO_PAYLOAD_H
#define LEAT_WORKER_DEMO_PAYLOAD_H

#include "worker/demo/random.h"

#include <msgpack.h>

enum { LEAT_DEMO_MAX_EVENT = 1024 }; /* bytes of a payload, and that is generous */

typedef struct leat_payload {
    uint32_t size;
    uint8_t bytes[LEAT_DEMO_MAX_EVENT]; /* [size] */
} leat_payload;

/* Begins a payload that `to` writes: a map of `n_members`, its first one the event's id,
 * "<prefix><index>". */
void leat_payload_begin(leat_payload *payload, msgpack_packer *to, size_t n_members,
                        const char *id_name, const char *prefix, uint64_t index);

/* Members: a name and a value. What follows a map's or an array's head are its own. */
void leat_put_map(msgpack_packer *to, const char *name, size_t n);
void leat_put_array(msgpack_packer *to, const char *name, size_t n);
void leat_put_string(msgpack_packer *to, const char *name, const char *text);
void leat_put_integer(msgpack_packer *to, const char *name, int64_t value);
void leat_put_number(msgpack_packer *to, const char *name, double value);
void leat_put_flag(msgpack_packer *to, const char *name, bool value);
void leat_put_nil(msgpack_packer *to, const char *name);
void leat_put_time(msgpack_packer *to, const char *name, int64_t time_ms);

/* Makes it one that no worker may score, in one of several ways, each behind the id, so
 * that what becomes of the event can be known. `victim`: a text of eight letters that
 * stands in it. */
void leat_payload_damage(leat_payload *payload, const char *victim, leat_random *random);

#endif
