#include "base/calendar.h"

enum { THURSDAY = 3 }; /* which the first day of 1970 was */

bool leat_is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int leat_days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && leat_is_leap_year(year));
}

/* A year that begins in March ends with the day that leap years add; 400 of them have
 * 146097 days: http://howardhinnant.github.io/date_algorithms.html#days_from_civil */
int64_t leat_days_since_1970(int year, int month, int day)
{
    year -= month <= 2;
    int era = (year >= 0 ? year : year - 399) / 400;
    int of_era = year - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    return (int64_t)era * 146097 + day_of_era - 719468;
}

int leat_weekday(int64_t days_since_1970)
{
    int64_t day = (days_since_1970 + THURSDAY) % 7;
    return (int)(day < 0 ? day + 7 : day);
}
