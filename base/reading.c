#include "base/reading.h"

#include "base/calendar.h"
#include "base/categories.h"
#include "base/element.h"
#include "base/number.h"
#include "base/zone.h"

#include <math.h>

static leat_status put_integer(void *at, leat_dtype dtype, int64_t integer)
{
    leat_value value = {.type = integer < 0 ? LEAT_VALUE_INT : LEAT_VALUE_UINT,
                        .as.i = integer};
    return leat_element_put(at, dtype, &value);
}

/* ---- text, categories ---- */

static leat_status put_text(void *at, leat_dtype dtype, leat_slice text)
{
    if (dtype != LEAT_STRING)
        return LEAT_E_TYPE;
    *(leat_slice *)at = text;
    return LEAT_OK;
}

static leat_status put_category(const leat_reading *reading, void *at, leat_dtype dtype,
                                leat_slice name)
{
    uint32_t place;
    return leat_categories_find(reading->categories, name, &place)
               ? put_integer(at, dtype, place)
               : LEAT_E_MISSING;
}

/* A whole number is its digits, where there are categories like that. It might be a
 * category's code, too, and must not be taken for a category that is missing. */
static leat_status put_digits(const leat_reading *reading, void *at, leat_dtype dtype,
                              uint64_t magnitude, bool is_negative)
{
    char digits[1 + LEAT_MAX_DIGITS];
    char *end = digits + sizeof digits, *from = leat_digits_before(end, magnitude);
    if (!leat_categories_have_numbers(reading->categories))
        return LEAT_E_TYPE;
    if (is_negative)
        *--from = '-';
    return put_category(reading, at, dtype,
                        (leat_slice){(const uint8_t *)from, (uint32_t)(end - from)});
}

static leat_status put_named(const leat_reading *reading, void *at, leat_dtype dtype,
                             const leat_value *value)
{
    switch (value->type) {
    case LEAT_VALUE_STR:
        return put_category(reading, at, dtype,
                            (leat_slice){value->as.bytes, value->size});
    case LEAT_VALUE_UINT:
        return put_digits(reading, at, dtype, value->as.u, false);
    case LEAT_VALUE_INT:
        return put_digits(reading, at, dtype, -value->as.u, true);
    case LEAT_VALUE_FLOAT:
    case LEAT_VALUE_DOUBLE:
        if (value->as.f != trunc(value->as.f) || fabs(value->as.f) > 0x1p53)
            return LEAT_E_TYPE;
        return put_digits(reading, at, dtype, (uint64_t)fabs(value->as.f),
                          value->as.f < 0);
    default:
        return LEAT_E_TYPE;
    }
}

/* ---- times ---- */

