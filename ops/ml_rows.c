#include "ops/ml_rows.h"

#include <string.h>

leat_ml_rows leat_ml_rows_of(const leat_array *array)
{
    if (array->rank < 2)
        return (leat_ml_rows){1, array->rank ? array->shape[0] : 1};
    return (leat_ml_rows){array->shape[0], array->shape[1]};
}

leat_status leat_ml_rows_check(const leat_array *array, uint32_t width, leat_error *error)
{
    char text[LEAT_ARRAY_TEXT];
    if (array->rank < 1 || array->rank > 2)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "%s is not supported: rows and columns are expected",
                              leat_array_describe(array, text));
    if (width && leat_ml_rows_of(array).width != width)
        return leat_error_set(error, LEAT_E_MODEL, "%s: %u columns are expected",
                              leat_array_describe(array, text), width);
    return LEAT_OK;
}

#define READ(type)                                                                       \
    do {                                                                                 \
        const type *from = (const type *)array->data + first; /* [n] */                  \
        for (size_t i = 0; i < n; i++)                                                   \
            out[i] = (float)from[i];                                                     \
    } while (0)

void leat_ml_rows_read(const leat_array *array, size_t first, size_t n, float *out)
{
    switch (array->dtype) {
    case LEAT_F32:
        memcpy(out, (const float *)array->data + first, n * sizeof *out);
        break;
    case LEAT_F64:
        READ(double);
        break;
    case LEAT_I64:
        READ(int64_t);
        break;
    case LEAT_I32:
        READ(int32_t);
        break;
    case LEAT_BOOL:
        READ(uint8_t);
        break;
    case LEAT_STRING: /* refused by every load() */
        break;
    }
}

const float *leat_ml_rows_floats(const leat_array *array, float *space)
{
    if (array->dtype == LEAT_F32)
        return array->data;
    leat_ml_rows_read(array, 0, leat_array_count(array), space);
    return space;
}

size_t leat_ml_rows_space(const leat_array *array)
{
    return array->dtype == LEAT_F32 ? 0 : leat_array_count(array) * sizeof(float);
}

float leat_ml_rows_dot(const float *a, const float *b, size_t n)
{
    enum { LANES = 8 };
    float sums[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            sums[lane] += a[i + lane] * b[i + lane];
    for (size_t lane = 0; i < n; i++, lane++)
        sums[lane] += a[i] * b[i];
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) +
           ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}
