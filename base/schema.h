/* base/schema.h: how an event becomes the rows that a model wants.
 *
 * The configuration builds one schema per plan; the stages read it. Its two halves:
 *
 *   columns   an element of an input tensor, or some that follow one another, fed from the
 *             event or from a lookup
 *   captures  a value of the event that a later stage needs as it is: a part of a
 *             lookup's key, the event time, a field to include in the prediction
 *
 * The decoder writes columns straight into the tensors and leaves captures as slices of
 * msgpack, so features/ and producers/ never need to know a path or a payload format.
 *
 * Owns:    everything below it lives in the plan's arena; immutable once built.
 * Threads: any.
 */
#ifndef LEAT_BASE_SCHEMA_H
#define LEAT_BASE_SCHEMA_H

#include "base/filter.h"
#include "base/path.h"
#include "base/tensor.h"

#define LEAT_NO_CAPTURE UINT32_MAX

typedef struct leat_reading leat_reading; /* base/reading.h */

typedef struct leat_column {
    const char *name; /* the feature's */
    uint32_t tensor;  /* which input */
    uint32_t element; /* which element of its row: the first one */
    uint32_t n;       /* elements: 1, unless its reading gives a sequence */
    leat_path from;
    const leat_reading *reading; /* NULL: a number, as it is */
    uint32_t capture;            /* where a reading finds its value; unless NAMED */
    bool has_default;            /* base/column.h writes it */
    double default_value;    /* NaN without has_default; not of sequences and strings */
    leat_slice default_text; /* of a column of strings */
} leat_column;

/* What the payloads of the events are. JSON is msgpack behind the decoder. */
typedef enum leat_payload_format {
    LEAT_PAYLOAD_MSGPACK,
    LEAT_PAYLOAD_JSON,
} leat_payload_format;

/* An event that ranks has a row for each element of an array. Columns and captures whose
 * path is a candidate's are of the row, the others of the event and so of all its rows. */
typedef struct leat_candidates {
    uint32_t max;     /* of one event; 0: an event is one row */
    uint32_t capture; /* the array */
    uint32_t item;    /* the capture by which the ranking names a candidate */
} leat_candidates;

typedef struct leat_schema {
    uint32_t n_inputs;
    const leat_tensor_spec *inputs; /* [n_inputs] */
    uint32_t n_columns;
    const leat_column *columns; /* [n_columns] */
    uint32_t n_captures;
    const leat_path *captures; /* [n_captures], each distinct, none NAMED */
    uint32_t time_capture; /* when the event happened (base/event_time.h); NO_CAPTURE: the
                              record's timestamp */
    leat_payload_format format;
    leat_filter filter; /* an event that does not match is skipped */
    leat_candidates candidates;
} leat_schema;

#endif
