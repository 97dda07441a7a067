/* The rows of an event that ranks.
 *
 * The event's own values were decoded into a row that no model sees, and the array of its
 * candidates was captured. So each candidate's row begins as a copy of that one, its
 * captures as a copy of the event's, and a walk over the candidate fills in the rest: with
 * the same functions, since all that they know is a trie and where its targets go.
 *
 * A column is missing when one candidate lacks it. A candidate that cannot be scored fails
 * the event, like any other value that is not what the model takes.
 */
#include "consumers/decode_internal.h"

/* What is wrong with the array as a whole. */
static void refuse(const leat_decoder *decoder, leat_batch *batch, leat_event *event,
                   const leat_value *array)
{
    const leat_candidates *candidates = &decoder->schema->candidates;
    const char *path = decoder->schema->captures[candidates->capture].text;
    if (array->type == LEAT_VALUE_NONE)
        leat_batch_fail(batch, event, LEAT_STAGE_DECODE, LEAT_E_MISSING,
                        "%s: missing; expected an array of candidates", path);
    else if (array->type != LEAT_VALUE_ARRAY)
        leat_batch_fail(batch, event, LEAT_STAGE_DECODE, LEAT_E_TYPE,
                        "%s: expected an array of candidates, found %s", path,
                        leat_decode_found(array));
    else
        leat_batch_fail(batch, event, LEAT_STAGE_DECODE, LEAT_E_RANGE,
                        "%s: %u candidates; at most %u are allowed", path, array->size,
                        candidates->max);
}

/* Where the first one begins, and how many there are. nil is how some write an empty
 * list. */
static bool find_candidates(const leat_decoder *decoder, leat_batch *batch,
                            leat_event *event, const uint8_t **at, uint32_t *n)
{
    const leat_candidates *candidates = &decoder->schema->candidates;
    leat_slice capture = decoder->captures[candidates->capture];
    leat_cursor cursor = leat_cursor_over(capture);
    leat_value array = {.type = LEAT_VALUE_NONE};
    bool is_there = capture.data && leat_msgpack_read(&cursor, &array) == LEAT_OK;
    *at = cursor.at;
    *n = array.type == LEAT_VALUE_ARRAY ? array.size : 0;
    if (is_there && (array.type == LEAT_VALUE_NIL ||
                     (array.type == LEAT_VALUE_ARRAY && *n <= candidates->max)))
        return true;
    refuse(decoder, batch, event, &array);
    return false;
}

static void begin_candidate(leat_decoder *decoder, const leat_batch *batch, uint32_t row,
                            const leat_slice *captures)
{
    const leat_schema *schema = decoder->schema;
    for (uint32_t i = 0; i < schema->n_inputs; i++) {
        size_t bytes = decoder->row_bytes[i];
        decoder->rows[i] = (uint8_t *)batch->inputs[i].data + row * bytes;
        memcpy(decoder->rows[i], decoder->event_rows[i], bytes);
    }
    decoder->captures = leat_batch_row_captures(batch, row);
    memcpy(decoder->captures, captures, schema->n_captures * sizeof *captures);
    memcpy(decoder->missing, decoder->candidate.columns,
           batch->missing_words * sizeof *decoder->missing);
}

/* A ranking is of things that have names. */
static void check_item(leat_decoder *decoder)
{
    uint32_t item = decoder->schema->candidates.item;
    leat_cursor cursor = leat_cursor_over(decoder->captures[item]);
    leat_value value;
    if (!cursor.at || leat_msgpack_read(&cursor, &value) != LEAT_OK ||
        value.type == LEAT_VALUE_NIL)
        leat_decode_blame(decoder, LEAT_E_MISSING, decoder->schema->captures[item].text,
                          NULL, NULL);
}

/* Returns where it ends. */
static const uint8_t *take_candidate(leat_decoder *decoder, leat_batch *batch,
                                     leat_event *event, const uint8_t *at)
{
    at = leat_decode_visit(decoder, decoder->candidate.root, at, 1);
    leat_decode_read_captures(decoder, &decoder->candidate, event);
    leat_decode_look_for_missing(decoder, &decoder->candidate, batch, event);
    check_item(decoder);
    return at;
}

/* What candidates feed is not missing before one of them lacks it; of no candidates
 * nothing is missing but what the event itself has not. */
static void begin_missing(const leat_decoder *decoder, const leat_batch *batch,
                          uint64_t *missing, uint32_t n)
{
    for (uint32_t i = 0; i < batch->missing_words; i++)
        missing[i] &= n ? ~decoder->candidate.columns[i] : decoder->event.columns[i];
}

void leat_decode_candidates(leat_decoder *decoder, leat_batch *batch, leat_event *event)
{
    const leat_slice *captures = decoder->captures;
    uint64_t *missing = decoder->missing;
    const uint8_t *at;
    uint32_t n;
    if (!find_candidates(decoder, batch, event, &at, &n))
        return;
    if (leat_batch_add_rows(batch, event, n) != LEAT_OK) {
        leat_batch_fail(batch, event, LEAT_STAGE_DECODE, LEAT_E_MEMORY,
                        "no memory for %u candidates", n);
        return;
    }
    begin_missing(decoder, batch, missing, n);
    decoder->missing = decoder->candidate_missing;
    for (uint32_t i = 0; i < n && decoder->failure.status == LEAT_OK; i++) {
        decoder->candidate_index = i;
        begin_candidate(decoder, batch, event->first + i, captures);
        at = take_candidate(decoder, batch, event, at);
        for (uint32_t word = 0; word < batch->missing_words; word++)
            missing[word] |= decoder->missing[word];
    }
}
