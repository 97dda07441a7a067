/* worker/score/csv.h: the records of a CSV file, RFC 4180.
 *
 * Fields are separated by commas, records by LF or CRLF. A field in double quotes may
 * hold commas, line breaks, and quotes that are doubled. A byte order mark at the start
 * is passed over. Spaces belong to the field.
 *
 * Owns:    its buffers, until fini. Not the file.
 * Threads: one at a time.
 * Fails:   E_FORMAT with the line and column; E_IO with errno's text; E_MEMORY.
 */
#ifndef LEAT_WORKER_CSV_H
#define LEAT_WORKER_CSV_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

typedef struct leat_csv_field {
    const char *text; /* NUL-terminated */
    size_t size;      /* without that NUL; the text may hold others */
} leat_csv_field;

typedef struct leat_csv {
    FILE *file;
    const char *name; /* for messages */

    uint64_t line; /* on which the record begins, from 1 */
    uint32_t n_fields;
    leat_csv_field *fields; /* [n_fields], valid until the next record */

    uint64_t next_line;
    uint64_t bytes; /* read so far */
    uint32_t max_fields;
    char *text; /* the record's fields, one after the other */
    size_t text_size;
    size_t text_room;
    uint8_t *input; /* a block of the file */
    size_t input_at;
    size_t input_end;
} leat_csv;

leat_status leat_csv_init(leat_csv *csv, FILE *file, const char *name) LEAT_MUST_CHECK;
void leat_csv_fini(leat_csv *csv);

/* Reads the next record into `fields`. END behind the last one. An empty line is a record
 * of one empty field. */
leat_status leat_csv_next(leat_csv *csv, leat_error *error) LEAT_MUST_CHECK;

#endif
