/* base/event_time.h: when something happened, from what stands in a field for it.
 *
 *   a msgpack timestamp   is taken as it is
 *   a number              counts from 1970: seconds below 1e11, milliseconds from there
 *                         on (in seconds 1e11 lies in the year 5138, in milliseconds in
 *                         1973); the fraction of a float counts down to the microsecond,
 *                         which is what a double of today's seconds holds
 *   a string              is a time of RFC 3339: "2026-01-31T12:30:00.25+01:00"; a "Z" or
 *                         an offset has to be there, since without one it means another
 *                         time to each who reads it
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   E_MISSING: nil, NaN; E_TYPE: no time; E_RANGE: a number beyond what is
 *          counted. The time is unchanged then.
 */
#ifndef LEAT_BASE_EVENT_TIME_H
#define LEAT_BASE_EVENT_TIME_H

#include "base/msgpack.h"

typedef struct leat_event_time {
    int64_t seconds; /* since 1970 */
    uint32_t nanoseconds;
} leat_event_time;

leat_status leat_event_time_read(leat_event_time *time,
                                 const leat_value *value) LEAT_MUST_CHECK;

/* The same where all is kept as text: a number is spelled, too. */
leat_status leat_event_time_parse(leat_event_time *time, leat_slice text) LEAT_MUST_CHECK;

/* Of an event: `capture` is one msgpack value, or data NULL. Where that is no time, the
 * record's `timestamp` (milliseconds, or -1) stands in; false when there is none at all.
 */
bool leat_event_time_find(leat_event_time *time, leat_slice capture, int64_t timestamp);

#endif
