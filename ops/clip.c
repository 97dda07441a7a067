#include "ops/operator.h"

#include <float.h>

/* Clip: at least a bound and at most another one, which wins where they cross. Bounds are
 * attributes of older opsets and inputs of newer ones; either may be absent. */

enum { CLIP_INPUTS_SINCE = 11 };

struct clip {
    float min, max; /* where they are attributes; else the whole range */
};

static leat_status load_clip(leat_node *node)
{
    const uint32_t numbers =
        1u << LEAT_F32 | 1u << LEAT_F64 | 1u << LEAT_I64 | 1u << LEAT_I32;
    struct clip *clip = leat_node_new_state(node, sizeof *clip);
    leat_status status = clip ? leat_node_check_dtype(node, 0, numbers) : LEAT_E_MEMORY;
    if (status)
        return status;
    *clip = (struct clip){-FLT_MAX, FLT_MAX};
    for (uint32_t i = 1; i < node->n_inputs && !status; i++)
        if (node->inputs[i])
            status = leat_node_check_dtype(node, i, 1u << node->inputs[0]->dtype);
    if (!status && node->version < CLIP_INPUTS_SINCE)
        status = leat_attribute_float(node, "min", clip->min, &clip->min);
    if (!status && node->version < CLIP_INPUTS_SINCE)
        status = leat_attribute_float(node, "max", clip->max, &clip->max);
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

static leat_status shape_clip(const leat_call *call, size_t *scratch, leat_error *error)
{
    (void)scratch;
    for (uint32_t i = 1; i < call->n_inputs; i++)
        if (call->inputs[i] && leat_array_count(call->inputs[i]) != 1)
            return leat_error_set(error, LEAT_E_MODEL, "input %u must be one number", i);
    leat_array_copy_shape(call->outputs[0], call->inputs[0]);
    return LEAT_OK;
}

/* A NaN is below or above nothing, and stays one. */
#define CLIP(name, type, lowest, highest)                                                \
    static void name(const leat_call *call, const leat_array *least,                     \
                     const leat_array *most)                                             \
    {                                                                                    \
        const struct clip *clip = call->state;                                           \
        const type min = least ? *(const type *)least->data : (type)(lowest);            \
        const type max = most ? *(const type *)most->data : (type)(highest);             \
        const type *from = call->inputs[0]->data;                                        \
        type *to = call->outputs[0]->data;                                               \
        const size_t n = leat_array_count(call->inputs[0]);                              \
        (void)clip;                                                                      \
        for (size_t i = 0; i < n; i++) {                                                 \
            const type x = from[i] < min ? min : from[i];                                \
            to[i] = x > max ? max : x;                                                   \
        }                                                                                \
    }

CLIP(clip_f32, float, clip->min, clip->max)
CLIP(clip_f64, double, clip->min > -FLT_MAX ? (double)clip->min : -DBL_MAX,
     clip->max < FLT_MAX ? (double)clip->max : DBL_MAX)
CLIP(clip_i64, int64_t, INT64_MIN, INT64_MAX)
CLIP(clip_i32, int32_t, INT32_MIN, INT32_MAX)

static void run_clip(const leat_call *call)
{
    static void (*const kernels[])(const leat_call *, const leat_array *,
                                   const leat_array *) = {
        [LEAT_F32] = clip_f32,
        [LEAT_F64] = clip_f64,
        [LEAT_I64] = clip_i64,
        [LEAT_I32] = clip_i32,
    };
    kernels[call->inputs[0]->dtype](call, leat_call_input(call, 1),
                                    leat_call_input(call, 2));
}

const leat_operator leat_clip_operators[] = {
    {"", "Clip", 6, CLIP_INPUTS_SINCE - 1, LEAT_OP_IN_PLACE, 1, 1, 1, load_clip,
     shape_clip, run_clip},
    {"", "Clip", CLIP_INPUTS_SINCE, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 3, 1, load_clip,
     shape_clip, run_clip},
    {0},
};
