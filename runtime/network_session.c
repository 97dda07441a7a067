#include "runtime/network_session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct leat_network_session {
    const leat_network *network;
    leat_frame frame;
    uint32_t n_rows; /* that the frame has its shapes for */
    uint8_t *memory; /* of the plan */
    void *scratch;
    size_t output_bytes; /* of a row */
    size_t *input_bytes; /* [n_inputs]: of a row */
    uint32_t n_bound;
    uint32_t *bound; /* [n_bound]: values that are where the caller says */
};

/* Every number of rows was tried when the network was made. */
static void set_rows(leat_network_session *session, uint32_t n_rows)
{
    const leat_network *network = session->network;
    leat_error error;
    leat_network_set_rows(network, &session->frame, n_rows);
    leat_status status = leat_frame_shape(&session->frame, &error);
    assert(!status);
    (void)status;
    for (uint32_t i = 0; i < network->graph.n_values; i++)
        if (network->places[i].kind == LEAT_PLACE_PLAN)
            session->frame.arrays[i].data = session->memory + network->places[i].offset;
    session->n_rows = n_rows;
}

static void *new_aligned(size_t size)
{
    return aligned_alloc(LEAT_ARENA_ALIGN,
                         (size / LEAT_ARENA_ALIGN + 1) * LEAT_ARENA_ALIGN);
}

static size_t row_bytes(const leat_tensor_spec *spec)
{
    return leat_tensor_row_size(spec) * leat_dtype_size(spec->dtype);
}

static leat_status bind_values(leat_network_session *session)
{
    const leat_network *network = session->network;
    const uint32_t n_values = network->graph.n_values;
    session->bound = calloc((size_t)n_values + 1, sizeof *session->bound);
    if (!session->bound)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n_values; i++)
        if (network->places[i].kind == LEAT_PLACE_INPUT ||
            network->places[i].kind == LEAT_PLACE_OUTPUT)
            session->bound[session->n_bound++] = i;
    return LEAT_OK;
}

leat_status leat_network_session_new(leat_network_session **out,
                                     const leat_network *network)
{
    const uint32_t n_inputs = network->graph.n_inputs;
    leat_network_session *session = calloc(1, sizeof *session);
    leat_error error;
    if (!session)
        return LEAT_E_MEMORY;
    session->network = network;
    session->memory = new_aligned(network->memory.planned);
    session->scratch = new_aligned(network->scratch);
    session->input_bytes = calloc(n_inputs, sizeof *session->input_bytes);
    session->output_bytes = row_bytes(&network->output);
    if (!session->memory || !session->scratch || !session->input_bytes ||
        bind_values(session) ||
        leat_frame_init(&session->frame, &network->graph, network->known_bytes, &error)) {
        leat_network_session_free(session);
        return LEAT_E_MEMORY;
    }
    for (uint32_t i = 0; i < n_inputs; i++)
        session->input_bytes[i] = row_bytes(&network->inputs[i]);
    set_rows(session, network->block);
    *out = session;
    return LEAT_OK;
}

void leat_network_session_free(leat_network_session *session)
{
    if (!session)
        return;
    leat_frame_fini(&session->frame);
    free(session->memory);
    free(session->scratch);
    free(session->input_bytes);
    free(session->bound);
    free(session);
}

void leat_network_session_run(leat_network_session *session, const leat_tensor *inputs,
                              uint32_t first, uint32_t n_rows, leat_tensor *output)
{
    const leat_network *network = session->network;
    leat_array *arrays = session->frame.arrays;
    uint8_t *scores = (uint8_t *)output->data + first * session->output_bytes;
    if (n_rows != session->n_rows)
        set_rows(session, n_rows);
    for (uint32_t i = 0; i < session->n_bound; i++) {
        const leat_place *place = &network->places[session->bound[i]];
        arrays[session->bound[i]].data =
            place->kind == LEAT_PLACE_OUTPUT
                ? scores
                : (uint8_t *)inputs[place->input].data +
                      first * session->input_bytes[place->input];
    }
    leat_frame_run(&session->frame, session->scratch);
    const leat_array *result = &arrays[network->graph.outputs[0].value->id];
    if (result->data != scores)
        memcpy(scores, result->data, leat_array_bytes(result));
}
