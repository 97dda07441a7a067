#include "ops/ml_rows.h"

#include <math.h>
#include <string.h>

/* Operators of ai.onnx.ml that change numbers column by column: Scaler, Imputer,
 * Normalizer, Binarizer. */

static leat_status shape_rows(const leat_call *call, size_t *scratch, leat_error *error)
{
    leat_status status = leat_shape_same(call, scratch, error);
    return status ? status : leat_ml_rows_check(call->inputs[0], 0, error);
}

/* A list for the columns is as long as there are columns, or stands for all of them. */
static leat_status check_factors(const leat_array *input, const char *name, size_t n,
                                 leat_error *error)
{
    uint32_t width = leat_ml_rows_of(input).width;
    return n == 1 || n == width
               ? LEAT_OK
               : leat_error_set(error, LEAT_E_MODEL,
                                "attribute %s: found %zu numbers for %u columns", name, n,
                                width);
}

/* ---- Scaler: (x - offset) * scale ---- */

typedef struct scaler {
    const float *offset; /* [n_offset] */
    const float *scale;  /* [n_scale] */
    size_t n_offset;
    size_t n_scale;
} scaler;

static leat_status load_scaler(leat_node *node)
{
    static const float zero = 0, one = 1;
    scaler *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    if (!status)
        status = leat_attribute_floats(node, "offset", &s->offset, &s->n_offset);
    if (!status)
        status = leat_attribute_floats(node, "scale", &s->scale, &s->n_scale);
    if (!s->n_offset)
        s->offset = &zero, s->n_offset = 1;
    if (!s->n_scale)
        s->scale = &one, s->n_scale = 1;
    leat_node_set_dtype(node, 0, LEAT_F32);
    return status;
}

static leat_status shape_scaler(const leat_call *call, size_t *scratch, leat_error *error)
{
    const scaler *s = call->state;
    leat_status status = shape_rows(call, scratch, error);
    if (!status)
        status = check_factors(call->inputs[0], "offset", s->n_offset, error);
    if (!status)
        status = check_factors(call->inputs[0], "scale", s->n_scale, error);
    return status;
}

/* float64 keeps its precision until it is scaled; all else is float32 from the start. */
static void run_scaler(const leat_call *call)
{
    const scaler *s = call->state;
    const leat_array *input = call->inputs[0];
    const leat_ml_rows rows = leat_ml_rows_of(input);
    const double *x = input->dtype == LEAT_F64 ? input->data : NULL; /* [n][width] */
    float *y = call->outputs[0]->data;                               /* [n][width] */
    if (!x)
        leat_ml_rows_read(input, 0, leat_array_count(input), y);
    for (size_t row = 0, i = 0; row < rows.n; row++) {
        const float *offset = s->offset, *scale = s->scale;
        for (uint32_t column = 0; column < rows.width; column++, i++) {
            y[i] = x ? (float)((x[i] - (double)*offset) * (double)*scale)
                     : (y[i] - *offset) * *scale;
            offset += leat_ml_rows_step(s->n_offset);
            scale += leat_ml_rows_step(s->n_scale);
        }
    }
}

/* ---- Imputer: puts a value in place of another, which may be NaN ---- */

typedef struct imputer {
    size_t n;
    const float *floats;  /* [n] for float32 and float64 */
    const int64_t *ints;  /* [n] for integers */
    float replaced_float; /* NaN: any NaN */
    int64_t replaced_int;
} imputer;

static leat_status load_imputer(leat_node *node)
{
    imputer *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    size_t n_ints = 0, n_floats = 0;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    if (!status)
        status =
            leat_attribute_floats(node, "imputed_value_floats", &s->floats, &n_floats);
    if (!status)
        status = leat_attribute_ints(node, "imputed_value_int64s", &s->ints, &n_ints);
    if (!status)
        status =
            leat_attribute_float(node, "replaced_value_float", 0, &s->replaced_float);
    if (!status)
        status = leat_attribute_int(node, "replaced_value_int64", 0, &s->replaced_int);
    if (status)
        return status;
    const leat_dtype dtype = node->inputs[0]->dtype;
    const bool is_float = dtype == LEAT_F32 || dtype == LEAT_F64;
    s->n = is_float ? n_floats : n_ints;
    leat_node_set_dtype(node, 0, dtype);
    return s->n ? LEAT_OK
                : leat_error_set(node->error, LEAT_E_MODEL, "attribute %s is missing",
                                 is_float ? "imputed_value_floats"
                                          : "imputed_value_int64s");
}

static leat_status shape_imputer(const leat_call *call, size_t *scratch,
                                 leat_error *error)
{
    const imputer *s = call->state;
    leat_status status = shape_rows(call, scratch, error);
    return status ? status : check_factors(call->inputs[0], "imputed_value", s->n, error);
}

