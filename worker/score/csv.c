#include "worker/score/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 * 1024, END_OF_FILE = -1 };

leat_status leat_csv_init(leat_csv *csv, FILE *file, const char *name)
{
    *csv = (leat_csv){.file = file, .name = name, .next_line = 1};
    csv->input = malloc(BLOCK);
    return csv->input ? LEAT_OK : LEAT_E_MEMORY;
}

void leat_csv_fini(leat_csv *csv)
{
    free(csv->input);
    free(csv->text);
    free(csv->fields);
    *csv = (leat_csv){0};
}

static bool has_input(leat_csv *csv)
{
    static const char byte_order_mark[] = {'\xef', '\xbb', '\xbf'};
    if (csv->input_at < csv->input_end)
        return true;
    bool is_first = !csv->bytes;
    csv->input_at = 0;
    csv->input_end = fread(csv->input, 1, BLOCK, csv->file);
    csv->bytes += csv->input_end;
    if (is_first && csv->input_end >= sizeof byte_order_mark &&
        !memcmp(csv->input, byte_order_mark, sizeof byte_order_mark))
        csv->input_at = sizeof byte_order_mark;
    return csv->input_at < csv->input_end;
}

static int next_byte(leat_csv *csv)
{
    if (!has_input(csv))
        return END_OF_FILE;
    int byte = csv->input[csv->input_at++];
    csv->next_line += byte == '\n';
    return byte;
}

static leat_status push_byte(leat_csv *csv, int byte)
{
    if (csv->text_size == csv->text_room) {
        size_t room = csv->text_room ? 2 * csv->text_room : 4096;
        char *text = realloc(csv->text, room);
        if (!text)
            return LEAT_E_MEMORY;
        csv->text = text;
        csv->text_room = room;
    }
    csv->text[csv->text_size++] = (char)byte;
    return LEAT_OK;
}

/* Only the size is noted: the text may still move as it grows. */
static leat_status push_field(leat_csv *csv, size_t size)
{
    if (csv->n_fields == csv->max_fields) {
        uint32_t room = csv->max_fields ? 2 * csv->max_fields : 64;
        leat_csv_field *fields = realloc(csv->fields, room * sizeof *fields);
        if (!fields)
            return LEAT_E_MEMORY;
        csv->fields = fields;
        csv->max_fields = room;
    }
    csv->fields[csv->n_fields++].size = size;
    return push_byte(csv, 0);
}

static void point_at_texts(leat_csv *csv)
{
    const char *text = csv->text;
    for (uint32_t i = 0; i < csv->n_fields; i++) {
        csv->fields[i].text = text;
        text += csv->fields[i].size + 1;
    }
}

static bool is_separator(int byte)
{
    return byte == ',' || byte == '\n' || byte == END_OF_FILE;
}

/* `byte` is the field's first; `separator` becomes what ends it. */
static leat_status read_plain(leat_csv *csv, int byte, int *separator)
{
    size_t start = csv->text_size;
    leat_status status = LEAT_OK;
    for (; status == LEAT_OK && !is_separator(byte); byte = next_byte(csv))
        status = push_byte(csv, byte);
    bool ends_record = byte != ',';
    if (ends_record && csv->text_size > start && csv->text[csv->text_size - 1] == '\r')
        csv->text_size--; /* of CRLF */
    *separator = byte;
    return status == LEAT_OK ? push_field(csv, csv->text_size - start) : status;
}

static leat_status refuse(const leat_csv *csv, const char *what, leat_error *error)
{
    return leat_error_set(error, LEAT_E_FORMAT, "%s:%" PRIu64 ": column %u: %s",
                          csv->name, csv->line, csv->n_fields + 1, what);
}

/* Behind the opening quote. A quote closes the field unless another one follows. */
static leat_status read_quoted(leat_csv *csv, int *separator, leat_error *error)
{
    size_t start = csv->text_size;
    leat_status status = LEAT_OK;
    int byte;
    while (status == LEAT_OK) {
        byte = next_byte(csv);
        if (byte == '"' && (byte = next_byte(csv)) != '"')
            break;
        if (byte == END_OF_FILE)
            return refuse(csv, "the quote that opens here is never closed", error);
        status = push_byte(csv, byte);
    }
    if (status != LEAT_OK)
        return status;
    if (byte == '\r')
        byte = next_byte(csv);
    if (!is_separator(byte))
        return refuse(csv, "there is text behind the closing quote", error);
    *separator = byte;
    return push_field(csv, csv->text_size - start);
}

leat_status leat_csv_next(leat_csv *csv, leat_error *error)
{
    csv->line = csv->next_line;
    csv->n_fields = 0;
    csv->text_size = 0;
    leat_status status = has_input(csv) ? LEAT_OK : LEAT_END;
    for (int separator = ','; status == LEAT_OK && separator == ',';) {
        int byte = next_byte(csv);
        status = byte == '"' ? read_quoted(csv, &separator, error)
                             : read_plain(csv, byte, &separator);
    }
    if (ferror(csv->file))
        return leat_error_set(error, LEAT_E_IO, "%s: %s", csv->name, strerror(errno));
    if (status == LEAT_E_MEMORY)
        return leat_error_set(error, status, "%s: out of memory at line %" PRIu64,
                              csv->name, csv->line);
    point_at_texts(csv);
    return status;
}
