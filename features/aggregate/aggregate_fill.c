/* From answers to columns. */
#include "features/aggregate/aggregate_internal.h"

#include "base/column.h"
#include "base/element.h"
#include "base/pack.h"
#include "base/reading.h"

#include <math.h>

static void lower_quality(leat_event *event, leat_quality quality)
{
    if (event->quality < quality)
        event->quality = quality;
}

static void pass_without(leat_batch *batch, leat_event *event,
                         const leat_aggregate_feature *feature,
                         leat_on_unavailable policy, leat_quality quality)
{
    const leat_column *column = &batch->schema->columns[feature->column];
    leat_dtype dtype = batch->schema->inputs[column->tensor].dtype;
    lower_quality(event, quality);
    if (quality == LEAT_QUALITY_UNAVAILABLE && policy == LEAT_UNAVAILABLE_DEAD_LETTER)
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, LEAT_E_UNANSWERED,
                        "aggregate %s is unavailable", feature->name);
    else if (leat_column_is_required(column, dtype))
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, LEAT_E_MISSING,
                        "aggregate %s is %s; %s has no NaN, and the feature no default",
                        feature->name,
                        quality == LEAT_QUALITY_UNAVAILABLE ? "unavailable" : "missing",
                        leat_dtype_name(dtype));
}

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

static leat_status put(leat_batch *batch, const leat_event *event,
                       const leat_aggregate_feature *feature, const double *numbers,
                       void *at, leat_dtype dtype)
{
    const leat_column *column = &batch->schema->columns[feature->column];
    leat_value value = {.type = LEAT_VALUE_DOUBLE, .as.f = numbers[0]};
    if (!column->reading)
        return leat_element_put(at, dtype, &value);
    uint8_t number[LEAT_PACK_F64];
    leat_slice packed = {number, sizeof number};
    leat_pack_f64(number, numbers[0]);
    if (column->reading->kind == LEAT_READING_IDS &&
        (feature->n > 1 || !isnan(numbers[0])))
        packed = pack_sequence(&batch->arena, numbers, feature->n);
    return packed.data ? leat_reading_put(column->reading, at, dtype, packed, event)
                       : LEAT_E_MISSING;
}

/* Into the column of all rows of the event, which may be none. */
static void fill_column(leat_batch *batch, leat_event *event,
                        const leat_aggregate_feature *feature, const double *numbers)
{
    const leat_column *column = &batch->schema->columns[feature->column];
    const leat_tensor *tensor = &batch->inputs[column->tensor];
    leat_dtype dtype = tensor->spec->dtype;
    size_t stride = tensor->row_size * leat_dtype_size(dtype);
    uint8_t *first = (uint8_t *)tensor->data + event->first * stride +
                     column->element * leat_dtype_size(dtype);
    if (!event->n)
        return;
    leat_status status = put(batch, event, feature, numbers, first, dtype);
    if (status == LEAT_E_MISSING) {
        pass_without(batch, event, feature, LEAT_UNAVAILABLE_DEFAULT,
                     LEAT_QUALITY_DEFAULTED);
        return;
    }
    if (status != LEAT_OK) {
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, status,
                        "aggregate %s is %g, which is %s%s", feature->name, numbers[0],
                        status == LEAT_E_RANGE ? "out of the range of " : "not ",
                        status == LEAT_E_RANGE ? leat_dtype_name(dtype)
                                               : leat_dtype_text(dtype));
        return;
    }
    size_t size = column->n * leat_dtype_size(dtype);
    for (uint32_t i = 1; i < event->n; i++)
        memcpy(first + i * stride, first, size);
    leat_batch_missing(batch, event)[feature->column / 64] &=
        ~(UINT64_C(1) << feature->column % 64);
}

static void fill_event(leat_aggregates *aggregates, leat_batch *batch, leat_event *event)
{
    uint32_t index = leat_batch_event_index(batch, event);
    leat_kept_state *const *states = leat_states_of(aggregates, index);
    const double *answers = leat_answers_of(aggregates, index);
    bool is_answered = aggregates->outcomes[index] != LEAT_OUTCOME_UNKNOWN;
    for (uint32_t i = 0; i < aggregates->spec->n_entities; i++) {
        const leat_entity_spec *entity = &aggregates->spec->entities[i];
        bool is_known = is_answered && (!states[i] || states[i]->is_known);
        for (uint32_t j = 0; j < entity->n_features && event->status == LEAT_OK; j++) {
            const leat_aggregate_feature *feature = &entity->features[j];
            if (is_known)
                fill_column(batch, event, feature,
                            answers + entity->first_answer + feature->answer);
            else
                pass_without(batch, event, feature, entity->on_unavailable,
                             LEAT_QUALITY_UNAVAILABLE);
        }
    }
}

void leat_aggregates_fill(leat_aggregates *aggregates, leat_batch *batch)
{
    for (uint32_t i = 0; i < batch->n_events && aggregates->partition_of; i++) {
        leat_event *event = &batch->events[i];
        if (aggregates->outcomes[i] != LEAT_OUTCOME_NONE && event->status == LEAT_OK)
            fill_event(aggregates, batch, event);
    }
}
