#include "ops/ml_rows.h"

#include "base/slice.h"

#include <math.h>

/* Operators of ai.onnx.ml that choose columns or put them together:
 * ArrayFeatureExtractor, FeatureVectorizer. */

/* ---- ArrayFeatureExtractor: columns by their numbers ---- */

static leat_status load_extractor(leat_node *node)
{
    leat_status status = leat_node_check_dtype(node, 1, 1u << LEAT_I64);
    leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status;
}

/* [...][width] becomes [...][n picked]; a single axis becomes one row. */
static leat_status shape_extractor(const leat_call *call, size_t *scratch,
                                   leat_error *error)
{
    (void)scratch;
    const leat_array *input = call->inputs[0], *picked = call->inputs[1];
    const uint32_t rank = input->rank < 2 ? 2 : input->rank;
    int64_t shape[LEAT_ARRAY_RANK] = {1};
    if (!input->rank)
        return leat_error_set(error, LEAT_E_MODEL, "input 0 has no axis");
    for (uint32_t axis = 0; axis + 1 < input->rank; axis++)
        shape[axis] = input->shape[axis];
    shape[rank - 1] = (int64_t)leat_array_count(picked);
    const int64_t width = input->shape[input->rank - 1];
    const int64_t *columns = picked->data; /* [n picked] */
    for (int64_t i = 0; columns && i < shape[rank - 1]; i++)
        if (columns[i] < 0 || columns[i] >= width)
            return leat_error_set(error, LEAT_E_MODEL, "column %lld of %lld",
                                  (long long)columns[i], (long long)width);
    return leat_array_reshape(call->outputs[0], rank, shape, error);
}

/* NaN where there is such a thing, else 0 or "". */
static void put_nonsense(leat_dtype dtype, void *to)
{
    const float f32 = NAN;
    const double f64 = (double)NAN;
    const leat_slice empty = {(const uint8_t *)"", 0};
    memset(to, 0, leat_dtype_size(dtype));
    if (dtype == LEAT_F32)
        memcpy(to, &f32, sizeof f32);
    else if (dtype == LEAT_F64)
        memcpy(to, &f64, sizeof f64);
    else if (dtype == LEAT_STRING)
        memcpy(to, &empty, sizeof empty);
}

static void run_extractor(const leat_call *call)
{
    const leat_array *input = call->inputs[0];
    const size_t n = leat_array_span(input, 0, input->rank - 1);
    const size_t width = input->shape[input->rank - 1];
    const size_t n_picked = leat_array_count(call->inputs[1]);
    const size_t size = leat_dtype_size(input->dtype);
    const int64_t *columns = call->inputs[1]->data; /* [n_picked] */
    const char *x = input->data;                    /* [n][width] */
    char *y = call->outputs[0]->data;               /* [n][n_picked] */
    for (size_t row = 0; row < n; row++, x += width * size) {
        for (size_t i = 0; i < n_picked; i++, y += size) {
            if (columns[i] >= 0 && (uint64_t)columns[i] < width)
                memcpy(y, x + (size_t)columns[i] * size, size);
            else
                put_nonsense(input->dtype, y);
        }
    }
}

/* ---- FeatureVectorizer: the inputs side by side, as float32 ---- */

typedef struct vectorizer {
    const int64_t *widths; /* [n]; NULL: as they come */
    size_t n;
} vectorizer;

static leat_status load_vectorizer(leat_node *node)
{
    vectorizer *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    leat_status status = leat_attribute_ints(node, "inputdimensions", &s->widths, &s->n);
    for (uint32_t i = 0; i < node->n_inputs && !status; i++)
        status = leat_node_check_dtype(node, i, LEAT_NUMBERS);
    leat_node_set_dtype(node, 0, LEAT_F32);
    if (!status && s->n && s->n != node->n_inputs)
        return leat_error_set(node->error, LEAT_E_MODEL,
                              "found %zu inputdimensions for %u inputs", s->n,
                              node->n_inputs);
    return status;
}

static leat_status shape_vectorizer(const leat_call *call, size_t *scratch,
                                    leat_error *error)
{
    (void)scratch;
    const vectorizer *s = call->state;
    int64_t shape[2] = {leat_ml_rows_of(call->inputs[0]).n, 0};
    for (uint32_t i = 0; i < call->n_inputs; i++) {
        const leat_ml_rows rows = leat_ml_rows_of(call->inputs[i]);
        leat_status status = leat_ml_rows_check(call->inputs[i], 0, error);
        if (status)
            return status;
        if (rows.n != shape[0] || (s->n && rows.width != s->widths[i]))
            return leat_error_set(
                error, LEAT_E_MODEL,
                "input %u has %u rows of %u columns, expected %lld of %lld", i, rows.n,
                rows.width, (long long)shape[0],
                (long long)(s->n ? s->widths[i] : rows.width));
        shape[1] += rows.width;
    }
    return leat_array_reshape(call->outputs[0], 2, shape, error);
}

static void run_vectorizer(const leat_call *call)
{
    const leat_ml_rows all = leat_ml_rows_of(call->outputs[0]);
    float *y = call->outputs[0]->data; /* [n][sum of widths] */
    for (uint32_t i = 0; i < call->n_inputs; i++) {
        const uint32_t width = leat_ml_rows_of(call->inputs[i]).width;
        for (size_t row = 0; row < all.n; row++)
            leat_ml_rows_read(call->inputs[i], row * width, width, y + row * all.width);
        y += width;
    }
}

const leat_operator leat_ml_columns_operators[] = {
    {"ai.onnx.ml", "ArrayFeatureExtractor", 1, LEAT_NEWEST, 0, 2, 2, 1, load_extractor,
     shape_extractor, run_extractor},
    {"ai.onnx.ml", "FeatureVectorizer", 1, LEAT_NEWEST, 0, 1, LEAT_VARIADIC, 1,
     load_vectorizer, shape_vectorizer, run_vectorizer},
    {0},
};
