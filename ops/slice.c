#include "ops/known.h"
#include "ops/walk.h"

#include <string.h>

/* Windows on an array: what lies inside of it (Slice) and what may reach beyond (Pad). */

enum { SLICE_INPUTS_SINCE = 10, PAD_INPUTS_SINCE = 11 };

/* ---- Slice ---- */

enum { STARTS, ENDS, AXES, STEPS, N_LISTS };

/* Attributes before SLICE_INPUTS_SINCE; none of them given where they are inputs. */
struct slice {
    bool is_input;
    leat_known lists[N_LISTS];
};

/* Where the window begins on each axis, how far apart its elements are, and how many. */
struct window {
    int64_t start[LEAT_ARRAY_RANK], step[LEAT_ARRAY_RANK], length[LEAT_ARRAY_RANK];
};

static leat_status load_slice(leat_node *node)
{
    static const char *const names[N_LISTS] = {"starts", "ends", "axes"};
    struct slice *slice = leat_node_new_state(node, sizeof *slice);
    leat_status status = slice ? leat_load_same(node) : LEAT_E_MEMORY;
    if (status)
        return status;
    slice->is_input = node->version >= SLICE_INPUTS_SINCE;
    for (uint32_t i = 0; i < N_LISTS && names[i] && !slice->is_input && !status; i++)
        status = leat_known_attribute(node, names[i], &slice->lists[i]);
    return status;
}

static int64_t clamp(int64_t x, int64_t least, int64_t most)
{
    return x < least ? least : x > most ? most : x;
}

/* As Python slices a list of that length: negative positions count from its end. */
static void cut(struct window *window, uint32_t axis, int64_t length, int64_t start,
                int64_t end, int64_t step)
{
    const int64_t back = step < 0; /* then positions are from -1 to length - 1 */
    start = clamp(start < 0 ? start + length : start, 0 - back, length - back);
    end = clamp(end < 0 ? end + length : end, 0 - back, length - back);
    const int64_t span = back ? start - end : end - start;
    const uint64_t by = back ? 0 - (uint64_t)step : (uint64_t)step;
    window->start[axis] = start;
    window->step[axis] = step;
    window->length[axis] = span > 0 ? (int64_t)(((uint64_t)span - 1) / by) + 1 : 0;
}

static leat_status read_lists(const leat_call *call, leat_known *lists, leat_error *error)
{
    const struct slice *slice = call->state;
    memcpy(lists, slice->lists, sizeof slice->lists);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < N_LISTS && slice->is_input && !status; i++)
        status = leat_known_read(call, 1 + i, &lists[i], error);
    const uint32_t n = lists[STARTS].n;
    if (!status && (lists[ENDS].n != n || (lists[AXES].given && lists[AXES].n != n) ||
                    (lists[STEPS].given && lists[STEPS].n != n)))
        status = leat_error_set(error, LEAT_E_MODEL,
                                "starts, ends, axes and steps differ in number");
    return status;
}

static leat_status find_window(const leat_call *call, struct window *window,
                               leat_error *error)
{
    const leat_array *input = call->inputs[0];
    leat_known lists[N_LISTS];
    leat_status status = read_lists(call, lists, error);
    if (status)
        return status;
    for (uint32_t axis = 0; axis < input->rank; axis++)
        cut(window, axis, input->shape[axis], 0, input->shape[axis], 1);
    for (uint32_t i = 0; i < lists[STARTS].n; i++) {
        const int64_t step = lists[STEPS].given ? lists[STEPS].values[i] : 1;
        uint32_t axis;
        status = leat_axis(lists[AXES].given ? lists[AXES].values[i] : i, input->rank,
                           &axis, error);
        if (!status && !step)
            status = leat_error_set(error, LEAT_E_MODEL, "a step of 0");
        if (status)
            return status;
        cut(window, axis, input->shape[axis], lists[STARTS].values[i],
            lists[ENDS].values[i], step);
    }
    return LEAT_OK;
}

static leat_status shape_slice(const leat_call *call, size_t *scratch, leat_error *error)
{
    struct window window;
    leat_status status = find_window(call, &window, error);
    (void)scratch;
    return status ? status
                  : leat_array_reshape(call->outputs[0], call->inputs[0]->rank,
                                       window.length, error);
}

