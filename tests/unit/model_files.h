/* What the tests of models share: golden files, read whole and spoilt. */
#ifndef LEAT_TESTS_MODEL_FILES_H
#define LEAT_TESTS_MODEL_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/"

/* The file's bytes and a NUL; aborts where there is none: run from the project's root. */
static inline char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        fprintf(stderr, "%s: cannot open\n", path);
        abort();
    }
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(1, *size + 1);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        abort();
    fclose(file);
    return bytes;
}

/* The text with the first `from` replaced; aborts where there is none. */
static inline char *replace(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *result = calloc(1, strlen(text) + strlen(to) + 1);
    if (!at || !result) {
        fprintf(stderr, "\"%s\" is not in the text\n", from);
        abort();
    }
    memcpy(result, text, (size_t)(at - text));
    strcat(strcat(result, to), at + strlen(from));
    return result;
}

#endif
