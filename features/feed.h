/* features/feed.h: a value to its column in the rows of an event, or none.
 *
 * Lookups and aggregates find values each in their own way; what becomes of one is the
 * same for both. Whoever has it puts it into the first of the rows:
 *
 *   leat_feed_open(&feed, "user.avg", column);
 *   status = leat_reading_put(feed.reading, feed.at, feed.dtype, value, event);
 *   if (!leat_feed_settle(&feed, status))
 *       leat_feed_refuse(&feed, status, "a string");
 *
 * The decoder has put the default (or NaN) into all rows and has set the column's bit in
 * `missing`: for a value that is missing or unavailable nothing is written, and the bit
 * stands. It lowers the event's quality, and fails the event where nothing can stand in
 * for it, or where `on_unavailable` says that nothing may.
 *
 * Rows that are fed one by one come in their order: the first one clears the bit, any
 * that has no value sets it. What every value goes through is inline.
 *
 * Owns:    nothing.
 * Threads: one lane.
 * Fails:   never; the event is marked (E_MISSING, E_UNANSWERED; E_TYPE, E_RANGE).
 */
#ifndef LEAT_FEATURES_FEED_H
#define LEAT_FEATURES_FEED_H

#include "base/batch.h"
#include "base/meter.h"
#include "base/reading.h"
#include "features/on_unavailable.h"

/* Of the columns that a source feeds, each is one of these. Written by the lane; to be
 * read by any thread. */
typedef struct leat_feed_stats {
    leat_counter hits;        /* got their value */
    leat_counter missing;     /* there is none */
    leat_counter stale;       /* got one of the cache, past its time */
    leat_counter unavailable; /* Redis did not answer */
    leat_counter failed;      /* cannot hold what was found */
} leat_feed_stats;

typedef struct leat_feed {
    leat_batch *batch;
    leat_event *event;
    uint32_t first, end; /* rows of the event, at least one */

    const char *kind; /* of the source, for messages: "lookup" */
    leat_on_unavailable on_unavailable;
    bool is_stale; /* what it has is of the cache, past its time */
    leat_feed_stats *stats;

    /* the column at work: open sets them */
    const char *name; /* for messages: "user.avg" */
    uint32_t column;
    const leat_reading *reading; /* never NULL */
    leat_dtype dtype;
    void *at; /* its elements in the first of the rows */
} leat_feed;

/* There is no value: DEFAULTED, or UNAVAILABLE. */
void leat_feed_pass(const leat_feed *feed, leat_quality quality);

/* The column cannot hold a value that is `shown`: E_TYPE, E_RANGE. */
void leat_feed_refuse(const leat_feed *feed, leat_status status, const char *shown);

/* From the first of the rows to the others. */
void leat_feed_spread(const leat_feed *feed);

/* Of a column without a reading: the number as it is. */
extern const leat_reading leat_feed_number;

static inline const leat_column *leat_feed_column(const leat_feed *feed)
{
    return &feed->batch->schema->columns[feed->column];
}

/* `column` is an index into schema->columns. */
static inline void leat_feed_open(leat_feed *feed, const char *name, uint32_t column)
{
    feed->name = name;
    feed->column = column;
    const leat_column *to = leat_feed_column(feed);
    const leat_tensor *tensor = &feed->batch->inputs[to->tensor];
    size_t element = feed->first * (size_t)tensor->row_size + to->element;
    feed->reading = to->reading ? to->reading : &leat_feed_number;
    feed->dtype = tensor->spec->dtype;
    feed->at = (uint8_t *)tensor->data + element * leat_dtype_size(feed->dtype);
}

static inline void leat_feed_set_missing(const leat_feed *feed, bool is_missing)
{
    uint64_t *word = &leat_batch_missing(feed->batch, feed->event)[feed->column / 64];
    uint64_t bit = UINT64_C(1) << feed->column % 64;
    *word = is_missing ? *word | bit : *word & ~bit;
}

/* What came of putting the value: OK, E_MISSING; or false, and it is to be refused. */
static inline LEAT_MUST_CHECK bool leat_feed_settle(const leat_feed *feed,
                                                    leat_status status)
{
    if (status == LEAT_E_MISSING)
        leat_feed_pass(feed, LEAT_QUALITY_DEFAULTED);
    if (status != LEAT_OK)
        return status == LEAT_E_MISSING;
    if (feed->end - feed->first > 1)
        leat_feed_spread(feed);
    if (feed->first == feed->event->first)
        leat_feed_set_missing(feed, false);
    leat_counter_add(feed->is_stale ? &feed->stats->stale : &feed->stats->hits, 1);
    return true;
}

#endif