#define IMPUTE(type, values, is_replaced)                                                \
    do {                                                                                 \
        const type *x = call->inputs[0]->data; /* [n][width] */                          \
        type *y = call->outputs[0]->data;      /* [n][width] */                          \
        for (size_t row = 0, i = 0; row < rows.n; row++)                                 \
            for (uint32_t column = 0; column < rows.width; column++, i++)                \
                y[i] = (is_replaced) ? (type)(values)[column * step] : x[i];             \
    } while (0)

#define IMPUTE_FLOATS(type)                                                              \
    do {                                                                                 \
        if (isnan(s->replaced_float))                                                    \
            IMPUTE(type, s->floats, isnan(x[i]));                                        \
        else                                                                             \
            IMPUTE(type, s->floats, x[i] == (type)s->replaced_float);                    \
    } while (0)

static void run_imputer(const leat_call *call)
{
    const imputer *s = call->state;
    const leat_ml_rows rows = leat_ml_rows_of(call->inputs[0]);
    const size_t step = leat_ml_rows_step(s->n);
    switch (call->inputs[0]->dtype) {
    case LEAT_F32:
        IMPUTE_FLOATS(float);
        break;
    case LEAT_F64:
        IMPUTE_FLOATS(double);
        break;
    case LEAT_I64:
        IMPUTE(int64_t, s->ints, x[i] == s->replaced_int);
        break;
    default:
        IMPUTE(int32_t, s->ints, x[i] == s->replaced_int);
        break;
    }
}

/* ---- Normalizer: each row by its largest value, its sum or its length ---- */

typedef enum norm { NORM_MAX, NORM_L1, NORM_L2 } norm;

static leat_status load_normalizer(leat_node *node)
{
    static const char *const words[] = {"MAX", "L1", "L2", NULL};
    uint32_t *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    leat_node_set_dtype(node, 0, LEAT_F32);
    return status ? status : leat_attribute_word(node, "norm", words, NORM_MAX, s);
}

static float norm_of(norm kind, const float *row, uint32_t width)
{
    float total = kind == NORM_MAX && width ? row[0] : 0;
    for (uint32_t i = 0; i < width; i++) {
        if (kind == NORM_L1)
            total += fabsf(row[i]);
        else if (kind == NORM_L2)
            total += row[i] * row[i];
        else if (row[i] > total)
            total = row[i];
    }
    return kind == NORM_L2 ? sqrtf(total) : total;
}

/* A row whose norm is zero stays as it is. */
static void run_normalizer(const leat_call *call)
{
    const leat_ml_rows rows = leat_ml_rows_of(call->inputs[0]);
    const norm kind = (norm) * (const uint32_t *)call->state;
    float *y = call->outputs[0]->data; /* [n][width] */
    leat_ml_rows_read(call->inputs[0], 0, leat_array_count(call->inputs[0]), y);
    for (size_t row = 0; row < rows.n; row++, y += rows.width) {
        const float total = norm_of(kind, y, rows.width);
        for (uint32_t i = 0; i < rows.width && total != 0; i++)
            y[i] /= total;
    }
}

/* ---- Binarizer: 1 where x > threshold, else 0 ---- */

static leat_status load_binarizer(leat_node *node)
{
    float *s = leat_node_new_state(node, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    leat_status status = leat_node_check_dtype(node, 0, LEAT_NUMBERS);
    if (!status)
        leat_node_set_dtype(node, 0, node->inputs[0]->dtype);
    return status ? status : leat_attribute_float(node, "threshold", 0, s);
}

#define BINARIZE(type, compared)                                                         \
    do {                                                                                 \
        const type *x = call->inputs[0]->data; /* [n] */                                 \
        type *y = call->outputs[0]->data;      /* [n] */                                 \
        for (size_t i = 0; i < n; i++)                                                   \
            y[i] = (compared)x[i] > (compared)threshold;                                 \
    } while (0)

static void run_binarizer(const leat_call *call)
{
    const float threshold = *(const float *)call->state;
    const size_t n = leat_array_count(call->inputs[0]);
    switch (call->inputs[0]->dtype) {
    case LEAT_F32:
        BINARIZE(float, float);
        break;
    case LEAT_F64:
        BINARIZE(double, double);
        break;
    case LEAT_I64:
        BINARIZE(int64_t, double);
        break;
    default:
        BINARIZE(int32_t, double);
        break;
    }
}

const leat_operator leat_ml_scale_operators[] = {
    {"ai.onnx.ml", "Scaler", 1, LEAT_NEWEST, 0, 1, 1, 1, load_scaler, shape_scaler,
     run_scaler},
    {"ai.onnx.ml", "Imputer", 1, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load_imputer,
     shape_imputer, run_imputer},
    {"ai.onnx.ml", "Normalizer", 1, LEAT_NEWEST, 0, 1, 1, 1, load_normalizer, shape_rows,
     run_normalizer},
    {"ai.onnx.ml", "Binarizer", 1, LEAT_NEWEST, LEAT_OP_IN_PLACE, 1, 1, 1, load_binarizer,
     leat_shape_same, run_binarizer},
    {0},
};
