#include "one_node.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { B = 2, Q = 5, K = 7, D = 4, DV = 3, MOST_HEADS = 4 };

typedef enum mask_kind { NO_MASK, BOOLS, FLOATS } mask_kind;

/* A node as a test wants it. */
typedef struct scene {
    size_t heads, kv_heads;
    bool flat; /* three axes, not four */
    bool causal;
    float scale, softcap; /* 0: the operator's own */
    mask_kind mask;
    uint32_t mask_rank;
    int64_t mask_shape[4];

    float q[B][MOST_HEADS][Q][D], k[B][MOST_HEADS][K][D], v[B][MOST_HEADS][K][DV];
    float floats[B * MOST_HEADS * Q * K];
    uint8_t bools[B * MOST_HEADS * Q * K];
} scene;

static void fill(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)rand() / (float)RAND_MAX * 4 - 2;
}

static void fill_scene(scene *s)
{
    srand(3);
    fill(&s->q[0][0][0][0], B * MOST_HEADS * Q * D);
    fill(&s->k[0][0][0][0], B * MOST_HEADS * K * D);
    fill(&s->v[0][0][0][0], B * MOST_HEADS * K * DV);
    fill(s->floats, B * MOST_HEADS * Q * K);
    for (size_t i = 0; i < B * MOST_HEADS * Q * K; i++)
        s->bools[i] = rand() % 3 != 0;
}

/* ---- the twin, from the specification ---- */

/* Where the mask has its element for [b][h][q][k]: numpy's broadcast. */
static size_t mask_at(const scene *s, size_t b, size_t h, size_t q, size_t k)
{
    const size_t index[] = {b, h, q, k};
    size_t at = 0;
    for (size_t axis = 0; axis < s->mask_rank; axis++) {
        const size_t n = (size_t)s->mask_shape[axis];
        at = at * n + (n == 1 ? 0 : index[4 - s->mask_rank + axis]);
    }
    return at;
}

static double score(const scene *s, size_t b, size_t h, size_t q, size_t k)
{
    const double scale = s->scale > 0 ? (double)s->scale : 1 / sqrt(D);
    double x = 0;
    for (size_t d = 0; d < D; d++)
        x += (double)s->q[b][h][q][d] *
             (double)s->k[b][h / (s->heads / s->kv_heads)][k][d] * scale;
    if (s->softcap > 0)
        x = tanh(x / (double)s->softcap) * (double)s->softcap;
    if (s->mask == FLOATS)
        x += (double)s->floats[mask_at(s, b, h, q, k)];
    const bool hidden = s->mask == BOOLS && !s->bools[mask_at(s, b, h, q, k)];
    return hidden || (s->causal && k > q) ? -INFINITY : x;
}

static void twin(const scene *s, size_t b, size_t h, size_t q, double y[DV])
{
    double sum = 0;
    memset(y, 0, DV * sizeof *y);
    for (size_t k = 0; k < K; k++) {
        const double weight = exp(score(s, b, h, q, k));
        sum += weight;
        for (size_t d = 0; d < DV; d++)
            y[d] += weight * (double)s->v[b][h / (s->heads / s->kv_heads)][k][d];
    }
    for (size_t d = 0; d < DV; d++)
        y[d] = sum > 0 ? y[d] / sum : 0;
}

/* ---- the operator ---- */

/* [B][heads][n][width], or [B][n][heads * width]; values: [B][MOST_HEADS][n][width] */
static void add(one_node *node, const scene *s, const float *values, size_t heads,
                size_t n, size_t width)
{
    const int64_t flat[] = {B, (int64_t)n, (int64_t)(heads * width)};
    const int64_t deep[] = {B, (int64_t)heads, (int64_t)n, (int64_t)width};
    float *data = one_node_input(node, LEAT_F32, s->flat ? 3 : 4, s->flat ? flat : deep);
    for (size_t b = 0; b < B; b++)
        for (size_t h = 0; h < heads; h++)
            for (size_t i = 0; i < n; i++)
                memcpy(data +
                           (s->flat ? (b * n + i) * heads + h : (b * heads + h) * n + i) *
                               width,
                       values + ((b * MOST_HEADS + h) * n + i) * width,
                       width * sizeof *data);
}

static void start(one_node *node, const scene *s)
{
    one_node_start(node, "", "Attention", 23);
    if (s->flat)
        one_node_int(node, "q_num_heads", (int64_t)s->heads);
    if (s->flat)
        one_node_int(node, "kv_num_heads", (int64_t)s->kv_heads);
    if (s->causal)
        one_node_int(node, "is_causal", 1);
    if (s->scale > 0)
        one_node_float(node, "scale", s->scale);
    if (s->softcap > 0)
        one_node_float(node, "softcap", s->softcap);
    add(node, s, &s->q[0][0][0][0], s->heads, Q, D);
    add(node, s, &s->k[0][0][0][0], s->kv_heads, K, D);
    add(node, s, &s->v[0][0][0][0], s->kv_heads, K, DV);
    if (s->mask == NO_MASK)
        return;
    const leat_dtype dtype = s->mask == FLOATS ? LEAT_F32 : LEAT_BOOL;
    void *mask = one_node_input(node, dtype, s->mask_rank, s->mask_shape);
    const size_t n = leat_array_bytes(&node->in[3]);
    memcpy(mask, s->mask == FLOATS ? (const void *)s->floats : s->bools, n);
}

