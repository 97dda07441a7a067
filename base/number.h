/* base/number.h: text to number, the same in every locale.
 *
 * Accepts what a decimal literal of Python's float() may be: "12", "-12.5", ".5", "1e-3",
 * "inf", "Infinity", "nan", in any case, with a sign. Refuses everything around it:
 * spaces, an empty text, hexadecimal, "nan(...)", digits with separators. The result is
 * correctly rounded; a magnitude beyond a double becomes infinite, as Python's does.
 *
 * Threads: any.
 * Fails:   E_TYPE when the text is no number, or longer than any number is written.
 */
#ifndef LEAT_BASE_NUMBER_H
#define LEAT_BASE_NUMBER_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

leat_status leat_number_parse(leat_slice text, double *number) LEAT_MUST_CHECK;

enum { LEAT_MAX_DIGITS = 20 }; /* of 64 bits */

/* Decimal digits end at `end`; returns where they begin. */
static inline char *leat_digits_before(char *end, uint64_t number)
{
    do
        *--end = (char)('0' + number % 10);
    while (number /= 10);
    return end;
}

/* What strtod makes of the beginning of `text`, which ends in something that belongs to no
 * number. However long the number is, it is rounded once. */
double leat_number_prefix(const char *text);

/* digits * 10^exponent, rounded once, at a fraction of what strtod costs. False where that
 * is not to be had: the exponent must be within [-19, 22], and one above 0 wants digits of
 * at most 2^53. */
bool leat_number_decimal(uint64_t digits, int exponent, double *number);

#endif
