#include "ops/recurrent.h"
#include "ops/gemm_blas.h"

/* RNN, GRU and LSTM: what a node says, and the shapes. */

static const leat_cell cells[] = {
    {LEAT_CELL_RNN, 1, 1, 1, {"Tanh"}},
    {LEAT_CELL_GRU, 3, 2, 2, {"Sigmoid", "Tanh"}},
    {LEAT_CELL_LSTM, 4, 4, 3, {"Sigmoid", "Tanh", "Tanh"}},
};

/* ---- load ---- */

static leat_status load_inputs(leat_node *node)
{
    const uint32_t floats = 1u << LEAT_F32 | 1u << LEAT_F64;
    leat_status status = leat_node_check_dtype(node, IN_X, floats);
    for (uint32_t i = IN_W; !status && i < node->n_inputs; i++) {
        const uint32_t allowed =
            i == IN_LENGTHS ? 1u << LEAT_I32 : 1u << node->inputs[IN_X]->dtype;
        if (node->inputs[i] || i <= IN_R)
            status = leat_node_check_dtype(node, i, allowed);
    }
    for (uint32_t i = 0; !status && i < node->n_outputs; i++)
        leat_node_set_dtype(node, i, node->inputs[IN_X]->dtype);
    return status;
}

static leat_status load_direction(leat_node *node, leat_recurrent *state)
{
    static const char *const words[] = {"forward", "reverse", "bidirectional", NULL};
    uint32_t word;
    leat_status status = leat_attribute_word(node, "direction", words, 0, &word);
    state->directions = word == 2 ? 2 : 1;
    state->reverse[0] = word == 1;
    state->reverse[1] = true;
    return status;
}

static leat_status load_flag(leat_node *node, const char *name, bool *flag)
{
    int64_t value;
    leat_status status = leat_attribute_int(node, name, 0, &value);
    *flag = value != 0;
    return status;
}

static leat_status load_flags(leat_node *node, leat_recurrent *state)
{
    float clip;
    leat_status status = leat_attribute_float(node, "clip", 0, &clip);
    state->clip = (double)clip;
    if (!status)
        status = load_flag(node, "layout", &state->batch_first);
    if (!status && state->cell->kind == LEAT_CELL_GRU)
        status = load_flag(node, "linear_before_reset", &state->linear_before_reset);
    if (!status && state->cell->kind == LEAT_CELL_LSTM)
        status = load_flag(node, "input_forget", &state->input_forget);
    return status;
}

static leat_status check(const leat_array *const *inputs, uint32_t i, uint32_t rank,
                         const size_t *expected, leat_error *error)
{
    char text[LEAT_ARRAY_TEXT];
    const leat_array *found = inputs[i];
    bool same = found->rank == rank;
    for (uint32_t axis = 0; same && axis < rank; axis++)
        same = found->shape[axis] == expected[axis];
    if (same)
        return LEAT_OK;
    if (rank == 3)
        return leat_error_set(
            error, LEAT_E_MODEL, "input %u: found %s, expected [%zu,%zu,%zu]", i,
            leat_array_describe(found, text), expected[0], expected[1], expected[2]);
    return leat_error_set(error, LEAT_E_MODEL, "input %u: found %s, expected %zu%s", i,
                          leat_array_describe(found, text), expected[rank - 1],
                          rank == 2 ? " for each direction" : " elements");
}

/* Shapes of W and R, whose last axes are the lengths of an input and of the state. */
static leat_status check_weights(const leat_recurrent *state,
                                 const leat_array *const *inputs, leat_error *error)
{
    const leat_array *w = inputs[IN_W], *r = inputs[IN_R];
    char text[LEAT_ARRAY_TEXT];
    for (uint32_t i = IN_W; i <= IN_R; i++)
        if (inputs[i]->rank != 3 || !inputs[i]->shape[2] ||
            inputs[i]->shape[2] > INT32_MAX)
            return leat_error_set(error, LEAT_E_MODEL,
                                  "input %u: found %s, expected weights of three axes", i,
                                  leat_array_describe(inputs[i], text));
    const size_t width = (size_t)state->cell->gates * r->shape[2];
    leat_status status =
        check(inputs, IN_W, 3, (size_t[]){state->directions, width, w->shape[2]}, error);
    if (!status)
        status = check(inputs, IN_R, 3, (size_t[]){state->directions, width, r->shape[2]},
                       error);
    return status;
}

