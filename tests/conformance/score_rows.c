/* score_rows MODEL predict|margin|leaves ROWS SCORES
 *
 * Runs a model of one input over a file of rows, float32 or float64 as the model takes
 * them, and writes scores as it gives them (leaves as int32), both raw and row-major in
 * this machine's byte order: what the conformance run compares with the framework. A '-'
 * for SCORES prints nanoseconds per row instead, the best of many runs over all the rows.
 *
 * Scores are written by a second run, which must ask the heap for nothing. */
#include "allocations.h"
#include "base/clock.h"
#include "runtime/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMED_RUNS = 200 };

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "score_rows: %s: %s\n", what, detail);
    exit(1);
}

static void *read_rows(const char *path, size_t row_size, uint32_t *n_rows)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END))
        die(path, "cannot open");
    size_t size = (size_t)ftell(file);
    rewind(file);
    void *rows = malloc(size + 1);
    if (!rows || size % row_size || fread(rows, 1, size, file) != size)
        die(path, "not a whole number of rows");
    fclose(file);
    *n_rows = (uint32_t)(size / row_size);
    return rows;
}

static leat_score_kind kind_of(const char *name)
{
    if (!strcmp(name, "predict"))
        return LEAT_SCORE_PREDICT;
    if (!strcmp(name, "margin"))
        return LEAT_SCORE_MARGIN;
    if (strcmp(name, "leaves") != 0)
        die(name, "expected predict, margin or leaves");
    return LEAT_SCORE_LEAVES;
}

static uint64_t run(leat_session *session, void *rows, uint32_t n_rows, void *scores)
{
    leat_tensor input = {.data = rows}, output = {.data = scores};
    uint64_t start = leat_now_ns();
    while (leat_session_run(session, &input, n_rows, &output, LEAT_MS) == LEAT_MORE)
        continue;
    return leat_now_ns() - start;
}

static void print_time(leat_session *session, void *rows, uint32_t n_rows, void *scores)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < TIMED_RUNS; i++) {
        uint64_t ns = run(session, rows, n_rows, scores);
        best = ns < best ? ns : best;
    }
    printf("%.1f\n", (double)best / n_rows);
}

/* The first run warms the session. */
static void run_warm(leat_session *session, void *rows, uint32_t n_rows, void *scores)
{
    run(session, rows, n_rows, scores);
    allocated.calls = 0;
    run(session, rows, n_rows, scores);
    if (allocated.calls)
        die("run", "a warm one allocates");
}

static void write_scores(const char *path, const void *scores, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(scores, 1, size, file) != size || fclose(file))
        die(path, "cannot write");
}

static size_t row_size_of(const leat_tensor_spec *spec)
{
    return leat_tensor_row_size(spec) * leat_dtype_size(spec->dtype);
}

int main(int argc, char **argv)
{
    leat_error error;
    leat_model *model;
    leat_session *session;
    uint32_t n_rows;
    if (argc != 5)
        die("usage", "score_rows MODEL predict|margin|leaves ROWS SCORES");
    if (leat_model_open(&model, argv[1], NULL, &error))
        die("model", error.msg);
    if (leat_session_new(&session, model, kind_of(argv[2])))
        die("session", "out of memory");
    void *rows = read_rows(argv[3], row_size_of(leat_model_inputs(model)), &n_rows);
    size_t size = n_rows * row_size_of(leat_session_output(session));
    void *scores = calloc(size + 1, 1);
    if (!scores)
        die("scores", "out of memory");
    if (strcmp(argv[4], "-") == 0) {
        print_time(session, rows, n_rows, scores);
    } else {
        run_warm(session, rows, n_rows, scores);
        write_scores(argv[4], scores, size);
    }
    free(scores);
    free(rows);
    leat_session_free(session);
    leat_model_free(model);
    return 0;
}
