/* consumers/file.h: events from a file or a pipe instead of a topic.
 *
 * A file of msgpack is values one behind the other, each the payload of one event. Nothing
 * but a value's own structure says where it ends, so after a malformed one there is no
 * next one to be found: the file ends there, and every further call says so again. A file
 * of JSON is refused in its place. Where JSON is asked for, a value is on each line, as in
 * NDJSON; nothing of it is checked here, and lines of nothing but space are passed over.
 *
 * Memory is bounded by the largest value, which may have LEAT_FILE_MAX_VALUE bytes. What
 * a pipe has is handed on before more is waited for.
 *
 * Owns:    the file and one buffer.
 * Threads: one at a time.
 * Fails:   E_NO_INPUT (it cannot be opened or read), E_MEMORY; a ROW error for a
 *          malformed value, with the byte's place in the file; positive: END.
 */
#ifndef LEAT_CONSUMERS_FILE_H
#define LEAT_CONSUMERS_FILE_H

#include "base/batch.h"

#define LEAT_FILE_MAX_VALUE ((size_t)128 << 20)

typedef struct leat_file leat_file;

/* "-" is standard input. `path` outlives the file. */
leat_status leat_file_open(leat_file **file, const char *path, leat_payload_format format,
                           leat_error *error) LEAT_MUST_CHECK;
void leat_file_close(leat_file *file);

/* The file's name for people. */
const char *leat_file_name(const leat_file *file);

/* The next value, valid until the next call; the structure of msgpack has been checked.
 * `*position` is where it begins in the file. END when there is none. */
leat_status leat_file_next(leat_file *file, leat_slice *value, uint64_t *position,
                           leat_error *error) LEAT_MUST_CHECK;

/* Adds events to the batch until it is full or holds `max_bytes`; payloads are copied
 * into its arena. Their topic is the file's name, the offset counts them, the timestamp
 * is unknown. An error comes when all events before it have been handed on. */
leat_status leat_file_fill(leat_file *file, leat_batch *batch, uint64_t max_bytes,
                           leat_error *error) LEAT_MUST_CHECK;

#endif
