#include "ops/recurrent.h"

#include <math.h>

/* Weights are packed for ops/gemm.h: at load where they are constants. */

#define REAL  float
#define RIGHT leat_gemm_right

static size_t aligned_count(size_t n)
{
    return (n + 15) / 16 * 16;
}

size_t leat_recurrent_packed_count(const leat_cell *cell, uint32_t inputs,
                                   uint32_t hidden)
{
    const uint32_t of_state = cell->gates_of_state * hidden;
    const uint32_t width = cell->gates * hidden;
    return aligned_count(leat_gemm_packed_count(inputs, width)) +
           aligned_count(leat_gemm_packed_count(hidden, of_state)) +
           (width > of_state
                ? aligned_count(leat_gemm_packed_count(hidden, width - of_state))
                : 0);
}

/* Packs [n][k], transposed; what follows in memory. */
static float *pack(leat_gemm_right *right, uint32_t k, uint32_t n, const float *rows,
                   float *packed)
{
    const leat_gemm_matrix matrix = {k, n, rows, 1, k};
    leat_gemm_pack(right, leat_gemm_kernel_at(0), &matrix, packed);
    return packed + aligned_count(leat_gemm_packed_count(k, n));
}

void leat_recurrent_pack(leat_gemm_right *rights, const leat_cell *cell, uint32_t inputs,
                         uint32_t hidden, const float *w, const float *r, float *packed)
{
    const uint32_t of_state = cell->gates_of_state * hidden;
    const uint32_t width = cell->gates * hidden;
    packed = pack(&rights[0], inputs, width, w, packed);
    packed = pack(&rights[1], hidden, of_state, r, packed);
    if (width > of_state)
        pack(&rights[2], hidden, width - of_state, r + (size_t)of_state * hidden, packed);
}

static size_t rights_count(const leat_call *call)
{
    const leat_recurrent *state = call->state;
    const leat_recurrent_size size = leat_recurrent_size_of(call);
    return state->packed
               ? 0
               : leat_recurrent_packed_count(state->cell, size.inputs, size.hidden);
}

static void prepare_rights(const leat_call *call, uint32_t direction, float *memory,
                           leat_gemm_right *rights)
{
    const leat_recurrent *state = call->state;
    const leat_recurrent_size size = leat_recurrent_size_of(call);
    const float *w = call->inputs[IN_W]->data, *r = call->inputs[IN_R]->data;
    const size_t rows = (size_t)direction * size.width;
    if (!state->packed) {
        leat_recurrent_pack(rights, state->cell, size.inputs, size.hidden,
                            w + rows * size.inputs, r + rows * size.hidden, memory);
        return;
    }
    for (uint32_t i = 0; i < LEAT_RECURRENT_RIGHTS; i++)
        rights[i] = state->packed[direction * LEAT_RECURRENT_RIGHTS + i];
}

static void product(const leat_gemm_right *right, uint32_t m, const float *a,
                    size_t a_step, const float *start, size_t start_step, float *c,
                    size_t c_step)
{
    const leat_gemm_job job = {m, a, a_step, start, start_step, c, c_step, -INFINITY};
    leat_gemm_run(right, &job);
}

static void apply(const leat_activation_kind *kind, double alpha, double beta, float *x,
                  size_t n)
{
    if (kind->many) {
        kind->many(x, n, x);
        return;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = (float)kind->one((double)x[i], alpha, beta);
}

#include "ops/recurrent_cells.inc"

size_t leat_recurrent_scratch_f32(const leat_call *call)
{
    return scratch_bytes(call);
}

void leat_recurrent_run_f32(const leat_call *call)
{
    run(call);
}
