#include "one_node.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint32_t seed = 1;

static void fill(leat_dtype dtype, void *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        const double x = (double)(seed >> 8) / (1 << 23) - 1;
        if (dtype == LEAT_F32)
            ((float *)data)[i] = (float)x;
        if (dtype == LEAT_F64)
            ((double *)data)[i] = x;
        if (dtype == LEAT_I64)
            ((int64_t *)data)[i] = (int64_t)(100 * x);
        if (dtype == LEAT_I32)
            ((int32_t *)data)[i] = (int32_t)(100 * x);
    }
}

static double at(const leat_array *array, size_t i)
{
    switch (array->dtype) {
    case LEAT_F32:
        return (double)((const float *)array->data)[i];
    case LEAT_F64:
        return ((const double *)array->data)[i];
    case LEAT_I64:
        return (double)((const int64_t *)array->data)[i];
    default:
        return ((const int32_t *)array->data)[i];
    }
}

static void add(one_node *node, leat_dtype dtype, uint32_t rank, const int64_t *shape)
{
    const uint32_t i = node->node.n_inputs;
    void *data = one_node_input(node, dtype, rank, shape);
    fill(dtype, data, leat_array_count(&node->in[i]));
}

/* ---- MatMul ---- */

/* An element of a side by numpy's rule: leading axes of length 1 repeat. */
static double side_at(const leat_array *side, const int64_t *lead, uint32_t n_lead,
                      int64_t row, int64_t column)
{
    size_t offset = 0;
    for (uint32_t axis = 0; axis + 2 < side->rank; axis++) {
        const int64_t length = side->shape[axis];
        const int64_t index = lead[n_lead - (side->rank - 2) + axis];
        offset = offset * (size_t)length + (size_t)(length == 1 ? 0 : index);
    }
    const size_t columns = side->shape[side->rank - 1];
    if (side->rank > 1)
        offset = offset * side->shape[side->rank - 2] + (size_t)row;
    return at(side, offset * columns + (size_t)column);
}

/* Both sides of rank 2 at least; every output element beside the sum of its products. */
static void check_matmul(const one_node *node)
{
    const leat_array *a = &node->in[0], *b = &node->in[1], *y = &node->out[0];
    const size_t n = leat_array_count(y);
    for (size_t i = 0; i < n; i++) {
        int64_t index[LEAT_ARRAY_RANK];
        size_t left = i;
        for (uint32_t axis = y->rank; axis-- > 0; left /= y->shape[axis])
            index[axis] = (int64_t)(left % y->shape[axis]);
        double sum = 0, size = 1;
        for (uint32_t k = 0; k < a->shape[a->rank - 1]; k++) {
            const double x = side_at(a, index, y->rank - 2, index[y->rank - 2], k) *
                             side_at(b, index, y->rank - 2, k, index[y->rank - 1]);
            sum += x;
            size += fabs(x);
        }
        if (!(fabs(at(y, i) - sum) <= 1e-5 * size))
            fail_msg("element %zu is %g, not %g", i, at(y, i), sum);
    }
}

static void matmul(leat_dtype dtype, uint32_t a_rank, const int64_t *a, uint32_t b_rank,
                   const int64_t *b)
{
    one_node node;
    one_node_start(&node, "", "MatMul", 13);
    add(&node, dtype, a_rank, a);
    add(&node, dtype, b_rank, b);
    one_node_run(&node);
    check_matmul(&node);
    one_node_stop(&node);
}

static void test_matmul__multiplies_matrices_of_every_type(void **state)
{
    (void)state;
    static const leat_dtype dtypes[] = {LEAT_F32, LEAT_F64, LEAT_I64, LEAT_I32};
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++) {
        matmul(dtypes[d], 2, (int64_t[]){3, 5}, 2, (int64_t[]){5, 7});
        matmul(dtypes[d], 2, (int64_t[]){1, 1}, 2, (int64_t[]){1, 1});
        matmul(dtypes[d], 2, (int64_t[]){1, 40}, 2, (int64_t[]){40, 33});
        matmul(dtypes[d], 2, (int64_t[]){9, 40}, 2, (int64_t[]){40, 1});
    }
}

static void test_matmul__broadcasts_stacks(void **state)
{
    (void)state;
    static const leat_dtype dtypes[] = {LEAT_F32, LEAT_F64, LEAT_I64};
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++) {
        matmul(dtypes[d], 3, (int64_t[]){4, 3, 5}, 3, (int64_t[]){4, 5, 2});
        matmul(dtypes[d], 3, (int64_t[]){4, 3, 5}, 2, (int64_t[]){5, 6});
        matmul(dtypes[d], 2, (int64_t[]){3, 5}, 3, (int64_t[]){4, 5, 6});
        matmul(dtypes[d], 4, (int64_t[]){2, 1, 3, 5}, 3, (int64_t[]){4, 5, 6});
        matmul(dtypes[d], 4, (int64_t[]){1, 4, 3, 5}, 4, (int64_t[]){2, 1, 5, 6});
        matmul(dtypes[d], 3, (int64_t[]){4, 3, 5}, 3, (int64_t[]){1, 5, 6});
    }
}

