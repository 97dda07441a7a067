/* bench/decoder/msgpack_c.h: what plain_worker asks of decoder_msgpack_c beside rows. */
#ifndef LEAT_BENCH_DECODER_MSGPACK_C_H
#define LEAT_BENCH_DECODER_MSGPACK_C_H

#include "bench/decoder/decoder.h"

typedef struct bench_text {
    const char *data; /* in the payload */
    uint32_t size;
} bench_text;

/* The text of the event that was decoded last; data NULL where it has none. */
bench_text decoder_msgpack_c_text(const void *decoder);

#endif
