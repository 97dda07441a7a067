/* How an event is decoded. JSON becomes msgpack first; a payload is that from then on.
 *
 *   1. Its row is copied from a template that holds every column's default, and all
 *      columns count as missing.
 *   2. One walk over the payload goes down the trie along with the bytes. A value that a
 *      node wants is written where it belongs and clears its bit; everything else is
 *      checked and passed over.
 *   3. Of two equal keys the last one counts: before a node is visited (again), what an
 *      earlier visit wrote below it is forgotten.
 *   4. The filter judges by what was captured; an event that it leaves out gives its row
 *      back and is skipped.
 *   5. Columns that are more than a number are read from what the walk captured for them.
 *   6. Where events rank, all of this happened to a row that no model sees; now each
 *      candidate gets a copy of it, and a walk of its own (decode_candidates.c).
 *   7. Any error takes the rows back.
 *
 * The walk hands its place in the payload from call to call by value, so that it stays in
 * a register: each function takes where a value begins and returns where it ends, or NULL
 * when it failed, with the reason in decoder->failure.
 */
#include "consumers/decode_internal.h"

#include "base/json_pack.h"
#include "consumers/record_field.h"

#include <assert.h>
#include <math.h>

/* ---- what a target gets ---- */

/* Into a column of floats. */
static inline void put_number(leat_decoder *decoder, const leat_target *target,
                              double number)
{
    void *at = leat_decode_element(decoder, target);
    if (target->dtype == LEAT_F32)
        *(float *)at = (float)number;
    else
        *(double *)at = number;
    leat_decode_clear_missing(decoder, target);
}

static void forget(leat_decoder *decoder, const leat_target *target)
{
    if (target->is_capture) {
        decoder->captures[target->index] = (leat_slice){0};
        return;
    }
    const uint8_t *blank = decoder->templates[target->tensor];
    memcpy(leat_decode_element(decoder, target), blank + target->offset,
           leat_dtype_size(target->dtype));
    decoder->missing[target->index / 64] |= leat_column_bit(target->index);
}

/* The payload is malformed, which ends the walk. */
static const uint8_t *fail(leat_decoder *decoder, leat_status status, const uint8_t *at)
{
    decoder->failure.status = status;
    decoder->failure.at = at;
    return NULL;
}

/* Into a column of any type; `path` is where the value stands. */
static void put_column(leat_decoder *decoder, const leat_target *target,
                       const leat_value *value, const char *path)
{
    leat_dtype dtype = target->dtype;
    leat_status status =
        leat_element_put(leat_decode_element(decoder, target), dtype, value);
    if (status == LEAT_OK)
        leat_decode_clear_missing(decoder, target);
    else if (status != LEAT_E_MISSING)
        leat_decode_blame(decoder, status, path,
                          status == LEAT_E_RANGE ? leat_dtype_name(dtype)
                                                 : leat_dtype_text(dtype),
                          leat_decode_found(value));
}

/* The node's own targets get the value, whose bytes are `whole`. */
static void put_value(leat_decoder *decoder, const leat_node *node,
                      const leat_value *value, leat_slice whole)
{
    for (const leat_target *target = node->first; target < node->own_end; target++) {
        if (target->is_capture)
            decoder->captures[target->index] = whole;
        else
            put_column(decoder, target, value, node->text);
    }
}

/* ---- the walk ---- */

static const uint8_t *visit_map(leat_decoder *decoder, const leat_node *node,
                                const uint8_t *at, uint32_t n, uint32_t depth);
static const uint8_t *visit_array(leat_decoder *decoder, const leat_node *node,
                                  const uint8_t *at, uint32_t n, uint32_t depth);

static const uint8_t *check(leat_decoder *decoder, const uint8_t *at, uint32_t depth)
{
    leat_cursor cursor = {at, at, decoder->end};
    leat_status status = leat_msgpack_check(&cursor, depth);
    return status == LEAT_OK ? cursor.at : fail(decoder, status, cursor.at);
}

