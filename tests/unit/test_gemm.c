/* Each kernel that this machine has, beside twins written from ops/gemm.h. */
#include "ops/gemm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GUARD = 24 };

/* A product with everything that it reads and writes. C has a gap behind each row. */
typedef struct product {
    uint32_t m, k, n;
    size_t c_step;
    float *a;     /* [m][k] */
    float *b;     /* [k][n] */
    float *start; /* [m][c_step] */
    float *c;     /* [m][c_step] and GUARD */
    float *packed;
    leat_gemm_right right;
    leat_gemm_job job;
} product;

static uint32_t seed = 1;

static float any_number(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

static float *numbers(size_t n)
{
    float *x = aligned_alloc(64, (n + 16) / 16 * 64);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = any_number();
    return x;
}

static product product_of(uint32_t m, uint32_t k, uint32_t n)
{
    product p = {.m = m, .k = k, .n = n, .c_step = n + 3};
    p.a = numbers((size_t)m * k);
    p.b = numbers((size_t)k * n);
    p.start = numbers(m * p.c_step);
    p.c = numbers(m * p.c_step + GUARD);
    p.packed = numbers(leat_gemm_packed_count(k, n));
    p.job = (leat_gemm_job){.m = m,
                            .a = p.a,
                            .a_step = k,
                            .start = p.start,
                            .start_step = p.c_step,
                            .c = p.c,
                            .c_step = p.c_step,
                            .floor = LEAT_GEMM_NO_FLOOR};
    return p;
}

static void run(product *p, const leat_gemm_kernel *kernel)
{
    const leat_gemm_matrix matrix = {
        .k = p->k, .n = p->n, .data = p->b, .k_step = p->n, .n_step = 1};
    leat_gemm_pack(&p->right, kernel, &matrix, p->packed);
    leat_gemm_run(&p->right, &p->job);
}

/* The same where the right side is not packed. */
static void run_small(product *p, const leat_gemm_kernel *kernel)
{
    const leat_gemm_matrix matrix = {
        .k = p->k, .n = p->n, .data = p->b, .k_step = p->n, .n_step = 1};
    leat_gemm_run_small(kernel, &matrix, &p->job);
}

static void drop(product *p)
{
    free(p->a);
    free(p->b);
    free(p->start);
    free(p->c);
    free(p->packed);
}

static float start_of(const product *p, uint32_t i, uint32_t j)
{
    return p->job.start ? p->job.start[i * p->job.start_step + j] : 0;
}

/* In double; *sum is that of the absolute products. */
static double exact(const product *p, uint32_t i, uint32_t j, double *sum)
{
    double c = start_of(p, i, j);
    *sum = fabs(c);
    for (uint32_t k = 0; k < p->k; k++) {
        const double x = (double)p->a[i * p->job.a_step + k] * p->b[k * p->n + j];
        c += x;
        *sum += fabs(x);
    }
    return c;
}

/* The order that ops/gemm.h promises of SIMD kernels. */
static float chained(const product *p, uint32_t i, uint32_t j)
{
    float c[16] = {0};
    const float *a = p->a + i * p->job.a_step;
    if (p->n > LEAT_GEMM_NARROW) {
        c[0] = start_of(p, i, j);
        for (uint32_t k = 0; k < p->k; k++)
            c[0] = fmaf(a[k], p->b[k * p->n + j], c[0]);
        return c[0];
    }
    for (uint32_t k = 0; k < p->k; k++)
        c[k % 16] = fmaf(a[k], p->b[k * p->n + j], c[k % 16]);
    for (uint32_t half = 8; half; half /= 2)
        for (uint32_t x = 0; x < half; x++)
            c[x] += c[x + half];
    return c[0] + start_of(p, i, j);
}

static const struct {
    uint32_t m, k, n;
} sizes[] = {
    {1, 1, 1},     {1, 30, 128},  {1, 128, 64},   {1, 64, 1},     {1, 200, 250},
    {2, 7, 5},     {3, 16, 4},    {4, 17, 3},     {5, 15, 2},     {6, 33, 16},
    {7, 3, 17},    {8, 64, 48},   {9, 20, 31},    {11, 9, 130},   {12, 40, 32},
    {13, 5, 100},  {25, 8, 19},   {64, 30, 47},   {3, 513, 129},  {1, 1200, 33},
    {14, 1025, 7}, {2, 600, 700}, {37, 530, 515}, {100, 100, 16},
};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static void test_gemm__is_near_the_exact_product(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (size_t s = 0; s < N_SIZES; s++) {
            product p = product_of(sizes[s].m, sizes[s].k, sizes[s].n);
            run(&p, kernel);
            for (uint32_t i = 0; i < p.m; i++)
                for (uint32_t j = 0; j < p.n; j++) {
                    double sum, wanted = exact(&p, i, j, &sum);
                    if (!(fabs(p.c[i * p.c_step + j] - wanted) <= 1e-5 * sum))
                        fail_msg("%s, %u by %u by %u: c[%u][%u] is %g, not %g",
                                 leat_gemm_kernel_name(kernel), p.m, p.k, p.n, i, j,
                                 (double)p.c[i * p.c_step + j], wanted);
                }
            drop(&p);
        }
}

static void test_gemm__every_simd_kernel_gives_the_promised_bits(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++) {
        if (!strcmp(leat_gemm_kernel_name(kernel), "openblas"))
            continue;
        for (size_t s = 0; s < N_SIZES; s++) {
            product p = product_of(sizes[s].m, sizes[s].k, sizes[s].n);
            run(&p, kernel);
            for (uint32_t i = 0; i < p.m; i++)
                for (uint32_t j = 0; j < p.n; j++)
                    if (p.c[i * p.c_step + j] != chained(&p, i, j))
                        fail_msg("%s, %u by %u by %u: c[%u][%u]",
                                 leat_gemm_kernel_name(kernel), p.m, p.k, p.n, i, j);
            drop(&p);
        }
    }
}

