#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void mark_cut(char *text, int written, size_t size)
{
    if (written >= (int)size)
        memcpy(text + size - 4, "...", 4);
}

leat_status leat_error_set(leat_error *error, leat_status code, const char *format, ...)
{
    if (!error)
        return code;
    error->code = code;
    error->class = leat_status_class(code);
    va_list args;
    va_start(args, format);
    mark_cut(error->msg, vsnprintf(error->msg, sizeof error->msg, format, args),
             sizeof error->msg);
    va_end(args);
    return code;
}

leat_status leat_error_prefix(leat_error *error, const char *format, ...)
{
    char msg[sizeof error->msg];
    memcpy(msg, error->msg, sizeof msg);
    va_list args;
    va_start(args, format);
    int used = vsnprintf(error->msg, sizeof error->msg, format, args);
    va_end(args);
    size_t room = sizeof error->msg;
    if (used >= 0 && (size_t)used < room) {
        room -= (size_t)used;
        mark_cut(error->msg + used, snprintf(error->msg + used, room, "%s", msg), room);
    }
    return error->code;
}
