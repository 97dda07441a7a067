#include "base/zone_rule.h"

#include "base/calendar.h"
#include "base/scan.h"

enum { MAX_TIME_HOURS = 167, MAX_OFFSET_HOURS = 24, DEFAULT_TIME = 2 * 3600 };

/* "CET", or anything in angle brackets: at least three characters. */
static void skip_name(leat_scan *in)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    bool is_quoted = leat_scan_accept(in, "<") != 0;
    int n = 0;
    while (leat_scan_is_next(in, letters) ||
           (is_quoted && leat_scan_is_next(in, LEAT_DIGITS "+-"))) {
        in->at++;
        n++;
    }
    if (is_quoted)
        leat_scan_take(in, ">");
    if (n < 3)
        in->at = NULL;
}

/* [+-]hh[:mm[:ss]] */
static int32_t take_time(leat_scan *in, int max_hours)
{
    uint8_t sign = leat_scan_accept(in, "+-");
    int32_t seconds = 3600 * leat_scan_number(in, 1, 3, 0, max_hours);
    if (leat_scan_accept(in, ":")) {
        seconds += 60 * leat_scan_number(in, 2, 2, 0, 59);
        if (leat_scan_accept(in, ":"))
            seconds += leat_scan_number(in, 2, 2, 0, 59);
    }
    return sign == '-' ? -seconds : seconds;
}

static leat_zone_change take_change(leat_scan *in)
{
    leat_zone_change change = {.form = LEAT_DAY_WITH_LEAP, .time = DEFAULT_TIME};
    leat_scan_take(in, ",");
    uint8_t form = leat_scan_accept(in, "MJ");
    if (form == 'M') {
        change.form = LEAT_DAY_OF_MONTH;
        change.month = leat_scan_number(in, 1, 2, 1, 12);
        leat_scan_take(in, ".");
        change.week = leat_scan_number(in, 1, 1, 1, 5);
        leat_scan_take(in, ".");
        change.weekday = leat_scan_number(in, 1, 1, 0, 6);
    } else {
        change.form = form ? LEAT_DAY_BUT_LEAP : LEAT_DAY_WITH_LEAP;
        change.day = leat_scan_number(in, 1, 3, form ? 1 : 0, 365);
    }
    if (leat_scan_accept(in, "/"))
        change.time = take_time(in, MAX_TIME_HOURS);
    return change;
}

/* What is written is how far clocks are behind. */
bool leat_zone_rule_parse(leat_zone_rule *rule, leat_slice text)
{
    leat_scan in = leat_scan_over(text);
    *rule = (leat_zone_rule){0};
    skip_name(&in);
    rule->offsets[0] = -take_time(&in, MAX_OFFSET_HOURS);
    rule->offsets[1] = rule->offsets[0] + 3600;
    if (leat_scan_is_done(&in))
        return true;
    rule->changes = true;
    skip_name(&in);
    if (leat_scan_is_next(&in, LEAT_DIGITS "+-"))
        rule->offsets[1] = -take_time(&in, MAX_OFFSET_HOURS);
    rule->begin = take_change(&in);
    rule->end = take_change(&in);
    return leat_scan_is_done(&in);
}

static int64_t day_of_month(const leat_zone_change *change, int year)
{
    int64_t first = leat_days_since_1970(year, change->month, 1);
    int first_weekday = (leat_weekday(first) + 1) % 7; /* Sunday is 0 */
    int day = (change->weekday - first_weekday + 7) % 7 + 7 * (change->week - 1);
    return first + (day < leat_days_in_month(year, change->month) ? day : day - 7);
}

static int64_t day_of(const leat_zone_change *change, int year)
{
    int64_t first = leat_days_since_1970(year, 1, 1);
    switch (change->form) {
    case LEAT_DAY_OF_MONTH:
        return day_of_month(change, year);
    case LEAT_DAY_BUT_LEAP: /* the 60th is the 1st of March */
        return first + change->day - 1 + (change->day >= 60 && leat_is_leap_year(year));
    case LEAT_DAY_WITH_LEAP:
    default:
        return first + change->day;
    }
}

int64_t leat_zone_change_at(const leat_zone_change *change, int year, int32_t before)
{
    return day_of(change, year) * LEAT_DAY_SECONDS + change->time - before;
}
