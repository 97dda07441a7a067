/* base/zone_rule.h: when clocks are put forward and back, every year: POSIX's TZ.
 *
 *   CET-1CEST,M3.5.0,M10.5.0/3    standard time, an hour ahead of UTC, from the last
 *                                 Sunday of March (at 2) to that of October (at 3) two
 *   EST5                          never
 *
 * Format: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html, and
 * RFC 8536 3.3.1: times of day from -167 to 167 hours.
 *
 * Owns:    nothing.
 * Threads: any.
 * Fails:   false when the text is no rule.
 */
#ifndef LEAT_BASE_ZONE_RULE_H
#define LEAT_BASE_ZONE_RULE_H

#include "base/slice.h"

#include <stdbool.h>

typedef enum leat_day_form {
    LEAT_DAY_OF_MONTH,  /* Mm.w.d: the w-th d of the month; w = 5: the last one */
    LEAT_DAY_BUT_LEAP,  /* Jn: 1 to 365; the 29th of February is never counted */
    LEAT_DAY_WITH_LEAP, /* n: 0 to 365 */
} leat_day_form;

/* A change of the clocks, once a year. */
typedef struct leat_zone_change {
    leat_day_form form;
    int month, week, weekday; /* OF_MONTH; Sunday is 0 */
    int day;                  /* the other two */
    int32_t time;             /* seconds from midnight, by the clocks before */
} leat_zone_change;

typedef struct leat_zone_rule {
    int32_t offsets[2]; /* seconds ahead of UTC: standard time, and the other one */
    bool changes;       /* false: always standard time */
    leat_zone_change begin, end; /* of the other time */
} leat_zone_rule;

bool leat_zone_rule_parse(leat_zone_rule *rule, leat_slice text);

/* The instant, in seconds since 1970, of a change in a year; `before` is what clocks are
 * ahead of UTC until then. */
int64_t leat_zone_change_at(const leat_zone_change *change, int year, int32_t before);

#endif