static const float *found_at(const one_node *node, const scene *s, size_t b, size_t h,
                             size_t q)
{
    const float *y = node->out[0].data;
    return y + (s->flat ? (b * Q + q) * s->heads + h : (b * s->heads + h) * Q + q) * DV;
}

static void assert_like_twin(scene s)
{
    one_node node;
    fill_scene(&s);
    start(&node, &s);
    one_node_run(&node);
    assert_int_equal(node.out[0].rank, s.flat ? 3 : 4);
    assert_int_equal(leat_array_count(&node.out[0]), B * s.heads * Q * DV);
    for (size_t i = 0; i < B * s.heads * Q; i++) {
        const size_t b = i / Q / s.heads, h = i / Q % s.heads, q = i % Q;
        double expected[DV];
        twin(&s, b, h, q, expected);
        for (size_t d = 0; d < DV; d++) {
            const double y = (double)found_at(&node, &s, b, h, q)[d];
            if (!(fabs(y - expected[d]) <= 1e-6))
                fail_msg("[%zu,%zu,%zu,%zu] is %.9g, expected %.9g", b, h, q, d, y,
                         expected[d]);
        }
    }
    one_node_stop(&node);
}

static void test_attention__is_the_formula_with_three_or_four_axes(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_like_twin(
            (scene){.heads = 2, .kv_heads = 2, .flat = i % 2, .causal = i / 2});
}

static void test_attention__heads_share_keys_and_values(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_like_twin((scene){.heads = 4, .kv_heads = 2, .flat = i});
        assert_like_twin((scene){.heads = 3, .kv_heads = 1, .flat = i});
    }
}

static void test_attention__masks_broadcast(void **state)
{
    (void)state;
    static const struct {
        uint32_t rank;
        int64_t shape[4];
    } masks[] = {{2, {Q, K}}, {4, {B, 2, Q, K}}, {4, {B, 1, 1, K}}, {3, {2, Q, 1}},
                 {1, {K}},    {4, {1, 2, 1, K}}, {4, {B, 1, Q, K}}, {0, {0}}};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        for (int causal = 0; causal < 2; causal++) {
            scene s = {.heads = 2, .kv_heads = 2, .causal = causal, .mask = FLOATS};
            s.mask_rank = masks[i].rank;
            memcpy(s.mask_shape, masks[i].shape, sizeof s.mask_shape);
            assert_like_twin(s);
            s.mask = BOOLS;
            assert_like_twin(s);
        }
    }
}

static void test_attention__scales_and_caps(void **state)
{
    (void)state;
    assert_like_twin((scene){.heads = 1, .kv_heads = 1, .scale = 0.25f});
    assert_like_twin((scene){.heads = 1, .kv_heads = 1, .softcap = 0.5f});
    assert_like_twin((scene){.heads = 2,
                             .kv_heads = 1,
                             .scale = 2,
                             .softcap = 3,
                             .mask = BOOLS,
                             .mask_rank = 2,
                             .mask_shape = {Q, K}});
}

/* Rows of the mask that are all false: zeros; the others as ever. */
static void test_attention__a_query_that_sees_nothing_is_zero(void **state)
{
    (void)state;
    scene s = {
        .heads = 1, .kv_heads = 1, .mask = BOOLS, .mask_rank = 2, .mask_shape = {Q, 1}};
    one_node node;
    double expected[DV];
    fill_scene(&s);
    memcpy(s.bools, (uint8_t[]){1, 0, 1, 0, 1}, Q);
    start(&node, &s);
    one_node_run(&node);
    twin(&s, 0, 0, 2, expected);
    for (size_t d = 0; d < DV; d++) {
        assert_true(found_at(&node, &s, 0, 0, 1)[d] == 0);
        assert_true(fabs((double)found_at(&node, &s, 0, 0, 2)[d] - expected[d]) <= 1e-6);
    }
    one_node_stop(&node);
}

/* A NaN among the events of one row of the batch is for that row alone. */
static void test_attention__nan_stays_in_its_row(void **state)
{
    (void)state;
    scene s = {.heads = 1, .kv_heads = 1};
    one_node node;
    double expected[DV];
    fill_scene(&s);
    s.k[0][0][3][1] = NAN;
    start(&node, &s);
    one_node_run(&node);
    twin(&s, 1, 0, 4, expected);
    for (size_t d = 0; d < DV; d++) {
        assert_true(isnan(found_at(&node, &s, 0, 0, 0)[d]));
        assert_true(fabs((double)found_at(&node, &s, 1, 0, 4)[d] - expected[d]) <= 1e-6);
    }
    one_node_stop(&node);
}

