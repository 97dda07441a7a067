/* consumers/decode.h: payload to columns and captures.
 *
 * A payload is msgpack, or what the schema's format says: JSON is made msgpack first, as a
 * whole (base/json_pack.h), so that all that follows is said once. The event's payload
 * stays as it came.
 *
 * A decoder is compiled from a schema: the paths of all columns and captures whose root
 * is the event, its key, headers or meta become one trie, and one bounded walk over the
 * payload visits every wanted value once. Numbers go straight into the input tensors.
 * Events of one stream repeat their key order, so each map of the trie remembers the keys
 * of the last event and compares bytes before it searches.
 *
 * A tombstone (payload NULL) gets no row and no mark: it is skipped. So is an event that
 * does not match the schema's filter, whatever else it lacks, unless its payload is
 * malformed. Every event that gets a row gets its time too. A payload that is malformed,
 * or a column whose value has the wrong type, is marked with leat_batch_fail(DECODE) and
 * gets no row; of several mistakes a malformed payload is named, else the first value.
 *
 * What a column takes for a value is base/element.h's to say: any number or bool for a
 * float, a whole number within range for an integer; anything else is E_TYPE or E_RANGE.
 * Of a column with a reading, base/reading.h says it; its value is captured by the walk
 * and read afterwards. nil, NaN or absent is missing: the default stands in (or NaN;
 * without a default an integer or string is E_MISSING), and the column's bit in `missing`
 * stays. The top level of a payload must be a map; bytes after it are E_TRAILING; text
 * must be UTF-8; map keys may be str or bin, other keys are passed over; of two equal keys
 * the last one counts; ext -1 must be a valid timestamp, other ext types are refused
 * (0x72 names msgpackr's `useRecords: false`).
 *
 * Owns:    the trie and the memo. Not the schema, which outlives it.
 * Threads: one lane.
 * Fails:   new: E_MEMORY, E_CONFIG. run: never; events are marked instead.
 */
#ifndef LEAT_CONSUMERS_DECODE_H
#define LEAT_CONSUMERS_DECODE_H

#include "base/batch.h"
#include "base/error.h"

typedef struct leat_decoder leat_decoder;

/* Finds the last header of that name in an event's record; data NULL when there is none.
 * The source offers leat_source_header; a file has no headers: NULL. */
typedef leat_slice leat_header_find(const leat_event *event, const char *name);

leat_status leat_decoder_new(leat_decoder **decoder, const leat_schema *schema,
                             leat_header_find *find_header,
                             leat_error *error) LEAT_MUST_CHECK;
void leat_decoder_free(leat_decoder *decoder);

/* Decodes every event of the batch that has no row yet. */
void leat_decoder_run(leat_decoder *decoder, leat_batch *batch);

#endif