static void test_gemm__writes_nothing_beside_its_elements(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (size_t s = 0; s < N_SIZES; s++) {
            product p = product_of(sizes[s].m, sizes[s].k, sizes[s].n);
            const size_t size = p.m * p.c_step + GUARD;
            float *before = numbers(size);
            memcpy(before, p.c, size * sizeof *before);
            run(&p, kernel);
            for (size_t i = 0; i < size; i++)
                if (i / p.c_step >= p.m || i % p.c_step >= p.n)
                    assert_float_equal(p.c[i], before[i], 0);
            free(before);
            drop(&p);
        }
}

/* Of all of C, so that nothing beside its elements is written either. */
static void test_gemm__small_products_have_the_bits_of_packed_ones(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (size_t s = 0; s < N_SIZES; s++) {
            product p = product_of(sizes[s].m, sizes[s].k, sizes[s].n);
            const leat_gemm_matrix matrix = {.k = p.k, .n = p.n, .n_step = 1};
            const size_t size = p.m * p.c_step + GUARD;
            float *found = numbers(size);
            memcpy(found, p.c, size * sizeof *found);
            p.job.floor = s % 2 ? LEAT_GEMM_NO_FLOOR : 0;
            p.job.start = s % 3 ? p.start : NULL;
            run(&p, kernel);
            p.job.c = found;
            if (leat_gemm_is_small(kernel, &matrix, p.m)) {
                run_small(&p, kernel);
                assert_memory_equal(found, p.c, size * sizeof *found);
            }
            free(found);
            drop(&p);
        }
}

static void test_gemm__start_may_be_a_bias_or_nothing_or_what_is_there(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (uint32_t n = 1; n < 40; n += 19)
            for (int way = 0; way < 3; way++) {
                product p = product_of(5, 6, n);
                if (way == 0)
                    p.job.start = NULL;
                if (way == 1)
                    p.job.start_step = 0;
                if (way == 2) {
                    memcpy(p.c, p.start, p.m * p.c_step * sizeof *p.c);
                    p.job.start = p.c;
                }
                run(&p, kernel);
                if (way == 2)
                    p.job.start = p.start;
                double sum;
                for (uint32_t i = 0; i < p.m; i++)
                    for (uint32_t j = 0; j < n; j++)
                        assert_float_equal(p.c[i * p.c_step + j], exact(&p, i, j, &sum),
                                           1e-5);
                drop(&p);
            }
}

