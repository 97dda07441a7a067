#include "features/redis/pipeline.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct question {
    uint32_t first; /* its places are values[first, first + n), at least one */
    uint32_t n;
    leat_reply_kind expected;
    leat_reply_kind kind;
} question;

/* Where in `text` a value stands: an offset, since the area moves as it grows. */
typedef struct place {
    size_t at;
    uint32_t size;
    bool is_present;
} place;

/* One byte more than asked for is kept free, so that an empty text has a place too. */
static void *area_take(leat_area *area, size_t size)
{
    if (size >= area->capacity - area->size) {
        size_t capacity = area->capacity ? area->capacity : 4096;
        while (capacity - area->size <= size)
            capacity *= 2;
        void *data = realloc(area->data, capacity);
        if (!data)
            return NULL;
        area->data = data;
        area->capacity = capacity;
    }
    void *taken = (char *)area->data + area->size;
    area->size += size;
    return taken;
}

static question *question_at(const leat_pipeline *pipeline, uint32_t command)
{
    return (question *)pipeline->asked.data + command;
}

static place *place_at(const leat_pipeline *pipeline, uint32_t index)
{
    return (place *)pipeline->values.data + index;
}

void leat_pipeline_init(leat_pipeline *pipeline)
{
    *pipeline = (leat_pipeline){0};
}

void leat_pipeline_fini(leat_pipeline *pipeline)
{
    free(pipeline->out.data);
    free(pipeline->asked.data);
    free(pipeline->values.data);
    free(pipeline->text.data);
    *pipeline = (leat_pipeline){0};
}

static leat_status take_back(leat_pipeline *pipeline, size_t out, size_t values)
{
    pipeline->out.size = out;
    pipeline->values.size = values;
    return LEAT_E_MEMORY;
}

leat_status leat_pipeline_ask(leat_pipeline *pipeline, const leat_slice *pieces,
                              uint32_t n_pieces, leat_reply_kind expected,
                              uint32_t n_values)
{
    size_t out = pipeline->out.size, values = pipeline->values.size;
    for (uint32_t i = 0; i < n_pieces; i++) {
        void *room = area_take(&pipeline->out, pieces[i].size);
        if (!room)
            return take_back(pipeline, out, values);
        if (pieces[i].size)
            memcpy(room, pieces[i].data, pieces[i].size);
    }
    uint32_t n = expected == LEAT_REPLY_VALUES ? n_values : 1;
    question *asked = NULL;
    if (area_take(&pipeline->values, n * sizeof(place)))
        asked = area_take(&pipeline->asked, sizeof *asked);
    if (!asked)
        return take_back(pipeline, out, values);
    *asked = (question){
        .first = (uint32_t)(values / sizeof(place)), .n = n, .expected = expected};
    pipeline->n_asked++;
    return LEAT_OK;
}

void leat_pipeline_keep(leat_pipeline *pipeline)
{
    pipeline->n_kept = pipeline->n_asked;
    pipeline->kept_out = pipeline->out.size;
    pipeline->kept_values = pipeline->values.size;
}

void leat_pipeline_reset(leat_pipeline *pipeline)
{
    pipeline->out.size = pipeline->kept_out;
    pipeline->values.size = pipeline->kept_values;
    pipeline->asked.size = pipeline->n_kept * sizeof(question);
    pipeline->n_asked = pipeline->n_kept;
    leat_pipeline_forget(pipeline);
}

void leat_pipeline_forget(leat_pipeline *pipeline)
{
    pipeline->text.size = 0;
    pipeline->n_answered = pipeline->n_kept;
    pipeline->complaint[0] = 0;
}

const char *leat_pipeline_start(leat_pipeline *pipeline, bool with_kept, size_t *size)
{
    size_t skipped = with_kept ? 0 : pipeline->kept_out;
    pipeline->n_answered = with_kept ? 0 : pipeline->n_kept;
    *size = pipeline->out.size - skipped;
    return (const char *)pipeline->out.data + skipped;
}

/* hiredis takes a NULL for "out of memory"; this stands for "the reply has been seen". */
static char seen;

static void *complain(leat_pipeline *pipeline, const char *found)
{
    const question *asked = question_at(pipeline, pipeline->n_answered);
    if (pipeline->complaint[0])
        return &seen;
    if (asked->expected == LEAT_REPLY_VALUES)
        snprintf(pipeline->complaint, sizeof pipeline->complaint,
                 "found %s where an array of %u values was expected", found, asked->n);
    else
        snprintf(pipeline->complaint, sizeof pipeline->complaint,
                 "found %s where %s was expected", found,
                 asked->expected == LEAT_REPLY_VALUE ? "a value" : "a status");
    return &seen;
}

#if HIREDIS_MAJOR >= 1
typedef size_t array_size;
#else
typedef int array_size;
#endif

static void *on_array(const redisReadTask *task, array_size n)
{
    leat_pipeline *pipeline = task->privdata;
    question *asked = question_at(pipeline, pipeline->n_answered);
    if (task->parent || task->type != REDIS_REPLY_ARRAY)
        return complain(pipeline, "an array inside of another, or a map");
    if (asked->expected != LEAT_REPLY_VALUES || (uint32_t)n != asked->n) {
        char found[32];
        snprintf(found, sizeof found, "an array of %lld", (long long)n);
        return complain(pipeline, found);
    }
    asked->kind = LEAT_REPLY_VALUES;
    return &seen;
}

