#include "features/lookup/lookup_feed.h"

#include "base/clock.h"
#include "features/key_text.h"
#include "features/lookup/lookup_key.h"

#include <stdio.h>

/* A reply lives until Redis is asked for something else, which may be before the batch is
 * scored: what aggregates have to write. So text is put from a copy. */
static leat_status put(const leat_feed *feed, bool is_text, leat_slice value)
{
    if (feed->dtype == LEAT_STRING)
        value = leat_slice_join(&feed->batch->arena, &value, 1);
    if (!value.data)
        return LEAT_E_MISSING;
    return is_text ? leat_reading_put_text(feed->reading, feed->at, feed->dtype, value,
                                           feed->event)
                   : leat_reading_put(feed->reading, feed->at, feed->dtype, value,
                                      feed->event);
}

static const char *type_text(leat_slice value)
{
    leat_cursor cursor = leat_cursor_over(value);
    leat_value read = {.type = LEAT_VALUE_NONE};
    return leat_value_type_text(
        leat_msgpack_read(&cursor, &read) == LEAT_OK ? read.type : LEAT_VALUE_NONE);
}

static void refuse(const leat_feed *feed, bool is_text, leat_slice value,
                   leat_status status)
{
    char text[LEAT_SHOWN_SIZE], quoted[sizeof text + 2];
    if (!is_text) {
        leat_feed_refuse(feed, status, type_text(value));
        return;
    }
    snprintf(quoted, sizeof quoted, "\"%s\"", leat_show(value, text));
    leat_feed_refuse(feed, status, quoted);
}

static double seconds_of(const leat_event_time *time)
{
    return (double)time->seconds + (double)time->nanoseconds / 1e9;
}

static double moment_of(const leat_event *event)
{
    return event->has_time ? seconds_of(&event->time) : (double)leat_real_ms() / 1e3;
}

/* Whether a value is older, as the event sees it, than it may be; one of unknown age is. */
static bool is_too_old(const leat_question *question, const leat_event *event,
                       const leat_lookup_entity *entity, uint32_t i)
{
    uint64_t max_age_ns = question->spec->max_age_ns;
    leat_event_time written;
    if (!max_age_ns)
        return false;
    return !leat_question_written(question, entity, i, &written) ||
           moment_of(event) - seconds_of(&written) > (double)max_age_ns / 1e9;
}

static void feed_field(const leat_feed *feed, const leat_question *question,
                       const leat_lookup_entity *entity, uint32_t i)
{
    bool is_text = question->format->is_text;
    bool is_there = entity && entity->values && entity->values[i].data;
    if (entity && entity->answer == LEAT_ANSWER_NONE) {
        leat_feed_pass(feed, LEAT_QUALITY_UNAVAILABLE);
    } else if (!is_there || is_too_old(question, feed->event, entity, i)) {
        leat_feed_pass(feed, LEAT_QUALITY_DEFAULTED);
    } else {
        leat_status status = put(feed, is_text, entity->values[i]);
        if (!leat_feed_settle(feed, status))
            refuse(feed, is_text, entity->values[i], status);
    }
}

void leat_lookup_feed(const leat_question *question, leat_batch *batch, leat_event *event,
                      uint32_t first, uint32_t end, const leat_lookup_entity *entity)
{
    const leat_lookup_spec *spec = question->spec;
    if (entity && entity->answer == LEAT_ANSWER_BROKEN) {
        leat_counter_add(&question->stats->values.failed, spec->n_fields);
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, entity->failure, "%s",
                        entity->why ? entity->why : leat_status_text(entity->failure));
        return;
    }
    leat_feed feed = {.batch = batch,
                      .event = event,
                      .first = first,
                      .end = end,
                      .kind = "lookup",
                      .on_unavailable = spec->on_unavailable,
                      .is_stale = entity && entity->answer == LEAT_ANSWER_STALE,
                      .stats = &question->stats->values};
    if (feed.is_stale)
        leat_event_lower_quality(event, LEAT_QUALITY_STALE);
    for (uint32_t i = 0; i < spec->n_fields && event->status == LEAT_OK; i++) {
        leat_feed_open(&feed, spec->fields[i].path->text, spec->fields[i].column);
        feed_field(&feed, question, entity, i);
    }
}
