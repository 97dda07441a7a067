#include "features/feed.h"

#include "base/column.h"

const leat_reading leat_feed_number = {.kind = LEAT_READING_NUMBER};

void leat_feed_spread(const leat_feed *feed)
{
    const leat_column *column = leat_feed_column(feed);
    size_t size = leat_dtype_size(feed->dtype);
    size_t stride = feed->batch->inputs[column->tensor].row_size * size;
    uint8_t *at = feed->at;
    for (uint32_t row = feed->first + 1; row < feed->end; row++)
        memcpy(at += stride, feed->at, column->n * size);
}

void leat_feed_pass(const leat_feed *feed, leat_quality quality)
{
    bool is_missing = quality == LEAT_QUALITY_DEFAULTED;
    leat_event_lower_quality(feed->event, quality);
    leat_feed_set_missing(feed, true);
    leat_counter_add(is_missing ? &feed->stats->missing : &feed->stats->unavailable, 1);
    if (!is_missing && feed->on_unavailable != LEAT_UNAVAILABLE_DEFAULT)
        leat_batch_fail(feed->batch, feed->event, LEAT_STAGE_FEATURES, LEAT_E_UNANSWERED,
                        "%s %s is unavailable: Redis did not answer", feed->kind,
                        feed->name);
    else if (leat_column_is_required(leat_feed_column(feed), feed->dtype))
        leat_batch_fail(feed->batch, feed->event, LEAT_STAGE_FEATURES, LEAT_E_MISSING,
                        "%s %s is %s; %s has no NaN, and the feature no default",
                        feed->kind, feed->name, is_missing ? "missing" : "unavailable",
                        leat_dtype_name(feed->dtype));
}

void leat_feed_refuse(const leat_feed *feed, leat_status status, const char *shown)
{
    bool is_out = status == LEAT_E_RANGE;
    leat_counter_add(&feed->stats->failed, 1);
    leat_batch_fail(feed->batch, feed->event, LEAT_STAGE_FEATURES, status,
                    "%s %s is %s, which is %s%s", feed->kind, feed->name, shown,
                    is_out ? "out of the range of " : "not ",
                    is_out ? leat_dtype_name(feed->dtype)
                           : leat_reading_text(feed->reading, feed->dtype));
}