static int64_t floor_division(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* A part of the local time. */
static leat_status put_part(const leat_reading *reading, void *at, leat_dtype dtype,
                            const leat_event_time *time)
{
    int64_t local;
    int32_t offset = reading->zone ? leat_zone_offset(reading->zone, time->seconds) : 0;
    if (__builtin_add_overflow(time->seconds, offset, &local))
        return LEAT_E_RANGE;
    int64_t days = floor_division(local, LEAT_DAY_SECONDS);
    return put_integer(at, dtype,
                       reading->kind == LEAT_READING_WEEKDAY
                           ? leat_weekday(days)
                           : (local - days * LEAT_DAY_SECONDS) / 3600);
}

/* Whole seconds, rounded down, where the column takes integers. */
static leat_status put_since(void *at, leat_dtype dtype, const leat_event_time *time,
                             const leat_event *event)
{
    int64_t seconds;
    if (!event->has_time)
        return LEAT_E_MISSING;
    if (__builtin_sub_overflow(event->time.seconds, time->seconds, &seconds))
        return LEAT_E_RANGE;
    int64_t nanoseconds = (int64_t)event->time.nanoseconds - (int64_t)time->nanoseconds;
    if (!leat_dtype_has_nan(dtype))
        return put_integer(at, dtype, seconds - (nanoseconds < 0));
    leat_value value = {.type = LEAT_VALUE_DOUBLE,
                        .as.f = (double)seconds + (double)nanoseconds / 1e9};
    return leat_element_put(at, dtype, &value);
}

static leat_status put_time(const leat_reading *reading, void *at, leat_dtype dtype,
                            const leat_event_time *time, const leat_event *event)
{
    return reading->kind == LEAT_READING_SECONDS_SINCE
               ? put_since(at, dtype, time, event)
               : put_part(reading, at, dtype, time);
}

/* ---- ids ----
 *
 * A sequence is walked twice, since one that is refused must leave no trace: first its ids
 * are tried, then they are put. Nearly all are integers for an input of i64, so that way
 * is inline. */

/* A sequence on its way: an array's elements, or what stands between commas. */
typedef struct id_list {
    uint32_t n;
    leat_cursor cursor;
} id_list;

typedef leat_status take_id(leat_cursor *cursor, int64_t *id);

/* What is no plain integer: a float that is whole, at best. */
static leat_status take_other(const leat_value *value, int64_t *id)
{
    if (value->type == LEAT_VALUE_BOOL)
        return LEAT_E_TYPE;
    leat_status status = leat_element_put(id, LEAT_I64, value);
    return status == LEAT_E_MISSING ? LEAT_E_TYPE : status;
}

LEAT_ALWAYS_INLINE leat_status take_packed(leat_cursor *cursor, int64_t *id)
{
    leat_value value;
    leat_status status = leat_msgpack_read_at(&cursor->at, cursor->end, &value);
    if (status != LEAT_OK)
        return status;
    bool is_plain = value.type == LEAT_VALUE_INT ||
                    (value.type == LEAT_VALUE_UINT && value.as.u <= INT64_MAX);
    *id = value.as.i;
    return is_plain ? LEAT_OK : take_other(&value, id);
}

static leat_slice trim(leat_slice text)
{
    while (text.size && *text.data == ' ') {
        text.data++;
        text.size--;
    }
    while (text.size && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

LEAT_ALWAYS_INLINE leat_status take_text(leat_cursor *cursor, int64_t *id)
{
    size_t left = (size_t)(cursor->end - cursor->at);
    const uint8_t *comma = left ? memchr(cursor->at, ',', left) : NULL;
    const uint8_t *end = comma ? comma : cursor->end;
    leat_slice text = trim((leat_slice){cursor->at, (uint32_t)(end - cursor->at)});
    cursor->at = comma ? comma + 1 : end;
    leat_status status = leat_element_parse(id, LEAT_I64, text);
    return status == LEAT_E_MISSING ? LEAT_E_TYPE : status;
}

/* An id that a float would round is another id. */
static leat_status put_narrow(void *at, leat_dtype dtype, int64_t id)
{
    if (dtype == LEAT_F32 || dtype == LEAT_F64) {
        double exact = dtype == LEAT_F32 ? (double)(float)id : (double)id;
        if (!(exact < 0x1p63) || (int64_t)exact != id)
            return LEAT_E_RANGE;
    }
    return put_integer(at, dtype, id);
}

LEAT_ALWAYS_INLINE leat_status put_id(void *at, leat_dtype dtype, int64_t id)
{
    if (dtype != LEAT_I64)
        return put_narrow(at, dtype, id);
    *(int64_t *)at = id;
    return LEAT_OK;
}

/* Where ids go one by one: `step` bytes apart, 0 to try them. */
LEAT_ALWAYS_INLINE leat_status put_ids(id_list list, uint8_t *at, size_t step,
                                       leat_dtype dtype, take_id *take)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < list.n && status == LEAT_OK; i++, at += step) {
        int64_t id;
        status = take(&list.cursor, &id);
        if (status == LEAT_OK)
            status = put_id(at, dtype, id);
    }
    return status;
}

/* A list that is not too long. */
LEAT_ALWAYS_INLINE leat_status put_list(const leat_reading *reading, uint8_t *at,
                                        leat_dtype dtype, id_list list, take_id *take)
{
    size_t size = leat_dtype_size(dtype);
    uint64_t nowhere;
    leat_status status = put_ids(list, (uint8_t *)&nowhere, 0, dtype, take);
    if (status == LEAT_OK)
        status = put_ids(list, at, size, dtype, take);
    for (uint32_t i = list.n; i < reading->length && status == LEAT_OK; i++)
        status = put_id(at + i * size, dtype, reading->pad);
    return status;
}

/* How many of the list stay; the others at its beginning are to be passed over. */
static uint32_t cut(const leat_reading *reading, id_list *list)
{
    uint32_t beyond = list->n > reading->length ? list->n - reading->length : 0;
    list->n -= beyond;
    return reading->keeps_first ? 0 : beyond;
}

/* Nearly all have their end in their head. */
static leat_status skip_packed(leat_cursor *cursor)
{
    const uint8_t *at = cursor->at;
    leat_value value;
    if (leat_msgpack_read_at(&at, cursor->end, &value) != LEAT_OK ||
        value.type >= LEAT_VALUE_ARRAY)
        return leat_msgpack_skip(cursor, 1);
    cursor->at = at;
    return LEAT_OK;
}

static leat_status put_packed_ids(const leat_reading *reading, void *at, leat_dtype dtype,
                                  const leat_value *array, const leat_cursor *cursor)
{
    if (array->type != LEAT_VALUE_ARRAY)
        return LEAT_E_TYPE;
    id_list list = {array->size, *cursor};
    for (uint32_t n = cut(reading, &list); n; n--) {
        leat_status status = skip_packed(&list.cursor);
        if (status != LEAT_OK)
            return status;
    }
    return put_list(reading, at, dtype, list, take_packed);
}

/* "1,2,3" or "[1, 2, 3]". */
static leat_status put_text_ids(const leat_reading *reading, void *at, leat_dtype dtype,
                                leat_slice text)
{
    text = trim(text);
    if (text.size && *text.data == '[') {
        if (text.size < 2 || text.data[text.size - 1] != ']')
            return LEAT_E_TYPE;
        text = trim((leat_slice){text.data + 1, text.size - 2});
    }
    id_list list = {text.size > 0, leat_cursor_over(text)};
    for (uint32_t i = 0; i < text.size; i++)
        list.n += text.data[i] == ',';
    for (uint32_t n = cut(reading, &list); n; n--) {
        size_t left = (size_t)(list.cursor.end - list.cursor.at);
        list.cursor.at = (const uint8_t *)memchr(list.cursor.at, ',', left) + 1;
    }
    return put_list(reading, at, dtype, list, take_text);
}

/* ---- all of them ---- */

static bool is_missing(const leat_value *value)
{
    double number;
    return value->type == LEAT_VALUE_NIL ||
           (leat_value_number(value, &number) == LEAT_OK && isnan(number));
}

leat_status leat_reading_put(const leat_reading *reading, void *at, leat_dtype dtype,
                             leat_slice packed, const leat_event *event)
{
    leat_cursor cursor = leat_cursor_over(packed);
    leat_event_time time;
    leat_value value;
    leat_status status = leat_msgpack_read(&cursor, &value);
    if (status == LEAT_OK && is_missing(&value))
        status = LEAT_E_MISSING;
    if (status != LEAT_OK)
        return status;
    switch (reading->kind) {
    case LEAT_READING_TEXT:
        return value.type == LEAT_VALUE_STR
                   ? put_text(at, dtype, (leat_slice){value.as.bytes, value.size})
                   : LEAT_E_TYPE;
    case LEAT_READING_CATEGORY:
        return put_named(reading, at, dtype, &value);
    case LEAT_READING_HOUR:
    case LEAT_READING_WEEKDAY:
    case LEAT_READING_SECONDS_SINCE:
        status = leat_event_time_read(&time, &value);
        return status == LEAT_OK ? put_time(reading, at, dtype, &time, event) : status;
    case LEAT_READING_IDS:
        return put_packed_ids(reading, at, dtype, &value, &cursor);
    case LEAT_READING_NUMBER:
    default:
        return leat_element_put(at, dtype, &value);
    }
}

leat_status leat_reading_put_text(const leat_reading *reading, void *at, leat_dtype dtype,
                                  leat_slice text, const leat_event *event)
{
    leat_event_time time;
    leat_status status;
    switch (reading->kind) {
    case LEAT_READING_TEXT:
        return put_text(at, dtype, text);
    case LEAT_READING_CATEGORY:
        return put_category(reading, at, dtype, text);
    case LEAT_READING_HOUR:
    case LEAT_READING_WEEKDAY:
    case LEAT_READING_SECONDS_SINCE:
        status = leat_event_time_parse(&time, text);
        return status == LEAT_OK ? put_time(reading, at, dtype, &time, event) : status;
    case LEAT_READING_IDS:
        return put_text_ids(reading, at, dtype, text);
    case LEAT_READING_NUMBER:
    default:
        return leat_element_parse(at, dtype, text);
    }
}

const char *leat_reading_text(const leat_reading *reading, leat_dtype dtype)
{
    switch (reading->kind) {
    case LEAT_READING_TEXT:
    case LEAT_READING_CATEGORY:
        return "a string";
    case LEAT_READING_HOUR:
    case LEAT_READING_WEEKDAY:
    case LEAT_READING_SECONDS_SINCE:
        return "a time";
    case LEAT_READING_IDS:
        return "an array of integers";
    case LEAT_READING_NUMBER:
    default:
        return leat_dtype_text(dtype);
    }
}