/* Whether it is read in full and nothing can be wrong with it. */
static inline bool is_plain(const leat_value *value)
{
    if (value->type == LEAT_VALUE_STR)
        return leat_utf8_valid(value->as.bytes, value->size);
    return value->type < LEAT_VALUE_STR;
}

/* A value of any kind for a node of any kind. */
static const uint8_t *visit_any(leat_decoder *decoder, const leat_node *node,
                                const uint8_t *at, uint32_t depth)
{
    for (const leat_target *target = node->first; target < node->end; target++)
        forget(decoder, target);

    const uint8_t *start = at;
    leat_value value;
    leat_status status = leat_msgpack_read_at(&at, decoder->end, &value);
    if (status != LEAT_OK)
        return fail(decoder, status, start);
    if (node->n_children && value.type == LEAT_VALUE_MAP && !node->is_array)
        at = visit_map(decoder, node, at, value.size, depth + 1);
    else if (node->n_children && value.type == LEAT_VALUE_ARRAY && node->is_array)
        at = visit_array(decoder, node, at, value.size, depth + 1);
    else {
        if (node->feeds_columns && value.type != LEAT_VALUE_NIL)
            leat_decode_blame(decoder, LEAT_E_TYPE, node->text,
                              node->is_array ? "an array" : "a map",
                              leat_decode_found(&value));
        at = is_plain(&value) ? at : check(decoder, start, depth);
    }
    if (at)
        put_value(decoder, node, &value, (leat_slice){start, (uint32_t)(at - start)});
    return at;
}

/* The same, or a value that nobody wants (NULL): nearly all are numbers for one column, or
 * scalars for one capture or for nobody. */
static const uint8_t *visit(leat_decoder *decoder, const leat_node *node,
                            const uint8_t *start, uint32_t depth)
{
    const uint8_t *at = start;
    leat_value value;
    leat_status status = leat_msgpack_read_at(&at, decoder->end, &value);
    if (status != LEAT_OK)
        return fail(decoder, status, start);
    double number;
    if (!node)
        return is_plain(&value) ? at : check(decoder, start, depth);
    if (node->number && leat_value_number(&value, &number) == LEAT_OK && !isnan(number))
        put_number(decoder, node->number, number);
    else if (node->capture && is_plain(&value))
        decoder->captures[node->capture->index] =
            (leat_slice){start, (uint32_t)(at - start)};
    else
        return visit_any(decoder, node, start, depth);
    return at;
}

/* A key that was taken: where its value begins (NULL: failed), for whom that is, and
 * which key is expected next. */
typedef struct taken_key {
    const uint8_t *at;
    const leat_node *child;
    leat_expected_key *next;
} taken_key;

/* A key that has to be read in full. */
static taken_key find_member(leat_decoder *decoder, const leat_node *node,
                             const uint8_t *start, uint32_t depth)
{
    taken_key taken = {.at = start};
    leat_value key;
    leat_status status = leat_msgpack_read_at(&taken.at, decoder->end, &key);
    if (status == LEAT_OK && key.type == LEAT_VALUE_STR &&
        !leat_utf8_valid(key.as.bytes, key.size))
        status = LEAT_E_UTF8;
    if (status != LEAT_OK)
        taken.at = fail(decoder, status, start);
    else if (key.type == LEAT_VALUE_STR || key.type == LEAT_VALUE_BIN)
        taken.child = leat_trie_member(node, key.as.bytes, key.size);
    else
        taken.at = check(decoder, start, depth);
    return taken;
}

/* A key that is not the expected one, or has a value of another form: fields were left
 * out, or it is new here. */