static void run_slice(const leat_call *call)
{
    const leat_array *input = call->inputs[0];
    struct window window;
    leat_walk walk;
    size_t first = 0;
    if (!leat_array_count(call->outputs[0]) || find_window(call, &window, NULL))
        return;
    leat_walk_start(&walk, 1);
    for (uint32_t axis = 0; axis < input->rank; axis++) {
        const ptrdiff_t stride = leat_stride(input, axis);
        first += (size_t)window.start[axis] * (size_t)stride;
        /* One element has no neighbour: its step may be any. */
        leat_walk_add_axis(
            &walk, (size_t)window.length[axis],
            &(ptrdiff_t){window.length[axis] > 1 ? window.step[axis] * stride : 0});
    }
    leat_walk_copy(&walk, input, first, call->outputs[0]);
}

/* ---- Pad ---- */

enum { CONSTANT, REFLECT, EDGE, WRAP };

struct pad {
    uint32_t mode;
    bool is_input;
    leat_known pads; /* attributes before PAD_INPUTS_SINCE */
    float value;
};

static leat_status load_pad(leat_node *node)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};
    struct pad *pad = leat_node_new_state(node, sizeof *pad);
    leat_status status = pad ? leat_load_same(node) : LEAT_E_MEMORY;
    if (!status)
        status = leat_attribute_word(node, "mode", modes, CONSTANT, &pad->mode);
    if (status)
        return status;
    pad->is_input = node->version >= PAD_INPUTS_SINCE;
    if (!pad->is_input) {
        status = leat_known_attribute(node, "pads", &pad->pads);
        return status ? status : leat_attribute_float(node, "value", 0, &pad->value);
    }
    if (node->n_inputs > 2 && node->inputs[2])
        status = leat_node_check_dtype(node, 2, 1u << node->inputs[0]->dtype);
    return status;
}

/* Pads before (and behind) each axis of the input. */
static leat_status find_pads(const leat_call *call, int64_t *before, int64_t *behind,
                             leat_error *error)
{
    const struct pad *pad = call->state;
    const uint32_t rank = call->inputs[0]->rank;
    leat_known pads = pad->pads, axes = {0};
    leat_status status = LEAT_OK;
    if (pad->is_input)
        status = leat_known_read(call, 1, &pads, error);
    if (!status && pad->is_input)
        status = leat_known_read(call, 3, &axes, error);
    const uint32_t n = axes.given ? axes.n : rank;
    if (!status && pads.n != 2 * n)
        status = leat_error_set(error, LEAT_E_MODEL, "%u pads of %u axes", pads.n, n);
    memset(before, 0, LEAT_ARRAY_RANK * sizeof *before);
    memset(behind, 0, LEAT_ARRAY_RANK * sizeof *behind);
    for (uint32_t i = 0; i < n && !status; i++) {
        uint32_t axis;
        status = leat_axis(axes.given ? axes.values[i] : i, rank, &axis, error);
        if (status)
            return status;
        before[axis] = pads.values[i];
        behind[axis] = pads.values[i + n];
    }
    return status;
}

/* Can positions so far outside be taken from inside? */
static bool can_mirror(const struct pad *pad, int64_t length, int64_t before,
                       int64_t behind)
{
    const int64_t most = before > behind ? before : behind;
    return pad->mode == CONSTANT || most <= 0 ||
           (length && (pad->mode != REFLECT || most < length));
}

static leat_status shape_pad(const leat_call *call, size_t *scratch, leat_error *error)
{
    const leat_array *input = call->inputs[0];
    const leat_array *value = leat_call_input(call, 2);
    int64_t before[LEAT_ARRAY_RANK], behind[LEAT_ARRAY_RANK], shape[LEAT_ARRAY_RANK];
    size_t sum = 0;
    leat_status status = find_pads(call, before, behind, error);
    if (status)
        return status;
    if (value && leat_array_count(value) != 1)
        return leat_error_set(error, LEAT_E_MODEL, "input 2 must be one value");
    for (uint32_t axis = 0; axis < input->rank; axis++) {
        const int64_t length = input->shape[axis], bound = UINT32_MAX;
        if (before[axis] < -bound || before[axis] > bound || behind[axis] < -bound ||
            behind[axis] > bound ||
            !can_mirror(call->state, length, before[axis], behind[axis]))
            return leat_error_set(error, LEAT_E_MODEL,
                                  "axis %u of length %lld is padded by %lld and %lld",
                                  axis, (long long)length, (long long)before[axis],
                                  (long long)behind[axis]);
        shape[axis] = length + before[axis] + behind[axis];
    }
    status = leat_array_reshape(call->outputs[0], input->rank, shape, error);
    for (uint32_t axis = 0; axis < input->rank && !status; axis++)
        sum += call->outputs[0]->shape[axis];
    /* Beside an empty axis another may be endless. */
    *scratch = leat_array_count(call->outputs[0]) ? sum * sizeof(int64_t) : 0;
    return status;
}

