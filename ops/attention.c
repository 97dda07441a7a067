#include "ops/gemm.h"
#include "ops/gemm_blas.h"
#include "ops/operator.h"
#include "ops/softmax.h"
#include "ops/vector_math.h"

#include <math.h>
#include <string.h>

/* Attention, the whole of it in one node: softmax(Q K' scale + mask) V for each head of
 * each row. In f32, and without the cache of keys and values that generation needs. */

enum { IN_Q, IN_K, IN_V, IN_MASK, FIRST_OF_CACHE };

typedef struct attention {
    int64_t heads, kv_heads; /* for three axes; 0: not given */
    float scale;             /* NaN: one over the root of a head's width */
    float softcap;           /* 0: none */
    bool causal;
} attention;

/* ---- load ---- */

static leat_status load_inputs(leat_node *node)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = IN_Q; !status && i <= IN_V; i++)
        status = leat_node_check_dtype(node, i, 1u << LEAT_F32);
    if (!status && node->n_inputs > IN_MASK && node->inputs[IN_MASK])
        status = leat_node_check_dtype(node, IN_MASK, 1u << LEAT_F32 | 1u << LEAT_BOOL);
    for (uint32_t i = FIRST_OF_CACHE; !status && i < node->n_inputs; i++)
        if (node->inputs[i])
            return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                                  "input %u: a cache is not supported", i);
    for (uint32_t i = 1; !status && i < node->n_outputs; i++)
        if (node->outputs[i])
            return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                                  "output %u is not supported", i);
    leat_node_set_dtype(node, 0, LEAT_F32);
    return status;
}

/* Softmax is computed in f32, which may be asked for; output 3 is never made, whatever
 * its mode is. */
static leat_status load_fixed(leat_node *node)
{
    int64_t precision, mode;
    leat_status status = leat_attribute_int(node, "qk_matmul_output_mode", 0, &mode);
    if (!status)
        status = leat_attribute_int(node, "softmax_precision", 1, &precision);
    if (!status && precision != 1)
        return leat_error_set(node->error, LEAT_E_UNSUPPORTED,
                              "attribute softmax_precision: %lld is not supported",
                              (long long)precision);
    return status;
}

static leat_status load(leat_node *node)
{
    attention *state = leat_node_new_state(node, sizeof *state);
    int64_t causal = 0;
    if (!state)
        return LEAT_E_MEMORY;
    leat_status status = load_inputs(node);
    if (!status)
        status = load_fixed(node);
    if (!status)
        status = leat_attribute_int(node, "is_causal", 0, &causal);
    if (!status)
        status = leat_attribute_int(node, "q_num_heads", 0, &state->heads);
    if (!status)
        status = leat_attribute_int(node, "kv_num_heads", 0, &state->kv_heads);
    if (!status)
        status = leat_attribute_float(node, "scale", NAN, &state->scale);
    if (!status)
        status = leat_attribute_float(node, "softcap", 0, &state->softcap);
    state->causal = causal != 0;
    leat_gemm_hold_threads();
    return status;
}

/* ---- how things lie ---- */

/* [batch][heads][length][width], or with three axes [batch][length][heads * width]. */
typedef struct heads {
    uint32_t batch, heads, length, width;
    size_t batch_step, head_step, row_step;
} heads;

static heads heads_of(const leat_array *array, int64_t n_heads)
{
    const uint32_t *shape = array->shape;
    if (array->rank == 4)
        return (heads){.batch = shape[0],
                       .heads = shape[1],
                       .length = shape[2],
                       .width = shape[3],
                       .batch_step = leat_array_span(array, 1, 4),
                       .head_step = leat_array_span(array, 2, 4),
                       .row_step = shape[3]};
    const uint32_t width = shape[2] / (uint32_t)n_heads;
    return (heads){.batch = shape[0],
                   .heads = (uint32_t)n_heads,
                   .length = shape[1],
                   .width = width,
                   .batch_step = leat_array_span(array, 1, 3),
                   .head_step = width,
                   .row_step = shape[2]};
}

typedef struct parts {
    heads q, k, v;
} parts;

static parts parts_of(const leat_call *call)
{
    const attention *state = call->state;
    return (parts){heads_of(call->inputs[IN_Q], state->heads),
                   heads_of(call->inputs[IN_K], state->kv_heads),
                   heads_of(call->inputs[IN_V], state->kv_heads)};
}

/* ---- shape ---- */