static void test_matmul__an_empty_sum_is_zero(void **state)
{
    (void)state;
    matmul(LEAT_F32, 2, (int64_t[]){3, 0}, 2, (int64_t[]){0, 7});
    matmul(LEAT_F64, 2, (int64_t[]){3, 0}, 2, (int64_t[]){0, 7});
    matmul(LEAT_F32, 3, (int64_t[]){0, 3, 2}, 2, (int64_t[]){2, 7});
    matmul(LEAT_F32, 2, (int64_t[]){3, 2}, 2, (int64_t[]){2, 0});
}

/* A vector [k] on the left is [1][k], on the right [k][1], and its axis is not there. */
static void test_matmul__takes_vectors(void **state)
{
    (void)state;
    static const struct {
        uint32_t a_rank, b_rank, y_rank;
        int64_t a[3], b[3], y[2];
    } cases[] = {
        {1, 1, 0, {6}, {6}, {0}},          {1, 2, 1, {6}, {6, 4}, {4}},
        {2, 1, 1, {4, 6}, {6}, {4}},       {1, 3, 2, {6}, {2, 6, 4}, {2, 4}},
        {3, 1, 2, {2, 4, 6}, {6}, {2, 4}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        one_node node;
        one_node_start(&node, "", "MatMul", 9);
        add(&node, LEAT_F32, cases[c].a_rank, cases[c].a);
        add(&node, LEAT_F32, cases[c].b_rank, cases[c].b);
        one_node_run(&node);
        assert_int_equal(node.out[0].rank, cases[c].y_rank);
        for (uint32_t axis = 0; axis < cases[c].y_rank; axis++)
            assert_int_equal(node.out[0].shape[axis], cases[c].y[axis]);
        /* Elements: as with the missing axis of length 1. */
        leat_array *sides[] = {&node.in[0], &node.in[1]}, *y = &node.out[0];
        if (cases[c].b_rank == 1) {
            *sides[1] = (leat_array){LEAT_F32, 2, {6, 1}, sides[1]->data};
            y->shape[y->rank++] = 1;
        }
        if (cases[c].a_rank == 1) {
            *sides[0] = (leat_array){LEAT_F32, 2, {1, 6}, sides[0]->data};
            y->shape[y->rank] = y->rank ? y->shape[y->rank - 1] : 1;
            y->shape[y->rank++ - 1] = 1;
        }
        check_matmul(&node);
        one_node_stop(&node);
    }
}

static void test_matmul__integers_wrap_around(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "MatMul", 9);
    int32_t *a = one_node_input(&node, LEAT_I32, 2, (int64_t[]){1, 1});
    int32_t *b = one_node_input(&node, LEAT_I32, 2, (int64_t[]){1, 1});
    *a = INT32_MAX, *b = 2;
    one_node_run(&node);
    assert_int_equal(*(int32_t *)node.out[0].data, -2);
    one_node_stop(&node);
}

static void refused(const char *op, leat_dtype dtype, uint32_t a_rank, const int64_t *a,
                    uint32_t b_rank, const int64_t *b, leat_status wanted)
{
    one_node node;
    one_node_start(&node, "", op, 13);
    add(&node, dtype, a_rank, a);
    add(&node, dtype, b_rank, b);
    assert_int_equal(one_node_try(&node), wanted);
    one_node_stop(&node);
}

static void test_matmul__refuses_what_is_no_product(void **state)
{
    (void)state;
    refused("MatMul", LEAT_F32, 2, (int64_t[]){3, 5}, 2, (int64_t[]){4, 7}, LEAT_E_MODEL);
    refused("MatMul", LEAT_F32, 0, NULL, 2, (int64_t[]){4, 7}, LEAT_E_MODEL);
    refused("MatMul", LEAT_F32, 3, (int64_t[]){2, 3, 5}, 3, (int64_t[]){3, 5, 7},
            LEAT_E_MODEL);
    refused("MatMul", LEAT_BOOL, 2, (int64_t[]){3, 5}, 2, (int64_t[]){5, 7},
            LEAT_E_UNSUPPORTED);
    refused("Gemm", LEAT_F32, 2, (int64_t[]){3, 5}, 2, (int64_t[]){4, 7}, LEAT_E_MODEL);
    refused("Gemm", LEAT_F32, 1, (int64_t[]){5}, 2, (int64_t[]){5, 7}, LEAT_E_MODEL);
    refused("Gemm", LEAT_I64, 2, (int64_t[]){3, 5}, 2, (int64_t[]){5, 7},
            LEAT_E_UNSUPPORTED);
}

/* ---- Gemm ---- */

enum { M = 5, K = 19, N = 22 };

