/* From answers to columns. */
#include "features/aggregate/aggregate_internal.h"

#include "base/element.h"
#include "base/pack.h"

#include <math.h>
#include <stdio.h>

/* A sequence as an array, of those numbers that there are. */
static leat_slice pack_sequence(leat_arena *arena, const double *numbers, uint32_t n)
{
    uint8_t *bytes = leat_arena_alloc(arena, LEAT_PACK_HEAD + (size_t)n * LEAT_PACK_F64);
    if (!bytes)
        return (leat_slice){0};
    uint32_t n_there = 0;
    while (n_there < n && !isnan(numbers[n_there]))
        n_there++;
    uint8_t *at = leat_pack_array(bytes, n_there);
    for (uint32_t i = 0; i < n_there; i++)
        at = leat_pack_f64(at, numbers[i]);
    return (leat_slice){bytes, (uint32_t)(at - bytes)};
}

static leat_status put(const leat_feed *feed, const double *numbers, uint32_t n)
{
    leat_value value = {.type = LEAT_VALUE_DOUBLE, .as.f = numbers[0]};
    if (feed->reading->kind == LEAT_READING_NUMBER)
        return leat_element_put(feed->at, feed->dtype, &value);
    uint8_t number[LEAT_PACK_F64];
    leat_slice packed = {number, sizeof number};
    leat_pack_f64(number, numbers[0]);
    if (feed->reading->kind == LEAT_READING_IDS && (n > 1 || !isnan(numbers[0])))
        packed = pack_sequence(&feed->batch->arena, numbers, n);
    return packed.data ? leat_reading_put(feed->reading, feed->at, feed->dtype, packed,
                                          feed->event)
                       : LEAT_E_MISSING;
}

static void feed_answer(const leat_feed *feed, const double *numbers, uint32_t n)
{
    char shown[32];
    leat_status status = put(feed, numbers, n);
    if (leat_feed_settle(feed, status))
        return;
    snprintf(shown, sizeof shown, "%g", numbers[0]);
    leat_feed_refuse(feed, status, shown);
}

/* What the aggregates of an entity are; NULL: it is unavailable. */
static const double *find_answers(const leat_aggregates *aggregates, uint32_t event,
                                  uint32_t entity)
{
    if (!aggregates->partition_of || aggregates->outcomes[event] < LEAT_OUTCOME_REPEATED)
        return NULL;
    const leat_kept_state *state = leat_states_of(aggregates, event)[entity];
    if (state && !state->is_known)
        return NULL;
    return leat_answers_of(aggregates, event) +
           aggregates->spec->entities[entity].first_answer;
}

static void fill_entity(leat_aggregates *aggregates, leat_batch *batch, leat_event *event,
                        uint32_t index)
{
    const leat_entity_spec *entity = &aggregates->spec->entities[index];
    const double *answers =
        find_answers(aggregates, leat_batch_event_index(batch, event), index);
    leat_feed feed = {.batch = batch,
                      .event = event,
                      .first = event->first,
                      .end = event->first + event->n,
                      .kind = "aggregate",
                      .on_unavailable = entity->on_unavailable};
    for (uint32_t i = 0; i < entity->n_features && event->status == LEAT_OK; i++) {
        const leat_aggregate_feature *feature = &entity->features[i];
        feed.stats = &aggregates->stats.values[feature->window];
        leat_feed_open(&feed, feature->name, feature->column);
        if (answers)
            feed_answer(&feed, answers + feature->answer, feature->n);
        else
            leat_feed_pass(&feed, LEAT_QUALITY_UNAVAILABLE);
    }
}

void leat_aggregates_fill(leat_aggregates *aggregates, leat_batch *batch)
{
    for (uint32_t i = 0; i < batch->n_events; i++) {
        leat_event *event = &batch->events[i];
        for (uint32_t j = 0; j < aggregates->spec->n_entities; j++)
            if (event->n && leat_event_is_scored(event))
                fill_entity(aggregates, batch, event, j);
    }
}
