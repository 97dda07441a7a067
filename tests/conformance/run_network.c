/* run_network MODEL BATCH OUTPUT INPUT...
 *
 * Runs a model over files with the rows of its inputs, BATCH rows at a time, all raw and
 * row-major in this machine's byte order, and writes the output like that. The inputs
 * come in the model's order. Prints one JSON object: rows, bytes of an output's element
 * and elements of its row, allocations in a second, warm pass, and bytes of the session's
 * memory beside those of all intermediates.
 *
 * Linked with --wrap for what allocates, so that calls are counted. */
#include "allocations.h"
#include "runtime/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_INPUTS = 16 };

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "run_network: %s: %s\n", what, detail);
    exit(1);
}

static size_t row_bytes(const leat_tensor_spec *spec)
{
    return leat_tensor_row_size(spec) * leat_dtype_size(spec->dtype);
}

/* All bytes of a file, and how many rows they are; every input must have as many. */
static uint8_t *read_rows(const char *path, size_t row, uint32_t *n_rows)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END))
        die(path, "cannot open");
    const size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *rows = malloc(size + 1);
    if (!rows || fread(rows, 1, size, file) != size)
        die(path, "cannot read");
    fclose(file);
    if (size % row || (*n_rows && *n_rows != size / row))
        die(path, "not as many rows as the other inputs have");
    *n_rows = (uint32_t)(size / row);
    return rows;
}

/* A model at work on rows of a file. */
typedef struct network_job {
    leat_session *session;
    const leat_tensor_spec *specs; /* [n_inputs] */
    uint32_t n_inputs;
    uint8_t *rows[MOST_INPUTS];
    uint32_t n_rows;
    uint8_t *scores;
    size_t score_bytes; /* of a row */
} network_job;

static void run_batch(const network_job *job, uint32_t first, uint32_t n)
{
    leat_tensor inputs[MOST_INPUTS] = {0};
    leat_tensor output = {.data = job->scores + first * job->score_bytes};
    for (uint32_t i = 0; i < job->n_inputs; i++)
        inputs[i] = (leat_tensor){
            .spec = &job->specs[i],
            .row_size = leat_tensor_row_size(&job->specs[i]),
            .data = job->rows[i] + first * row_bytes(&job->specs[i]),
        };
    leat_status status;
    do
        status = leat_session_run(job->session, inputs, n, &output, UINT64_MAX);
    while (status == LEAT_MORE);
    if (status)
        die("run", leat_status_text(status));
}

static void run_all(const network_job *job, uint32_t batch)
{
    for (uint32_t first = 0; first < job->n_rows; first += batch)
        run_batch(job, first, job->n_rows - first < batch ? job->n_rows - first : batch);
}

static void open_inputs(network_job *job, const leat_model *model, int n_paths,
                        char **paths)
{
    job->specs = leat_model_inputs(model);
    job->n_inputs = leat_model_n_inputs(model);
    if (n_paths != (int)job->n_inputs || n_paths > MOST_INPUTS)
        die("usage", "a file for each input of the model");
    for (uint32_t i = 0; i < job->n_inputs; i++)
        job->rows[i] = read_rows(paths[i], row_bytes(&job->specs[i]), &job->n_rows);
}

static void print_facts(const network_job *job, const leat_tensor_spec *output)
{
    const leat_session_memory memory = leat_session_measure(job->session);
    printf("{\"rows\": %u, \"element\": %zu, \"columns\": %u, \"mallocs\": %zu, "
           "\"planned_bytes\": %zu, \"intermediate_bytes\": %zu}\n",
           job->n_rows, leat_dtype_size(output->dtype), leat_tensor_row_size(output),
           allocated.calls, memory.planned, memory.sum);
}

int main(int argc, char **argv)
{
    leat_error error;
    leat_model *model;
    network_job job = {0};
    if (argc < 5 || atoi(argv[2]) < 1)
        die("usage", "run_network MODEL BATCH OUTPUT INPUT...");
    if (leat_model_open(&model, argv[1], NULL, &error))
        die("model", error.msg);
    if (leat_session_new(&job.session, model, LEAT_SCORE_PREDICT))
        die("session", "out of memory");
    open_inputs(&job, model, argc - 4, argv + 4);
    const leat_tensor_spec *output = leat_session_output(job.session);
    job.score_bytes = row_bytes(output);
    job.scores = calloc(job.n_rows + 1, job.score_bytes);
    if (!job.scores)
        die("scores", "out of memory");
    run_all(&job, (uint32_t)atoi(argv[2]));
    allocated.calls = 0;
    run_all(&job, (uint32_t)atoi(argv[2]));
    print_facts(&job, output);
    FILE *file = fopen(argv[3], "wb");
    if (!file || fwrite(job.scores, job.score_bytes, job.n_rows, file) != job.n_rows ||
        fclose(file))
        die(argv[3], "cannot write");
    for (uint32_t i = 0; i < job.n_inputs; i++)
        free(job.rows[i]);
    free(job.scores);
    leat_session_free(job.session);
    leat_model_free(model);
    return 0;
}
