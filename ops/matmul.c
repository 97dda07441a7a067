#include "ops/gemm.h"
#include "ops/gemm_blas.h"
#include "ops/operator.h"

#include <limits.h>
#include <string.h>

/* Products of which no side is known before the run, or that fusion left alone: MatMul
 * and Gemm. The right side is packed at each run, unless the product is small; layers
 * with constant weights are dense.c's. */

/* One product of matrices, row-major without gaps. */
struct product {
    leat_dtype dtype;
    uint32_t m, n, k;
    bool a_transposed; /* A is [k][m] */
    bool b_transposed; /* B is [n][k] */
};

/* ---- one product ---- */

/* A sum wraps around, as numpy's does. */
#define DEFINE_NAIVE(type)                                                               \
    static void naive_##type(const struct product *product, const void *left,            \
                             const void *right, void *out)                               \
    {                                                                                    \
        const type *a = left, *b = right; /* [m][k], [k][n] */                           \
        type *c = memset(out, 0, (size_t)product->m * product->n * sizeof *c);           \
        for (size_t i = 0; i < product->m; i++)                                          \
            for (size_t k = 0; k < product->k; k++)                                      \
                for (size_t j = 0; j < product->n; j++)                                  \
                    c[i * product->n + j] +=                                             \
                        a[i * product->k + k] * b[k * product->n + j];                   \
    }

DEFINE_NAIVE(uint64_t)
DEFINE_NAIVE(uint32_t)

static void run_f64(const struct product *product, const void *a, const void *b, void *c)
{
    const leat_product_f64 whole = {
        .m = product->m,
        .n = product->n,
        .k = product->k,
        .a_transposed = product->a_transposed,
        .b_transposed = product->b_transposed,
        .a = a,
        .b = b,
        .c = memset(c, 0, (size_t)product->m * product->n * sizeof(double)),
    };
    leat_gemm_f64(&whole);
}

/* from: [rows][columns]; to: [columns][rows] */
static void transpose(const float *from, size_t rows, size_t columns, float *to)
{
    for (size_t column = 0; column < columns; column++)
        for (size_t row = 0; row < rows; row++)
            *to++ = from[row * columns + column];
}

static size_t scratch_of(const struct product *product)
{
    if (product->dtype != LEAT_F32)
        return 0;
    const size_t turned = product->a_transposed ? (size_t)product->m * product->k : 0;
    return (leat_gemm_packed_count(product->k, product->n) + turned) * sizeof(float);
}

static leat_gemm_matrix right_of(const struct product *product, const float *b)
{
    const bool turned = product->b_transposed;
    return (leat_gemm_matrix){
        .k = product->k,
        .n = product->n,
        .data = b,
        .k_step = turned ? 1 : product->n,
        .n_step = turned ? product->k : 1,
    };
}

/* `packed` is memory for the right side. */
static void multiply(const struct product *product, const float *a, const float *b,
                     float *c, float *packed)
{
    const leat_gemm_kernel *kernel = leat_gemm_kernel_at(0);
    const leat_gemm_matrix matrix = right_of(product, b);
    leat_gemm_right right;
    const leat_gemm_job job = {
        .m = product->m,
        .a = a,
        .a_step = product->k,
        .c = c,
        .c_step = product->n,
        .floor = LEAT_GEMM_NO_FLOOR,
    };
    if (leat_gemm_is_small(kernel, &matrix, job.m)) {
        leat_gemm_run_small(kernel, &matrix, &job);
        return;
    }
    leat_gemm_pack(&right, kernel, &matrix, packed);
    leat_gemm_run(&right, &job);
}

static void run_f32(const struct product *product, const void *a, const void *b, void *c,
                    float *scratch)
{
    if (product->a_transposed) {
        float *turned = scratch + leat_gemm_packed_count(product->k, product->n);
        transpose(a, product->k, product->m, turned);
        a = turned;
    }
    multiply(product, a, b, c, scratch);
}

static void run_product(const struct product *product, const void *a, const void *b,
                        void *c, void *scratch)
{
    switch (product->dtype) {
    case LEAT_F32:
        run_f32(product, a, b, c, scratch);
        break;
    case LEAT_F64:
        run_f64(product, a, b, c);
        break;
    case LEAT_I64:
        naive_uint64_t(product, a, b, c);
        break;
    default:
        naive_uint32_t(product, a, b, c);
    }
}

static leat_status check_sides(const struct product *product, leat_error *error)
{
    if (product->m > INT_MAX || product->n > INT_MAX || product->k > INT_MAX)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "a product of %u by %u by %u: no side may exceed %d",
                              product->m, product->k, product->n, INT_MAX);
    return LEAT_OK;
}

static leat_status refuse(const leat_call *call, leat_error *error)
{
    char a[LEAT_ARRAY_TEXT], b[LEAT_ARRAY_TEXT];
    return leat_error_set(error, LEAT_E_MODEL, "%s by %s is no product",
                          leat_array_describe(call->inputs[0], a),
                          leat_array_describe(call->inputs[1], b));
}

