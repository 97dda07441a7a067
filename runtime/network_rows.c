#include "runtime/network.h"

#include <string.h>

/* Rows that a run takes at once: as many as leave the intermediates in the cache, but
 * enough of them that weights are not read for a few rows alone. */
enum { LEAST_BLOCK = 16, MOST_BLOCK = 256, MOST_TRIALS = 1 << 20 };
#define CACHE_BYTES ((size_t)1 << 20)

typedef struct trial {
    leat_network *network;
    leat_frame frame;
    leat_arena arena;  /* for as long as the trial */
    leat_array *first; /* [n_values]: as they were for one row; data where it was known */
    bool *varies;      /* [n_values]: shape or data were once others than that */
    leat_error *error;
} trial;

static const leat_array *output_of(const trial *try)
{
    return &try->frame.arrays[try->network->graph.outputs[0].value->id];
}

/* ---- the output ---- */

static leat_status refuse_output(const trial *try, uint32_t n_rows)
{
    char text[LEAT_ARRAY_TEXT];
    return leat_error_set(try->error, LEAT_E_UNSUPPORTED,
                          "output \"%.64s\" is %s for %u row%s: expected floats, a row "
                          "for each",
                          try->network->graph.outputs[0].value->name,
                          leat_array_describe(output_of(try), text), n_rows,
                          n_rows > 1 ? "s" : "");
}

static leat_status check_output(const trial *try, uint32_t n_rows)
{
    const leat_array *output = output_of(try);
    const leat_array *first = &try->first[try->network->graph.outputs[0].value->id];
    if (output->dtype != LEAT_F32 && output->dtype != LEAT_F64)
        return refuse_output(try, n_rows);
    if (!output->rank || output->shape[0] != n_rows || !leat_array_count(output))
        return refuse_output(try, n_rows);
    for (uint32_t axis = 1; axis < output->rank; axis++)
        if (output->rank != first->rank || output->shape[axis] != first->shape[axis])
            return refuse_output(try, n_rows);
    return LEAT_OK;
}

/* Whatever axes follow the rows are one: scores. */
static void describe_output(trial *try)
{
    const leat_array *output = output_of(try);
    try->network->output = (leat_tensor_spec){
        .name = try->network->graph.outputs[0].value->name,
        .dtype = output->dtype,
        .rank = 2,
        .shape = {0, (uint32_t)leat_array_span(output, 1, output->rank)},
    };
}

/* ---- one number of rows ---- */

static bool is_made(const leat_graph_value *value)
{
    return value->producer && value->n_readers;
}

static leat_status keep_first(trial *try)
{
    const leat_graph *graph = &try->network->graph;
    for (uint32_t i = 0; i < graph->n_values; i++) {
        const leat_array *array = &try->frame.arrays[i];
        const size_t size = array->data ? leat_array_bytes(array) : 0;
        try->first[i] = *array;
        if (!is_made(graph->values[i]) || !array->data)
            continue;
        try->first[i].data = leat_arena_aligned(&try->arena, size);
        if (!try->first[i].data)
            return leat_error_set(try->error, LEAT_E_MEMORY, "out of memory");
        memcpy(try->first[i].data, array->data, size);
    }
    return LEAT_OK;
}

static bool is_as_first(const leat_array *array, const leat_array *first)
{
    return array->data && leat_array_same_shape(array, first) &&
           !memcmp(array->data, first->data, leat_array_bytes(first));
}

static void note_values(trial *try)
{
    leat_network *network = try->network;
    for (uint32_t i = 0; i < network->graph.n_values; i++) {
        const leat_array *array = &try->frame.arrays[i];
        if (!is_made(network->graph.values[i]))
            continue;
        if (leat_array_bytes(array) > network->sizes[i])
            network->sizes[i] = leat_array_bytes(array);
        if (!try->varies[i] && !is_as_first(array, &try->first[i]))
            try->varies[i] = true;
    }
}

static void note_nodes(trial *try)
{
    leat_network *network = try->network;
    for (uint32_t n = 0; n < network->graph.n_nodes; n++) {
        const leat_call *call = &try->frame.calls[n];
        const leat_array *input = leat_call_input(call, 0);
        const leat_array *output = leat_call_output(call, 0);
        if (input && output && leat_array_bytes(input) != leat_array_bytes(output))
            network->keeps_size[network->graph.nodes[n]->outputs[0]->id] = false;
    }
}

