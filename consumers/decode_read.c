#include "base/reading.h"
#include "consumers/decode_internal.h"

/* What a record says beside its payload is text, and is read like text anywhere. */
static leat_status read_capture(const leat_column *column, void *at, leat_dtype dtype,
                                leat_slice capture, const leat_value *value,
                                const leat_event *event)
{
    if (value->type != LEAT_VALUE_STR || !leat_path_is_text(&column->from))
        return leat_reading_put(column->reading, at, dtype, capture, event);
    leat_slice text = {value->as.bytes, value->size};
    return leat_reading_put_text(column->reading, at, dtype, text, event);
}

static const char *range_text(const leat_reading *reading, leat_dtype dtype)
{
    return reading->kind == LEAT_READING_HOUR || reading->kind == LEAT_READING_WEEKDAY ||
                   reading->kind == LEAT_READING_SECONDS_SINCE
               ? "times"
               : leat_dtype_name(dtype);
}

static void blame_reading(leat_decoder *decoder, const leat_column *column,
                          leat_dtype dtype, leat_status status, const leat_value *value)
{
    const leat_reading *reading = column->reading;
    bool is_mixed = reading->kind == LEAT_READING_IDS && value->type == LEAT_VALUE_ARRAY;
    leat_decode_blame(decoder, status, column->from.text,
                      status == LEAT_E_RANGE ? range_text(reading, dtype)
                                             : leat_reading_text(reading, dtype),
                      is_mixed ? "an array with something else in it"
                               : leat_decode_found(value));
}

void leat_decode_read_captures(leat_decoder *decoder, const leat_intake *intake,
                               const leat_event *event)
{
    for (uint32_t i = 0; i < intake->n_readings; i++) {
        const leat_target *target = &intake->readings[i];
        const leat_column *column = &decoder->schema->columns[target->index];
        leat_slice capture = decoder->captures[column->capture];
        leat_cursor cursor = leat_cursor_over(capture);
        leat_value value;
        if (!capture.data || leat_msgpack_read(&cursor, &value) != LEAT_OK)
            continue;
        leat_status status = read_capture(column, leat_decode_element(decoder, target),
                                          target->dtype, capture, &value, event);
        if (status == LEAT_OK)
            leat_decode_clear_missing(decoder, target);
        else if (status != LEAT_E_MISSING)
            blame_reading(decoder, column, target->dtype, status, &value);
    }
}

/* ---- what is missing ---- */

/* Of the columns in a word of `missing`, one that cannot be scored without a value. */
static void blame_missing(leat_decoder *decoder, uint32_t word, uint64_t lacking)
{
    const leat_schema *schema = decoder->schema;
    const leat_column *column =
        &schema->columns[64 * word + (uint32_t)__builtin_ctzll(lacking)];
    leat_decode_blame(decoder, LEAT_E_MISSING, column->from.text,
                      leat_dtype_name(schema->inputs[column->tensor].dtype), NULL);
}

void leat_decode_look_for_missing(leat_decoder *decoder, const leat_intake *intake,
                                  const leat_batch *batch, leat_event *event)
{
    for (uint32_t i = 0; i < batch->missing_words; i++) {
        uint64_t missing = decoder->missing[i] & intake->columns[i];
        if (!missing)
            continue;
        if (missing & intake->required[i])
            blame_missing(decoder, i, missing & intake->required[i]);
        event->quality = LEAT_QUALITY_DEFAULTED;
    }
}
