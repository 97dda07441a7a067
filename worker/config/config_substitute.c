#include "worker/config/config_substitute.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SECRET = 64 * 1024 };

typedef struct substitution {
    leat_arena *arena;
    const char *base;
    leat_error *error;
    char *buffer; /* malloc'd: grows while the references are taken in */
    FILE *out;    /* writes to it */
} substitution;

static leat_status refuse(substitution *sub, const char *reference, size_t size,
                          const char *why)
{
    int shown = size > 100 ? 100 : (int)size;
    return leat_error_set(sub->error, LEAT_E_CONFIG, "%.*s: %s", shown, reference, why);
}

/* A regular file alone, so that reading it cannot wait for anybody. */
static leat_status read_secret(substitution *sub, const char *path, const char *reference,
                               size_t size)
{
    char text[MAX_SECRET + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return refuse(sub, reference, size, strerror(errno));
    struct stat facts;
    bool regular = !fstat(file, &facts) && S_ISREG(facts.st_mode);
    ssize_t got = regular ? read(file, text, sizeof text) : 0;
    close(file);
    if (!regular)
        return refuse(sub, reference, size, "not a regular file");
    if (got < 0)
        return refuse(sub, reference, size, strerror(errno));
    if (got > MAX_SECRET)
        return refuse(sub, reference, size, "the file is larger than 64 KiB");
    if (memchr(text, 0, (size_t)got))
        return refuse(sub, reference, size, "the file holds a NUL character");
    if (got && text[got - 1] == '\n')
        got -= got > 1 && text[got - 2] == '\r' ? 2 : 1;
    fwrite(text, 1, (size_t)got, sub->out);
    return LEAT_OK;
}

static leat_status put_file(substitution *sub, const char *reference, size_t size)
{
    static const char head[] = "${file:";
    size_t length = size - sizeof head; /* the closing brace and the NUL cancel out */
    const char *name =
        leat_arena_strndup(sub->arena, reference + sizeof head - 1, length);
    const char *path = name ? leat_config_beside(sub->arena, sub->base, name) : NULL;
    if (!path)
        return leat_error_set(sub->error, LEAT_E_MEMORY, "out of memory");
    return *name ? read_secret(sub, path, reference, size)
                 : refuse(sub, reference, size, "needs the path of a file");
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    if (isalpha((unsigned char)*text) || *text == '_')
        while (isalnum((unsigned char)text[length]) || text[length] == '_')
            length++;
    return length;
}

static leat_status put_variable(substitution *sub, const char *reference, size_t size)
{
    const char *end = reference + size - 1; /* the brace */
    const char *start = reference + 2;
    if (!strncmp(start, "env:", 4))
        start += 4;
    size_t length = name_length(start);
    const char *rest = start + length;
    bool has_default = end - rest >= 2 && !strncmp(rest, ":-", 2);
    if (!length || (rest != end && !has_default))
        return refuse(sub, reference, size,
                      "not a reference: write ${VAR}, ${VAR:-default}, ${file:/path}, or "
                      "$$ for a dollar");
    const char *name = leat_arena_strndup(sub->arena, start, length);
    if (!name)
        return leat_error_set(sub->error, LEAT_E_MEMORY, "out of memory");
    const char *value = getenv(name);
    if (has_default && (!value || !*value))
        fwrite(rest + 2, 1, (size_t)(end - rest) - 2, sub->out);
    else if (value)
        fputs(value, sub->out);
    else
        return leat_error_set(sub->error, LEAT_E_CONFIG,
                              "the environment variable %.80s is not set; set it, or "
                              "write ${%.80s:-default}",
                              name, name);
    return LEAT_OK;
}

/* Puts what stands at `at`, a dollar, and moves behind it. */
static leat_status put_dollar(substitution *sub, const char **at)
{
    const char *text = *at;
    if (text[1] != '{') {
        fputc('$', sub->out);
        *at += text[1] == '$' ? 2 : 1;
        return LEAT_OK;
    }
    const char *end = strpbrk(text, "}\n");
    if (!end || *end != '}')
        return refuse(sub, text, strcspn(text, "\n"),
                      "the reference has no closing brace");
    size_t size = (size_t)(end - text) + 1;
    *at = end + 1;
    return strncmp(text, "${file:", 7) ? put_variable(sub, text, size)
                                       : put_file(sub, text, size);
}

static leat_status put_all(substitution *sub, const char *text)
{
    leat_status status = LEAT_OK;
    while (!status && *text) {
        size_t plain = strcspn(text, "$");
        fwrite(text, 1, plain, sub->out);
        text += plain;
        if (*text)
            status = put_dollar(sub, &text);
    }
    return status;
}

leat_status leat_config_substitute(const char **result, leat_arena *arena,
                                   const char *text, const char *base, leat_error *error)
{
    *result = text;
    if (!strchr(text, '$'))
        return LEAT_OK;
    substitution sub = {.arena = arena, .base = base, .error = error};
    size_t size = 0;
    sub.out = open_memstream(&sub.buffer, &size);
    if (!sub.out)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_status status = put_all(&sub, text);
    bool full = ferror(sub.out);
    full |= fclose(sub.out) != 0;
    if (!status) {
        *result = full ? NULL : leat_arena_strndup(arena, sub.buffer, size);
        if (!*result)
            status = leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    }
    free(sub.buffer);
    return status;
}

const char *leat_config_beside(leat_arena *arena, const char *base, const char *path)
{
    const char *slash = strrchr(base, '/');
    if (!slash || *path == '/')
        return path;
    return leat_arena_printf(arena, "%.*s/%s", (int)(slash - base), base, path);
}
