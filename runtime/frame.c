#include "runtime/frame.h"

/* An array beyond this is a mistake or an attack: a row of it would not fit a record. */
#define MOST_BYTES ((size_t)1 << 32)
#define MOST_KNOWN ((size_t)1 << 26)

static leat_status make_call(leat_frame *frame, const leat_graph_node *node,
                             leat_call *call)
{
    const leat_array **inputs =
        leat_arena_calloc(&frame->arena, node->n_inputs, sizeof *inputs);
    leat_array **outputs =
        leat_arena_calloc(&frame->arena, node->n_outputs, sizeof *outputs);
    if (!inputs || !outputs)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i])
            inputs[i] = &frame->arrays[node->inputs[i]->id];
    for (uint32_t i = 0; i < node->n_outputs; i++)
        if (leat_graph_wants(node, i))
            outputs[i] = &frame->arrays[node->outputs[i]->id];
    *call = (leat_call){
        .state = node->state,
        .n_inputs = node->n_inputs,
        .inputs = inputs,
        .n_outputs = node->n_outputs,
        .outputs = outputs,
    };
    return LEAT_OK;
}

leat_status leat_frame_init(leat_frame *frame, const leat_graph *graph,
                            size_t known_bytes, leat_error *error)
{
    *frame = (leat_frame){.graph = graph};
    leat_arena_init(&frame->arena, 1 << 12);
    leat_arena_init(&frame->known, known_bytes + !known_bytes);
    leat_arena *arena = &frame->arena;
    frame->arrays = leat_arena_calloc(arena, graph->n_values, sizeof *frame->arrays);
    frame->calls = leat_arena_calloc(arena, graph->n_nodes, sizeof *frame->calls);
    frame->steps = leat_arena_calloc(arena, graph->n_nodes, sizeof *frame->steps);
    leat_status status =
        frame->arrays && frame->calls && frame->steps ? LEAT_OK : LEAT_E_MEMORY;
    for (uint32_t i = 0; i < graph->n_values && !status; i++)
        frame->arrays[i] = graph->values[i]->array;
    for (uint32_t i = 0; i < graph->n_nodes && !status; i++)
        status = make_call(frame, graph->nodes[i], &frame->calls[i]);
    if (!status)
        return LEAT_OK;
    leat_frame_fini(frame);
    return leat_error_set(error, status, "out of memory");
}

void leat_frame_fini(leat_frame *frame)
{
    leat_arena_fini(&frame->known);
    leat_arena_fini(&frame->arena);
}

/* ---- shape ---- */

/* Operators take an array with data for one that is known. */
static void forget_data(leat_frame *frame)
{
    for (uint32_t n = 0; n < frame->graph->n_nodes; n++) {
        const leat_call *call = &frame->calls[n];
        for (uint32_t i = 0; i < call->n_outputs; i++)
            if (call->outputs[i])
                call->outputs[i]->data = NULL;
    }
    leat_arena_reset(&frame->known);
    frame->known_bytes = 0;
}

/* A view has the elements of input 0; the others, which may be empty and come from the
 * events, have told its shape. */
static bool is_known(const leat_operator *op, const leat_call *call)
{
    const uint32_t end = op->flags & LEAT_OP_VIEW ? 1 : call->n_inputs;
    for (uint32_t i = op->flags & LEAT_OP_OF_SHAPE ? 1 : 0; i < end; i++)
        if (call->inputs[i] && !call->inputs[i]->data)
            return false;
    return true;
}

/* Memory for what is known, which does not move until the next shape(). */
static leat_status take(leat_frame *frame, size_t size, void **memory, leat_error *error)
{
    const size_t rounded = (size | (LEAT_ARENA_ALIGN - 1)) + 1;
    if (rounded > MOST_KNOWN - frame->known_bytes)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "what follows from shapes is larger than %zu MiB",
                              MOST_KNOWN >> 20);
    frame->known_bytes += rounded;
    *memory = leat_arena_aligned(&frame->known, rounded);
    return *memory ? LEAT_OK : leat_error_set(error, LEAT_E_MEMORY, "out of memory");
}

static leat_status run_known(leat_frame *frame, const leat_operator *op, leat_call *call,
                             size_t scratch, leat_error *error)
{
    leat_status status = LEAT_OK;
    if (op->flags & LEAT_OP_VIEW) {
        call->outputs[0]->data = call->inputs[0]->data;
        return LEAT_OK;
    }
    for (uint32_t i = 0; i < call->n_outputs && !status; i++)
        if (call->outputs[i])
            status = take(frame, leat_array_bytes(call->outputs[i]),
                          &call->outputs[i]->data, error);
    if (!status)
        status = take(frame, scratch, &call->scratch, error);
    if (!status)
        op->run(call);
    return status;
}

static leat_status check_sizes(const leat_call *call, leat_error *error)
{
    for (uint32_t i = 0; i < call->n_outputs; i++)
        if (call->outputs[i] && leat_array_bytes(call->outputs[i]) > MOST_BYTES) {
            char text[LEAT_ARRAY_TEXT];
            return leat_error_set(error, LEAT_E_UNSUPPORTED,
                                  "output %u is %s: at most %zu MiB are supported", i,
                                  leat_array_describe(call->outputs[i], text),
                                  MOST_BYTES >> 20);
        }
    return LEAT_OK;
}

static leat_status check_view(const leat_call *call, leat_error *error)
{
    char from[LEAT_ARRAY_TEXT], to[LEAT_ARRAY_TEXT];
    if (leat_array_bytes(call->outputs[0]) == leat_array_bytes(call->inputs[0]))
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_MODEL, "%s cannot be seen as %s",
                          leat_array_describe(call->inputs[0], from),
                          leat_array_describe(call->outputs[0], to));
}

static leat_status shape_node(leat_frame *frame, uint32_t n, leat_error *error)
{
    const leat_operator *op = frame->graph->nodes[n]->op;
    leat_call *call = &frame->calls[n];
    size_t scratch = 0;
    leat_status status = op->shape(call, &scratch, error);
    if (!status)
        status = check_sizes(call, error);
    if (!status && op->flags & LEAT_OP_VIEW)
        status = check_view(call, error);
    if (status)
        return status;
    if (is_known(op, call))
        return run_known(frame, op, call, scratch, error);
    if (op->flags & LEAT_OP_VIEW)
        return LEAT_OK;
    frame->steps[frame->n_steps++] = n;
    if (scratch > frame->scratch)
        frame->scratch = scratch;
    return LEAT_OK;
}

leat_status leat_frame_shape(leat_frame *frame, leat_error *error)
{
    forget_data(frame);
    frame->n_steps = 0;
    frame->scratch = 0;
    for (uint32_t n = 0; n < frame->graph->n_nodes; n++)
        if (shape_node(frame, n, error))
            return leat_graph_blame(frame->graph->nodes[n], error);
    return LEAT_OK;
}

void leat_frame_run(const leat_frame *frame, void *scratch)
{
    for (uint32_t i = 0; i < frame->n_steps; i++) {
        const uint32_t n = frame->steps[i];
        frame->calls[n].scratch = scratch;
        frame->graph->nodes[n]->op->run(&frame->calls[n]);
    }
}