static leat_status check_hidden_size(leat_node *node)
{
    int64_t hidden;
    leat_status status = leat_attribute_int(node, "hidden_size", 0, &hidden);
    const leat_array *r = node->inputs[IN_R];
    if (!status && hidden && r->data && r->rank == 3 && hidden != r->shape[2])
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "attribute hidden_size: found %lld, input 2 has %u",
                              (long long)hidden, r->shape[2]);
    return status;
}

/* Constant f32 weights are packed once. */
static leat_status pack_constants(leat_node *node, leat_recurrent *state)
{
    const leat_array *w = node->inputs[IN_W], *r = node->inputs[IN_R];
    if (!w->data || !r->data || w->dtype != LEAT_F32)
        return LEAT_OK;
    leat_status status = check_weights(state, node->inputs, node->error);
    if (status)
        return status;
    const uint32_t inputs = w->shape[2], hidden = r->shape[2];
    const size_t width = (size_t)state->cell->gates * hidden;
    const size_t count = leat_recurrent_packed_count(state->cell, inputs, hidden);
    leat_gemm_right *rights = leat_arena_calloc(
        node->arena, LEAT_RECURRENT_DIRECTIONS * LEAT_RECURRENT_RIGHTS, sizeof *rights);
    float *packed =
        leat_arena_aligned(node->arena, state->directions * count * sizeof *packed);
    if (!rights || !packed)
        return leat_error_set(node->error, LEAT_E_MEMORY, "out of memory");
    for (uint32_t d = 0; d < state->directions; d++)
        leat_recurrent_pack(rights + d * LEAT_RECURRENT_RIGHTS, state->cell, inputs,
                            hidden, (const float *)w->data + d * width * inputs,
                            (const float *)r->data + d * width * hidden,
                            packed + d * count);
    state->packed = rights;
    return LEAT_OK;
}

static leat_status load(leat_node *node, leat_cell_kind kind)
{
    leat_recurrent *state = leat_node_new_state(node, sizeof *state);
    if (!state)
        return LEAT_E_MEMORY;
    state->cell = &cells[kind];
    leat_gemm_hold_threads();
    leat_status status = load_inputs(node);
    if (!status)
        status = load_direction(node, state);
    if (!status)
        status = load_flags(node, state);
    if (!status)
        status = check_hidden_size(node);
    if (!status)
        status = leat_recurrent_load_activations(node, state);
    return status ? status : pack_constants(node, state);
}

static leat_status load_rnn(leat_node *node)
{
    return load(node, LEAT_CELL_RNN);
}

static leat_status load_gru(leat_node *node)
{
    return load(node, LEAT_CELL_GRU);
}

static leat_status load_lstm(leat_node *node)
{
    return load(node, LEAT_CELL_LSTM);
}

/* ---- shape ---- */

leat_recurrent_size leat_recurrent_size_of(const leat_call *call)
{
    const leat_recurrent *state = call->state;
    const leat_array *x = call->inputs[IN_X];
    leat_recurrent_size size = {
        .steps = x->shape[state->batch_first ? 1 : 0],
        .rows = x->shape[state->batch_first ? 0 : 1],
        .inputs = x->shape[2],
        .hidden = call->inputs[IN_R]->shape[2],
        .directions = state->directions,
    };
    size.width = state->cell->gates * size.hidden;
    size.block = size.rows < LEAT_RECURRENT_ROWS && size.rows
                     ? LEAT_RECURRENT_ROWS / size.rows
                     : 1;
    size.block = size.block < size.steps ? size.block : size.steps;
    return size;
}

