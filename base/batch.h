/* base/batch.h: what flows. The rows of one model call and the events behind them.
 *
 * One batch goes one way through one lane:
 *
 *   source   adds events: coordinates, slices of key and payload, the record they live in
 *   decode   gives each event its rows, writes columns, captures
 *   features writes the columns that Redis feeds
 *   session  writes the outputs
 *   sink     copies every event into an output record and opens a ticket
 *   source   takes its records back; the batch is reset
 *
 * Row i of the output belongs to row i of the input, and event.first says which event it
 * belongs to; nothing ever reorders rows. An event has one row, or one a candidate where it
 * ranks; one that ranks nothing has none, and is answered like any other. An event that
 * cannot be scored is marked with leat_batch_fail and goes on to the dead letters; it never
 * stops its neighbours. The mark stands on the event and not on the row, because an event
 * is what is settled.
 *
 * Owns:    tensors, event records, arena. Not the Kafka records: the source does.
 * Threads: one lane.
 * Fails:   E_MEMORY; once warm, nothing here allocates: room for rows grows with the
 *          largest batch, and stays.
 */
#ifndef LEAT_BASE_BATCH_H
#define LEAT_BASE_BATCH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/event_time.h"
#include "base/schema.h"
#include "base/slice.h"

/* The stages of the way, as dead letters and metrics name them. */
typedef enum leat_stage {
    LEAT_STAGE_DECODE,
    LEAT_STAGE_FEATURES,
    LEAT_STAGE_MODEL,
    LEAT_STAGE_PUBLISH,
} leat_stage;

/* "decode", "features", "model", "publish". */
const char *leat_stage_name(leat_stage stage);

/* What the values of an event's columns are worth; the worst one stands. */
typedef enum leat_quality {
    LEAT_QUALITY_COMPLETE,
    LEAT_QUALITY_DEFAULTED, /* a value was missing: its default, or NaN, took its place */
    LEAT_QUALITY_STALE,     /* a value came from the cache past its time */
    LEAT_QUALITY_UNAVAILABLE, /* Redis did not answer */
} leat_quality;

typedef struct leat_event {
    const char *topic; /* interned by the source: compare by pointer */
    uint32_t slot;     /* the source's dense index of (topic, partition) */
    int32_t partition;
    uint32_t epoch; /* of the assignment that it was read under: rises with each */
    int64_t offset;
    int64_t timestamp;  /* milliseconds since 1970, or -1 */
    leat_slice key;     /* data NULL: none */
    leat_slice payload; /* data NULL: a tombstone */
    void *record;       /* what the source takes back; opaque to the other stages */

    uint32_t first;  /* its rows are [first, first + n) */
    uint32_t n;      /* 0: skipped, failed before it had rows, or nothing to rank */
    bool is_skipped; /* not to be scored, and nothing is wrong with it: a tombstone,
                        or one that the filter leaves out */
    bool has_time;
    leat_event_time time; /* when it happened; the decoder finds it */
    leat_quality quality;

    leat_status status; /* OK, or a ROW error */
    leat_stage stage;   /* where it failed */
    const char *reason; /* why, for people; in the batch's arena, NULL when OK */
} leat_event;

typedef struct leat_batch {
    const leat_schema *schema;
    leat_arena arena; /* what lives as long as the batch */

    uint32_t max_events;
    uint32_t n_events;
    leat_event *events; /* [n_events] */
    uint64_t bytes;     /* keys and payloads together */
    uint64_t opened_ns; /* when the first event came, by the monotonic clock */

    uint32_t max_rows; /* max_events, and more once there were more */
    uint32_t n_rows;
    leat_tensor *inputs; /* [schema->n_inputs], data [max_rows][row_size] */
    leat_tensor output;  /* data [max_rows][row_size], written by the session */

    leat_slice *captures;     /* [max_events][schema->n_captures]: one msgpack value each;
                               data NULL where the event has no such value */
    leat_slice *row_captures; /* [max_rows][schema->n_captures] where events rank */
    uint64_t *missing;        /* [max_events][missing_words]: bit c stands while column c
                                 has no value, in any of the rows */
    uint32_t missing_words;   /* (n_columns + 63) / 64 */

    leat_arena layout; /* what lives as long as the schema: captures, missing */
    leat_arena rows;   /* whatever holds rows: tensors, their captures */
} leat_batch;

leat_status leat_batch_init(leat_batch *batch, uint32_t max_events) LEAT_MUST_CHECK;
void leat_batch_fini(leat_batch *batch);

/* Empties the batch. A schema or output shape that differs from the last one lays the
 * tensors out again. `output` describes the model's output and outlives the batch. */
leat_status leat_batch_reset(leat_batch *batch, const leat_schema *schema,
                             const leat_tensor_spec *output) LEAT_MUST_CHECK;

/* The next event, zeroed; NULL when max_events are in. */
leat_event *leat_batch_add(leat_batch *batch);

/* Gives the event its rows, behind all others; they hold whatever was there before.
 * E_MEMORY, with nothing changed. Tensors may move. */
leat_status leat_batch_add_rows(leat_batch *batch, leat_event *event,
                                uint32_t n) LEAT_MUST_CHECK;

/* Takes back the rows of the last event that has some. */
void leat_batch_drop_rows(leat_batch *batch, leat_event *event);

/* Marks an event as not to be scored; the first mark stands. `status` is of class ROW. */
void leat_batch_fail(leat_batch *batch, leat_event *event, leat_stage stage,
                     leat_status status, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A worse one stands already, or this one does. */
static inline void leat_event_lower_quality(leat_event *event, leat_quality quality)
{
    if (event->quality < quality)
        event->quality = quality;
}

/* Whether a prediction is due. */
static inline bool leat_event_is_scored(const leat_event *event)
{
    return event->status == LEAT_OK && !event->is_skipped;
}

static inline uint32_t leat_batch_event_index(const leat_batch *batch,
                                              const leat_event *event)
{
    return (uint32_t)(event - batch->events);
}

/* The captures of one event: [schema->n_captures]. */
static inline leat_slice *leat_batch_captures(const leat_batch *batch,
                                              const leat_event *event)
{
    return batch->captures +
           (size_t)leat_batch_event_index(batch, event) * batch->schema->n_captures;
}

/* The captures of a row, where events rank: those of its event, and of its candidate. */
static inline leat_slice *leat_batch_row_captures(const leat_batch *batch, uint32_t row)
{
    return batch->row_captures + (size_t)row * batch->schema->n_captures;
}

/* What the ranking names the candidate of a row by; the decoder refuses one without. */
static inline leat_slice leat_batch_item(const leat_batch *batch, uint32_t row)
{
    return leat_batch_row_captures(batch, row)[batch->schema->candidates.item];
}

/* The bits of one event's columns that have no value: [missing_words]. */
static inline uint64_t *leat_batch_missing(const leat_batch *batch,
                                           const leat_event *event)
{
    return batch->missing +
           (size_t)leat_batch_event_index(batch, event) * batch->missing_words;
}

#endif
