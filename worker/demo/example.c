#include "worker/demo/example.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* LEAT_EXAMPLE, the folder of the files, comes from the build. The compiler does not see
 * that it reads them: the build names them as what this file depends on. */
#define EMBED(symbol, file)                                                              \
    __asm__(".pushsection .rodata\n" #symbol ":\n"                                       \
            ".incbin \"" LEAT_EXAMPLE "/" file "\"\n" #symbol "_end:\n"                  \
            ".byte 0\n"                                                                  \
            ".popsection\n");                                                            \
    extern const char symbol[] __attribute__((visibility("hidden")));                    \
    extern const char symbol##_end[] __attribute__((visibility("hidden")))

EMBED(leat_example_yaml, "leat.yaml");
EMBED(leat_example_model, "fraud.ubj");
EMBED(leat_example_golden, "fraud.golden.ndjson");

typedef struct embedded {
    const char *name;
    const char *start;
    const char *end;
} embedded;

static const embedded files[] = {
    {"leat.yaml", leat_example_yaml, leat_example_yaml_end},
    {"fraud.ubj", leat_example_model, leat_example_model_end},
    {"fraud.golden.ndjson", leat_example_golden, leat_example_golden_end},
};

static leat_status write_file(const char *folder, const embedded *file, leat_error *error)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    size_t size = (size_t)(file->end - file->start);
    FILE *out = fopen(path, "wb");
    int failed = !out || fwrite(file->start, 1, size, out) != size;
    if (out && fclose(out) != 0)
        failed = 1;
    return failed ? leat_error_set(error, LEAT_E_IO, "%s: %s", path, strerror(errno))
                  : LEAT_OK;
}

leat_status leat_example_write(const char *folder, leat_error *error)
{
    leat_status status = LEAT_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0] && !status; i++)
        status = write_file(folder, &files[i], error);
    return status;
}
