#include "ops/gemm_blas.h"
#include "ops/recurrent.h"

/* Weights are used as they lie: [n][k]. */

#define REAL  double
#define RIGHT right_f64

typedef struct right_f64 {
    uint32_t k, n;
    const double *b; /* [n][k] */
} right_f64;

static size_t rights_count(const leat_call *call)
{
    (void)call;
    return 0;
}

static void prepare_rights(const leat_call *call, uint32_t direction, double *memory,
                           right_f64 *rights)
{
    const leat_recurrent *state = call->state;
    const leat_recurrent_size size = leat_recurrent_size_of(call);
    const size_t rows = (size_t)direction * size.width;
    const double *w = (const double *)call->inputs[IN_W]->data + rows * size.inputs;
    const double *r = (const double *)call->inputs[IN_R]->data + rows * size.hidden;
    const uint32_t of_state = state->cell->gates_of_state * size.hidden;
    (void)memory;
    rights[0] = (right_f64){size.inputs, size.width, w};
    rights[1] = (right_f64){size.hidden, of_state, r};
    rights[2] = (right_f64){size.hidden, size.width - of_state,
                            r + (size_t)of_state * size.hidden};
}

/* A row at a time: rows may lie apart from one another. */
static void product(const right_f64 *right, uint32_t m, const double *a, size_t a_step,
                    const double *start, size_t start_step, double *c, size_t c_step)
{
    for (uint32_t row = 0; row < m; row++) {
        const leat_product_f64 product = {
            .m = 1,
            .n = right->n,
            .k = right->k,
            .b_transposed = 1,
            .a = a + row * a_step,
            .b = right->b,
            .c = c + row * c_step,
        };
        for (uint32_t i = 0; i < right->n; i++)
            product.c[i] = start[row * start_step + i];
        leat_gemm_f64(&product);
    }
}

static void apply(const leat_activation_kind *kind, double alpha, double beta, double *x,
                  size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = kind->one(x[i], alpha, beta);
}

#include "ops/recurrent_cells.inc"

size_t leat_recurrent_scratch_f64(const leat_call *call)
{
    return scratch_bytes(call);
}

void leat_recurrent_run_f64(const leat_call *call)
{
    run(call);
}
