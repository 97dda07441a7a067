#include "ops/walk.h"

#include <assert.h>
#include <string.h>

void leat_walk_start(leat_walk *walk, uint32_t n_inputs)
{
    walk->n_inputs = n_inputs;
    walk->rank = 0;
}

/* Is a step along the last axis as long as all of the new one, in every input? */
static bool lies_as_one(const leat_walk *walk, size_t length, const ptrdiff_t *strides)
{
    for (uint32_t k = 0; k < walk->n_inputs; k++)
        if (walk->stride[walk->rank - 1][k] != (ptrdiff_t)length * strides[k])
            return false;
    return true;
}

void leat_walk_add_axis(leat_walk *walk, size_t length, const ptrdiff_t *strides)
{
    if (length == 1)
        return;
    if (walk->rank && lies_as_one(walk, length, strides)) {
        walk->length[walk->rank - 1] *= length;
    } else {
        assert(walk->rank < LEAT_WALK_RANK);
        walk->length[walk->rank++] = length;
    }
    memcpy(walk->stride[walk->rank - 1], strides, walk->n_inputs * sizeof *strides);
}

static bool is_empty(const leat_walk *walk)
{
    for (uint32_t axis = 0; axis < walk->rank; axis++)
        if (!walk->length[axis])
            return true;
    return false;
}

static void move(const leat_walk *walk, const uint8_t **at, const size_t *size,
                 uint32_t axis, ptrdiff_t steps)
{
    for (uint32_t k = 0; k < walk->n_inputs; k++)
        at[k] += walk->stride[axis][k] * steps * (ptrdiff_t)size[k];
}

/* To the next run: the axes outside of it count like the wheels of an odometer. False
 * after the last one. */
static bool advance(const leat_walk *walk, const uint8_t **at, const size_t *size,
                    size_t *index)
{
    for (uint32_t axis = walk->rank - 1; axis-- > 0;) {
        move(walk, at, size, axis, 1);
        if (++index[axis] < walk->length[axis])
            return true;
        move(walk, at, size, axis, -(ptrdiff_t)walk->length[axis]);
        index[axis] = 0;
    }
    return false;
}

void leat_walk_run(const leat_walk *walk, const void *const *in, const size_t *in_size,
                   void *out, size_t out_size, leat_walk_kernel *kernel)
{
    static const ptrdiff_t still[LEAT_WALK_INPUTS] = {0};
    size_t index[LEAT_WALK_RANK] = {0};
    const uint8_t *at[LEAT_WALK_INPUTS];
    const void *run[LEAT_WALK_INPUTS];
    uint8_t *to = out;
    if (!walk->rank) {
        kernel(in, still, out, 1);
        return;
    }
    if (is_empty(walk))
        return;
    for (uint32_t k = 0; k < walk->n_inputs; k++)
        at[k] = in[k];
    const size_t n = walk->length[walk->rank - 1];
    do {
        for (uint32_t k = 0; k < walk->n_inputs; k++)
            run[k] = at[k];
        kernel(run, walk->stride[walk->rank - 1], to, n);
        to += n * out_size;
    } while (advance(walk, at, in_size, index));
}

/* How far apart neighbours along an axis of the output are in an input whose axes are
 * aligned with the output's last ones. */
static ptrdiff_t broadcast_stride(const leat_array *input, const leat_array *output,
                                  uint32_t axis)
{
    const uint32_t missing = output->rank - input->rank;
    if (axis < missing || input->shape[axis - missing] == 1)
        return 0;
    return leat_stride(input, axis - missing);
}

void leat_walk_broadcast(uint32_t n_inputs, const leat_array *const *inputs,
                         const leat_array *output, leat_walk_kernel *kernel)
{
    leat_walk walk;
    const void *in[LEAT_WALK_INPUTS];
    size_t size[LEAT_WALK_INPUTS];
    ptrdiff_t strides[LEAT_WALK_INPUTS];
    leat_walk_start(&walk, n_inputs);
    for (uint32_t axis = 0; axis < output->rank; axis++) {
        for (uint32_t k = 0; k < n_inputs; k++)
            strides[k] = broadcast_stride(inputs[k], output, axis);
        leat_walk_add_axis(&walk, output->shape[axis], strides);
    }
    for (uint32_t k = 0; k < n_inputs; k++) {
        in[k] = inputs[k]->data;
        size[k] = leat_dtype_size(inputs[k]->dtype);
    }
    leat_walk_run(&walk, in, size, output->data, leat_dtype_size(output->dtype), kernel);
}

/* ---- copying ---- */

#define COPY(name, type)                                                                 \
    static void name(const void *const *in, const ptrdiff_t *step, void *out, size_t n)  \
    {                                                                                    \
        const type *from = in[0];                                                        \
        type *to = out;                                                                  \
        if (*step == 1) {                                                                \
            memcpy(to, from, n * sizeof *to);                                            \
            return;                                                                      \
        }                                                                                \
        for (size_t i = 0; i < n; i++)                                                   \
            to[i] = from[(ptrdiff_t)i * *step];                                          \
    }

COPY(copy_f32, float)
COPY(copy_f64, double)
COPY(copy_i64, int64_t)
COPY(copy_i32, int32_t)
COPY(copy_bool, uint8_t)
COPY(copy_string, leat_slice)

static leat_walk_kernel *const copies[] = {
    [LEAT_F32] = copy_f32, [LEAT_F64] = copy_f64,   [LEAT_I64] = copy_i64,
    [LEAT_I32] = copy_i32, [LEAT_BOOL] = copy_bool, [LEAT_STRING] = copy_string,
};

void leat_walk_copy(const leat_walk *walk, const leat_array *input, size_t first,
                    leat_array *output)
{
    const size_t size = leat_dtype_size(input->dtype);
    const void *in = (const uint8_t *)input->data + first * size;
    leat_walk_run(walk, &in, &size, output->data, size, copies[input->dtype]);
}

void leat_broadcast_copy(const leat_array *input, leat_array *output)
{
    leat_walk_broadcast(1, &input, output, copies[input->dtype]);
}

leat_status leat_shape_broadcast(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    leat_array shape = *call->inputs[0];
    (void)scratch;
    for (uint32_t i = 1; i < call->n_inputs; i++) {
        leat_status status = leat_array_broadcast(&shape, &shape, call->inputs[i], error);
        if (status)
            return status;
    }
    leat_array_copy_shape(call->outputs[0], &shape);
    return LEAT_OK;
}
