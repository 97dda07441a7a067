#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* "%f" of the largest double has 309 digits before the point. */
enum { MAX_TEXT = 400 };
enum { MAX_DIGITS = 19 }; /* of a decimal, so that they are a uint64 */

__extension__ typedef unsigned __int128 uint128;

static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* ---- decimals ---- */

#define EXACT (UINT64_C(1) << 53) /* integers up to here are doubles */
enum { MAX_POWER = 22 };          /* and so are powers of ten */

static const double powers[MAX_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* digits / 10^places for more digits than are exact in a double. Both are shifted up to
 * bit 63, so that the quotient has 62 or 63 bits; its last one also stands for whatever
 * was left, so the conversion rounds what the true quotient would. */
static double divide(uint64_t digits, unsigned places)
{
    uint64_t power = (uint64_t)powers[places];
    int digits_up = __builtin_clzll(digits), power_up = __builtin_clzll(power);
    uint128 dividend = (uint128)(digits << digits_up) << 62;
    uint64_t divisor = power << power_up;
    uint64_t quotient = (uint64_t)(dividend / divisor);
    quotient |= quotient * divisor != (uint64_t)dividend;
    return ldexp((double)(int64_t)quotient, power_up - digits_up - 62);
}

/* Nearly every number that is written down is a short decimal. Two exact numbers have a
 * product or quotient that is rounded once, which is what strtod would find. */
bool leat_number_decimal(uint64_t digits, int exponent, double *number)
{
    if (digits <= EXACT && exponent >= -MAX_POWER && exponent <= MAX_POWER)
        *number = exponent < 0 ? (double)digits / powers[-exponent]
                               : (double)digits * powers[exponent];
    else if (exponent >= -MAX_DIGITS && exponent <= 0)
        *number = divide(digits, (unsigned)-exponent);
    else
        return false;
    return true;
}

static bool parse_short(leat_slice text, double *number)
{
    const uint8_t *at = text.data, *end = at + text.size;
    bool negative = at < end && *at == '-';
    at += negative;
    const uint8_t *first = at, *point = NULL;
    uint64_t digits = 0;
    if (end - at > MAX_DIGITS + 1)
        return false;
    for (; at < end; at++) {
        if (*at == '.' && !point)
            point = at;
        else if (*at >= '0' && *at <= '9')
            digits = digits * 10 + (uint64_t)(*at - '0');
        else
            return false;
    }
    long n = end - first - (point != NULL);
    double magnitude;
    if (n < 1 || n > MAX_DIGITS ||
        !leat_number_decimal(digits, point ? (int)(point + 1 - end) : 0, &magnitude))
        return false;
    *number = negative ? -magnitude : magnitude;
    return true;
}

/* ---- everything else ---- */

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

static double read_with_strtod(const char *text, char **end)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return strtod_l(text, end, c_locale);
}

double leat_number_prefix(const char *text)
{
    char *end;
    return read_with_strtod(text, &end);
}

leat_status leat_number_parse(leat_slice text, double *number)
{
    if (parse_short(text, number))
        return LEAT_OK;
    if (!is_decimal(text))
        return LEAT_E_TYPE;
    char copy[MAX_TEXT + 1];
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    char *end;
    *number = read_with_strtod(copy, &end);
    return end == copy + text.size ? LEAT_OK : LEAT_E_TYPE;
}
