/* base/scan.h: a short text with a fixed grammar, read from left to right.
 *
 * What is not as expected sets `at` to NULL, and everything behind it does nothing, so
 * that a whole text can be read before anybody looks whether it was one.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   `at` is NULL.
 */
#ifndef LEAT_BASE_SCAN_H
#define LEAT_BASE_SCAN_H

#include "base/slice.h"

#include <stdbool.h>

typedef struct leat_scan {
    const uint8_t *at;
    const uint8_t *end;
} leat_scan;

#define LEAT_DIGITS "0123456789"

static inline leat_scan leat_scan_over(leat_slice text)
{
    return (leat_scan){text.data, text.size ? text.data + text.size : text.data};
}

static inline bool leat_scan_is_next(const leat_scan *in, const char *any_of)
{
    return in->at && in->at < in->end && *in->at && strchr(any_of, *in->at);
}

/* One of these characters; 0 where there is none of them. */
static inline uint8_t leat_scan_take(leat_scan *in, const char *any_of)
{
    uint8_t c = leat_scan_is_next(in, any_of) ? *in->at : 0;
    in->at = c ? in->at + 1 : NULL;
    return c;
}

/* The same where there need be none. */
static inline uint8_t leat_scan_accept(leat_scan *in, const char *any_of)
{
    return leat_scan_is_next(in, any_of) ? *in->at++ : 0;
}

/* A number of so many digits, within bounds; `least` where it is none. */
static inline int leat_scan_number(leat_scan *in, int min_digits, int max_digits,
                                   int least, int most)
{
    int number = 0, n = 0;
    for (; n < max_digits && leat_scan_is_next(in, LEAT_DIGITS); n++)
        number = number * 10 + (*in->at++ - '0');
    if (n < min_digits || number < least || number > most)
        in->at = NULL;
    return in->at ? number : least;
}

/* Whether all of the text was read. */
static inline bool leat_scan_is_done(const leat_scan *in)
{
    return in->at && in->at == in->end;
}

#endif
