/* bench/side/side.h: one side of a bench, as a process that takes its turns.
 *
 * Everything that is compared does the same to the same items, in a process of its own: two
 * versions of one library cannot meet, and peak memory is one side's. Between its turns a
 * side sleeps in a read of stdin, so that the driver (bench/side.py) interleaves them. A
 * command is a line, and so is its answer:
 *
 *   say PATH    all items once, 256 at a time; their outputs to PATH, raw float32 -> "said"
 *   time BATCH  nanoseconds per item when BATCH of them come at once
 *   turn BATCH  all items once, BATCH at a time -> nanoseconds per item of the clock on the
 *               wall and of CPU, for sides that talk to somebody
 *   peak        the most memory that was resident so far, in KiB
 */
#ifndef LEAT_BENCH_SIDE_H
#define LEAT_BENCH_SIDE_H

#include <stddef.h>
#include <stdint.h>

typedef struct bench_side {
    const char *name;
    uint32_t n_items;
    uint32_t width; /* floats that an item becomes */
    void *self;
    /* Items [first, first + n) to out: [n][width], aligned as tensors are. */
    void (*run)(void *self, uint32_t first, uint32_t n, float *out);
} bench_side;

/* Answers commands until stdin ends; what main returns. */
int bench_serve(const bench_side *side);

/* The way out of a bench that cannot go on: says so, exits 70. */
_Noreturn void bench_give_up(const char *what, const char *why);

/* The bytes of a file and their number, the caller's to free. */
void *bench_read_file(const char *path, size_t *size);

#endif
