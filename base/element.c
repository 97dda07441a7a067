#include "base/element.h"

#include "base/number.h"

#include <math.h>
#include <strings.h>

static bool is_integer(const leat_value *value)
{
    return value->type == LEAT_VALUE_BOOL || value->type == LEAT_VALUE_UINT ||
           value->type == LEAT_VALUE_INT;
}

/* A value of any number's type as an integer of 64 bits. */
static leat_status take_integer(const leat_value *value, int64_t *integer)
{
    if (is_integer(value)) {
        *integer = value->as.i;
        return value->type != LEAT_VALUE_INT && value->as.u > INT64_MAX ? LEAT_E_RANGE
                                                                        : LEAT_OK;
    }
    double number = value->as.f;
    if (!(number >= -0x1p63 && number < 0x1p63))
        return LEAT_E_RANGE;
    *integer = (int64_t)number;
    return number == trunc(number) ? LEAT_OK : LEAT_E_TYPE;
}

static leat_status put_integer(void *at, leat_dtype dtype, int64_t integer)
{
    if (dtype == LEAT_I64) {
        *(int64_t *)at = integer;
        return LEAT_OK;
    }
    int64_t least = dtype == LEAT_I32 ? INT32_MIN : 0;
    int64_t most = dtype == LEAT_I32 ? INT32_MAX : 1;
    if (integer < least || integer > most)
        return LEAT_E_RANGE;
    if (dtype == LEAT_I32)
        *(int32_t *)at = (int32_t)integer;
    else
        *(uint8_t *)at = (uint8_t)integer;
    return LEAT_OK;
}

static void put_float(void *at, leat_dtype dtype, double number)
{
    if (dtype == LEAT_F64)
        *(double *)at = number;
    else
        *(float *)at = (float)number;
}

leat_status leat_element_put(void *at, leat_dtype dtype, const leat_value *value)
{
    double number;
    int64_t integer;
    if (value->type == LEAT_VALUE_NIL)
        return LEAT_E_MISSING;
    if (dtype == LEAT_STRING || leat_value_number(value, &number) != LEAT_OK)
        return LEAT_E_TYPE;
    if (isnan(number))
        return LEAT_E_MISSING;
    if (leat_dtype_has_nan(dtype)) {
        put_float(at, dtype, number);
        return LEAT_OK;
    }
    leat_status status = take_integer(value, &integer);
    return status == LEAT_OK ? put_integer(at, dtype, integer) : status;
}

/* Decimal digits with or without a minus, unless they are more than 64 bits hold. "-0" is
 * left for a float. */
static bool read_digits(leat_slice text, leat_value *value)
{
    uint64_t magnitude = 0;
    bool negative = text.size && *text.data == '-';
    uint32_t i = negative;
    for (; i < text.size; i++) {
        unsigned digit = text.data[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(magnitude, 10, &magnitude) ||
            __builtin_add_overflow(magnitude, digit, &magnitude))
            return false;
    }
    if (i == negative || (negative && (!magnitude || magnitude > UINT64_C(1) << 63)))
        return false; /* "", "-", "-0", or less than any */
    value->type = negative ? LEAT_VALUE_INT : LEAT_VALUE_UINT;
    value->as.u = negative ? -magnitude : magnitude;
    return true;
}

static bool read_bool(leat_slice text, leat_value *value)
{
    static const char *const words[] = {"false", "true"};
    for (uint64_t i = 0; i < 2; i++)
        if (text.size == strlen(words[i]) &&
            !strncasecmp((const char *)text.data, words[i], text.size)) {
            *value = (leat_value){.type = LEAT_VALUE_BOOL, .as.u = i};
            return true;
        }
    return false;
}

/* From 2^53 on, a double may have been rounded to a whole number. */
static leat_status read_double(leat_slice text, leat_dtype dtype, leat_value *value)
{
    value->type = LEAT_VALUE_DOUBLE;
    leat_status status = leat_number_parse(text, &value->as.f);
    bool is_exact = leat_dtype_has_nan(dtype) || !(fabs(value->as.f) >= 0x1p53);
    return status == LEAT_OK && !is_exact ? LEAT_E_RANGE : status;
}

leat_status leat_element_parse(void *at, leat_dtype dtype, leat_slice text)
{
    leat_value value = {0};
    bool is_read = (!leat_dtype_has_nan(dtype) && read_digits(text, &value)) ||
                   (dtype == LEAT_BOOL && read_bool(text, &value));
    leat_status status = is_read ? LEAT_OK : read_double(text, dtype, &value);
    return status == LEAT_OK ? leat_element_put(at, dtype, &value) : status;
}

void leat_element_clear(void *at, leat_dtype dtype)
{
    if (leat_dtype_has_nan(dtype))
        put_float(at, dtype, (double)NAN);
    else
        memset(at, 0, leat_dtype_size(dtype));
}

const char *leat_dtype_text(leat_dtype dtype)
{
    static const char *const texts[] = {
        [LEAT_F32] = "a number",   [LEAT_F64] = "a number", [LEAT_I64] = "an integer",
        [LEAT_I32] = "an integer", [LEAT_BOOL] = "a bool",  [LEAT_STRING] = "a string",
    };
    return texts[dtype];
}
