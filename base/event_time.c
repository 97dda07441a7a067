#include "base/event_time.h"

#include "base/calendar.h"
#include "base/element.h"
#include "base/scan.h"

#include <math.h>

#define FIRST_MILLISECONDS 1e11 /* a number below it counts seconds */
#define MAX_MILLISECONDS   9e15 /* its microseconds still fit 64 bits */

/* ---- numbers ---- */

/* Splits a count of 1/per_second seconds; rounds down, so that nanoseconds are positive.
 */
static leat_event_time split(int64_t count, int64_t per_second)
{
    int64_t seconds = count / per_second;
    int64_t rest = count % per_second;
    if (rest < 0) {
        rest += per_second;
        seconds--;
    }
    return (leat_event_time){seconds, (uint32_t)(rest * (1000000000 / per_second))};
}

static leat_event_time from_integer(int64_t count)
{
    bool is_seconds = fabs((double)count) < FIRST_MILLISECONDS;
    return split(count, is_seconds ? 1 : 1000);
}

static leat_status from_float(leat_event_time *time, double count)
{
    if (isnan(count))
        return LEAT_E_MISSING;
    if (!(fabs(count) < MAX_MILLISECONDS))
        return LEAT_E_RANGE;
    bool is_seconds = fabs(count) < FIRST_MILLISECONDS;
    *time = split(llround(count * (is_seconds ? 1e6 : 1e3)), 1000000);
    return LEAT_OK;
}

/* ---- RFC 3339 ---- */

/* A point and any number of digits, of which nine count. */
static uint32_t take_fraction(leat_scan *in)
{
    uint32_t nanoseconds = 0, unit = 100000000;
    if (!leat_scan_accept(in, "."))
        return 0;
    do {
        uint8_t digit = leat_scan_take(in, LEAT_DIGITS);
        nanoseconds += unit * (digit ? digit - (uint32_t)'0' : 0);
        unit /= 10;
    } while (leat_scan_is_next(in, LEAT_DIGITS));
    return nanoseconds;
}

/* Seconds by which clocks are ahead of UTC. */
static int take_offset(leat_scan *in)
{
    uint8_t sign = leat_scan_take(in, "Zz+-");
    if (sign != '+' && sign != '-')
        return 0;
    int minutes = 60 * leat_scan_number(in, 2, 2, 0, 23);
    leat_scan_take(in, ":");
    minutes += leat_scan_number(in, 2, 2, 0, 59);
    return 60 * (sign == '-' ? -minutes : minutes);
}

/* A second of 60 is one that was put in: it is the first one of the next minute. */
static int take_clock(leat_scan *in)
{
    int seconds = 3600 * leat_scan_number(in, 2, 2, 0, 23);
    leat_scan_take(in, ":");
    seconds += 60 * leat_scan_number(in, 2, 2, 0, 59);
    leat_scan_take(in, ":");
    return seconds + leat_scan_number(in, 2, 2, 0, 60);
}

static int64_t take_date(leat_scan *in)
{
    int year = leat_scan_number(in, 4, 4, 0, 9999);
    leat_scan_take(in, "-");
    int month = leat_scan_number(in, 2, 2, 1, 12);
    leat_scan_take(in, "-");
    int day = leat_scan_number(in, 2, 2, 1, leat_days_in_month(year, month));
    return leat_days_since_1970(year, month, day);
}

static leat_status from_text(leat_event_time *time, leat_slice text)
{
    leat_scan in = leat_scan_over(text);
    int64_t seconds = take_date(&in) * LEAT_DAY_SECONDS;
    leat_scan_take(&in, "Tt ");
    seconds += take_clock(&in);
    uint32_t nanoseconds = take_fraction(&in);
    seconds -= take_offset(&in);
    if (!leat_scan_is_done(&in))
        return LEAT_E_TYPE;
    *time = (leat_event_time){seconds, nanoseconds};
    return LEAT_OK;
}

/* ---- values ---- */

leat_status leat_event_time_read(leat_event_time *time, const leat_value *value)
{
    switch (value->type) {
    case LEAT_VALUE_NIL:
        return LEAT_E_MISSING;
    case LEAT_VALUE_TIME:
        *time = (leat_event_time){value->as.time.seconds, value->as.time.nanoseconds};
        return LEAT_OK;
    case LEAT_VALUE_UINT:
        if (value->as.u > INT64_MAX)
            return LEAT_E_RANGE;
        *time = from_integer((int64_t)value->as.u);
        return LEAT_OK;
    case LEAT_VALUE_INT:
        *time = from_integer(value->as.i);
        return LEAT_OK;
    case LEAT_VALUE_FLOAT:
    case LEAT_VALUE_DOUBLE:
        return from_float(time, value->as.f);
    case LEAT_VALUE_STR:
        return from_text(time, (leat_slice){value->as.bytes, value->size});
    default:
        return LEAT_E_TYPE;
    }
}

leat_status leat_event_time_parse(leat_event_time *time, leat_slice text)
{
    int64_t integer;
    double number;
    if (leat_element_parse(&integer, LEAT_I64, text) == LEAT_OK) {
        *time = from_integer(integer);
        return LEAT_OK;
    }
    leat_status status = leat_element_parse(&number, LEAT_F64, text);
    return status == LEAT_OK       ? from_float(time, number)
           : status == LEAT_E_TYPE ? from_text(time, text)
                                   : status;
}

bool leat_event_time_find(leat_event_time *time, leat_slice capture, int64_t timestamp)
{
    leat_cursor cursor = leat_cursor_over(capture);
    leat_value value;
    if (capture.data && leat_msgpack_read(&cursor, &value) == LEAT_OK &&
        leat_event_time_read(time, &value) == LEAT_OK)
        return true;
    if (timestamp < 0)
        return false;
    *time = split(timestamp, 1000);
    return true;
}