static taken_key take_other_key(leat_decoder *decoder, const leat_node *node,
                                const uint8_t *start, uint32_t depth,
                                leat_expected_key *expected)
{
    leat_expected_key *last = &node->memo->keys[LEAT_MEMO_KEYS];
    size_t left = (size_t)(decoder->end - start);
    for (int i = 0; i <= LEAT_MEMO_AHEAD && expected + i < last; i++) {
        leat_expected_key *key = expected + i;
        if (!leat_expected_key_is(key, start, left))
            continue;
        leat_expected_key_set_form(key, start, left);
        return (taken_key){start + key->size, key->child, key + 1};
    }
    taken_key taken = find_member(decoder, node, start, depth);
    taken.next = expected < last ? expected + 1 : last;
    if (taken.at && expected < last)
        leat_expected_key_set(expected, start, (size_t)(taken.at - start), left,
                              taken.child);
    return taken;
}

/* The way of nearly all numbers: expected, and for one column. */
LEAT_ALWAYS_INLINE bool take_number(leat_decoder *decoder,
                                    const leat_expected_key *expected, const uint8_t *at)
{
    float number;
    if (!leat_expected_number(expected, at, &number))
        return false;
    *(float *)(decoder->rows[expected->tensor] + expected->offset) = number;
    decoder->missing[expected->missing] &= expected->keep;
    return true;
}

static const uint8_t *visit_map(leat_decoder *decoder, const leat_node *node,
                                const uint8_t *at, uint32_t n, uint32_t depth)
{
    leat_expected_key *expected = node->memo->keys;
    for (; n; n--) {
        taken_key taken;
        if (leat_key_memo_matches(expected, at, (size_t)(decoder->end - at))) {
            taken = (taken_key){at + expected->size, expected->child, expected + 1};
            if (take_number(decoder, expected, taken.at)) {
                at = taken.at + 1 + expected++->width;
                continue;
            }
        } else {
            taken = take_other_key(decoder, node, at, depth, expected);
        }
        expected = taken.next;
        at = taken.at ? visit(decoder, taken.child, taken.at, depth) : NULL;
        if (!at)
            return NULL;
    }
    return at;
}

static const uint8_t *visit_array(leat_decoder *decoder, const leat_node *node,
                                  const uint8_t *at, uint32_t n, uint32_t depth)
{
    const leat_node *child = node->children, *last = child + node->n_children;
    for (uint32_t i = 0; i < n && at; i++) {
        bool is_wanted = child < last && child->step.index == i;
        at = visit(decoder, is_wanted ? child++ : NULL, at, depth);
    }
    return at;
}

const uint8_t *leat_decode_visit(leat_decoder *decoder, const leat_node *node,
                                 const uint8_t *at, uint32_t depth)
{
    return visit(decoder, node, at, depth);
}

static const uint8_t *visit_payload(leat_decoder *decoder)
{
    const uint8_t *start = decoder->payload.data, *at = start;
    leat_value top;
    decoder->end = start + decoder->payload.size;
    leat_status status = leat_msgpack_read_at(&at, decoder->end, &top);
    if (status != LEAT_OK)
        return fail(decoder, status, at);
    if (top.type != LEAT_VALUE_MAP) {
        leat_decode_blame(decoder, LEAT_E_TYPE, decoder->event.root->text, "a map",
                          leat_decode_found(&top));
        return NULL;
    }
    at = visit_map(decoder, decoder->event.root, at, top.size, 1);
    return at && at < decoder->end ? fail(decoder, LEAT_E_TRAILING, at) : at;
}

/* Key, headers and meta. */
static bool take_record_fields(leat_decoder *decoder, leat_batch *batch,
                               const leat_event *event)
{
    for (uint32_t i = 0; i < decoder->n_record; i++) {
        const leat_target *target = &decoder->record[i];
        leat_value number = leat_record_number(event, target->path);
        leat_status status = LEAT_OK;
        if (target->is_capture)
            status = leat_record_pack(event, target->path, decoder->find_header,
                                      &batch->arena, &decoder->captures[target->index]);
        else
            put_column(decoder, target, &number, target->path->text);
        if (status != LEAT_OK)
            return fail(decoder, status, decoder->payload.data) != NULL;
    }
    return true;
}

/* ---- events ---- */

