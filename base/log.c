#include "base/log.h"

#include "base/clock.h"
#include "base/msgpack.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A pipe that poll() calls writable takes PIPE_BUF (4096) bytes without blocking, so no
 * line may be longer. The message is cut well below: escaping can make six bytes of one.
 */
enum { MAX_LINE = 4096, MAX_MESSAGE = 1024, MAX_ESCAPE = 6, TAIL = 2 };

typedef struct line {
    size_t size;
    char text[MAX_LINE];
} line;

static atomic_int log_style = LEAT_LOG_TEXT;
static atomic_int log_least = LEAT_LOG_INFO;

/* One line at a time passes from poll() to write(), or two threads could both be told
 * that there is room for one. The lock is never held while waiting for the reader. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static uint64_t n_dropped;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void leat_log_open(leat_log_style style, leat_log_level least)
{
    if (style == LEAT_LOG_AUTO)
        style = isatty(STDERR_FILENO) ? LEAT_LOG_TEXT : LEAT_LOG_JSON;
    atomic_store(&log_style, (int)style);
    atomic_store(&log_least, (int)least);
}

__attribute__((format(printf, 2, 3))) static void put(line *out, const char *format, ...)
{
    size_t room = sizeof out->text - out->size;
    va_list args;
    va_start(args, format);
    int written = vsnprintf(out->text + out->size, room, format, args);
    va_end(args);
    if (written > 0)
        out->size += (size_t)written < room ? (size_t)written : room - 1;
}

/* The words of others come by here (Redis, the kernel, file names): no byte of theirs may
 * end the line, the JSON string, or talk to the terminal. */
static void put_escaped(line *out, const char *text, bool json)
{
    size_t size = strlen(text);
    bool is_utf8 = leat_utf8_valid((const uint8_t *)text, size);
    for (size_t i = 0; i < size && out->size < MAX_LINE - MAX_ESCAPE - 2 * TAIL; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            put(out, json ? "\\u%04x" : "\\x%02x", (unsigned)c);
        else if (json && (c == '"' || c == '\\'))
            put(out, "\\%c", c);
        else
            out->text[out->size++] = c < 0x80 || is_utf8 ? (char)c : '?';
    }
}

static void put_time(line *out, bool json)
{
    int64_t now = leat_real_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[32];
    strftime(text, sizeof text, json ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &utc);
    put(out, "%s.%03d%s", text, (int)(now % 1000), json ? "Z" : "");
}

static void format_line(line *out, leat_log_level level, const char *part,
                        const char *message)
{
    bool json = atomic_load(&log_style) == LEAT_LOG_JSON;
    out->size = 0;
    put(out, json ? "{\"time\":\"" : "");
    put_time(out, json);
    put(out, json ? "\",\"level\":\"%s\",\"part\":\"" : " %-5s ", level_names[level]);
    put_escaped(out, part, json);
    put(out, json ? "\",\"message\":\"" : ": ");
    put_escaped(out, message, json);
    put(out, json ? "\"}\n" : "\n");
}

static bool write_line(const line *out)
{
    struct pollfd reader = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&reader, 1, 0) != 1 || !(reader.revents & POLLOUT))
        return false;
    return write(STDERR_FILENO, out->text, out->size) == (ssize_t)out->size;
}

/* A reader that comes back is told what it missed before it gets the next line. */
static bool report_dropped(void)
{
    if (!n_dropped)
        return true;
    char message[80];
    snprintf(message, sizeof message, "%llu lines were dropped: nobody read them",
             (unsigned long long)n_dropped);
    line out;
    format_line(&out, LEAT_LOG_WARN, "log", message);
    if (!write_line(&out))
        return false;
    n_dropped = 0;
    return true;
}

static void emit(leat_log_level level, const char *part, const char *message)
{
    line out;
    format_line(&out, level, part, message);
    pthread_mutex_lock(&writing);
    if (!report_dropped() || !write_line(&out))
        n_dropped++;
    pthread_mutex_unlock(&writing);
}

static bool is_wanted(leat_log_level level)
{
    return (int)level >= atomic_load_explicit(&log_least, memory_order_relaxed);
}

void leat_log(leat_log_level level, const char *part, const char *format, ...)
{
    if (!is_wanted(level))
        return;
    char message[MAX_MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    emit(level, part, message);
}

void leat_log_limited(leat_log_limit *limit, uint64_t period_ns, leat_log_level level,
                      const char *part, const char *format, ...)
{
    if (!is_wanted(level))
        return;
    uint64_t now = leat_now_ns();
    if (now < limit->next_ns) {
        limit->held++;
        return;
    }
    char message[MAX_MESSAGE];
    va_list args;
    va_start(args, format);
    int used = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (limit->held && used >= 0 && (size_t)used < sizeof message)
        snprintf(message + used, sizeof message - (size_t)used, " (%llu more held back)",
                 (unsigned long long)limit->held);
    *limit = (leat_log_limit){.next_ns = now + period_ns};
    emit(level, part, message);
}