static leat_status check_inputs(const leat_call *call, leat_error *error)
{
    const leat_recurrent *state = call->state;
    const leat_array *x = call->inputs[IN_X];
    char text[LEAT_ARRAY_TEXT];
    if (x->rank != 3 || (uint64_t)x->shape[1] * x->shape[2] > INT32_MAX)
        return leat_error_set(
            error, LEAT_E_MODEL,
            "input 0: found %s, expected three axes, the last two below "
            "2^31",
            leat_array_describe(x, text));
    leat_status status = check_weights(state, call->inputs, error);
    if (status)
        return status;
    const leat_recurrent_size size = leat_recurrent_size_of(call);
    const bool swap = state->batch_first;
    const struct {
        uint32_t rank;
        size_t shape[3];
    } expected[] = {
        [IN_X] = {3, {x->shape[0], x->shape[1], call->inputs[IN_W]->shape[2]}},
        [IN_W] = {0},
        [IN_R] = {0},
        [IN_B] = {2, {size.directions, 2 * (size_t)size.width}},
        [IN_LENGTHS] = {1, {size.rows}},
        [IN_H] = {3,
                  {swap ? size.rows : size.directions, swap ? size.directions : size.rows,
                   size.hidden}},
        [IN_C] = {3,
                  {swap ? size.rows : size.directions, swap ? size.directions : size.rows,
                   size.hidden}},
        [IN_PEEPHOLES] = {2, {size.directions, 3 * (size_t)size.hidden}},
    };
    for (uint32_t i = 0; !status && i < call->n_inputs; i++)
        if (call->inputs[i] && expected[i].rank)
            status = check(call->inputs, i, expected[i].rank, expected[i].shape, error);
    return status;
}

/* [steps, directions, rows, hidden], and [directions, rows, hidden] for the last state;
 * with layout 1 [rows, steps, directions, hidden] and [rows, directions, hidden]. */
static leat_status shape_outputs(const leat_call *call, leat_error *error)
{
    const leat_recurrent *state = call->state;
    const leat_recurrent_size s = leat_recurrent_size_of(call);
    leat_array unread;
    for (uint32_t i = 0; i < 3; i++) {
        leat_array *output = leat_call_output(call, i);
        const int64_t all[][4] = {{s.steps, s.directions, s.rows, s.hidden},
                                  {s.rows, s.steps, s.directions, s.hidden}};
        const int64_t last[][3] = {{s.directions, s.rows, s.hidden},
                                   {s.rows, s.directions, s.hidden}};
        /* Nobody may read it, but a run must be able to hold it. */
        leat_status status = leat_array_reshape(
            output ? output : &unread, i ? 3 : 4,
            i ? last[state->batch_first] : all[state->batch_first], error);
        if (status)
            return status;
    }
    return LEAT_OK;
}

static leat_status shape(const leat_call *call, size_t *scratch, leat_error *error)
{
    leat_status status = check_inputs(call, error);
    if (!status)
        status = shape_outputs(call, error);
    if (!status)
        *scratch = call->inputs[IN_X]->dtype == LEAT_F64
                       ? leat_recurrent_scratch_f64(call)
                       : leat_recurrent_scratch_f32(call);
    return status;
}

static void run(const leat_call *call)
{
    if (call->inputs[IN_X]->dtype == LEAT_F64)
        leat_recurrent_run_f64(call);
    else
        leat_recurrent_run_f32(call);
}

const leat_operator leat_recurrent_operators[] = {
    {"", "RNN", 7, LEAT_NEWEST, 0, 3, 6, 2, load_rnn, shape, run},
    {"", "GRU", 7, LEAT_NEWEST, 0, 3, 6, 2, load_gru, shape, run},
    {"", "LSTM", 7, LEAT_NEWEST, 0, 3, 8, 3, load_lstm, shape, run},
    {0},
};
