#include "consumers/file.h"

#include "base/msgpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_ROOM = 64 * 1024 };

struct leat_file {
    const char *name;
    leat_payload_format format;
    int fd;
    bool ended; /* nothing more can be read */
    uint8_t *buffer;
    size_t room;
    size_t begin, end;   /* what is read and not handed on: buffer[begin, end) */
    uint64_t position;   /* of buffer[begin] in the file */
    int64_t next_offset; /* of the next event */
};

leat_status leat_file_open(leat_file **file, const char *path, leat_payload_format format,
                           leat_error *error)
{
    bool is_stdin = !strcmp(path, "-");
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return leat_error_set(error, LEAT_E_NO_INPUT, "cannot open %s: %s", path,
                              strerror(errno));
    leat_file *made = calloc(1, sizeof *made);
    uint8_t *buffer = malloc(FIRST_ROOM);
    if (!made || !buffer) {
        free(buffer);
        free(made);
        close(fd);
        return leat_error_set(error, LEAT_E_MEMORY, "%s: out of memory", path);
    }
    made->name = is_stdin ? "stdin" : path;
    made->format = format;
    made->fd = fd;
    made->buffer = buffer;
    made->room = FIRST_ROOM;
    *file = made;
    return LEAT_OK;
}

void leat_file_close(leat_file *file)
{
    if (!file)
        return;
    close(file->fd);
    free(file->buffer);
    free(file);
}

const char *leat_file_name(const leat_file *file)
{
    return file->name;
}

/* ---- reading ---- */

/* Moves what is left to the front; doubles the buffer when that makes no room. */
static leat_status make_room(leat_file *file, leat_error *error)
{
    size_t left = file->end - file->begin;
    if (file->begin)
        memmove(file->buffer, file->buffer + file->begin, left);
    file->begin = 0;
    file->end = left;
    if (left < file->room)
        return LEAT_OK;
    if (left >= LEAT_FILE_MAX_VALUE)
        return leat_error_set(error, LEAT_E_TOO_LARGE,
                              "%s: the value at byte %" PRIu64 " does not end within "
                              "%zu MiB",
                              file->name, file->position, LEAT_FILE_MAX_VALUE >> 20);
    size_t room = 2 * left;
    uint8_t *buffer = realloc(file->buffer, room);
    if (!buffer)
        return leat_error_set(error, LEAT_E_MEMORY, "%s: out of memory", file->name);
    file->buffer = buffer;
    file->room = room;
    return LEAT_OK;
}

static bool is_ready(const leat_file *file)
{
    struct pollfd writer = {.fd = file->fd, .events = POLLIN};
    return poll(&writer, 1, 0) == 1;
}

/* Waits for more bytes, then takes what is there without waiting. A value that is read
 * piece by piece is walked again from its start each time; taking all that is there keeps
 * that rare where the writer is fast, and cheap where it is slow. */
static leat_status read_more(leat_file *file, leat_error *error)
{
    leat_status status = make_room(file, error);
    if (status != LEAT_OK)
        return status;
    do {
        ssize_t n = read(file->fd, file->buffer + file->end, file->room - file->end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return leat_error_set(error, LEAT_E_NO_INPUT, "cannot read %s: %s",
                                  file->name, strerror(errno));
        file->ended = !n;
        file->end += (size_t)n;
    } while (!file->ended && file->end < file->room && is_ready(file));
    return LEAT_OK;
}

/* ---- values ---- */

/* Too few bytes so far is all that these two say before the end of the file. */
static bool wants_more(leat_status status)
{
    return status == LEAT_E_TRUNCATED || status == LEAT_E_COUNT;
}

static void pass(leat_file *file, size_t n)
{
    file->begin += n;
    file->position += n;
}

static void pass_space(leat_file *file)
{
    const char *start = (const char *)file->buffer + file->begin;
    size_t n = 0;
    while (n < file->end - file->begin && start[n] && strchr(" \t\r\n", start[n]))
        n++;
    pass(file, n);
}

/* The end of a line, which the end of the file is too. */
static leat_status find_line(const leat_file *file, leat_cursor *cursor)
{
    const uint8_t *end = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));
    if (!end && !file->ended)
        return LEAT_E_TRUNCATED;
    cursor->at = end ? end : cursor->end;
    return LEAT_OK;
}

/* As msgpack the first bytes of a JSON text would be one integer each, and so on to its end;
 * nobody keeps files of these. */
static bool begins_as_json(const leat_file *file)
{
    const uint8_t *start = file->buffer + file->begin;
    return !file->position && file->end - file->begin > 1 &&
           (start[0] == '{' || start[0] == '[') && start[1] &&
           strchr("\"{[} \t\r\n", start[1]);
}

leat_status leat_file_next(leat_file *file, leat_slice *value, uint64_t *position,
                           leat_error *error)
{
    bool is_json = file->format == LEAT_PAYLOAD_JSON;
    leat_cursor cursor;
    leat_status status;
    for (;;) {
        if (is_json)
            pass_space(file);
        if (file->ended && file->begin == file->end)
            return LEAT_END;
        if (!is_json && begins_as_json(file))
            return leat_error_set(error, LEAT_E_FORMAT,
                                  "%s: expected msgpack, found JSON (source.format: json "
                                  "reads it)",
                                  file->name);
        const uint8_t *start = file->buffer + file->begin;
        cursor = (leat_cursor){start, start, file->buffer + file->end};
        status = is_json ? find_line(file, &cursor) : leat_msgpack_skip(&cursor, 0);
        if (status == LEAT_OK) {
            *value = (leat_slice){start, (uint32_t)(cursor.at - start)};
            *position = file->position;
            pass(file, value->size);
            return LEAT_OK;
        }
        if (file->ended || !wants_more(status))
            break;
        status = read_more(file, error);
        if (status != LEAT_OK)
            return status;
    }
    leat_msgpack_explain(&cursor, file->position, status, error);
    return leat_error_prefix(error, "%s: ", file->name);
}

static leat_status add_event(leat_file *file, leat_batch *batch, leat_slice value,
                             leat_error *error)
{
    uint8_t *copy = leat_arena_alloc(&batch->arena, value.size);
    if (!copy)
        return leat_error_set(error, LEAT_E_MEMORY, "%s: out of memory", file->name);
    memcpy(copy, value.data, value.size);
    leat_event *event = leat_batch_add(batch);
    event->topic = file->name;
    event->offset = file->next_offset++;
    event->timestamp = -1;
    event->payload = (leat_slice){copy, value.size};
    batch->bytes += value.size;
    return LEAT_OK;
}

leat_status leat_file_fill(leat_file *file, leat_batch *batch, uint64_t max_bytes,
                           leat_error *error)
{
    leat_status status = LEAT_OK;
    while (batch->n_events < batch->max_events && batch->bytes < max_bytes) {
        leat_slice value;
        uint64_t position;
        status = leat_file_next(file, &value, &position, error);
        if (status == LEAT_OK)
            status = add_event(file, batch, value, error);
        if (status != LEAT_OK)
            break;
    }
    return status != LEAT_E_MEMORY && batch->n_events ? LEAT_OK : status;
}
