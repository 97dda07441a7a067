/* corrupt_model FILE...: loads every truncation of a model and every copy of it with one
 * flipped bit, and scores three rows with those that load. To be run in the asan build, on
 * files too large for the unit tests that do the same.
 *
 * Prints a line a file: how many were refused, how many loaded, and the slowest. Exits 1
 * when a copy took more than two seconds of the processor, or when the file itself does not
 * load. */
#include "../unit/any_rows.h"
#include "../unit/model_files.h"
#include <stdbool.h>
#include <time.h>

enum { SLOWEST_MS = 2000 };

typedef struct tally {
    unsigned loaded, refused;
    uint64_t slowest_ns;
} tally;

/* Of the processor, so that it does not matter what else runs. */
static uint64_t spent_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* From an allocation of exactly its size. */
static void feed(tally *all, const uint8_t *bytes, size_t size)
{
    leat_model *model;
    uint8_t *copy = malloc(size + !size);
    memcpy(copy, bytes, size);
    const uint64_t start = spent_ns();
    if (leat_model_parse(&model, copy, size, NULL, NULL)) {
        all->refused++;
    } else {
        all->loaded++;
        (void)any_run(model, LEAT_SCORE_PREDICT);
        (void)any_run(model, LEAT_SCORE_LEAVES);
        leat_model_free(model);
    }
    const uint64_t taken = spent_ns() - start;
    if (taken > all->slowest_ns)
        all->slowest_ns = taken;
    free(copy);
}

static bool corrupt(const char *path)
{
    size_t size;
    tally all = {0};
    uint8_t *bytes = (uint8_t *)read_file(path, &size);
    feed(&all, bytes, size);
    const bool is_model = all.loaded;
    for (size_t end = 0; end < size; end++)
        feed(&all, bytes, end);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        feed(&all, bytes, size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
    printf("%s: %zu bytes, %u refused, %u loaded, the slowest %.1f ms\n", path, size,
           all.refused, all.loaded, (double)all.slowest_ns / 1e6);
    fflush(stdout);
    return is_model && all.slowest_ns <= (uint64_t)SLOWEST_MS * 1000000;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= !corrupt(argv[i]);
    return failed;
}
