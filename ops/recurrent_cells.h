/* ops/recurrent_cells.h: a run of RNN, GRU or LSTM, as a template.
 *
 * Who includes it has defined REAL, the type of an element; RIGHT, a matrix that products
 * are made with; and
 *
 *   product(right, m, a, a_step, start, start_step, c, c_step)
 *                      C [m][n] = A [m][k] times right + start; start may be C
 *   prepare_rights(call, direction, memory, rights)
 *                      the direction's LEAT_RECURRENT_RIGHTS; `memory` is what
 *                      rights_count(call) asked for
 *   apply(kind, alpha, beta, x, n)
 *                      an activation, in place
 */
#include "ops/recurrent.h"

#include <math.h>
#include <string.h>

/* A direction at work. */
typedef struct recurrent_work {
    const leat_recurrent *state;
    const leat_activation *activations; /* f, g, h */
    leat_recurrent_size size;
    const int32_t *lengths; /* [rows]; NULL: all are whole */
    RIGHT rights[LEAT_RECURRENT_RIGHTS];
    REAL *memory; /* of rights */
    REAL *gates;  /* [block][rows][width] */
    REAL *h;      /* [rows][hidden], the state */
    REAL *c;      /* [rows][hidden], LSTM's other one */
    REAL *extra;  /* [rows][hidden], GRU: what its last gate is multiplied with */
    REAL *bias;   /* [width] */
    REAL *bias_r; /* [hidden], GRU: of the last gate, when it must stay apart */
    const REAL *peepholes; /* [i, o, f][hidden]; NULL: none */
} recurrent_work;

/* ---- memory ---- */

/* Rounded up, so that what follows is aligned as well. */
static inline size_t aligned(size_t n)
{
    return (n + 15) / 16 * 16;
}

/* Gives out the scratch memory, or with NULL only counts what it takes. */
static inline size_t lay_out(recurrent_work *work, const leat_call *call, REAL *scratch)
{
    const leat_recurrent_size *size = &work->size;
    const size_t state = aligned((size_t)size->rows * size->hidden);
    const struct {
        REAL **part;
        size_t count;
    } parts[] = {
        {&work->memory, aligned(rights_count(call))},
        {&work->gates, aligned((size_t)size->block * size->rows * size->width)},
        {&work->h, state},
        {&work->c, state},
        {&work->extra, state},
        {&work->bias, aligned(size->width)},
        {&work->bias_r, aligned(size->hidden)},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i].part = scratch ? scratch + count : NULL;
        count += parts[i].count;
    }
    return count;
}

static inline size_t scratch_bytes(const leat_call *call)
{
    recurrent_work work = {.size = leat_recurrent_size_of(call)};
    return lay_out(&work, call, NULL) * sizeof(REAL);
}

/* ---- one step of a cell ---- */

static inline void activate(const recurrent_work *work, uint32_t which, REAL *x, size_t n)
{
    const leat_activation *activation = &work->activations[which];
    apply(activation->kind, activation->alpha, activation->beta, x, n);
}

/* The same for gates, which are clipped. */
static inline void open_gate(const recurrent_work *work, uint32_t which, REAL *gate,
                             size_t n)
{
    const REAL clip = (REAL)work->state->clip;
    for (size_t i = 0; clip > 0 && i < n; i++)
        gate[i] = gate[i] > clip ? clip : gate[i] < -clip ? -clip : gate[i];
    activate(work, which, gate, n);
}

/* A length that cannot be is that of a whole sequence, whose state is NaN. */
static inline bool is_length(const recurrent_work *work, uint32_t row)
{
    return !work->lengths ||
           (work->lengths[row] >= 0 && (uint32_t)work->lengths[row] <= work->size.steps);
}

static inline bool is_active(const recurrent_work *work, uint32_t row, uint32_t t)
{
    return !work->lengths || !is_length(work, row) || t < (uint32_t)work->lengths[row];
}

/* gates += state times R */
static inline void add_state(const recurrent_work *work, REAL *gates)
{
    const leat_recurrent_size *size = &work->size;
    product(&work->rights[1], size->rows, work->h, size->hidden, gates, size->width,
            gates, size->width);
}

static inline void step_rnn(const recurrent_work *work, REAL *gates, uint32_t t)
{
    const uint32_t hidden = work->size.hidden;
    add_state(work, gates);
    for (uint32_t row = 0; row < work->size.rows; row++, gates += hidden) {
        if (!is_active(work, row, t))
            continue;
        open_gate(work, 0, gates, hidden);
        memcpy(work->h + (size_t)row * hidden, gates, hidden * sizeof(REAL));
    }
}

/* Adds to the gate h what the state contributes: (r * state) times R, or with
 * linear_before_reset r * (state times R + bias). */