/* NaN and infinities of a row and of B, where a zero meets them too. */
static void test_gemm__nan_and_infinity_go_where_ieee_says(void **state)
{
    (void)state;
    static const float nasty[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e38f};
    enum { N_NASTY = sizeof nasty / sizeof *nasty };
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (size_t s = 0; s < N_SIZES; s++) {
            product p = product_of(sizes[s].m, sizes[s].k, sizes[s].n);
            p.a[0] = nasty[s % N_NASTY];
            p.a[(size_t)(p.m - 1) * p.k] = nasty[s % N_NASTY];
            p.a[(size_t)p.m * p.k - 1] = 0;
            p.b[(size_t)p.k * p.n - 1] = nasty[s / N_NASTY % 3];
            run(&p, kernel);
            for (uint32_t i = 0; i < p.m; i++)
                for (uint32_t j = 0; j < p.n; j++) {
                    double sum;
                    const float c = p.c[i * p.c_step + j];
                    const float wanted = (float)exact(&p, i, j, &sum);
                    assert_int_equal(isnan(c), isnan(wanted));
                    if (isinf(wanted))
                        assert_float_equal(c, wanted, 0);
                    else if (!isnan(wanted))
                        assert_true(isfinite(c));
                }
            drop(&p);
        }
}

static void test_gemm__floor_is_relu_and_keeps_nan(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (size_t s = 0; s < N_SIZES; s++) {
            product p = product_of(sizes[s].m, sizes[s].k, sizes[s].n);
            product q = p;
            q.c = numbers(p.m * p.c_step + GUARD);
            q.job.c = q.c;
            p.job.floor = 0;
            p.a[0] = NAN;
            run(&q, kernel);
            run(&p, kernel);
            for (uint32_t i = 0; i < p.m; i++)
                for (uint32_t j = 0; j < p.n; j++) {
                    const float raw = q.c[i * p.c_step + j], c = p.c[i * p.c_step + j];
                    if (i == 0)
                        assert_true(isnan(c));
                    else
                        assert_float_equal(c, raw < 0 ? 0 : raw, 0);
                }
            free(q.c);
            drop(&p);
        }
}

static void test_gemm__without_k_there_is_the_start(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (uint32_t n = 1; n < 20; n += 18) {
            product p = product_of(3, 0, n);
            p.job.floor = 0;
            run(&p, kernel);
            for (uint32_t i = 0; i < p.m; i++)
                for (uint32_t j = 0; j < n; j++) {
                    const float start = p.start[i * p.c_step + j];
                    assert_float_equal(p.c[i * p.c_step + j], start < 0 ? 0 : start, 0);
                }
            drop(&p);
        }
}

static void test_gemm__packs_a_transposed_side_alike(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (uint32_t n = 3; n < 40; n += 18) {
            product p = product_of(3, 21, n);
            run(&p, kernel);
            float *turned = numbers((size_t)p.k * n), *c = numbers(p.m * p.c_step);
            for (uint32_t k = 0; k < p.k; k++)
                for (uint32_t j = 0; j < n; j++)
                    turned[j * p.k + k] = p.b[k * n + j];
            const leat_gemm_matrix matrix = {
                .k = p.k, .n = n, .data = turned, .k_step = 1, .n_step = p.k};
            leat_gemm_pack(&p.right, kernel, &matrix, p.packed);
            p.job.c = c;
            leat_gemm_run(&p.right, &p.job);
            for (uint32_t i = 0; i < p.m; i++)
                for (uint32_t j = 0; j < n; j++)
                    assert_float_equal(c[i * p.c_step + j], p.c[i * p.c_step + j], 0);
            free(turned);
            free(c);
            drop(&p);
        }
}

static void test_gemm__no_rows_or_no_columns_are_nothing(void **state)
{
    (void)state;
    const leat_gemm_kernel *kernel;
    for (uint32_t x = 0; (kernel = leat_gemm_kernel_at(x)); x++)
        for (int way = 0; way < 2; way++) {
            product p = product_of(way ? 4 : 0, 5, way ? 0 : 6);
            float before[GUARD];
            memcpy(before, p.c, sizeof before);
            run(&p, kernel);
            assert_memory_equal(before, p.c, 4 * sizeof *before);
            drop(&p);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm__is_near_the_exact_product),
        cmocka_unit_test(test_gemm__every_simd_kernel_gives_the_promised_bits),
        cmocka_unit_test(test_gemm__writes_nothing_beside_its_elements),
        cmocka_unit_test(test_gemm__small_products_have_the_bits_of_packed_ones),
        cmocka_unit_test(test_gemm__start_may_be_a_bias_or_nothing_or_what_is_there),
        cmocka_unit_test(test_gemm__nan_and_infinity_go_where_ieee_says),
        cmocka_unit_test(test_gemm__floor_is_relu_and_keeps_nan),
        cmocka_unit_test(test_gemm__without_k_there_is_the_start),
        cmocka_unit_test(test_gemm__packs_a_transposed_side_alike),
        cmocka_unit_test(test_gemm__no_rows_or_no_columns_are_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
