#include "worker/row_cost.h"

#include "base/batch.h"
#include "base/clock.h"
#include "base/element.h"
#include <math.h>

/* Runs of few rows go over this many, so that the processor cannot learn them by heart. */
enum { N_ROWS = 1024, MEASURE_NS = 100 * LEAT_MS };

/* Knuth's MMIX. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 32);
}

static double random_number(uint64_t *state)
{
    double magnitude = exp2(next_random(state) * 0x1p-32 * 40 - 20);
    return next_random(state) % 2 ? magnitude : -magnitude;
}

static void fill(const leat_tensor *input, uint32_t n_rows, uint64_t *state)
{
    leat_dtype dtype = input->spec->dtype;
    size_t size = leat_dtype_size(dtype), n = (size_t)n_rows * input->row_size;
    for (size_t i = 0; i < n; i++) {
        void *at = (char *)input->data + i * size;
        leat_value value = {.type = LEAT_VALUE_BOOL, .as.u = next_random(state) % 2};
        if (leat_dtype_has_nan(dtype))
            value = (leat_value){.type = LEAT_VALUE_DOUBLE, .as.f = random_number(state)};
        if (leat_element_put(at, dtype, &value) != LEAT_OK)
            leat_element_clear(at, dtype);
    }
}

static leat_tensor rows_from(const leat_tensor *tensor, uint32_t first)
{
    leat_tensor rows = *tensor;
    rows.data = (char *)tensor->data +
                (size_t)first * tensor->row_size * leat_dtype_size(tensor->spec->dtype);
    return rows;
}

/* `inputs`: room for the batch's. */
static void run(leat_session *session, leat_batch *batch, leat_tensor *inputs,
                uint32_t first, uint32_t n_rows)
{
    leat_status status;
    for (uint32_t i = 0; i < batch->schema->n_inputs; i++)
        inputs[i] = rows_from(&batch->inputs[i], first);
    do
        status = leat_session_run(session, inputs, n_rows, &batch->output, UINT64_MAX);
    while (status == LEAT_MORE);
}

static leat_status measure(leat_session *session, leat_batch *batch, uint32_t n_rows,
                           leat_row_cost *cost)
{
    uint64_t random = 1, n_done = 0, spent_ns = 0;
    uint32_t n_inputs = batch->schema->n_inputs;
    leat_tensor *inputs = leat_arena_calloc(&batch->arena, n_inputs, sizeof *inputs);
    if (!inputs)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n_inputs; i++)
        fill(&batch->inputs[i], batch->max_rows, &random);
    run(session, batch, inputs, 0, n_rows);
    for (uint64_t start = leat_now_ns(); spent_ns < MEASURE_NS;
         spent_ns = leat_now_ns() - start, n_done += n_rows)
        run(session, batch, inputs, (uint32_t)(n_done % batch->max_rows), n_rows);
    cost->microseconds = (double)spent_ns / 1e3 / (double)n_done;
    cost->memory = leat_session_measure(session);
    return LEAT_OK;
}

leat_status leat_row_cost_measure(const leat_model *model, uint32_t n_rows,
                                  leat_row_cost *cost)
{
    const leat_schema schema = {.n_inputs = leat_model_n_inputs(model),
                                .inputs = leat_model_inputs(model)};
    uint32_t max_rows = n_rows * (N_ROWS / n_rows ? N_ROWS / n_rows : 1);
    leat_session *session = NULL;
    leat_batch batch = {0};
    leat_status status = leat_session_new(&session, model, LEAT_SCORE_PREDICT);
    if (!status)
        status = leat_batch_init(&batch, max_rows);
    if (!status)
        status = leat_batch_reset(&batch, &schema, leat_session_output(session));
    if (!status)
        status = measure(session, &batch, n_rows, cost);
    leat_batch_fini(&batch);
    leat_session_free(session);
    return status;
}