static inline void add_reset_state(const recurrent_work *work, REAL *gates)
{
    const leat_recurrent_size *size = &work->size;
    const uint32_t hidden = size->hidden, width = size->width;
    const bool before = work->state->linear_before_reset;
    const RIGHT *right = &work->rights[2];
    if (before)
        product(right, size->rows, work->h, hidden, work->bias_r, 0, work->extra, hidden);
    for (uint32_t row = 0; row < size->rows; row++) {
        const REAL *r = gates + (size_t)row * width + hidden;
        const REAL *h = work->h + (size_t)row * hidden;
        REAL *extra = work->extra + (size_t)row * hidden;
        REAL *last = gates + (size_t)row * width + 2 * (size_t)hidden;
        for (uint32_t i = 0; i < hidden; i++) {
            if (before)
                last[i] += r[i] * extra[i];
            else
                extra[i] = r[i] * h[i];
        }
    }
    if (!before)
        product(right, size->rows, work->extra, hidden, gates + 2 * (size_t)hidden, width,
                gates + 2 * (size_t)hidden, width);
}

static inline void step_gru(const recurrent_work *work, REAL *gates, uint32_t t)
{
    const uint32_t hidden = work->size.hidden, width = work->size.width;
    add_state(work, gates);
    for (uint32_t row = 0; row < work->size.rows; row++)
        open_gate(work, 0, gates + (size_t)row * width, 2 * (size_t)hidden);
    add_reset_state(work, gates);
    for (uint32_t row = 0; row < work->size.rows; row++, gates += width) {
        if (!is_active(work, row, t))
            continue;
        const REAL *z = gates;
        REAL *new = gates + 2 * (size_t)hidden, *h = work->h + (size_t)row *hidden;
        open_gate(work, 1, new, hidden);
        for (uint32_t i = 0; i < hidden; i++)
            h[i] = (1 - z[i]) * new[i] + z[i] * h[i];
    }
}

static inline void add_peephole(const recurrent_work *work, uint32_t which, const REAL *c,
                                REAL *gate)
{
    const REAL *peephole = work->peepholes + (size_t)which * work->size.hidden;
    for (uint32_t i = 0; i < work->size.hidden; i++)
        gate[i] += peephole[i] * c[i];
}

/* The gates i, o and f; o only where it does not look at the state that is to come. */
static inline void open_iof(const recurrent_work *work, REAL *gates, const REAL *c)
{
    const size_t hidden = work->size.hidden;
    if (!work->peepholes) {
        open_gate(work, 0, gates, 3 * hidden);
        return;
    }
    add_peephole(work, 0, c, gates);
    add_peephole(work, 2, c, gates + 2 * hidden);
    open_gate(work, 0, gates, hidden);
    open_gate(work, 0, gates + 2 * hidden, hidden);
}

static inline void step_lstm_row(const recurrent_work *work, REAL *gates, REAL *h,
                                 REAL *c)
{
    const size_t hidden = work->size.hidden;
    const REAL *in = gates, *forget = gates + 2 * hidden;
    REAL *out = gates + hidden, *new = gates + 3 * hidden;
    const bool coupled = work->state->input_forget;
    open_iof(work, gates, c);
    open_gate(work, 1, new, hidden);
    for (size_t i = 0; i < hidden; i++)
        c[i] = (coupled ? 1 - in[i] : forget[i]) * c[i] + in[i] * new[i];
    if (work->peepholes) {
        add_peephole(work, 1, c, out);
        open_gate(work, 0, out, hidden);
    }
    memcpy(h, c, hidden * sizeof(REAL));
    activate(work, 2, h, hidden);
    for (size_t i = 0; i < hidden; i++)
        h[i] *= out[i];
}

static inline void step_lstm(const recurrent_work *work, REAL *gates, uint32_t t)
{
    const size_t hidden = work->size.hidden;
    add_state(work, gates);
    for (uint32_t row = 0; row < work->size.rows; row++, gates += work->size.width)
        if (is_active(work, row, t))
            step_lstm_row(work, gates, work->h + row * hidden, work->c + row * hidden);
}

/* ---- a direction ---- */

/* Where (row, direction) lies in an array of states: [directions][rows] or the other way
 * round, of `hidden` elements. */
static inline size_t state_at(const recurrent_work *work, uint32_t row,
                              uint32_t direction)
{
    const leat_recurrent_size *size = &work->size;
    return (work->state->batch_first ? (size_t)row * size->directions + direction
                                     : (size_t)direction * size->rows + row) *
           size->hidden;
}

/* A sequence of length 0 ends with zeros whatever it starts with, as in ONNX Runtime: the
 * specification does not say. */
static inline void start_state(const recurrent_work *work, const leat_array *given,
                               uint32_t direction, REAL *state)
{
    const uint32_t hidden = work->size.hidden;
    for (uint32_t row = 0; row < work->size.rows; row++, state += hidden) {
        const REAL *from =
            given ? (const REAL *)given->data + state_at(work, row, direction) : NULL;
        for (uint32_t i = 0; i < hidden; i++)
            state[i] = !is_length(work, row) ? (REAL)NAN : from ? from[i] : 0;
        if (work->lengths && !work->lengths[row])
            memset(state, 0, hidden * sizeof(REAL));
    }
}

