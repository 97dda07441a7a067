#include "features/lookup/lookup_feed.h"

#include "base/clock.h"
#include "base/column.h"
#include "base/element.h"
#include "base/reading.h"
#include "features/lookup/lookup_key.h"

/* One value on its way. */
typedef struct feed {
    const leat_question *question;
    leat_batch *batch;
    leat_event *event;
    uint32_t first, end; /* its rows */
    const leat_lookup_field *field;
} feed;

/* Of a column that has none: the number as it is. */
static const leat_reading as_number = {.kind = LEAT_READING_NUMBER};

static const leat_column *column_of(const feed *f)
{
    return &f->batch->schema->columns[f->field->column];
}

static const leat_reading *reading_of(const feed *f)
{
    const leat_reading *reading = column_of(f)->reading;
    return reading ? reading : &as_number;
}

static leat_dtype dtype_of(const feed *f)
{
    return f->batch->schema->inputs[column_of(f)->tensor].dtype;
}

static uint64_t bit_of(const leat_lookup_field *field)
{
    return UINT64_C(1) << field->column % 64;
}

void leat_lookup_feed_begin(const leat_question *question, leat_batch *batch,
                            leat_event *event)
{
    uint64_t *missing = leat_batch_missing(batch, event);
    for (uint32_t i = 0; i < question->spec->n_fields; i++) {
        const leat_lookup_field *field = &question->spec->fields[i];
        missing[field->column / 64] &= ~bit_of(field);
    }
}

static void pass_without(feed *f, leat_quality quality)
{
    const leat_lookup_spec *spec = f->question->spec;
    bool is_missing = quality == LEAT_QUALITY_DEFAULTED;
    leat_dtype dtype = dtype_of(f);
    if (f->event->quality < quality)
        f->event->quality = quality;
    leat_batch_missing(f->batch, f->event)[f->field->column / 64] |= bit_of(f->field);
    leat_counter_add(
        is_missing ? &f->question->stats->missing : &f->question->stats->unavailable, 1);
    if (!is_missing && spec->on_unavailable != LEAT_UNAVAILABLE_DEFAULT)
        leat_batch_fail(f->batch, f->event, LEAT_STAGE_FEATURES, LEAT_E_UNANSWERED,
                        "lookup %s: Redis did not answer in time", spec->name);
    else if (leat_column_is_required(column_of(f), dtype))
        leat_batch_fail(f->batch, f->event, LEAT_STAGE_FEATURES, LEAT_E_MISSING,
                        "lookup %s: field %s is %s; %s has no NaN, and the feature no "
                        "default",
                        spec->name, f->field->name,
                        is_missing ? "missing" : "unavailable", leat_dtype_name(dtype));
}

/* Into an element. */
static leat_status put(const feed *f, void *at, leat_slice value)
{
    return f->question->format->is_text
               ? leat_reading_put_text(reading_of(f), at, dtype_of(f), value, f->event)
               : leat_reading_put(reading_of(f), at, dtype_of(f), value, f->event);
}

/* A reply lives until Redis is asked for something else, which may be before the batch is
 * scored: what aggregates have to write. */
static leat_status keep_text(const feed *f, leat_slice *texts, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *copy = leat_arena_alloc(&f->batch->arena, texts[i].size);
        if (!copy)
            return LEAT_E_MISSING;
        if (texts[i].size)
            memcpy(copy, texts[i].data, texts[i].size);
        texts[i].data = copy;
    }
    return LEAT_OK;
}

/* Into the column of all rows. */
static leat_status store(const feed *f, leat_slice value)
{
    const leat_column *column = column_of(f);
    const leat_tensor *tensor = &f->batch->inputs[column->tensor];
    size_t size = leat_dtype_size(tensor->spec->dtype);
    size_t stride = tensor->row_size * size;
    uint8_t *first = (uint8_t *)tensor->data + f->first * stride + column->element * size;
    leat_status status = put(f, first, value);
    if (status == LEAT_OK && tensor->spec->dtype == LEAT_STRING)
        status = keep_text(f, (leat_slice *)(void *)first, column->n);
    if (status != LEAT_OK)
        return status;
    for (uint32_t i = 1; i < f->end - f->first; i++)
        memcpy(first + i * stride, first, column->n * size);
    return LEAT_OK;
}

