/* consumers/record_field.h: what a record says beside its payload: key, headers, meta.
 *
 * Owns:    nothing; a packed field lives in the batch's arena.
 * Threads: one lane.
 * Fails:   E_MEMORY.
 */
#ifndef LEAT_CONSUMERS_RECORD_FIELD_H
#define LEAT_CONSUMERS_RECORD_FIELD_H

#include "base/msgpack.h"
#include "consumers/decode.h"

/* Meta that is a number: partition, offset, timestamp; nil when the record has none. */
leat_value leat_record_number(const leat_event *event, const leat_path *path);

/* The field as one msgpack value: an integer; a str, or bin where the bytes are not
 * UTF-8. data NULL when the record has no such field. */
leat_status leat_record_pack(const leat_event *event, const leat_path *path,
                             leat_header_find *find_header, leat_arena *arena,
                             leat_slice *packed) LEAT_MUST_CHECK;

#endif
