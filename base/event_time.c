#include "base/event_time.h"

#include "base/msgpack.h"

#include <math.h>

#define FIRST_MILLISECONDS 1e11 /* a number below it counts seconds */
#define MAX_MILLISECONDS   9e15 /* its microseconds still fit 64 bits */

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

static bool from_integer(leat_event_time *time, int64_t count)
{
    bool is_seconds = fabs((double)count) < FIRST_MILLISECONDS;
    *time = split(count, is_seconds ? 1 : 1000);
    return true;
}

static bool from_float(leat_event_time *time, double count)
{
    if (!(fabs(count) < MAX_MILLISECONDS))
        return false;
    bool is_seconds = fabs(count) < FIRST_MILLISECONDS;
    *time = split(llround(count * (is_seconds ? 1e6 : 1e3)), 1000000);
    return true;
}

static bool from_value(leat_event_time *time, const leat_value *value)
{
    switch (value->type) {
    case LEAT_VALUE_TIME:
        *time = (leat_event_time){value->as.time.seconds, value->as.time.nanoseconds};
        return true;
    case LEAT_VALUE_UINT:
        return value->as.u <= INT64_MAX && from_integer(time, (int64_t)value->as.u);
    case LEAT_VALUE_INT:
        return from_integer(time, value->as.i);
    case LEAT_VALUE_FLOAT:
    case LEAT_VALUE_DOUBLE:
        return from_float(time, value->as.f);
    default:
        return false;
    }
}

bool leat_event_time_find(leat_event_time *time, leat_slice capture, int64_t timestamp)
{
    if (capture.data) {
        leat_cursor cursor = leat_cursor_over(capture);
        leat_value value;
        if (leat_msgpack_read(&cursor, &value) == LEAT_OK && from_value(time, &value))
            return true;
    }
    if (timestamp < 0)
        return false;
    *time = split(timestamp, 1000);
    return true;
}
