/* decoder NAME PAYLOADS TEXT NUMBER...
 *
 * Decodes events to rows of the named numbers: a side of bench/run decode. In the file
 * PAYLOADS each is its size, 4 bytes in the machine's order, and its bytes. */
#include "bench/decoder/decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const bench_decoder *const decoders[] = {&decoder_leat, &decoder_msgpack_c,
                                                &decoder_leat_json, &decoder_jansson};

typedef struct bench_stream {
    const bench_decoder *decoder;
    void *opened;
    uint32_t n_payloads;
    bench_payload *payloads;
} bench_stream;

static const bench_decoder *find_decoder(const char *name)
{
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
        if (!strcmp(decoders[i]->name, name))
            return decoders[i];
    bench_give_up(name, "is no decoder");
}

static void read_payloads(bench_stream *self, const char *path)
{
    size_t size;
    const uint8_t *bytes = bench_read_file(path, &size);
    self->payloads = calloc(size / sizeof(uint32_t) + 1, sizeof *self->payloads);
    if (!self->payloads)
        bench_give_up(path, "no memory");
    for (size_t at = 0; at < size;) {
        uint32_t length;
        memcpy(&length, bytes + at, sizeof length);
        at += sizeof length;
        self->payloads[self->n_payloads++] = (bench_payload){bytes + at, length};
        at += length;
    }
}

static void run(void *opaque, uint32_t first, uint32_t n, float *out)
{
    const bench_stream *self = opaque;
    self->decoder->decode(self->opened, self->payloads + first, n, out);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fputs("usage: decoder NAME PAYLOADS TEXT NUMBER...\n", stderr);
        return EX_USAGE;
    }
    bench_stream stream = {.decoder = find_decoder(argv[1])};
    uint32_t n_names = (uint32_t)argc - 3;
    stream.opened = stream.decoder->open((const char *const *)(argv + 3), n_names);
    read_payloads(&stream, argv[2]);
    bench_side side = {
        .name = argv[1],
        .n_items = stream.n_payloads,
        .width = n_names - 1,
        .self = &stream,
        .run = run,
    };
    return bench_serve(&side);
}
