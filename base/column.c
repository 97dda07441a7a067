#include "base/column.h"

#include "base/element.h"
#include "base/reading.h"

bool leat_column_is_sequence(const leat_column *column)
{
    return column->reading && column->reading->kind == LEAT_READING_IDS;
}

static leat_status put_pads(const leat_column *column, uint8_t *at, leat_dtype dtype)
{
    int64_t pad = column->reading->pad;
    leat_value value = {.type = pad < 0 ? LEAT_VALUE_INT : LEAT_VALUE_UINT, .as.i = pad};
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < column->n && status == LEAT_OK; i++)
        status = leat_element_put(at + i * leat_dtype_size(dtype), dtype, &value);
    return status;
}

leat_status leat_column_put_default(const leat_column *column, void *at, leat_dtype dtype)
{
    leat_value value = {.type = LEAT_VALUE_DOUBLE, .as.f = column->default_value};
    if (leat_column_is_sequence(column))
        return put_pads(column, at, dtype);
    leat_element_clear(at, dtype);
    if (!column->has_default)
        return LEAT_OK;
    if (dtype != LEAT_STRING)
        return leat_element_put(at, dtype, &value);
    *(leat_slice *)at = column->default_text;
    return LEAT_OK;
}

bool leat_column_is_required(const leat_column *column, leat_dtype dtype)
{
    return !column->has_default && !leat_column_is_sequence(column) &&
           !leat_dtype_has_nan(dtype);
}