static leat_status load_types(leat_node *node, uint32_t dtypes)
{
    leat_gemm_hold_threads();
    leat_status status = leat_node_check_dtype(node, 0, dtypes);
    for (uint32_t i = 1; i < node->n_inputs && !status; i++)
        if (i < 2 || node->inputs[i])
            status = leat_node_check_dtype(node, i, 1u << node->inputs[0]->dtype);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

/* ---- MatMul ---- */

enum {
    MATMUL_DTYPES = 1u << LEAT_F32 | 1u << LEAT_F64 | 1u << LEAT_I64 | 1u << LEAT_I32
};

static leat_status load_matmul(leat_node *node)
{
    return load_types(node, MATMUL_DTYPES);
}

/* A side of a MatMul as a stack of matrices; a vector is a matrix of one row (the left) or
 * of one column (the right). */
static leat_array stack_of(const leat_array *side, bool is_right)
{
    leat_array stack = *side;
    if (side->rank == 1) {
        stack.rank = 2;
        stack.shape[0] = is_right ? side->shape[0] : 1;
        stack.shape[1] = is_right ? 1 : side->shape[0];
    }
    return stack;
}

/* The matrices of a MatMul and how many of them stand on one another. */
struct matmul {
    struct product product;
    leat_array a, b; /* without their last two axes */
    leat_array all;  /* both broadcast */
};

static leat_status read_matmul(const leat_call *call, struct matmul *matmul,
                               leat_error *error)
{
    if (!call->inputs[0]->rank || !call->inputs[1]->rank)
        return refuse(call, error);
    matmul->a = stack_of(call->inputs[0], false);
    matmul->b = stack_of(call->inputs[1], true);
    const uint32_t *a = matmul->a.shape + (matmul->a.rank -= 2);
    const uint32_t *b = matmul->b.shape + (matmul->b.rank -= 2);
    if (a[1] != b[0])
        return refuse(call, error);
    matmul->product = (struct product){
        .dtype = call->inputs[0]->dtype, .m = a[0], .k = a[1], .n = b[1]};
    return leat_array_broadcast(&matmul->all, &matmul->a, &matmul->b, error);
}

static leat_status shape_matmul(const leat_call *call, size_t *scratch, leat_error *error)
{
    struct matmul matmul;
    leat_status status = read_matmul(call, &matmul, error);
    if (!status)
        status = check_sides(&matmul.product, error);
    if (status)
        return status;
    int64_t shape[LEAT_ARRAY_RANK + 2];
    uint32_t rank = 0;
    for (; rank < matmul.all.rank; rank++)
        shape[rank] = matmul.all.shape[rank];
    if (call->inputs[0]->rank > 1)
        shape[rank++] = matmul.product.m;
    if (call->inputs[1]->rank > 1)
        shape[rank++] = matmul.product.n;
    *scratch = scratch_of(&matmul.product);
    return leat_array_reshape(call->outputs[0], rank, shape, error);
}

/* Which matrix of `stack` broadcasting puts at place `at` of `all`. */
static size_t matrix_at(const leat_array *stack, const leat_array *all, size_t at)
{
    size_t found = 0, step = 1;
    for (uint32_t back = 1; back <= stack->rank; back++) {
        const uint32_t length = stack->shape[stack->rank - back];
        const uint32_t whole = all->shape[all->rank - back];
        found += length == 1 ? 0 : at % whole * step;
        step *= length;
        at /= whole;
    }
    return found;
}

/* One right side for all of a stack: its rows are one matrix. */
static void join_rows(struct matmul *matmul)
{
    const size_t rows = leat_array_count(&matmul->a) * matmul->product.m;
    if (leat_array_count(&matmul->b) != 1 || rows > INT_MAX)
        return;
    matmul->product.m = (uint32_t)rows;
    matmul->a.rank = matmul->b.rank = matmul->all.rank = 0;
}

static void run_matmul(const leat_call *call)
{
    struct matmul matmul;
    (void)read_matmul(call, &matmul, NULL);
    join_rows(&matmul);
    const struct product *product = &matmul.product;
    const size_t size = leat_dtype_size(product->dtype);
    const size_t a_size = (size_t)product->m * product->k * size;
    const size_t b_size = (size_t)product->k * product->n * size;
    const size_t c_size = (size_t)product->m * product->n * size;
    const size_t n = leat_array_count(&matmul.all);
    for (size_t at = 0; at < n; at++)
        run_product(
            product,
            (char *)matmul.a.data + matrix_at(&matmul.a, &matmul.all, at) * a_size,
            (char *)matmul.b.data + matrix_at(&matmul.b, &matmul.all, at) * b_size,
            (char *)call->outputs[0]->data + at * c_size, call->scratch);
}

/* ---- Gemm ---- */

struct gemm {
    bool a_transposed;
    bool b_transposed;
    float alpha;
    float beta;
};

static leat_status load_gemm(leat_node *node)
{
    int64_t trans_a, trans_b;
    int64_t broadcast; /* before version 7: whether C may be smaller. It may anyway */
    struct gemm *gemm = leat_node_new_state(node, sizeof *gemm);
    if (!gemm)
        return LEAT_E_MEMORY;
    leat_status status = load_types(node, 1u << LEAT_F32 | 1u << LEAT_F64);
    if (!status)
        status = leat_attribute_int(node, "transA", 0, &trans_a);
    if (!status)
        status = leat_attribute_int(node, "transB", 0, &trans_b);
    if (!status)
        status = leat_attribute_float(node, "alpha", 1, &gemm->alpha);
    if (!status)
        status = leat_attribute_float(node, "beta", 1, &gemm->beta);
    if (!status && node->version < 7)
        status = leat_attribute_int(node, "broadcast", 0, &broadcast);
    if (status)
        return status;
    gemm->a_transposed = trans_a != 0;
    gemm->b_transposed = trans_b != 0;
    return LEAT_OK;
}

static struct product product_of(const leat_call *call)
{
    const struct gemm *gemm = call->state;
    const leat_array *a = call->inputs[0], *b = call->inputs[1];
    return (struct product){
        .dtype = a->dtype,
        .m = a->shape[gemm->a_transposed],
        .k = a->shape[!gemm->a_transposed],
        .n = b->shape[!gemm->b_transposed],
        .a_transposed = gemm->a_transposed,
        .b_transposed = gemm->b_transposed,
    };
}

/* How far apart C's rows and columns are, where C spreads over [m][n]. */
struct spread {
    size_t row;
    size_t column;
};

static leat_status read_spread(const leat_array *c, const struct product *product,
                               struct spread *spread, leat_error *error)
{
    char text[LEAT_ARRAY_TEXT];
    const uint32_t rows = c->rank > 1 ? c->shape[c->rank - 2] : 1;
    const uint32_t columns = c->rank ? c->shape[c->rank - 1] : 1;
    if (c->rank > 2 || (rows != 1 && rows != product->m) ||
        (columns != 1 && columns != product->n))
        return leat_error_set(error, LEAT_E_MODEL,
                              "input 2: %s does not broadcast to %u by %u",
                              leat_array_describe(c, text), product->m, product->n);
    spread->row = rows == 1 ? 0 : columns;
    spread->column = columns == 1 ? 0 : 1;
    return LEAT_OK;
}

static leat_status shape_gemm(const leat_call *call, size_t *scratch, leat_error *error)
{
    const struct gemm *gemm = call->state;
    const leat_array *a = call->inputs[0], *b = call->inputs[1];
    const leat_array *c = leat_call_input(call, 2);
    struct spread spread;
    if (a->rank != 2 || b->rank != 2 ||
        a->shape[!gemm->a_transposed] != b->shape[gemm->b_transposed])
        return refuse(call, error);
    const struct product product = product_of(call);
    leat_status status = check_sides(&product, error);
    if (!status && c)
        status = read_spread(c, &product, &spread, error);
    *scratch = scratch_of(&product);
    return status ? status
                  : leat_array_reshape(call->outputs[0], 2,
                                       (int64_t[]){product.m, product.n}, error);
}

/* y: [m][n] = alpha y + beta C */
#define DEFINE_COMBINE(type)                                                             \
    static void combine_##type(const struct gemm *gemm, const struct product *product,   \
                               const type *c, struct spread spread, type *y)             \
    {                                                                                    \
        const type alpha = gemm->alpha, beta = gemm->beta;                               \
        for (size_t row = 0; row < product->m; row++)                                    \
            for (size_t column = 0; column < product->n; column++, y++)                  \
                *y = alpha * *y +                                                        \
                     (c ? beta * c[row * spread.row + column * spread.column] : 0);      \
    }

DEFINE_COMBINE(float)
DEFINE_COMBINE(double)

static void run_gemm(const leat_call *call)
{
    const struct gemm *gemm = call->state;
    const struct product product = product_of(call);
    const leat_array *c = leat_call_input(call, 2);
    void *y = call->outputs[0]->data;
    struct spread spread = {0};
    run_product(&product, call->inputs[0]->data, call->inputs[1]->data, y, call->scratch);
    if (c)
        (void)read_spread(c, &product, &spread, NULL);
    if (product.dtype == LEAT_F32)
        combine_float(gemm, &product, c ? c->data : NULL, spread, y);
    else
        combine_double(gemm, &product, c ? c->data : NULL, spread, y);
}

const leat_operator leat_matmul_operators[] = {
    {"", "MatMul", 1, LEAT_NEWEST, 0, 2, 2, 1, load_matmul, shape_matmul, run_matmul},
    {"", "Gemm", 1, LEAT_NEWEST, 0, 2, 3, 1, load_gemm, shape_gemm, run_gemm},
    {0},
};
