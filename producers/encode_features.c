#include "producers/encode_features.h"

#include "base/column.h"
#include "producers/envelope.h"

#include <math.h>

enum {
    /* "features", or "items" and "rows", and the heads of these two. */
    FIXED_BYTES = 11 + 2 * LEAT_PACK_HEAD,
    MAX_NUMBER = LEAT_PACK_F64,
};

/* The first one of a sequence. */
static const uint8_t *element_of(const leat_batch *batch, const leat_column *column,
                                 uint32_t row)
{
    const leat_tensor *input = &batch->inputs[column->tensor];
    size_t index = (size_t)row * input->row_size + column->element;
    return (const uint8_t *)input->data + index * leat_dtype_size(input->spec->dtype);
}

static uint8_t *put_element(uint8_t *at, leat_dtype dtype, const void *element)
{
    switch (dtype) {
    case LEAT_F32: {
        float number = *(const float *)element;
        return isnan(number) ? leat_pack_nil(at) : leat_pack_f32(at, number);
    }
    case LEAT_F64: {
        double number = *(const double *)element;
        return isnan(number) ? leat_pack_nil(at) : leat_pack_f64(at, number);
    }
    case LEAT_I64:
        return leat_pack_int(at, *(const int64_t *)element);
    case LEAT_I32:
        return leat_pack_int(at, *(const int32_t *)element);
    case LEAT_BOOL:
        return leat_pack_bool(at, *(const uint8_t *)element);
    case LEAT_STRING:
    default: {
        leat_slice text = *(const leat_slice *)element;
        return text.data ? leat_pack_text(at, text) : leat_pack_nil(at);
    }
    }
}

static uint8_t *put_column(uint8_t *at, const leat_column *column, leat_dtype dtype,
                           const uint8_t *element)
{
    if (!leat_column_is_sequence(column))
        return put_element(at, dtype, element);
    at = leat_pack_array(at, column->n);
    for (uint32_t i = 0; i < column->n; i++)
        at = put_element(at, dtype, element + i * leat_dtype_size(dtype));
    return at;
}

static size_t count_column(const leat_column *column, leat_dtype dtype,
                           const uint8_t *element)
{
    size_t bytes = LEAT_PACK_HEAD + strlen(column->name);
    if (dtype == LEAT_STRING)
        return bytes + LEAT_PACK_HEAD + ((const leat_slice *)element)->size;
    return bytes + (leat_column_is_sequence(column)
                        ? LEAT_PACK_HEAD + (size_t)column->n * MAX_NUMBER
                        : MAX_NUMBER);
}

static size_t count_row(const leat_batch *batch, uint32_t row)
{
    const leat_schema *schema = batch->schema;
    size_t bytes = LEAT_PACK_HEAD;
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const leat_column *column = &schema->columns[i];
        bytes += count_column(column, schema->inputs[column->tensor].dtype,
                              element_of(batch, column, row));
    }
    return bytes;
}

static uint8_t *put_row(uint8_t *at, const leat_batch *batch, uint32_t row)
{
    const leat_schema *schema = batch->schema;
    at = leat_pack_map(at, schema->n_columns);
    for (uint32_t i = 0; i < schema->n_columns; i++) {
        const leat_column *column = &schema->columns[i];
        at = leat_pack_str(at, column->name);
        at = put_column(at, column, schema->inputs[column->tensor].dtype,
                        element_of(batch, column, row));
    }
    return at;
}

static bool ranks(const leat_batch *batch)
{
    return batch->schema->candidates.max;
}

static size_t count_rows(const leat_batch *batch, const leat_event *event)
{
    size_t bytes = FIXED_BYTES;
    for (uint32_t row = event->first; row < event->first + event->n; row++)
        bytes += count_row(batch, row) +
                 (ranks(batch) ? leat_batch_item(batch, row).size + 1 : 0);
    return bytes;
}

static void put_items(leat_envelope *envelope, const leat_batch *batch)
{
    const leat_event *event = envelope->event;
    LEAT_ENVELOPE_KEY(envelope, "items");
    uint8_t *at = leat_pack_array(envelope->at, event->n);
    for (uint32_t row = event->first; row < event->first + event->n; row++) {
        leat_slice item = leat_batch_item(batch, row);
        at = item.data ? leat_pack_raw(at, item.data, item.size) : leat_pack_nil(at);
    }
    envelope->at = at;
}

static void put_rows(leat_envelope *envelope, const leat_batch *batch)
{
    const leat_event *event = envelope->event;
    LEAT_ENVELOPE_KEY(envelope, "rows");
    envelope->at = leat_pack_array(envelope->at, event->n);
    for (uint32_t row = event->first; row < event->first + event->n; row++)
        envelope->at = put_row(envelope->at, batch, row);
}

static void put_features(leat_envelope *envelope, const leat_batch *batch)
{
    LEAT_ENVELOPE_KEY(envelope, "features");
    envelope->at = put_row(envelope->at, batch, envelope->event->first);
}

leat_slice leat_encode_features(const leat_prediction_spec *spec, leat_batch *batch,
                                const leat_event *event)
{
    leat_envelope envelope;
    if (!leat_envelope_open(&envelope, spec, batch, event, count_rows(batch, event)))
        return (leat_slice){0};
    leat_envelope_put_id(&envelope);
    leat_envelope_put_version(&envelope);
    leat_envelope_put_worth(&envelope);
    if (ranks(batch)) {
        put_items(&envelope, batch);
        put_rows(&envelope, batch);
    } else {
        put_features(&envelope, batch);
    }
    return leat_envelope_seal(&envelope);
}