/* c_rank < 0: no C. */
static void gemm(leat_dtype dtype, int trans_a, int trans_b, float alpha, float beta,
                 int c_rank, const int64_t *c_shape)
{
    one_node node;
    one_node_start(&node, "", "Gemm", 13);
    one_node_int(&node, "transA", trans_a);
    one_node_int(&node, "transB", trans_b);
    one_node_float(&node, "alpha", alpha);
    one_node_float(&node, "beta", beta);
    add(&node, dtype, 2, trans_a ? (int64_t[]){K, M} : (int64_t[]){M, K});
    add(&node, dtype, 2, trans_b ? (int64_t[]){N, K} : (int64_t[]){K, N});
    if (c_rank >= 0)
        add(&node, dtype, (uint32_t)c_rank, c_shape);
    one_node_run(&node);
    const leat_array *c = &node.in[2];
    for (uint32_t i = 0; i < M; i++)
        for (uint32_t j = 0; j < N; j++) {
            double sum = 0;
            for (uint32_t k = 0; k < K; k++)
                sum += at(&node.in[0], trans_a ? k * M + i : i * K + k) *
                       at(&node.in[1], trans_b ? j * K + k : k * N + j);
            sum *= (double)alpha;
            if (c_rank >= 0) {
                const uint32_t columns = c_rank ? c->shape[c_rank - 1] : 1;
                const uint32_t rows = c_rank > 1 ? c->shape[0] : 1;
                sum += (double)beta *
                       at(c, (rows == 1 ? 0 : i) * columns + (columns == 1 ? 0 : j));
            }
            assert_float_equal(at(&node.out[0], i * N + j), sum, 1e-5);
        }
    one_node_stop(&node);
}

static void test_gemm__transposes_either_side(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        gemm(LEAT_F32, way & 1, way >> 1, 1, 1, -1, NULL);
        gemm(LEAT_F64, way & 1, way >> 1, 1, 1, -1, NULL);
    }
}

static void test_gemm__scales_and_adds_c(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        const leat_dtype dtype = d ? LEAT_F64 : LEAT_F32;
        gemm(dtype, 0, 0, 0.5f, 0.25f, 2, (int64_t[]){M, N});
        gemm(dtype, 0, 0, 0.5f, 0.25f, 2, (int64_t[]){1, N});
        gemm(dtype, 0, 0, -2, 1, 2, (int64_t[]){M, 1});
        gemm(dtype, 0, 1, 1, 3, 2, (int64_t[]){1, 1});
        gemm(dtype, 1, 0, 1, 1, 1, (int64_t[]){N});
        gemm(dtype, 1, 1, 1, 1, 1, (int64_t[]){1});
        gemm(dtype, 1, 1, 2, 2, 0, NULL);
    }
}

/* 0 times NaN is NaN, where BLAS would not look. */
static void test_gemm__a_factor_of_zero_sees_nan(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        one_node node;
        one_node_start(&node, "", "Gemm", 13);
        one_node_float(&node, "alpha", 0);
        add(&node, d ? LEAT_F64 : LEAT_F32, 2, (int64_t[]){2, 3});
        add(&node, d ? LEAT_F64 : LEAT_F32, 2, (int64_t[]){3, 2});
        if (d)
            ((double *)node.hidden[0])[1] = (double)NAN;
        else
            ((float *)node.hidden[0])[1] = NAN;
        one_node_run(&node);
        assert_true(isnan(at(&node.out[0], 0)));
        assert_true(isnan(at(&node.out[0], 1)));
        assert_float_equal(at(&node.out[0], 2), 0, 0);
        one_node_stop(&node);
    }
}

static void test_gemm__old_versions_say_broadcast(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "Gemm", 6);
    one_node_int(&node, "broadcast", 1);
    add(&node, LEAT_F32, 2, (int64_t[]){2, 3});
    add(&node, LEAT_F32, 2, (int64_t[]){3, 2});
    add(&node, LEAT_F32, 1, (int64_t[]){2});
    one_node_run(&node);
    one_node_stop(&node);
}

static void test_gemm__refuses_a_c_that_does_not_spread(void **state)
{
    (void)state;
    static const struct {
        uint32_t rank;
        int64_t shape[3];
    } cases[] = {{1, {3}}, {2, {2, 4}}, {2, {3, 1}}, {3, {1, 2, 2}}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        one_node node;
        one_node_start(&node, "", "Gemm", 13);
        add(&node, LEAT_F32, 2, (int64_t[]){2, 3});
        add(&node, LEAT_F32, 2, (int64_t[]){3, 2});
        add(&node, LEAT_F32, cases[c].rank, cases[c].shape);
        assert_int_equal(one_node_try(&node), LEAT_E_MODEL);
        one_node_stop(&node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matmul__multiplies_matrices_of_every_type),
        cmocka_unit_test(test_matmul__broadcasts_stacks),
        cmocka_unit_test(test_matmul__an_empty_sum_is_zero),
        cmocka_unit_test(test_matmul__takes_vectors),
        cmocka_unit_test(test_matmul__integers_wrap_around),
        cmocka_unit_test(test_matmul__refuses_what_is_no_product),
        cmocka_unit_test(test_gemm__transposes_either_side),
        cmocka_unit_test(test_gemm__scales_and_adds_c),
        cmocka_unit_test(test_gemm__a_factor_of_zero_sees_nan),
        cmocka_unit_test(test_gemm__old_versions_say_broadcast),
        cmocka_unit_test(test_gemm__refuses_a_c_that_does_not_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
