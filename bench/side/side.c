#include "bench/side/side.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

/* How a turn is timed. The clock is the process's CPU time: it stands still while somebody
 * else has the core, and counts a thread that a library has started behind our back. What
 * others do to the caches and what the host takes away it counts too, so that a turn is cut
 * into slices and the best of them stands: noise only ever adds. Where a batch is so large
 * that slices take seconds, they are fewer. A slice is long beside a
 * reading of the clock, and goes on with the items where the last one ended: no branch is
 * foretold because its row was here a moment ago. */
enum {
    SLICES = 5,
    SLICE_NS = 20 * 1000 * 1000,
    ENOUGH_NS = 2 * 1000 * 1000 * 1000,
    ITEMS_A_READING = 1024,
    SAY_BATCH = 256,
    ALIGN = 64, /* as tensors are */
};

void bench_give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(EX_SOFTWARE);
}

void *bench_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END))
        bench_give_up(path, strerror(errno));
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        bench_give_up(path, "cannot be read");
    fclose(file);
    return bytes;
}

/* ---- time ---- */

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A round over the items in batches; one that is not whole at the end is left out. */
typedef struct bench_round {
    const bench_side *side;
    uint32_t batch;
    uint32_t next;
    float *out; /* [batch][width] */
} bench_round;

static uint32_t run_some(bench_round *self)
{
    uint32_t n = 0;
    do {
        if (self->batch > self->side->n_items - self->next)
            self->next = 0;
        self->side->run(self->side->self, self->next, self->batch, self->out);
        self->next += self->batch;
        n += self->batch;
    } while (n < ITEMS_A_READING);
    return n;
}

static double slice_ns_per_item(bench_round *self)
{
    uint64_t start = cpu_ns(), spent = 0, n = 0;
    while (spent < SLICE_NS) {
        n += run_some(self);
        spent = cpu_ns() - start;
    }
    return (double)spent / (double)n;
}

static void answer_time(const bench_side *side, float *out, uint32_t batch)
{
    if (!batch || batch > side->n_items)
        bench_give_up(side->name, "there are not so many items");
    bench_round round = {.side = side, .batch = batch, .out = out};
    run_some(&round); /* to warm up */
    uint64_t start = cpu_ns();
    double best = slice_ns_per_item(&round);
    for (int i = 1; i < SLICES && cpu_ns() - start < ENOUGH_NS; i++) {
        double ns = slice_ns_per_item(&round);
        best = ns < best ? ns : best;
    }
    printf("%.2f\n", best);
}

static uint64_t wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void answer_turn(const bench_side *side, float *out, uint32_t batch)
{
    uint64_t wall = wall_ns(), cpu = cpu_ns();
    for (uint32_t first = 0; first < side->n_items; first += batch) {
        uint32_t left = side->n_items - first;
        side->run(side->self, first, left < batch ? left : batch, out);
    }
    printf("%.1f %.1f\n", (double)(wall_ns() - wall) / side->n_items,
           (double)(cpu_ns() - cpu) / side->n_items);
}

/* ---- the other commands ---- */

static void answer_say(const bench_side *side, float *out, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        bench_give_up(path, strerror(errno));
    for (uint32_t first = 0; first < side->n_items;) {
        uint32_t left = side->n_items - first, n = left < SAY_BATCH ? left : SAY_BATCH;
        side->run(side->self, first, n, out);
        if (fwrite(out, sizeof *out * side->width, n, file) != n)
            bench_give_up(path, strerror(errno));
        first += n;
    }
    if (fclose(file))
        bench_give_up(path, strerror(errno));
    puts("said");
}

/* Not getrusage's: that one remembers the driver, which this process was before exec. */
static void answer_peak(void)
{
    char line[200];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && !kib && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld", &kib);
    if (!kib)
        bench_give_up("/proc/self/status", "tells no peak");
    fclose(file);
    printf("%ld\n", kib);
}

static void answer(const bench_side *side, float *out, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *argument = strchr(line, ' ');
    if (argument)
        *argument++ = '\0';
    if (argument && !strcmp(line, "say"))
        answer_say(side, out, argument);
    else if (argument && !strcmp(line, "time"))
        answer_time(side, out, (uint32_t)strtoul(argument, NULL, 10));
    else if (argument && !strcmp(line, "turn"))
        answer_turn(side, out, (uint32_t)strtoul(argument, NULL, 10));
    else if (!strcmp(line, "peak"))
        answer_peak();
    else
        bench_give_up(line, "is no command");
    fflush(stdout);
}

int bench_serve(const bench_side *side)
{
    char line[4096];
    size_t size = (size_t)side->n_items * side->width * sizeof(float);
    float *out = aligned_alloc(ALIGN, (size / ALIGN + 1) * ALIGN);
    if (!out)
        bench_give_up(side->name, "no memory");
    while (fgets(line, sizeof line, stdin))
        answer(side, out, line);
    free(out);
    return EX_OK;
}
