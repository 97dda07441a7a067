/* base/event_time.h: when an event happened, from what stands in its time field.
 *
 *   a msgpack timestamp   is taken as it is
 *   a number              counts from 1970: seconds below 1e11, milliseconds from there
 *                         on (in seconds 1e11 lies in the year 5138, in milliseconds in
 *                         1973); the fraction of a float counts down to the microsecond,
 *                         which is what a double of today's seconds holds
 *   nil, absent, or any   the record's own timestamp stands in
 *   other value
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   false when there is no time at all.
 */
#ifndef LEAT_BASE_EVENT_TIME_H
#define LEAT_BASE_EVENT_TIME_H

#include "base/slice.h"

#include <stdbool.h>

typedef struct leat_event_time {
    int64_t seconds; /* since 1970 */
    uint32_t nanoseconds;
} leat_event_time;

/* `capture`: one msgpack value, or data NULL. `timestamp`: of the record, in
 * milliseconds, or -1. */
bool leat_event_time_find(leat_event_time *time, leat_slice capture, int64_t timestamp);

#endif
