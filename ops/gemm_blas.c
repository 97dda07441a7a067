#include "ops/gemm_blas.h"

#include "ops/gemm_kernel.h"

#include <cblas.h>
#include <string.h>

/* sgemm with a side of 1 costs several times what sgemv does. alpha and beta are 1
 * throughout: where one is 0, BLAS does not look at what it multiplies, be it NaN. */

/* C's first value. */
static void begin(const leat_gemm_right *right, const leat_gemm_job *job)
{
    for (uint32_t row = 0; row < job->m; row++) {
        float *c = job->c + row * job->c_step;
        const float *start = job->start ? job->start + row * job->start_step : NULL;
        if (!start)
            memset(c, 0, right->n * sizeof *c);
        else if (start != c)
            memcpy(c, start, right->n * sizeof *c);
    }
}

static void multiply(const leat_gemm_right *right, const leat_gemm_job *job)
{
    const int m = (int)job->m, n = (int)right->n, k = (int)right->k;
    const int a_step = (int)job->a_step, c_step = (int)job->c_step;
    if (m == 1)
        cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, right->packed, n, job->a, 1, 1,
                    job->c, 1);
    else if (n == 1)
        cblas_sgemv(CblasRowMajor, CblasNoTrans, m, k, 1, job->a, a_step, right->packed,
                    1, 1, job->c, c_step);
    else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, job->a, a_step,
                    right->packed, n, 1, job->c, c_step);
}

static void raise_to_floor(const leat_gemm_right *right, const leat_gemm_job *job)
{
    for (uint32_t row = 0; row < job->m; row++) {
        float *c = job->c + row * job->c_step;
        for (uint32_t n = 0; n < right->n; n++)
            c[n] = c[n] < job->floor ? job->floor : c[n];
    }
}

static void run(const leat_gemm_right *right, const leat_gemm_job *job)
{
    begin(right, job);
    if (right->k)
        multiply(right, job);
    if (job->floor > LEAT_GEMM_NO_FLOOR)
        raise_to_floor(right, job);
}

const leat_gemm_kernel *leat_gemm_blas(void)
{
    static const leat_gemm_kernel kernel = {.name = "openblas", .run = run};
    return &kernel;
}

void leat_gemm_hold_threads(void)
{
    openblas_set_num_threads(1);
}

void leat_gemm_f64(const leat_product_f64 *product)
{
    const int m = (int)product->m, n = (int)product->n, k = (int)product->k;
    const int a_step = product->a_transposed ? m : k;
    const int b_step = product->b_transposed ? k : n;
    if (m && n && k)
        cblas_dgemm(CblasRowMajor, product->a_transposed ? CblasTrans : CblasNoTrans,
                    product->b_transposed ? CblasTrans : CblasNoTrans, m, n, k, 1,
                    product->a, a_step, product->b, b_step, 1, product->c, n);
}