/* What is walked: the payload, or the msgpack of its JSON. */
static bool take_payload(leat_decoder *decoder, leat_batch *batch, leat_event *event)
{
    decoder->payload = event->payload;
    if (decoder->schema->format == LEAT_PAYLOAD_MSGPACK)
        return true;
    leat_json_fault fault;
    leat_error why;
    leat_status status =
        leat_json_pack(event->payload, &batch->arena, &decoder->payload, &fault);
    if (status == LEAT_OK)
        return true;
    leat_json_explain(event->payload, &fault, 0, status, &why);
    leat_batch_fail(batch, event, LEAT_STAGE_DECODE, status, "%s", why.msg);
    return false;
}

/* Where the event's values go: its row, or what the rows of its candidates begin as. */
static bool begin_row(leat_decoder *decoder, leat_batch *batch, leat_event *event)
{
    bool ranks = decoder->schema->candidates.max;
    if (!ranks && leat_batch_add_rows(batch, event, 1) != LEAT_OK) {
        leat_batch_fail(batch, event, LEAT_STAGE_DECODE, LEAT_E_MEMORY, "out of memory");
        return false;
    }
    for (uint32_t i = 0; i < decoder->schema->n_inputs; i++) {
        size_t bytes = decoder->row_bytes[i];
        decoder->rows[i] = ranks
                               ? decoder->event_rows[i]
                               : (uint8_t *)batch->inputs[i].data + event->first * bytes;
        memcpy(decoder->rows[i], decoder->templates[i], bytes);
    }
    decoder->missing = leat_batch_missing(batch, event);
    memcpy(decoder->missing, decoder->all, batch->missing_words * sizeof *decoder->all);
    return true;
}

static void find_time(const leat_decoder *decoder, leat_event *event)
{
    uint32_t capture = decoder->schema->time_capture;
    leat_slice value =
        capture == LEAT_NO_CAPTURE ? (leat_slice){0} : decoder->captures[capture];
    event->has_time = leat_event_time_find(&event->time, value, event->timestamp);
}

/* The filter judges before anybody asks whether columns have what they need: an event that
 * is not meant for the model need not look like one that is. */
static void take_event(leat_decoder *decoder, leat_batch *batch, leat_event *event)
{
    if (!visit_payload(decoder) || !take_record_fields(decoder, batch, event))
        return;
    event->is_skipped = !leat_filter_matches(&decoder->schema->filter, decoder->captures);
    if (event->is_skipped)
        return;
    find_time(decoder, event);
    leat_decode_read_captures(decoder, &decoder->event, event);
    leat_decode_look_for_missing(decoder, &decoder->event, batch, event);
    if (decoder->schema->candidates.max && decoder->failure.status == LEAT_OK)
        leat_decode_candidates(decoder, batch, event);
}

static void decode_event(leat_decoder *decoder, leat_batch *batch, leat_event *event)
{
    if (!take_payload(decoder, batch, event) || !begin_row(decoder, batch, event))
        return;
    decoder->candidate_index = LEAT_NO_CANDIDATE;
    decoder->failure.status = LEAT_OK;
    take_event(decoder, batch, event);
    if (decoder->failure.status != LEAT_OK && !event->is_skipped)
        leat_decode_explain(decoder, batch, event);
    if (!leat_event_is_scored(event))
        leat_batch_drop_rows(batch, event);
}

void leat_decoder_run(leat_decoder *decoder, leat_batch *batch)
{
    assert(batch->schema == decoder->schema);
    size_t captures_bytes = batch->schema->n_captures * sizeof *decoder->captures;
    for (uint32_t i = 0; i < batch->n_events; i++) {
        leat_event *event = &batch->events[i];
        if (event->n || event->is_skipped || event->status != LEAT_OK)
            continue;
        decoder->captures = leat_batch_captures(batch, event);
        if (captures_bytes)
            memset(decoder->captures, 0, captures_bytes);
        event->is_skipped = !event->payload.data;
        if (!event->is_skipped)
            decode_event(decoder, batch, event);
    }
}