static leat_status check_heads(const leat_call *call, uint32_t i, leat_error *error)
{
    const attention *state = call->state;
    const leat_array *array = call->inputs[i];
    const int64_t n = i == IN_Q ? state->heads : state->kv_heads;
    char text[LEAT_ARRAY_TEXT];
    const bool fits = leat_array_span(array, 1, array->rank) <= INT32_MAX;
    if (fits && array->rank == 4 && array->shape[1] && array->shape[3])
        return LEAT_OK;
    if (fits && array->rank == 3 && n > 0 && n <= array->shape[2] &&
        array->shape[2] % n == 0)
        return LEAT_OK;
    return leat_error_set(error, LEAT_E_MODEL, "input %u: %s is no batch of heads", i,
                          leat_array_describe(array, text));
}

static leat_status check_parts(const leat_call *call, leat_error *error)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = IN_Q; !status && i <= IN_V; i++)
        status = check_heads(call, i, error);
    if (status)
        return status;
    const parts p = parts_of(call);
    const bool fits = p.q.batch == p.k.batch && p.q.batch == p.v.batch &&
                      p.k.heads == p.v.heads && p.q.heads % p.k.heads == 0 &&
                      p.q.width == p.k.width && p.k.length == p.v.length &&
                      call->inputs[IN_Q]->rank == call->inputs[IN_K]->rank &&
                      call->inputs[IN_Q]->rank == call->inputs[IN_V]->rank;
    char q[LEAT_ARRAY_TEXT], k[LEAT_ARRAY_TEXT], v[LEAT_ARRAY_TEXT];
    return fits ? LEAT_OK
                : leat_error_set(error, LEAT_E_MODEL,
                                 "%s, %s and %s are no query, key and value",
                                 leat_array_describe(call->inputs[IN_Q], q),
                                 leat_array_describe(call->inputs[IN_K], k),
                                 leat_array_describe(call->inputs[IN_V], v));
}

/* The mask must broadcast to the scores, [batch, heads, length of q, length of k]; which
 * no run holds at once, but could. */
static leat_status check_mask(const leat_call *call, leat_error *error)
{
    const parts p = parts_of(call);
    const leat_array *mask = leat_call_input(call, IN_MASK);
    leat_array scores = {0}, both = {0};
    leat_status status = leat_array_reshape(
        &scores, 4, (int64_t[]){p.q.batch, p.q.heads, p.q.length, p.k.length}, error);
    if (status || !mask)
        return status;
    status = leat_array_broadcast(&both, mask, &scores, error);
    if (!status && !leat_array_same_shape(&both, &scores))
        return leat_error_set(error, LEAT_E_MODEL, "input 3 is larger than the scores");
    return status;
}

static size_t packed_k(const parts *p)
{
    return (leat_gemm_packed_count(p->q.width, p->k.length) + 15) / 16 * 16;
}

static size_t packed_v(const parts *p)
{
    return (leat_gemm_packed_count(p->k.length, p->v.width) + 15) / 16 * 16;
}

static leat_status shape(const leat_call *call, size_t *scratch, leat_error *error)
{
    leat_status status = check_parts(call, error);
    if (!status)
        status = check_mask(call, error);
    if (status)
        return status;
    const parts p = parts_of(call);
    *scratch =
        (packed_k(&p) + packed_v(&p) + (size_t)p.q.length * p.k.length) * sizeof(float);
    if (call->inputs[IN_Q]->rank == 4)
        return leat_array_reshape(
            call->outputs[0], 4, (int64_t[]){p.q.batch, p.q.heads, p.q.length, p.v.width},
            error);
    return leat_array_reshape(
        call->outputs[0], 3,
        (int64_t[]){p.q.batch, p.q.length, (int64_t)p.q.heads * p.v.width}, error);
}

/* ---- run ---- */

/* Steps of a mask along [batch, heads, q, k]; 0 where it is broadcast. */
static void mask_steps(const leat_array *mask, size_t steps[4])
{
    size_t step = 1;
    for (uint32_t back = 0; back < 4; back++) {
        const uint32_t n = back < mask->rank ? mask->shape[mask->rank - 1 - back] : 1;
        steps[3 - back] = n == 1 ? 0 : step;
        step *= n;
    }
}

static void add_mask(const leat_array *mask, uint32_t batch, uint32_t head, uint32_t q,
                     float *scores, uint32_t n)
{
    size_t steps[4];
    mask_steps(mask, steps);
    const size_t at = batch * steps[0] + head * steps[1] + q * steps[2];
    for (uint32_t k = 0; k < n; k++) {
        if (mask->dtype == LEAT_F32)
            scores[k] += ((const float *)mask->data)[at + k * steps[3]];
        else if (!((const uint8_t *)mask->data)[at + k * steps[3]])
            scores[k] = -INFINITY;
    }
}

