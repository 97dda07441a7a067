/* base/calendar.h: days of the Gregorian calendar, which counts on into the past.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_BASE_CALENDAR_H
#define LEAT_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum { LEAT_DAY_SECONDS = 86400 };

bool leat_is_leap_year(int year);

/* month: 1 to 12 */
int leat_days_in_month(int year, int month);

/* Of a date, whose days count from 1; negative before 1970. */
int64_t leat_days_since_1970(int year, int month, int day);

/* Monday is 0. */
int leat_weekday(int64_t days_since_1970);

#endif