static leat_status try_rows(trial *try, uint32_t n_rows)
{
    leat_network *network = try->network;
    leat_network_set_rows(network, &try->frame, n_rows);
    leat_status status = leat_frame_shape(&try->frame, try->error);
    if (status)
        return leat_error_prefix(try->error, "%u rows: ", n_rows);
    if (n_rows == 1)
        status = keep_first(try);
    if (!status)
        status = check_output(try, n_rows);
    if (status)
        return status;
    note_values(try);
    note_nodes(try);
    if (try->frame.known_bytes > network->known_bytes)
        network->known_bytes = try->frame.known_bytes;
    if (try->frame.scratch > network->scratch)
        network->scratch = try->frame.scratch;
    return LEAT_OK;
}

static leat_status try_up_to(trial *try, uint32_t most)
{
    leat_status status = LEAT_OK;
    while (try->network->block < most && !status)
        status = try_rows(try, ++try->network->block);
    return status;
}

/* ---- all of them ---- */

/* What fits, judged by the memory of the least block. */
static leat_status choose_block(trial *try, uint32_t *block)
{
    leat_network *network = try->network;
    leat_status status = leat_network_lay_out(network, &try->frame, try->error);
    const size_t size = network->memory.planned + network->known_bytes;
    const uint32_t n_nodes = network->graph.n_nodes + 1;
    *block = LEAST_BLOCK;
    while (*block < MOST_BLOCK && size * (*block * 2 / LEAST_BLOCK) <= CACHE_BYTES &&
           *block * 2 * n_nodes <= MOST_TRIALS)
        *block *= 2;
    return status;
}

/* What was known every time, and always the same, is a constant. */
static leat_status keep_constants(trial *try)
{
    leat_graph *graph = &try->network->graph;
    for (uint32_t i = 0; i < graph->n_values; i++) {
        leat_graph_value *value = graph->values[i];
        if (!is_made(value) || try->varies[i])
            continue;
        const size_t size = leat_array_bytes(&try->first[i]);
        value->array = try->first[i];
        value->array.data = leat_arena_aligned(&graph->arena, size);
        if (!value->array.data)
            return leat_error_set(try->error, LEAT_E_MEMORY, "out of memory");
        memcpy(value->array.data, try->first[i].data, size);
        value->producer = NULL;
    }
    return LEAT_OK;
}

static leat_status prepare(trial *try)
{
    leat_network *network = try->network;
    const uint32_t n = network->graph.n_values;
    leat_arena *arena = &network->graph.arena;
    network->sizes = leat_arena_calloc(arena, n, sizeof *network->sizes);
    network->keeps_size = leat_arena_calloc(arena, n, sizeof *network->keeps_size);
    network->places = leat_arena_calloc(arena, n, sizeof *network->places);
    try->first = leat_arena_calloc(&try->arena, n, sizeof *try->first);
    try->varies = leat_arena_calloc(&try->arena, n, sizeof *try->varies);
    if (!network->sizes || !network->keeps_size || !network->places || !try->first ||
        !try->varies)
        return leat_error_set(try->error, LEAT_E_MEMORY, "out of memory");
    memset(network->keeps_size, true, n * sizeof *network->keeps_size);
    return LEAT_OK;
}

static leat_status run_trial(trial *try)
{
    uint32_t block;
    leat_status status = prepare(try);
    if (!status)
        status = try_up_to(try, try->network->has_fixed_batch ? 1 : LEAST_BLOCK);
    if (!status && !try->network->has_fixed_batch) {
        status = choose_block(try, &block);
        if (!status)
            status = try_up_to(try, block);
    }
    if (status)
        return status;
    describe_output(try);
    return keep_constants(try);
}

leat_status leat_network_try_rows(leat_network *network, leat_error *error)
{
    trial try = {.network = network, .error = error};
    leat_status status = leat_frame_init(&try.frame, &network->graph, CACHE_BYTES, error);
    if (status)
        return status;
    leat_arena_init(&try.arena, 1 << 12);
    status = run_trial(&try);
    leat_arena_fini(&try.arena);
    leat_frame_fini(&try.frame);
    if (!status)
        leat_graph_drop_dead(&network->graph);
    return status;
}
