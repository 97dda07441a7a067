#include "worker/demo/dump.h"

#include "worker/demo/fraud_stream.h"

#include <errno.h>
#include <msgpack.h>
#include <msgpack/fbuffer.h>
#include <stdio.h>

static void put_text(msgpack_packer *to, const char *text)
{
    msgpack_pack_str_with_body(to, text, strlen(text));
}

static void put_profile(msgpack_packer *to, const char *name,
                        const leat_fraud_profile *profile)
{
    put_text(to, name);
    msgpack_pack_map(to, profile->n_fields);
    for (uint32_t i = 0; i < profile->n_fields; i++) {
        put_text(to, profile->fields[i].name);
        msgpack_pack_double(to, profile->fields[i].value);
    }
}

static void put_row(msgpack_packer *to, const leat_fraud_stream *stream,
                    const leat_fraud_event *event)
{
    leat_fraud_profile user, card;
    if (!leat_fraud_stream_user(stream, event->user, &user))
        user.n_fields = 0;
    leat_fraud_stream_card(stream, event->card, &card);
    msgpack_pack_map(to, 4);
    put_text(to, "event");
    msgpack_pack_bin_with_body(to, event->payload.data, event->payload.size);
    put_text(to, "label");
    msgpack_pack_int(to, event->fraud);
    put_profile(to, "user", &user);
    put_profile(to, "card", &card);
}

leat_status leat_demo_dump(const char *path, uint64_t n_events, uint64_t seed,
                           leat_error *error)
{
    leat_fraud_stream *stream;
    if (leat_fraud_stream_new(&stream, seed) != LEAT_OK)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    FILE *file = fopen(path, "wb");
    if (file) {
        msgpack_packer to;
        msgpack_packer_init(&to, file, msgpack_fbuffer_write);
        for (uint64_t i = 0; i < n_events; i++) {
            leat_fraud_event event;
            leat_fraud_stream_next(stream, &event);
            if (!event.malformed)
                put_row(&to, stream, &event);
        }
    }
    leat_fraud_stream_free(stream);
    int failed = !file || ferror(file);
    if (file && fclose(file) != 0)
        failed = 1;
    return failed ? leat_error_set(error, LEAT_E_IO, "%s: %s", path, strerror(errno))
                  : LEAT_OK;
}
