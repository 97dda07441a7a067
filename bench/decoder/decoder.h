/* bench/decoder/decoder.h: what makes rows of events, Leat among them: of msgpack, or of
 * the same events as JSON.
 *
 * A decoder knows the names that it wants beforehand. Each but the first is a number of
 * the event, and becomes a float of the row; the first is text, whose place is noted: what
 * a prediction says of its event.
 */
#ifndef LEAT_BENCH_DECODER_H
#define LEAT_BENCH_DECODER_H

#include "bench/side/side.h"

typedef struct bench_payload {
    const uint8_t *data;
    uint32_t size;
} bench_payload;

typedef struct bench_decoder {
    const char *name;
    /* The names outlive it. Never NULL. */
    void *(*open)(const char *const *names, uint32_t n_names);
    /* rows: [n][n_names - 1]; NaN where the event has no such number */
    void (*decode)(void *self, const bench_payload *payloads, uint32_t n, float *rows);
} bench_decoder;

extern const bench_decoder decoder_leat;
extern const bench_decoder decoder_msgpack_c;
extern const bench_decoder decoder_leat_json; /* JSON */
extern const bench_decoder decoder_jansson;   /* JSON */

#endif