/* From products to what softmax gets: [length of q][length of k]. */
static void finish_scores(const leat_call *call, const parts *p, uint32_t batch,
                          uint32_t head, float *scores)
{
    const attention *state = call->state;
    const leat_array *mask = leat_call_input(call, IN_MASK);
    const float scale = isnan(state->scale) ? 1 / sqrtf((float)p->q.width) : state->scale;
    const uint32_t n = p->k.length;
    for (uint32_t q = 0; q < p->q.length; q++, scores += n) {
        for (uint32_t k = 0; k < n; k++)
            scores[k] *= state->softcap > 0 ? scale / state->softcap : scale;
        if (state->softcap > 0) {
            leat_tanh_f32(scores, n, scores);
            for (uint32_t k = 0; k < n; k++)
                scores[k] *= state->softcap;
        }
        if (mask)
            add_mask(mask, batch, head, q, scores, n);
        for (uint32_t k = q + 1; state->causal && k < n; k++)
            scores[k] = -INFINITY;
    }
}

static bool is_all_masked(const float *scores, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        if (scores[k] != -INFINITY)
            return false;
    return true;
}

/* A query that may look at nothing sees zeros, not NaN: so the operator is defined. */
static void weigh(const parts *p, float *scores)
{
    const uint32_t n = p->k.length;
    for (uint32_t q = 0; q < p->q.length; q++, scores += n) {
        if (is_all_masked(scores, n))
            memset(scores, 0, n * sizeof *scores);
        else
            leat_softmax_f32(scores, 1, n, scores);
    }
}

/* Keys and values of a head, for the queries of all heads that share it. */
static void run_head(const leat_call *call, const parts *p, uint32_t batch,
                     uint32_t kv_head)
{
    const float *q = call->inputs[IN_Q]->data, *k = call->inputs[IN_K]->data,
                *v = call->inputs[IN_V]->data;
    const heads y = heads_of(call->outputs[0], p->q.heads);
    float *of_k = call->scratch, *of_v = of_k + packed_k(p), *scores = of_v + packed_v(p);
    const leat_gemm_matrix keys = {p->q.width, p->k.length,
                                   k + batch * p->k.batch_step + kv_head * p->k.head_step,
                                   1, p->k.row_step};
    const leat_gemm_matrix values = {
        p->k.length, p->v.width, v + batch * p->v.batch_step + kv_head * p->v.head_step,
        p->v.row_step, 1};
    const uint32_t shared = p->q.heads / p->k.heads;
    leat_gemm_right right_k, right_v;
    leat_gemm_pack(&right_k, leat_gemm_kernel_at(0), &keys, of_k);
    leat_gemm_pack(&right_v, leat_gemm_kernel_at(0), &values, of_v);
    for (uint32_t head = kv_head * shared; head < (kv_head + 1) * shared; head++) {
        const leat_gemm_job ask = {
            .m = p->q.length,
            .a = q + batch * p->q.batch_step + head * p->q.head_step,
            .a_step = p->q.row_step,
            .c = scores,
            .c_step = p->k.length,
            .floor = -INFINITY,
        };
        const leat_gemm_job answer = {
            .m = p->q.length,
            .a = scores,
            .a_step = p->k.length,
            .c = (float *)call->outputs[0]->data + batch * y.batch_step +
                 head * y.head_step,
            .c_step = y.row_step,
            .floor = -INFINITY,
        };
        leat_gemm_run(&right_k, &ask);
        finish_scores(call, p, batch, head, scores);
        weigh(p, scores);
        leat_gemm_run(&right_v, &answer);
    }
}

static void run(const leat_call *call)
{
    const parts p = parts_of(call);
    if (!p.q.length || !p.k.length || !p.v.width) {
        memset(call->outputs[0]->data, 0, leat_array_bytes(call->outputs[0]));
        return;
    }
    for (uint32_t batch = 0; batch < p.q.batch; batch++)
        for (uint32_t head = 0; head < p.k.heads; head++)
            run_head(call, &p, batch, head);
}

const leat_operator leat_attention_operators[] = {
    {"", "Attention", 23, LEAT_NEWEST, 0, 3, 7, 4, load, shape, run},
    {0},
};
