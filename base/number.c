#include "base/number.h"

#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* "%f" of the largest double has 309 digits before the point. */
enum { MAX_TEXT = 400, EXACT_DIGITS = 15 };

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Nearly every number that is kept as text is a short plain decimal. Up to 15 digits are
 * exact in a double, and so is 10^15; one division of two exact numbers rounds once, so
 * the quotient is what strtod would find, at a fraction of its cost. */
static bool parse_short(leat_slice text, double *number)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const uint8_t *at = text.data, *end = at + text.size;
    bool negative = at < end && *at == '-';
    at += negative;
    const uint8_t *first = at, *point = NULL;
    uint64_t digits = 0;
    if (end - at > EXACT_DIGITS + 1)
        return false;
    for (; at < end; at++) {
        if (*at == '.' && !point)
            point = at;
        else if (*at >= '0' && *at <= '9')
            digits = digits * 10 + (uint64_t)(*at - '0');
        else
            return false;
    }
    if (end - first - (point != NULL) < 1 || end - first - (point != NULL) > EXACT_DIGITS)
        return false;
    double magnitude = (double)digits / powers[point ? end - point - 1 : 0];
    *number = negative ? -magnitude : magnitude;
    return true;
}

/* strtod takes more than a decimal: leading spaces, "0x10", "nan(1)". */
static bool is_decimal(leat_slice text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (!(c > ' ' && c < 0x7f) || c == 'x' || c == 'X' || c == '(')
            return false;
    }
    return text.size > 0 && text.size <= MAX_TEXT;
}

leat_status leat_number_parse(leat_slice text, double *number)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (parse_short(text, number))
        return LEAT_OK;
    if (!is_decimal(text))
        return LEAT_E_TYPE;
    pthread_once(&once, make_locale);
    char copy[MAX_TEXT + 1];
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    char *end;
    *number = strtod_l(copy, &end, c_locale);
    return end == copy + text.size ? LEAT_OK : LEAT_E_TYPE;
}