/* The reply has no object of its own, so what it is stands in the task that reads it.
 * NONE: it is not what was asked for. */
static leat_reply_kind kind_of(const redisReadTask *task, const question *asked)
{
    leat_reply_kind kind = LEAT_REPLY_NONE;
    if (task->type == REDIS_REPLY_STRING)
        kind = task->parent ? LEAT_REPLY_VALUES : LEAT_REPLY_VALUE;
    else if (task->type == REDIS_REPLY_STATUS && !task->parent)
        kind = LEAT_REPLY_TEXT;
    if (task->type == REDIS_REPLY_ERROR && !task->parent)
        return LEAT_REPLY_ERROR;
    return kind == asked->expected ? kind : LEAT_REPLY_NONE;
}

static void *on_string(const redisReadTask *task, char *text, size_t size)
{
    leat_pipeline *pipeline = task->privdata;
    question *asked = question_at(pipeline, pipeline->n_answered);
    bool is_top = !task->parent;
    if (pipeline->complaint[0])
        return &seen;
    asked->kind = kind_of(task, asked);
    if (asked->kind == LEAT_REPLY_NONE || size > UINT32_MAX)
        return complain(pipeline, is_top ? "a text" : "an element that is no string");
    size_t at = pipeline->text.size;
    char *copy = area_take(&pipeline->text, size);
    if (!copy)
        return NULL;
    memcpy(copy, text, size);
    *place_at(pipeline, asked->first + (is_top ? 0 : (uint32_t)task->idx)) =
        (place){at, (uint32_t)size, true};
    return &seen;
}

static void *on_integer(const redisReadTask *task, long long value)
{
    (void)value;
    return complain(task->privdata, "an integer");
}

static void *on_nil(const redisReadTask *task)
{
    leat_pipeline *pipeline = task->privdata;
    question *asked = question_at(pipeline, pipeline->n_answered);
    if (pipeline->complaint[0])
        return &seen;
    if (asked->expected != (task->parent ? LEAT_REPLY_VALUES : LEAT_REPLY_VALUE))
        return complain(pipeline, "nil");
    asked->kind = asked->expected;
    *place_at(pipeline, asked->first + (task->parent ? (uint32_t)task->idx : 0)) =
        (place){0};
    return &seen;
}

#if HIREDIS_MAJOR >= 1 /* of RESP3, which nobody asked for */
static void *on_double(const redisReadTask *task, double value, char *text, size_t size)
{
    (void)value;
    (void)text;
    (void)size;
    return complain(task->privdata, "a double");
}

static void *on_bool(const redisReadTask *task, int value)
{
    (void)value;
    return complain(task->privdata, "a bool");
}
#endif

static void on_free(void *reply)
{
    (void)reply;
}

void leat_pipeline_attach(leat_pipeline *pipeline, redisReader *reader)
{
    static redisReplyObjectFunctions functions = {
        .createString = on_string,
        .createArray = on_array,
        .createInteger = on_integer,
        .createNil = on_nil,
#if HIREDIS_MAJOR >= 1
        .createDouble = on_double,
        .createBool = on_bool,
#endif
        .freeObject = on_free,
    };
    reader->fn = &functions;
    reader->privdata = pipeline;
}

/* Replies that came before a false one may have answered other questions too. */
static leat_status distrust(leat_pipeline *pipeline)
{
    pipeline->n_answered = 0;
    return LEAT_E_PROTOCOL;
}

leat_status leat_pipeline_take(leat_pipeline *pipeline, redisReader *reader)
{
    while (pipeline->n_answered < pipeline->n_asked) {
        void *reply = NULL;
        int result = redisReaderGetReply(reader, &reply);
        if (result != REDIS_OK && !pipeline->complaint[0])
            snprintf(pipeline->complaint, sizeof pipeline->complaint, "%.120s",
                     reader->errstr);
        if (pipeline->complaint[0])
            return distrust(pipeline);
        if (!reply)
            return LEAT_OK;
        pipeline->n_answered++;
    }
    if (reader->pos == reader->len)
        return LEAT_OK;
    snprintf(pipeline->complaint, sizeof pipeline->complaint,
             "found %zu bytes that nobody asked for", reader->len - reader->pos);
    return distrust(pipeline);
}

bool leat_pipeline_done(const leat_pipeline *pipeline)
{
    return pipeline->n_answered == pipeline->n_asked;
}

leat_reply_kind leat_pipeline_kind(const leat_pipeline *pipeline, uint32_t command)
{
    return command < pipeline->n_answered ? question_at(pipeline, command)->kind
                                          : LEAT_REPLY_NONE;
}

leat_slice leat_pipeline_value(const leat_pipeline *pipeline, uint32_t command,
                               uint32_t i)
{
    place found = *place_at(pipeline, question_at(pipeline, command)->first + i);
    if (!found.is_present)
        return (leat_slice){0};
    return (leat_slice){(const uint8_t *)pipeline->text.data + found.at, found.size};
}
