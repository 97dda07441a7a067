/* base/filter.h: which events are scored at all.
 *
 * A filter is a list of conditions, all of which must hold; a condition names a value of
 * the event and what it may be. What is configured is text, and means
 *
 *   to a string  itself
 *   to a number  the number that it spells, to the last digit
 *   to a bool    true or false
 *
 * and nothing to all else: an event that has no such value, or nil, does not match.
 *
 * Owns:    everything lives in the plan's arena, immutable.
 * Threads: any.
 * Fails:   never.
 */
#ifndef LEAT_BASE_FILTER_H
#define LEAT_BASE_FILTER_H

#include "base/msgpack.h"

typedef struct leat_filter_value {
    leat_slice text;
    leat_value number; /* that the text spells; NIL: none */
} leat_filter_value;

typedef struct leat_condition {
    uint32_t capture;
    uint32_t n;
    const leat_filter_value *wanted; /* [n]: any of them */
} leat_condition;

typedef struct leat_filter {
    uint32_t n;
    const leat_condition *conditions; /* [n]: all of them */
} leat_filter;

/* The text is kept by whoever calls. */
leat_filter_value leat_filter_value_of(leat_slice text);

/* captures: of an event that was decoded. */
bool leat_filter_matches(const leat_filter *filter, const leat_slice *captures);

#endif
