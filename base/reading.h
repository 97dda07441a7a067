/* base/reading.h: how one value becomes the elements of a column.
 *
 *   number         base/element.h's rules
 *   text           a string, for an input of strings
 *   category       the place of a string in the list that the model was trained with; one
 *                  that is not in it is missing; a whole number stands for its digits,
 *                  where there are categories that are written so
 *   hour, weekday  of a time, in a zone: 0 to 23; Monday is 0
 *   seconds since  from the value, a time, until the event's own time; negative when the
 *                  value lies behind it
 *   ids            a sequence: an array of whole numbers, cut to `length` at the end that
 *                  is not kept, padded behind with `pad`
 *
 * A value comes as msgpack wherever it was: in an event, in a blob, in Feast's protobuf,
 * so that there is one function for all of them. A hash in Redis holds text, which says
 * less about itself: a number or time is what the text spells, a category or string the
 * text itself, ids a JSON array or numbers with commas between them.
 *
 * What a time may be is base/event_time.h's to say. Ids are whole numbers that the column
 * holds to the last digit; those that are cut off are not looked at.
 *
 * Owns:    a reading lives in the plan's arena, immutable.
 * Threads: any.
 * Fails:   E_MISSING: nil, NaN, an unknown category; E_TYPE, E_RANGE: what the column
 *          cannot hold. The elements are unchanged then, which leaves the default.
 */
#ifndef LEAT_BASE_READING_H
#define LEAT_BASE_READING_H

#include "base/batch.h"

typedef enum leat_reading_kind {
    LEAT_READING_NUMBER,
    LEAT_READING_TEXT,
    LEAT_READING_CATEGORY,
    LEAT_READING_HOUR,
    LEAT_READING_WEEKDAY,
    LEAT_READING_SECONDS_SINCE,
    LEAT_READING_IDS,
} leat_reading_kind;

typedef struct leat_zone leat_zone;             /* base/zone.h */
typedef struct leat_categories leat_categories; /* base/categories.h */

typedef struct leat_reading {
    leat_reading_kind kind;
    const leat_categories *categories; /* CATEGORY */
    const leat_zone *zone;             /* HOUR, WEEKDAY; NULL: UTC */
    uint32_t length;                   /* IDS: elements */
    int64_t pad;                       /* IDS: what fills a short one */
    bool keeps_first;                  /* IDS: which end of a long one stays */
} leat_reading;

/* One msgpack value into the elements at `at`, of type `dtype`. Text points into `value`. */
leat_status leat_reading_put(const leat_reading *reading, void *at, leat_dtype dtype,
                             leat_slice value, const leat_event *event) LEAT_MUST_CHECK;

/* The same for a value that is kept as text. */
leat_status leat_reading_put_text(const leat_reading *reading, void *at, leat_dtype dtype,
                                  leat_slice text,
                                  const leat_event *event) LEAT_MUST_CHECK;

/* "a number", "a time", "an array of integers": what such a column takes. */
const char *leat_reading_text(const leat_reading *reading, leat_dtype dtype);

#endif