/* The position that stands for one that may lie outside; -1: the constant. */
static int64_t inside(uint32_t mode, int64_t at, int64_t length)
{
    if (at >= 0 && at < length)
        return at;
    if (mode == REFLECT)
        return at < 0 ? -at : 2 * (length - 1) - at;
    if (mode == EDGE)
        return at < 0 ? 0 : length - 1;
    if (mode == WRAP)
        return (at % length + length) % length;
    return -1;
}

/* sources[o]: where element o of an axis comes from; one axis behind the other. */
static void map_axes(const leat_call *call, int64_t *sources)
{
    const struct pad *pad = call->state;
    const leat_array *input = call->inputs[0], *output = call->outputs[0];
    int64_t before[LEAT_ARRAY_RANK], behind[LEAT_ARRAY_RANK];
    if (find_pads(call, before, behind, NULL))
        return;
    for (uint32_t axis = 0; axis < input->rank; axis++)
        for (uint32_t o = 0; o < output->shape[axis]; o++)
            *sources++ = inside(pad->mode, (int64_t)o - before[axis], input->shape[axis]);
}

/* The source of an element of the output, whose index counts the axes from the last; -1:
 * the constant. */
static int64_t source_of(const leat_call *call, const int64_t *sources, size_t index)
{
    const leat_array *input = call->inputs[0], *output = call->outputs[0];
    int64_t source = 0, stride = 1;
    const int64_t *map = sources;
    for (uint32_t axis = 0; axis < output->rank; axis++)
        map += output->shape[axis];
    for (uint32_t axis = output->rank; axis-- > 0;) {
        map -= output->shape[axis];
        const int64_t at = map[index % output->shape[axis]];
        if (at < 0)
            return -1;
        source += at * stride;
        stride *= input->shape[axis];
        index /= output->shape[axis];
    }
    return source;
}

/* What is put where nothing is: input 2, an attribute, or 0. */
static const void *padding(const leat_call *call, void *room)
{
    const struct pad *pad = call->state;
    const leat_array *value = leat_call_input(call, 2);
    if (value)
        return value->data;
    memset(room, 0, sizeof(leat_slice));
    if (call->inputs[0]->dtype == LEAT_F32)
        memcpy(room, &pad->value, sizeof pad->value);
    else if (call->inputs[0]->dtype == LEAT_F64)
        memcpy(room, &(double){pad->value}, sizeof(double));
    return room;
}

static void run_pad(const leat_call *call)
{
    const size_t size = leat_dtype_size(call->inputs[0]->dtype);
    const size_t n = leat_array_count(call->outputs[0]);
    const uint8_t *from = call->inputs[0]->data;
    uint8_t *to = call->outputs[0]->data;
    leat_slice room;
    const void *value = padding(call, &room);
    if (!n)
        return;
    map_axes(call, call->scratch);
    for (size_t i = 0; i < n; i++) {
        const int64_t source = source_of(call, call->scratch, i);
        memcpy(to + i * size, source < 0 ? value : from + (size_t)source * size, size);
    }
}

const leat_operator leat_slice_operators[] = {
    {"", "Slice", 1, SLICE_INPUTS_SINCE - 1, 0, 1, 1, 1, load_slice, shape_slice,
     run_slice},
    {"", "Slice", SLICE_INPUTS_SINCE, LEAT_NEWEST, 0, 3, 5, 1, load_slice, shape_slice,
     run_slice},
    {"", "Pad", 2, PAD_INPUTS_SINCE - 1, 0, 1, 1, 1, load_pad, shape_pad, run_pad},
    {"", "Pad", PAD_INPUTS_SINCE, LEAT_NEWEST, 0, 2, 4, 1, load_pad, shape_pad, run_pad},
    {0},
};
