#include "ops/known.h"
#include "ops/walk.h"

/* Operators that put the axes of an array into another order. */

/* ---- Transpose ---- */

static leat_status load_transpose(leat_node *node)
{
    leat_known *perm = leat_node_new_state(node, sizeof *perm);
    leat_status status = perm ? leat_load_same(node) : LEAT_E_MEMORY;
    return status ? status : leat_known_attribute(node, "perm", perm);
}

/* The input's axis that becomes axis `axis`. */
static uint32_t source_axis(const leat_known *perm, uint32_t rank, uint32_t axis)
{
    return perm->given ? (uint32_t)perm->values[axis] : rank - 1 - axis;
}

static leat_status shape_transpose(const leat_call *call, size_t *scratch,
                                   leat_error *error)
{
    const leat_known *perm = call->state;
    const leat_array *input = call->inputs[0];
    leat_array *output = call->outputs[0];
    uint32_t seen = 0;
    (void)scratch;
    for (uint32_t i = 0; i < perm->n; i++)
        if (perm->values[i] >= 0 && perm->values[i] < input->rank)
            seen |= 1u << perm->values[i];
    if (perm->given && (perm->n != input->rank || seen != (1u << input->rank) - 1))
        return leat_error_set(error, LEAT_E_MODEL,
                              "attribute perm: no permutation of %u axes", input->rank);
    output->rank = input->rank;
    for (uint32_t axis = 0; axis < input->rank; axis++)
        output->shape[axis] = input->shape[source_axis(perm, input->rank, axis)];
    return LEAT_OK;
}

static void run_transpose(const leat_call *call)
{
    const leat_array *input = call->inputs[0];
    leat_walk walk;
    leat_walk_start(&walk, 1);
    for (uint32_t axis = 0; axis < input->rank; axis++) {
        uint32_t from = source_axis(call->state, input->rank, axis);
        leat_walk_add_axis(&walk, input->shape[from],
                           &(ptrdiff_t){leat_stride(input, from)});
    }
    leat_walk_copy(&walk, input, 0, call->outputs[0]);
}

/* ---- DepthToSpace and SpaceToDepth ----
 *
 * An image's axis of depth holds blocks of its height and width, or is to hold them: as
 * six axes, of which the output has three elsewhere. */

struct depth {
    int64_t block;
    uint32_t order; /* of DepthToSpace */
};

enum { BLOCK_FIRST, DEPTH_FIRST };

static leat_status load_depth(leat_node *node)
{
    struct depth *depth = leat_node_new_state(node, sizeof *depth);
    leat_status status = depth ? leat_load_same(node) : LEAT_E_MEMORY;
    if (!status)
        status = leat_attribute_int(node, "blocksize", 0, &depth->block);
    if (!status && (depth->block < 1 || depth->block > UINT16_MAX))
        status = leat_error_set(node->error, LEAT_E_MODEL, "attribute blocksize is %lld",
                                (long long)depth->block);
    return status;
}

static leat_status load_depth_to_space(leat_node *node)
{
    static const char *const orders[] = {"DCR", "CRD", NULL};
    leat_status status = load_depth(node);
    struct depth *depth = node->state;
    return status ? status
                  : leat_attribute_word(node, "mode", orders, BLOCK_FIRST, &depth->order);
}

static leat_status refuse_blocks(const leat_call *call, leat_error *error)
{
    const struct depth *depth = call->state;
    char text[LEAT_ARRAY_TEXT];
    return leat_error_set(error, LEAT_E_MODEL, "%s has no blocks of %lld",
                          leat_array_describe(call->inputs[0], text),
                          (long long)depth->block);
}

static leat_status shape_depth_to_space(const leat_call *call, size_t *scratch,
                                        leat_error *error)
{
    const uint32_t b = (uint32_t)((const struct depth *)call->state)->block;
    const uint32_t *in = call->inputs[0]->shape;
    (void)scratch;
    if (call->inputs[0]->rank != 4 || in[1] % (b * b))
        return refuse_blocks(call, error);
    const int64_t shape[] = {in[0], in[1] / (b * b), (int64_t)in[2] * b,
                             (int64_t)in[3] * b};
    return leat_array_reshape(call->outputs[0], 4, shape, error);
}

static leat_status shape_space_to_depth(const leat_call *call, size_t *scratch,
                                        leat_error *error)
{
    const uint32_t b = (uint32_t)((const struct depth *)call->state)->block;
    const uint32_t *in = call->inputs[0]->shape;
    (void)scratch;
    if (call->inputs[0]->rank != 4 || in[2] % b || in[3] % b)
        return refuse_blocks(call, error);
    const int64_t shape[] = {in[0], (int64_t)in[1] * b * b, in[2] / b, in[3] / b};
    return leat_array_reshape(call->outputs[0], 4, shape, error);
}

/* The input seen with six axes, in the order that the output has them. */
static void copy_turned(const leat_call *call, const size_t *shape, const uint32_t *order)
{
    ptrdiff_t stride[6];
    leat_walk walk;
    stride[5] = 1;
    for (uint32_t axis = 5; axis > 0; axis--)
        stride[axis - 1] = stride[axis] * (ptrdiff_t)shape[axis];
    leat_walk_start(&walk, 1);
    for (uint32_t i = 0; i < 6; i++)
        leat_walk_add_axis(&walk, shape[order[i]], &stride[order[i]]);
    leat_walk_copy(&walk, call->inputs[0], 0, call->outputs[0]);
}

static void run_depth_to_space(const leat_call *call)
{
    static const uint32_t orders[][6] = {
        [BLOCK_FIRST] = {0, 3, 4, 1, 5, 2},
        [DEPTH_FIRST] = {0, 1, 4, 2, 5, 3},
    };
    const struct depth *depth = call->state;
    const uint32_t *in = call->inputs[0]->shape;
    const size_t b = (size_t)depth->block, c = in[1] / (b * b);
    const size_t shapes[][6] = {
        [BLOCK_FIRST] = {in[0], b, b, c, in[2], in[3]},
        [DEPTH_FIRST] = {in[0], c, b, b, in[2], in[3]},
    };
    copy_turned(call, shapes[depth->order], orders[depth->order]);
}

static void run_space_to_depth(const leat_call *call)
{
    const uint32_t *in = call->inputs[0]->shape;
    const size_t b = (size_t)((const struct depth *)call->state)->block;
    copy_turned(call, (size_t[]){in[0], in[1], in[2] / b, b, in[3] / b, b},
                (uint32_t[]){0, 3, 5, 1, 2, 4});
}

const leat_operator leat_transpose_operators[] = {
    {"", "Transpose", 1, LEAT_NEWEST, 0, 1, 1, 1, load_transpose, shape_transpose,
     run_transpose},
    {"", "DepthToSpace", 1, LEAT_NEWEST, 0, 1, 1, 1, load_depth_to_space,
     shape_depth_to_space, run_depth_to_space},
    {"", "SpaceToDepth", 1, LEAT_NEWEST, 0, 1, 1, 1, load_depth, shape_space_to_depth,
     run_space_to_depth},
    {0},
};