static inline void store_state(const recurrent_work *work, leat_array *into,
                               uint32_t direction, const REAL *state)
{
    const uint32_t hidden = work->size.hidden;
    for (uint32_t row = 0; into && row < work->size.rows; row++)
        memcpy((REAL *)into->data + state_at(work, row, direction),
               state + (size_t)row * hidden, hidden * sizeof(REAL));
}

/* The biases of W and R as one, but for the last gate of a GRU with linear_before_reset. */
static inline void add_biases(recurrent_work *work, const leat_array *given,
                              uint32_t direction)
{
    const uint32_t width = work->size.width, hidden = work->size.hidden;
    memset(work->bias, 0, width * sizeof(REAL));
    memset(work->bias_r, 0, hidden * sizeof(REAL));
    if (!given)
        return;
    const REAL *of_w = (const REAL *)given->data + 2 * (size_t)direction * width;
    const REAL *of_r = of_w + width;
    const uint32_t joint = work->state->linear_before_reset ? width - hidden : width;
    for (uint32_t i = 0; i < width; i++)
        work->bias[i] = of_w[i] + (i < joint ? of_r[i] : 0);
    for (uint32_t i = joint; i < width; i++)
        work->bias_r[i - joint] = of_r[i];
}

/* gates = the inputs of steps [first, end) times W + bias */
static inline void multiply_inputs(const recurrent_work *work, const leat_array *x,
                                   uint32_t first, uint32_t end)
{
    const leat_recurrent_size *size = &work->size;
    const REAL *from = x->data;
    const RIGHT *w = &work->rights[0];
    const size_t step = (size_t)size->rows * size->width;
    if (!work->state->batch_first) {
        product(w, (end - first) * size->rows,
                from + (size_t)first * size->rows * size->inputs, size->inputs,
                work->bias, 0, work->gates, size->width);
        return;
    }
    for (uint32_t t = first; t < end; t++)
        product(w, size->rows, from + (size_t)t * size->inputs,
                (size_t)size->steps * size->inputs, work->bias, 0,
                work->gates + (t - first) * step, size->width);
}

/* The state after step t as output; zeros where the sequence has ended. */
static inline void store_step(const recurrent_work *work, leat_array *y, uint32_t t,
                              uint32_t direction)
{
    const leat_recurrent_size *size = &work->size;
    const size_t bytes = size->hidden * sizeof(REAL);
    for (uint32_t row = 0; y && row < size->rows; row++) {
        const size_t at =
            work->state->batch_first
                ? ((size_t)row * size->steps + t) * size->directions + direction
                : ((size_t)t * size->directions + direction) * size->rows + row;
        REAL *to = (REAL *)y->data + at * size->hidden;
        if (is_active(work, row, t))
            memcpy(to, work->h + (size_t)row * size->hidden, bytes);
        else
            memset(to, 0, bytes);
    }
}

static inline void step_through(const recurrent_work *work, const leat_call *call,
                                uint32_t direction)
{
    static void (*const steps[])(const struct recurrent_work *work, REAL *gates,
                                 uint32_t t) = {
        [LEAT_CELL_RNN] = step_rnn,
        [LEAT_CELL_GRU] = step_gru,
        [LEAT_CELL_LSTM] = step_lstm,
    };
    const leat_recurrent_size *size = &work->size;
    const bool reverse = work->state->reverse[direction];
    for (uint32_t done = 0; done < size->steps;) {
        const uint32_t left = size->steps - done;
        const uint32_t n = left < size->block ? left : size->block;
        const uint32_t first = reverse ? left - n : done;
        multiply_inputs(work, call->inputs[IN_X], first, first + n);
        for (uint32_t i = 0; i < n; i++) {
            const uint32_t at = reverse ? n - 1 - i : i;
            steps[work->state->cell->kind](
                work, work->gates + (size_t)at * size->rows * size->width, first + at);
            store_step(work, leat_call_output(call, 0), first + at, direction);
        }
        done += n;
    }
}

static inline void run_direction(recurrent_work *work, const leat_call *call,
                                 uint32_t direction)
{
    const leat_array *peepholes = leat_call_input(call, IN_PEEPHOLES);
    work->activations = work->state->activations[direction];
    if (peepholes)
        work->peepholes =
            (const REAL *)peepholes->data + 3 * (size_t)direction * work->size.hidden;
    prepare_rights(call, direction, work->memory, work->rights);
    add_biases(work, leat_call_input(call, IN_B), direction);
    start_state(work, leat_call_input(call, IN_H), direction, work->h);
    start_state(work, leat_call_input(call, IN_C), direction, work->c);
    step_through(work, call, direction);
    store_state(work, leat_call_output(call, 1), direction, work->h);
    store_state(work, leat_call_output(call, 2), direction, work->c);
}

static inline void run(const leat_call *call)
{
    const leat_array *lengths = leat_call_input(call, IN_LENGTHS);
    recurrent_work work = {
        .state = call->state,
        .size = leat_recurrent_size_of(call),
        .lengths = lengths ? lengths->data : NULL,
    };
    lay_out(&work, call, call->scratch);
    for (uint32_t direction = 0; direction < work.size.directions; direction++)
        run_direction(&work, call, direction);
}