static const char *type_text(leat_slice value)
{
    leat_cursor cursor = leat_cursor_over(value);
    leat_value read = {.type = LEAT_VALUE_NONE};
    return leat_value_type_text(
        leat_msgpack_read(&cursor, &read) == LEAT_OK ? read.type : LEAT_VALUE_NONE);
}

/* A value that the column cannot hold. */
static void fail(feed *f, leat_slice value, leat_status status)
{
    leat_dtype dtype = dtype_of(f);
    bool is_text = f->question->format->is_text;
    char shown[LEAT_SHOWN_SIZE];
    leat_counter_add(&f->question->stats->failed, 1);
    leat_batch_fail(f->batch, f->event, LEAT_STAGE_FEATURES, status,
                    "lookup %s: field %s holds %s%s%s, which is %s%s",
                    f->question->spec->name, f->field->name, is_text ? "\"" : "",
                    is_text ? leat_show(value, shown) : type_text(value),
                    is_text ? "\"" : "",
                    status == LEAT_E_RANGE ? "out of the range of " : "not ",
                    status == LEAT_E_RANGE ? leat_dtype_name(dtype)
                                           : leat_reading_text(reading_of(f), dtype));
}

static void take_value(feed *f, leat_slice value, bool is_stale)
{
    leat_status status = store(f, value);
    if (status == LEAT_OK)
        leat_counter_add(
            is_stale ? &f->question->stats->stale : &f->question->stats->hits, 1);
    else if (status == LEAT_E_MISSING)
        pass_without(f, LEAT_QUALITY_DEFAULTED);
    else
        fail(f, value, status);
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
static bool is_too_old(const feed *f, const leat_lookup_entity *entity, uint32_t i)
{
    const leat_question *question = f->question;
    uint64_t max_age_ns = question->spec->max_age_ns;
    leat_event_time written;
    if (!max_age_ns)
        return false;
    return !leat_question_written(question, entity, i, &written) ||
           moment_of(f->event) - seconds_of(&written) > (double)max_age_ns / 1e9;
}

static void take_field(feed *f, const leat_lookup_entity *entity, uint32_t i)
{
    bool is_there = entity && entity->values && entity->values[i].data;
    bool is_stale = entity && entity->answer == LEAT_ANSWER_STALE;
    if (is_stale && f->event->quality < LEAT_QUALITY_STALE)
        f->event->quality = LEAT_QUALITY_STALE;
    if (entity && entity->answer == LEAT_ANSWER_NONE)
        pass_without(f, LEAT_QUALITY_UNAVAILABLE);
    else if (!is_there || is_too_old(f, entity, i))
        pass_without(f, LEAT_QUALITY_DEFAULTED);
    else
        take_value(f, entity->values[i], is_stale);
}

void leat_lookup_feed(const leat_question *question, leat_batch *batch, leat_event *event,
                      uint32_t first, uint32_t end, const leat_lookup_entity *entity)
{
    const leat_lookup_spec *spec = question->spec;
    if (entity && entity->answer == LEAT_ANSWER_BROKEN) {
        leat_counter_add(&question->stats->failed, spec->n_fields);
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, entity->failure, "%s",
                        entity->why ? entity->why : leat_status_text(entity->failure));
        return;
    }
    feed f = {question, batch, event, first, end, NULL};
    for (uint32_t i = 0; i < spec->n_fields && event->status == LEAT_OK; i++) {
        f.field = &spec->fields[i];
        take_field(&f, entity, i);
    }
}