static void test_attention__of_nothing_is_zero(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Attention", 23);
    one_node_input(&node, LEAT_F32, 4, (int64_t[]){1, 1, 2, 4});
    one_node_input(&node, LEAT_F32, 4, (int64_t[]){1, 1, 0, 4});
    one_node_input(&node, LEAT_F32, 4, (int64_t[]){1, 1, 0, 3});
    one_node_run(&node);
    for (size_t i = 0; i < 6; i++)
        assert_true(((float *)node.out[0].data)[i] == 0);
    one_node_stop(&node);
}

/* As many empty heads as a shape can have end at once. */
static void test_attention__of_empty_heads_is_nothing(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Attention", 23);
    for (size_t i = 0; i < 3; i++)
        one_node_input(&node, LEAT_F32, 4, (int64_t[]){1 << 30, 1 << 7, 0, 4});
    one_node_run(&node);
    assert_int_equal(leat_array_count(&node.out[0]), 0);
    one_node_stop(&node);
}

static void assert_misfit(uint32_t rank, const int64_t *q, const int64_t *k,
                          const int64_t *v, const int64_t *mask)
{
    one_node node;
    one_node_start(&node, "", "Attention", 23);
    if (rank == 3)
        one_node_int(&node, "q_num_heads", 2);
    if (rank == 3)
        one_node_int(&node, "kv_num_heads", 2);
    one_node_input(&node, LEAT_F32, rank, q);
    one_node_input(&node, LEAT_F32, rank, k);
    one_node_input(&node, LEAT_F32, rank, v);
    if (mask)
        one_node_input(&node, LEAT_F32, 4, mask);
    assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
    one_node_stop(&node);
}

#define SHAPE (const int64_t[])

static void test_attention__refuses_shapes_that_do_not_fit(void **state)
{
    (void)state;
    const int64_t *q = SHAPE{1, 2, 3, 4}, *k = SHAPE{1, 2, 5, 4};
    assert_misfit(4, q, k, SHAPE{1, 2, 6, 4}, NULL);                 /* lengths */
    assert_misfit(4, q, SHAPE{1, 2, 5, 3}, SHAPE{1, 2, 5, 3}, NULL); /* widths */
    assert_misfit(4, q, SHAPE{2, 2, 5, 4}, SHAPE{2, 2, 5, 4}, NULL); /* batches */
    assert_misfit(4, q, SHAPE{1, 3, 5, 4}, SHAPE{1, 3, 5, 4}, NULL); /* heads */
    assert_misfit(4, q, k, SHAPE{1, 1, 5, 4}, NULL);
    assert_misfit(4, q, SHAPE{2, 2, 5, 4}, k, NULL);
    assert_misfit(4, q, k, SHAPE{2, 2, 5, 4}, NULL);
    assert_misfit(4, q, k, k, SHAPE{1, 2, 3, 6}); /* mask */
    assert_misfit(4, q, k, k, SHAPE{7, 2, 3, 5}); /* a larger one */
    assert_misfit(3, SHAPE{1, 3, 5}, SHAPE{1, 3, 5}, SHAPE{1, 3, 5}, NULL); /* 5 / 2 */
    assert_misfit(2, SHAPE{3, 4}, SHAPE{3, 4}, SHAPE{3, 4}, NULL);
    assert_misfit(4, SHAPE{1, 0, 3, 4}, SHAPE{1, 0, 5, 4}, SHAPE{1, 0, 5, 4}, NULL);
}

static void test_attention__refuses_a_cache(void **state)
{
    (void)state;
    scene s = {.heads = 1, .kv_heads = 1};
    one_node node;
    start(&node, &s);
    one_node_no_input(&node);
    one_node_input(&node, LEAT_F32, 4, (int64_t[]){B, 1, 2, D});
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    assert_string_equal(node.error.msg, "input 4: a cache is not supported");
    one_node_stop(&node);
    start(&node, &s);
    one_node_outputs(&node, 2);
    assert_int_equal(one_node_try(&node), LEAT_E_UNSUPPORTED);
    one_node_stop(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention__is_the_formula_with_three_or_four_axes),
        cmocka_unit_test(test_attention__heads_share_keys_and_values),
        cmocka_unit_test(test_attention__masks_broadcast),
        cmocka_unit_test(test_attention__scales_and_caps),
        cmocka_unit_test(test_attention__a_query_that_sees_nothing_is_zero),
        cmocka_unit_test(test_attention__nan_stays_in_its_row),
        cmocka_unit_test(test_attention__of_nothing_is_zero),
        cmocka_unit_test(test_attention__of_empty_heads_is_nothing),
        cmocka_unit_test(test_attention__refuses_shapes_that_do_not_fit),
        cmocka_unit_test(test_attention__refuses_a_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
